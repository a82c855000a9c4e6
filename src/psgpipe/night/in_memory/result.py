"""A staged night with its picture."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from psgpipe.model.conversions.html_table import html_table
from psgpipe.model.night import StagedNight

if TYPE_CHECKING:
    from psgpipe.reports.notebook.picture import Picture
    from psgpipe.reports.spectrogram_image import Spectrogram


@dataclass(frozen=True, repr=False)
class NightResult(StagedNight):
    """A staged night that can be drawn.

    Attributes
    ----------
    spectrogram
        Of the first EEG; None where the signal is not at hand, as in the files of a finished night.
    """

    spectrogram: Spectrogram | None = None

    def plot(self) -> Picture:
        """The picture of the night, as in ``hypnogram.svg``."""
        from psgpipe.reports.night_picture import night_picture
        from psgpipe.reports.notebook.picture import Picture

        return Picture(night_picture(self, self.spectrogram).svg)

    def _repr_html_(self) -> str:
        from psgpipe.reports.night_words import key_numbers, night_title

        numbers = [(number.name, number.value) for number in key_numbers(self)]
        flags = [("flag", f"{flag.code}: {flag.message}") for flag in self.quality.flags]
        table = html_table([*numbers, *flags], title=night_title(self.night))
        return f"{table}{self.plot().svg}"


def night_result(staged: StagedNight, spectrogram: Spectrogram | None = None) -> NightResult:
    """The night with what its picture needs."""
    values = {field.name: getattr(staged, field.name) for field in fields(StagedNight)}
    return NightResult(**values, spectrogram=spectrogram)
