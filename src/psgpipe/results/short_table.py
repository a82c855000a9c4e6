"""``nights-short.tsv``: the nights for people; twelve measures, rounded, and flags in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from psgpipe.messages import without_controls
from psgpipe.model.summary import QualityFlag
from psgpipe.results.doubts import DOUBTS

SHORT = "nights-short.tsv"
MEASURES = (
    "tib_min", "tst_min", "se_pct", "sol_min", "waso_min", "rem_latency_min", "n1_pct", "n2_pct",
    "n3_pct", "rem_pct", "awakenings", "cycles",
)  # fmt: skip
CONDITION = "condition"
COLUMNS = (
    "subject", "night", CONDITION, "state", "start", "lights_off", "lights_on", *MEASURES,
    "stages", "flags", "reason",
)  # fmt: skip
_PLACE_OF_CONDITION = COLUMNS.index(CONDITION)
LONGEST_WORDS = 500

ShortRow = tuple[Any, ...]


def short_row(row: Mapping[str, Any]) -> ShortRow:
    """A row of ``nights.tsv`` in short, in the order of `COLUMNS`."""
    rounded = {name: _rounded(row.get(name)) for name in MEASURES}
    flags, start = flags_in_words(row.get(DOUBTS, ())), _minute(row.get("start"))
    words = {**row, **rounded, "flags": flags, "start": start}
    # A night that is left out of comparisons has a reason; one flag says the same.
    reason = None if row.get("state") == "done" else row.get("reason")
    return tuple({**words, "reason": reason}.get(column) for column in COLUMNS)


def short_table(rows: Iterable[ShortRow]) -> Iterator[Sequence[Any]]:
    """The header and the rows; a study without conditions has no column for them."""
    listed = list(rows)
    has_condition = any(row[_PLACE_OF_CONDITION] for row in listed)
    for row in (COLUMNS, *listed):
        yield row if has_condition else (
            *row[:_PLACE_OF_CONDITION], *row[_PLACE_OF_CONDITION + 1 :]
        )  # fmt: skip


def flags_in_words(flags: Iterable[QualityFlag]) -> str:
    """The flags as sentences, each with its derivation, in one cell."""
    words = [f"{f.derivation}: {f.message}" if f.derivation else f.message for f in flags]
    text = " ".join(without_controls("; ".join(dict.fromkeys(words))).split())
    return text if len(text) <= LONGEST_WORDS else f"{text[: LONGEST_WORDS - 3]}..."


def _rounded(value: Any) -> Any:
    return round(value, 1) if isinstance(value, float) else value


def _minute(start: Any) -> Any:
    """``2024-03-01 22:41`` for an ISO date-time."""
    return start[:16].replace("T", " ") if isinstance(start, str) else start
