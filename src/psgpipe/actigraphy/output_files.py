"""The files of scored counts: a row for each epoch, and what is known of the whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from psgpipe._version import __version__
from psgpipe.actigraphy.measures import ActigraphyNight, measure_night
from psgpipe.actigraphy.score import ActigraphyScore
from psgpipe.actigraphy.windows import NO_WINDOW, windows_from_markers
from psgpipe.files.atomic import json_bytes, write_file
from psgpipe.files.temporary_files import remove_abandoned_files
from psgpipe.tables.written_table import table_line

COLUMNS = ("time", "counts", "sleep", "wear")


def write_actigraphy(score: ActigraphyScore, file: str, folder: Path) -> dict[str, Any]:
    """Write ``actigraphy.tsv`` and ``actigraphy.json``; returns the content of the latter.

    Raises
    ------
    psgpipe.errors.OutputConflict
        The folder cannot be written.
    psgpipe.errors.TryAgain
        The disk is full.
    """
    summary = actigraphy_dict(score, file)
    remove_abandoned_files(folder)
    write_file(folder / "actigraphy.tsv", _lines(score))
    write_file(folder / "actigraphy.json", json_bytes(summary))
    return summary


def actigraphy_dict(score: ActigraphyScore, file: str) -> dict[str, Any]:
    """The content of ``actigraphy.json``."""
    counts = score.counts
    nights = [measure_night(score, window) for window in windows_from_markers(counts.markers)]
    return {
        "psgpipe": __version__,
        "file": file,
        "format": counts.format,
        "maker": counts.maker,
        "start": counts.start.isoformat(),
        "epoch_s": counts.epoch_s,
        "algorithm": score.algorithm,
        "nonwear_min": score.nonwear_min,
        "n_epochs": len(counts),
        "n_not_recorded": int((~counts.recorded).sum()),
        "n_not_worn": int((counts.recorded & ~score.wear).sum()),
        "n_sleep": int(score.sleep.sum()),
        "n_markers": len(counts.markers),
        "nights": [night_dict(night) for night in nights],
        "no_nights": None if nights else NO_WINDOW,
        "notes": list(score.notes),
    }


def night_dict(night: ActigraphyNight) -> dict[str, Any]:
    """A night's window and measures."""
    return {
        "begin": night.window.begin.isoformat(),
        "end": night.window.end.isoformat(),
        "window": night.window.source,
        **{f"actigraphy_{name}": value for name, value in night.values.items()},
        "absent": {f"actigraphy_{name}": why for name, why in night.absent.items()},
    }


def _lines(score: ActigraphyScore) -> Iterator[bytes]:
    yield table_line(COLUMNS)
    counts = score.counts
    rows = zip(counts.times, counts.counts, score.sleep, score.wear, counts.recorded, strict=True)
    for time, count, sleep, wear, recorded in rows:
        cells = (
            time.isoformat(),
            f"{count:g}" if count != int(count) else str(int(count)),
            str(bool(sleep)).lower(),
            str(bool(wear)).lower(),
        ) if recorded else (time.isoformat(), "", "false", "false")  # fmt: skip
        yield table_line(cells)
