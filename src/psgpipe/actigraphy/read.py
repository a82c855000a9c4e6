"""Reads activity counts from a file of any known format."""

from __future__ import annotations

import os
from pathlib import Path

from psgpipe.actigraphy.counts import ActivityCounts
from psgpipe.actigraphy.formats.actilife_csv import is_actilife_csv, read_actilife_csv
from psgpipe.actigraphy.formats.agd import MAGIC, read_agd
from psgpipe.actigraphy.formats.awd import is_awd, read_awd
from psgpipe.actigraphy.formats.header import RAW_SENTENCE, refuse_without_counts
from psgpipe.actigraphy.formats.mtn import is_mtn, read_mtn
from psgpipe.actigraphy.formats.table import read_epoch_table
from psgpipe.errors import ActigraphyInvalid
from psgpipe.files.regular import file_name, read_small_file
from psgpipe.scorings.sources.text_source import head_text, lines_of

MOST_BYTES = 300_000_000
RAW_ENDINGS = {".gt3x", ".cwa", ".bin", ".wav", ".h5", ".hdf5"}
CWA_MAGIC, ZIP_MAGIC, GZIP_MAGIC = b"MD\xfc\x03", b"PK\x03\x04", b"\x1f\x8b"
ENDINGS = {".csv", ".tsv", ".txt", ".dat", ".awd", ".awc", ".agd", ".mtn", *RAW_ENDINGS}
"""Endings of files that hold actigraphy, raw or not."""


def read_actigraphy(path: str | os.PathLike[str]) -> ActivityCounts:
    """The counts of a file: a table of epochs, an Actiware export, an AWD, AGD or MTN file.

    Parameters
    ----------
    path
        The file; its content decides, not its name.

    Raises
    ------
    psgpipe.errors.ActigraphyInvalid
        The file cannot be read, has raw acceleration, or has no counts with dates.
    """
    path = Path(path)
    file = file_name(path)
    content = read_small_file(path, ActigraphyInvalid, MOST_BYTES)
    if content.startswith(MAGIC):
        return _with_epochs(read_agd(path, file), file)
    if path.suffix.casefold() in RAW_ENDINGS or content.startswith(CWA_MAGIC):
        raise ActigraphyInvalid(f"{file}: raw acceleration", RAW_SENTENCE)
    if content.startswith((ZIP_MAGIC, GZIP_MAGIC)):
        raise _packed(content, file)
    text = head_text(content.rstrip(b"\x1a\0")) if content else None
    if text is None:
        raise ActigraphyInvalid(
            f"{file}: no text and no AGD file",
            "Give a table of epochs, an Actiware export, an AWD, AGD or MTN file.",
        )
    if is_mtn(text):
        return _with_epochs(read_mtn(path, file), file)
    return _with_epochs(_from_text(text, file), file)


def _packed(content: bytes, file: str) -> ActigraphyInvalid:
    """Why a ZIP or gzip file is not read."""
    if b"xl/workbook.xml" in content:
        return ActigraphyInvalid(f"{file}: a workbook", "Save its sheet as CSV.")
    if b"log.bin" in content:
        return ActigraphyInvalid(f"{file}: raw acceleration (GT3X)", RAW_SENTENCE)
    return ActigraphyInvalid(f"{file}: a packed file", "Unpack it, and give the file in it.")


def _from_text(text: str, file: str) -> ActivityCounts:
    lines = lines_of(text.replace("\r\r\n", "\n"))
    if is_awd(lines):
        return read_awd(lines, file)
    table = read_epoch_table(lines, file)
    if table is not None:
        return table
    if is_actilife_csv(lines):
        return read_actilife_csv(lines, file)
    refuse_without_counts(lines, file)
    raise ActigraphyInvalid(
        f"{file}: no line names a time and a count, and it is no AWD file",
        "Give a table whose first line names its columns time (or date and time) and counts, an "
        "Actiware export, an AWD, AGD or MTN file.",
    )


def _with_epochs(counts: ActivityCounts, file: str) -> ActivityCounts:
    if not counts.recorded.any():
        raise ActigraphyInvalid(f"{file}: no epoch has a count", "Export the counts again.")
    return counts
