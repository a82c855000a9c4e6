"""The hypnogram in a scoring file, on its own clock."""

from __future__ import annotations

from pathlib import Path

from psgpipe.keywords import called_from_python
from psgpipe.model.hypnogram import Hypnogram
from psgpipe.scorings.align import on_own_clock
from psgpipe.scorings.mapping import read_mapping
from psgpipe.scorings.read import read_scoring as read_times


@called_from_python
def read_scoring(
    path: str | Path,
    *,
    scorer: str | None = None,
    scoring_map: str | None = None,
    scoring_format: str | None = None,
) -> Hypnogram:
    """The stages of a scoring file, in 30-s epochs from its second 0 on.

    Parameters
    ----------
    path
        A file of any format of docs/reference/scorings.md.
    scorer
        The one whose stages are wanted, where the file has several.
    scoring_map
        ``SPELLING=STAGE`` pairs with commas between them, or the path of a TOML file.
    scoring_format
        The name of the format; None recognises it by the file's bytes.

    Returns
    -------
    Hypnogram
        ``start`` and ``start_clock`` are those of the file. Epochs without a stage are UNS.

    Raises
    ------
    psgpipe.errors.ScoringInvalid
        The file is no scoring, is malformed, or has two different stages for one time.
    """
    mapping = read_mapping(scoring_map) if scoring_map else None
    scoring = read_times(path, mapping=mapping, scorer=scorer, scoring_format=scoring_format)
    return on_own_clock(scoring).hypnogram
