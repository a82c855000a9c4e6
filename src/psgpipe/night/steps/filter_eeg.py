"""The step *filter_eeg*: band-pass the EEG for spectra and pictures, not for the stager."""

from dataclasses import dataclass

from psgpipe.model.derived_signal import DerivedSignal
from psgpipe.model.recording import Recording
from psgpipe.night.steps.step import Step
from psgpipe.signals.filters import band_pass


@dataclass(frozen=True)
class FilterEegParams:
    """The pass band, by default the display filter that the AASM manual recommends for EEG.

    Both are half-power frequencies of one pass; the filter runs forwards and backwards.
    """

    low_hz: float = 0.3
    high_hz: float = 35.0

    def __post_init__(self) -> None:
        if not 0 < self.low_hz < self.high_hz:
            raise ValueError(
                f"low_hz {self.low_hz:g} is not between 0 and high_hz {self.high_hz:g}"
            )


def filter_eeg(
    referenced: tuple[DerivedSignal, ...], params: FilterEegParams
) -> tuple[Recording, ...]:
    """The EEG derivations, band-passed."""
    return tuple(
        band_pass(signal.build(), params.low_hz, params.high_hz)
        for signal in referenced
        if signal.kinds == ("eeg",)
    )


STEP = Step("filter_eeg", "1", ("referenced",), "filtered", FilterEegParams, filter_eeg)
