"""The scoring that a command or a call gives with a night."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from psgpipe.errors import UsageError
from psgpipe.model.hypnogram import SleepStage
from psgpipe.model.scoring import GivenScoring, ScoringUse


def given_scoring(
    path: str | Path | None,
    *,
    scorer: str | None = None,
    scoring_map: str | None = None,
    use: ScoringUse = "expert",
    by: str | None = None,
) -> GivenScoring | None:
    """The scoring with what was said about it; None where no file was given.

    Raises
    ------
    psgpipe.errors.UsageError
        Something was said about a scoring that was not given, or the mapping is wrong.
    """
    if path is None:
        for option, value in (("--scorer", scorer), ("--scoring-map", scoring_map), ("--by", by)):
            if value is not None:
                raise UsageError(f"{option} without a scoring", "Add --scoring FILE.")
        if use == "correction":
            raise UsageError("--as correction without a scoring", "Add --scoring FILE.")
        return None
    if by is not None and use != "correction":
        raise UsageError(
            "--by names who corrected the stages, and this scoring is no correction",
            "Add --as correction; a scorer in the file is chosen with --scorer.",
        )
    return GivenScoring(Path(path), scorer, _mapping(scoring_map), use, by)


def _mapping(scoring_map: str | None) -> Mapping[str, SleepStage] | None:
    if scoring_map is None:
        return None
    from psgpipe.scorings.mapping import read_mapping

    return read_mapping(scoring_map)
