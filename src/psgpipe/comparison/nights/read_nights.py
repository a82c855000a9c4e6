"""The nights to compare, from a table or from a folder that psgpipe wrote."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from psgpipe.comparison.nights.balances import with_balances
from psgpipe.comparison.nights.expert_stages import with_expert_recipes
from psgpipe.comparison.nights.nights_table import NightsTable, nights_table
from psgpipe.comparison.nights.recipes import with_manifests
from psgpipe.errors import ComparisonSpecInvalid, StudyTableInvalid
from psgpipe.model.comparison.measured_night import OTHER_SOURCES, SOURCE_NAMES, MeasuredBy
from psgpipe.model.comparison.spec import ComparisonSpec
from psgpipe.study import blinding

NIGHTS = "nights.tsv"


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
    out = folder_of(source)
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
        path, words, spec.named_endpoints, blinding.sealed(out), by_expert=by_expert,
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
    for endpoint in spec.named_endpoints:
        of: MeasuredBy = next((s for s in OTHER_SOURCES if endpoint.startswith(f"{s}_")), "psg")
        if of != measured_by:
            raise ComparisonSpecInvalid(
                f"the spec names endpoint {endpoint!r} by {SOURCE_NAMES[of]}; these nights are by "
                f"{SOURCE_NAMES[measured_by]}",
                f"Compare each source alone: --source {of}.",
            )


def folder_of(source: Path) -> Path:
    """The folder of results in which a table of nights lies."""
    return source if source.is_dir() else source.parent
