"""Treatment against baseline: a table of nights becomes a `Comparison`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, NamedTuple

from psgpipe.comparison.endpoints.adjusted_p import adjust
from psgpipe.comparison.endpoints.analysis import EndpointAnalysis
from psgpipe.comparison.endpoints.contrasts import analyse_endpoint
from psgpipe.comparison.endpoints.crossover import crossover_rows, freed_from_period, p_of_primary
from psgpipe.comparison.endpoints.endpoint_values import endpoint_nights
from psgpipe.comparison.endpoints.exactness import inexact_sign_flips, inexact_warning
from psgpipe.comparison.endpoints.latencies import latency_warnings
from psgpipe.comparison.endpoints.subject_changes import subject_changes
from psgpipe.comparison.nights.balances import with_balances
from psgpipe.comparison.nights.design import design_of, require_both_conditions, sequence_warnings
from psgpipe.comparison.nights.expert_stages import (
    refuse_mixture,
    warnings_of_corrections,
    with_expert_recipes,
)
from psgpipe.comparison.nights.imbalance import imbalance_warnings
from psgpipe.comparison.nights.nights_table import NightsTable, nights_table
from psgpipe.comparison.nights.plausibility import check_plausibility
from psgpipe.comparison.nights.recipes import (
    recipe_summary,
    refuse_unlike,
    unlike_subjects,
    warnings_of_unlike,
    with_manifests,
)
from psgpipe.comparison.nights.selection import (
    NightSelection,
    flow,
    select_nights,
    without_subjects,
)
from psgpipe.comparison.nights.selection_rules import OTHER_CONDITION
from psgpipe.comparison.stager_accuracy import KnownErrors, pipeline_of, trust_in
from psgpipe.comparison.statistics.composition import BALANCES
from psgpipe.comparison.words.statements import statements
from psgpipe.comparison.words.verdicts import lock_stamp, with_verdicts
from psgpipe.errors import ComparisonSpecInvalid, StudyTableInvalid, UsageError
from psgpipe.messages import count_of, did_you_mean
from psgpipe.model.comparison import (
    OTHER_SOURCES,
    SOURCE_NAMES,
    ArmFlow,
    Comparison,
    Contrast,
    DoseSlope,
    EndpointReliability,
    EndpointRole,
    MeasuredBy,
    StagerErrorRow,
    StratumContrast,
)
from psgpipe.model.comparison_spec import ComparisonSpec, Declaration
from psgpipe.model.microstructure.names import GAIN_DEPENDENT, LEVEL
from psgpipe.study import blinding
from psgpipe.tables.columns import CONDITIONS

NIGHTS = "nights.tsv"


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

    With arms, compare the treatment arm with the control arm, each at the same baseline.

    Parameters
    ----------
    source
        A folder that psgpipe wrote, or any table with columns ``subject night condition`` and
        endpoints.
    spec
        A TOML file, the name of a shipped spec, or a `ComparisonSpec`; without it
        every endpoint is exploratory.
    allow_unlike
        Fields of `psgpipe.model.comparison.RECIPE_FIELDS` that may differ within a subject.
    exploratory
        Accept a spec that was edited after it was locked; every table then says so.
    stages
        ``expert`` takes the stages of the scorings that were given with the nights. Without it the
        nights count as they were run.
    agreement
        The ``agreement.json`` of the same recipe: adds, for each endpoint, whether the difference
        exceeds what the stager's error could produce. No verdict uses it.
    measured_by
        The source of the nights: ``diary`` or ``actigraphy`` take those that ``psgpipe concord``
        wrote. Sources are never pooled.

    Raises
    ------
    psgpipe.errors.UsageError
        Stages or an agreement are given for nights that were not staged.
    psgpipe.errors.StudyTableInvalid
        The table is wrong; every mistake is listed.
    psgpipe.errors.ComparisonSpecInvalid
        The spec is wrong or names an absent endpoint.
    psgpipe.errors.NightsNotComparable
        A condition is missing, no subject has nights in both, the nights of most subjects were
        made by different recipes, or the study is still blinded.
    psgpipe.errors.SpecChanged
        The spec was edited after it was locked.
    """
    plan, declaration = _declared(spec, exploratory=exploratory)
    if measured_by != "psg":
        _refuse_stages(measured_by, stages=stages, agreement=agreement)
        plan = replace(plan, day_strata=True)
    table = read_nights(Path(source), plan, by_expert=stages == "expert", measured_by=measured_by)
    implausible = check_plausibility(table)
    selection = _selected(table, plan)
    require_both_conditions(selection, table, plan)
    allowed = [*allow_unlike]
    refuse_mixture([n for group in selection.by_subject.values() for n in group], allowed)
    unlike = refuse_unlike(selection.by_subject, allowed)
    selection = _with_like_cohort(without_subjects(selection, unlike, plan), allowed)
    arms = _arms(selection, table, plan)
    design = design_of(selection, plan)
    roles = _roles(table, plan, declaration)
    _refuse_impossible_logarithms(selection, table.file, plan)
    unadjusted = _unadjusted(selection, roles, plan)
    freed = freed_from_period(selection, unadjusted) if design == "crossover" else {}
    analyses = adjust(unadjusted, plan, p_of_primary(unadjusted, design, freed))
    pipeline = pipeline_of(selection.analysed)
    contrasts = tuple(
        replace(c, staging=trust_in(c.endpoint, pipeline))
        for c in with_verdicts(analyses, plan, declaration, design, freed)
    )
    by_dose = _by_dose(selection, analyses, plan)
    steps, recipe = flow(selection.fates), recipe_summary(selection.analysed)
    stamp = lock_stamp(declaration)
    changes = tuple(c for a in analyses for c in subject_changes(a.nights, stamp, selection.arms))
    stager = _stager_errors(agreement, contrasts, selection, plan, recipe)
    of_level: tuple[str, ...] = ()
    if any(n.values.get(LEVEL) is not None for n in selection.analysed) or (
        not GAIN_DEPENDENT.isdisjoint(e for e, _ in roles)
    ):
        # A study without spectra needs none of this.
        from psgpipe.comparison.signal_level.check import CheckedResults, check_signal_level

        contrasts, changes, of_level = check_signal_level(
            selection, analyses, CheckedResults(contrasts, changes, ()), plan, _out_of(Path(source))
        )
    return Comparison(
        spec=plan,
        declaration=declaration,
        design=design,
        contrasts=contrasts,
        subjects=changes,
        flow=steps,
        nights=selection.fates,
        strata=by_dose[0],
        slopes=by_dose[1],
        crossover=crossover_rows(analyses, freed),
        reliability=_reliability(selection, analyses, stamp),
        arms=arms.flow,
        statements=statements(plan, declaration, design, contrasts, steps, selection, recipe,
                              stager.known, measured_by),
        warnings=(
            *implausible, *selection.warnings,
            *warnings_of_unlike(selection.by_subject, unlike, allowed),
            *warnings_of_corrections(selection.analysed),
            *sequence_warnings(selection, design),
            *imbalance_warnings(selection), *arms.warnings,
            *of_level,
            *inexact_warning(
                {a.nights.endpoint: inexact_sign_flips(a.nights) for a in analyses if not a.arms}
            ),
            *latency_warnings(selection.analysed, (e for e, _ in roles)),
            *_other_conditions(selection, plan), *_unused_columns(table),
            *_without_condition(table),
        ),
        recipe=recipe,
        table=table.file,
        stager_error=stager.rows,
        measured_by=measured_by,
        table_sha256=table.sha256,
    )  # fmt: skip


def _refuse_stages(
    measured_by: MeasuredBy, *, stages: str | None, agreement: str | Path | None
) -> None:
    if stages is not None or agreement is not None:
        raise UsageError(
            f"stages and their agreement say nothing about nights by {SOURCE_NAMES[measured_by]}",
            "Leave out --stages and --agreement, or compare the polysomnography.",
        )


def _selected(table: NightsTable, spec: ComparisonSpec) -> NightSelection:
    if not spec.arm_treatment:
        return select_nights(table.nights, spec)
    # A table without arms needs none of this.
    from psgpipe.comparison.arms.subjects import arm_of_each

    return select_nights(table.nights, spec, arm_of_each(table, spec))


class _StagerErrors(NamedTuple):
    """Errors of the stager that are known for these nights, and each difference against them."""

    known: Mapping[str, KnownErrors] = {}
    rows: tuple[StagerErrorRow, ...] = ()


def _stager_errors(
    file: str | Path | None,
    contrasts: Sequence[Contrast],
    selection: NightSelection,
    spec: ComparisonSpec,
    recipe: Mapping[str, Sequence[str]],
) -> _StagerErrors:
    """From the agreement, else from the calibration of the nights."""
    nights = selection.analysed
    if file is None and all(night.stager_errors is None for night in nights):
        return _StagerErrors()
    # A comparison without an agreement or a calibration needs none of this.
    from psgpipe.comparison.stager_error.known_errors import (
        errors_of_agreement,
        errors_of_calibration,
    )

    if file is None:
        return _StagerErrors(errors_of_calibration(nights))
    from psgpipe.comparison.stager_error.agreement_file import read_agreement
    from psgpipe.comparison.stager_error.differential import stager_error_rows
    from psgpipe.comparison.stager_error.same_recipe import refuse_another_recipe

    errors = read_agreement(Path(file))
    refuse_another_recipe(errors, nights, recipe)
    return _StagerErrors(
        errors_of_agreement(errors, spec.baseline),
        stager_error_rows(contrasts, errors, selection, spec),
    )


class _Arms(NamedTuple):
    """The subjects of each arm, and the warnings on them; blank without arms."""

    flow: tuple[ArmFlow, ...] = ()
    warnings: tuple[str, ...] = ()


def _arms(selection: NightSelection, table: NightsTable, spec: ComparisonSpec) -> _Arms:
    if not spec.arm_treatment:
        return _Arms()
    from psgpipe.comparison.arms.subjects import arm_flow, arm_warnings, require_analysed_arms

    flow = arm_flow(selection, spec)
    require_analysed_arms(flow, table.file)
    return _Arms(flow, tuple(arm_warnings(selection, flow, spec)))


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


def _by_dose(
    selection: NightSelection, analyses: Sequence[EndpointAnalysis], spec: ComparisonSpec
) -> tuple[tuple[StratumContrast, ...], tuple[DoseSlope, ...]]:
    """Strata and slopes by dose and by hours since dose; between arms there are none."""
    nights = selection.analysed
    if selection.arms or all(
        n.dose_mg_per_kg is None and n.hours_since_dose is None for n in nights
    ):
        return (), ()
    # A study without doses needs none of this.
    from psgpipe.comparison.endpoints.strata import dose_slopes, strata

    return strata(selection, analyses, spec), dose_slopes(selection, analyses, spec)


def _declared(
    spec: str | Path | ComparisonSpec | None, *, exploratory: bool
) -> tuple[ComparisonSpec, Declaration]:
    """The spec and the state of its lock; without a file, nothing is declared."""
    if spec is None or isinstance(spec, ComparisonSpec):
        return spec or ComparisonSpec(), Declaration()
    from psgpipe.comparison.spec_lock import load_spec

    return load_spec(spec, exploratory=exploratory)


def _reliability(
    selection: NightSelection, analyses: Sequence[EndpointAnalysis], stamp: str | None
) -> tuple[EndpointReliability, ...]:
    """Reliability of each endpoint; two subjects show none."""
    if len(selection.cohort_baseline) < 3:
        return ()
    from psgpipe.comparison.endpoints.reliability import reliability_rows

    return reliability_rows(analyses, stamp)


def read_nights(
    source: Path,
    spec: ComparisonSpec,
    *,
    by_expert: bool = False,
    measured_by: MeasuredBy = "psg",
) -> NightsTable:
    """The nights in a table or in a folder that psgpipe wrote.

    Raises
    ------
    psgpipe.errors.StudyTableInvalid, psgpipe.errors.NightsNotComparable
    """
    out = _out_of(source)
    path = _table_in(source, measured_by) if source.is_dir() else source
    if source.is_dir() and not path.is_file():
        # A folder with its table needs none of this.
        from psgpipe.results.status import require_results

        require_results(source)
        raise StudyTableInvalid(
            f"{source.name}: wanted {NIGHTS}, found none",
            "Run psgpipe gather on this folder first.",
        )
    blinding.refuse_if_blinded(out, blind_by_spec=spec.blind)
    words = (*spec.baseline, *spec.treatment)
    _refuse_another_source(spec, measured_by)
    table = nights_table(
        path, words, _named(spec), blinding.sealed(out), by_expert=by_expert,
        arm_column=spec.arm_column, measured_by=measured_by,
    )  # fmt: skip
    if not table.has_condition:
        raise StudyTableInvalid(
            f"{path.name}: wanted column condition, found none",
            f"Add the condition of each night; those of a blinded study are in its {blinding.KEY}.",
        )
    has_manifests = measured_by == "psg" and (out / "nights").is_dir()
    nights = with_manifests(table.nights, out) if has_manifests else table.nights
    if by_expert:
        nights = with_expert_recipes(nights)
    if spec.composition:
        nights = with_balances(nights)
    return replace(table, nights=nights)


def _table_in(out: Path, measured_by: MeasuredBy) -> Path:
    if measured_by == "psg":
        return out / NIGHTS
    from psgpipe.comparison.nights.source_columns import source_table

    return source_table(out, measured_by)


def _refuse_another_source(spec: ComparisonSpec, measured_by: MeasuredBy) -> None:
    """Refuse an endpoint of another source: sources are never pooled."""
    for endpoint in _named(spec):
        of: MeasuredBy = next((s for s in OTHER_SOURCES if endpoint.startswith(f"{s}_")), "psg")
        if of != measured_by:
            raise ComparisonSpecInvalid(
                f"the spec names endpoint {endpoint!r} by {SOURCE_NAMES[of]}; these nights are by "
                f"{SOURCE_NAMES[measured_by]}",
                f"Compare each source alone: --source {of}.",
            )


def _out_of(source: Path) -> Path:
    """The folder of results in which a table of nights lies."""
    return source if source.is_dir() else source.parent


def _named(spec: ComparisonSpec) -> list[str]:
    """The endpoints that a spec names, anywhere."""
    roles = (spec.primary, *spec.secondary, *(spec.endpoints or ()))
    return [e for e in (*roles, *spec.transform, *spec.equivalence, *spec.population) if e]


def _roles(
    table: NightsTable, spec: ComparisonSpec, declaration: Declaration
) -> list[tuple[str, EndpointRole]]:
    """Every endpoint to analyse and its role: declared endpoints first, in the spec's order.

    Under a spec that was edited after its lock every endpoint is exploratory.
    """
    balances = tuple(BALANCES) if spec.composition else ()
    present = [*table.endpoints, *balances]
    for endpoint in sorted({*_named(spec)}):
        if endpoint not in present:
            raise ComparisonSpecInvalid(
                f"the spec names endpoint {endpoint!r}, which {table.file} does not hold"
                f"{did_you_mean(endpoint, present)}",
                f"There are {', '.join(present) or 'no endpoints'}.",
            )
    roles: dict[str, EndpointRole] = {}
    if spec.primary:
        roles[spec.primary] = "primary"
    roles |= dict.fromkeys(spec.secondary, "secondary")
    rest = present if spec.endpoints is None else [*spec.endpoints, *balances]
    for endpoint in rest:
        roles.setdefault(endpoint, "exploratory")
    if not roles:
        raise StudyTableInvalid(
            f"{table.file}: wanted columns with endpoints, found none",
            "Give columns such as tst_min or rem_pct.",
        )
    if declaration.exploratory:
        roles = dict.fromkeys(roles, "exploratory")
    return [*roles.items()]


def _refuse_impossible_logarithms(
    selection: NightSelection, file: str, spec: ComparisonSpec
) -> None:
    for endpoint, transform in spec.transform.items():
        values = [(n.values.get(endpoint) or 0.0, n.row) for n in selection.usable]
        lowest, row = min(values)
        if transform == "log" and lowest < 0:
            raise ComparisonSpecInvalid(
                f"the spec takes the logarithm of {endpoint}, which is {lowest:g} in row {row} of "
                f"{file}",
                "Leave out the transformation: a value below 0 has no logarithm.",
            )


def _with_like_cohort(selection: NightSelection, allowed: Sequence[str]) -> NightSelection:
    """The selection without subjects not analysed whose baseline nights have different recipes.

    Such nights differ by more than sleep does from night to night.
    """
    unlike = unlike_subjects(selection.cohort_baseline, allowed)
    if not unlike:
        return selection
    warning = (
        f"the baseline nights of {count_of(len(unlike), 'subject')} outside the comparison were "
        "made by different recipes: left out of the night-to-night SD"
    )
    return replace(
        selection,
        cohort_baseline={s: n for s, n in selection.cohort_baseline.items() if s not in unlike},
        warnings=(*selection.warnings, warning),
    )


def _other_conditions(selection: NightSelection, spec: ComparisonSpec) -> list[str]:
    """A warning for conditions that the spec does not name: they may be misspelled."""
    words = Counter(
        f.condition
        for f in selection.fates
        if f.fate == OTHER_CONDITION and f.condition not in CONDITIONS
    )
    if not words:
        return []
    unnamed = ", ".join(f"{word!r} ({count_of(n, 'night')})" for word, n in words.most_common(8))
    return [
        f"neither baseline ({' or '.join(spec.baseline)}) nor treatment "
        f"({' or '.join(spec.treatment)}): condition {unnamed}"
    ]


def _without_condition(table: NightsTable) -> tuple[str, ...]:
    n = table.n_without_condition
    if not n:
        return ()
    return (
        f"{count_of(n, 'night')} without a condition {'is' if n == 1 else 'are'} left out: give "
        "the column condition in the diary",
    )


def _unused_columns(table: NightsTable) -> list[str]:
    reasons = {
        "the same on all nights of each subject": table.constant,
        "no numbers": table.not_numbers,
        "of another source (--source)": table.other_source,
    }
    return [
        f"not analysed, because {reason}: {', '.join(columns)}"
        for reason, columns in reasons.items()
        if columns
    ]
