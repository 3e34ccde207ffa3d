"""The page: `odm app`. It writes study folders, starts the driver as a process and reads stores; it never runs the model itself.

`plan` is what somebody asks, `cards` what can be done, `home` and `running` the studies of a server, `reading` what their stores say, `stored` the answers that
ship. `shown` makes HTML of these and joins it to a browser. Every text stands in `english.yaml`, and is had by `say`. Shiny comes with the extra `app`.
`watch` is another page, `odm watch`, which does run a world.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from sim.evidence import yaml_files

LANGUAGE = "english"


@cache
def texts(language: str = LANGUAGE) -> dict[str, str]:
    """Every text by its name, such as ``run.start``."""
    found: dict[str, str] = {}
    for group, entries in yaml_files.load(f"{language}.yaml", Path(__file__).parent).items():
        found |= {f"{group}.{name}": str(text) for name, text in entries.items()}
    return found


def say(key: str, /, **values: Any) -> str:
    """A text with its values filled in; of one pair of runs, that with `_one` after its name where there is such a text.

    Parameters
    ----------
    key
        Group and name in the file of the language.
    **values
        What stands in braces there.

    Raises
    ------
    KeyError
        If there is no such text.
    """
    one = texts().get(f"{key}_one") if values.get("pairs") == 1 else None
    return (one or texts()[key]).format(**values)


def name_of(word: str) -> str:
    """What people call a word of the files, such as a place or a kind of consumer: its text in the language, else the word with spaces."""
    return texts().get(f"names.{word}", word.replace("_", " "))
