"""Reading the YAML files of this package, and of anybody's scenario, quickly and without surprises."""

from __future__ import annotations

import re
from collections.abc import Hashable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING or not yaml.__with_libyaml__:
    from yaml import SafeLoader as _Base
else:
    from yaml import CSafeLoader as _Base  # the same, several times as fast

MAX_DEPTH = 20
"""Nesting allowed in a file; the deepest legitimate value sits at six."""

_FLOAT = re.compile(
    r"""^(?:[-+]?(?:[0-9][0-9_]*)\.[0-9_]*(?:[eE][-+]?[0-9]+)?
         |[-+]?(?:[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)
         |[-+]?\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?
         |[-+]?\.(?:inf|Inf|INF)
         |\.(?:nan|NaN|NAN))$""",
    re.VERBOSE,
)


class Loader(_Base):
    """A safe loader that reads ``1e-4`` as a number and refuses a key given twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """The mapping of a node, as PyYAML makes it, unless a key occurs twice."""
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(None, None, f"'{key.value}' is given twice", key.start_mark)
                seen.add(key.value)
        return super().construct_mapping(node, deep)


# YAML 1.1 reads 1e-4 as text. Adding a resolver here leaves PyYAML's own loaders as they are.
Loader.add_implicit_resolver("tag:yaml.org,2002:float", _FLOAT, list("-+0123456789."))


def _refusal(event: Any, reason: str) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(None, None, reason, event.start_mark)


def parse(text: str) -> Any:
    """One YAML document as plain Python data.

    Parameters
    ----------
    text
        the document; anchors and aliases are refused, so that its size is what is seen.

    Raises
    ------
    yaml.YAMLError
        when it is not YAML, holds an alias, several documents, a key twice, or nests deeper than `MAX_DEPTH`.
    """
    depth = documents = 0
    for event in yaml.parse(text, Loader=Loader):
        if isinstance(event, yaml.AliasEvent):
            raise _refusal(event, "aliases (*name) are not read; repeat the value")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.DocumentStartEvent):
            documents += 1
        if depth > MAX_DEPTH:
            raise _refusal(event, f"nested deeper than {MAX_DEPTH} levels")
        if documents > 1:
            raise _refusal(event, "more than one document (---)")
    return yaml.load(text, Loader=Loader)


def load(name: str) -> Any:
    """The content of a YAML file that ships beside this module, by file name."""
    return yaml.load(Path(__file__).with_name(name).read_text(encoding="utf-8"), Loader=Loader)
