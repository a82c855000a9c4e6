"""AGD: the SQLite file of ActiLife. It is opened read-only, and only its numbers are read."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from psgpipe.actigraphy.counts import ActivityCounts, Counts
from psgpipe.actigraphy.formats.header import RAW_SENTENCE
from psgpipe.actigraphy.formats.times import grid
from psgpipe.errors import ActigraphyInvalid

MAGIC = b"SQLite format 3\0"
"""Times are ticks of 100 ns since the first day of year 1."""
MOST_EPOCHS = 20_000_000
_QUERIES = {
    1: "SELECT dataTimestamp, axis1 FROM data ORDER BY dataTimestamp LIMIT ?",
    2: "SELECT dataTimestamp, axis1, axis2 FROM data ORDER BY dataTimestamp LIMIT ?",
    3: "SELECT dataTimestamp, axis1, axis2, axis3 FROM data ORDER BY dataTimestamp LIMIT ?",
}
"""By the number of axes; the columns of inclinometer, steps and light are not read."""
_MOST_STEPS = 2_000
_STEPS = 1_000_000
_REMEDY = "Copy or export the file again, or export the counts as a table."


def read_agd(path: Path, file: str) -> ActivityCounts:
    """The counts of an AGD file, axis 1 for scoring and all axes for wear.

    Raises
    ------
    psgpipe.errors.ActigraphyInvalid
        The file is damaged, or is another database.
    """
    try:
        rows, epoch_s = _read(path, file)
    except (sqlite3.Error, OverflowError) as error:
        raise ActigraphyInvalid(f"{file}: a damaged or other SQLite file", _REMEDY) from error
    times = [_time(ticks, file) for ticks, *_ in rows]
    placed = grid(file, range(1, len(rows) + 1), times)
    if placed.epoch_s != epoch_s:
        raise ActigraphyInvalid(
            f"{file}: the settings say epochs of {epoch_s:g} s, the times have {placed.epoch_s:g} "
            "s",
            _REMEDY,
        )
    axes = np.array([[_count(value, file) for value in values] for _, *values in rows])
    counts, movement = np.full((2, placed.n_epochs), np.nan)
    counts[placed.epochs] = axes[:, 0]
    movement[placed.epochs] = axes.sum(axis=1)
    return ActivityCounts(placed.start, epoch_s, counts, "actigraph", _or_none(movement, axes),
                          format="AGD")  # fmt: skip


def _or_none(movement: Counts, axes: Counts) -> Counts | None:
    return movement if axes.shape[1] > 1 else None


def _read(path: Path, file: str) -> tuple[Sequence[tuple[object, ...]], float]:
    uri = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
    connection = sqlite3.connect(uri, uri=True)
    steps = iter(range(_MOST_STEPS))
    try:
        # A database may hold any program: it gets so many steps, and no more.
        connection.set_progress_handler(lambda: next(steps, None) is None, _STEPS)
        connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.text_factory = bytes
        names = {
            name.decode("utf-8", "replace").lower()
            for name, kind in connection.execute("SELECT name, type FROM sqlite_master")
            if kind == b"table"
        }
        if not {"data", "settings"} <= names:
            raise ActigraphyInvalid(
                f"{file}: wanted the tables data and settings of ActiLife, found another database",
                _REMEDY,
            )
        columns = {
            row[1].decode("utf-8", "replace").lower()
            for row in connection.execute("PRAGMA table_info(data)")
        }
        if not {"datatimestamp", "axis1"} <= columns:
            raise ActigraphyInvalid(f"{file}: the table data has no times or no axis1", _REMEDY)
        n_axes = 1 + ("axis2" in columns) * (1 + ("axis3" in columns))
        epoch_s = _epoch_s(connection, file)
        return connection.execute(_QUERIES[n_axes], (MOST_EPOCHS,)).fetchall(), epoch_s
    finally:
        connection.close()


def _epoch_s(connection: sqlite3.Connection, file: str) -> float:
    row = connection.execute(
        "SELECT settingValue FROM settings WHERE lower(settingName) = 'epochlength' LIMIT 1"
    ).fetchone()
    try:
        value = float(row[0]) if row else -1.0
    except (TypeError, ValueError):
        value = -1.0
    if row and 0 <= value < 1:
        raise ActigraphyInvalid(f"{file}: raw acceleration in an AGD file", RAW_SENTENCE)
    if not 1 <= value <= 3600:
        raise ActigraphyInvalid(f"{file}: the settings do not say how long an epoch is", _REMEDY)
    return value


def _time(ticks: object, file: str) -> dt.datetime:
    try:
        if isinstance(ticks, int):
            return dt.datetime(1, 1, 1) + dt.timedelta(microseconds=ticks // 10)
    except OverflowError:
        pass
    raise ActigraphyInvalid(f"{file}: a time in the table data is none", _REMEDY)


def _count(value: object, file: str) -> float:
    if value is None:
        return float("nan")
    if isinstance(value, int | float) and value >= 0:
        return float(value)
    raise ActigraphyInvalid(f"{file}: a count in the table data is none", _REMEDY)
