"""Treatment against baseline: a table of nights becomes a `Comparison`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from psgpipe.comparison.endpoints.adjusted_p import adjust
from psgpipe.comparison.endpoints.analysis import EndpointAnalysis
from psgpipe.comparison.endpoints.contrasts import analyse_endpoint
from psgpipe.comparison.endpoints.crossover import crossover_rows, freed_from_period, p_of_primary
from psgpipe.comparison.endpoints.endpoint_values import endpoint_nights
from psgpipe.comparison.endpoints.exactness import inexact_sign_flips, inexact_warning
from psgpipe.comparison.endpoints.latencies import latency_warnings
from psgpipe.comparison.endpoints.roles import endpoint_roles, refuse_impossible_logarithms
from psgpipe.comparison.endpoints.subject_changes import subject_changes
from psgpipe.comparison.further_parts import (
    after_signal_level,
    arm_parts,
    dose_parts,
    reliability_parts,
    stager_error_parts,
)
from psgpipe.comparison.nights.design import design_of, require_both_conditions, sequence_warnings
from psgpipe.comparison.nights.expert_stages import refuse_mixture, warnings_of_corrections
from psgpipe.comparison.nights.imbalance import imbalance_warnings
from psgpipe.comparison.nights.nights_table import NightsTable
from psgpipe.comparison.nights.plausibility import check_plausibility
from psgpipe.comparison.nights.read_nights import folder_of, read_nights
from psgpipe.comparison.nights.recipes import (
    recipe_summary,
    refuse_unlike,
    warnings_of_unlike,
    with_like_cohort,
)
from psgpipe.comparison.nights.selection import (
    NightSelection,
    flow,
    select_nights,
    without_subjects,
)
from psgpipe.comparison.nights.table_warnings import (
    other_conditions,
    unused_columns,
    without_condition,
)
from psgpipe.comparison.stager_accuracy import pipeline_of, trust_in
from psgpipe.comparison.words.statements import statements
from psgpipe.comparison.words.verdicts import lock_stamp, with_verdicts
from psgpipe.errors import UsageError
from psgpipe.model.comparison.contrast import Contrast, EndpointRole
from psgpipe.model.comparison.measured_night import SOURCE_NAMES, MeasuredBy
from psgpipe.model.comparison.results import Comparison
from psgpipe.model.comparison.spec import ComparisonSpec, Declaration

if TYPE_CHECKING:
    from psgpipe.comparison.statistics.crossover import CrossoverEffect


def compare(
    source: str | Path,
    spec: str | Path | ComparisonSpec | None = None,
    *,
    allow_unlike: Iterable[str] = (),
    exploratory: bool = False,
    stages: Literal["auto", "expert"] | None = None,
    agreement: str | Path | None = None,
    measured_by: MeasuredBy = "psg",
) -> Comparison:
    """Compare each subject's treatment nights with its baseline nights; nothing is written.

    `psgpipe.python.compare.compare`, which Python users call, describes the other parameters and
    errors.

    Parameters
    ----------
    agreement
        The ``agreement.json`` of the same recipe: adds, for each endpoint, whether the difference
        exceeds what the stager's error could produce. No verdict uses it.

    Raises
    ------
    psgpipe.errors.UsageError
        Stages or an agreement are given for nights that were not staged.
    """
    plan, declaration = _declared(spec, exploratory=exploratory)
    if measured_by != "psg":
        _refuse_stages(measured_by, stages=stages, agreement=agreement)
        plan = replace(plan, day_strata=True)
    allowed = [*allow_unlike]
    table = read_nights(Path(source), plan, by_expert=stages == "expert", measured_by=measured_by)
    implausible = check_plausibility(table)
    selection, unlike = _comparable_nights(table, plan, allowed)
    arms = arm_parts(selection, table, plan)
    design = design_of(selection, plan)
    roles = endpoint_roles(table, plan, declaration)
    refuse_impossible_logarithms(selection, table.file, plan)
    analyses, freed = _analyses(selection, roles, plan, design)
    stamp = lock_stamp(declaration)
    contrasts = _with_trust(with_verdicts(analyses, plan, declaration, design, freed), selection)
    changes = tuple(c for a in analyses for c in subject_changes(a.nights, stamp, selection.arms))
    steps, recipe = flow(selection.fates), recipe_summary(selection.analysed)
    stager = stager_error_parts(agreement, contrasts, selection, plan, recipe)
    strata, slopes = dose_parts(selection, analyses, plan)
    contrasts, changes, of_level = after_signal_level(
        contrasts, changes, selection, analyses, plan, folder_of(Path(source))
    )
    return Comparison(
        spec=plan,
        declaration=declaration,
        design=design,
        contrasts=contrasts,
        subjects=changes,
        flow=steps,
        nights=selection.fates,
        strata=strata,
        slopes=slopes,
        crossover=crossover_rows(analyses, freed),
        reliability=reliability_parts(selection, analyses, stamp),
        arms=arms.flow,
        statements=statements(plan, declaration, design, contrasts, steps, selection, recipe,
                              stager.known, measured_by),
        warnings=(
            *implausible,
            *selection.warnings,
            *warnings_of_unlike(selection.by_subject, unlike, allowed),
            *warnings_of_corrections(selection.analysed),
            *sequence_warnings(selection, design),
            *imbalance_warnings(selection),
            *arms.warnings,
            *of_level,
            *_inexact_warning(analyses),
            *latency_warnings(selection.analysed, (e for e, _ in roles)),
            *other_conditions(selection, plan),
            *unused_columns(table),
            *without_condition(table),
        ),
        recipe=recipe,
        table=table.file,
        stager_error=stager.rows,
        measured_by=measured_by,
        table_sha256=table.sha256,
    )  # fmt: skip


def _declared(
    spec: str | Path | ComparisonSpec | None, *, exploratory: bool
) -> tuple[ComparisonSpec, Declaration]:
    """The spec and the state of its lock; without a file, nothing is declared."""
    if spec is None or isinstance(spec, ComparisonSpec):
        return spec or ComparisonSpec(), Declaration()
    from psgpipe.comparison.spec_lock import load_spec

    return load_spec(spec, exploratory=exploratory)


def _refuse_stages(
    measured_by: MeasuredBy, *, stages: str | None, agreement: str | Path | None
) -> None:
    if stages is not None or agreement is not None:
        raise UsageError(
            f"stages and their agreement say nothing about nights by {SOURCE_NAMES[measured_by]}",
            "Leave out --stages and --agreement, or compare the polysomnography.",
        )


def _comparable_nights(
    table: NightsTable, spec: ComparisonSpec, allowed: Sequence[str]
) -> tuple[NightSelection, Mapping[str, str]]:
    """The selected nights of like recipes, and the subjects left out because theirs are unlike."""
    selection = _selected(table, spec)
    require_both_conditions(selection, table, spec)
    refuse_mixture(selection.analysed, allowed)
    unlike = refuse_unlike(selection.by_subject, allowed)
    return with_like_cohort(without_subjects(selection, unlike, spec), allowed), unlike


def _selected(table: NightsTable, spec: ComparisonSpec) -> NightSelection:
    if not spec.arm_treatment:
        return select_nights(table.nights, spec)
    # A table without arms needs none of this.
    from psgpipe.comparison.arms.subjects import arm_of_each

    return select_nights(table.nights, spec, arm_of_each(table, spec))


def _analyses(
    selection: NightSelection,
    roles: Sequence[tuple[str, EndpointRole]],
    spec: ComparisonSpec,
    design: str,
) -> tuple[tuple[EndpointAnalysis, ...], Mapping[str, CrossoverEffect]]:
    """The analysis of each endpoint, and in a crossover the effects freed from the period."""
    unadjusted = _unadjusted(selection, roles, spec)
    freed = freed_from_period(selection, unadjusted) if design == "crossover" else {}
    return adjust(unadjusted, spec, p_of_primary(unadjusted, design, freed)), freed


def _unadjusted(
    selection: NightSelection, roles: Sequence[tuple[str, EndpointRole]], spec: ComparisonSpec
) -> list[EndpointAnalysis]:
    """The analysis of each endpoint, before its p is adjusted for the others."""
    nights = ((endpoint_nights(selection, endpoint, spec), role) for endpoint, role in roles)
    if not spec.arm_treatment:
        return [analyse_endpoint(of, role, spec) for of, role in nights]
    from psgpipe.comparison.arms.analysis import analyse_arms
    from psgpipe.comparison.arms.subjects import in_treatment_arm

    in_arm = in_treatment_arm(selection, spec)
    return [analyse_arms(of, role, spec, in_arm) for of, role in nights]


def _with_trust(contrasts: Iterable[Contrast], selection: NightSelection) -> tuple[Contrast, ...]:
    """The contrasts with the trust in automatic stages."""
    pipeline = pipeline_of(selection.analysed)
    return tuple(replace(c, staging=trust_in(c.endpoint, pipeline)) for c in contrasts)


def _inexact_warning(analyses: Iterable[EndpointAnalysis]) -> Iterable[str]:
    return inexact_warning(
        {a.nights.endpoint: inexact_sign_flips(a.nights) for a in analyses if not a.arms}
    )
