"""The parameters, tables and sources that ship with the model, and the loaders that read them."""

import copy
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from sim.evidence import parameters, yaml_files
from sim.evidence.parameters import load_parameters, read_book
from sim.evidence.ranges import LEGAL
from sim.evidence.sources import cited, load_sources
from sim.evidence.tables import Substance, jurisdiction_rows, load_jurisdictions, load_substances, substance_rows

EVIDENCE = Path(yaml_files.__file__).parent

ENTRY = {
    "value": 0.2,
    "unit": "probability",
    "low": 0.1,
    "high": 0.4,
    "distribution": "uniform",
    "source": "assumed",
    "status": "assumed",
    "text": "chance of something",
}


@pytest.fixture
def book_of(monkeypatch):
    """Read a book from given entries without leaving its types behind in the module."""

    def read(**groups):
        before = set(vars(parameters))
        book = read_book(groups)
        for name in set(vars(parameters)) - before:
            monkeypatch.delattr(parameters, name)
        return book

    return read


# Parameters


def test_every_default_lies_in_its_plausible_range_and_within_its_bounds():
    for spec in load_parameters().specs.values():
        assert spec.low <= spec.value <= spec.high, spec.path
        assert spec.minimum <= spec.low, spec.path
        assert spec.high <= spec.maximum, spec.path


def test_every_parameter_says_unit_source_and_meaning():
    silent = [
        spec.path
        for spec in load_parameters().specs.values()
        if not spec.unit.strip() or not spec.source.strip() or len(spec.text.split()) < 2
    ]
    assert silent == []


def test_every_range_can_be_drawn_from():
    for spec in load_parameters().specs.values():
        if spec.distribution in ("loguniform", "lognormal"):
            assert spec.low > 0, spec.path


def test_a_group_is_a_named_tuple_of_floats_in_the_order_of_the_file():
    book = load_parameters()
    for group in book.groups:
        values = book.defaults(group)
        assert values._fields == book.names(group)
        assert all(type(value) is float for value in values)


def test_a_group_type_is_imported_by_its_name_and_survives_pickling():
    book = load_parameters()
    for group, kind in book.groups.items():
        assert getattr(parameters, parameters.class_name(group)) is kind
        values = book.defaults(group)
        assert type(pickle.loads(pickle.dumps(values))) is kind
        assert copy.deepcopy(values) == values


def test_a_group_whose_fields_move_is_another_type_for_the_kernel_cache(book_of):
    one = book_of(moving={"a": ENTRY, "b": ENTRY}).groups["moving"]
    other = book_of(moving={"b": ENTRY, "a": ENTRY}).groups["moving"]
    assert one.__name__ == other.__name__ == "MovingParameters"
    assert one.__qualname__ != other.__qualname__


def test_kernels_cached_before_a_parameter_moved_do_not_read_the_wrong_field(tmp_path):
    (tmp_path / "kernel.py").write_text("from numba import njit\n@njit(cache=True)\ndef b_of(p):\n    return p.b\n")
    script = (
        "import sys; from sim.evidence.parameters import read_book\n"
        f"entry = {ENTRY!r}\n"
        "names = sys.argv[1].split(',')\n"
        "book = read_book({'moved': {n: entry | {'value': 0.1 + 0.1 * (n == 'b')} for n in names}})\n"
        "from kernel import b_of\n"
        "print(b_of(book.defaults('moved')), sum(b_of.stats.cache_hits.values()))\n"
    )

    def run(names):
        command = [sys.executable, "-c", script, names]
        environment = {"PYTHONPATH": f"{tmp_path}:.", "NUMBA_CACHE_DIR": str(tmp_path / "cache"), "PATH": ""}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.split()

    assert run("a,b") == ["0.2", "0"]
    assert run("b,a") == ["0.2", "0"]
    assert run("a,b") == ["0.2", "1"]


def test_the_bounds_of_a_parameter_follow_from_its_unit(book_of):
    specs = book_of(
        g={"p": ENTRY, "rate": ENTRY | {"unit": "1/day"}, "any": ENTRY | {"unit": "utility", "low": -1}}
    ).specs
    assert (specs["g.p"].minimum, specs["g.p"].maximum) == (0, 1)
    assert (specs["g.rate"].minimum, specs["g.rate"].maximum) == LEGAL["1/day"] == (0, 1)
    assert (specs["g.any"].minimum, specs["g.any"].maximum) == LEGAL["utility"] == (-100, 100)
    assert specs["g.p"].allowed == "a number from 0 to 1"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"value": 0.5}, "outside its range"),
        ({"status": "guessed"}, "guessed"),
        ({"distribution": "cauchy"}, "cauchy"),
        ({"unti": "share"}, "unknown unti"),
    ],
)
def test_a_wrong_entry_is_refused(book_of, change, words):
    with pytest.raises(ValueError, match=words):
        book_of(g={"p": ENTRY | change})


@pytest.mark.parametrize("name", ["Upper", "2nd", "with-dash", "_hidden"])
def test_a_name_that_cannot_be_a_field_is_refused(book_of, name):
    with pytest.raises(ValueError, match="lower-case"):
        book_of(g={name: ENTRY})


def test_an_entry_without_a_source_is_refused(book_of):
    with pytest.raises(ValueError, match="needs value, unit"):
        book_of(g={"p": {key: value for key, value in ENTRY.items() if key != "source"}})


# Tables


def test_there_are_at_least_eight_substances_in_every_class_and_four_jurisdictions():
    substances = load_substances()
    assert len(substances) >= 8
    assert len(load_jurisdictions()) >= 4
    assert {row.class_ for row in substances.values()} == {
        "cannabis", "stimulant", "cocaine", "opioid", "benzodiazepine", "psychedelic", "nps", "medicine",
    }  # fmt: skip


@pytest.mark.parametrize("segment", ["patient", "recreational", "dependent", "social_supplier"])
def test_the_needs_of_a_segment_sum_to_a_hundred(segment):
    assert sum(getattr(row.needs, segment) for row in load_substances().values()) == pytest.approx(100)


@pytest.mark.parametrize("field", ["share", "vendor_share"])
def test_jurisdictions_share_consumers_and_vendors_out_completely(field):
    assert sum(getattr(row, field) for row in load_jurisdictions().values()) == pytest.approx(1)


def test_a_strict_border_catches_more_and_makes_drugs_dearer():
    table = load_jurisdictions()
    strictest = max(table.values(), key=lambda row: row.border)
    assert strictest.name == "oceania"
    assert strictest.price_factor == max(row.price_factor for row in table.values()) > 1


def test_every_channel_sells_something_and_only_pharmacies_are_licensed():
    table = load_substances().values()
    channels = {channel for row in table for channel in row.sold_by}
    assert channels == {"licensed_pharmacy", "illicit_pharmacy", "social_app", "cryptomarket", "direct", "street"}
    assert all(
        row.status in ("prescription", "over_the_counter") for row in table if "licensed_pharmacy" in row.sold_by
    )


def test_only_opioids_hold_opioids_and_heroin_is_their_unit():
    table = load_substances()
    assert table["heroin"].opioid == 1
    assert all((row.opioid > 0) == (row.class_ == "opioid") for row in table.values())


def test_a_retail_order_costs_about_what_orders_cost():
    """Median order of drugs 59 USD [dnm2017-order-price]; mean order of medicines 123 USD [pharmaleaks-totals]."""
    for row in load_substances().values():
        medicine = row.class_ == "medicine"
        assert (60 if medicine else 45) < row.dose_usd * row.doses_per_order < (130 if medicine else 70), row.name


def test_legal_status_follows_the_jurisdiction():
    nps = load_substances()["nps"]
    assert nps.legal_status("north_america") == "controlled"
    assert nps.legal_status("oceania") == "prohibited"
    assert set(nps.status_by_jurisdiction) <= set(load_jurisdictions())


def test_cooperation_names_every_other_jurisdiction_and_not_oneself():
    table = load_jurisdictions()
    for name, row in table.items():
        assert set(row.cooperation) == set(table) - {name}


def test_rows_do_not_change_and_rows_as_data_are_the_callers_own():
    cocaine = load_substances()["cocaine"]
    with pytest.raises(ValidationError, match="frozen"):
        cocaine.dose_usd = 1
    substance_rows()["cocaine"]["dose_usd"] = 1
    assert substance_rows()["cocaine"]["dose_usd"] == cocaine.dose_usd
    jurisdiction_rows()["oceania"].clear()
    assert jurisdiction_rows()["oceania"]


@pytest.mark.parametrize(
    ("field", "value"), [("dose_usd", 0), ("opioid", 2), ("dependence_per_use", 0.02), ("sold_by", [])]
)
def test_a_row_out_of_range_is_refused(field, value):
    row = {"name": "x", **substance_rows()["heroin"], field: value}
    with pytest.raises(ValidationError, match=field):
        Substance.model_validate(row)


# Sources


def test_ids_in_brackets_are_found_and_ranges_in_brackets_are_not():
    assert cited("74 USD [dnm2017-price-dispersion] in [0.5-1] or [.2, .3]") == ["dnm2017-price-dispersion"]
    assert cited("12 % [au-intercept, customs-intercept], [x]") == ["au-intercept", "customs-intercept"]


def _texts():
    for spec in load_parameters().specs.values():
        yield f"parameters {spec.path}", spec.source, spec.status
    for table in (load_substances(), load_jurisdictions()):
        for name, row in table.items():
            for field, text in row.source.items():
                yield f"{name}.{field}", text, text.split()[0].strip(",:;")


def test_every_citation_leads_to_a_source():
    missing = [(where, name) for where, text, _ in _texts() for name in cited(text) if name not in load_sources()]
    assert missing == []


def test_no_value_is_called_read_that_comes_from_memory():
    sources = load_sources()
    recalled = [
        (where, name)
        for where, text, status in _texts()
        if status == "read"
        for name in cited(text)
        if sources[name].status == "memory"
    ]
    assert recalled == []


def test_what_was_fitted_in_a_prototype_or_lies_below_its_sources_counts_as_assumed():
    specs = load_parameters().specs.values()
    assert [s.path for s in specs if s.status != "assumed" and "prototype" in s.source] == []
    assert load_parameters().specs["shipping.reference_intercept"].status == "assumed", "no source says 2 to 12 %"


def test_what_a_table_calls_read_or_computed_cites_a_source():
    statuses = {"read", "computed", "assumed", "memory"}
    for name, row in {**load_substances(), **load_jurisdictions()}.items():
        for field, text in row.source.items():
            status = text.split()[0].strip(",:;")
            assert status in statuses, f"{name}.{field}"
            assert field == "default" or field in row.fields(), f"{name}.{field}"
            if status in ("read", "computed"):
                assert cited(text), f"{name}.{field}"


# The reader of YAML


def test_numbers_in_scientific_notation_are_numbers():
    assert yaml_files.parse("[1e-4, 1E5, 2.5e3, -.5, 7, 1.]") == [1e-4, 1e5, 2500.0, -0.5, 7, 1.0]
    assert yaml_files.parse("[e5, 1e, v1.2.3]") == ["e5", "1e", "v1.2.3"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: 1\na: 2", "'a' is given twice"),
        ("a: &x [1]\nb: *x", "aliases"),
        ("a: &a [*a]", "aliases"),
        ("a: 1\n---\nb: 2", "more than one document"),
        ("[" * 100_000, "nested deeper"),
        ("a: !!python/object/apply:os.getcwd []", "tags"),
        ("[" + "x, " * 70_000 + "x]", "more than 60,000"),
    ],
)
def test_files_that_hide_their_content_are_refused(text, words):
    with pytest.raises(yaml.YAMLError, match=words):
        yaml_files.parse(text)


class TestShippedFilesAreParsedOnce:
    """What was parsed is kept beside Python's own caches, and is never taken for another content."""

    @pytest.fixture
    def folder(self, tmp_path, monkeypatch):
        monkeypatch.setattr(sys, "dont_write_bytecode", False)
        (tmp_path / "a.yaml").write_text("x: {low: 1e-4, high: 010, text: 'no', none: , yes: true}\n")
        return tmp_path

    @pytest.fixture
    def parsed(self, monkeypatch):
        """How often something was parsed."""
        count = []
        load = yaml.load
        monkeypatch.setattr(yaml, "load", lambda *words, **more: count.append(1) or load(*words, **more))
        return count

    def test_the_second_reading_parses_nothing_and_gives_the_same(self, folder, parsed):
        first = yaml_files.load("a.yaml", folder)
        assert first == {"x": {"low": 1e-4, "high": 10, "text": "no", "none": None, "yes": True}}
        assert yaml_files.load("a.yaml", folder) == first
        assert len(parsed) == 1

    def test_a_changed_file_is_read_as_it_is_now_and_the_old_content_goes(self, folder):
        yaml_files.load("a.yaml", folder)
        (folder / "a.yaml").write_text("x: 2\n")
        assert yaml_files.load("a.yaml", folder) == {"x": 2}
        assert len(list((folder / "__pycache__").iterdir())) == 1

    def test_what_a_crash_left_half_written_is_parsed_again(self, folder):
        first = yaml_files.load("a.yaml", folder)
        (kept,) = (folder / "__pycache__").iterdir()
        kept.write_text(kept.read_text()[:20])
        assert yaml_files.load("a.yaml", folder) == first
        assert yaml_files.load("a.yaml", folder) == first

    def test_where_nothing_may_be_written_it_is_parsed_each_time(self, folder, parsed, monkeypatch):
        (folder / "__pycache__").write_text("in the way")
        assert yaml_files.load("a.yaml", folder) == yaml_files.load("a.yaml", folder)
        monkeypatch.setattr(sys, "dont_write_bytecode", True)
        (folder / "__pycache__").unlink()
        yaml_files.load("a.yaml", folder)
        assert not (folder / "__pycache__").exists()
        assert len(parsed) == 3

    def test_what_is_kept_of_each_file_is_what_it_says(self):
        for name in ("parameters.yaml", "substances.yaml", "jurisdictions.yaml", "sources.yaml"):
            written = (EVIDENCE / name).read_text(encoding="utf-8")
            assert yaml_files.load(name) == yaml.load(written, Loader=yaml_files.Loader)
