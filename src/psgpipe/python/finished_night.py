"""One night of a finished study, read back for Python users."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from psgpipe.errors import NightsIncomplete, OutputConflict
from psgpipe.model.conversions.html_table import html_table
from psgpipe.model.hypnogram import Hypnodensity, Hypnogram
from psgpipe.model.night import Lights
from psgpipe.model.summary import ArchitectureSummary, QualityReport
from psgpipe.night.in_memory.result import NightResult, night_result
from psgpipe.python_words import errors_in_python_words, in_python_words
from psgpipe.results.manifest import Manifest
from psgpipe.results.nights_tsv import read_night
from psgpipe.results.output_check import intact_output
from psgpipe.results.staged_night import read_staged_night
from psgpipe.results.status import StoredNight, StudyNight, word_in_tables

if TYPE_CHECKING:
    import pandas as pd

    from psgpipe.reports.notebook.picture import Picture


@dataclass(frozen=True)
class FinishedStudyNight:
    """A night of a folder of results; its files are read when they are wanted.

    `condition` is None where it is not known, as in a blinded study.
    """

    listed: StudyNight

    @property
    def subject(self) -> str:
        """Of the night."""
        return self.listed.subject

    @property
    def night(self) -> str:
        """The id of the night."""
        return self.listed.night

    @property
    def condition(self) -> str | None:
        """As in the study table."""
        return self.listed.condition

    @property
    def folder(self) -> Path:
        """The folder of its files."""
        return self.listed.folder

    @property
    def state(self) -> str:
        """``done``, ``failed``, ``missing`` or ``excluded``, as in ``nights.tsv``."""
        return word_in_tables(self._stored.status)

    @property
    def reason(self) -> str | None:
        """Why the night is not done; None where it is."""
        reason = self._stored.reason
        return reason and in_python_words(reason)

    @property
    @errors_in_python_words()
    def manifest(self) -> Manifest:
        """What was done, with the hash of every file."""
        stored = self._stored
        if stored.manifest is None:
            raise NightsIncomplete(
                f"night {self.subject} {self.night} has no results: "
                f"{stored.reason or stored.status}",
                stored.remedy or "study.nights says the state of each night.",
            )
        return stored.manifest

    @cached_property
    @errors_in_python_words()
    def result(self) -> NightResult:
        """The night as `psgpipe.run_night` gives it, without its signal.

        Raises
        ------
        psgpipe.errors.NightsIncomplete
            The night has no results.
        psgpipe.errors.OutputConflict
            Its files are not those of its manifest.
        """
        staged = read_staged_night(self.folder, self.manifest)
        if staged is None:
            raise OutputConflict(
                f"night {self.subject} {self.night}: its files are not those of its manifest",
                "Run the batch again; psgpipe verify names the files.",
            )
        return night_result(staged)

    @property
    def hypnogram(self) -> Hypnogram:
        """The stages."""
        return self.result.hypnogram

    @property
    def hypnodensity(self) -> Hypnodensity:
        """The probabilities of the stages, with six decimals."""
        return self.result.hypnodensity

    @property
    def summary(self) -> ArchitectureSummary:
        """The endpoints."""
        return self.result.summary

    @property
    def quality(self) -> QualityReport:
        """Measures and flags."""
        return self.result.quality

    @property
    def lights(self) -> Lights:
        """In seconds from the start of the recording."""
        return self.result.lights

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader of the night should know."""
        return tuple(map(in_python_words, self.manifest.warnings))

    def to_frame(self) -> pd.DataFrame:
        """A row for each epoch."""
        return self.result.to_frame()

    def plot(self) -> Picture:
        """The picture of the night: its ``hypnogram.svg``.

        A night without pictures is drawn anew, without a spectrogram: its files hold no signal.
        """
        from psgpipe.reports.notebook.picture import Picture

        svg = intact_output(self.folder, "hypnogram.svg", self.manifest)
        return self.result.plot() if svg is None else Picture(svg.decode("utf-8"))

    @property
    @errors_in_python_words()
    def _stored(self) -> StoredNight:
        return read_night(self.listed)[0]

    def __repr__(self) -> str:
        condition = f", {self.condition[:30]}" if self.condition else ""
        return f"<night {self.subject[:40]} {self.night[:40]}{condition}: {self.state}>"

    def _repr_html_(self) -> str:
        if self.state == "done":
            return self.result._repr_html_()
        return html_table([(repr(self)[1:-1], self.reason)])
