"""Pixels: the PNG of an SVG document, and small PNG files with a palette."""

from __future__ import annotations

import base64
import struct
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

FONT = Path(__file__).with_name("font") / "DejaVuSans.ttf"
"""The only font of a PNG: the fonts of the computer would change it."""
FONT_FAMILY = "DejaVu Sans"


def png_of(svg: str, width: int) -> bytes:
    """The SVG document drawn `width` pixels wide, on white."""
    import resvg_py

    png = resvg_py.svg_to_bytes(
        svg_string=svg,
        width=width,
        background="#ffffff",
        skip_system_fonts=True,
        font_files=[str(FONT)],
        font_family=FONT_FAMILY,
        sans_serif_family=FONT_FAMILY,
        image_rendering="optimize_speed",
    )
    return bytes(png)


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
