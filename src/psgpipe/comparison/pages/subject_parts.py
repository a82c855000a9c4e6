"""Each subject's part of a comparison's page: its nights in a row, and its own changes."""

from __future__ import annotations

import math
from collections.abc import Container, Mapping
from dataclasses import dataclass, field

from psgpipe.comparison.words.contrast_table import short_table
from psgpipe.comparison.words.shown_numbers import ratio, signed
from psgpipe.model.comparison.contrast import Contrast
from psgpipe.model.comparison.results import Comparison, NightFate, SubjectChange
from psgpipe.model.ids import night_order
from psgpipe.reports.study.page_night import PageNight

NONE = "–"


@dataclass(frozen=True)
class ChangeRow:
    """One endpoint of a subject as text."""

    endpoint: str
    baseline: str
    treatment: str
    change: str
    mdc95: str
    verdict: str


@dataclass
class SubjectPart:
    """A subject's nights, each with its fate, and its changes in the endpoints of the page."""

    subject: str
    arm: str | None = None
    nights: list[tuple[NightFate, PageNight | None]] = field(default_factory=list)
    changes: list[ChangeRow] = field(default_factory=list)


def subjects_in_order(comparison: Comparison) -> list[str]:
    """Every subject of the table in natural order."""
    return sorted({f.subject for f in comparison.nights}, key=lambda s: night_order(s, ""))


def subject_parts(
    comparison: Comparison,
    subjects: Container[str],
    nights: Mapping[tuple[str, str], PageNight],
) -> list[SubjectPart]:
    """A part for each of these subjects, in natural order; baseline nights come first."""
    fates = [f for f in comparison.nights if f.subject in subjects]
    parts: dict[str, SubjectPart] = {}
    for fate in sorted(fates, key=lambda f: _place(f, comparison)):
        part = parts.setdefault(fate.subject, SubjectPart(fate.subject))
        part.nights.append((fate, nights.get((fate.subject, fate.night))))
    contrasts = {c.endpoint: c for c in short_table(comparison)}
    for change in comparison.subjects:
        if change.endpoint in contrasts and change.subject in parts:
            row = _row(contrasts[change.endpoint], change)
            parts[change.subject].changes.append(row)
            parts[change.subject].arm = change.arm
    return list(parts.values())


def _place(fate: NightFate, comparison: Comparison) -> tuple[object, ...]:
    """Subjects in natural order; of each the baseline, the treatment, then other nights."""
    word, spec = fate.condition, comparison.spec
    rank = 0 if word in spec.baseline else 1 if word in spec.treatment else 2
    return (*night_order(fate.subject, ""), rank, *night_order("", fate.night))


def _row(contrast: Contrast, change: SubjectChange) -> ChangeRow:
    is_log = contrast.transform == "log"
    return ChangeRow(
        change.endpoint,
        _level(change.baseline_mean, contrast),
        _level(change.treatment_mean, contrast),
        NONE if change.difference is None else _size(change.difference, is_log=is_log),
        NONE if change.mdc95 is None else _mdc(change.mdc95, is_log=is_log),
        _verdict(change),
    )


def _level(value: float | None, contrast: Contrast) -> str:
    if value is None:
        return NONE
    return f"{math.exp(value) - contrast.offset if contrast.transform == 'log' else value:.1f}"


def _size(difference: float, *, is_log: bool) -> str:
    return f"x {ratio(difference)}" if is_log else signed(difference)


def _mdc(mdc95: float, *, is_log: bool) -> str:
    return f"x {ratio(-mdc95)} / x {ratio(mdc95)}" if is_log else f"±{signed(mdc95).lstrip('+')}"


def _verdict(change: SubjectChange) -> str:
    """Beyond or within the minimal detectable change, or why neither can be said."""
    if change.beyond_mdc is None:
        return f"no verdict: {change.note}" if change.note else "no verdict"
    return "beyond" if change.beyond_mdc else "within"
