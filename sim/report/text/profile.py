"""Where the time of a day went, as a table with bars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.report.text.columns import Column, Row, lay_out

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from sim.studies.runs.profile import Profile

KERNEL, SHELL = "█", "░"
BAR = 30
"""Letters of the longest bar."""
KEY = (
    f"{KERNEL} in kernels, {SHELL} in the Python around them, per day of the run, burn-in included. Touched: arrays that kernels were given, each once. "
    "New: most memory asked for at a time."
)


def bar(row: dict[str, Any], most: float) -> str:
    """Kernels and shell of a phase as letters; the phase that takes ``most`` milliseconds fills `BAR`."""
    whole = round(BAR * row["ms"] / most) if most > 0 else 0
    kernels = min(whole, round(BAR * row["kernel_ms"] / most)) if most > 0 else 0
    return KERNEL * kernels + SHELL * (whole - kernels)


def profile_table(profile: Profile, width: int) -> Table | Text:
    """Table of a profile: a row a phase in the order of the day, and the day as a whole."""
    rows = profile.rows()
    most = max((row["ms"] for row in rows), default=0.0)
    day = {name: sum(row[name] for row in rows) for name in ("ms", "kernel_ms", "shell_ms", "kernel_calls")}
    columns = [
        Column("Phase"),
        Column("ms a day", right=True),
        Column("Kernels", right=True),
        Column("Shell", right=True),
        Column("Share", right=True, drop=2),
        Column("", drop=3),
        Column("Calls", right=True, drop=4),
        Column("Touched, MB", right=True, drop=5),
        Column("New, MB", right=True, drop=5),
    ]
    lines: list[Row] = [
        [
            row["phase"],
            *(f"{row[name]:.3f}" for name in ("ms", "kernel_ms", "shell_ms")),
            f"{100 * row['ms'] / day['ms'] if day['ms'] > 0 else 0:.0f} %",
            bar(row, most),
            f"{row['kernel_calls']:.1f}",
            *("" if row[name] is None else f"{row[name]:.2f}" for name in ("touched_mb", "asked_mb")),
        ]
        for row in rows
    ]
    whole = [f"{day[name]:.3f}" for name in ("ms", "kernel_ms", "shell_ms")]
    lines.append(["the day", *whole, "100 %", "", f"{day['kernel_calls']:.1f}", "", ""])
    return lay_out(columns, lines, width, "--json has all")
