"""The design of the study: before-after, crossover or parallel arms."""

from __future__ import annotations

from collections import Counter

from psgpipe.comparison.nights.nights_table import NightsTable
from psgpipe.comparison.nights.selection import NightSelection, flow
from psgpipe.comparison.nights.selection_rules import ANALYSED, UNPAIRED
from psgpipe.errors import NightsNotComparable
from psgpipe.messages import count_of, likely_word
from psgpipe.model.comparison.spec import ComparisonSpec
from psgpipe.tables.columns import CONDITIONS


def require_both_conditions(
    selection: NightSelection, table: NightsTable, spec: ComparisonSpec
) -> None:
    """Refuse a table without nights of one condition, or without one subject who has both.

    Raises
    ------
    psgpipe.errors.NightsNotComparable
        Says whether nights are missing, have words that nobody named, or are all left out.
    """
    counts: dict[str, int] = {}
    for night in table.nights:
        counts[night.condition or ""] = counts.get(night.condition or "", 0) + 1
    words_found = ", ".join(f"{word} ({count_of(n, 'night')})" for word, n in counts.items())
    unnamed = [w for w in counts if w not in {*CONDITIONS, *spec.baseline, *spec.treatment}]
    for which, words in (("baseline", spec.baseline), ("treatment", spec.treatment)):
        if not any(word in counts for word in words):
            missing = "" if unnamed else f"the {which} nights are missing: "
            likely = likely_word(words[0], filter(None, counts))
            remedy = f"Add the {which} nights to the table, and stage them."
            if likely:
                remedy = f"Did you mean {likely!r}? Correct --{which}, or [conditions] of the spec."
            elif unnamed:
                remedy = (
                    f"Name the study's own words: --{which} {unnamed[0]} (and the other "
                    "condition), or [conditions] of a comparison spec."
                )
            raise NightsNotComparable(
                f"{table.file}: {missing}wanted {which} nights (condition {' or '.join(words)}), "
                f"found {words_found}",
                remedy,
            )
    _require_valid_nights(selection, table, spec)
    if not selection.baseline:
        lost = ", ".join(f"{s.nights} {s.step}" for s in flow(selection.fates)[1:] if s.nights)
        raise NightsNotComparable(
            f"{table.file}: no subject has at least one valid night in each condition ({lost})",
            "Look at the reasons in the table; more nights or another rule for nights are needed.",
        )


def _require_valid_nights(
    selection: NightSelection, table: NightsTable, spec: ComparisonSpec
) -> None:
    """Refuse a table whose nights of one condition are all left out, and say why they are."""
    for which, words in (("baseline", spec.baseline), ("treatment", spec.treatment)):
        fates = Counter(f.fate for f in selection.fates if f.condition in words)
        if not fates.keys() & {ANALYSED, UNPAIRED}:
            lost = ", ".join(f"{n} {fate}" for fate, n in fates.most_common())
            raise NightsNotComparable(
                f"{table.file}: no {which} night can be analysed ({lost})",
                "Look at the reasons in the table; stage these nights, or change the rule.",
            )


def design_of(selection: NightSelection, spec: ComparisonSpec) -> str:
    """``parallel`` where arms are named, ``crossover`` where declared or where both orders occur.

    Raises
    ------
    psgpipe.errors.NightsNotComparable
        A crossover is declared and the nights are none.
    """
    if spec.arm_treatment:
        return "parallel"
    first = [treated_first(selection, s) for s in selection.baseline]
    both_orders = True in first and False in first
    if spec.design == "crossover" and not both_orders:
        raise NightsNotComparable(
            "the spec declares a crossover; wanted subjects with one period for each condition, in "
            "both orders, found none or one order",
            "Fill the column period, or declare design = 'before-after'.",
        )
    if spec.design != "auto":
        return spec.design
    return "crossover" if both_orders and None not in first else "before-after"


def sequence_warnings(selection: NightSelection, design: str) -> list[str]:
    """Warnings on periods and sequences of the table that do not fit the design."""
    if design == "parallel":
        return []
    return [
        *_mixed_sequences(selection),
        *_lost_crossover(selection, design),
        *_nights_without_period(selection),
    ]


def _nights_without_period(selection: NightSelection) -> list[str]:
    """A warning where the period is stated for some nights only."""
    nights = selection.analysed
    blank = sum(not n.period for n in nights)
    if blank in (0, len(nights)):
        return []
    return [
        f"period is not stated on {count_of(blank, 'analysed night')} of {len(nights)}: a mixed "
        "model of these nights has no period effect"
    ]


def _mixed_sequences(selection: NightSelection) -> list[str]:
    """A warning for each sequence whose subjects had the conditions in both orders."""
    orders: dict[str, set[bool]] = {}
    for subject, nights in selection.baseline.items():
        first = treated_first(selection, subject)
        if first is not None and nights[0].sequence:
            orders.setdefault(nights[0].sequence, set()).add(first)
    mixed = sorted(sequence for sequence, both in orders.items() if len(both) > 1)
    return [f"sequence {sequence} holds subjects with both orders of periods" for sequence in mixed]


def _lost_crossover(selection: NightSelection, design: str) -> list[str]:
    """A warning where the table looks like a crossover but is not analysed as one."""
    first = [treated_first(selection, s) for s in selection.baseline]
    not_clear = (
        f"in {first.count(None)} of {count_of(len(first), 'subject')} the period of each condition "
        "is not clear"
    )
    if design == "crossover":
        return [f"{not_clear}: Hills-Armitage leaves them out"] if None in first else []
    if any(n.sequence for n in selection.analysed) and not any(
        n.period for n in selection.analysed
    ):
        return ["sequence is given and period is not: this is not analysed as a crossover"]
    sequences = {n.sequence for n in selection.analysed if n.sequence}
    both_orders = len(sequences) > 1 or (True in first and False in first)
    if both_orders and None in first:
        return [f"{not_clear}: this is not analysed as a crossover"]
    return []


def treated_first(selection: NightSelection, subject: str) -> bool | None:
    """Whether the treatment period came before the baseline period; None where it is not clear."""
    periods = [
        {n.period for n in group[subject]} for group in (selection.baseline, selection.treatment)
    ]
    if any(len(names) != 1 or None in names for names in periods):
        return None
    baseline, treatment = (str(next(iter(names))) for names in periods)
    return None if baseline == treatment else _order(treatment) < _order(baseline)


def _order(period: str) -> tuple[float, str]:
    """Periods in the order of their numbers, else of their names."""
    digits = "".join(c for c in period if c.isdigit())
    return (float(digits) if digits else 0.0, period)
