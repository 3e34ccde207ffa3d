"""What is wrong with a scenario, all at once: where, what was given, what is allowed, and the nearest valid name."""

from __future__ import annotations

import difflib
import json
import re
import reprlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, Self, cast, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

_SHORT = reprlib.Repr(maxlevel=2, maxdict=4, maxlist=4, maxtuple=4, maxstring=60, maxother=60, maxlong=40)
WHOLE, NO_POINT = "a whole number", ", written without a point"
_WORDS = {
    "a integer": WHOLE,
    "a string": "text",
    "a boolean": "true or false",
    "an array": "a list",
    "a array": "a list",
    "a tuple": "a list",
    "an object": "a mapping",
    "a dictionary": "a mapping",
}
"""Words of pydantic and what people say."""

MAX_SHOWN = 50
"""Problems printed; the rest are counted."""
MAX_PROBLEMS = 200
"""Problems looked for: each takes a search for the nearest name."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong.

    Attributes
    ----------
    path
        where, as ``--set`` would write it: ``policies.0.start``; empty for the scenario as a whole.
    given
        what was found there, shortened.
    allowed
        what may stand there.
    nearest
        the valid name that resembles it most, or None.
    """

    path: str
    given: str
    allowed: str
    nearest: str | None = None

    def __str__(self) -> str:
        return self.told("scenario")

    def told(self, whole: str) -> str:
        """The problem in words; ``whole`` names what has it where the path is empty."""
        text = f"{self.path or whole}: given {self.given}; allowed: {self.allowed}"
        return text + (f"; did you mean {self.nearest!r}?" if self.nearest else "")


class ScenarioError(ValueError):
    """A scenario that cannot be run.

    Attributes
    ----------
    problems
        everything that is wrong with it.
    name
        what the scenario calls itself, as far as known.
    """

    def __init__(self, problems: Sequence[Problem], name: str = "") -> None:
        self.problems: list[Problem] = list(dict.fromkeys(problems))
        self.name = name
        super().__init__(self.problems, name)

    def __str__(self) -> str:
        return self.told("scenario", f" in scenario {self.name!r}" if self.name else "")

    def told(self, whole: str, where: str) -> str:
        """All problems in words; see `Problem.told`."""
        count = len(self.problems)
        head = f"{count} problem{'s' if count != 1 else ''}{where}:"
        lines = [f"  {problem.told(whole)}" for problem in self.problems[:MAX_SHOWN]]
        if count > MAX_SHOWN:
            lines.append(f"  and {count - MAX_SHOWN} more")
        return "\n".join([head, *lines])

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.problems, self.name)


class Faults(list[Problem]):
    """What is wrong, as it is found; at more than `MAX_PROBLEMS` nobody looks further."""

    def __init__(self, error: type[ScenarioError] = ScenarioError) -> None:
        super().__init__()
        self.error = error

    def append(self, problem: Problem) -> None:
        """Add a problem, or raise the error when there were `MAX_PROBLEMS` before."""
        if len(self) == MAX_PROBLEMS:
            more = Problem("", f"more than {MAX_PROBLEMS} problems", "fewer: what is behind these was not looked at")
            raise self.error([more, *self])
        super().append(problem)

    def extend(self, problems: Iterable[Problem]) -> None:
        """Add problems one by one, so that no more are worked out than are added."""
        for problem in problems:
            self.append(problem)

    def __iadd__(self, problems: Iterable[Problem]) -> Self:
        self.extend(problems)
        return self


def quote(value: Any) -> str:
    """A value as a message quotes it: short, on one line."""
    if isinstance(value, str):
        return _SHORT.repr(value)
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    if isinstance(value, int):
        return str(value) if value.bit_length() <= 128 else "an integer of more than 128 bits"
    return _SHORT.repr(value).replace("\n", " ")


def nearest(word: object, names: Iterable[str]) -> str | None:
    """The name most like a word, or None when none is close."""
    by_lower = {name.lower(): name for name in names}
    found = difflib.get_close_matches(str(word)[:80].lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


def one_of(names: Iterable[str], limit: int = 24) -> str:
    """A list of names for a message, cut when long."""
    words = list(names)
    more = f" and {len(words) - limit} more" if len(words) > limit else ""
    return (", ".join(words[:limit]) or "nothing") + more


def no_such_name(path: str, word: object, names: Iterable[str]) -> Problem:
    """The problem of a name that does not exist."""
    valid = list(names)
    return Problem(path, quote(word), one_of(valid), nearest(word, valid))


def key(name: str, field: FieldInfo) -> str:
    """The word by which YAML calls a field."""
    return field.alias or name


def number(value: float | date) -> str:
    """A bound as a person writes it."""
    if isinstance(value, date):
        return value.isoformat()
    return f"{value:,}" if isinstance(value, int) else f"{value:,.10g}"


def bounds_in_words(field: FieldInfo) -> str:
    """The declared bounds of a numeric field in words; empty when it has none."""
    low = high = ""
    for bound in field.metadata:
        match bound:
            case Ge(ge):
                low = f"at least {number(cast(float, ge))}"
            case Gt(gt):
                low = f"above {number(cast(float, gt))}"
            case Le(le):
                high = f"at most {number(cast(float, le))}"
            case Lt(lt):
                high = f"below {number(cast(float, lt))}"
    return " and ".join(part for part in (low, high) if part)


def without_none(annotation: Any) -> Any:
    """What a field holds where it may also hold nothing."""
    options = [option for option in get_args(annotation) if option is not type(None)]
    return options[0] if len(options) == 1 and type(None) in get_args(annotation) else annotation


def allowed_in_words(field: FieldInfo) -> str:
    """What a field may hold, in words: choices, true and false, the fields of a mapping, or a kind of value and its bounds."""
    kind = without_none(field.annotation)
    nothing = " or null" if kind is not field.annotation else ""
    if get_origin(kind) is Literal:
        return ", ".join(map(str, get_args(kind))) + nothing
    if kind is bool:
        return "true, false" + nothing
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return f"a mapping of {', '.join(key(name, inside) for name, inside in kind.model_fields.items())}{nothing}"
    if get_origin(kind) in (tuple, list):
        choices = (
            get_args(without_none(get_args(kind)[0])) if get_origin(without_none(get_args(kind)[0])) is Literal else ()
        )
        return ("a list of " + ", ".join(map(str, choices)) if choices else "a list") + nothing
    words = {int: "a whole number", float: "a number", str: "text", dict: "a mapping", date: "a date"}
    return ", ".join(filter(None, [words.get(get_origin(kind) or kind, "a value"), bounds_in_words(field)])) + nothing


def _field(model: type[BaseModel], loc: Sequence[str | int]) -> FieldInfo | None:
    """The declaration that a place in the input belongs to, when it is a field itself and not an item of one."""
    found: FieldInfo | None = None
    here: Any = model
    for step in loc:
        if not (isinstance(here, type) and issubclass(here, BaseModel)):
            return None
        found = next((field for name, field in here.model_fields.items() if step in (name, field.alias)), None)
        if found is None:
            return None
        here = without_none(found.annotation)
    return found


def _keys(model: type[BaseModel], loc: Sequence[str | int]) -> list[str]:
    """The keys that a mapping at a place in the input may have."""
    field = _field(model, loc)
    here: Any = model if not loc else without_none(field.annotation) if field is not None else None
    if isinstance(here, type) and issubclass(here, BaseModel):
        return [key(name, field) for name, field in here.model_fields.items() if name not in ("kind", "name")]
    return []


def _known(loc: Sequence[str | int], data: Any) -> tuple[str | int, ...]:
    """The part of a location that exists in the input: pydantic appends the branches of a union to it."""
    found: list[str | int] = []
    for step in loc:
        inside = isinstance(data, Mapping) and step in data
        if not inside and not (isinstance(data, list | tuple) and isinstance(step, int) and step < len(data)):
            break
        data = cast(Any, data)[step]
        found.append(step)
    return tuple(found)


def _allowed(kind: str, message: str, field: FieldInfo | None) -> str:
    """What a field may hold: pydantic's sentence, with both bounds when one was crossed."""
    message = re.sub(
        r"^(Input|Value|String|List|Dictionary|Tuple) should (be |have )?|^Value error, |^Assertion failed, ",
        "",
        message,
    )
    bounds = bounds_in_words(field) if field is not None else ""
    if field is not None and without_none(field.annotation) is date:
        return f"a date such as 2027-01-01, {bounds}"
    if bounds and (kind.startswith(("greater_than", "less_than", "int_", "float_")) or kind == "finite_number"):
        whole = field is not None and "int" in str(field.annotation)
        return f"a {'whole ' if whole else ''}number, {bounds}"
    message = message.replace("valid ", "")
    for pydantic, word in _WORDS.items():
        message = message.replace(pydantic, word)
    return message


def problems_from_pydantic(error: ValidationError, model: type[BaseModel], data: Any, prefix: str) -> list[Problem]:
    """The problems behind a pydantic error.

    Parameters
    ----------
    error
        what `model` said about `data`.
    model, data
        the model and the plain data given to it.
    prefix
        path of `data` in the scenario.
    """
    merged: dict[str, Problem] = {}
    for item in error.errors(include_url=False, include_context=True)[: 10 * MAX_PROBLEMS]:
        kind, loc = item["type"], item["loc"]
        if kind != "missing":
            loc = _known(loc, data)
        path = ".".join([*([prefix] if prefix else []), *map(str, loc)])
        if kind == "extra_forbidden":
            merged[path] = no_such_name(path, loc[-1], _keys(model, loc[:-1]))
            continue
        field = _field(model, loc)
        if kind == "missing":
            text = field.description if field is not None and field.description else "a value"
            problem = Problem(path, "nothing", f"required: {text}")
        else:
            expected = str(item.get("ctx", {}).get("expected", "")) if kind == "literal_error" else ""
            words = re.findall(r"'([^']*)'", expected)
            allowed = one_of(words) if words else _allowed(kind, item["msg"], field)
            if kind == "int_type" and isinstance(item["input"], float) and item["input"].is_integer():
                allowed += NO_POINT
            problem = Problem(path, quote(item["input"]), allowed, nearest(item["input"], words) if words else None)
        before = merged.get(path)
        if before is not None and problem.allowed not in before.allowed:
            problem = Problem(
                path, before.given, f"{before.allowed} or {problem.allowed}", before.nearest or problem.nearest
            )
        merged[path] = problem
    return list(merged.values())
