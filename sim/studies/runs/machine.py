"""How many processors this process may really use."""

from __future__ import annotations

import math
import os
from pathlib import Path


def cpu_limit() -> float | None:
    """Processor quota of the container in cores, or None without one (Linux control groups, versions 2 and 1)."""
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        return None if quota == "max" else int(quota) / int(period)
    except (OSError, ValueError):
        pass
    try:
        folder = Path("/sys/fs/cgroup/cpu")
        micros = int((folder / "cpu.cfs_quota_us").read_text(encoding="ascii"))
        return None if micros < 0 else micros / int((folder / "cpu.cfs_period_us").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def usable_cores() -> int:
    """Cores that this process may use: those it is bound to, and no more than its quota."""
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    limit = cpu_limit()
    return max(1, bound if limit is None else min(bound, math.ceil(limit)))
