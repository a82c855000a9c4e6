"""The measures that sources share, and how far two sources are from each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from psgpipe.agreement.statistics.limits import LimitsOfAgreement, limits_of_agreement
from psgpipe.agreement.statistics.proportional_bias import ProportionalBias, proportional_bias
from psgpipe.concordance.nights import SourceNight

Source = Literal["psg", "diary", "actigraphy"]


class Measure(NamedTuple):
    """A measure and its endpoint in each source; None where a source does not have it."""

    name: str
    psg: str | None
    diary: str | None
    actigraphy: str | None

    def of(self, source: Source) -> str | None:
        """The endpoint in a source."""
        return {"psg": self.psg, "diary": self.diary, "actigraphy": self.actigraphy}[source]


MEASURES = (
    Measure("tib_min", "tib_min", "tib_min", "tib_min"),
    Measure("opportunity_min", "tib_min", "opportunity_min", "tib_min"),
    Measure("sol_min", "sol_min", "sol_min", "sol_min"),
    Measure("tst_min", "tst_min", "tst_min", "tst_min"),
    Measure("waso_min", "waso_min", "waso_min", "waso_min"),
    Measure("waso_spt_min", "waso_spt_min", "waso_min", "waso_spt_min"),
    Measure("se_pct", "se_pct", "se_pct", "se_pct"),
    Measure("se_opportunity_pct", "se_pct", "se_opportunity_pct", "se_pct"),
    Measure("awakenings", "awakenings", "awakenings", "awakenings"),
    Measure("spt_min", "spt_min", None, "spt_min"),
)
"""Lights off to lights on is the time in bed of polysomnography; of a diary it is the sleep
opportunity. Wake after the final awakening is part of ``waso_min``, except in a diary."""
_DIARY_ONLY = {"opportunity_min", "se_opportunity_pct"}
COMPARED: tuple[tuple[Source, Source], ...] = (
    ("diary", "psg"), ("actigraphy", "psg"), ("diary", "actigraphy"),
)  # fmt: skip
"""The differences: the first source minus the second."""


@dataclass(frozen=True)
class MeasureConcordance:
    """A measure of one source minus that of another.

    Attributes
    ----------
    n_absent
        Nights that both sources have, without this measure in one of them.
    proportional_bias
        Of the difference over the value of `reference`.
    """

    source: Source
    reference: Source
    measure: str
    n_absent: int
    limits: LimitsOfAgreement | None = None
    proportional_bias: ProportionalBias | None = None
    by_condition: Mapping[str, LimitsOfAgreement] = field(default_factory=dict)


class Pair(NamedTuple):
    """A night with the value of a measure in two sources."""

    night: SourceNight
    value: float
    reference: float


def concordances(nights: Sequence[SourceNight]) -> tuple[MeasureConcordance, ...]:
    """Every measure of every two sources that have nights in common."""
    return tuple(
        _concordance(measure, source, reference, shared)
        for source, reference in COMPARED
        if (shared := [n for n in nights if n.has(source) and n.has(reference)])
        for measure in MEASURES
        if measure.of(source) and measure.of(reference)
        and not (measure.name in _DIARY_ONLY and source != "diary")
    )  # fmt: skip


def pairs_of(
    measure: Measure, source: Source, reference: Source, nights: Sequence[SourceNight]
) -> list[Pair]:
    """The nights that have the measure in both sources."""
    both = ((n, n.value(source, measure.of(source)), n.value(reference, measure.of(reference)))
            for n in nights)  # fmt: skip
    return [Pair(n, a, b) for n, a, b in both if a is not None and b is not None]


def _concordance(
    measure: Measure, source: Source, reference: Source, nights: Sequence[SourceNight]
) -> MeasureConcordance:
    pairs = pairs_of(measure, source, reference, nights)
    n_absent = len(nights) - len(pairs)
    if not pairs:
        return MeasureConcordance(source, reference, measure.name, n_absent)
    conditions = dict.fromkeys(p.night.condition for p in pairs if p.night.condition)
    return MeasureConcordance(
        source,
        reference,
        measure.name,
        n_absent,
        _limits(pairs),
        proportional_bias(
            [p.reference for p in pairs],
            [p.value - p.reference for p in pairs],
            [p.night.subject for p in pairs],
        ),
        {c: _limits([p for p in pairs if p.night.condition == c]) for c in conditions},
    )


def _limits(pairs: Sequence[Pair]) -> LimitsOfAgreement:
    return limits_of_agreement(
        [p.value - p.reference for p in pairs], [p.night.subject for p in pairs]
    )
