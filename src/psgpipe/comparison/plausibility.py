"""Whether the numbers of a table of nights can be true together, before anything rests on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from psgpipe.comparison.nights_table import NightsTable
from psgpipe.model.comparison import MeasuredNight
from psgpipe.model.summary import ENDPOINTS
from psgpipe.tables.delimited import Mistakes

Values = Mapping[str, float | None]

STAGES = ("n1", "n2", "n3", "rem", "nrem")
# Parts and what they add up to: another endpoint, or 100.
_SUMS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("n1_pct", "n2_pct", "n3_pct", "rem_pct"), "100"),
    (("nrem_pct", "rem_pct"), "100"),
    (("n1_pct", "n2_pct", "n3_pct"), "nrem_pct"),
    (("n1_min", "n2_min", "n3_min", "rem_min"), "tst_min"),
    (("nrem_min", "rem_min"), "tst_min"),
    (("n1_min", "n2_min", "n3_min"), "nrem_min"),
    (("tst_min", "wake_min", "unscored_min"), "tib_min"),
    (("rem_third1_min", "rem_third2_min", "rem_third3_min"), "rem_min"),
)
# A percentage, and the minutes that it is made from.
_SHARES = {
    "se_pct": ("tst_min", "tib_min"),
    "sme_pct": ("tst_min", "spt_min"),
    **{f"{stage}_pct": (f"{stage}_min", "tst_min") for stage in STAGES},
}
_NEVER_LONGER = (
    *((f"{stage}_min", "tst_min") for stage in STAGES),
    ("tst_min", "spt_min"),
    *((part, "tib_min") for part in ("tst_min", "sol_min", "lps_min", "waso_min", "waso_spt_min",
                                     "wake_min", "unscored_min", "rem_latency_min",
                                     "rem_latency_from_lights_off_min")),
)  # fmt: skip
# Below 1 % of these there is hardly a night; of N1, N3 and REM some patients have as little.
_NEVER_FRACTIONS = ("se_pct", "sme_pct", "nrem_pct", "n2_pct")
_HARDLY_FRACTIONS = (*_NEVER_FRACTIONS, "rem_pct")
_WHOLE_NIGHT = ("tib_min", "spt_min", "tst_min")
_SHORTEST_NIGHT_MIN = 24.0
_ROUNDING = 0.5
# Times the rounding: what is smaller, rounding can make into anything.
_TOLD_FROM = 10
_MOST_ROWS_NAMED = 5
# So many numbers do not come out the same on two nights by chance.
_TOLD_APART_BY = 5


@dataclass(frozen=True)
class _Relation:
    """What endpoints of one night have to do with each other.

    Attributes
    ----------
    columns
        That take part.
    wanted
        In words.
    found
        What stands there and what should, or None where a night lacks any of them.
    slack
        How far apart they may be because each was rounded.
    """

    columns: tuple[str, ...]
    wanted: str
    found: Callable[[Values], tuple[float, float] | None]
    slack: Callable[[Values], float]

    def holds(self, night: MeasuredNight) -> bool | None:
        """Whether it holds on the night, but for rounding; None where the night lacks any."""
        pair = self.found(night.values)
        return None if pair is None else abs(pair[0] - pair[1]) <= self.slack(night.values) + 1e-9

    def broken(self, night: MeasuredNight) -> bool | None:
        """Whether the night contradicts it; None where that cannot be told."""
        pair = self.found(night.values)
        if pair is None or max(pair) < _TOLD_FROM * self.slack(night.values):
            return None
        return not self.holds(night)


def check_arithmetic(table: NightsTable) -> tuple[str, ...]:
    """Refuse numbers that cannot be true together; warnings for those that are only strange.

    A part is never longer than its whole. A sum or a share that fails is a slip, or was defined
    otherwise: with movement time apart, for instance, or in percent of the time in bed.

    Raises
    ------
    psgpipe.errors.StudyTableInvalid
        Every contradiction, with row and columns.
    """
    mistakes = Mistakes(table.file)
    nights = [n for n in table.nights if n.state == "finished"]
    _note_fractions(table, nights, mistakes)
    _note_longer_parts(nights, mistakes)
    mistakes.refuse()
    contradictions = [w for r in _relations() if (w := _contradicted(r, nights))]
    return (*contradictions, *_strange_units(nights), *_twins(nights))


def _relations() -> Iterator[_Relation]:
    for parts, whole in _SUMS:
        yield _sum(parts, whole)
    for share, (part, whole) in _SHARES.items():
        yield _share(share, part, whole)


def _sum(parts: tuple[str, ...], whole: str) -> _Relation:
    def found(values: Values) -> tuple[float, float] | None:
        known = [v for part in parts if (v := values.get(part)) is not None]
        total = 100.0 if whole == "100" else values.get(whole)
        return None if len(known) < len(parts) or total is None else (sum(known), total)

    columns = (*parts, *([] if whole == "100" else [whole]))
    slack = _ROUNDING * (len(parts) + 1)
    return _Relation(columns, f"{' + '.join(parts)} = {whole}", found, lambda _: slack)


def _share(share: str, part: str, whole: str) -> _Relation:
    def found(values: Values) -> tuple[float, float] | None:
        stated, minutes, of = (values.get(column) for column in (share, part, whole))
        return None if stated is None or minutes is None or not of else (stated, 100 * minutes / of)

    def slack(values: Values) -> float:
        return _ROUNDING + 2 * _ROUNDING * 100 / (values.get(whole) or 1.0)

    return _Relation((share, part, whole), f"{share} = 100 x {part} / {whole}", found, slack)


def _contradicted(relation: _Relation, nights: Sequence[MeasuredNight]) -> str | None:
    """A warning where nights break the relation; None where none does."""
    told = [(n, broken) for n in nights if (broken := relation.broken(n)) is not None]
    against = [night for night, broken in told if broken]
    if not against:
        return None
    stands, should = relation.found(against[0].values) or (0.0, 0.0)
    return (
        f"{relation.wanted} does not hold on {len(against)} of {len(told)} nights "
        f"({_rows(against)}; row {against[0].row} has {stands:g} and {should:g}): a slip, or not "
        "defined as psgpipe defines them"
    )


def _note_longer_parts(nights: Sequence[MeasuredNight], mistakes: Mistakes) -> None:
    for night in nights:
        for part, whole in _NEVER_LONGER:
            minutes, of = night.values.get(part), night.values.get(whole)
            if minutes is not None and of is not None and minutes > of + 2 * _ROUNDING:
                mistakes.row(
                    night.row,
                    f"column {part}: wanted no more than {whole}, {of:g}, found {minutes:g}",
                )


def _note_fractions(
    table: NightsTable, nights: Sequence[MeasuredNight], mistakes: Mistakes
) -> None:
    """Note columns of percentages that never exceed 1 and cannot be so small."""
    if set(ENDPOINTS) <= set(table.endpoints):  # psgpipe's own table
        return
    for endpoint in _SHARES:
        some = [(n, v) for n in nights if (v := n.values.get(endpoint))]
        if len(some) < 2 or max(v for _, v in some) > 1:
            continue
        by_minutes = {_by_minutes(n, endpoint) for n, _ in some}
        if False in by_minutes or (by_minutes == {None} and endpoint in _NEVER_FRACTIONS):
            night, value = some[0]
            mistakes.row(
                night.row,
                f"column {endpoint}: wanted a percentage from 0 to 100, found the fraction "
                f"{value:g}, and none above 1 in the column",
            )


def _by_minutes(night: MeasuredNight, endpoint: str) -> bool | None:
    """Whether the night's minutes say that a percentage is right; None where they lack."""
    return _share(endpoint, *_SHARES[endpoint]).holds(night)


def _strange_units(nights: Sequence[MeasuredNight]) -> Iterator[str]:
    """Single values that look as if they were in another unit."""
    for endpoint in _HARDLY_FRACTIONS:
        small = [n for n in nights if 0 < (n.values.get(endpoint) or 0) <= 1]
        doubtful = [n for n in small if not _by_minutes(n, endpoint)]
        if doubtful:
            yield f"{endpoint} is at most 1 % in {_rows(doubtful)}: is it a fraction?"
    for endpoint in _WHOLE_NIGHT:
        short = [n for n in nights if 0 < (n.values.get(endpoint) or 0) <= _SHORTEST_NIGHT_MIN]
        if short:
            yield (
                f"{endpoint} is at most {_SHORTEST_NIGHT_MIN:g} min in {_rows(short)}: is it in "
                "hours?"
            )


def _twins(nights: Sequence[MeasuredNight]) -> list[str]:
    """Nights with all numbers alike: one night may have been copied over another."""
    alike: dict[tuple[tuple[str, float], ...], list[int]] = {}
    for night in nights:
        measured = tuple((e, v) for e, v in night.values.items() if v)
        if len({value for _, value in measured}) >= _TOLD_APART_BY:
            alike.setdefault(measured, []).append(night.row)
    groups = [rows for rows in alike.values() if len(rows) > 1]
    if not groups:
        return []
    named = "; ".join(" and ".join(map(str, rows)) for rows in groups[:_MOST_ROWS_NAMED])
    more = f"; and {len(groups) - _MOST_ROWS_NAMED} more" if len(groups) > _MOST_ROWS_NAMED else ""
    return [f"rows {named}{more} hold the same numbers: are they one night?"]


def _rows(nights: Sequence[MeasuredNight]) -> str:
    """``row 2``, ``rows 2, 3``, ``rows 2, 3, 4, 5, 6 and 7 more``."""
    named = ", ".join(str(n.row) for n in nights[:_MOST_ROWS_NAMED])
    more = len(nights) - _MOST_ROWS_NAMED
    return f"row{'s' * (len(nights) > 1)} {named}" + (f" and {more} more" if more > 0 else "")
