"""Derivations as sums of recorded channels.

A channel is a difference of two potentials, so a derivation is a sum of channels in which every
electrode but two cancels out: (C4 - ref) - (M1 - ref) = C4 - M1.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product

from psgpipe.messages import printable
from psgpipe.model.montage import (
    AVERAGE,
    BIPOLAR,
    CHIN,
    COMMON,
    EYES,
    LINKED,
    ChannelSource,
    Derivation,
    Role,
    Term,
)


@dataclass(frozen=True)
class _Way:
    """One way to build a derivation: channels with their weights, and a description."""

    parts: tuple[tuple[ChannelSource, float], ...]
    how: str


def derive(
    wanted: str, role: Role, sources: Sequence[ChannelSource], *, min_fs_hz: float = 0.0
) -> Derivation | None:
    """The derivation `wanted`, built in the simplest way that its channels allow; None if none
    does.

    Wanted is ``C4-M1``; ``C4-M1M2`` for linked mastoids, by wire or as the mean of both; ``C4`` for
    the electrode as recorded; ``chin``, ``horizontal`` for any such pair. Channels sampled at
    `min_fs_hz` or below are not used.
    """
    ways = _ways(wanted, sources)
    way = next((w for w in ways if _objection(w, min_fs_hz) is None), None)
    if way is None:
        return None
    terms = tuple(Term(source.label, weight) for source, weight in way.parts)
    return Derivation(wanted, role, terms, way.how + _twins(way, sources) + _by_table(way))


def why_not(wanted: str, sources: Sequence[ChannelSource], *, min_fs_hz: float = 0.0) -> str | None:
    """Why `wanted` cannot be built although something like it was recorded; None if nothing was."""
    for way in _ways(wanted, sources):
        return _objection(way, min_fs_hz)
    if wanted == "chin":
        return _why_no_chin(sources)
    plus, _, minus = wanted.partition("-")
    recorded = [s for s in sources if s.plus == plus != s.minus]
    if not recorded or not minus:
        return None
    references = " and ".join(dict.fromkeys(_against(s.minus) for s in recorded))
    return f"{plus} was recorded against {references}, and nothing links that to {minus}"


def unusable_channel(
    wanted: str, sources: Sequence[ChannelSource], *, min_fs_hz: float = 0.0
) -> ChannelSource | None:
    """The channel for which :func:`why_not` says that `wanted` cannot be built; None for none."""
    parts = next((way.parts for way in _ways(wanted, sources)), ())
    return next((s for s, _ in parts if _unusable(s, min_fs_hz)), None)


def _why_no_chin(sources: Sequence[ChannelSource]) -> str | None:
    placeless = [printable(s.label) for s in sources if s.plus == "EMG"]
    if placeless:
        return f"{' and '.join(placeless)} do not say which muscle they are from"
    alone = [printable(s.label) for s in sources if s.plus in CHIN]
    if alone:
        return f"{' and '.join(alone)} has no second chin electrode to go with"
    return None


def _against(minus: str | None) -> str:
    if minus == COMMON:
        return "the common reference"
    if minus == AVERAGE:
        return "the average reference"
    return "linked mastoids (M1M2)" if minus == LINKED else str(minus)


def _ways(wanted: str, sources: Sequence[ChannelSource]) -> Iterator[_Way]:
    """Every way to build `wanted`, simplest first."""
    if wanted == "chin":
        return _chin(sources)
    if wanted == "horizontal":
        return _any_pair(wanted, sorted(EYES), sources)
    if wanted in BIPOLAR:
        return _recorded_as(wanted, sources)
    plus, _, minus = wanted.partition("-")
    if minus == LINKED:
        return _linked(plus, sources)
    return _pair(plus, minus or COMMON, sources)


def _chin(sources: Sequence[ChannelSource]) -> Iterator[_Way]:
    yield from _any_pair("chin", ("chin1", "chin2", "chinZ"), sources)
    placeless = list(_recorded_as("EMG", sources))
    if len(placeless) == 1:
        yield _Way(placeless[0].parts, f"{placeless[0].how}, the only EMG without another place")


def _any_pair(
    word: str, electrodes: Sequence[str], sources: Sequence[ChannelSource]
) -> Iterator[_Way]:
    """A channel that is such a pair, in either direction; then such a pair by subtraction."""
    yield from _recorded_as(word, sources)
    for source in sources:
        if source.plus != source.minus and {source.plus, source.minus} <= set(electrodes):
            yield _Way(((source, 1.0),), f"recorded as {printable(source.label)}")
    for plus, minus in combinations(electrodes, 2):
        yield from (w for w in _pair(plus, minus, sources) if len(w.parts) == 2)


def _recorded_as(word: str, sources: Sequence[ChannelSource]) -> Iterator[_Way]:
    for source in sources:
        if source.plus == source.minus == word:
            yield _Way(((source, 1.0),), f"recorded as {printable(source.label)}")


def _linked(plus: str, sources: Sequence[ChannelSource]) -> Iterator[_Way]:
    """Against linked mastoids: as recorded, else the mean of both mastoids' derivations."""
    yield from _pair(plus, LINKED, sources)
    ways = list(product(_pair(plus, "M1", sources), _pair(plus, "M2", sources)))
    # Both sides made in the same manner first, so that both went through the same filters.
    ways.sort(key=lambda w: (len(w[0].parts) != len(w[1].parts), len(w[0].parts)))
    for left, right in ways:
        shares: dict[ChannelSource, float] = {}
        for source, weight in (*left.parts, *right.parts):
            shares[source] = shares.get(source, 0.0) + weight / 2
        yield _Way(
            tuple((s, w) for s, w in shares.items() if w), f"mean of ({left.how}) and ({right.how})"
        )


def _pair(plus: str, minus: str, sources: Sequence[ChannelSource]) -> Iterator[_Way]:
    """Electrode `plus` against `minus`: recorded, reversed, or through a third electrode."""
    edges = [(s, s.plus, s.minus, 1.0) for s in sources if s.plus and s.minus and s.plus != s.minus]
    edges += [(s, m, p, -1.0) for s, p, m, _ in edges]
    for source, start, end, sign in edges:
        if (start, end) == (plus, minus):
            turned = "" if sign > 0 else ", turned round"
            yield _Way(((source, sign),), f"recorded as {printable(source.label)}{turned}")
    by_way = [
        (first, second)
        for first in edges
        for second in edges
        if first[1] == plus
        and second[2] == minus
        and first[2] == second[1]
        and first[2] not in (plus, minus)
        and first[0] is not second[0]
    ]
    # (C4-ref) - (M1-ref) before (C4-Cz) + (Cz-M1): what recorders were made for comes first.
    for first, second in sorted(by_way, key=lambda w: (w[0][2] != COMMON, -w[0][3], w[1][3])):
        parts = ((first[0], first[3]), (second[0], second[3]))
        yield _Way(parts, _subtraction(parts, str(first[2])))


def _subtraction(parts: tuple[tuple[ChannelSource, float], ...], via: str) -> str:
    (first, sign), (second, other) = parts
    turned = "minus " if sign < 0 else ""
    word = "minus" if other < 0 else "plus"
    return (
        f"{turned}{printable(first.label)} {word} {printable(second.label)}, "
        f"both against {_against(via)}"
    )


def _twins(way: _Way, sources: Sequence[ChannelSource]) -> str:
    """A remark where several channels have the same electrodes."""
    used = way.parts[0][0]
    alike = [s for s in sources if (s.plus, s.minus) == (used.plus, used.minus) and not s.refused]
    several = len(way.parts) == 1 and len(alike) > 1
    return f", the first of {len(alike)} such channels" if several else ""


def _by_table(way: _Way) -> str:
    """The label tables, other than the generic one, that named the channels."""
    tables = dict.fromkeys(s.table for s, _ in way.parts if s.table != "generic")
    return f" (label table {', '.join(map(printable, tables))})" if tables else ""


def _objection(way: _Way, min_fs_hz: float) -> str | None:
    """Why this way cannot be used, or None."""
    for source, _ in way.parts:
        if reason := _unusable(source, min_fs_hz):
            return f"{printable(source.label)} {reason}"
    rates = dict.fromkeys(source.fs_hz for source, _ in way.parts)
    if len(rates) > 1:
        labels = " and ".join(printable(source.label) for source, _ in way.parts)
        return f"{labels} have different rates ({', '.join(f'{r:g}' for r in rates if r)} Hz)"
    return None


def _unusable(source: ChannelSource, min_fs_hz: float) -> str | None:
    """Why a channel cannot be used, or None."""
    if source.refused:
        return f"cannot be used: {source.refused}"
    if source.fs_hz is None or not math.isfinite(source.fs_hz):
        return "has no sampling rate"
    if source.fs_hz <= min_fs_hz:
        return f"has {source.fs_hz:g} Hz, more than {min_fs_hz:g} Hz is needed"
    return None
