"""Input that nobody in good faith would write: how each kind is read, and what must hold whatever it says.

`tests/corpus/KIND/` has every input that ever failed, a file each; `generated` has those that are too large to keep. `tests/test_corpus.py` reads all of them,
`tests/fuzz.py` makes more. Whatever comes in, the answer is a value or a refusal in words: no traceback, nothing read that lies elsewhere, under two seconds.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from typer.testing import CliRunner

from sim.cli.main import app
from sim.scenario import Scenario, ScenarioError, no_own_code
from sim.studies.errors import StudyError
from sim.studies.execution.conduct import How, conduct
from sim.studies.execution.verify import code_of, verify
from sim.studies.runs.simulate import load_scenario
from sim.studies.store.own import content_hash
from sim.studies.store.results import Results
from sim.studies.study_files import Study
from sim.studies.validation.files import load as load_targets
from sim.studies.validation.worlds import scenario_of
from tests.study_market import StudyMarket, compare_study

ROOT = Path(__file__).parents[1]
CORPUS = ROOT / "tests" / "corpus"
SECONDS = 2.0
"""Time of the processor that any input may take."""
SECRET = "tall-tale-4711"
"""Stands in a file beside those that are read; nothing may say it."""
SUFFIX = {
    "scenario": ".yaml",
    "study": ".yaml",
    "targets": ".yaml",
    "table": ".csv",
    "override": ".txt",
    "query": ".sql",
    "name": ".txt",
}
READY = Study.load(compare_study(scenarios=compare_study()["scenarios"][:2], replications=1))


class WrongError(AssertionError):
    """Something happened that must not, whatever the input."""


# What is opened ---------------------------------------------------------------------------------------------------------
_opened: list[str] | None = None
_hooked = False


def _note(event: str, given: tuple[object, ...]) -> None:
    if _opened is not None and event == "open" and isinstance(given[0], str | bytes):
        _opened.append(os.path.realpath(os.fsdecode(given[0])))


def opened_by(work: Callable[[], object]) -> list[str]:
    """The files that Python opens while it does something."""
    global _opened, _hooked
    if not _hooked:
        sys.addaudithook(_note)  # for good: it cannot be taken away
        _hooked = True
    _opened = []
    try:
        work()
    finally:
        found, _opened = _opened, None
    return found


def _allowed(here: Path) -> tuple[str, ...]:
    """How the paths begin that may be opened."""
    allowed = (
        here,
        ROOT,
        sys.prefix,
        sys.base_prefix,
        "/proc",
        "/sys",
        "/dev",
        "/usr",
        Path(tempfile.gettempdir(), "odm-sql-"),
    )
    return tuple(os.path.realpath(place) for place in allowed)


# How each kind is read ----------------------------------------------------------------------------------------------------
def _shown(*arguments: str) -> str:
    """What `odm` prints; a traceback is an error."""
    answer = CliRunner().invoke(app, arguments)
    if answer.exception is not None and not isinstance(answer.exception, SystemExit):
        raise answer.exception
    return answer.output


def read_scenario(file: Path) -> str:
    """A stranger's scenario, and one's own that is shown."""
    try:
        with no_own_code():
            Scenario.load(file).canonical()
    except ScenarioError as error:
        str(error)
        return str(error)
    return _shown("show", str(file))


def read_study(file: Path) -> str:
    """A study file."""
    with no_own_code():
        return repr(Study.load(file).describe())[:200]


def read_targets(file: Path) -> str:
    """A targets file, and the worlds that it names."""
    with no_own_code():
        targets = load_targets(file)
        return repr([scenario_of(name, world).digest for name, world in targets.needed().items()])


def read_table(file: Path) -> str:
    """A table of substances that a scenario names."""
    scenario = file.with_name("with-table.yaml")
    scenario.write_text("extends: baseline\nsubstances: input.csv\n", encoding="utf-8")
    return Scenario.load(scenario).digest


def read_override(file: Path) -> str:
    """What stands behind `--set`."""
    with no_own_code():
        return load_scenario("baseline", overrides=[_text(file)]).digest


def read_name(file: Path) -> str:
    """The name of a scenario on the command line."""
    text = _text(file)
    for load in (Scenario.load, Study.load):
        try:
            load(text)
        except ScenarioError as error:
            str(error).encode("utf-8", "replace")
    return _shown("show", "--", text)


def read_query(file: Path) -> str:
    """A question in SQL to a folder of results."""
    return str(Results(file.parent / "out").sql(_text(file)))


def read_folder(folder: Path) -> str:
    """All that reads or goes on with a folder of results; a refusal by one does not spare the others."""
    said = []
    for read in (
        lambda: verify(folder, 1, StudyMarket)["problems"],
        lambda: code_of(folder),
        lambda: Results(folder).runs(),
        lambda: _shown("results", str(folder)),
        lambda: _shown("verify", str(folder), "--sample", "0"),
        lambda: conduct(READY, folder, How(executor="inline", model_class=StudyMarket, resume=True), _no_page).runs,
    ):
        try:
            said.append(str(read()))
        except (StudyError, ScenarioError) as error:
            said.append(str(error))
    return "\n".join(said)


READERS: dict[str, Callable[[Path], str]] = {
    "scenario": read_scenario,
    "study": read_study,
    "targets": read_targets,
    "table": read_table,
    "override": read_override,
    "query": read_query,
    "name": read_name,
    "folder": read_folder,
}


def _text(file: Path) -> str:
    return file.read_bytes().decode("utf-8", "surrogateescape")


def _no_page(*what: object) -> None:
    (Path(str(what[-1])) / "report.md").write_text("report\n", encoding="utf-8")


_made: list[Path] = []


def results(folder: Path) -> Path:
    """A finished study of a market that takes no time."""
    if not _made:
        _made.append(Path(tempfile.mkdtemp(prefix="odm-hostile-")) / "out")
        conduct(READY, _made[0], How(executor="inline", model_class=StudyMarket), _no_page)
    return Path(shutil.copytree(_made[0], folder, symlinks=True))


def judge(kind: str, content: bytes | Callable[[Path], None], base: Path) -> str:
    """Read an input in a folder of its own, and see that what must hold does.

    Parameters
    ----------
    kind
        One of `READERS`.
    content
        The bytes of the file, or for `folder` what somebody does to a good folder of results.
    base
        An empty folder.

    Returns
    -------
    str
        What came of it, in words.

    Raises
    ------
    WrongError
        If it took too long, read elsewhere, or told what stands elsewhere.
    Exception
        Whatever was no refusal in words.
    """
    here, outside = base / "here", base / "outside"
    here.mkdir(parents=True)
    outside.mkdir()
    (outside / "secret.yaml").write_text(f"{SECRET}: {SECRET}\n", encoding="utf-8")
    (outside / "secret.csv").write_text(f"name\n{SECRET}\n", encoding="utf-8")
    if callable(content):
        file = results(here / "out")
        content(file)
    else:
        file = here / f"input{SUFFIX[kind]}"
        file.write_bytes(content.replace(b"{OUTSIDE}", os.fsencode(outside)))
        if kind == "query":
            results(here / "out")
    said = ""

    def read() -> None:
        nonlocal said
        try:
            said = READERS[kind](file)
        except (ScenarioError, StudyError) as error:
            said = str(error)
            if not said.strip():
                raise WrongError("refused without a word") from error

    begun = time.process_time()
    opened = opened_by(read)
    seconds = time.process_time() - begun
    if seconds > SECONDS:
        raise WrongError(f"took {seconds:.1f} s of the processor")
    allowed = _allowed(base)
    if elsewhere := [path for path in opened if path.startswith(str(outside)) or not path.startswith(allowed)]:
        raise WrongError(f"opened {', '.join(elsewhere)}")
    if SECRET in said:
        raise WrongError(f"told what stands in a file elsewhere: {said[:200]}")
    return said


# What is kept, and what is too large to be ------------------------------------------------------------------------------------
def kept() -> Iterator[tuple[str, str, bytes | Callable[[Path], None]]]:
    """Kind, name and content of every input of the corpus, and of those that are made here."""
    for kind in SUFFIX:
        for file in sorted((CORPUS / kind).iterdir()):
            yield kind, file.stem, file.read_bytes()
    for folder in sorted((CORPUS / "folder").iterdir()):
        yield (
            "folder",
            folder.name,
            lambda out, folder=folder: shutil.copytree(folder, out, dirs_exist_ok=True) and None,
        )
    for name, (kind, content) in generated().items():
        yield kind, name, content.encode() if isinstance(content, str) else content
    for name, change in HOSTILE_FOLDERS.items():
        yield "folder", name, change


def generated() -> dict[str, tuple[str, str]]:
    """Inputs of up to a megabyte."""
    levers = ", ".join(map(str, range(20_000)))
    chained = "".join(
        f"  - {{kind: takedown, label: p{k}, start: 1{'' if k == 0 else f', after: {{policy: p{k - 1}, days: 1}}'}}}\n"
        for k in range(200)
    ).replace(", start: 1, after", ", after")
    return {
        "chain-of-200": ("scenario", f"extends: baseline\npolicies:\n{chained}"),
        "unknown-keys-90000": ("scenario", "".join(f"k{k}: 1\n" for k in range(90_000))),
        "base-60": ("scenario", "days: " + ":".join(["59"] * 300_000) + "\n"),
        "deep-list": ("scenario", "days: " + "[" * 50_000),
        "deep-mapping": ("scenario", "{a: " * 20_000),
        "anchors": (
            "scenario",
            "a: &a [x, x]\n"
            + "".join(f"{c}: &{c} [*{p}, *{p}, *{p}, *{p}]\n" for p, c in zip("abcdefghi", "bcdefghij", strict=True)),
        ),
        "long-number": ("scenario", "days: " + "9" * 500_000),
        "long-name": ("scenario", "name: " + "n" * 300_000),
        "lever-of-20000": (
            "study",
            f"name: wide\nkind: sweep\nscenarios: [baseline, takedown]\nlevers: [{{path: policies.takedown.start, values: [{levers}]}}]\n",
        ),
        "scenarios-without-end": (
            "study",
            "name: many\nkind: compare\nscenarios: [" + "baseline, " * 50_000 + "baseline]\n",
        ),
        "long-cell": ("table", "name,group\n" + "x" * 200_000 + ",opioid\n"),
        "many-columns": ("table", ",".join(f"c{k}" for k in range(100_000)) + "\n"),
        "many-rows": ("table", "name\n" + "".join(f"r{k}\n" for k in range(100_000))),
        "long-override": ("override", "days=" + "[" * 20_000),
        "long-path": ("override", ".".join(["a"] * 50_000) + "=1"),
        "long-file-name": ("name", "n" * 300),
        "long-file": ("name", "x" * 5_000 + ".yaml"),
    }


def _changed(file: str, change: Callable[[dict], object], hashed: bool = True) -> Callable[[Path], None]:
    """A change of a file of JSON in a folder of results, with the hash that fits it."""

    def do(out: Path) -> None:
        held = json.loads((out / file).read_text(encoding="utf-8"))
        content = held["run"] if file == "record.json" else {key: value for key, value in held.items() if key != "hash"}
        change(content)
        fits = content_hash(content) if hashed else held["hash"]
        held = {**held, "run": content, "hash": fits} if file == "record.json" else {**content, "hash": fits}
        (out / file).write_text(json.dumps(held), encoding="utf-8")

    return do


def _file(name: str, content: bytes) -> Callable[[Path], None]:
    return lambda out: (out / name).write_bytes(content) and None


def _linked(name: str) -> Callable[[Path], None]:
    def do(out: Path) -> None:
        path = out / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        path.symlink_to(out.parents[1] / "outside" / "secret.yaml")

    return do


def _instead(name: str, content: bytes | None) -> Callable[[Path], None]:
    """A file in the place of a folder, or a folder in that of a file."""

    def do(out: Path) -> None:
        path = out / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        path.mkdir() if content is None else path.write_bytes(content)

    return do


def _no_columns(out: Path) -> None:
    """Parts that begin and end as such, and hold nothing."""
    for path in (out / "parts").iterdir():
        path.write_bytes(b"PAR1" + b"\0" * 30 + b"PAR1")


def _code(out: Path) -> None:
    """A study whose scenarios use a file of the folder, which nobody may execute."""
    (out / "evil.py").write_text(f"raise SystemExit({SECRET!r})\n", encoding="utf-8")
    _changed(
        "study.json", lambda c: [e["resolved"].update(uses=[str(out / "evil.py")]) for e in c["scenarios"].values()]
    )(out)


HOSTILE_FOLDERS: dict[str, Callable[[Path], None]] = {
    "lock-nested": _file(".lock", b"[" * 4_096),
    "lock-nested-long": _file(".lock", b"[" * 400_000),
    "lock-pid-beyond-any": _file(".lock", json.dumps({"pid": 2**70, "host": platform.node(), "began": None}).encode()),
    "lock-pid-negative": _file(".lock", json.dumps({"pid": -1, "host": platform.node()}).encode()),
    "lock-list": _file(".lock", b'["pid"]'),
    "record-nested": _file("record.json", b'{"run":' * 30_000),
    "record-of-numbers": _file("record.json", b'{"run": 5, "hash": 6}'),
    "record-not-text": _file("record.json", bytes(range(256))),
    "record-unbound-null": _changed("record.json", lambda c: c.update(unbound=None)),
    "record-files-list": _changed("record.json", lambda c: c.update(files=["record.json"])),
    "record-files-elsewhere": _changed(
        "record.json", lambda c: c["files"].update({"../outside/secret.yaml": "0" * 64})
    ),
    "record-files-null": _changed("record.json", lambda c: c["files"].update({"study.json": None})),
    "record-kind-null": _changed("record.json", lambda c: c.update(kind=None)),
    "record-kind-run": _changed("record.json", lambda c: c.update(kind="run")),
    "record-seeds-endless": _changed("record.json", lambda c: c.update(kind="run", seeds=[2**80, -1, "x"])),
    "record-scenarios-list": _changed("record.json", lambda c: c.update(kind="compare", scenarios=[1])),
    "study-nested": _file("study.json", b"[" * 100_000),
    "study-of-nothing": _changed("study.json", lambda c: c.clear()),
    "study-scenarios-null": _changed("study.json", lambda c: c.update(scenarios=None)),
    "study-study-list": _changed("study.json", lambda c: c.update(study=[])),
    "study-model-number": _changed("study.json", lambda c: c.update(model=7)),
    "study-extends-elsewhere": _changed(
        "study.json", lambda c: [e["resolved"].update(extends="{OUTSIDE}/secret.yaml") for e in c["scenarios"].values()]
    ),
    "study-uses-code": _code,
    "study-hash-wrong": _changed("study.json", lambda c: c.update(model="other"), hashed=False),
    "plan-is-a-folder": _instead("plan.parquet", None),
    "plan-is-text": _file("plan.parquet", b"PAR1 no"),
    "part-with-a-bad-name": _file("parts/'; drop--.parquet", b"PAR1"),
    "parts-is-a-file": _instead("parts", b"x"),
    "answer-is-a-file": _instead("answer", b"x"),
    "lock-is-a-folder": _instead(".lock", None),
    "record-is-a-folder": _instead("record.json", None),
    "part-of-no-columns": _no_columns,
    **{
        f"link-{name}": _linked(name)
        for name in ("record.json", "study.json", ".lock", "plan.parquet", "parts", "answer")
    },
    "names-of-markup": _file("answer/[x] <script>alert(1) rows[0].md", b"x"),
    "name-not-text": lambda out: os.fdopen(
        os.open(os.fsencode(out) + b"/answer/\xff\xfe", os.O_CREAT | os.O_WRONLY), "wb"
    ).close(),
}
"""What a hostile folder of results has that a good one has not, by name."""
