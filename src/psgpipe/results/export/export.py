"""An export: the finished nights of a folder of results, written in the format of another tool."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from psgpipe.errors import FileTaken, OutputConflict, UsageError
from psgpipe.files.atomic import bytes_of, write_file
from psgpipe.files.temporary_files import remove_abandoned_files
from psgpipe.messages import count_of, did_you_mean, listed, quoted
from psgpipe.results.export.formats import FORMATS, ExportedNight, ExportedNights
from psgpipe.results.export.stages import ABSENT, StagesWanted, with_stages
from psgpipe.results.finished_night import FinishedNight, read_finished_night
from psgpipe.results.status import StudyNight, stored_night, study_nights, word_in_tables

FOLDER = "export"
DONE = word_in_tables("finished")


@dataclass(frozen=True)
class LeftOutNight:
    """A night that was not exported, and why."""

    subject: str
    night: str
    state: str
    reason: str


@dataclass
class Export:
    """What an export wrote: paths of files in `folder`, and nights with and without files."""

    folder: Path
    files: list[str] = field(default_factory=list)
    n_nights: int = 0
    left_out: list[LeftOutNight] = field(default_factory=list)

    @property
    def n_not_finished(self) -> int:
        """Nights that failed or are missing."""
        return sum(night.state not in ("excluded", DONE) for night in self.left_out)


def export(
    out: Path,
    to: str,
    folder: Path | None = None,
    only: Sequence[str] = (),
    *,
    stages: StagesWanted | None = None,
    force: bool = False,
) -> Export:
    """Write the finished nights of `out` in a format of `FORMATS`.

    Parameters
    ----------
    folder
        Default: ``export/<format>`` in `out`, or ``export/<format>-<stages>``.
    only
        Nights as ``SUBJECT/NIGHT``; all where there is none.
    stages
        Whose stages; None takes those of each night.
    force
        Replace files with other content.

    Raises
    ------
    psgpipe.errors.UsageError
        `out` holds no results, or not a night of `only`.
    psgpipe.errors.FileTaken
        A file of that name has other content.
    psgpipe.errors.OutputConflict
        The folder cannot be written, or two ids get one name in this format.
    psgpipe.errors.TryAgain
        The disk is full.
    """
    result = Export(folder or out / FOLDER / (f"{to}-{stages}" if stages else to))
    chosen = _chosen(_asked_for(study_nights(out), only), stages, result)
    if not chosen.nights:
        return result
    if not force:
        _refuse_other_files(to, chosen, result.folder)
    cleaned: set[Path] = set()
    for name, content in FORMATS[to](chosen):
        path = result.folder / name
        if path.parent not in cleaned:
            remove_abandoned_files(path.parent)
            cleaned.add(path.parent)
        write_file(path, content)
        result.files.append(name)
    return result


def _asked_for(nights: Sequence[StudyNight], only: Sequence[str]) -> Sequence[StudyNight]:
    if not only:
        return nights
    by_name = {f"{night.subject}/{night.night}": night for night in nights}
    missing = [name for name in only if name not in by_name]
    if missing:
        raise UsageError(
            f"no night {quoted(missing[0])} in these results, wanted SUBJECT/NIGHT"
            f"{did_you_mean(missing[0], by_name)}",
            f"The nights are {listed(by_name, 6)}.",
        )
    return [by_name[name] for name in dict.fromkeys(only)]


def _chosen(
    nights: Iterable[StudyNight], wanted: StagesWanted | None, result: Export
) -> ExportedNights:
    """The finished nights; the others are left out of the result."""
    finished: list[ExportedNight] = []
    for night in nights:
        stored = stored_night(night)
        if stored.manifest is None:
            state = word_in_tables(stored.status)
            result.left_out.append(
                LeftOutNight(night.subject, night.night, state, stored.reason or "")
            )
            continue
        try:
            exported = with_stages(read_finished_night(night.folder), wanted)
        except OutputConflict as error:
            result.left_out.append(
                LeftOutNight(night.subject, night.night, "missing", error.problem)
            )
            continue
        if exported is None:
            reason = ABSENT[wanted or "auto"]
            result.left_out.append(LeftOutNight(night.subject, night.night, DONE, reason))
            continue
        finished.append(ExportedNight(night, stored.manifest, exported.stages_by))
    result.n_nights = len(finished)

    def read() -> Iterator[tuple[StudyNight, FinishedNight]]:
        for one in finished:
            exported = with_stages(read_finished_night(one.night.folder), wanted)
            if exported is not None:
                yield one.night, exported

    return ExportedNights(finished, read)


def _refuse_other_files(to: str, chosen: ExportedNights, folder: Path) -> None:
    """Refuse to write where a file has other content; edits by hand must not be lost."""
    if not folder.is_dir():
        return
    taken = []
    for name, content in FORMATS[to](chosen):
        old = bytes_of(folder / name)
        if old is None and not (folder / name).exists():
            continue
        if old != (content if isinstance(content, bytes) else b"".join(content)):
            taken.append(name)
    if taken:
        raise FileTaken(
            f"{count_of(len(taken), 'file')} in {folder.name}/ would be replaced, and "
            f"{'has' if len(taken) == 1 else 'have'} other content: {listed(taken, 3)}",
            "Give another folder (-o DIR), or --force where nobody has edited them.",
        )
