"""Recognition of EDF, BDF and other formats by the first bytes of a file."""

from __future__ import annotations

import re

from psgpipe.edf.source import Source
from psgpipe.errors import HeaderInvalid

FIXED_BYTES = 256
_EDF_VERSION = re.compile(rb"0 *\0*")
_BDF_VERSIONS = (b"\xffBIOSEMI", b"\xffbiosemi")
_NO_VERSION = "not an EDF or BDF file: the version field is neither EDF's nor BDF's"
COPY_AGAIN = "Export or copy the recording again; if it opens elsewhere, repair its header there."
# First bytes of other formats that were found in files named .edf.
_OTHER_FORMATS = (
    (b"PK\x03\x04", "a zip archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"BZh", "a bzip2 archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x1f\x8b", "gzip inside gzip"),
    (b"\x1f\x9d", "a compress (.Z) archive"),
    (b"\x89HDF", "an HDF5 file"),
    (b"MATLAB", "a MATLAB file"),
    (b"GDF", "a GDF file"),
    (b"%PDF", "a PDF document"),
    (b"\xef\xbb\xbf", "text with a byte order mark"),
    (b"\xff\xfe", "UTF-16 text"),
    (b"\xfe\xff", "UTF-16 text"),
    (b"<", "a web page or XML"),
    (b"{", "JSON"),
)


def identify(fixed: bytes, source: Source) -> bool | None:
    """Whether the bytes are BDF (True) or EDF (False); None where the version does not say.

    Other formats are refused by name.
    """
    if not fixed:
        raise invalid_header(source, "the file is empty")
    if not fixed.strip(b"\0"):
        raise invalid_header(source, "the header is empty: nothing but NUL bytes, never written")
    version = fixed[:8]
    is_known = version in _BDF_VERSIONS or _EDF_VERSION.fullmatch(version)
    if not is_known and _is_study_table(fixed):
        raise HeaderInvalid(
            f"{source.name}: not an EDF or BDF file: this is a table",
            "Use psgpipe batch for a study table.",
        )
    what = next((w for magic, w in _OTHER_FORMATS if fixed.startswith(magic)), None)
    if what and not is_known:
        raise invalid_header(source, f"not an EDF or BDF file: this is {what}")
    if len(fixed) < FIXED_BYTES:
        if not is_known:
            raise unknown_format(source, fixed)
        raise invalid_header(
            source, f"the header is incomplete ({len(fixed)} of {FIXED_BYTES} bytes)"
        )
    return version[0] == 0xFF if is_known else None


def unknown_format(source: Source, fixed: bytes) -> HeaderInvalid:
    """The error for a file that is no EDF; text is told from a damaged header by its lines."""
    text = fixed.decode("utf-8-sig", "replace").rstrip("\ufffd")  # the last letter may be cut
    is_printable = all(character.isprintable() or character in "\t\r\n" for character in text)
    has_lines = len(fixed) < FIXED_BYTES or any(c in text[8:] for c in "\r\n")
    is_text = is_printable and has_lines
    return invalid_header(
        source, "not an EDF or BDF file: this is text" if is_text else _NO_VERSION
    )


def _is_study_table(fixed: bytes) -> bool:
    text = fixed.decode("utf-8-sig", "replace")
    heads = {head.strip(' "\r').casefold() for head in re.split("[\t,;]", text.split("\n")[0])}
    return {"subject", "night"} <= heads


def invalid_header(source: Source, what: str) -> HeaderInvalid:
    """The error for a file whose header cannot be used."""
    return HeaderInvalid(f"{source.name}: {what}", COPY_AGAIN)
