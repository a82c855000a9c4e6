"""The arm of each subject, and how many subjects of each arm are analysed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from psgpipe.comparison.nights.imbalance import unlike_arms
from psgpipe.comparison.nights.nights_table import NightsTable
from psgpipe.comparison.nights.selection import NightSelection
from psgpipe.comparison.nights.selection_rules import (
    ANALYSED,
    NO_ARM,
    OTHER_CONDITION,
    TOO_FEW,
    UNLIKE,
    UNPAIRED,
)
from psgpipe.errors import ComparisonSpecInvalid, NightsNotComparable, StudyTableInvalid
from psgpipe.messages import are, count_of, did_you_mean
from psgpipe.model.comparison.measured_night import MeasuredNight
from psgpipe.model.comparison.results import ArmFlow
from psgpipe.model.comparison.spec import ComparisonSpec
from psgpipe.model.ids import one_spelling

# Difference between the arms in the share of subjects left out from which a reader must know.
UNLIKE_DROPOUT = 0.15
MOST_NAMED = 8
NOT_STATED = "not stated"


def arm_of_each(table: NightsTable, spec: ComparisonSpec) -> dict[str, str]:
    """The arm of every subject of the table, in the table's words; without a stated one, none.

    A subject has one arm: where only some of its rows state it, it is that of all.

    Raises
    ------
    psgpipe.errors.ComparisonSpecInvalid
        The table has no such column.
    psgpipe.errors.StudyTableInvalid
        Subjects are in two arms.
    psgpipe.errors.NightsNotComparable
        No subject is in one of the arms.
    """
    if not table.has_arm:
        raise ComparisonSpecInvalid(
            f"the spec compares arms, and {table.file} has no column {spec.arm_column}",
            "Add the arm of each subject in this column, or name its column in [arms] column.",
        )
    rows: dict[str, dict[str, MeasuredNight]] = {}
    for night in table.nights:
        if night.arm is not None:
            rows.setdefault(night.subject, {}).setdefault(one_spelling(night.arm), night)
    _refuse_two_arms(table, rows)
    arms = {subject: str(next(iter(of.values())).arm) for subject, of in rows.items()}
    counts = Counter(one_spelling(arm) for arm in arms.values())
    for role, words in (("treatment", spec.arm_treatment), ("control", spec.arm_control)):
        if not any(word in counts for word in words):
            found = ", ".join(f"{a} ({count_of(n, 'subject')})" for a, n in counts.most_common(8))
            raise NightsNotComparable(
                f"{table.file}: wanted subjects of the {role} arm ({' or '.join(words)}), found "
                f"{found or 'no arm stated'}{did_you_mean(words[0], counts)}",
                f"Name the arms of the table in [arms]; without a {role} arm, leave out [arms].",
            )
    return arms


def _refuse_two_arms(table: NightsTable, rows: Mapping[str, Mapping[str, MeasuredNight]]) -> None:
    twice = {subject: [*of.values()] for subject, of in rows.items() if len(of) > 1}
    if not twice:
        return
    subject, (one, other, *_) = next(iter(twice.items()))
    more = f"; {count_of(len(twice) - 1, 'more subject')}" if len(twice) > 1 else ""
    raise StudyTableInvalid(
        f"{table.file}: subject {subject} is in arm {one.arm} (row {one.row}) and in arm "
        f"{other.arm} (row {other.row}){more}",
        "Each subject belongs to one arm, that of its randomisation: correct the column.",
    )


def require_analysed_arms(flow: Sequence[ArmFlow], file: str) -> None:
    """Refuse a comparison in which no subject of one arm is left.

    Raises
    ------
    psgpipe.errors.NightsNotComparable
    """
    for role in ("treatment", "control"):
        rows = [f for f in flow if f.role == role]
        if not any(f.analysed for f in rows):
            lost = [f"{n} {reason}" for f in rows for reason, n in f.left_out.items()]
            raise NightsNotComparable(
                f"{file}: no subject of the {role} arm ({' or '.join(f.arm for f in rows)}) can be "
                f"analysed ({', '.join(lost)})",
                "Look at the reasons in the table; stage these nights, or change the rule.",
            )


def in_treatment_arm(selection: NightSelection, spec: ComparisonSpec) -> dict[str, bool]:
    """Whether each analysed subject is in the treatment arm."""
    return {s: one_spelling(selection.arms[s]) in spec.arm_treatment for s in selection.baseline}


def arm_flow(selection: NightSelection, spec: ComparisonSpec) -> tuple[ArmFlow, ...]:
    """Subjects listed, analysed and left out in each arm: treatment, control, others."""
    fates: dict[str, list[str]] = {}
    for night in selection.fates:
        fates.setdefault(night.subject, []).append(night.fate)
    by_arm: dict[str, list[str]] = {}
    words = {one_spelling(arm): arm for arm in reversed([*selection.arms.values()])}
    for subject in fates:
        arm = selection.arms.get(subject)
        by_arm.setdefault("" if arm is None else one_spelling(arm), []).append(subject)
    roles = (("treatment", spec.arm_treatment), ("control", spec.arm_control))
    rows = []
    for role, named in (*roles, ("other", sorted({*by_arm} - {w for _, of in roles for w in of}))):
        for arm in (a for a in named if a in by_arm):
            lost = Counter(reason for s in by_arm[arm] if (reason := _reason(fates[s])) != ANALYSED)
            rows.append(
                ArmFlow(words.get(arm, NOT_STATED), role, len(by_arm[arm]),
                        len(by_arm[arm]) - lost.total(), dict(lost.most_common()))
            )  # fmt: skip
    return tuple(rows)


def _reason(fates: Sequence[str]) -> str:
    """Why a subject is not analysed, from the fates of its nights."""
    certain = (ANALYSED, NO_ARM, UNPAIRED, TOO_FEW, UNLIKE)
    named = [fate for fate in certain if fate in fates]
    if named:
        return named[0]
    other = [fate for fate in fates if fate != OTHER_CONDITION] or fates
    return Counter(other).most_common(1)[0][0]


def arm_warnings(
    selection: NightSelection, flow: Sequence[ArmFlow], spec: ComparisonSpec
) -> Iterator[str]:
    """Warnings on subjects outside both arms, on unlike dropout and on unlike nights."""
    unknown = sorted({f.subject for f in selection.fates} - {*selection.arms})
    if unknown:
        more = f" and {len(unknown) - MOST_NAMED} more" if len(unknown) > MOST_NAMED else ""
        yield (
            f"{count_of(len(unknown), 'subject')} without a stated arm left out: "
            f"{', '.join(unknown[:MOST_NAMED])}{more}"
        )
    others = [f"{f.arm} ({count_of(f.listed, 'subject')})"
              for f in flow if f.role == "other" and f.arm != NOT_STATED]  # fmt: skip
    if others:
        yield f"neither treatment nor control: arm {', '.join(others[:MOST_NAMED])}"
    yield from _unlike_dropout(flow)
    in_arm = in_treatment_arm(selection, spec)
    groups = tuple([s for s, is_in in in_arm.items() if is_in is arm] for arm in (True, False))
    for which, nights in (("baseline", selection.baseline), ("treatment", selection.treatment)):
        yield from unlike_arms(which, *([nights[s] for s in group] for group in groups))


def _unlike_dropout(flow: Sequence[ArmFlow]) -> Iterator[str]:
    (lost, listed), (lost_control, listed_control) = (
        (sum(f.listed - f.analysed for f in flow if f.role == role),
         sum(f.listed for f in flow if f.role == role))
        for role in ("treatment", "control")
    )  # fmt: skip
    if abs(lost / listed - lost_control / listed_control) >= UNLIKE_DROPOUT:
        yield (
            f"dropout differs between the arms: {lost} of {count_of(listed, 'subject')} of the "
            f"treatment arm {are(lost)} left out, {lost_control} of {listed_control} of the "
            "control arm. Only complete cases are compared, so the difference is biased if the "
            "treatment is the reason"
        )
