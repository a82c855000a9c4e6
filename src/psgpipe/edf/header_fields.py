"""Number fields of an EDF header: ASCII text that is parsed, or refused with the reason."""

from __future__ import annotations

import re
from decimal import Decimal

from psgpipe.edf.findings import Findings

# Python's own float() and int() also take "1_000", "nan" and digits of other scripts.
_NUMBER = re.compile(rb"[+-]?(?:[0-9]+[.,]?[0-9]*|[.,][0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_NOT_FINITE = re.compile(rb"[+-]?(?:nan|inf|infinity|1\.#.*)", re.IGNORECASE)
_NUMBER_LIKE = re.compile(rb"[0-9+\-.,eE ]*")
_THOUSANDS = re.compile(rb"[+-]?[0-9]{1,3},[0-9]{3}")
_LARGEST_EXPONENT = 300
_LARGEST_INTEGER = 10**9


class FieldError(ValueError):
    """A header field holds no usable number; the text says why and is safe to print."""


def shown(raw: bytes) -> str:
    """The field for a message, unless it holds other characters than those of numbers.

    In a header that lost or gained a byte, a numeric field may hold a part of a name.
    """
    text = raw.strip(b" \0")
    return text.decode("ascii") if _NUMBER_LIKE.fullmatch(text) else "not a number"


def read_decimal(raw: bytes, field: str, findings: Findings, channel: str | None = None) -> Decimal:
    """The field as an exact number.

    Padding with NUL and a decimal comma are read, with a finding.

    Raises
    ------
    FieldError
        Blank, not a number, or not finite.
    """
    text = raw.strip(b" \0")
    if b"\0" in raw:
        findings.add("field-padding", "numeric header fields are padded with NUL instead of blanks")
    if not text:
        raise FieldError(f"{field} is blank")
    if _NOT_FINITE.fullmatch(text):
        raise FieldError(f"{field} is not finite")
    if not _NUMBER.fullmatch(text):
        raise FieldError(f"{field} is not a number")
    if b"," in text:
        message = f"{field} is written with a decimal comma ({shown(text)}); read as a point"
        findings.add("decimal-comma", message, channel)
    value = Decimal(text.replace(b",", b".").decode("ascii"))
    if value and abs(value.adjusted()) > _LARGEST_EXPONENT:
        raise FieldError(f"{field} is out of range ({shown(text)})")
    return value


def read_integer(raw: bytes, field: str, findings: Findings, channel: str | None = None) -> int:
    """The field as a whole number; ``300.0`` is read with a finding, ``1,024`` is refused.

    Raises
    ------
    FieldError
        Blank, not a number, not whole, or ambiguous.
    """
    text = raw.strip(b" \0")
    if _THOUSANDS.fullmatch(text):
        # A thousands separator or a decimal comma: 32,767 is whole to one reader only.
        raise FieldError(f"{field} is ambiguous ({shown(text)})")
    value = read_decimal(raw, field, findings, channel)
    if value != value.to_integral_value():
        raise FieldError(f"{field} is not a whole number ({shown(text)})")
    if abs(value) > _LARGEST_INTEGER:
        raise FieldError(f"{field} is out of range ({shown(text)})")
    if not text.lstrip(b"+-").isdigit():
        message = f"{field} is not written as a whole number ({shown(text)}); read as {int(value)}"
        findings.add("number-format", message, channel)
    return int(value)
