"""What is printed: it fits its width, takes names as they are, and decides nothing about the work."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pandas as pd
import pytest
from markdown_it import MarkdownIt
from rich.cells import cell_len
from rich.console import Console
from typer.testing import CliRunner

from sim import compare
from sim.cli import app, listing, output, studies
from sim.measures.dictionary import outcomes
from sim.report import comparison_page, figures
from sim.report.text import columns, tables
from sim.report.text.markdown import code, escaped
from sim.scenario import Scenario
from sim.studies.store.names import file_name
from tests.fake_market import FakeMarket, world

pytestmark = pytest.mark.slow  # together two minutes of the quick tests' fifteen: `make test-slow`

ROOT = Path(__file__).parents[1]
NASTY = "rows[0] [/x] <script>alert(1)</script> | `tick` *star* \x1b[31m \u202eturned"
TINY = ["run", "baseline", "--days", "2", "--burn-in", "1", "--consumers", "500"]


def odm(*words, env=None):
    return CliRunner().invoke(app, [str(word) for word in words], env=env)


def printed(what, width):
    console = Console(file=io.StringIO(), width=width, markup=False)
    console.print(what)
    return console.file.getvalue()


@pytest.fixture(scope="module")
def comparison():
    names = ["closure", "a-name-of-eighty-letters-that-nobody-would-give_but-that-the-rules-of-names-allow"[:80]]
    return compare(world(), [world(name, title=NASTY) for name in names], runs=3, workers=1, model_class=FakeMarket)


# Widths --------------------------------------------------------------------------------------------------------------
class TestWidths:
    @pytest.mark.parametrize("width", [40, 60, 80, 100, 140])
    def test_effects_fit_and_every_outcome_keeps_its_name(self, width, comparison):
        text = printed(tables.effect_table(comparison, ["closure"], width), width)
        assert max(map(cell_len, text.splitlines())) <= width
        flat = " ".join(re.sub(r" {2,}", "  ", text).split())
        for spec in outcomes().values():
            if not spec.detail:
                assert all(word in flat for word in spec.label.split()), spec.label
        assert "…" not in text
        assert "+4.9" in text, "the effect is never left out"

    @pytest.mark.parametrize("width", [60, 64])
    def test_what_has_no_room_is_named(self, width, comparison):
        text = printed(tables.effect_table(comparison, ["closure"], width), width)
        assert "No room for:" in text
        assert "--json has all" in " ".join(text.split())
        assert "95 %" in text

    @pytest.mark.parametrize("width", [40, 60, 80])
    def test_outcomes_of_runs_fit(self, width):
        runs = [{spec.name: 123456.789 * k for spec in outcomes().values() if not spec.paired} for k in (1, 2)]
        text = printed(tables.outcome_table(runs, width), width)
        assert max(map(cell_len, text.splitlines())) <= width
        assert "…" not in text

    @pytest.mark.parametrize("width", [60, 80, 140])
    @pytest.mark.parametrize("what", ["scenarios", "policies", "outcomes", "parameters", "tables"])
    def test_a_listing_fits_and_loses_nothing(self, what, width):
        rows = getattr(listing, what)()
        text = printed(listing.as_table(what, rows, width), width)
        assert max(map(cell_len, text.splitlines())) <= width
        named = {"policies": "kind", "parameters": "path", "tables": "column"}.get(what, "name")
        assert all(row[named] in text for row in rows)

    @pytest.mark.parametrize("width", [60, 80])
    def test_rows_of_a_query_fit_and_what_is_left_out_is_named(self, width):
        frame = pd.DataFrame({f"column_{k}": [f"value-{k}" * 3, "x"] for k in range(30)})
        text = printed(studies._table(frame, width), width)
        assert max(map(cell_len, text.splitlines())) <= width
        assert "column_0" in text
        assert re.search(r"No room for: .*and \d+ more; --csv prints all", " ".join(text.split()))

    @pytest.mark.parametrize("words", [["list", "parameters"], ["show", "coordinated"], ["list", "scenarios"]])
    @pytest.mark.parametrize("width", [60, 80])
    def test_a_pipe_is_as_wide_as_columns_says(self, words, width):
        lines = odm(*words, env={"COLUMNS": str(width)}).stdout.splitlines()
        assert width - 25 < max(map(len, lines)) <= width

    def test_words_are_broken_between_words_and_names_after_their_marks(self):
        assert columns.wrapped("Vendor concentration (Gini)", 14) == ["Vendor", "concentration", "(Gini)"]
        assert columns.wrapped("parameters.choice.legal_risk_weight", 20) == ["parameters.choice.", "legal_risk_weight"]
        assert columns.wrapped("x" * 25, 10) == ["x" * 10, "x" * 10, "x" * 5]
        assert columns.wrapped("日本語の名前", 4) == ["日本", "語の", "名前"]

    def test_numbers_stand_to_the_right(self):
        table = columns.lay_out([columns.Column("a"), columns.Column("n", right=True)], [["x", "1"], ["y", "100"]], 40)
        assert [line.rstrip() for line in printed(table, 40).splitlines()] == ["a    n", "x    1", "y  100"]


# Names as they are ---------------------------------------------------------------------------------------------------
class TestNames:
    def test_brackets_are_no_markup(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        Path("plain.yaml").write_text(json.dumps({"name": "plain", "title": NASTY, "consumers": 500, "days": 5}))
        said = odm("show", "plain.yaml").stdout
        assert "rows[0] [/x] <script>" in said
        assert "\x1b" not in said
        assert "\u202e" not in said

    def test_a_query_prints_values_as_they_are(self):
        frame = pd.DataFrame({"rows[0]": ["[/x]", "[bold]fat[/bold]", "\x1b[2J"]})
        text = printed(studies._table(frame, 80), 80)
        assert "rows[0]" in text
        assert "[bold]fat[/bold]" in text
        assert "\x1b" not in text

    def test_a_page_shows_the_text_of_a_file_and_runs_none_of_it(self, comparison):
        page = comparison_page.page(comparison)
        assert "<script" not in page
        html = MarkdownIt("commonmark").enable("table").render(page)
        assert "<script" not in html
        assert "&lt;script&gt;alert(1)&lt;/script&gt; | `tick` *star*" in html

    @pytest.mark.parametrize(
        "text",
        [
            NASTY,
            "# no heading",
            "1. no list",
            "- none",
            "a_b_c",
            "R&D <b>",
            "\\`x`",
            "![x](y)",
            "\ud800",
            "~~~",
            "---",
            "___ x",
        ],
    )
    def test_escaped_text_is_read_back_as_it_was(self, text):
        expected = " ".join("".join("\ufffd" if c in "\x1b\u202e\ud800" else c for c in text).split())
        for prefix in ("", "- "):
            html = MarkdownIt("commonmark").render(prefix + escaped(text))
            assert (
                expected.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;") in html
            )
        cells = MarkdownIt("commonmark").enable("table").render(f"| a | b |\n|---|---|\n| {escaped(text)} | 2 |")
        assert cells.count("<td>") == 2

    @pytest.mark.parametrize("text", ["a.b", "x`y", "``", "<b>"])
    def test_a_name_as_code_is_one_piece_of_code(self, text):
        html = MarkdownIt("commonmark").render(code(text))
        assert html.count("<code>") == 1
        assert text.replace("<", "&lt;").replace(">", "&gt;") in html

    def test_code_in_words_of_the_program_stays_code(self):
        html = MarkdownIt("commonmark").render(escaped("see `odm results DIR` for [x] <b>", code=True))
        assert "<code>odm results DIR</code>" in html
        assert "[x] &lt;b&gt;" in html

    def test_a_drawing_is_sound_whatever_its_titles_are(self, comparison, tmp_path):
        figures.save_figure(comparison.plot(), tmp_path / "effects")
        assert b"<script" not in (tmp_path / "effects.svg").read_bytes()
        assert ElementTree.parse(tmp_path / "effects.svg").getroot().tag.endswith("svg")

    @pytest.mark.parametrize(
        ("name", "file"),
        [
            ("plain", "plain"),
            ("CON", "CON_"),
            ("nul.2", "nul_.2"),
            ("console", "console"),
            ("com1", "com1_"),
            ("a.", "a._"),
        ],
    )
    def test_a_name_that_a_system_refuses_gets_another_file(self, name, file):
        assert file_name(name) == file

    def test_a_name_too_long_for_a_file_is_refused_before_the_first_run(self, tmp_path):
        for words in ((*TINY, "--out", tmp_path / ("x" * 300)), ("show", "x" * 300), ("results", "x" * 300)):
            answer = odm(*words)
            assert answer.exit_code == 2
            assert len(answer.stderr) < 1000
        with pytest.raises(Exception, match="80"):
            Scenario(name="x" * 300)


# Streams -------------------------------------------------------------------------------------------------------------
def shell(command, **env):
    """A command in a shell, as somebody types it; `odm` is the command of this project."""
    command = command.replace("odm ", f"{sys.executable} -m sim.cli ")
    return subprocess.run(
        ["bash", "-c", command],
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        env={**os.environ, "PYTHONPATH": str(ROOT), **env},
    )


@pytest.mark.skipif(os.name == "nt", reason="shells and devices of Unix")
class TestStreams:
    @pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1"])
    def test_a_letter_that_the_output_lacks_is_replaced(self, encoding, tmp_path):
        (tmp_path / "odd.yaml").write_text(
            "name: odd\ntitle: 'Łódź – 日本 ≥ 5'\nconsumers: 500\ndays: 5\n", encoding="utf-8"
        )
        answer = shell(f"odm show {tmp_path}/odd.yaml; odm list outcomes > /dev/null", PYTHONIOENCODING=encoding)
        assert answer.returncode == 0, answer.stderr
        assert ">= 5" in answer.stdout
        assert answer.stdout.isascii() or encoding != "ascii"
        assert "odz" in answer.stdout or encoding != "ascii"
        assert answer.stderr == ""

    @pytest.mark.parametrize("where", [">&-", "> /dev/full", "2>&-", "2> /dev/full", ">&- 2>&-", "< /dev/null | true"])
    def test_work_that_is_done_is_done_whatever_becomes_of_the_words(self, where, tmp_path):
        answer = shell(f"set -o pipefail; odm {' '.join(TINY)} --out {tmp_path}/out {where}")
        assert answer.returncode == 0, answer.stderr
        assert (tmp_path / "out/record.json").exists()
        assert "Traceback" not in answer.stderr
        assert "Exception ignored" not in answer.stderr

    def test_it_is_said_that_words_were_lost_and_where_the_results_are(self, tmp_path):
        answer = shell(f"odm {' '.join(TINY)} --out {tmp_path}/out > /dev/full")
        assert f"No space left on device; the results are in {tmp_path}/out" in answer.stderr

    def test_words_that_were_all_there_was_and_are_lost_are_a_failure(self):
        answer = shell("odm list outcomes --json > /dev/full")
        assert answer.returncode == 1
        assert "what was printed is incomplete: No space left on device" in answer.stderr

    def test_a_reader_who_goes_away_early_ends_a_listing_quietly(self):
        answer = shell("odm list parameters | head -1; echo ${PIPESTATUS[0]}")
        assert answer.stderr == ""
        assert answer.stdout.splitlines()[-1] in ("0", "141")

    def test_a_mistake_keeps_its_code_where_nobody_can_read_of_it(self):
        assert shell("odm show nowhere 2>&-").returncode == 2
        assert shell("odm show nowhere 2> /dev/full").returncode == 2

    def test_nothing_meant_for_the_error_stream_comes_out_elsewhere(self, tmp_path):
        answer = shell(f"odm {' '.join(TINY)} --json --out {tmp_path}/out 2>&-")
        assert json.loads(answer.stdout)

    def test_no_file_takes_the_place_of_a_stream_that_is_closed(self, tmp_path):
        code = "import os, sys; from sim.cli import output; output.settle(); print(os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY), file=sys.stderr)"
        answer = shell(f'{sys.executable} -c "{code}" {tmp_path}/file >&-')
        assert int(answer.stderr) > 2


def test_control_characters_are_shown_as_boxes():
    assert output.clean("a\x1b[31mb\nc\td\u202ee\ud800") == "a\ufffd[31mb\nc\td\ufffde\ufffd"
