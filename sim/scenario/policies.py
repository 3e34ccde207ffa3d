"""The policies of a scenario: each by its class, then all together: dates, names that `after` follows, conditions that can be met; and their budget."""

from __future__ import annotations

import heapq
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from sim.scenario.errors import Problem, key, nearest, no_such_name, one_of, quote
from sim.scenario.sections import Problems, check, mapping
from sim.scenario.settings import Settings, as_day, told

DAY = {"day": True}
"""The ``json_schema_extra`` of a field of a policy that is a day, for which a date may be given."""

MAX_POLICIES = 500
"""Policies of a scenario; every day looks at each."""


class Budget(BaseModel):
    """Money that policies may cost in all, and which of them; what they reach follows from it (`sim.policies.purse`)."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    usd: float = Field(ge=0, le=1e15, description="money for the whole run, as real people pay it (USD)")
    over: Literal["policies"] | Annotated[tuple[str, ...], Field(min_length=1, max_length=200)] = Field(
        default="policies", description="what it pays for: `policies` is all of them, or a list of labels and kinds"
    )


def policies(
    document: Mapping[str, Any],
    kinds: Mapping[str, type[BaseModel]],
    settings: Settings,
    tables: Mapping[str, Sequence[str]],
    problems: Problems,
) -> tuple[Any, ...]:
    """The policies, in the order listed, each an instance of its class in ``kinds``; ``tables`` has the names of jurisdictions and of substances."""
    given = document.get("policies")
    if given is None:
        return ()
    if not isinstance(given, list):
        problems.append(Problem("policies", quote(given), "a list of {kind, start, end, strength, ...}"))
        return ()
    if len(given) > MAX_POLICIES:
        problems.append(Problem("policies", f"{len(given):,} policies", f"at most {MAX_POLICIES}"))
        return ()
    found: dict[int, Any] = {}
    for i, entry in enumerate(given):
        policy = _policy(entry, kinds, settings, f"policies.{i}", problems)
        if policy is not None:
            found[i] = policy
    wrong = len(problems)
    for i, policy in found.items():
        _dates(policy, f"policies.{i}", settings, problems)
        _conditions(policy, f"policies.{i}", tables["jurisdictions"], problems)
        _references(policy, f"policies.{i}", tables, problems)
    _names(found, given, problems)
    if len(problems) == wrong and len(found) == len(given):
        _chances(found, settings.days, problems)
    return tuple(found.values())


def _policy(entry: Any, kinds: Mapping[str, type[BaseModel]], settings: Settings, path: str, problems: Problems) -> Any:
    """One policy, or None with what is wrong with it."""
    if not isinstance(entry, dict):
        problems.append(Problem(path, quote(entry), "a mapping {kind, start, end, strength, ...}"))
        return None
    kind = entry.get("kind")
    if not isinstance(kind, str) or kind not in kinds:
        given = "nothing" if "kind" not in entry else quote(kind)
        allowed = one_of(kinds, 60) if kinds else "nothing: no policy is registered (import sim.policies)"
        problems.append(
            Problem(f"{path}.kind", given, allowed, nearest(kind, kinds) if isinstance(kind, str) else None)
        )
        return None
    model = kinds[kind]
    names = [key(name, field) for name, field in model.model_fields.items()]
    extra = [name for name in entry if name not in names]
    problems += (_no_field(f"{path}.{name}", name, model, [word for word in names if word != "kind"]) for name in extra)
    given = {name: value for name, value in entry.items() if name in names}
    for name, field in model.model_fields.items():
        if isinstance(given.get(name), str) and field.json_schema_extra == DAY:
            given[name] = as_day(given[name], settings.day0, f"{path}.{name}", problems)
            if given[name] is None:
                del given[name]
    return check(model, given, path, problems)


def _no_field(path: str, word: str, model: type[BaseModel], names: Sequence[str]) -> Problem:
    """The problem of a field that a policy does not have: where another one says the same that is named, and where it acts everywhere why."""
    meant = getattr(model, "instead", {}).get(word)
    if meant is not None:
        return Problem(path, quote(word), f"{meant}, which says that here", meant)
    place = getattr(model, "place", "") if word == "jurisdictions" else ""
    return Problem(path, quote(word), f"nothing: {place}") if place else no_such_name(path, word, names)


def _dates(policy: Any, path: str, settings: Settings, problems: Problems) -> None:
    """Whether the start lies in the run and the end after it."""
    start, end = getattr(policy, "start", 0), getattr(policy, "end", None)
    days, burn_in, day0 = settings.days, settings.burn_in, settings.day0
    if not -burn_in <= start < days:
        allowed = (
            f"a day of the run, {told(-burn_in, day0)} to {told(days - 1, day0)} (day 0 is the first after burn-in)"
        )
        name = getattr(policy, "label", None) or policy.kind
        way_out = f"; begin earlier (--set policies.{name}.start={max(-burn_in, days // 2)}) or run for longer (--days {start + 1} or more)"
        problems.append(Problem(f"{path}.start", told(start, day0), allowed + (way_out if start >= days else "")))
    if end is not None and end <= start:
        problems.append(
            Problem(f"{path}.end", told(end, day0), f"a day after the start, {told(start + 1, day0)} or later, or null")
        )


def _conditions(policy: Any, path: str, jurisdictions: Sequence[str], problems: Problems) -> None:
    """Whether a repetition is longer than what it repeats, and whether the jurisdiction that an outcome names exists."""
    every, lasting, when = (getattr(policy, name, None) for name in ("every", "lasting", "when"))
    if every is not None and lasting is not None and lasting > every:
        problems.append(
            Problem(f"{path}.lasting", str(lasting), f"at most the {every} days after which it begins again")
        )
    wrong = when.unknown_member(list(jurisdictions)) if when is not None else None
    if wrong is not None:
        problems.append(no_such_name(f"{path}.when.outcome", *wrong))


def _references(policy: Any, path: str, tables: Mapping[str, Sequence[str]], problems: Problems) -> None:
    """Whether the jurisdictions and substances that a policy names exist: in fields whose ``json_schema_extra`` says in which table names are."""
    for name, field in type(policy).model_fields.items():
        extra, value = field.json_schema_extra, getattr(policy, name)
        if not isinstance(extra, dict) or "table" not in extra or value is None:
            continue
        known = tables[str(extra["table"])]
        for given in (value,) if isinstance(value, str) else value:
            if given not in known:
                problems.append(no_such_name(f"{path}.{name}", given, known))


def _names(found: Mapping[int, Any], given: Sequence[Any], problems: Problems) -> None:
    """Whether labels are each there once, and whether there is another policy of the name that `after` gives."""
    labels: dict[str, int] = {}
    for i, policy in found.items():
        label = getattr(policy, "label", None)
        if label is not None and labels.setdefault(label, i) != i:
            problems.append(Problem(f"policies.{i}.label", quote(label), "a label that no other policy has"))
    words = [_words(entry) for entry in given]
    having = Counter(word for entry in words for word in entry)
    for i, policy in found.items():
        after = getattr(policy, "after", None)
        if after is not None and having[after.policy] == (after.policy in words[i]):
            known = dict.fromkeys(word for k, entry in enumerate(words) if k != i for word in entry)
            problems.append(no_such_name(f"policies.{i}.after.policy", after.policy, known))


def _words(entry: Any) -> list[str]:
    """The names by which `after` of other policies may call one."""
    words = [entry.get(word) for word in ("label", "kind")] if isinstance(entry, dict) else []
    return list(dict.fromkeys(word for word in words if isinstance(word, str)))


def _chances(found: Mapping[int, Any], days: int, problems: Problems) -> None:
    """Whether every policy can begin before the run, or the policy itself, ends."""
    first = _first_days(found)
    for i, policy in found.items():
        last = min(days, days if policy.end is None else policy.end)
        if i not in first:
            allowed = "a policy that does not itself wait for this one"
            problems.append(Problem(f"policies.{i}.after.policy", quote(policy.after.policy), allowed))
        elif first[i] >= last and policy.start < last:
            part = ".when.over_days" if getattr(policy, "when", None) is not None else ".after.days"
            given = f"a condition that cannot be met before day {first[i]}"
            problems.append(
                Problem(
                    f"policies.{i}{part}",
                    given,
                    f"one that can be met by day {last - 1}, the last on which it may be on",
                )
            )


def _first_days(found: Mapping[int, Any]) -> dict[int, int]:
    """The earliest day on which each policy can begin, by the shortest way along `after`; those that wait for themselves have none."""
    followers: dict[str, list[int]] = {}
    for i, policy in found.items():
        if getattr(policy, "after", None) is not None:
            followers.setdefault(policy.after.policy, []).append(i)

    def begins(i: int, other: int | None = None) -> tuple[int, int]:
        policy = found[i]
        day = policy.start if other is None else max(policy.start, other + policy.after.days)
        when = getattr(policy, "when", None)
        return (day if when is None else max(day, when.first_look)), i

    first: dict[int, int] = {}
    waiting = [begins(i) for i, policy in found.items() if getattr(policy, "after", None) is None]
    heapq.heapify(waiting)
    while waiting:
        day, i = heapq.heappop(waiting)
        if first.setdefault(i, day) == day:
            for word in _words(vars(found[i])):
                for follower in followers.pop(word, ()):  # the first of a name is the earliest
                    heapq.heappush(waiting, begins(follower, day))
    return first


def budget(document: Mapping[str, Any], policies: Sequence[Any], problems: Problems) -> Budget | None:
    """The budget of the policies, None where there is none."""
    if document.get("budget") is None:
        return None
    given = mapping(document, "budget", "a mapping, for example {usd: 5_000_000, over: policies}", problems)
    usd = given.get("usd")
    if isinstance(usd, str) and re.fullmatch(r"[1-9][0-9]{0,2}(_[0-9]{3})+", usd):  # as people write large sums
        given = {**given, "usd": int(usd)}
    if isinstance(given.get("over"), str) and given["over"] != "policies":
        given = {**given, "over": [given["over"]]}
    found = check(Budget, given, "budget", problems)
    if found is None or found.over == "policies":
        return found
    paid = [p for p in policies if not (getattr(p, "exogenous", False) or getattr(p, "imposed", False))]
    names = list(dict.fromkeys(name for p in paid for name in (getattr(p, "label", None), p.kind) if name))
    problems += (
        no_such_name(f"budget.over.{i}", name, names) for i, name in enumerate(found.over) if name not in names
    )
    return found
