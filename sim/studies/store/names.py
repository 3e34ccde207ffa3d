"""Names of scenarios and studies as names of files that every system takes."""

from __future__ import annotations

import re

_RESERVED = re.compile(r"(?i:con|prn|aux|nul|com[0-9]|lpt[0-9])(?=\.|$)")
"""Names that Windows keeps for devices, with or without an ending."""

SO_FAR = ".so-far"
"""Folder, in that of a study, of what the runs of its first pair have come to while they are at work."""


def file_name(name: str) -> str:
    """A name under which a file or folder can be made anywhere: as it is, or with an underscore where a system refuses it.

    Names of scenarios and studies hold 80 letters, digits, dots, dashes and underscores at most; what is left are the names
    of devices (``CON``, ``nul.2``) and a dot at the end.
    """
    fitting = _RESERVED.sub(lambda found: f"{found[0]}_", name, count=1) if _RESERVED.match(name) else name
    return f"{fitting}_" if fitting.endswith((".", " ")) else fitting
