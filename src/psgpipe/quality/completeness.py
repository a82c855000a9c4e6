"""Completeness of a night: how much of the time in bed has signal that can be staged."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from psgpipe.model.arrays import true_runs
from psgpipe.model.header import Finding
from psgpipe.model.hypnogram import EPOCH_MIN
from psgpipe.model.summary import QualityFlag
from psgpipe.quality.limits import QUALITY_LIMITS, QualityLimits

Marks = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Completeness:
    """How much of a time in bed cannot be staged.

    Attributes
    ----------
    in_bed_min
        With `missing_end_min`.
    unstaged_min
        Epochs in bed without signal (gaps) or with signal that cannot be staged (artefacts), and
        `missing_end_min`.
    longest_min
        The longest part of them on end.
    missing_end_min
        Behind the end of the recording, where lights on is not known; infinite where the number is
        not known.
    """

    in_bed_min: float
    unstaged_min: float
    longest_min: float
    missing_end_min: float

    @property
    def unstaged_pct(self) -> float:
        """Share of the time in bed."""
        if math.isinf(self.missing_end_min):
            return 100.0
        return 100 * self.unstaged_min / self.in_bed_min if self.in_bed_min else 0.0


def completeness(in_bed: Marks, can_be_staged: Marks, missing_end_s: float = 0.0) -> Completeness:
    """The completeness of a night.

    Parameters
    ----------
    in_bed, can_be_staged
        Bool, shape (n_epochs,).
    missing_end_s
        Seconds of signal missing behind the end of the recording; 0 where lights on is known,
        because the time in bed then ended before.
    """
    unstaged = ~can_be_staged[in_bed]
    runs = [float(length) for length in np.diff(true_runs(unstaged)).ravel()]
    missing_end = missing_end_s / 60 / EPOCH_MIN
    at_end = runs[-1] if len(unstaged) and unstaged[-1] else 0.0
    longest = max([*runs, missing_end + at_end if missing_end else 0.0])
    return Completeness(
        in_bed_min=(len(unstaged) + missing_end) * EPOCH_MIN,
        unstaged_min=(int(unstaged.sum()) + missing_end) * EPOCH_MIN,
        longest_min=longest * EPOCH_MIN,
        missing_end_min=missing_end * EPOCH_MIN,
    )


def judge_completeness(
    night: Completeness,
    findings: Sequence[Finding] = (),
    limits: QualityLimits = QUALITY_LIMITS,
    lacking: str = "signal to stage",
) -> tuple[QualityFlag, ...]:
    """The flags of an incomplete night, and of what was found in its recording.

    Parameters
    ----------
    findings
        About the file and the channels that are staged. Each flag of a finding has its code.
    lacking
        What the time in bed lacks: a signal to stage, or the stage that a person gives.
    """
    flags = tuple(_own_flags(night, limits, lacking))
    affected = {"numbers"}
    if flags and night.missing_end_min:
        affected.add("end")
    if flags and night.unstaged_min > night.missing_end_min:
        affected.add("gaps")
    found = (f for f in findings if f.affects in affected)
    return (*flags, *(QualityFlag(finding.code, finding.message) for finding in found))


def _own_flags(night: Completeness, limits: QualityLimits, lacking: str) -> Iterator[QualityFlag]:
    share_pct, longest_min = night.unstaged_pct, night.longest_min
    if share_pct > limits.incomplete_above_pct or longest_min > limits.incomplete_above_min:
        wanted = (
            f"wanted at most {limits.incomplete_above_pct:g} % and "
            f"{limits.incomplete_above_min:g} min on end"
        )
        yield QualityFlag("incomplete", f"{_extent(night, lacking)}; {wanted}", effect="withhold")
    elif share_pct > limits.flag_unscored_pct:
        wanted = f"wanted at most {limits.flag_unscored_pct:g} %"
        yield QualityFlag("unscored", f"{_extent(night, lacking)}; {wanted}")


def _extent(night: Completeness, lacking: str) -> str:
    """How much is absent, in words."""
    end_min = night.missing_end_min
    behind = "behind the end of the recording, and lights on is not known"
    if math.isinf(end_min):
        return f"an unknown time is missing {behind}"
    extent = (
        f"{night.unstaged_min:.0f} of {night.in_bed_min:.0f} min in bed "
        f"({night.unstaged_pct:.0f} %) have no {lacking}, {night.longest_min:.0f} min on end"
    )
    return f"{extent}; {end_min:.0f} min are missing {behind}" if end_min else extent
