"""Write the parts of the documentation that follow from declarations in the code.

``python docs/make_tables.py`` rewrites whole pages (state variables, data dictionary, policies) and the blocks between
``<!-- generated: NAME -->`` and ``<!-- end -->`` in pages that people write. With ``--check`` it writes nothing and
says what is out of date.
"""

from __future__ import annotations

import csv
import inspect
import re
import sys
from collections import Counter
from collections.abc import Mapping
from enum import IntEnum
from pathlib import Path
from typing import Any

import make_pictures
import make_replications
import make_validity
from table_parts import fields, table, words

import sim.policies
from sim.agents import codes
from sim.agents.consumers import CONSUMER, Consumer
from sim.agents.levers import Levers
from sim.agents.orders import ORDER, Order
from sim.agents.platforms import PLATFORM, Platform
from sim.agents.suppliers import SUPPLIER, Supplier
from sim.agents.vendors import VENDOR, Vendor
from sim.evidence import yaml_files
from sim.evidence.parameters import ParameterSpec, load_parameters
from sim.evidence.sources import cited, load_sources
from sim.evidence.tables import Jurisdiction, Substance
from sim.measures.dictionary import column, families, observed, outcomes, tables
from sim.measures.observer.settings import Crawler, Observer, Register, Survey
from sim.policies.base import Policy
from sim.policies.conditions import After, When
from sim.policies.offered import LastingPolicy, offer
from sim.population import describe
from sim.registry import policy_kinds
from sim.scenario import OwnColumn, Platforms, Settings, Submodels, list_scenarios
from sim.studies.store.output import STUDY_COLUMNS
from sim.studies.study_files import study_files
from sim.studies.validation.files import load_targets
from sim.studies.validation.targets import LEVELS, USES, Target, World

DOCS = Path(__file__).resolve().parent
NOTE = "<!-- Written by docs/make_tables.py from the declarations in the code: change those, then run it again. -->\n\n"
STATE = ((Consumer, CONSUMER), (Vendor, VENDOR), (Order, ORDER), (Platform, PLATFORM), (Supplier, SUPPLIER))
ACTS = {
    "take_down": "police seize a platform",
    "run_covertly": "police run a platform covertly for a while, then close it with arrests",
    "arrest": "police arrest vendors",
    "stop_moderation": "moderators of a market taken out of action",
    "cut_links": "links between buyers and vendors cut",
    "post_false_ratings": "false ratings posted",
    "announce": "arrests made public",
    "offer": "a novel opioid put at hand of suppliers",
}
MARKS = {
    "detail": "kept in files, not in printed tables",
    "paired": "only in comparisons",
    "price": "what the intervention itself costs; no finding",
}


# --- state variables -------------------------------------------------------------------------------------------------
def span(record: Mapping[str, Any]) -> str:
    """Return the range of a state variable; a bound that only the storage sets is no bound."""
    low, high = record["low"], record["high"]
    if record["unit"] == "day":
        return "any day"
    if record["unit"] == "flag":
        return "0 or 1"
    if high is None or high >= 1e6 or high in (codes.NEVER, codes.NO_SLOT):
        return "any" if low is None or low <= -1e6 else f"from {low:g}"
    return f"{low:g} to {high:g}"


def value(record: Mapping[str, Any]) -> str:
    """Return the default of a state variable, the markers for nothing and never in words."""
    if record["unit"] == "slot" and record["default"] == codes.NO_SLOT:
        return "none"
    if record["unit"] == "day" and abs(record["default"]) == codes.NEVER:
        return "never"
    return f"{record['default']:g}"


def name_of(record: Mapping[str, Any]) -> str:
    """Return the name of a state variable, with the number of values that it holds."""
    return f"`{record['name']}`" + (f" ({record['shape'][0]})" if record["shape"] else "")


def state_variables() -> str:
    """Return the page of state variables: populations and platforms by column, then levers and codes."""
    parts = [
        "# State variables\n\n" + NOTE + "Every variable of every agent that is kept in columns: what the model file "
        "calls the state. [model.md](model.md) says who these agents are. A variable with a number in brackets holds so "
        "many values.\n"
    ]
    for agent, schema in STATE:
        records = describe(schema)
        size = sum(record["bytes"] for record in records)
        rows = [(name_of(r), r["text"], r["unit"], span(r), value(r), r["dtype"]) for r in records]
        heads = ("Variable", "Meaning", "Unit", "Range", "At first", "Type")
        parts.append(f"## {agent.__name__}\n\n{words(agent.__doc__)} {size} bytes.\n\n" + table(heads, rows))
    parts.append(
        "## Levers\n\nWhat policies may move. Every lever is back at its neutral value each morning. `people` means one value for each "
        "jurisdiction, segment and turn of a consumer, so that a policy can be meant for a part of the people.\n\n"
        + table(
            ("Lever", "Meaning", "Unit", "Neutral", "Belongs to", "One for each"),
            [
                (f"`{r['name']}`", r["text"], r["unit"], f"{r['neutral']:g}", r["owner"], r["by"])
                for r in Levers.describe()
            ],
        )
    )
    kinds = [kind for kind in vars(codes).values() if isinstance(kind, type) and issubclass(kind, IntEnum)]
    rows = [
        (f"`{kind.__name__}`", words(kind.__doc__), ", ".join(f"{code:d} {code}" for code in kind))
        for kind in kinds
        if len(kind)
    ]
    parts.append(
        "## Codes\n\nWhat the numbers in code variables stand for.\n\n" + table(("Code", "Of", "Values"), rows)
    )
    return "\n".join(parts)


# --- data dictionary -------------------------------------------------------------------------------------------------
def remarks(spec: Any) -> str:
    """Return what a reader of an outcome must know besides its meaning."""
    found = [text for mark, text in MARKS.items() if getattr(spec, mark)]
    found += [] if spec.signed else ["a distance, never negative"]
    found += [f"drifts with size below {spec.min_consumers:,} consumers"] if spec.min_consumers else []
    found += [f"weights: parameters `{spec.weights}`"] if spec.weights else []
    found += [f"not by group: {spec.why_not}"] if spec.why_not else []
    return "; ".join(found)


def _plain(spec: Any) -> str:
    """Return what a column holds, as part of a sentence."""
    return f"{spec.text[0].lower()}{spec.text[1:].rstrip('.')}"


REAL_TOTALS = """## Simulated consumers and real people

An outcome that scales is a total of the simulated consumers: times `weight` it is that of real people. One that does not (a share, a mean,
an index, alerts) is the same for both. What happens once, such as a raid, costs the same however many consumers are simulated; the
simulated ones bear their part of it, so that for money too the real total is the simulated one times `weight`.

| Here | Totals are those of |
| --- | --- |
| printed tables, `report.md`, figures; `outcomes_real`, `effects_real` in `--json`; files of runs and comparisons that end in `_real` | real people |
| the answers of studies: their column `scale` says so, and `totals: simulated` in a study file asks for the others | real people |
| `outcomes()`, `daily()`, `outcomes` and `effects` in files of runs and comparisons and in `--json`, SQL over runs | simulated consumers |
| the table `policies` | real people |

In Python, `run(...).real()` and `compare(...).real()` give the same result with real totals (`scale` says which it is), and
`Results(DIR).outcomes(real=True)`, `.daily(real=True)` those of a study.

"""


def data_dictionary() -> str:
    """Return the page of outcomes and table columns."""
    heads = ("Outcome", "Meaning", "Unit", "Over a run", "Scales", "Better", "By group of", "Remarks")
    parts = [
        "# Data dictionary\n\n" + NOTE + "What a run reports and writes. Counts and sums are those of the simulated "
        "consumers; one of them stands for `weight` real people. Day 0 is the first day after burn-in. Parquet files carry "
        "the same text as metadata. Where the scenario has the date of day 0 (`day0`), daily tables and events also have a "
        f"column `date`: {_plain(column('daily', 'date'))}.\n\n"
        + REAL_TOTALS
        + "## Outcomes\n\nOne value a day; over a run they are summed or averaged, or the last is taken. Those of a group "
        "([for whom](how-to-run-a-study.md#for-whom)) are named after both, such as `deaths_expected[segment=patient]`: of people by `jurisdiction`, "
        "`segment`, `age` and `sex`, of orders by these of the buyer, and by `channel` and `substance`.\n"
    ]
    specs = [*outcomes().values(), *families().values()]
    for group in dict.fromkeys(spec.group for spec in specs):
        rows = [
            (
                f"`{s.name}`",
                s.text,
                s.unit,
                s.aggregate,
                "yes" if s.scales else "",
                "" if s.better == "none" else s.better,
                {"orders": "people, orders", "people": "people"}.get(s.by, ""),
                remarks(s),
            )
            for s in specs
            if s.group == group
        ]
        parts.append(f"### {group.capitalize()}\n\n" + table(heads, rows))
    parts.append("## Tables\n")
    for name, columns in tables().items():
        shown = [s for s in columns.values() if not name.startswith("daily") or s.name in ("day", "key", "member")]
        rows = [(f"`{spec.name}`", spec.text, spec.unit, spec.dtype) for spec in shown]
        parts.append(f"### {name}\n\n" + table(("Column", "Meaning", "Unit", "Type"), rows))
    parts.append(
        "## Tables of comparisons\n\nColumns of `effects`, `outcomes`, `cost_effectiveness` and `conclusions` besides outcomes; "
        "[in an ensemble](how-to-run-a-study.md#in-an-ensemble) says which of them tell chance and parameters apart.\n"
    )
    rows = [(f"`{spec.name}`", spec.text, spec.unit, spec.dtype) for spec in STUDY_COLUMNS.values()]
    parts.append(table(("Column", "Meaning", "Unit", "Type"), rows))
    parts.append(
        "## What an observer records\n\nWritten by `odm observe`, and given by `sim.measures.observer.observe`: see "
        "[how to see a run as an observer would](how-to-observe-a-run.md).\n"
    )
    for name, columns in observed().items():
        rows = [(f"`{spec.name}`", spec.text, spec.unit, spec.dtype) for spec in columns.values()]
        parts.append(f"### {name}\n\n" + table(("Column", "Meaning", "Unit", "Type"), rows))
    return "\n".join(parts)


# --- policies --------------------------------------------------------------------------------------------------------
def moved(policy: type[Policy]) -> list[str]:
    """Return the levers that a policy moves, in the order of their declaration."""
    sources = [inspect.getsource(policy.move)]
    for name in re.findall(r"self\.(\w+)\(state, levers\)", sources[0]):
        sources += [inspect.getsource(vars(base)[name]) for base in policy.__mro__ if name in vars(base)]
    if any("offer(levers" in source for source in sources):
        sources.append(inspect.getsource(offer))
    touched = set(re.findall(r"levers\.(\w+)", " ".join(sources)))
    if not issubclass(policy, LastingPolicy):
        touched.discard("leaving")
    return [str(lever["name"]) for lever in Levers.describe() if lever["name"] in touched]


def acts(policy: type[Policy]) -> list[str]:
    """Return what a policy has agents do on its days."""
    called = re.findall(r"(\w+)\(", inspect.getsource(policy.act))
    return [text for name, text in ACTS.items() if name in called]


def policies() -> str:
    """Return the page of interventions."""
    assert sim.policies.Policy is Policy
    parts = [
        "# Policies\n\n"
        + NOTE
        + "The interventions that a scenario can list. [How to add one](how-to-add-a-policy.md); "
        "[how to use your own](how-to-use-your-own-policy.md).\n\n## Every policy\n\nDay 0 is the first day after "
        "burn-in. At strength 0 a policy changes nothing, bit for bit. [When a policy begins]"
        "(how-to-write-a-scenario.md#when-a-policy-begins) shows the conditions at work. Referrals and checks are counted and "
        "billed on the day after, since a budget has to know in the morning what it pays for: those of the last day are not.\n",
        fields(Policy, skip=("kind",)),
        "`after` has:\n",
        fields(After),
        "`when` has:\n",
        fields(When),
    ]
    levers = {str(lever["name"]): str(lever["text"]) for lever in Levers.describe()}
    for kind, policy in policy_kinds().items():
        assert issubclass(policy, Policy)
        does = [f"moves `{name}`: {levers[name][0].lower()}{levers[name][1:]}" for name in moved(policy)] + [
            f"has {act}" for act in acts(policy)
        ]
        sources = [load_sources()[key] for key in cited(policy.evidence)]
        parts += [
            f"## {kind}\n\n**Purpose.** {policy.purpose} {words(policy.__doc__)}\n",
            "**What it does.**\n\n" + "".join(f"- {line}\n" for line in does),
            fields(policy, skip=tuple(Policy.model_fields)),
            f"**Where.** {policy.place}\n",
            *([f"**How many.** {policy.extent}\n"] if policy.extent else []),
            f"**Cost.** {words(policy.cost.__doc__)}\n",
            f"**How it can fail.** {policy.can_fail}\n",
            f"**Evidence.** {policy.evidence}\n\n"
            + "".join(f"- [{s.id}] {s.quantity}: {s.value}. {s.source} ({s.status})\n" for s in sources),
        ]
    return "\n".join(parts)


# --- blocks in written pages -----------------------------------------------------------------------------------------
def parameter_counts() -> str:
    """Return how many parameters of each group were read, computed and assumed."""
    specs = load_parameters().specs.values()
    statuses = ("read", "computed", "assumed")
    rows: list[tuple[object, ...]] = []
    for group in load_parameters().groups:
        count = Counter(spec.status for spec in specs if spec.group == group)
        rows.append((f"`{group}`", count.total(), *(count[status] for status in statuses)))
    total = Counter(spec.status for spec in specs)
    rows.append(("**all**", total.total(), *(total[status] for status in statuses)))
    return table(("Group", "Parameters", *statuses), rows)


def rests_on(spec: ParameterSpec) -> str:
    """Return what a default rests on, in a few words that are the same for all of its kind."""
    if spec.status != "assumed":
        return spec.status
    if "[" in spec.source:
        return "assumed, beside published figures"
    return "assumed, fitted in a prototype" if "prototype" in spec.source else "assumed"


def every_default() -> str:
    """Return every default by what it rests on, with what it moves most over its plausible range."""
    with (DOCS.parent / "results/reference/screening.csv").open(encoding="utf-8", newline="") as file:
        moved = {row["parameter"]: (row["most_moved"], float(row["change"] or 0)) for row in csv.DictReader(file)}
    kinds: dict[str, list[tuple[object, ...]]] = {}
    for path, spec in load_parameters().specs.items():
        name, change = moved.get(path, ("", 0.0))
        span = f"{spec.value:g} ({spec.low:g} to {spec.high:g}) {spec.unit}"
        kinds.setdefault(rests_on(spec), []).append(
            (f"`{path}`", spec.text, span, spec.source, f"`{name}` {change:.0%}" if name else "")
        )
    heads = ("Parameter", "Meaning", "Default (plausible range)", "Rests on", "Moves most")
    order = ("read", "computed", "assumed, beside published figures", "assumed, fitted in a prototype", "assumed")
    parts = [
        f"<details>\n<summary>{kind}: {len(kinds[kind])}</summary>\n\n{table(heads, kinds[kind])}\n</details>\n"
        for kind in order
        if kind in kinds
    ]
    return "\n".join(parts)


def target_counts() -> str:
    """Return how many facts of each level are for fitting and how many are held out, and what their ranges rest on."""
    bands = ("reported", "derived", "assumed")
    targets = load_targets().all
    rows = []
    for level in (*LEVELS, ""):
        here = [target for target in targets if level in ("", target.level)]
        uses, count = Counter(target.use for target in here), Counter(target.band for target in here)
        rows.append((level or "**all**", len(here), *(uses[use] for use in USES), *(count[band] for band in bands)))
    return table(("Level", "Facts", *(f"for {use}" for use in USES), *(f"range {band}" for band in bands)), rows)


def blocks() -> dict[str, str]:
    """Return every generated block by name."""
    shipped = [
        (f"`{name}`", title, question)
        for name, title, question in list_scenarios(DOCS.parent / "experiments/scenarios")
    ]
    studies = [yaml_files.parse(path.read_text(encoding="utf-8")) for path in study_files().values()]
    return {
        "studies": table(
            ("Name", "Kind", "Question", "Time in full"),
            [(f"`{s['name']}`", s["kind"], " ".join(s["question"].split()), s["expected_time"]) for s in studies],
        ),
        "settings": fields(Settings),
        "platforms": fields(Platforms),
        "submodels": fields(Submodels),
        "own columns": fields(OwnColumn),
        "world of targets": fields(World),
        "target": fields(Target, skip=("id",)),
        "observer": fields(Observer),
        "crawler": fields(Crawler),
        "survey": fields(Survey),
        "register": fields(Register),
        "substance fields": fields(Substance, skip=("name",)),
        "jurisdiction fields": fields(Jurisdiction, skip=("name",)),
        "scenarios": table(("Name", "Title", "Question"), shipped),
        "parameter counts": parameter_counts(),
        "every default": every_default(),
        "target counts": target_counts(),
    }


def filled(text: str) -> str:
    """Return a written page with its generated blocks up to date.

    Raises
    ------
    KeyError
        For a block that this script does not know.
    """
    known = blocks()
    pattern = re.compile(r"(<!-- generated: ([\w ]+) -->\n).*?(<!-- end -->)", re.DOTALL)
    return pattern.sub(lambda found: f"{found[1]}\n{known[found[2]]}\n{found[3]}", text)


def pages() -> dict[Path, str]:
    """Return the text that every page with generated parts should have, by path."""
    whole = {
        DOCS / "state-variables.md": state_variables(),
        DOCS / "data-dictionary.md": data_dictionary(),
        DOCS / "policies.md": policies(),
        DOCS / "validity.md": make_validity.validity(),
        DOCS / "replications.md": make_replications.replications(),
        DOCS.parent / "sim" / "agents" / "column_types.pyi": column_types(),
        DOCS.parent / "sim" / "evidence" / "groups.pyi": parameter_groups(),
        DOCS / "pictures" / "house.svg": make_pictures.house(),
        DOCS / "pictures" / "day.svg": make_pictures.day(),
    }
    written = [path for path in sorted(DOCS.glob("*.md")) if path not in whole]
    texts = {path: path.read_text(encoding="utf-8") for path in written}
    return whole | {path: filled(text) for path, text in texts.items() if "<!-- generated: " in text}


def column_types() -> str:
    """Return the columns of the agents for type checkers."""
    lines = ['"""The columns of the agents. Written by `make docs` from their declarations."""', ""]
    lines += ["from typing import NamedTuple", "", "import numpy as np"]
    for agent, schema in STATE:
        lines += ["", f"class {agent.__name__}Columns(NamedTuple):", *(f"    {name}: np.ndarray" for name in schema)]
    return "\n".join(lines) + "\n"


def parameter_groups() -> str:
    """Return the fields of the groups of parameters for type checkers."""
    book = load_parameters()
    lines = [
        '"""The fields of the groups of parameters, all floats. Written by `make docs` from parameters.yaml."""',
        "",
    ]
    lines += ["from typing import NamedTuple"]
    for kind in book.groups.values():
        lines += ["", f"class {kind.__name__}(NamedTuple):", *(f"    {name}: float" for name in kind._fields)]
    lines += ["", "class Parameters(NamedTuple):"]
    lines += [f"    {group}: {kind.__name__}" for group, kind in book.groups.items()]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write what changed, or with ``--check`` say what would."""
    old = [p for p, text in pages().items() if not p.exists() or p.read_text(encoding="utf-8") != text]
    for path in old:
        print(f"{'out of date' if '--check' in sys.argv else 'written'}: {path.relative_to(DOCS.parent)}")
        if "--check" not in sys.argv:
            path.write_text(pages()[path], encoding="utf-8")
    return int("--check" in sys.argv and bool(old))


if __name__ == "__main__":
    sys.exit(main())
