"""Reading the YAML files of this package, and of anybody's scenario, quickly and without surprises.

Plain values are read by the core schema of YAML 1.2, as a person means them: 010 is ten, 1:30, 2020-01-01 and `yes` are text.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from collections.abc import Hashable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING or not yaml.__with_libyaml__:
    from yaml import SafeLoader as _Base
else:
    from yaml import CSafeLoader as _Base  # the same, several times as fast

MAX_DEPTH = 20
"""Nesting allowed in a file; the deepest legitimate value sits at six."""

MAX_VALUES = 60_000
"""Keys and values allowed in a file; a scenario with everything written out has a few thousand."""

_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)


def _whole(text: str) -> int:
    return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))  # a zero in front means nothing


def _real(text: str) -> float:
    return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))


def number(text: str) -> int | float | str:
    """A number as a file writes it; the text itself where it is none."""
    try:
        return _whole(text) if _INT.fullmatch(text) else _real(text) if _FLOAT.fullmatch(text) else text
    except ValueError:  # thousands of digits
        return text


class Loader(_Base):
    """A safe loader for the core schema of YAML 1.2 that refuses a key given twice."""

    yaml_implicit_resolvers = {}  # noqa: RUF012 - PyYAML's own are those of YAML 1.1
    yaml_constructors = {**_Base.yaml_constructors}  # noqa: RUF012

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """The mapping of a node, as PyYAML makes it, unless a key occurs twice."""
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(None, None, f"'{key.value}' is given twice", key.start_mark)
                seen.add(key.value)
        return super().construct_mapping(node, deep)


for _tag, _pattern, _first in (
    ("null", re.compile(r"~|null|Null|NULL|"), ["~", "n", "N", ""]),
    ("bool", re.compile(r"true|True|TRUE|false|False|FALSE"), list("tTfF")),
    ("int", _INT, list("-+0123456789")),
    ("float", _FLOAT, list("-+.0123456789")),
):
    Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern.pattern})\Z"), _first)
Loader.add_constructor("tag:yaml.org,2002:int", lambda _, node: _whole(node.value))
Loader.add_constructor("tag:yaml.org,2002:float", lambda _, node: _real(node.value))


def _refusal(event: Any, reason: str) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(None, None, reason, event.start_mark)


def parse(text: str) -> Any:
    """One YAML document as plain Python data: text, numbers, booleans, None, lists and mappings.

    Parameters
    ----------
    text
        the document; anchors and aliases are refused, so that its size is what is seen, and tags, so that a value is what it looks like.

    Raises
    ------
    yaml.YAMLError
        when it is not YAML, holds an alias or a tag, several documents, a key twice, nests deeper than `MAX_DEPTH`, or has more than
        `MAX_VALUES` values.
    ValueError
        when a whole number has thousands of digits.
    """
    depth = documents = values = 0
    for event in yaml.parse(text, Loader=Loader):
        if isinstance(event, yaml.AliasEvent):
            raise _refusal(event, "aliases (*name) are not read; repeat the value")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.DocumentStartEvent):
            documents += 1
        if isinstance(event, yaml.NodeEvent):
            values += 1
            if getattr(event, "tag", None) is not None:
                raise _refusal(event, "tags (!name) are not read; write the value as it is, text in quotes")
        if depth > MAX_DEPTH:
            raise _refusal(event, f"nested deeper than {MAX_DEPTH} levels")
        if documents > 1:
            raise _refusal(event, "more than one document (---)")
        if values > MAX_VALUES:
            raise _refusal(event, f"more than {MAX_VALUES:,} keys and values")
    return yaml.load(text, Loader=Loader)


def load(name: str, folder: Path = Path(__file__).parent) -> Any:
    """The content of a YAML file that ships with the package, by file name.

    To parse all of them takes a fifth of a second. What was parsed is therefore kept as JSON in the folder of Python's own caches, under a name that tells this
    content and this module from any other; where nothing can be written there, it is parsed each time.
    """
    written = (folder / name).read_bytes()
    made_by = hashlib.sha256(Path(__file__).read_bytes() + written).hexdigest()[:16]
    kept = folder / "__pycache__" / f"{name}.{made_by}.json"
    with suppress(OSError, ValueError):
        return json.loads(kept.read_bytes())
    content = yaml.load(written.decode(), Loader=Loader)
    if not sys.dont_write_bytecode:
        with suppress(OSError):
            _keep(json.dumps(content), kept, f"{name}.*.json")
    return content


def _keep(text: str, place: Path, others: str) -> None:
    """Write a file at once, whoever reads it meanwhile, and remove ``others`` beside it."""
    place.parent.mkdir(exist_ok=True)
    for old in place.parent.glob(others):
        old.unlink(missing_ok=True)
    new = place.with_suffix(f".{os.getpid()}")
    new.write_text(text, encoding="utf-8", newline="\n")
    new.replace(place)
