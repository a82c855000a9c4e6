"""Lines of a tab-separated table that psgpipe writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from psgpipe.messages import without_controls
from psgpipe.tables.cells import without_formula


def table_line(cells: Iterable[str]) -> bytes:
    """One line of a table; a surrogate of a strange file name is written as an escape."""
    return ("\t".join(cells) + "\n").encode("utf-8", "backslashreplace")


def cell_text(value: object, of_number: Callable[[float], str] = repr) -> str:
    """A value as a cell: absent is blank, a text stands on one line and is no formula.

    Parameters
    ----------
    of_number
        How a number with decimals is spelled.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return of_number(value)
    if isinstance(value, str):
        return without_formula(" ".join(without_controls(value).split()))
    return str(value)
