"""Numbers in scorings, with decimal points or decimal commas."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d{1,2})?")
_WHOLE = re.compile(r"([+-]?\d{1,9})([.,]0*)?")
_CLOCK = re.compile(r"(\d{1,2}):([0-5]\d)(?::([0-5]\d(?:[.,]\d+)?))?")
_UNITS = {
    "": 1.0, "s": 1.0, "sec": 1.0, "secs": 1.0, "second": 1.0, "seconds": 1.0, "sek": 1.0,
    "sekunden": 1.0, "secondes": 1.0, "segundos": 1.0, "secondi": 1.0, "seconden": 1.0,
    "ms": 1e-3, "msec": 1e-3, "milliseconds": 1e-3,
    "min": 60.0, "mins": 60.0, "minutes": 60.0, "minuten": 60.0,
    "h": 3600.0, "hours": 3600.0,
}  # fmt: skip
_WITH_UNIT = re.compile(r"(.*?)\s*([a-z]*)", re.IGNORECASE)


def number(text: str) -> float | None:
    """The number that `text` is; None where it is none."""
    plain = text.strip().replace("−", "-")
    return float(plain.replace(",", ".")) if _NUMBER.fullmatch(plain) else None


def whole_number(text: str) -> int | None:
    """The whole number that `text` is, also written ``2.0``; None where it is none."""
    match = _WHOLE.fullmatch(text.strip().replace("−", "-"))
    return int(match[1]) if match else None


def seconds(text: str, unit: str = "") -> float | None:
    """The seconds that `text` is: a number with its unit or that of the column, or h:mm:ss."""
    match = _WITH_UNIT.fullmatch(text.strip())
    if match is None:
        return None
    own_unit = match[2].casefold() or unit.casefold().strip(".")
    value = number(match[1])
    if value is not None and own_unit in _UNITS:
        return value * _UNITS[own_unit]
    clock = _CLOCK.fullmatch(text.strip())
    if clock is None:
        return None
    first, second, third = int(clock[1]), int(clock[2]), clock[3]
    if third is None:
        return float(first * 60 + second)
    return first * 3600 + second * 60 + float(third.replace(",", "."))
