"""Scorings of recordings in a folder: by the archive's names, or by the recording's own name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from psgpipe.errors import PsgpipeError
from psgpipe.files.regular import file_name
from psgpipe.messages import listed
from psgpipe.scorings.read import read_scoring
from psgpipe.starter.profile import Profile
from psgpipe.study.file_ids import stem_of

MOST_BYTES = 50_000_000
"""A larger file is no scoring."""
SUFFIXES = (
    ".xml", ".tsv", ".csv", ".txt", ".annot", ".eannot", ".json", ".edf", ".hyp", ".hypnogram",
)  # fmt: skip
_ENDS = re.compile(
    r"[-_. ](psg|eeg|nsrr|profusion|hypnogram|hypno|hyp|scoring|sleepscoring|stages|staging|stg|"
    r"events|annotations?|annot|base|allscore)$",
    re.IGNORECASE,
)
_PSG, _HYPNOGRAM = re.compile(r"-PSG$", re.IGNORECASE), re.compile(r"-Hypnogram$", re.IGNORECASE)


@dataclass(frozen=True)
class ScoringPair:
    """The scoring of a recording, or why there is none: blank where no file has its name."""

    path: Path | None = None
    why_none: str = ""


def scoring_candidates(files: Sequence[Path], recordings: Sequence[Path]) -> list[Path]:
    """The files that may be scorings, by the end of their names."""
    taken = set(recordings)
    return [f for f in files if f not in taken and f.name.lower().endswith(SUFFIXES)]


def scoring_of(
    recording: Path, candidates: Sequence[Path], profile: Profile | None, ids: Mapping[str, str]
) -> ScoringPair:
    """The one file that is named like the recording and holds sleep stages."""
    if profile is not None and profile.scoring:
        names = profile.scorings(ids, [path.name for path in candidates])
        named = [path for path in candidates if path.name in names]
    else:
        named = [path for path in candidates if is_named_like(path, recording)]
    # Of equal names in several folders, those beside the recording are meant.
    beside = [path for path in named if path.parent == recording.parent]
    named = beside or named
    readable, reasons = [], []
    for path in named:
        problem = _problem(path)
        if problem is None:
            readable.append(path)
        else:
            reasons.append(problem)
    if len(readable) == 1:
        return ScoringPair(readable[0])
    if len(readable) > 1:
        names = [file_name(path) for path in readable]
        return ScoringPair(None, f"{len(names)} scorings have its name: {listed(names, 3)}")
    return ScoringPair(None, reasons[0] if reasons else "")


def is_named_like(scoring: Path, recording: Path) -> bool:
    """Whether a scoring has the name of a recording: ``a-PSG.edf``, ``a-Hypnogram.edf``.

    In Sleep-EDF, the last letter before ``-Hypnogram`` is the scorer's.
    """
    own, other = stem_of(recording.name), stem_of(scoring.name)
    if _PSG.search(own) and _HYPNOGRAM.search(other):
        return _PSG.sub("", own)[:-1].casefold() == _HYPNOGRAM.sub("", other)[:-1].casefold()
    return _bare(own) == _bare(other)


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
