"""Pixels: the PNG of an SVG document, and small PNG files with a palette."""

from __future__ import annotations

import base64
import re
import struct
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

FONT = Path(__file__).with_name("font") / "DejaVuSans.ttf"
"""The font of a PNG: the fonts of the computer would change it."""
FONT_FAMILY = "DejaVu Sans"
_NOT_IN_FONT = re.compile(
    # All blocks of the font: Latin, Greek, Cyrillic, punctuation, signs. It lacks the marks of an
    # isolated text from right to left, but they have no shape.
    "[^\0-\u024f\u0300-\u034f\u0370-\u0377\u037a-\u037e\u0384-\u038a\u038c\u038e-\u03a1\u03a3-\u0525"
    "\u1e00-\u1efb\u2010-\u2027\u2030-\u205e\u2070\u2071\u2074-\u208e\u2090-\u209c\u20a0-\u20b5"
    "\u2190-\u219f\u2200-\u226f\u25a0-\u25ff\u2068\u2069]"
)


def png_of(svg: str, width: int) -> bytes:
    """The SVG document drawn `width` pixels wide, on white.

    Letters that the font lacks, such as Hebrew or Chinese, are drawn with the fonts of the
    computer; without such a font they are boxes. All other documents give the same bytes on every
    computer.
    """
    import resvg_py

    png = resvg_py.svg_to_bytes(
        svg_string=svg,
        width=width,
        background="#ffffff",
        skip_system_fonts=not has_other_letters(svg),
        font_files=[str(FONT)],
        font_family=FONT_FAMILY,
        sans_serif_family=FONT_FAMILY,
        image_rendering="optimize_speed",
    )
    return bytes(png)


def has_other_letters(text: str) -> bool:
    """Whether `text` has a character that the font of PNGs lacks."""
    return not text.isascii() and _NOT_IN_FONT.search(text) is not None


def palette_png(indices: npt.NDArray[np.uint8], palette: npt.NDArray[np.uint8]) -> bytes:
    """A PNG of 8-bit palette indices, shape (height, width).

    `palette` is uint8, shape (n_colours, 3).
    """
    height, width = indices.shape
    rows = np.zeros((height, width + 1), np.uint8)  # each row begins with the filter type 0
    rows[:, 1:] = indices
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        (b"PLTE", palette.astype(np.uint8).tobytes()),
        (b"IDAT", zlib.compress(rows.tobytes(), 6)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + check


def data_uri(png: bytes) -> str:
    """A PNG as the address of an image inside a document."""
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")
