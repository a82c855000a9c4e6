"""What the other sources of a study say of each subject: each is a comparison of its own."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

from psgpipe.comparison.pages.subject_parts import ChangeRow, subject_parts
from psgpipe.model.comparison.measured_night import SOURCE_NAMES, MeasuredBy
from psgpipe.reports.study.comparisons import StudyComparison, comparisons_in


@dataclass(frozen=True)
class SourceChanges:
    """The changes of a subject by another source.

    Attributes
    ----------
    page
        The page of its comparison, from the folder of the study; None where there is none.
    is_older
        Whether the table of its nights has changed since.
    """

    source: str
    page: str | None
    is_older: bool
    n_analysed: int
    n_nights: int
    changes: tuple[ChangeRow, ...]


def changes_by_other_sources(
    out: Path, measured_by: MeasuredBy, subjects: Container[str]
) -> dict[str, list[SourceChanges]]:
    """The changes of these subjects in the other comparisons in `out`, polysomnography first."""
    by_subject: dict[str, list[SourceChanges]] = {}
    for held in other_comparisons(out, measured_by):
        # Few studies have another comparison.
        from psgpipe.comparison.pages.read_comparison import read_comparison

        comparison = read_comparison(out / held.folder)
        if comparison is None:
            continue
        for part in subject_parts(comparison, subjects, {}):
            fates = [fate.fate for fate, _ in part.nights]
            changes = SourceChanges(
                source=SOURCE_NAMES[comparison.measured_by],
                page=held.page,
                is_older=held.is_older,
                n_analysed=fates.count("analysed"),
                n_nights=len(fates),
                changes=tuple(part.changes),
            )
            by_subject.setdefault(part.subject, []).append(changes)
    return by_subject


def other_comparisons(out: Path, measured_by: MeasuredBy) -> list[StudyComparison]:
    """The comparisons in `out` by another source."""
    return [held for held in comparisons_in(out) if (held.source or "psg") != measured_by]
