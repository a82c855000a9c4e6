"""Ids that a spreadsheet has written as rounded numbers: ``1.44E+02`` for 144 or ``144E0``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal

from psgpipe.model.ids import whole_number

_SCIENTIFIC = re.compile(r"([0-9])(?:[.,]([0-9]+))?E\+?([0-9]{1,3})", re.IGNORECASE)
_WHOLE = re.compile(r"[0-9]{2,40}")


def rounded_numbers(ids: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each id in scientific notation, with another id that a spreadsheet would write like this."""
    names = dict.fromkeys(ids)
    scientific = {name: match for name in names if (match := _SCIENTIFIC.fullmatch(name))}
    wholes = [(name, whole_number(name)) for name in names if name not in scientific]
    written: dict[int, dict[str, str]] = {}
    for name, (digit, decimals, exponent) in ((n, m.groups("")) for n, m in scientific.items()):
        places = len(decimals)
        if places not in written:
            written[places] = {
                f"{Decimal(whole):.{places}E}": other
                for other, whole in wholes
                if _WHOLE.fullmatch(whole)
            }
        mantissa = f"{digit}.{decimals}" if decimals else digit
        other = written[places].get(f"{mantissa}E+{int(exponent)}")
        if other is not None:
            yield name, other
