"""A format of scorings: how its files are recognised, and its reader."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from psgpipe.model.hypnogram import SleepStage
from psgpipe.model.montage import LabelTable
from psgpipe.model.scoring import Scoring


@dataclass(frozen=True)
class ReadOptions:
    """How the stages of a file are understood.

    Attributes
    ----------
    mapping
        The stage of each spelling, given by the user (``--scoring-map``); spellings are folded as
        by :func:`psgpipe.scorings.mapping.spelling_key`. None where none was given.
    label_table
        The laboratory's label table, whose ``[stages]`` and ``[lights]`` go before those of
        psgpipe.
    recognised_by
        Why the file counts as of this format.
    """

    mapping: Mapping[str, SleepStage] | None = None
    label_table: LabelTable | None = None
    recognised_by: str = field(default="")


@dataclass(frozen=True)
class ScoringFormat:
    """One format.

    Attributes
    ----------
    name
        As ``--scoring-format`` and :attr:`psgpipe.model.scoring.Scoring.format` spell it.
    title
        For messages, such as ``EDF+ annotations``.
    recognise
        From the first bytes of a file and its name: why it is of this format, or None.
    read
        From path and options: the scoring. It raises ScoringInvalid with line or byte.
    """

    name: str
    title: str
    recognise: Callable[[bytes, str], str | None]
    read: Callable[[Path, ReadOptions], Scoring]
