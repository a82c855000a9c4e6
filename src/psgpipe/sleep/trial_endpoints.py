"""Trial endpoints: sleep after the onset of persistent sleep, and quarters of the night."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from psgpipe.model.hypnogram import EPOCH_MIN, SLEEP, SleepStage
from psgpipe.model.summary import QUARTERS, TRIAL_ENDPOINTS
from psgpipe.sleep.stage_runs import (
    Stages,
    first_epoch,
    minutes_of,
    persistent_sleep_onset,
    sleep_period,
    span_min,
)

QUARTER_EPOCHS = 240
AWAKENING_EPOCHS = 2
BETWEEN_AWAKENINGS = (SleepStage.N2, SleepStage.N3, SleepStage.R)
_STAGES = {"n1": SleepStage.N1, "n2": SleepStage.N2, "n3": SleepStage.N3, "rem": SleepStage.R}


@dataclass(frozen=True)
class TrialAwakening:
    """An awakening of hypnotic trials: runs of wake that only N1 or invalid epochs separate.

    Attributes
    ----------
    first_epoch, end_epoch
        From the first epoch of its first run of wake to behind the last epoch of its last run.
    wake_min
        W between them.
    """

    first_epoch: int
    end_epoch: int
    wake_min: float


def trial_awakenings(stages: Stages, first: int) -> tuple[TrialAwakening, ...]:
    """Awakenings from epoch `first` to the end; the one that lasts to lights on counts.

    An awakening is a run of two or more epochs of W. Two of them are one where no epoch of N2, N3
    or R lies between.
    """
    spans: list[tuple[int, int]] = []
    slept, epoch = True, first
    for stage, run in groupby(stages[first:]):
        end = epoch + sum(1 for _ in run)
        if stage in BETWEEN_AWAKENINGS:
            slept = True
        elif stage is SleepStage.W and end - epoch >= AWAKENING_EPOCHS:
            spans = [*spans, (epoch, end)] if slept else [*spans[:-1], (spans[-1][0], end)]
            slept = False
        epoch = end
    return tuple(
        TrialAwakening(start, end, minutes_of(stages[start:end], (SleepStage.W,)))
        for start, end in spans
    )


def trial_endpoints(stages: Stages) -> dict[str, float | None]:
    """Every trial endpoint of the stages in bed; None where the night does not have it."""
    values: dict[str, float | None] = dict.fromkeys(TRIAL_ENDPOINTS)
    for quarter in QUARTERS:
        values |= _stage_minutes(stages, quarter)
    if asleep := sleep_period(stages):
        after_onset = stages[asleep.start :]
        values["se_after_onset_pct"] = 100 * minutes_of(stages, SLEEP) / minutes_of(after_onset)
        values["early_wake_min"] = minutes_of(stages[asleep.stop :], (SleepStage.W,))
    onset = persistent_sleep_onset(stages)
    return values if onset is None else values | _after_persistent_sleep(stages, onset)


def _after_persistent_sleep(stages: Stages, onset: int) -> dict[str, float | None]:
    awakenings = trial_awakenings(stages, onset)
    n = len(awakenings)
    first_rem = first_epoch(stages[onset:], (SleepStage.R,))
    values: dict[str, float | None] = {
        "waso_lps_min": minutes_of(stages[onset:], (SleepStage.W,)),
        "awakenings_lps": n,
        "awakening_mean_lps_min": sum(a.wake_min for a in awakenings) / n if n else None,
        "rem_latency_from_lps_min": span_min(0, first_rem),
    }
    for quarter in QUARTERS:
        epochs = _epochs_of(quarter, len(stages))
        if epochs:
            awake = stages[max(epochs.start, onset) : epochs.stop]
            values[f"waso_q{quarter}_min"] = minutes_of(awake, (SleepStage.W,))
            values[f"awakenings_q{quarter}"] = sum(a.first_epoch in epochs for a in awakenings)
    return values


def _epochs_of(quarter: int, n_epochs: int) -> range:
    """The epochs in bed of a quarter, 1 to 4; empty where it begins after lights on."""
    end = min(quarter * QUARTER_EPOCHS, n_epochs)
    return range((quarter - 1) * QUARTER_EPOCHS, end)


def _stage_minutes(stages: Stages, quarter: int) -> dict[str, float | None]:
    """TST and the minutes of each stage in a quarter; nothing of a quarter after lights on."""
    epochs = _epochs_of(quarter, len(stages))
    if not epochs:
        return {}
    part = stages[epochs.start : epochs.stop]
    minutes = {name: minutes_of(part, (stage,)) for name, stage in _STAGES.items()}
    return {
        f"tst_q{quarter}_min": minutes_of(part, SLEEP),
        **{f"{name}_q{quarter}_min": value for name, value in minutes.items()},
    }


def quarters_in_bed_min(n_epochs: int) -> tuple[float, ...]:
    """Minutes in bed in each quarter: less than 120 where lights on comes within it."""
    return tuple(len(_epochs_of(quarter, n_epochs)) * EPOCH_MIN for quarter in QUARTERS)


def trial_reasons(stages: Stages, start: str, end: str, no_sleep: str) -> dict[str, str]:
    """Why a trial endpoint is None, for those whose reason is not `no_sleep`.

    Parameters
    ----------
    start, end
        Lights off and lights on, or the start and the end of the recording.
    no_sleep
        The reason of a night without sleep.
    """
    tib_min = minutes_of(stages)
    onset = persistent_sleep_onset(stages)
    reasons: dict[str, str] = {}
    if onset is None:
        never = "no 10 minutes of unbroken sleep" if sleep_period(stages) else no_sleep
        names = (n for n in TRIAL_ENDPOINTS if n not in ("se_after_onset_pct", "early_wake_min"))
        reasons = dict.fromkeys(names, never)
        reasons["rem_latency_from_lps_min"] = (
            f"{never}: censored at {tib_min:.1f} min, from {start} to {end}"
        )
    else:
        asleep_min = tib_min - onset * EPOCH_MIN
        reasons["awakening_mean_lps_min"] = "no awakening after the onset of persistent sleep"
        reasons["rem_latency_from_lps_min"] = (
            f"no REM sleep after the onset of persistent sleep: censored at {asleep_min:.1f} min, "
            f"from there to {end}"
        )
    for quarter, in_bed_min in zip(QUARTERS, quarters_in_bed_min(len(stages)), strict=True):
        if not in_bed_min:
            begins_min = (quarter - 1) * QUARTER_EPOCHS * EPOCH_MIN
            after = f"{end} came before this quarter, {begins_min:.0f} min from {start}"
            reasons |= dict.fromkeys((n for n in TRIAL_ENDPOINTS if f"_q{quarter}" in n), after)
    return reasons
