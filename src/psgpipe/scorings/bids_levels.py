"""The meaning of codes by a BIDS file that describes columns: its ``Levels``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from psgpipe.errors import UsageError
from psgpipe.files.regular import file_name, read_small_file
from psgpipe.scorings.stage_words import stage_word

MOST_BYTES = 1_000_000


def codes_of_stages(path: Path) -> Iterator[tuple[str, str]]:
    """Each code whose level is a word for a stage, with the stage.

    Raises
    ------
    psgpipe.errors.UsageError
        The file is no JSON, or cannot be read.
    """
    try:
        columns = json.loads(read_small_file(path, UsageError, MOST_BYTES))
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"{file_name(path)}: not valid JSON", "Give the JSON file that describes the events."
        ) from error
    for code, word in _levels(columns):
        stage = stage_word(word)
        if stage is not None:
            yield code, str(stage.stage)


def _levels(columns: Any) -> Iterator[tuple[str, str]]:
    """The codes of every column with their descriptions."""
    for column in columns.values() if isinstance(columns, Mapping) else ():
        levels = column.get("Levels") if isinstance(column, Mapping) else None
        for code, about in levels.items() if isinstance(levels, Mapping) else ():
            word = about.get("Description") if isinstance(about, Mapping) else about
            if isinstance(word, str):
                yield code, word
