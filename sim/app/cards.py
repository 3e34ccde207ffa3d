"""What a card says of a kind of intervention, and what can be set of it; all of it comes from the policy's own declaration."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic.fields import FieldInfo

from sim.evidence.sources import cited, load_sources
from sim.evidence.tables import load_jurisdictions, load_substances
from sim.measures.dictionary import outcomes
from sim.policies.base import DAY, JURISDICTION, SUBSTANCE
from sim.policies.conditions import After, When
from sim.registry import policy_kinds
from sim.scenario import allowed_in_words, without_none

Widget = Literal["day", "slider", "number", "choice", "several", "flag", "text"]

TIMES = ("start", "end", "strength")
WHOM = ("jurisdictions", "segments", "share_of_people")
WHEN = ("after", "every", "lasting", "when")
HIDDEN = ("kind", "label")


@dataclass(frozen=True)
class Setting:
    """Something that can be set of an intervention.

    Attributes
    ----------
    path
        Name of the field; ``when.above`` is one inside another.
    text
        What it means, with unit, range and source, as the policy declares it.
    widget
        How it is set.
    default
        What it is when nobody sets it.
    choices
        What it can be, where that is a list.
    low, high, step
        Ends of a slider: the plausible range where one is declared, else what is allowed.
    allowed
        What may stand there, in words.
    """

    path: str
    text: str
    widget: Widget
    default: Any
    choices: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 1.0
    step: float = 0.01
    allowed: str = ""
    whole: bool = False

    @property
    def name(self) -> str:
        """What people call it."""
        words = re.sub(r"\busd\b", "USD", self.path.rpartition(".")[2].replace("_", " "))
        return words[:1].upper() + words[1:]


@dataclass(frozen=True)
class Card:
    """A kind of intervention, as a card shows it.

    Attributes
    ----------
    kind, title
        Its name in files and for people.
    purpose, about, evidence, can_fail, cost, place, extent
        What it is for, what it does, what that rests on, what can go wrong, what it costs, where it acts, and whom it reaches.
    times, whom, own, conditions
        What can be set of it.
    outside
        Whether it comes from outside, as a shock does.
    """

    kind: str
    title: str
    purpose: str
    about: str
    evidence: str
    can_fail: str
    cost: str
    place: str
    extent: str
    times: tuple[Setting, ...]
    whom: tuple[Setting, ...]
    own: tuple[Setting, ...]
    conditions: tuple[Setting, ...]
    outside: bool

    @property
    def paths(self) -> frozenset[str]:
        """Every setting of the intervention itself, without its conditions."""
        return frozenset(each.path for each in (*self.times, *self.whom, *self.own))

    def setting(self, path: str) -> Setting:
        """A setting by its path.

        Raises
        ------
        KeyError
            If the intervention has none of that name.
        """
        for each in (*self.times, *self.whom, *self.own, *self.conditions):
            if each.path == path:
                return each
        raise KeyError(path)


@cache
def cards() -> Mapping[str, Card]:
    """Every kind of intervention by its name."""
    import_module("sim.policies")
    return {kind: _card(kind, model) for kind, model in policy_kinds().items()}


def _card(kind: str, model: Any) -> Card:
    found = {name: _setting(name, field) for name, field in model.model_fields.items() if name not in (*HIDDEN, *WHEN)}
    shared = (*TIMES, *WHOM)
    words = {
        name: _sourced(getattr(model, name, "")) for name in ("purpose", "evidence", "can_fail", "place", "extent")
    }
    return Card(
        kind=kind,
        title=title_of(kind),
        about=_first(model.__doc__),
        cost=_first(model.cost.__doc__),
        times=tuple(found[name] for name in TIMES if name in found),
        whom=tuple(found[name] for name in WHOM if name in found),
        own=tuple(each for name, each in found.items() if name not in shared),
        conditions=_conditions(model),
        outside=bool(model.exogenous or model.imposed),
        **words,
    )


def title_of(kind: str) -> str:
    """What people call a kind of intervention."""
    words = kind.replace("_", " ").replace("isp ", "ISP ")
    return words[:1].upper() + words[1:]


def _first(text: str | None) -> str:
    return (text or "").strip().partition("\n")[0]


def _sourced(text: str) -> str:
    """A text in which sources are named as people write them, without code marks."""
    known = load_sources()
    for key in cited(text):
        if key in known:
            text = text.replace(f"[{key}]", f"[{source_name(key)}]")
    return text.replace("`", "")


def source_name(key: str) -> str:
    """Who published a source, and when, in short."""
    source = load_sources()[key].source
    year = re.search(r"\b(19|20)\d\d\b", source)
    who = re.split(r"[,.(:;]", source)[0].strip()
    who = re.sub(r"( [A-Z])+$", "", who)  # initials
    return f"{who} {year[0]}" if year and year[0] not in who else who


def _conditions(model: Any) -> tuple[Setting, ...]:
    """What may make it begin besides its dates."""
    simple = [_setting(name, model.model_fields[name]) for name in ("every", "lasting") if name in model.model_fields]
    inside = [
        _setting(f"{outer}.{name}", field)
        for outer, condition in (("after", After), ("when", When))
        for name, field in condition.model_fields.items()
    ]
    return (*simple, *inside)


def _setting(path: str, field: FieldInfo) -> Setting:
    """How a field is set, from its declaration."""
    kind = without_none(field.annotation)
    default = None if field.is_required() else field.get_default(call_default_factory=True)
    text, allowed = _sourced(field.description or ""), allowed_in_words(field)
    same = {"path": path, "text": text, "default": default, "allowed": allowed}
    choices = _choices(path, field, kind)
    if choices:
        several = get_origin(kind) in (tuple, list)
        return Setting(widget="several" if several else "choice", choices=choices, **same)
    if kind is bool:
        return Setting(widget="flag", **same)
    if kind in (int, float):
        return _number(field, kind is int, same)
    return Setting(widget="text", **same)


def _choices(path: str, field: FieldInfo, kind: Any) -> tuple[str, ...]:
    inner = get_args(kind)[0] if get_origin(kind) in (tuple, list) else kind
    if get_origin(inner) is Literal:
        return tuple(map(str, get_args(inner)))
    if field.json_schema_extra == JURISDICTION:
        return tuple(load_jurisdictions())
    if field.json_schema_extra == SUBSTANCE:
        return tuple(load_substances())
    if path == "when.outcome":
        return tuple(name for name, spec in outcomes().items() if not spec.paired)
    return ()


def _number(field: FieldInfo, whole: bool, same: dict[str, Any]) -> Setting:
    """A number: a slider over its plausible range where it has one, or over what is allowed where that is narrow."""
    if field.json_schema_extra == DAY:
        return Setting(widget="day", whole=True, step=1, **same)
    low, high = _bounds(field)
    plausible = range_in(field.description or "")
    if plausible is not None:
        low, high = plausible
    elif low is None or high is None or high - low > 1_000:
        return Setting(widget="number", whole=whole, step=1 if whole else 0.01, **same)
    default = same["default"]
    if isinstance(default, int | float):
        low, high = min(low, default), max(high, default)
    step = 1.0 if whole else _step(high - low)
    return Setting(widget="slider", low=float(low), high=float(high), step=step, whole=whole, **same)


def _bounds(field: FieldInfo) -> tuple[float | None, float | None]:
    low = high = None
    for bound in field.metadata:
        match bound:
            case Ge(value) | Gt(value):
                low = value
            case Le(value) | Lt(value):
                high = value
    return low, high  # type: ignore[return-value]


def range_in(text: str) -> tuple[float, float] | None:
    """The range that a description gives in its last brackets: ``(USD, assumed 30 to 75)``."""
    inside = re.findall(r"\(([^()]*)\)", text)
    found = re.search(r"(-?\d[\d,]*\.?\d*) to (-?\d[\d,]*\.?\d*)", inside[-1]) if inside else None
    if found is None:
        return None
    low, high = (float(end.replace(",", "")) for end in found.groups())
    return (low, high) if low < high else None


def _step(span: float) -> float:
    """A step that takes about a hundred to cross a range."""
    for step in (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 50.0, 100.0):
        if span / step <= 200:
            return step
    return 1_000.0


def read_value(setting: Setting, given: Any) -> Any:
    """What somebody put into the widget of a setting, as a scenario file has it; None where nothing is set.

    A number that is none stays text: the checks of the scenario say what is wrong with it.
    """
    if setting.widget == "several":
        chosen = [str(each) for each in given] if isinstance(given, Sequence) and not isinstance(given, str) else []
        return [each for each in chosen if each in setting.choices] or None
    if setting.widget == "flag":
        return bool(given)
    text = str(given if given is not None else "").strip()[:200]
    if not text:
        return None
    if setting.widget in ("slider", "number", "day"):
        try:
            number = float(text)
        except ValueError:
            return text
        return (
            int(number)
            if number == int(number) and abs(number) < 1e15 and (setting.whole or "." not in text)
            else number
        )
    return text
