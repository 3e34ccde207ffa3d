"""The table `policies`: what each policy of a run was meant for, did and cost."""

from __future__ import annotations

from typing import Any

import pandas as pd

from sim.measures.dictionary import tables


def policy_table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Rows as the table ``policies``, with the columns and kinds of the dictionary."""
    columns = tables()["policies"]
    kinds = {name: "Int32" if spec.dtype == "int32" else spec.dtype for name, spec in columns.items()}
    return pd.DataFrame(rows, columns=list(columns)).astype(kinds)
