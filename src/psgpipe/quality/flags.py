"""Quality flags: the judgement of measures and stages against the limits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from psgpipe.messages import count_of
from psgpipe.model.hypnogram import EPOCH_S, SCORED, Hypnogram
from psgpipe.model.summary import ArchitectureSummary, QualityFlag
from psgpipe.quality.limits import QUALITY_LIMITS, QualityLimits
from psgpipe.quality.measures import DerivationQuality
from psgpipe.quality.rules import MONOTONOUS, RULES, SLOPE_FLAT, three_digits


def judge(
    quality: DerivationQuality, limits: QualityLimits = QUALITY_LIMITS
) -> tuple[QualityFlag, ...]:
    """The flags of a derivation, at most one for each code: a refusal rather than a flag."""
    flags = [
        *_unstageable(quality, limits),
        *(rule.flag(quality, limits) for rule in RULES.get(quality.kind, RULES["misc"])),
    ]
    if quality.kind == "eeg":
        flags += _heartbeat(quality, limits)
        if quality.covered_epochs * EPOCH_S / 3600 >= limits.flag_night_below_h:
            flags.append(MONOTONOUS.flag(quality, limits))
        if (quality.high_share or 0) > limits.slope_high_share:
            flags.append(SLOPE_FLAT.flag(quality, limits))
    by_code: dict[str, QualityFlag] = {}
    for flag in flags:
        if flag:
            by_code.setdefault(flag.code, flag)
    if "flat" in by_code and _stands_still_by_steps(quality, limits):
        flat = by_code["flat"]
        by_step = (
            f"{flat.message}: a step of its samples is {three_digits(quality.step_uv or 0)} uV"
        )
        by_code["flat"] = replace(flat, message=by_step)
    return tuple(by_code.values())


def _stands_still_by_steps(quality: DerivationQuality, limits: QualityLimits) -> bool:
    """Whether a signal is flat because its steps are as large as what it should show."""
    return quality.step_uv is not None and quality.step_uv > limits.flat_sd_uv


def judge_eog_against_eeg(
    eeg: DerivationQuality, eog: DerivationQuality, limits: QualityLimits = QUALITY_LIMITS
) -> tuple[QualityFlag, ...]:
    """A flag where the EOG looks more like EEG than the EEG does, as if the two were swapped."""
    if eeg.eeg_likeness is None or eog.eeg_likeness is None:
        return ()
    excess = eog.eeg_likeness - eeg.eeg_likeness
    if excess <= limits.flag_eog_margin:
        return ()
    by = three_digits(excess)
    message = (
        f"{eog.derivation} looks more like EEG than {eeg.derivation} does (by {by}, "
        f"wanted at most {limits.flag_eog_margin:g}): are the two swapped?"
    )
    return (QualityFlag("eog-like", message, eeg.derivation),)


def judge_copy(
    first: str, second: str, correlation: float, limits: QualityLimits = QUALITY_LIMITS
) -> tuple[QualityFlag, ...]:
    """A flag where the derivation `second` is `first` over again, turned over or scaled."""
    if abs(correlation) <= limits.flag_copy_above:
        return ()
    message = (
        f"{second} is a copy of {first} (correlation {correlation:.4f}, wanted at most "
        f"{limits.flag_copy_above:g} either way): is one electrode recorded twice?"
    )
    return (QualityFlag("copy", message, second),)


def judge_stages(
    hypnogram: Hypnogram, summary: ArchitectureSummary, limits: QualityLimits = QUALITY_LIMITS
) -> tuple[QualityFlag, ...]:
    """What is not plausible about the stages of a night, whatever the signal looked like."""
    hours_in_bed = float(hypnogram.in_bed.sum()) * EPOCH_S / 3600
    whole_night = hours_in_bed >= limits.flag_night_below_h
    flags = []
    if not whole_night:
        limit = f"wanted at least {limits.flag_night_below_h:g} h for a night"
        flags.append(QualityFlag("short-night", f"{hours_in_bed:.1f} h in bed, {limit}"))
    if hours_in_bed > limits.flag_night_above_h:
        limit = f"wanted at most {limits.flag_night_above_h:g} h for a night"
        flags.append(QualityFlag("long-night", f"{hours_in_bed:.1f} h in bed, {limit}"))
    if hypnogram.sedated_in_bed:
        flags.append(
            QualityFlag(
                "sedation",
                f"{count_of(hypnogram.sedated_in_bed, 'epoch')} in bed within the sedation "
                "window of a dose; the architecture is withheld",
            )
        )
    changes = summary.stage_shifts_per_h
    if changes is not None and changes > limits.flag_stage_changes_per_h:
        limit = f"wanted at most {limits.flag_stage_changes_per_h:g}"
        flags.append(
            QualityFlag(
                "stage-changes", f"{three_digits(changes)} changes of stage per hour, {limit}"
            )
        )
    counts = Counter(stage for stage in hypnogram.in_bed_stages if stage in SCORED)
    for stage, epochs in counts.most_common(1) if whole_night else ():
        share_pct = 100 * epochs / counts.total()
        if share_pct > limits.refuse_one_stage_pct:
            limit = f"wanted at most {limits.refuse_one_stage_pct:g} % of a whole night"
            message = f"{stage} is {share_pct:.1f} % of the scored epochs, {limit}"
            flags.append(QualityFlag("one-stage", message, refused=True))
    return tuple(flags)


def judge_dose_time(doubt: str | None) -> tuple[QualityFlag, ...]:
    """A flag where a dose is stated and `doubt` says why the time since it is not known."""
    if doubt is None:
        return ()
    message = f"{doubt}; how long after the dose is not known, and sedation cannot be ruled out"
    return (QualityFlag("sedation-unknown", message),)


def _unstageable(quality: DerivationQuality, limits: QualityLimits) -> Iterator[QualityFlag]:
    name = quality.derivation
    if quality.fs_hz <= limits.refuse_fs_hz:
        message = f"sampled at {quality.fs_hz:g} Hz, wanted more than {limits.refuse_fs_hz:g} Hz"
        yield QualityFlag("rate-low", message, name, refused=True)
    if not quality.covered_epochs:
        message = f"{three_digits(quality.duration_s)} s hold no whole 30-s epoch without a gap"
        yield QualityFlag("too-short", message, name, refused=True)


def _heartbeat(quality: DerivationQuality, limits: QualityLimits) -> Iterator[QualityFlag]:
    regularity, kurtosis = quality.heartbeat_regularity, quality.heartbeat_kurtosis
    if regularity is None or kurtosis is None:
        return
    beats = f"bursts as regular as a heartbeat ({three_digits(regularity)}"
    if regularity > limits.refuse_heartbeat and kurtosis > limits.refuse_heartbeat_kurtosis:
        message = (
            f"{beats}, kurtosis {three_digits(kurtosis)}; wanted at most "
            f"{limits.refuse_heartbeat:g} or {limits.refuse_heartbeat_kurtosis:g}): is it an ECG?"
        )
        yield QualityFlag("heartbeat", message, quality.derivation, refused=True)
    elif regularity > limits.flag_heartbeat:
        message = f"{beats}, wanted at most {limits.flag_heartbeat:g}): ECG artefact"
        yield QualityFlag("heartbeat", message, quality.derivation)
