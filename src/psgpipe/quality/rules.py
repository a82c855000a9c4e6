"""Quality rules: a measure against a limit, and what follows where the signal is beyond it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from psgpipe.model.summary import Effect, QualityFlag
from psgpipe.quality.limits import QualityLimits
from psgpipe.quality.measures import DerivationQuality


@dataclass(frozen=True)
class Rule:
    """A limit of one measure.

    Attributes
    ----------
    code
        Of the flag, as in ``docs/reference/quality.md``.
    measure
        Field of DerivationQuality.
    limit
        Field of QualityLimits.
    direction
        The side of the limit that is bad; the limit itself passes.
    severity
        Whether the derivation is refused or only flagged.
    text
        What was measured, with ``{}`` for the value; other measures by name.
    hint
        What it may mean.
    effect
        On the numbers of a night that is staged nevertheless.
    """

    code: str
    measure: str
    limit: str
    direction: Literal["above", "below"]
    severity: Literal["refuse", "flag"]
    text: str
    hint: str = ""
    effect: Effect = "doubt"

    def flag(self, quality: DerivationQuality, limits: QualityLimits) -> QualityFlag | None:
        """The flag of a derivation beyond the limit; None where it passes or was not measured."""
        value, limit = getattr(quality, self.measure), getattr(limits, self.limit)
        below = self.direction == "below"
        if value is None or (value >= limit if below else value <= limit):
            return None
        side = "at least" if below else "at most"
        measured = self.text.format(three_digits(value), **_shown(quality))
        message = f"{measured}, wanted {side} {limit:g}{self.hint}"
        refused = self.severity == "refuse"
        return QualityFlag(self.code, message, quality.derivation, refused, self.effect)


def three_digits(value: float) -> str:
    """The value for a message, without an exponent from 0.001 on."""
    return f"{value:.3g}" if 1e-3 <= abs(value) < 1e3 else f"{value:.0f}" if value else "0"


def _shown(quality: DerivationQuality) -> dict[str, str]:
    """The measures for a message, by name."""
    return {k: "?" if v is None else three_digits(v) for k, v in quality.measures().items()}


_SD = "median epoch SD is {} uV"
_UNIT = ": is its unit right?"
_CONTACT = ": poor contact, or a wrong unit?"
_CLIPPED = "{} % of the samples are clipped"
_LOST = "{} % of the samples were lost"
_REPEATS = "{} % of the epochs repeat earlier signal sample for sample"
_STUCK = ": was the recorder stuck?"

# Of rules with the same code the first one that is broken counts: refusals stand before flags.
_ALL_KINDS = (
    Rule("not-finite", "not_finite_samples", "refuse_not_finite_samples", "above", "refuse",
         "{} samples are no number"),
    Rule("flat", "flat_pct", "refuse_flat_pct", "above", "refuse", "flat for {} % of the time"),
    Rule("clipped", "clipped_pct", "refuse_clipped_pct", "above", "refuse", _CLIPPED),
    Rule("clipped", "clipped_pct", "flag_clipped_pct", "above", "flag", _CLIPPED),
    Rule("dropout", "dropout_pct", "refuse_dropout_pct", "above", "refuse", _LOST),
    Rule("dropout", "dropout_pct", "flag_dropout_pct", "above", "flag", _LOST),
    Rule("repeated", "repeated_pct", "refuse_repeated_pct", "above", "refuse", _REPEATS, _STUCK),
    Rule("repeated", "repeated_pct", "flag_repeated_pct", "above", "flag", _REPEATS, _STUCK),
    Rule("artefact", "artefact_pct", "flag_artefact_pct", "above", "flag",
         "{} % of the epochs are artefacts"),
)  # fmt: skip


def _low(limit: str, severity: Literal["refuse", "flag"]) -> Rule:
    return Rule("amplitude-low", "median_epoch_sd_uv", limit, "below", severity, _SD, _CONTACT)


def _high(limit: str, severity: Literal["refuse", "flag"]) -> Rule:
    return Rule("amplitude-high", "median_epoch_sd_uv", limit, "above", severity, _SD, _UNIT)


_STEP = "a step of the samples ({step_uv} uV) is {} of the median epoch SD"
_RANGE = ": export the recording with a smaller range"


def _coarse(limit: str, severity: Literal["refuse", "flag"]) -> Rule:
    return Rule("resolution", "step_over_sd", limit, "above", severity, _STEP, _RANGE)


# Of EEG and EOG. Muscle tone falls and rises in all bands, and atonia is quiet.
_WAVES = (
    Rule("dropout", "held_pct", "flag_held_pct", "above", "flag",
         "{} % of the samples stand still in epochs that are staged", ": were samples lost?"),
)  # fmt: skip


def _gain(limit: str) -> Rule:
    text = "the signal changes its size by a factor of {} after {gain_change_h} h"
    hint = ": did somebody change the gain?"
    return Rule("gain-change", "gain_change", limit, "above", "flag", text, hint)


_EEG = (
    _low("refuse_sd_below_uv", "refuse"),
    _high("refuse_sd_above_uv", "refuse"),
    _low("flag_sd_below_uv", "flag"),
    _high("flag_sd_above_uv", "flag"),
    Rule("slow", "eeg_likeness", "refuse_likeness_below", "below", "refuse",
         "8-16 Hz stands at 10^{} of 0.5-2 Hz", ": slower than any EEG"),
    Rule("high-frequency", "high_share", "refuse_high_share", "above", "refuse",
         "20-47 Hz holds {} of the power", ": noise or muscle"),
    Rule("noise", "noise_pct", "flag_noise_pct", "above", "flag",
         "{} % of the epochs look like noise"),
    _coarse("refuse_step_above", "refuse"),
    _coarse("flag_step_above", "flag"),
    _gain("flag_gain_change"),
    Rule("mains", "mains_share", "flag_mains_share", "above", "flag",
         "mains hum holds {} of the power", effect="none"),  # the stager filters it out
)  # fmt: skip
_EOG = (
    _low("refuse_eog_sd_below_uv", "refuse"),
    _high("refuse_eog_sd_above_uv", "refuse"),
    _coarse("refuse_eog_step_above", "refuse"),
    _coarse("flag_eog_step_above", "flag"),
    _gain("flag_eog_gain_change"),
)
_EEG_IN_EMG = "EEG and EOG hold {} of its power"
_NO_EMG = ": was it recorded against their reference? Take the difference of two chin electrodes"
_EMG = (
    _high("refuse_emg_sd_above_uv", "refuse"),
    _coarse("refuse_emg_step_above", "refuse"),
    _coarse("flag_emg_step_above", "flag"),
    Rule("eeg-in-emg", "eeg_in_emg", "refuse_eeg_in_emg", "above", "refuse", _EEG_IN_EMG, _NO_EMG),
    Rule("eeg-in-emg", "eeg_in_emg", "flag_eeg_in_emg", "above", "flag", _EEG_IN_EMG, _NO_EMG),
)

RULES = {
    "eeg": _ALL_KINDS + _WAVES + _EEG,
    "eog": _ALL_KINDS + _WAVES + _EOG,
    "emg": _ALL_KINDS + _EMG,
    "misc": _ALL_KINDS,
}
"""By kind of the derivation."""

MONOTONOUS = Rule(
    "monotonous", "sd_spread", "flag_spread_below", "below", "flag",
    "the loudest epochs are {} times the quietest", ": nothing changes as sleep does",
)  # fmt: skip
"""Of EEG in a whole night."""

SLOPE_FLAT = Rule(
    "slope-flat", "spectral_slope", "refuse_slope_above", "above", "refuse",
    "spectral slope is {}", ": noise has 0, EEG about -2",
)  # fmt: skip
"""Of EEG with more than ``slope_high_share`` of its power at 20-47 Hz."""
