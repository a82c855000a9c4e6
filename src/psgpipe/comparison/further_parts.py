"""Parts of a comparison that few studies have: each is imported where a study has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from psgpipe.comparison.endpoints.analysis import EndpointAnalysis
from psgpipe.comparison.nights.nights_table import NightsTable
from psgpipe.comparison.nights.selection import NightSelection
from psgpipe.comparison.stager_accuracy import KnownErrors
from psgpipe.model.comparison.contrast import Contrast
from psgpipe.model.comparison.results import (
    ArmFlow,
    DoseSlope,
    EndpointReliability,
    StagerErrorRow,
    StratumContrast,
    SubjectChange,
)
from psgpipe.model.comparison.spec import ComparisonSpec
from psgpipe.model.microstructure.names import GAIN_DEPENDENT, LEVEL


class StagerErrorParts(NamedTuple):
    """Errors of the stager that are known for these nights, and each difference against them."""

    known: Mapping[str, KnownErrors] = {}
    rows: tuple[StagerErrorRow, ...] = ()


def stager_error_parts(
    file: str | Path | None,
    contrasts: Sequence[Contrast],
    selection: NightSelection,
    spec: ComparisonSpec,
    recipe: Mapping[str, Sequence[str]],
) -> StagerErrorParts:
    """From the agreement, else from the calibration of the nights."""
    nights = selection.analysed
    if file is None and all(night.stager_errors is None for night in nights):
        return StagerErrorParts()
    # A comparison without an agreement or a calibration needs none of this.
    from psgpipe.comparison.stager_error.known_errors import (
        errors_of_agreement,
        errors_of_calibration,
    )

    if file is None:
        return StagerErrorParts(errors_of_calibration(nights))
    from psgpipe.comparison.stager_error.agreement_file import read_agreement
    from psgpipe.comparison.stager_error.differential import stager_error_rows
    from psgpipe.comparison.stager_error.same_recipe import refuse_another_recipe

    errors = read_agreement(Path(file))
    refuse_another_recipe(errors, nights, recipe)
    return StagerErrorParts(
        errors_of_agreement(errors, spec.baseline),
        stager_error_rows(contrasts, errors, selection, spec),
    )


class ArmParts(NamedTuple):
    """The subjects of each arm, and the warnings on them; blank without arms."""

    flow: tuple[ArmFlow, ...] = ()
    warnings: tuple[str, ...] = ()


def arm_parts(selection: NightSelection, table: NightsTable, spec: ComparisonSpec) -> ArmParts:
    """The parts of a comparison of two arms."""
    if not spec.arm_treatment:
        return ArmParts()
    from psgpipe.comparison.arms.subjects import arm_flow, arm_warnings, require_analysed_arms

    flow = arm_flow(selection, spec)
    require_analysed_arms(flow, table.file)
    return ArmParts(flow, tuple(arm_warnings(selection, flow, spec)))


def dose_parts(
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


def reliability_parts(
    selection: NightSelection, analyses: Sequence[EndpointAnalysis], stamp: str | None
) -> tuple[EndpointReliability, ...]:
    """Reliability of each endpoint; two subjects show none."""
    if len(selection.cohort_baseline) < 3:
        return ()
    from psgpipe.comparison.endpoints.reliability import reliability_rows

    return reliability_rows(analyses, stamp)


def after_signal_level(
    contrasts: tuple[Contrast, ...],
    changes: tuple[SubjectChange, ...],
    selection: NightSelection,
    analyses: Sequence[EndpointAnalysis],
    spec: ComparisonSpec,
    out: Path,
) -> tuple[tuple[Contrast, ...], tuple[SubjectChange, ...], tuple[str, ...]]:
    """Contrasts and changes after the checks of the level of the EEG, and their warnings."""
    endpoints = (a.nights.endpoint for a in analyses)
    has_level = any(n.values.get(LEVEL) is not None for n in selection.analysed)
    if not has_level and GAIN_DEPENDENT.isdisjoint(endpoints):
        return contrasts, changes, ()
    # A study without spectra needs none of this.
    from psgpipe.comparison.signal_level.check import CheckedResults, check_signal_level

    results = CheckedResults(contrasts, changes, ())
    return check_signal_level(selection, analyses, results, spec, out)
