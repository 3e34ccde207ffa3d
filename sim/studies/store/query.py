"""A database that sees the files it is given and nothing else, and answers questions that change nothing."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.studies.errors import RequestError

if TYPE_CHECKING:
    import duckdb
    from pandas import DataFrame

MEMORY = "50%"
"""Share of the machine's memory that a query may take; beyond that it uses the disk, up to `SPILL`."""
SPILL = "20GB"
MOST_VALUES = 50_000_000
"""Rows times columns of an answer: a data frame is outside of what the database counts as its memory."""
_VECTOR = 2048
"""Rows that the database hands over at a time."""


@contextmanager
def database(files: Sequence[Path], threads: int | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database in memory that may read these files: no other file, no network, no extension, no variable of Python.

    Parameters
    ----------
    files
        All that it may read.
    threads
        At most; with more than one, the last bits of a sum and which of equals comes first are chance. As many as there are cores where nothing is given.
    """
    import duckdb

    with tempfile.TemporaryDirectory(prefix="odm-sql-") as spill, duckdb.connect() as connection:
        with suppress(duckdb.InvalidInputException):  # a notebook without widgets, which has none to draw
            connection.execute("SET enable_progress_bar = false")  # of a long query, on the standard error
        for name, value in (
            ("autoinstall_known_extensions", "false"),
            ("autoload_known_extensions", "false"),
            ("allow_community_extensions", "false"),
            ("python_enable_replacements", "false"),
            ("memory_limit", quoted(MEMORY)),
            ("temp_directory", quoted(spill)),
            ("max_temp_directory_size", quoted(SPILL)),
            ("allowed_paths", listed(files)),
            ("enable_external_access", "false"),
            *([] if threads is None else [("threads", str(threads))]),
            ("lock_configuration", "true"),
        ):
            connection.execute(f"SET {name} = {value}")
        yield connection


def ask(connection: duckdb.DuckDBPyConnection, query: str) -> DataFrame:
    """The rows of one question; Ctrl-C stops it.

    Raises
    ------
    RequestError
        If it is no single SELECT, is wrong, or takes more memory than it may, in the database or as an answer.
    """
    import duckdb

    def answer() -> DataFrame | None:
        connection.execute(statement)
        rows = connection.fetch_df_chunk(max(MOST_VALUES // (_VECTOR * len(connection.description or "1")), 1))
        return None if len(connection.fetch_df_chunk(1)) else rows

    try:
        query.encode()
    except UnicodeEncodeError:
        raise RequestError("query: text with half a character (a lone surrogate); write it in UTF-8") from None
    try:
        statement = only_select(connection, query)
        found = _stoppable(connection, answer)
    except duckdb.OutOfMemoryException as error:
        raise RequestError(
            f"query: it takes more than {MEMORY} of the memory or {SPILL} of disk; ask for fewer rows or columns "
            f"({str(error).strip().splitlines()[0]})"
        ) from None
    except duckdb.Error as error:
        raise RequestError(f"query: {str(error).strip()}") from None
    if found is None:
        raise RequestError(f"query: an answer of more than {MOST_VALUES:,} values; ask for fewer rows or columns")
    return found


def only_select(connection: duckdb.DuckDBPyConnection, query: str) -> duckdb.Statement:
    """A query as the one statement that it is.

    Raises
    ------
    RequestError
        If it is no single SELECT.
    """
    import duckdb

    statements = connection.extract_statements(query)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        given = "nothing to ask" if not statements else quoted(" ".join(query.split())[:80])
        given = f"{len(statements)} statements" if len(statements) > 1 else given
        raise RequestError(
            f"query: given {given}, allowed: one SELECT over runs, outcomes, daily and plan, "
            "for example: select scenario, count(*) from runs group by all"
        )
    return statements[0]


def quoted(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def listed(files: Sequence[Path]) -> str:
    """Files as a list in SQL."""
    return "[" + ", ".join(quoted(str(path)) for path in files) + "]"


def _stoppable[T](connection: duckdb.DuckDBPyConnection, work: Callable[[], T]) -> T:
    """Do something with a connection in another thread, so that an interruption reaches this one at once."""
    found: list[Any] = []
    done = threading.Event()  # an interrupted `join` takes a thread for ended that is not

    def do() -> None:
        try:
            found.append(work())
        except BaseException as error:
            found.append(error)
        finally:
            done.set()

    threading.Thread(target=do, daemon=True).start()
    try:
        while not done.wait(0.1):
            pass
    except BaseException:
        while not done.wait(0.1):
            connection.interrupt()
        raise
    if isinstance(found[0], BaseException):
        raise found[0]
    return found[0]
