"""Warnings on a table of nights: what it holds that is not compared."""

from __future__ import annotations

from collections import Counter

from psgpipe.comparison.nights.nights_table import NightsTable
from psgpipe.comparison.nights.selection import NightSelection
from psgpipe.comparison.nights.selection_rules import OTHER_CONDITION
from psgpipe.messages import count_of
from psgpipe.model.comparison.spec import ComparisonSpec
from psgpipe.tables.columns import CONDITIONS


def other_conditions(selection: NightSelection, spec: ComparisonSpec) -> list[str]:
    """A warning for conditions that the spec does not name: they may be misspelled."""
    words = Counter(
        f.condition
        for f in selection.fates
        if f.fate == OTHER_CONDITION and f.condition not in CONDITIONS
    )
    if not words:
        return []
    unnamed = ", ".join(f"{word!r} ({count_of(n, 'night')})" for word, n in words.most_common(8))
    return [
        f"neither baseline ({' or '.join(spec.baseline)}) nor treatment "
        f"({' or '.join(spec.treatment)}): condition {unnamed}"
    ]


def without_condition(table: NightsTable) -> tuple[str, ...]:
    """A warning on nights of a diary or a watch that have no condition."""
    n = table.n_without_condition
    if not n:
        return ()
    return (
        f"{count_of(n, 'night')} without a condition {'is' if n == 1 else 'are'} left out: give "
        "the column condition in the diary",
    )


def unused_columns(table: NightsTable) -> list[str]:
    """A warning for each reason for which columns are not analysed."""
    reasons = {
        "the same on all nights of each subject": table.constant,
        "no numbers": table.not_numbers,
        "of another source (--source)": table.other_source,
    }
    return [
        f"not analysed, because {reason}: {', '.join(columns)}"
        for reason, columns in reasons.items()
        if columns
    ]
