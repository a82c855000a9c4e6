"""Scoring files in a folder, by the name of the night or of its recording."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from psgpipe.errors import ScoringInvalid, UsageError
from psgpipe.files.regular import file_name
from psgpipe.messages import listed
from psgpipe.model.hypnogram import SleepStage
from psgpipe.model.ids import one_spelling, slug
from psgpipe.model.scoring import Scoring
from psgpipe.results.finished_night import FinishedNight
from psgpipe.scorings.read import read_scoring


class ScoringFiles:
    """The files of a folder: ``<subject>_<night>.*`` or ``<recording's stem>.*``.

    Parameters
    ----------
    mapping, scorer
        How the files are read, as by :func:`psgpipe.scorings.read.read_scoring`.
    """

    def __init__(
        self,
        folder: Path,
        mapping: Mapping[str, SleepStage] | None = None,
        scorer: str | None = None,
    ) -> None:
        try:
            names = sorted(path for path in folder.iterdir() if path.is_file())
        except OSError as error:
            raise UsageError(
                f"{file_name(folder)}: wanted a folder of scorings: {error.strerror}",
                "Give the folder with --scorings.",
            ) from error
        self._paths = [path for path in names if not path.name.startswith(".")]
        self._used: set[Path] = set()
        self._mapping, self._scorer = mapping, scorer

    def of(self, night: FinishedNight) -> Path | None:
        """The file with the scoring of a night; None where there is none.

        Raises
        ------
        psgpipe.errors.ScoringInvalid
            Several files have the night's name.
        """
        recording = night.manifest.recording.name or ""
        stems = [f"{slug(night.subject)}_{slug(night.night)}", Path(recording).stem]
        for stem in filter(None, stems):
            named = [path for path in self._paths if _has_stem(path, stem)]
            # The recording itself may lie in the folder, beside the scoring.
            named = [path for path in named if path.name != recording] or named
            self._used.update(named)
            if len(named) > 1:
                raise ScoringInvalid(
                    f"{len(named)} files are called like this night: "
                    f"{listed((path.name for path in named), 4)}",
                    "Leave one of them in the folder.",
                )
            if named:
                return named[0]
        return None

    def read(self, path: Path) -> Scoring:
        """The stages of a file; errors are those of `read_scoring`."""
        return read_scoring(path, mapping=self._mapping, scorer=self._scorer)

    def is_recording(self, path: Path, night: FinishedNight) -> bool:
        """Whether a file is the recording itself, which may have stages among its annotations."""
        recording = night.manifest.recording
        return path.name == recording.name and path.stat().st_size == recording.bytes

    @property
    def unused(self) -> list[str]:
        """Names of the files that no night has asked for."""
        return [path.name for path in self._paths if path not in self._used]


def scoring_files(
    folder: Path | None, mapping: Mapping[str, SleepStage] | None, scorer: str | None
) -> ScoringFiles | None:
    """The files of a folder; None without one.

    Raises
    ------
    psgpipe.errors.UsageError
        Something is said about files that are not given.
    """
    if folder is not None:
        return ScoringFiles(folder, mapping, scorer)
    if mapping or scorer:
        raise UsageError(
            "--scoring-map and --scorer are about files, and no folder of them was given",
            "Add --scorings DIR, or leave them out.",
        )
    return None


def _has_stem(path: Path, stem: str) -> bool:
    return one_spelling(path.name).startswith(f"{one_spelling(stem)}.")
