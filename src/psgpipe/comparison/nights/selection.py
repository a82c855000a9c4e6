"""The selection of nights for a comparison: each listed night has one fate, with a reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from psgpipe.comparison.nights.selection_rules import (
    ANALYSED,
    FATES,
    NIGHT_RULES,
    SUBJECT_RULES,
    UNLIKE,
    Fate,
    first_nights,
)
from psgpipe.comparison.nights.selection_warnings import selection_warnings, warnings_of_withheld
from psgpipe.model.comparison.measured_night import MeasuredNight
from psgpipe.model.comparison.results import FlowStep, NightFate
from psgpipe.model.comparison.spec import ComparisonSpec
from psgpipe.sleep.dose_time import hours_since_dose


@dataclass(frozen=True)
class NightSelection:
    """The nights of a comparison by subject, and the fate of every listed night.

    Attributes
    ----------
    baseline, treatment
        Analysed nights.
    cohort_baseline
        All baseline nights that could be analysed, also of unpaired subjects.
    fates
        Of each listed night, in the table's order.
    warnings
        On the analysed nights.
    arms
        Of every subject of the table that states one; blank where no arms are compared.
    """

    baseline: dict[str, list[MeasuredNight]]
    treatment: dict[str, list[MeasuredNight]]
    cohort_baseline: dict[str, list[MeasuredNight]]
    fates: tuple[NightFate, ...]
    warnings: tuple[str, ...] = ()
    arms: Mapping[str, str] = field(default_factory=dict)

    @property
    def by_subject(self) -> dict[str, list[MeasuredNight]]:
        """Analysed nights of each subject, baseline first."""
        return {s: [*self.baseline[s], *self.treatment[s]] for s in self.baseline}

    @property
    def analysed(self) -> list[MeasuredNight]:
        """All analysed nights, subject by subject."""
        return [night for nights in self.by_subject.values() for night in nights]

    @property
    def usable(self) -> list[MeasuredNight]:
        """All analysed nights and the cohort's baseline nights; a night may occur twice."""
        return [*self.analysed, *(n for group in self.cohort_baseline.values() for n in group)]


def select_nights(
    nights: Sequence[MeasuredNight], spec: ComparisonSpec, arms: Mapping[str, str] = {}
) -> NightSelection:
    """Select the nights of a table by the rules of the spec, one rule after the other.

    The rules leave out, in this order: excluded, failed and unfinished nights; adaptation nights
    and other conditions; where `arms` are compared, subjects of other arms; nights within the
    sedation window of a dose; incomplete nights; nights that do not have the hours since dose or
    the lights that the spec wants; first nights in the laboratory; subjects without a night in one
    of the conditions, or with too few.
    """
    left = [replace(n, hours_since_dose=hours_since_dose(n)) for n in nights]
    fates: dict[int, Fate] = {}
    if arms:
        left = [replace(n, arm=arms.get(n.subject)) for n in left]
    for rule in NIGHT_RULES:
        fates |= {n.row: fate for n in left if (fate := rule(n, spec))}
        left = _without_fate(left, fates)
    fates |= first_nights(left, spec)
    left = _without_fate(left, fates)
    cohort_baseline = _by_subject(n for n in left if n.condition in spec.baseline)
    for rule_of_subjects in SUBJECT_RULES:
        fates |= rule_of_subjects(left, spec)
        left = _without_fate(left, fates)
    return NightSelection(
        baseline=_by_subject(n for n in left if n.condition in spec.baseline),
        treatment=_by_subject(n for n in left if n.condition in spec.treatment),
        cohort_baseline=cohort_baseline,
        fates=tuple(
            NightFate(n.subject, n.night, n.condition, *fates.get(n.row, (ANALYSED, None)))
            for n in nights
        ),
        warnings=(*warnings_of_withheld(nights, fates), *selection_warnings(left, spec)),
        arms=arms,
    )


def without_subjects(
    selection: NightSelection, reasons: Mapping[str, str], spec: ComparisonSpec
) -> NightSelection:
    """The selection without subjects whose nights have different recipes, by the reason of each.

    Their baseline nights still tell how nights vary.
    """
    if not reasons:
        return selection
    baseline, treatment = (
        {subject: nights for subject, nights in of.items() if subject not in reasons}
        for of in (selection.baseline, selection.treatment)
    )
    analysed = [n for of in (baseline, treatment) for nights in of.values() for n in nights]
    fates = tuple(
        replace(f, fate=UNLIKE, reason=reasons[f.subject])
        if f.fate == ANALYSED and f.subject in reasons
        else f
        for f in selection.fates
    )
    return replace(
        selection, baseline=baseline, treatment=treatment, fates=fates,
        warnings=selection_warnings(analysed, spec),
    )  # fmt: skip


def _without_fate(nights: Sequence[MeasuredNight], fates: dict[int, Fate]) -> list[MeasuredNight]:
    return [n for n in nights if n.row not in fates]


def flow(fates: Sequence[NightFate]) -> tuple[FlowStep, ...]:
    """Nights and subjects listed, lost for each reason, and analysed; nights add up."""
    steps = [("listed", fates), *((name, [f for f in fates if f.fate == name]) for name in FATES)]
    return tuple(FlowStep(name, len(of), len({f.subject for f in of})) for name, of in steps)


def _by_subject(nights: Iterable[MeasuredNight]) -> dict[str, list[MeasuredNight]]:
    """Nights by subject, in the order of ids: random sign flips must not depend on the table's."""
    groups: dict[str, list[MeasuredNight]] = {}
    for night in sorted(nights, key=lambda n: (n.subject, n.night)):
        groups.setdefault(night.subject, []).append(night)
    return groups
