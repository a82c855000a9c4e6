"""The three sources of a study's nights: joined, measured, and compared with each other."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from psgpipe.actigraphy.epochs import epoch_range
from psgpipe.actigraphy.measures import measure_night
from psgpipe.actigraphy.score import ActigraphyScore
from psgpipe.actigraphy.wear import NONWEAR_MIN
from psgpipe.actigraphy.windows import NO_WINDOW, SleepWindow, windows_from_markers
from psgpipe.concordance.actigraphy_files import ScoredFiles, scored_files
from psgpipe.concordance.epochs import EpochComparison, PooledEpochs, compare_epochs, pooled_epochs
from psgpipe.concordance.measures import MeasureConcordance, concordances
from psgpipe.concordance.nights import SourceNight, joined
from psgpipe.concordance.psg_nights import PsgNights, psg_nights
from psgpipe.concordance.shifted_dates import shifted_dates
from psgpipe.diary.night import DiaryNight
from psgpipe.diary.read import read_diary
from psgpipe.diary.times import night_date
from psgpipe.errors import UsageError
from psgpipe.model.ids import one_person_key
from psgpipe.results.status import study_nights
from psgpipe.tables.delimited import Mistakes, shown


@dataclass(frozen=True, eq=False)
class Concordance:
    """Diary and actigraphy beside the polysomnography of a study.

    Attributes
    ----------
    another_night
        Nights whose times in bed differ by more than an hour: subject, date and why.
    """

    nights: tuple[SourceNight, ...]
    measures: tuple[MeasureConcordance, ...]
    epochs: PooledEpochs | None
    another_night: tuple[str, ...]
    not_joined: tuple[str, ...]
    left_out: tuple[str, ...]
    failures: tuple[str, ...]
    unused_files: tuple[str, ...]
    notes: tuple[str, ...]


def concord(
    out: Path,
    diary: Path | None = None,
    actigraphy: Path | None = None,
    *,
    algorithm: str | None = None,
    any_maker: bool = False,
    nonwear_min: float = NONWEAR_MIN,
) -> Concordance:
    """Join the finished nights of `out` with a diary and with counts of watches.

    Raises
    ------
    psgpipe.errors.UsageError
        Neither is given, or no night is in two sources.
    psgpipe.errors.StudyTableInvalid
        The diary has a mistake, or an id that looks like another one of the study.
    """
    if diary is None and actigraphy is None:
        raise UsageError(
            "nothing to compare with the recordings was given",
            "Give --diary FILE, --actigraphy DIR, or both.",
        )
    psg = psg_nights(study_nights(out))
    rows = () if diary is None else _rows_of(diary, {night.subject for night in psg.nights})
    found = joined(psg.nights, [row for row in rows if not row.excluded])
    subjects = dict.fromkeys(night.subject for night in found.nights)
    files = (
        ScoredFiles()
        if actigraphy is None
        else scored_files(
            actigraphy, subjects, algorithm, any_maker=any_maker, nonwear_min=nonwear_min
        )
    )
    nights = tuple(_with_actigraphy(found.nights, files, asked=actigraphy is not None))
    if not any(sum(night.has(s) for s in ("psg", "diary", "actigraphy")) > 1 for night in nights):
        raise _nothing_shared(psg, found.not_joined, files)
    compared = [(night.subject, night.epochs) for night in nights if night.epochs is not None]
    return Concordance(
        nights=nights,
        measures=concordances(nights),
        epochs=pooled_epochs(compared),
        another_night=tuple(
            f"{n.subject} {n.date}: {n.doubt}: probably another night" for n in nights if n.doubt
        ),
        not_joined=tuple(found.not_joined),
        left_out=tuple(psg.left_out),
        failures=tuple(files.failures),
        unused_files=tuple(files.unused),
        notes=(*shifted_dates(psg.nights, rows),
               *(f"{r.subject} {r.date} (row {r.row}): {n}" for r in rows for n in r.notes),
               *files.notes),
    )  # fmt: skip


def _rows_of(diary: Path, subjects: Iterable[str]) -> tuple[DiaryNight, ...]:
    """The rows of the diary; an id that looks like one of the study and is not is refused."""
    found = read_diary(diary)
    known = set(subjects)
    alike = {one_person_key(subject): subject for subject in known}
    mistakes = Mistakes(found.file)
    for night in found.nights:
        like = alike.get(one_person_key(night.subject))
        if night.subject not in known and like is not None:
            mistakes.row(
                night.row,
                f"column subject: {shown(night.subject)} is not in the study; its id is "
                f"{shown(like)}, perhaps",
            )
    mistakes.refuse()
    return found.nights


def _with_actigraphy(
    nights: Sequence[SourceNight], files: ScoredFiles, *, asked: bool
) -> Iterable[SourceNight]:
    """The nights with their measures by actigraphy, and those that only markers tell of."""
    dates = {(night.subject, night.date) for night in nights}
    for night in nights:
        scores = files.scores.get(night.subject, [])
        yield _measured(night, scores) if asked else night
    for subject, scores in files.scores.items():
        for score in scores:
            for window in windows_from_markers(score.counts.markers):
                key = (subject, night_date(window.begin))
                if key not in dates:
                    dates.add(key)
                    measured = measure_night(score, window)
                    yield SourceNight(*key, actigraphy=measured)


def _measured(night: SourceNight, scores: Sequence[ActigraphyScore]) -> SourceNight:
    if not scores:
        return dataclasses.replace(night, why_no_actigraphy="no file of counts")
    night = dataclasses.replace(night, epochs=_epochs(night, scores))
    window = _window(night, scores)
    if window is None:
        return dataclasses.replace(night, why_no_actigraphy=NO_WINDOW)
    covering = [s for s in scores if epoch_range(s.counts, window.begin, window.end)]
    measured = measure_night((covering or scores)[0], window)
    why = None if covering else next(iter(measured.absent.values()), None)
    return dataclasses.replace(night, actigraphy=measured, why_no_actigraphy=why)


def _window(night: SourceNight, scores: Sequence[ActigraphyScore]) -> SleepWindow | None:
    """The time in bed by the diary, or else between the markers of the night."""
    if night.diary is not None and night.diary.begin is not None and night.diary.end is not None:
        return SleepWindow(night.diary.begin, night.diary.end, "diary")
    marked = [
        window
        for score in scores
        for window in windows_from_markers(score.counts.markers)
        if night_date(window.begin) == night.date
    ]
    return marked[0] if len(marked) == 1 else None


def _epochs(night: SourceNight, scores: Sequence[ActigraphyScore]) -> EpochComparison | None:
    """The epochs of the night against those of the first watch that recorded it."""
    psg = night.psg
    if psg is None or psg.start is None:
        return None
    for score in scores:
        seconds = (psg.start - score.counts.start).total_seconds()
        if 0 <= seconds < len(score.counts) * score.counts.epoch_s:
            return compare_epochs(psg.hypnogram, psg.start, score)
    return None


def _nothing_shared(psg: PsgNights, not_joined: Sequence[str], files: ScoredFiles) -> UsageError:
    reasons = [*files.failures, *not_joined, *psg.left_out]
    because = f" ({reasons[0]})" if reasons else ""
    return UsageError(
        f"no night is in two sources{because}",
        "Give subjects and dates as in the study, and call files of counts <subject>.*.",
    )
