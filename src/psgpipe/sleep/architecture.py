"""Sleep architecture: every endpoint of a night, computed from its hypnogram."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby, pairwise

import numpy as np

from psgpipe.messages import count_of
from psgpipe.model.hypnogram import (
    EPOCH_MIN,
    NREM,
    SCORED,
    SLEEP,
    Hypnodensity,
    Hypnogram,
    SleepStage,
)
from psgpipe.model.summary import ENDPOINTS, ArchitectureSummary
from psgpipe.sleep.cycles import CYCLE_RULE, CycleRule, sleep_cycles
from psgpipe.sleep.stage_runs import (
    Stages,
    first_epoch,
    minutes_of,
    persistent_sleep_onset,
    sleep_period,
    span_min,
)
from psgpipe.sleep.trial_endpoints import trial_endpoints, trial_reasons


def summarize(
    hypnogram: Hypnogram,
    hypnodensity: Hypnodensity | None = None,
    *,
    cycle_rule: CycleRule = CYCLE_RULE,
    lights_known: bool = True,
) -> ArchitectureSummary:
    """Sleep architecture of the epochs in bed.

    Definitions, one by one, with what YASA counts otherwise: ``docs/reference/endpoints.md``.

    Parameters
    ----------
    hypnogram
        Where an epoch in bed may be sedation, everything but ``tib_min`` is withheld.
    hypnodensity
        Probabilities for the same epochs; only for ``mean_confidence``.
    cycle_rule
        What counts as a NREM-REM cycle.
    lights_known
        False where the recording's start and end are used as lights off and lights on; only the
        reasons of absent endpoints depend on it.

    Raises
    ------
    ValueError
        Hypnogram and hypnodensity differ in their number of epochs.
    """
    stages = hypnogram.in_bed_stages
    if not stages:
        return _absent_altogether("no epoch lies between lights off and lights on")
    asleep = sleep_period(stages)
    period = stages[asleep.start : asleep.stop] if asleep else ()
    onset = asleep.start if asleep else None
    tst_min = minutes_of(stages, SLEEP)
    spt_min = minutes_of(period)
    rem_onset = first_epoch(stages, (SleepStage.R,))
    awakenings = _runs(period, SleepStage.W)
    shifts = _changes(period)
    thirds = _minutes_by_third(period, SleepStage.R)
    scored = any(stage in SCORED for stage in stages)
    if hypnogram.sedated_in_bed:
        return _withheld(hypnogram)
    summary = ArchitectureSummary(
        tib_min=minutes_of(stages),
        spt_min=spt_min if asleep else None,
        tst_min=tst_min,
        se_pct=_percent(tst_min, minutes_of(stages)) if scored else None,
        sme_pct=_percent(tst_min, spt_min),
        sol_min=span_min(0, onset),
        lps_min=span_min(0, persistent_sleep_onset(stages)),
        waso_min=minutes_of(stages[onset:], (SleepStage.W,)) if asleep else None,
        waso_spt_min=minutes_of(period, (SleepStage.W,)) if asleep else None,
        rem_latency_min=span_min(onset, rem_onset),
        rem_latency_from_lights_off_min=span_min(0, rem_onset),
        n1_min=minutes_of(stages, (SleepStage.N1,)),
        n2_min=minutes_of(stages, (SleepStage.N2,)),
        n3_min=minutes_of(stages, (SleepStage.N3,)),
        rem_min=minutes_of(stages, (SleepStage.R,)),
        nrem_min=minutes_of(stages, NREM),
        wake_min=minutes_of(stages, (SleepStage.W,)),
        unscored_min=minutes_of(stages, (SleepStage.ART, SleepStage.UNS)),
        n1_pct=_percent(minutes_of(stages, (SleepStage.N1,)), tst_min),
        n2_pct=_percent(minutes_of(stages, (SleepStage.N2,)), tst_min),
        n3_pct=_percent(minutes_of(stages, (SleepStage.N3,)), tst_min),
        rem_pct=_percent(minutes_of(stages, (SleepStage.R,)), tst_min),
        nrem_pct=_percent(minutes_of(stages, NREM), tst_min),
        awakenings=awakenings if asleep else None,
        awakenings_per_h=_per_hour(awakenings, tst_min),
        sleep_to_wake_per_h=_per_hour(_sleep_to_wake(stages), tst_min),
        stage_shifts=shifts if asleep else None,
        stage_shifts_per_h=_per_hour(shifts, spt_min),
        cycles=len(sleep_cycles(hypnogram, cycle_rule)),
        rem_third1_min=thirds[0] if asleep else None,
        rem_third2_min=thirds[1] if asleep else None,
        rem_third3_min=thirds[2] if asleep else None,
        mean_confidence=_mean_confidence(hypnogram, hypnodensity),
    )
    summary = replace(summary, **trial_endpoints(stages))  # type: ignore[arg-type]
    return replace(
        summary, absent=_reasons(summary, stages, hypnodensity, lights_known=lights_known)
    )


def _absent_altogether(reason: str) -> ArchitectureSummary:
    nothing: dict[str, None] = dict.fromkeys(ENDPOINTS)
    return ArchitectureSummary(**nothing, absent=dict.fromkeys(ENDPOINTS, reason))


def _withheld(hypnogram: Hypnogram) -> ArchitectureSummary:
    """Time in bed alone: soon after an anaesthetic dose, slow waves are not N3."""
    stages = hypnogram.in_bed_stages
    reason = (
        f"withheld: {hypnogram.sedated_in_bed} of {count_of(len(stages), 'epoch')} in bed lie "
        "within the sedation window of a dose, and sedation can look like sleep"
    )
    nothing = _absent_altogether(reason)
    absent = {name: why for name, why in nothing.absent.items() if name != "tib_min"}
    return replace(nothing, tib_min=minutes_of(stages), absent=absent)


def _reasons(
    summary: ArchitectureSummary,
    stages: Stages,
    hypnodensity: Hypnodensity | None,
    *,
    lights_known: bool,
) -> dict[str, str]:
    """Why an endpoint is None, for each that is."""
    end = "lights on" if lights_known else "the end of the recording"
    start = "lights off" if lights_known else "the start of the recording"
    tib_min = minutes_of(stages)
    onset = first_epoch(stages, SLEEP)
    observed = f"censored at {tib_min:.1f} min, from {start} to {end}"
    scored = any(stage in SCORED for stage in stages)
    no_sleep = "no sleep" if scored else "no epoch in bed could be scored"
    if onset is None:
        special = dict.fromkeys(("sol_min", "lps_min"), f"{no_sleep}: {observed}")
        special["rem_latency_from_lights_off_min"] = f"{no_sleep}: {observed}"
    else:
        asleep_min = tib_min - onset * EPOCH_MIN
        special = {
            "lps_min": f"no 10 minutes of unbroken sleep: {observed}",
            "rem_latency_min": f"no REM sleep: censored at {asleep_min:.1f} min, "
            f"from sleep onset to {end}",
            "rem_latency_from_lights_off_min": f"no REM sleep: {observed}",
        }
    special |= trial_reasons(stages, start, end, no_sleep)
    unstaged = "no epoch in bed has probabilities"
    special["mean_confidence"] = "no probabilities were given" if not hypnodensity else unstaged
    absent = (name for name, value in summary.endpoints().items() if value is None)
    return {name: special.get(name, no_sleep) for name in absent}


def _percent(part_min: float, whole_min: float) -> float | None:
    return 100 * part_min / whole_min if whole_min > 0 else None


def _per_hour(count: int, minutes: float) -> float | None:
    return 60 * count / minutes if minutes > 0 else None


def _runs(stages: Stages, wanted: SleepStage) -> int:
    return sum(stage is wanted for stage, _ in groupby(stages))


def _sleep_to_wake(stages: Stages) -> int:
    """Sleep epochs directly followed by W; an invalid epoch between hides the awakening."""
    return sum(a in SLEEP and b is SleepStage.W for a, b in pairwise(stages))


def _changes(stages: Stages) -> int:
    """Changes of stage; invalid epochs are left out, so that a change across them counts."""
    valid = [stage for stage in stages if stage in SCORED]
    return sum(a is not b for a, b in pairwise(valid))


def _minutes_by_third(period: Stages, wanted: SleepStage) -> tuple[float, float, float]:
    """Minutes of `wanted` in each third of `period`; an epoch on an edge is split."""
    n_epochs = len(period)
    # In thirds of an epoch all limits are whole numbers: epoch e is 3e to 3e + 3, third k is
    # k * n_epochs to (k + 1) * n_epochs.
    starts = [3 * epoch for epoch, stage in enumerate(period) if stage is wanted]

    def minutes_in(third: int) -> float:
        begin, end = third * n_epochs, (third + 1) * n_epochs
        inside = sum(max(0, min(end, start + 3) - max(begin, start)) for start in starts)
        return inside * EPOCH_MIN / 3

    return minutes_in(0), minutes_in(1), minutes_in(2)


def _mean_confidence(hypnogram: Hypnogram, hypnodensity: Hypnodensity | None) -> float | None:
    if hypnodensity is None:
        return None
    if len(hypnodensity) != len(hypnogram):
        raise ValueError(
            f"{len(hypnodensity)} probabilities for {count_of(len(hypnogram), 'epoch')}"
        )
    confidence = hypnodensity.confidence[hypnogram.in_bed & hypnogram.valid]
    confidence = confidence[np.isfinite(confidence)]
    return float(confidence.mean()) if len(confidence) else None
