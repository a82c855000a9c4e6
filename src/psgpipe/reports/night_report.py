"""The pictures and the page of a night, as files."""

from __future__ import annotations

from psgpipe.model.night import StagedNight
from psgpipe.reports.night_page import PAGE, night_page
from psgpipe.reports.night_picture import night_picture
from psgpipe.reports.spectrogram_image import Spectrogram


def report_files(staged: StagedNight, spectrogram: Spectrogram | None) -> dict[str, bytes]:
    """``hypnogram.svg``, ``hypnogram.png`` and ``report.html``; equal input, equal bytes.

    `spectrogram` is None where the signal is not at hand.
    """
    picture = night_picture(staged, spectrogram)
    html = night_page(staged, picture.figure, has_spectrogram=spectrogram is not None)
    return {**picture.files(), PAGE: html}


def page_without_signal(staged: StagedNight) -> bytes:
    """The page alone, for a night whose files are all that is at hand."""
    return night_page(staged, night_picture(staged).figure, has_spectrogram=False)
