"""A folder of results as values: its nights, their hypnograms and tables, its comparison."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from psgpipe.comparison.pages.read_comparison import read_comparison
from psgpipe.comparison.pages.result import ComparisonResult
from psgpipe.errors import UsageError
from psgpipe.keywords import called_from_python
from psgpipe.messages import count_of, did_you_mean, quoted
from psgpipe.model.conversions.html_table import html_table, number_text
from psgpipe.model.hypnogram import Hypnogram
from psgpipe.python.compare import with_python_words
from psgpipe.python.finished_night import FinishedStudyNight
from psgpipe.python_words import errors_in_python_words
from psgpipe.results.nights_tsv import night_rows
from psgpipe.results.replace_folder import COMPARISON
from psgpipe.results.status import StudyNight, study_nights
from psgpipe.results.study_file import read_study_file

if TYPE_CHECKING:
    import pandas as pd


SHOWN = ("tst_min", "se_pct", "rem_latency_min", "n3_pct", "rem_pct")
MOST_SHOWN = 40


class FinishedNights(Sequence[FinishedStudyNight]):
    """The nights of a study, in the order of ``nights.tsv``."""

    def __init__(self, listed: Sequence[StudyNight]) -> None:
        self._listed = tuple(listed)

    @overload
    def __getitem__(self, index: int) -> FinishedStudyNight: ...
    @overload
    def __getitem__(self, index: slice) -> FinishedNights: ...
    def __getitem__(self, index: int | slice) -> FinishedStudyNight | FinishedNights:
        if isinstance(index, slice):
            return FinishedNights(self._listed[index])
        return FinishedStudyNight(self._listed[index])

    def __len__(self) -> int:
        return len(self._listed)

    def to_frame(self) -> pd.DataFrame:
        """The table ``nights.tsv``, made anew from the files of the nights."""
        from psgpipe.model.conversions.to_frame import frame_of

        columns, rows = night_rows(self._listed)
        return frame_of(({c: row.get(c) for c in columns} for row in rows), columns)

    def __repr__(self) -> str:
        states = Counter(night.state for night in self)
        counts = ", ".join(f"{number} {state}" for state, number in states.items())
        return f"<{count_of(len(self), 'night')}: {counts or 'none'}; to_frame() gives a table>"

    def _repr_html_(self) -> str:
        _, rows = night_rows(self._listed[:MOST_SHOWN])
        cells = [
            (r["subject"], r["night"], r["condition"] or "", r["state"],
             *(number_text(r.get(name)) for name in SHOWN), r.get("flags", ""))
            for r in rows
        ]  # fmt: skip
        more = f", the first {MOST_SHOWN} shown" if len(self) > MOST_SHOWN else ""
        head = ("subject", "night", "condition", "state", *SHOWN, "flags")
        return html_table(cells, head, f"{count_of(len(self), 'night')}{more}")


class Hypnograms(Mapping[tuple[str, str], Hypnogram]):
    """The hypnograms of the nights that are done, by subject and night."""

    def __init__(self, nights: FinishedNights) -> None:
        self._nights = {(n.subject, n.night): n for n in nights if n.state == "done"}

    def __getitem__(self, ids: tuple[str, str]) -> Hypnogram:
        return self._nights[ids].hypnogram

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._nights)

    def __len__(self) -> int:
        return len(self._nights)

    def __repr__(self) -> str:
        return f"<hypnograms of {count_of(len(self), 'night')}, by (subject, night)>"


@dataclass(frozen=True)
class FinishedStudy:
    """A folder that ``psgpipe batch``, ``run`` or ``compare`` wrote; read when it is wanted."""

    out: Path

    @cached_property
    @errors_in_python_words()
    def nights(self) -> FinishedNights:
        """Every night, done or not."""
        return FinishedNights(study_nights(self.out))

    def night(self, subject: str, night: str) -> FinishedStudyNight:
        """One night.

        Raises
        ------
        psgpipe.errors.UsageError
            The study has no such night.
        """
        subject, night = str(subject), str(night)
        for found in self.nights:
            if (found.subject, found.night) == (subject, night):
                return found
        ids = [f"{n.subject} {n.night}" for n in self.nights]
        wanted = f"{subject} {night}"
        raise UsageError(
            f"{self.out.name or self.out}: no night {quoted(wanted)} is here"
            f"{did_you_mean(wanted, ids)}",
            "study.nights lists them.",
        )

    @property
    def hypnograms(self) -> Hypnograms:
        """Of every night that is done, by ``(subject, night)``."""
        return Hypnograms(self.nights)

    @property
    def summary(self) -> dict[str, int]:
        """How many nights are in each state."""
        return dict(Counter(night.state for night in self.nights))

    @property
    @errors_in_python_words()
    def manifest(self) -> Mapping[str, Any]:
        """What was asked for, as ``study.json`` says it; empty where no batch wrote it."""
        return read_study_file(self.out) or {}

    @property
    @errors_in_python_words()
    def comparison(self) -> ComparisonResult | None:
        """The comparison in the folder; None where there is none, or of another version."""
        found = read_comparison(self.out / COMPARISON)
        return found and with_python_words(found)

    def __repr__(self) -> str:
        counts = ", ".join(f"{number} {state}" for state, number in self.summary.items())
        has = "with" if (self.out / COMPARISON).is_dir() else "without"
        name = (self.out.name or str(self.out))[:60]
        nights = count_of(len(self.nights), "night")
        return f"<study {name}: {nights} ({counts or 'none'}), {has} a comparison>"

    def _repr_html_(self) -> str:
        return self.nights._repr_html_()


@called_from_python
def open(out: str | Path) -> FinishedStudy:  # users write psgpipe.open
    """The folder of results `out`: its nights and its comparison, read when they are wanted.

    Parameters
    ----------
    out
        What `psgpipe.batch`, `psgpipe.write_night` or a command has written.

    Raises
    ------
    psgpipe.errors.UsageError
        Nothing that psgpipe wrote is in `out`.
    """
    study = FinishedStudy(Path(out))
    _ = study.nights
    return study
