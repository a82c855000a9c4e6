"""Small tables that notebooks show; every cell is escaped."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence


def html_table(rows: Iterable[Sequence[object]], head: Sequence[str] = (), title: str = "") -> str:
    """A table of text; without a head, the first cell of each row is its heading."""
    lines = [f"<caption>{html.escape(title)}</caption>" if title else ""]
    if head:
        lines.append(f"<thead><tr>{''.join(_cell('th', c) for c in head)}</tr></thead>")
    for first, *others in rows:
        cells = [_cell("td" if head else "th", first), *(_cell("td", c) for c in others)]
        lines.append(f"<tr>{''.join(cells)}</tr>")
    return f"<table>{''.join(lines)}</table>"


def _cell(tag: str, value: object) -> str:
    return f"<{tag}>{html.escape('' if value is None else str(value))}</{tag}>"


def number_text(value: float | int | None, decimals: int = 1) -> str:
    """A number for a person to read; ``-`` where it is absent."""
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.{decimals}f}"
