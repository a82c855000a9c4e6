"""Text files of other programs: their encodings, and their lines with numbers."""

from __future__ import annotations

import codecs
import gzip
import re
import zlib
from functools import lru_cache
from pathlib import Path

from psgpipe.errors import ScoringInvalid
from psgpipe.files.regular import file_name, read_small_file

MOST_BYTES = 50_000_000
LARGEST_SHARE_OF_NUL = 0.3
_GZIP_MAGIC = b"\x1f\x8b"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its first two bytes are the same
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LINE_END = re.compile(r"\r\n|\r|\n")
_NO_TEXT = re.compile(r"[\0-\x08\x0e-\x19\x1b-\x1f\x7f]")


def read_content(path: Path) -> bytes:
    """The bytes of a scoring, inflated where it is gzipped; never more than 50 MB of them.

    Raises
    ------
    psgpipe.errors.ScoringInvalid
        The file is larger, cannot be read, or its compression is damaged.
    """
    content = read_small_file(path, ScoringInvalid, MOST_BYTES)
    if not content.startswith(_GZIP_MAGIC):
        return content
    try:
        inflated = zlib.decompressobj(wbits=31).decompress(content, MOST_BYTES + 1)
    except (zlib.error, gzip.BadGzipFile) as error:
        raise ScoringInvalid(
            f"{file_name(path)}: its compression is damaged", "Copy the scoring again."
        ) from error
    if len(inflated) > MOST_BYTES:
        raise ScoringInvalid(
            f"{file_name(path)}: too large, wanted at most {MOST_BYTES // 1_000_000} MB",
            "Give the right file; this may be a recording.",
        )
    return inflated


def read_text(path: Path) -> str:
    """The text of a scoring: UTF-8, UTF-16 or UTF-32 with or without a mark, or Windows-1252.

    Raises
    ------
    psgpipe.errors.ScoringInvalid
        The file is no text; the message names the byte.
    """
    content = read_content(path)
    encoding, mark = _encoding(content)
    try:
        text = content[mark:].decode(encoding)
    except UnicodeDecodeError as error:
        raise ScoringInvalid(
            f"{file_name(path)}: not a text in {encoding.upper()} (byte {error.start + mark + 1})",
            "Export the scoring again, as text in UTF-8.",
        ) from error
    strange = _NO_TEXT.search(text)
    if strange:
        line = len(_LINE_END.findall(text, 0, strange.start())) + 1
        raise ScoringInvalid(
            f"{file_name(path)}: line {line} holds a character that no text has",
            "Export the scoring again, as text in UTF-8.",
        )
    return text


@lru_cache(maxsize=4)
def head_text(head: bytes) -> str | None:
    """The text in the first bytes of a file; None where they are no text."""
    encoding, mark = _encoding(head)
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(head[mark:])
    except UnicodeDecodeError:
        return None
    return None if _NO_TEXT.search(text) else text


def lines_of(text: str) -> list[str]:
    """The lines of a text, however they end."""
    return _LINE_END.split(text)


def _encoding(content: bytes) -> tuple[str, int]:
    """The encoding, and the number of bytes of its mark."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return encoding, len(mark)
    sample = content[:4096]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if max(even, odd) > LARGEST_SHARE_OF_NUL * len(sample) / 2 > 0:
        return ("utf-16-le" if odd > even else "utf-16-be"), 0
    try:
        codecs.getincrementaldecoder("utf-8")().decode(content)
    except UnicodeDecodeError:
        return "cp1252", 0
    return "utf-8", 0
