"""Events that the nights of a subject detected by unlike thresholds: their rates get no verdict.

A threshold from the night itself follows the amplitude of that night; one from the baseline nights
does not. The rates of two such nights differ without any change of sleep.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from psgpipe.comparison.endpoints.analysis import EndpointAnalysis
from psgpipe.comparison.nights.selection import NightSelection
from psgpipe.comparison.nights.selection_warnings import MOST_NAMED
from psgpipe.comparison.words.verdicts import NO_VERDICT
from psgpipe.files.atomic import read_json
from psgpipe.messages import count_of
from psgpipe.model.comparison.contrast import Contrast
from psgpipe.model.comparison.measured_night import MeasuredNight
from psgpipe.model.comparison.results import SubjectChange
from psgpipe.model.microstructure.names import EVENT_ENDPOINTS
from psgpipe.results.night_folder import NIGHTS, night_folder

THRESHOLDS = "thresholds"
OWN = "night"
_ROUNDING = 1e-6
_RATES = frozenset(EVENT_ENDPOINTS)


@dataclass(frozen=True)
class Threshold:
    """The threshold of the spindles of a night: ``night`` or ``baseline``, and microvolt."""

    night: str
    origin: str
    uv: float | None


def unlike_thresholds(selection: NightSelection, out: Path) -> dict[str, str]:
    """The subjects whose nights detected events by unlike thresholds, and how they differ.

    Thresholds are alike where each is of its own night, or where all are the same in microvolt.
    """
    if not (out / NIGHTS).is_dir():
        return {}  # a table from elsewhere
    unlike = {}
    for subject, nights in selection.by_subject.items():
        thresholds = [t for n in nights if (t := _threshold_of(n, out)) is not None]
        if not _are_alike(thresholds):
            unlike[subject] = _in_words(thresholds)
    return unlike


def _threshold_of(night: MeasuredNight, out: Path) -> Threshold | None:
    """The threshold of a night in `out`; None where no event was counted."""
    if all(night.values.get(endpoint) is None for endpoint in EVENT_ENDPOINTS):
        return None
    found = read_json(night_folder(out, night.subject, night.night) / "microstructure.json") or {}
    events = found.get("events")
    if not isinstance(events, dict) or not isinstance(origin := events.get("thresholds_from"), str):
        return None
    uv = events.get("spindle_threshold_uv")
    return Threshold(night.night, origin, uv if isinstance(uv, int | float) else None)


def _are_alike(thresholds: Sequence[Threshold]) -> bool:
    if all(t.origin == OWN for t in thresholds):
        return True
    first = thresholds[0].uv
    return first is not None and all(
        t.uv is not None and math.isclose(t.uv, first, rel_tol=_ROUNDING) for t in thresholds
    )


def _in_words(thresholds: Sequence[Threshold]) -> str:
    """One night of each threshold, at most two."""
    night_of: dict[str, str] = {}
    for t in thresholds:
        whose = "of the night itself" if t.origin == OWN else f"from baseline nights, {_uv(t.uv)}"
        night_of.setdefault(whose, t.night)
    return " and ".join(f"{whose} ({night})" for whose, night in [*night_of.items()][:2])


def _uv(uv: float | None) -> str:
    return "unknown" if uv is None else f"{uv:.3g} uV"


def without_threshold_verdicts(
    contrasts: Iterable[Contrast], analyses: Sequence[EndpointAnalysis], unlike: Mapping[str, str]
) -> tuple[Contrast, ...]:
    """The contrasts; a rate of events has no verdict where its thresholds are unlike."""
    subjects = {a.nights.endpoint: a.nights.subjects for a in analyses}
    return tuple(_judged(c, subjects[c.endpoint], unlike) for c in contrasts)


def _judged(contrast: Contrast, subjects: Sequence[str], unlike: Mapping[str, str]) -> Contrast:
    concerned = [s for s in subjects if s in unlike]
    if contrast.endpoint not in _RATES or not concerned:
        return contrast
    remark = (
        f"{THRESHOLDS}: events were detected by unlike thresholds in {len(concerned)} of "
        f"{count_of(len(subjects), 'subject')}"
    )
    return replace(
        contrast,
        direction=None,
        finding=f"{NO_VERDICT}: {THRESHOLDS} differ",
        remarks=(remark, *contrast.remarks),
    )


def without_threshold_changes(
    changes: Iterable[SubjectChange], unlike: Mapping[str, str]
) -> Iterator[SubjectChange]:
    """The subjects' changes; a rate of events has no verdict where its thresholds are unlike."""
    for change in changes:
        if change.endpoint not in _RATES or change.subject not in unlike:
            yield change
            continue
        note = f"{THRESHOLDS}: {unlike[change.subject]}, no verdict"
        parts = (note, change.note)
        yield replace(change, beyond_mdc=None, note="; ".join(p for p in parts if p))


def threshold_warnings(unlike: Mapping[str, str]) -> Iterator[str]:
    """A warning on subjects whose nights detected events by unlike thresholds."""
    if not unlike:
        return
    named = [f"{subject} {words}" for subject, words in unlike.items()]
    more = f", and {len(named) - MOST_NAMED} more" if len(named) > MOST_NAMED else ""
    yield (
        f"{THRESHOLDS}: spindles were detected by unlike thresholds in "
        f"{count_of(len(unlike), 'subject')}: {', '.join(named[:MOST_NAMED])}{more}. Their rate "
        "has no verdict: stage all nights with --microstructure alone, or all with "
        "--thresholds-from"
    )
