"""From measures and limits to flags in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from psgpipe.model.hypnogram import EPOCH_S, SCORED, Hypnogram
from psgpipe.model.summary import ArchitectureSummary, QualityFlag
from psgpipe.quality.measures import DerivationQuality
from psgpipe.quality.rules import QUALITY_RULES, QualityRules
from psgpipe.signals.quantiles import quantile


@dataclass(frozen=True)
class _Check:
    """A measure against a rule; the rule's name says which side is bad and what follows."""

    code: str
    measure: str
    rule: str
    words: str
    hint: str = ""

    def flag(self, quality: DerivationQuality, rules: QualityRules) -> QualityFlag | None:
        value, limit = getattr(quality, self.measure), getattr(rules, self.rule)
        below = "_below" in self.rule
        if value is None or (value >= limit if below else value <= limit):
            return None
        side = "at least" if below else "at most"
        message = f"{self.words.format(_number(value))}, wanted {side} {limit:g}{self.hint}"
        return QualityFlag(
            self.code, message, quality.derivation, refused=self.rule.startswith("refuse_")
        )


_SD = "median epoch SD is {} uV"
_UNIT = ": is its unit right?"
_CONTACT = ": poor contact, or a wrong unit?"
_REPEATS = "{} % of the epochs repeat earlier signal sample for sample"
_STUCK = ": was the recorder stuck?"

# Of one code, the first that holds speaks: refusals stand before flags.
_ALL = (
    _Check(
        "not-finite", "not_finite_samples", "refuse_not_finite_samples", "{} samples are no number"
    ),
    _Check("flat", "flat_pct", "refuse_flat_pct", "flat for {} % of the time"),
    _Check("clipped", "clipped_pct", "refuse_clipped_pct", "{} % of the samples are clipped"),
    _Check("clipped", "clipped_pct", "flag_clipped_pct", "{} % of the samples are clipped"),
    _Check("dropout", "dropout_pct", "refuse_dropout_pct", "{} % of the samples were lost"),
    _Check("dropout", "dropout_pct", "flag_dropout_pct", "{} % of the samples were lost"),
    _Check("repeated", "repeated_pct", "refuse_repeated_pct", _REPEATS, _STUCK),
    _Check("repeated", "repeated_pct", "flag_repeated_pct", _REPEATS, _STUCK),
    _Check("artefact", "artefact_pct", "flag_artefact_pct", "{} % of the epochs are artefacts"),
)
_EEG = (
    _Check("amplitude-low", "median_epoch_sd_uv", "refuse_sd_below_uv", _SD, _CONTACT),
    _Check("amplitude-high", "median_epoch_sd_uv", "refuse_sd_above_uv", _SD, _UNIT),
    _Check("amplitude-low", "median_epoch_sd_uv", "flag_sd_below_uv", _SD, _CONTACT),
    _Check("amplitude-high", "median_epoch_sd_uv", "flag_sd_above_uv", _SD, _UNIT),
    _Check(
        "slow", "eeg_likeness", "refuse_likeness_below",
        "8-16 Hz stands at 10^{} of 0.5-2 Hz", ": slower than any EEG",
    ),
    _Check(
        "high-frequency", "high_share", "refuse_high_share",
        "20-47 Hz holds {} of the power", ": noise or muscle",
    ),
    _Check("noise", "noise_pct", "flag_noise_pct", "{} % of the epochs look like noise"),
    _Check("mains", "mains_share", "flag_mains_share", "mains hum holds {} of the power"),
)  # fmt: skip
_FLAT_SLOPE = _Check(
    "slope-flat", "spectral_slope", "refuse_slope_above",
    "spectral slope is {}", ": noise has 0, EEG about -2",
)  # fmt: skip
_EOG = (
    _Check("amplitude-low", "median_epoch_sd_uv", "refuse_eog_sd_below_uv", _SD, _CONTACT),
    _Check("amplitude-high", "median_epoch_sd_uv", "refuse_eog_sd_above_uv", _SD, _UNIT),
)
_EMG = (_Check("amplitude-high", "median_epoch_sd_uv", "refuse_emg_sd_above_uv", _SD, _UNIT),)
_BY_KIND = {"eeg": _EEG, "eog": _EOG, "emg": _EMG}


def judge(
    quality: DerivationQuality, rules: QualityRules = QUALITY_RULES
) -> tuple[QualityFlag, ...]:
    """What is odd about a derivation and what refuses it, worst first for each code."""
    checks = _ALL + _BY_KIND.get(quality.kind, ())
    found = [*_unstageable(quality, rules), *(c.flag(quality, rules) for c in checks)]
    if quality.kind == "eeg":
        found += [*_heartbeat(quality, rules), *_monotonous(quality, rules)]
        if (quality.high_share or 0) > rules.slope_high_share:
            found.append(_FLAT_SLOPE.flag(quality, rules))
    once: dict[str, QualityFlag] = {}
    for flag in found:
        if flag:
            once.setdefault(flag.code, flag)
    return tuple(once.values())


def judge_eog_against_eeg(
    eeg: DerivationQuality, eog: DerivationQuality, rules: QualityRules = QUALITY_RULES
) -> tuple[QualityFlag, ...]:
    """A flag where the EOG looks more like EEG than the EEG does, as if the two were swapped."""
    if eeg.eeg_likeness is None or eog.eeg_likeness is None:
        return ()
    excess = eog.eeg_likeness - eeg.eeg_likeness
    if excess <= rules.flag_eog_margin:
        return ()
    message = (
        f"{eog.derivation} looks more like EEG than {eeg.derivation} does (by {_number(excess)}, "
        f"wanted at most {rules.flag_eog_margin:g}): are the two swapped?"
    )
    return (QualityFlag("eog-like", message, eeg.derivation),)


def judge_copy(
    first: str, second: str, correlation: float, rules: QualityRules = QUALITY_RULES
) -> tuple[QualityFlag, ...]:
    """A flag where the derivation `second` is `first` over again, turned over or scaled."""
    if abs(correlation) <= rules.flag_copy_above:
        return ()
    message = (
        f"{second} is a copy of {first} (correlation {correlation:.4f}, wanted at most "
        f"{rules.flag_copy_above:g} either way): is one electrode recorded twice?"
    )
    return (QualityFlag("copy", message, second),)


def judge_stages(
    hypnogram: Hypnogram, summary: ArchitectureSummary, rules: QualityRules = QUALITY_RULES
) -> tuple[QualityFlag, ...]:
    """What is not plausible about the stages of a night, whatever the signal looked like."""
    hours_in_bed = float(hypnogram.in_bed.sum()) * EPOCH_S / 3600
    whole_night = hours_in_bed >= rules.flag_night_below_h
    flags = []
    if not whole_night:
        limit = f"wanted at least {rules.flag_night_below_h:g} h for a night"
        flags.append(QualityFlag("short-night", f"{hours_in_bed:.1f} h in bed, {limit}"))
    if hypnogram.sedated_in_bed:
        flags.append(
            QualityFlag(
                "sedation",
                f"{hypnogram.sedated_in_bed} epochs in bed lie within the sedation window of a "
                "dose; the architecture is withheld",
            )
        )
    changes = summary.stage_shifts_per_h
    if changes is not None and changes > rules.flag_stage_changes_per_h:
        limit = f"wanted at most {rules.flag_stage_changes_per_h:g}"
        flags.append(
            QualityFlag("stage-changes", f"{_number(changes)} changes of stage per hour, {limit}")
        )
    counts = Counter(stage for stage in hypnogram.in_bed_stages if stage in SCORED)
    for stage, epochs in counts.most_common(1) if whole_night else ():
        share_pct = 100 * epochs / counts.total()
        if share_pct > rules.refuse_one_stage_pct:
            limit = f"wanted at most {rules.refuse_one_stage_pct:g} % of a whole night"
            message = f"{stage} is {share_pct:.1f} % of the scored epochs, {limit}"
            flags.append(QualityFlag("one-stage", message, refused=True))
    return tuple(flags)


def judge_sd_ratio(
    quality: DerivationQuality,
    other_nights_sd_uv: Sequence[float],
    rules: QualityRules = QUALITY_RULES,
) -> tuple[QualityFlag, ...]:
    """A flag where the amplitude is unlike that of the same subject's other nights."""
    own = quality.median_epoch_sd_uv
    usual = quantile(np.asarray(other_nights_sd_uv), 0.5) if len(other_nights_sd_uv) else 0.0
    if not own or usual <= 0:
        return ()
    ratio = max(own / usual, usual / own)
    if ratio <= rules.flag_sd_ratio:
        return ()
    message = (
        f"median epoch SD is {_number(own)} uV, {_number(ratio)} times apart from the "
        f"{_number(usual)} uV of the other nights, wanted at most {rules.flag_sd_ratio:g} times"
    )
    return (QualityFlag("amplitude-differs", message, quality.derivation),)


def _unstageable(quality: DerivationQuality, rules: QualityRules) -> Iterator[QualityFlag]:
    name = quality.derivation
    if quality.fs_hz <= rules.refuse_fs_hz:
        message = f"sampled at {quality.fs_hz:g} Hz, wanted more than {rules.refuse_fs_hz:g} Hz"
        yield QualityFlag("rate-low", message, name, refused=True)
    if not quality.covered_epochs:
        message = f"{_number(quality.duration_s)} s hold no whole 30-s epoch without a gap"
        yield QualityFlag("too-short", message, name, refused=True)


def _heartbeat(quality: DerivationQuality, rules: QualityRules) -> Iterator[QualityFlag]:
    regularity, kurtosis = quality.heartbeat_regularity, quality.heartbeat_kurtosis
    if regularity is None or kurtosis is None:
        return
    beats = f"bursts as regular as a heartbeat ({_number(regularity)}"
    if regularity > rules.refuse_heartbeat and kurtosis > rules.refuse_heartbeat_kurtosis:
        message = (
            f"{beats}, kurtosis {_number(kurtosis)}; wanted at most {rules.refuse_heartbeat:g} "
            f"or {rules.refuse_heartbeat_kurtosis:g}): is it an ECG?"
        )
        yield QualityFlag("heartbeat", message, quality.derivation, refused=True)
    elif regularity > rules.flag_heartbeat:
        message = f"{beats}, wanted at most {rules.flag_heartbeat:g}): ECG artefact"
        yield QualityFlag("heartbeat", message, quality.derivation)


def _monotonous(quality: DerivationQuality, rules: QualityRules) -> Iterator[QualityFlag]:
    check = _Check(
        "monotonous", "sd_spread", "flag_spread_below",
        "the loudest epochs are {} times the quietest",
        ": nothing changes as sleep does",
    )  # fmt: skip
    whole_night = quality.covered_epochs * EPOCH_S / 3600 >= rules.flag_night_below_h
    flag = check.flag(quality, rules)
    if whole_night and flag:
        yield flag


def _number(value: float) -> str:
    """Three digits, without an exponent for what a person would write out."""
    return f"{value:.3g}" if 1e-3 <= abs(value) < 1e3 else f"{value:.0f}" if value else "0"
