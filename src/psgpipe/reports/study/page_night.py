"""A night as the pages of a study and of a comparison show it, read from its files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from psgpipe.model.summary import QualityFlag
from psgpipe.reports.small_hypnogram import SmallHypnogram, small_hypnogram
from psgpipe.results.doubts import doubts_in, withheld_because
from psgpipe.results.manifest import Manifest
from psgpipe.results.nights_tsv import read_night
from psgpipe.results.output_check import intact_output
from psgpipe.results.staged_night import read_stages
from psgpipe.results.status import StudyNight, word_in_tables

HYPNOGRAM = "hypnogram.tsv"
PAGE = "report.html"
SHOWN_ENDPOINTS = (
    "tib_min", "tst_min", "se_pct", "sol_min", "waso_min", "rem_latency_min", "n1_pct", "n2_pct",
    "n3_pct", "rem_pct",
)  # fmt: skip


@dataclass(frozen=True)
class PageNight:
    """A listed night, finished or not.

    Attributes
    ----------
    state
        As in ``nights.tsv``: ``done``, ``failed``, ``missing`` or ``excluded``.
    reason
        Why the night is not finished, or why a comparison leaves it out.
    date
        Of the start of the recording, ISO.
    stages_by
        ``auto``, ``calibrated``, ``expert`` or ``corrected``: whose stages they are.
    values
        The endpoints of `SHOWN_ENDPOINTS`.
    flags
        Those that make the numbers doubtful.
    link
        The night's page, from the folder of the study; None where there is none.
    """

    subject: str
    night: str
    state: str
    condition: str | None = None
    recording: str | None = None
    kind: str | None = None
    reason: str | None = None
    remedy: str | None = None
    date: str | None = None
    stages_by: str = "auto"
    lights_known: bool = True
    values: Mapping[str, float | None] = field(default_factory=dict)
    flags: tuple[QualityFlag, ...] = ()
    hypnogram: SmallHypnogram | None = None
    link: str | None = None

    @property
    def is_withheld(self) -> bool:
        """Whether a comparison leaves the finished night out by default."""
        return any(flag.effect == "withhold" for flag in self.flags)

    @property
    def flag_codes(self) -> tuple[str, ...]:
        """The code of each flag, once."""
        return tuple(dict.fromkeys(flag.code for flag in self.flags))

    @property
    def status(self) -> str:
        """The one status that a page shows."""
        if self.state != "done":
            return self.state
        return "incomplete" if self.is_withheld else "doubtful" if self.flags else "finished"


def page_nights(
    nights: Iterable[StudyNight],
    out: Path,
    conditions: Mapping[tuple[str, str], str | None] | None = None,
    *,
    hypnograms: bool,
) -> Iterator[PageNight]:
    """The nights of the study in `out`, one after the other.

    Parameters
    ----------
    conditions
        By subject and night, in place of those that the study lists: none of a blinded study.
    hypnograms
        Whether to read the stages.
    """
    for night in nights:
        stored, summary, quality = read_night(night)
        ids = (night.subject, night.night)
        condition = night.condition if conditions is None else conditions.get(ids)
        listed = PageNight(
            *ids, word_in_tables(stored.status), condition, night.recording, stored.kind,
            stored.reason, stored.remedy,
        )  # fmt: skip
        if stored.manifest is None:
            yield listed
            continue
        flags = doubts_in(quality)
        yield replace(
            listed,
            reason=withheld_because(flags),
            date=(stored.manifest.recording.start or "")[:10] or None,
            stages_by=_stages_by(stored.manifest),
            lights_known="recording" not in (stored.manifest.lights.source or ""),
            values={name: summary.get(name) for name in SHOWN_ENDPOINTS},
            flags=flags,
            hypnogram=_hypnogram(night, stored.manifest) if hypnograms else None,
            link=_link(night, out),
        )


def _stages_by(manifest: Manifest) -> str:
    stages = manifest.stages or "auto"
    return "calibrated" if stages == "auto" and manifest.engine.calibration else stages


def _hypnogram(night: StudyNight, manifest: Manifest) -> SmallHypnogram | None:
    content = intact_output(night.folder, HYPNOGRAM, manifest)
    try:
        return None if content is None else small_hypnogram(*read_stages(content))
    except ValueError:
        return None


def _link(night: StudyNight, out: Path) -> str | None:
    page = night.folder / PAGE
    return page.relative_to(out).as_posix() if page.is_file() else None
