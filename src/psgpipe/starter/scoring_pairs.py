"""Scorings of recordings in a folder: by the archive's names, or by the recording's own name."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from psgpipe.errors import PsgpipeError
from psgpipe.files.regular import file_name
from psgpipe.messages import listed
from psgpipe.scorings.read import read_scoring
from psgpipe.starter.profile import Profile
from psgpipe.study.discovery import find_files
from psgpipe.study.file_ids import stem_of

MOST_BYTES = 50_000_000
"""A larger file is no scoring."""
MOST_READ = 10
SUFFIXES = (
    ".xml", ".tsv", ".csv", ".txt", ".annot", ".eannot", ".json", ".edf", ".hyp", ".hypnogram",
)  # fmt: skip
_ENDS = re.compile(
    r"[-_. ](psg|eeg|nsrr|profusion|hypnogram|hypno|hyp|scoring|sleepscoring|stages|staging|stg|"
    r"events|annotations?|annot|base|allscore)$",
    re.IGNORECASE,
)
_PSG = re.compile(r"(.*[A-Z])0-PSG", re.IGNORECASE)
_HYPNOGRAM = re.compile(r"(.*[A-Z])[A-Z]-Hypnogram", re.IGNORECASE)


@dataclass(frozen=True)
class ScoringPair:
    """The scoring of a recording, or why there is none: blank where no file has its name."""

    path: Path | None = None
    why_none: str = ""


class ScoringFiles:
    """The files of a folder that may be scorings, found by the names of recordings.

    An archive has thousands of both, so a recording is not compared with each of them.
    """

    def __init__(self, files: Sequence[Path], recordings: Sequence[Path]) -> None:
        taken = set(recordings)
        paths = [f for f in files if f not in taken and f.name.lower().endswith(SUFFIXES)]
        self._by_key: dict[str, list[Path]] = {}
        for path in paths:
            for key in _keys(path):
                self._by_key.setdefault(key, []).append(path)
        self._recordings: dict[str, list[Path]] = {}
        for recording in recordings:
            self._recordings.setdefault(_keys(recording)[0], []).append(recording)
        self._sorted = sorted((path.name.casefold(), path) for path in paths)
        self._names = [name for name, _ in self._sorted]

    def of(self, recording: Path, profile: Profile | None, ids: Mapping[str, str]) -> ScoringPair:
        """The one file that is named like the recording and holds sleep stages."""
        named = (
            self._of_archive(profile, ids)
            if profile is not None and profile.scoring
            else next((self._by_key[k] for k in _keys(recording) if k in self._by_key), [])
        )
        # Of equal names in several folders, those beside the recording are meant.
        named = [path for path in named if path.parent == recording.parent] or named
        anyones = [path for path in named if self._may_be_of_another(path, recording)]
        if anyones and len(anyones) == len(named):
            why = f"{file_name(anyones[0])} may be of another recording of this name"
            return ScoringPair(None, why)
        named = [path for path in named if path not in anyones]
        problems = {path: _problem(path) for path in named}
        readable = [path for path, problem in problems.items() if problem is None]
        if len(readable) == 1:
            return ScoringPair(readable[0])
        if len(readable) > 1:
            names = [file_name(path) for path in readable]
            return ScoringPair(None, f"{len(names)} scorings have its name: {listed(names, 3)}")
        return ScoringPair(None, next((p for p in problems.values() if p), ""))

    def _may_be_of_another(self, scoring: Path, recording: Path) -> bool:
        """Whether recordings share this name, and the folders say that another one is meant."""
        alike = self._recordings.get(_keys(recording)[0], [])
        folders = {path.parent for path in alike}
        if scoring.parent == recording.parent or len(folders) < 2:
            return False
        common = set.intersection(*({*folder.parts} for folder in folders))
        own = {folder: {*folder.parts} - common for folder in folders}
        fitting = [folder for folder in folders if own[folder] <= {*scoring.parent.parts}]
        closest = max((len(own[folder]) for folder in fitting), default=0)
        meant = [folder for folder in fitting if len(own[folder]) == closest]
        return scoring.parent in folders or meant != [recording.parent]

    def _of_archive(self, profile: Profile, ids: Mapping[str, str]) -> list[Path]:
        for beginning, expression in profile.scorings(ids):
            low = bisect_left(self._names, beginning.casefold())
            found = []
            for name, path in self._sorted[low:]:
                if not name.startswith(beginning.casefold()):
                    break
                if re.fullmatch(expression, path.name, re.IGNORECASE):
                    found.append(path)
            if found:
                return found
        return []


def scoring_beside(folder: Path, recordings: Sequence[Path]) -> Path | None:
    """The scoring of one of the recordings in a folder; None where the first ones have none.

    A file that is named like a recording may be something else, so some are read.
    """
    files = ScoringFiles(find_files(folder), recordings)
    for recording in recordings[:MOST_READ]:
        if path := files.of(recording, None, {}).path:
            return path
    return None


def _keys(path: Path) -> list[str]:
    """What a recording and its scoring have in common, the whole name first.

    In Sleep-EDF, ``SC4001E0-PSG`` was scored as ``SC4001EC-Hypnogram``: the last letter is the
    scorer's.
    """
    stem = stem_of(path.name)
    keys = [_bare(stem)]
    if match := _PSG.fullmatch(stem) or _HYPNOGRAM.fullmatch(stem):
        keys.append(f"{match[1].casefold()}?")
    return keys


def _bare(stem: str) -> str:
    """A stem without the words that say what a file holds."""
    for suffix in SUFFIXES:
        stem = stem.removesuffix(suffix)
    shorter = _ENDS.sub("", stem)
    while shorter != stem:
        stem, shorter = shorter, _ENDS.sub("", shorter)
    return stem.casefold()


def _problem(path: Path) -> str | None:
    """Why a file is no scoring that psgpipe reads; None where it is one."""
    try:
        if path.stat().st_size > MOST_BYTES:
            return f"{file_name(path)} is too large for a scoring"
        read_scoring(path)
    except OSError as error:
        return f"{file_name(path)}: {error.strerror}"
    except PsgpipeError as error:
        return error.problem
    return None
