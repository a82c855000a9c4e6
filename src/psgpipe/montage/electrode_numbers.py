"""Electrode numbers of other systems than 10-20, known by the set of labels in a file.

BioSemi numbers its electrodes A1 to D32 (A1 is at the vertex, C3 on the forehead), EGI E1 to E256
(E1 and E2 are no eyes), and the contacts of depth electrodes are A1 to A12, B1 to B12 and so on.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from psgpipe.model.header import Channel
from psgpipe.model.montage import ELECTRODES, SCALP, LabelTable
from psgpipe.montage.label_table import fold

# The highest number with each letter in 10-20 and in polysomnography. E3 and E4 are further eye
# electrodes, G2 is a reference. Other letters tell nothing: X1 to X8 are auxiliary inputs.
HIGHEST = {
    "a": 2, "b": 0, "c": 6, "d": 0, "e": 4, "f": 10, "g": 2, "h": 0, "m": 2, "o": 2, "p": 10,
    "t": 10,
}  # fmt: skip
NEEDED_BESIDE_SCALP = 3
FEW_SCALP = 2
FIRST_UNUSED_C = 25
"""Some recorders call unused inputs C25 to C128, beside C3 and C4 of 10-20."""
LEAST_RUN = 4

_PREFIX = re.compile(r"^(?:pol|eeg)-?(?=.)")
_NAMES = "|".join(sorted(map(fold, ELECTRODES), key=len, reverse=True))
# A number alone, or with another electrode after it: A3, A3-A4, A3A4, A3ref, A3 (CPz)
_NUMBERED = re.compile(
    rf"([a-z])0*([1-9][0-9]{{0,2}})(?=-|$|(?:{_NAMES}|[a-z][0-9]{{1,3}})(?:-|$))"
)

_SCALP = frozenset(name for name in map(fold, SCALP) if not re.match("[a-h][0-9]", name))


class ElectrodeNumbers(NamedTuple):
    """The letters whose numbers are not names of 10-20 in a file.

    Attributes
    ----------
    shown
        ``A1 to D32``.
    """

    letters: frozenset[str]
    shown: str

    @property
    def reason(self) -> str:
        """Why psgpipe uses none of them, one phrase."""
        return f"{self.shown} are electrode numbers of another system, not names of 10-20"

    def covers(self, spelling: str) -> bool:
        """Whether a folded label, or one side of it, is such a number."""
        return any(
            (match := _NUMBERED.match(side)) and match[1] in self.letters
            for side in _PREFIX.sub("", spelling).split("-")
        )

    def without(self, table: LabelTable) -> LabelTable:
        """`table` without the spellings that are such numbers."""
        return replace(
            table,
            electrodes={s: name for s, name in table.electrodes.items() if not self.covers(s)},
            derivations={s: pair for s, pair in table.derivations.items() if not self.covers(s)},
        )


def electrode_numbers(channels: Sequence[Channel]) -> ElectrodeNumbers | None:
    """The numbering that a file's labels show, or None where they are names of 10-20.

    Numbers that no name of 10-20 has tell it: A3, B1, C7, D5, E9. In a file without other names of
    the scalp (Fz, O1), one of them counts for every letter. In a file with such names it counts for
    its own letter; three count for every letter with a row of numbers, because depth electrodes are
    recorded beside a scalp montage.
    """
    potentials = (c for c in channels if c.uv_per_unit is not None or not c.unit)
    labels = {_PREFIX.sub("", fold(channel.label)) for channel in potentials}
    series: dict[str, set[int]] = defaultdict(set)
    for match in filter(None, map(_NUMBERED.match, labels)):
        series[match[1]].add(int(match[2]))
    scalp = _SCALP & {label.partition("-")[0] for label in labels}
    letters = _other_letters(series, has_scalp=len(scalp) >= FEW_SCALP)
    if not letters:
        return None
    numbers = sorted((x, n) for x in letters for n in series.get(x, ()))
    first, last = (f"{x.upper()}{n}" for x, n in (numbers[0], numbers[-1]))
    return ElectrodeNumbers(letters, f"{first} to {last}")


def _other_letters(series: Mapping[str, set[int]], *, has_scalp: bool) -> frozenset[str]:
    """The letters whose numbers are not of 10-20, by the numbers that stand with each letter."""
    telling = {x: {n for n in series[x] if n > most} for x, most in HIGHEST.items() if x in series}
    if has_scalp and "c" in telling and min(telling["c"], default=0) >= FIRST_UNUSED_C:
        telling["c"] = set()
    eyes = telling.pop("e", set())
    net = {"e"} if len(eyes) > 1 or max(eyes, default=0) > 8 else set()
    told = {x for x, numbers in telling.items() if numbers}
    if told and not has_scalp:
        return frozenset(net | told | (series.keys() - {"m"}))
    if sum(map(len, telling.values())) >= NEEDED_BESIDE_SCALP:
        told |= {x for x in series if series[x].issuperset(range(1, LEAST_RUN + 1))}
    return frozenset(net | told)
