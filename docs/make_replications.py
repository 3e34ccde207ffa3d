"""Write the page of replications from what is kept in results/reference/replications."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from sim.evidence.sources import load_sources
from sim.report.text.markdown import escaped

ROOT = Path(__file__).parents[1]
KEPT = ROOT / "results" / "reference" / "replications"
SCRIPTS = ROOT / "experiments" / "replications"
VALIDATED = ROOT / "results" / "reference" / "validation" / "validation.json"
PLACE = "../results/reference/replications"

HEAD = """# Published results, looked for in the model

Written by `make_tables.py` from [what is kept](../results/reference/README.md); `make replications` does it again. Each replication runs scenarios as they
ship, with the default parameters: none changes a parameter of the model, and no seed, window, range or tolerance was chosen to make a number come out. A number is
**reproduced** where the mean of the model lies in the range of what is published, **reproduced in sign** where only the direction is right (or only the
direction is published, and the whole 90 % interval is on that side), and otherwise **missed**. Where a publication's number was not read, the model's stands
there without a verdict. Intervals are those of the mean over seeds.
"""


def named() -> list[str]:
    """Replications in the order in which the scripts are named."""
    text = (SCRIPTS / "__init__.py").read_text(encoding="utf-8")
    names = re.search(r"^NAMES = \((.*?)\)", text, re.DOTALL | re.MULTILINE)
    return re.findall(r'"([a-z-]+)"', names[1]) if names else []


def kept() -> list[dict[str, Any]]:
    """What was found."""
    files = [KEPT / f"{name}.json" for name in named()]
    return [json.loads(path.read_text(encoding="utf-8")) for path in files if path.exists()]


def waiting() -> list[str]:
    """Titles of replications of which nothing is kept."""
    names = [name for name in named() if not (KEPT / f"{name}.json").exists()]
    texts = [(SCRIPTS / f"{name.replace('-', '_')}.py").read_text(encoding="utf-8") for name in names]
    return [title for text in texts for title in re.findall(r'^    title="(.*)",$', text, re.MULTILINE)]


def replications() -> str:
    """Return the page."""
    found = kept()
    return "\n".join([HEAD, overview(found, waiting()), took(found), *(part(each) for each in found)])


def overview(found: list[dict[str, Any]], others: list[str]) -> str:
    """A row for each replication, those that were not run last."""
    lines = ["| Replication | Verdict |", "|---|---|"]
    lines += [f"| [{each['title']}](#{anchor(each['title'])}) | {each['verdict']} |" for each in found]
    lines += [f"| {title} | not run with this model yet |" for title in others]
    return "\n".join([*lines, *behind(found)]) + "\n"


def took(found: list[dict[str, Any]]) -> str:
    """What all of it takes, as measured."""
    minutes = sum(each["minutes"] for each in found)
    return (
        f"All of it takes about {minutes} minutes of one core of a laptop, and more than 1 GB of memory a worker; `python -m experiments.replications NAME` does "
        "one. Worlds are as large as what is counted in them asks for, which the first lines of each script say; how long its runs take stands below.\n"
    )


def behind(found: list[dict[str, Any]]) -> list[str]:
    """Say when they were run with another version than the validation that is kept."""
    now = json.loads(VALIDATED.read_text(encoding="utf-8"))["model"]
    others = sorted({each["model"] for each in found} - {now})
    if not others:
        return []
    names = ", ".join(f"`{name}`" for name in others)
    return [
        f"\n**Run with another version of the code** ({names}) than [the validation that is kept](validity.md) (`{now}`): "
        "where rules or defaults have moved between them, so have numbers."
    ]


def misses(each: dict[str, Any]) -> list[str]:
    """What is known of the numbers that are missed."""
    missed = [row["id"] for row in each["findings"] if row["verdict"] == "missed"]
    known = dict.fromkeys(each["misses"][name] for name in missed if name in each["misses"])
    return ["What is known of the misses:\n", *(f"- {escaped(text)}" for text in known), ""] if known else []


def anchor(title: str) -> str:
    """The anchor of a heading."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def time_of(each: dict[str, Any]) -> str:
    """How long its runs take, in words."""
    minutes = each["minutes"]
    return f"about {minutes} min of one core" if minutes else "the runs of another replication"


def part(each: dict[str, Any]) -> str:
    """One replication: what is published, what the model gives, and how the comparison differs."""
    worlds = list(each["worlds"].values())
    sizes = " or ".join(
        dict.fromkeys(f"{world['consumers']:,} simulated consumers over {world['days']:,} days" for world in worlds)
    )
    script = each["name"].replace("-", "_")
    lines = ["| Number | Published | Model | |", "|---|---|---|---|"]
    for row in each["findings"]:
        verdict = f"**{row['verdict']}**" if row["verdict"] == "missed" else row["verdict"]
        unit = f" ({row['unit']})" if row["unit"] and row["unit"] not in row["text"] else ""
        lines.append(
            f"| {escaped(row['text'] + unit)} | {escaped(row['wanted'])} | {escaped(row['got'])} | {verdict} |"
        )
    sources = list(dict.fromkeys(source for row in each["findings"] for source in row["sources"]))
    known = load_sources()
    cites = [f"- \\[{name}\\] {escaped(known[name].source)} ({known[name].status})" for name in sources]
    runs = f"{each['runs']} runs of each of {len(worlds)} scenarios" if len(worlds) > 1 else f"{each['runs']} runs"
    return "\n".join(
        [
            f"## {each['title']}\n",
            f"**{each['verdict'].capitalize()}.** {escaped(each['paper'])}.\n",
            f"Published: {escaped(each['published'])}\n",
            f"![{each['title']}]({PLACE}/{each['name']}.png)\n",
            *lines,
            "",
            f"Done with {runs} of {sizes} ({time_of(each)}), model version `{each['model']}`: "
            f"[{script}.py](../experiments/replications/{script}.py), [numbers]({PLACE}/{each['name']}.json).\n",
            f"What differs: {escaped(each['differs'])}\n",
            *misses(each),
            "Ranges and directions:\n",
            *(
                f"- {text}"
                for text in dict.fromkeys(escaped(row["basis"], code=True) for row in each["findings"] if row["basis"])
            ),
            "",
            "Sources:\n",
            *cites,
            "",
        ]
    )
