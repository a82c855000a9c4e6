"""Plausibility checks: whether the numbers of a table of nights can be true together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from psgpipe.comparison.nights.nights_table import NightsTable
from psgpipe.messages import count_of
from psgpipe.model.comparison.measured_night import MeasuredNight
from psgpipe.model.summary import ALWAYS_WRITTEN
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
# A percentage, and the minutes of the part and of the whole.
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
                                     "rem_latency_from_lights_off_min", "waso_lps_min",
                                     "rem_latency_from_lps_min", "early_wake_min")),
)  # fmt: skip
# These are never, or hardly ever, at most 1 %; N1, N3 and REM are, in some patients.
_NEVER_FRACTIONS = ("se_pct", "sme_pct", "nrem_pct", "n2_pct")
_HARDLY_FRACTIONS = (*_NEVER_FRACTIONS, "rem_pct")
_WHOLE_NIGHT = ("tib_min", "spt_min", "tst_min")
_SHORTEST_NIGHT_MIN = 24.0
_ROUNDING = 0.5
# Values below so many times the rounding error prove nothing.
_MEANINGFUL_FROM = 10
_MOST_ROWS_NAMED = 5
# So many different numbers are not the same on two nights by chance.
_DISTINCT_NUMBERS = 5


@dataclass(frozen=True)
class _Check:
    """A number of one night and what it should be.

    Attributes
    ----------
    tolerance
        How far the two may differ because numbers were rounded.
    """

    stated: float
    expected: float
    tolerance: float

    @property
    def holds(self) -> bool:
        return abs(self.stated - self.expected) <= self.tolerance + 1e-9

    @property
    def is_meaningful(self) -> bool:
        return max(self.stated, self.expected) >= _MEANINGFUL_FROM * self.tolerance


def check_plausibility(table: NightsTable) -> tuple[str, ...]:
    """Refuse numbers that cannot be true together; a warning for each that is only strange.

    A part is never longer than its whole. A sum or a percentage that does not fit is a mistake, or
    is defined in another way: without movement time, for instance, or in percent of the time in
    bed.

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
    # psgpipe writes minutes and percentages, and its nights may be short.
    strange = () if _is_own(table) else (*_likely_fractions(nights), *_likely_hours(nights))
    return (*_contradictions(nights), *strange, *_equal_nights(nights))


def _is_own(table: NightsTable) -> bool:
    """Whether psgpipe wrote the table: no other tool has all its endpoints."""
    return set(ALWAYS_WRITTEN) <= set(table.endpoints)


def _contradictions(nights: Sequence[MeasuredNight]) -> Iterator[str]:
    for parts, whole in _SUMS:
        sums = [(n, _sum_check(n.values, parts, whole)) for n in nights]
        yield from _contradiction(f"{' + '.join(parts)} = {whole}", sums)
    for share, (part, whole) in _SHARES.items():
        shares = [(n, _share_check(n.values, share)) for n in nights]
        yield from _contradiction(f"{share} = 100 x {part} / {whole}", shares)


def _sum_check(values: Values, parts: Sequence[str], whole: str) -> _Check | None:
    known = [v for part in parts if (v := values.get(part)) is not None]
    total = 100.0 if whole == "100" else values.get(whole)
    if len(known) < len(parts) or total is None:
        return None
    return _Check(sum(known), total, _ROUNDING * (len(parts) + 1))


def _share_check(values: Values, share: str) -> _Check | None:
    part, whole = (values.get(column) for column in _SHARES[share])
    stated = values.get(share)
    if stated is None or part is None or not whole:
        return None
    return _Check(stated, 100 * part / whole, _ROUNDING + 2 * _ROUNDING * 100 / whole)


def _contradiction(
    relation: str, checks: Sequence[tuple[MeasuredNight, _Check | None]]
) -> Iterator[str]:
    """A warning where nights contradict the relation."""
    meaningful = [(n, check) for n, check in checks if check is not None and check.is_meaningful]
    against = [(n, check) for n, check in meaningful if not check.holds]
    if against:
        night, check = against[0]
        yield (
            f"{relation} does not hold on {len(against)} of {count_of(len(meaningful), 'night')} "
            f"({_rows([n for n, _ in against])}; row {night.row} has {check.stated:g} and "
            f"{check.expected:g}): a mistake, or not defined as psgpipe defines them"
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
    if _is_own(table):
        return
    for endpoint in _SHARES:
        some = [(n, v) for n in nights if (v := n.values.get(endpoint))]
        if len(some) < 2 or max(v for _, v in some) > 1:
            continue
        confirmed = {_minutes_confirm(n, endpoint) for n, _ in some}
        if False in confirmed or (confirmed == {None} and endpoint in _NEVER_FRACTIONS):
            night, value = some[0]
            mistakes.row(
                night.row,
                f"column {endpoint}: wanted a percentage from 0 to 100, found the fraction "
                f"{value:g}, and none above 1 in the column",
            )


def _minutes_confirm(night: MeasuredNight, share: str) -> bool | None:
    """Whether the night's minutes confirm a percentage; None where minutes are absent."""
    check = _share_check(night.values, share)
    return None if check is None else check.holds


def _likely_fractions(nights: Sequence[MeasuredNight]) -> Iterator[str]:
    """A warning for percentages that seem to be fractions."""
    for endpoint in _HARDLY_FRACTIONS:
        small = [n for n in nights if 0 < (n.values.get(endpoint) or 0) <= 1]
        doubtful = [n for n in small if not _minutes_confirm(n, endpoint)]
        if doubtful:
            yield f"{endpoint} is at most 1 % in {_rows(doubtful)}: is it a fraction?"


def _likely_hours(nights: Sequence[MeasuredNight]) -> Iterator[str]:
    """One warning for minutes of whole nights that seem to be hours."""

    def is_short(night: MeasuredNight, endpoint: str) -> bool:
        return 0 < (night.values.get(endpoint) or 0) <= _SHORTEST_NIGHT_MIN

    names = [e for e in _WHOLE_NIGHT if any(is_short(n, e) for n in nights)]
    short = [n for n in nights if any(is_short(n, e) for e in names)]
    are, they = ("is", "is it") if len(names) == 1 else ("are", "are they")
    if names:
        yield (
            f"{', '.join(names)} {are} at most {_SHORTEST_NIGHT_MIN:g} min in {_rows(short)}: "
            f"{they} in hours?"
        )


def _equal_nights(nights: Sequence[MeasuredNight]) -> Iterator[str]:
    """A warning for nights with the same numbers: one may be a copy of the other."""
    rows_of: dict[tuple[tuple[str, float], ...], list[int]] = {}
    for night in nights:
        measured = tuple((e, v) for e, v in night.values.items() if v)
        if len({value for _, value in measured}) >= _DISTINCT_NUMBERS:
            rows_of.setdefault(measured, []).append(night.row)
    groups = [rows for rows in rows_of.values() if len(rows) > 1]
    if groups:
        named = "; ".join(" and ".join(map(str, rows)) for rows in groups[:_MOST_ROWS_NAMED])
        rest = len(groups) - _MOST_ROWS_NAMED
        more = f"; and {rest} more" if rest > 0 else ""
        yield f"rows {named}{more} hold the same numbers: are they one night?"


def _rows(nights: Sequence[MeasuredNight]) -> str:
    """``row 2``, ``rows 2, 3``, ``rows 2, 3, 4, 5, 6 and 7 more``."""
    named = ", ".join(str(n.row) for n in nights[:_MOST_ROWS_NAMED])
    more = len(nights) - _MOST_ROWS_NAMED
    return f"row{'s' * (len(nights) > 1)} {named}" + (f" and {more} more" if more > 0 else "")
