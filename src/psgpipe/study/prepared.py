"""The prepared study: checked rows of the study table, of which each shard reads its own.

A study table is checked as a whole: ids that occur twice, one recording in two nights, one decimal
mark. Once this is done, `ROWS` keeps the rows that are not excluded, in the order of the study,
beside the hash of the table. A shard that finds the table unchanged takes its rows from there. The
rows have no further columns and, in a blinded study, no conditions.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from psgpipe._version import __version__
from psgpipe.files.atomic import output_errors, write_file
from psgpipe.files.composed_name import as_stored
from psgpipe.files.file_state import sha256_of_file
from psgpipe.files.regular import open_file
from psgpipe.model.night import Night
from psgpipe.model.scoring import GivenScoring
from psgpipe.model.study_table_row import StudyTableRow
from psgpipe.results.study_file import lists_nights, read_study_head
from psgpipe.study.shard import Shard
from psgpipe.study.study import Study, StudyPart

ROWS = ".study-rows.jsonl.gz"
_GZIP = 31  # zlib writes and reads gzip files
_PIECE_BYTES = 1 << 18


def write_rows(out: Path, study: Study, folder: Path) -> None:
    """Write the rows of a study that shards read; `folder` is that of its table.

    Nothing is written where the rows are those of the same table already.
    """
    head = _head(study)
    if _head_in(out) != head:
        rows = (_row_dict(row, folder) for row in study.included)
        write_file(out / ROWS, _packed(chain([head], rows)))


def remove_rows(out: Path, study: Study) -> None:
    """Remove the rows of another study: those of an open one have the conditions."""
    if _head_in(out) != _head(study):
        with output_errors(out / ROWS):
            (out / ROWS).unlink(missing_ok=True)


def read_part(table: Path, out: Path, shard: Shard, *, blind: bool) -> Study | None:
    """A shard of a study that was prepared in `out`; None where it must be read from its table."""
    head = _head_in(out)
    if head is None or not table.is_file():
        return None
    table_sha256 = sha256_of_file(table)
    wanted = {"psgpipe": __version__, "study_table_sha256": table_sha256, "blind": blind}
    if not head.items() >= wanted.items() or not _is_listed(out, wanted):
        return None
    try:
        lines = _lines(out / ROWS)
        head = json.loads(next(lines))
        part, n_included = [], 0
        for n_included, line in enumerate(lines, start=1):
            if n_included % shard.of == shard.number % shard.of:
                part.append(_row(json.loads(line), table.parent))
        counts = StudyPart(head["included"], head["excluded"])
    except (OSError, ValueError, TypeError, KeyError, zlib.error):
        return None
    if n_included != counts.included or not head.items() >= wanted.items():
        return None
    sealed: dict[tuple[str, str], Mapping[str, str]] | None = {} if blind else None
    return Study(table.name, tuple(part), table_sha256, sealed=sealed, part=counts)


def _is_listed(out: Path, wanted: Mapping[str, Any]) -> bool:
    """Whether ``study.json`` lists the nights of the same table."""
    study = read_study_head(out) or {}
    stated = {key: study.get(key) for key in wanted} | {"blind": bool(study.get("blind"))}
    return stated == wanted and lists_nights(out)


def _head(study: Study) -> dict[str, Any]:
    return {
        "psgpipe": __version__,
        "study_table_sha256": study.table_sha256,
        "blind": study.sealed is not None,
        "included": len(study.included),
        "excluded": len(study.excluded),
    }


def _head_in(out: Path) -> dict[str, Any] | None:
    try:
        head = json.loads(next(_lines(out / ROWS)))
    except (OSError, ValueError, zlib.error, StopIteration):
        return None
    return head if isinstance(head, dict) else None


def _row_dict(row: StudyTableRow, folder: Path) -> dict[str, Any]:
    parts = [_relative(path, folder) for path in row.night.further_parts]
    # All others are plain values; `dataclasses.asdict` copies each of them, for every row.
    night = {**vars(row.night), "further_parts": parts, "scoring": None, "extra": {}}
    return {
        "night": night,
        "recording": _relative(row.recording, folder),
        "scoring": row.scoring and _relative(row.scoring, folder),
        "given": row.night.scoring and _given_dict(row.night.scoring, folder),
        "row": row.row,
    }


def _given_dict(given: GivenScoring, folder: Path) -> dict[str, Any]:
    path = _relative(given.path, folder)
    return {"path": path, "scorer": given.scorer, "use": given.use, "by": given.by}


def _relative(path: Path, folder: Path) -> str:
    try:
        return os.fspath(path.relative_to(folder))
    except ValueError:
        return os.fspath(path)


def _row(content: Mapping[str, Any], folder: Path) -> StudyTableRow:
    night = content["night"]
    parts = tuple(as_stored(folder / path) for path in night["further_parts"])
    scoring = content["scoring"] and as_stored(folder / content["scoring"])
    given = content["given"]
    if given is not None:
        given = GivenScoring(**{**given, "path": as_stored(folder / given["path"])})
    return StudyTableRow(
        night=Night(**{**night, "further_parts": parts, "scoring": given}),
        recording=as_stored(folder / content["recording"]),
        scoring=scoring,
        row=content["row"],
    )


def _packed(rows: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    compressor = zlib.compressobj(level=3, wbits=_GZIP)
    for row in rows:
        yield compressor.compress(json.dumps(row, ensure_ascii=True).encode("ascii") + b"\n")
    yield compressor.flush()


def _lines(path: Path) -> Iterator[bytes]:
    """The lines of a packed file.

    Raises
    ------
    OSError, zlib.error
        It cannot be read, or is damaged.
    """
    unpacker = zlib.decompressobj(wbits=_GZIP)
    rest = b""
    with open_file(path) as file:
        while piece := file.read(_PIECE_BYTES):
            *lines, rest = (rest + unpacker.decompress(piece)).split(b"\n")
            yield from lines
    if not unpacker.eof or rest:
        raise zlib.error("incomplete")
