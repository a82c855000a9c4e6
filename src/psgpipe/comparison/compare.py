"""Finished nights become a comparison of treatment with baseline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from psgpipe.comparison.contrasts import adjust, analyse, subject_changes
from psgpipe.comparison.design import (
    crossover_rows,
    design_of,
    freed_from_period,
    sequence_warnings,
)
from psgpipe.comparison.endpoint_values import endpoint_nights, with_balances
from psgpipe.comparison.nights_table import NightsTable, nights_table
from psgpipe.comparison.plausibility import check_arithmetic
from psgpipe.comparison.recipes import (
    recipe_summary,
    refuse_unlike,
    unlike_subjects,
    with_manifests,
)
from psgpipe.comparison.selection import OTHER_CONDITION, Selection, flow, select_nights
from psgpipe.comparison.spec import likely
from psgpipe.comparison.spec_lock import load_spec
from psgpipe.comparison.statements import sentences
from psgpipe.comparison.statistics.composition import BALANCES
from psgpipe.comparison.strata import dose_slopes, strata, tipping_sentence
from psgpipe.comparison.verdicts import stamps, worded
from psgpipe.errors import ComparisonSpecInvalid, NightsNotComparable, StudyTableInvalid
from psgpipe.messages import count_of
from psgpipe.model.comparison import (
    Comparison,
    ComparisonSpec,
    Declaration,
    MeasuredNight,
    Role,
    SubjectChange,
)
from psgpipe.model.listed_night import CONDITIONS
from psgpipe.study import blinding

NIGHTS = "nights.tsv"


def compare(
    source: str | Path,
    spec: str | Path | None = None,
    *,
    allow_unlike: Iterable[str] = (),
    exploratory: bool = False,
) -> Comparison:
    """Compare the treatment nights of every subject with its baseline nights.

    Parameters
    ----------
    source
        A folder that psgpipe wrote, or any table with columns ``subject night condition`` and
        endpoints.
    spec
        A TOML file, or ``treatment-comparison``; without it every endpoint is exploratory.
    allow_unlike
        Fields of `psgpipe.model.comparison.RECIPE_FIELDS` that may differ within a subject.
    exploratory
        Go on under a spec that was edited after it was locked, and say so everywhere.

    Returns
    -------
    Comparison
        ``contrasts`` and ``subjects`` are the rows of the two tables; nothing is written.

    Raises
    ------
    psgpipe.errors.StudyTableInvalid
        The table is wrong; every mistake is listed.
    psgpipe.errors.ComparisonSpecInvalid
        The spec is wrong or names an absent endpoint.
    psgpipe.errors.NightsNotComparable
        A condition is missing, no subject has nights in both, nights were made by different
        recipes, or the study is still blinded.
    psgpipe.errors.SpecChanged
        The spec was edited after it was locked.

    References
    ----------
    docs/explanation/comparison.md.
    """
    plan, declaration = load_spec(spec, exploratory=exploratory)
    table = read_nights(Path(source), plan)
    strange = check_arithmetic(table)
    selection = select_nights(table.nights, plan)
    _require_both_conditions(selection, table, plan)
    allowed = [*allow_unlike]
    unlike = refuse_unlike(_by_subject(selection), allowed)
    selection = _with_like_cohort(selection, allowed)
    design = design_of(selection, plan)
    roles = _roles(table, plan, declaration)
    _refuse_impossible_logarithms(selection, table.file, plan)
    analysed = adjust(
        [analyse(endpoint_nights(selection, e, plan), r, plan) for e, r in roles], plan
    )
    freed = freed_from_period(selection, analysed) if design == "crossover" else {}
    contrasts = worded(analysed, plan, declaration, design, freed)
    steps, recipe = flow(selection.fates), recipe_summary(selection.analysed)
    return Comparison(
        spec=plan,
        declaration=declaration,
        design=design,
        contrasts=contrasts,
        subjects=tuple(
            _stamped(change, declaration) for a in analysed for change in subject_changes(a.nights)
        ),
        flow=steps,
        nights=selection.fates,
        strata=strata(selection, analysed, plan),
        slopes=dose_slopes(selection, analysed, plan),
        crossover=crossover_rows(analysed, freed),
        sentences=sentences(
            plan, declaration, design, contrasts, steps, selection.analysed, recipe,
            tipping_sentence(selection, plan),
        ),
        warnings=(
            *strange, *selection.warnings, *unlike, *sequence_warnings(selection, design),
            *_other_conditions(selection, plan), *_set_aside(table),
        ),
        recipe=recipe,
    )  # fmt: skip


def read_nights(source: Path, spec: ComparisonSpec) -> NightsTable:
    """The nights in a table or in a folder that psgpipe wrote.

    Raises
    ------
    psgpipe.errors.StudyTableInvalid, psgpipe.errors.NightsNotComparable
    """
    out = source if source.is_dir() else source.parent
    path = source / NIGHTS if source.is_dir() else source
    if source.is_dir() and not path.is_file():
        raise StudyTableInvalid(
            f"{source.name}: wanted {NIGHTS}, found none",
            "Run psgpipe gather on this folder first.",
        )
    blinding.refuse_if_blinded(out, blind_by_spec=spec.blind)
    words = (*spec.baseline, *spec.treatment)
    table = nights_table(path, words, _named(spec), blinding.sealed(out))
    if not table.has_condition:
        raise StudyTableInvalid(
            f"{path.name}: wanted column condition, found none",
            f"Add the condition of each night; those of a blinded study are in its {blinding.KEY}.",
        )
    nights = with_manifests(table.nights, out) if (out / "nights").is_dir() else table.nights
    if spec.composition:
        nights = with_balances(nights)
    return replace(table, nights=nights)


def _named(spec: ComparisonSpec) -> list[str]:
    """The endpoints that a spec names, anywhere."""
    roles = (spec.primary, *spec.secondary, *(spec.endpoints or ()))
    return [e for e in (*roles, *spec.transform, *spec.equivalence, *spec.population) if e]


def _roles(
    table: NightsTable, spec: ComparisonSpec, declaration: Declaration
) -> list[tuple[str, Role]]:
    """Every endpoint to analyse and its role: declared ones first, in the spec's order.

    Under a spec that was edited after its lock nothing counts as declared.
    """
    balances = tuple(BALANCES) if spec.composition else ()
    there = [*table.endpoints, *balances]
    for endpoint in sorted({*_named(spec)}):
        if endpoint not in there:
            raise ComparisonSpecInvalid(
                f"the spec names endpoint {endpoint!r}, which {table.file} does not hold"
                f"{likely(endpoint, there)}",
                f"There are {', '.join(there) or 'no endpoints'}.",
            )
    roles: dict[str, Role] = {}
    if spec.primary:
        roles[spec.primary] = "primary"
    roles |= dict.fromkeys(spec.secondary, "secondary")
    rest = there if spec.endpoints is None else [*spec.endpoints, *balances]
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


def _refuse_impossible_logarithms(selection: Selection, file: str, spec: ComparisonSpec) -> None:
    for endpoint, transform in spec.transform.items():
        # Unpaired subjects' baseline nights tell how nights vary, on the same scale.
        cohort = (n for nights in selection.cohort_baseline.values() for n in nights)
        values = ((n.row, n.values.get(endpoint) or 0.0) for n in (*selection.analysed, *cohort))
        row, lowest = min(values, key=lambda found: found[1])
        if transform == "log" and lowest < 0:
            raise ComparisonSpecInvalid(
                f"the spec takes the logarithm of {endpoint}, which is {lowest:g} in row {row} of "
                f"{file}",
                "Leave out the transformation: a value below 0 has no logarithm.",
            )


def _require_both_conditions(
    selection: Selection, table: NightsTable, spec: ComparisonSpec
) -> None:
    counts: dict[str, int] = {}
    for night in table.nights:
        counts[night.condition or ""] = counts.get(night.condition or "", 0) + 1
    found = ", ".join(f"{word} ({n} nights)" for word, n in counts.items())
    for which, words in (("baseline", spec.baseline), ("treatment", spec.treatment)):
        if not any(word in counts for word in words):
            raise NightsNotComparable(
                f"{table.file}: wanted {which} nights (condition {' or '.join(words)}), found "
                f"{found}",
                "Name the study's own words under [conditions] of a comparison spec.",
            )
    if not selection.baseline:
        lost = ", ".join(f"{s.nights} {s.step}" for s in flow(selection.fates)[1:] if s.nights)
        raise NightsNotComparable(
            f"{table.file}: no subject has at least one valid night in each condition ({lost})",
            "Look at the reasons in the table; more nights or another rule for nights are needed.",
        )


def _with_like_cohort(selection: Selection, allowed: Sequence[str]) -> Selection:
    """The selection without unpaired subjects whose baseline nights were made by unlike recipes.

    How these nights vary is not how sleep does.
    """
    unlike = unlike_subjects(selection.cohort_baseline, allowed)
    if not unlike:
        return selection
    said = (
        f"the baseline nights of {count_of(len(unlike), 'unpaired subject')} were made by "
        "different recipes: left out of the night-to-night SD"
    )
    return replace(
        selection,
        cohort_baseline={s: n for s, n in selection.cohort_baseline.items() if s not in unlike},
        warnings=(*selection.warnings, said),
    )


def _by_subject(selection: Selection) -> Mapping[str, Sequence[MeasuredNight]]:
    return {s: [*selection.baseline[s], *selection.treatment[s]] for s in selection.baseline}


def _stamped(change: SubjectChange, declaration: Declaration) -> SubjectChange:
    note = "; ".join(part for part in (change.note, *stamps(declaration)) if part)
    return replace(change, note=note)


def _other_conditions(selection: Selection, spec: ComparisonSpec) -> list[str]:
    """A condition that nobody named may be one that somebody misspelled."""
    words = Counter(
        f.condition
        for f in selection.fates
        if f.fate == OTHER_CONDITION and f.condition not in CONDITIONS
    )
    if not words:
        return []
    found = ", ".join(f"{word!r} ({count_of(n, 'night')})" for word, n in words.most_common(8))
    return [
        f"neither baseline ({' or '.join(spec.baseline)}) nor treatment "
        f"({' or '.join(spec.treatment)}): condition {found}"
    ]


def _set_aside(table: NightsTable) -> list[str]:
    reasons = {
        "the same on all nights of each subject": table.set_aside,
        "no numbers": table.not_numbers,
    }
    return [
        f"not analysed, because {reason}: {', '.join(columns)}"
        for reason, columns in reasons.items()
        if columns
    ]
