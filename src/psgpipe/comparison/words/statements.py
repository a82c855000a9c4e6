"""Statements that belong to every table of a comparison, as sentences."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from psgpipe.comparison.endpoints.testability import is_testable
from psgpipe.comparison.nights.imbalance import unequal_nights
from psgpipe.comparison.nights.selection import NightSelection
from psgpipe.comparison.stager_accuracy import KnownErrors
from psgpipe.comparison.statistics.paired import G_AV_FORMULA
from psgpipe.comparison.statistics.sign_flip import EXACT_UP_TO_N, MONTE_CARLO_DRAWS
from psgpipe.comparison.words import night_statements as of_nights
from psgpipe.comparison.words.tipping_points import tipping_points
from psgpipe.messages import count_of
from psgpipe.model.comparison.contrast import Contrast
from psgpipe.model.comparison.measured_night import MeasuredBy, MeasuredNight
from psgpipe.model.comparison.results import FlowStep
from psgpipe.model.comparison.spec import ComparisonSpec, Declaration


def statements(
    spec: ComparisonSpec,
    declaration: Declaration,
    design: str,
    contrasts: Sequence[Contrast],
    flow: Sequence[FlowStep],
    selection: NightSelection,
    recipe: Mapping[str, Sequence[str]],
    known: Mapping[str, KnownErrors],
    measured_by: MeasuredBy = "psg",
) -> dict[str, str]:
    """The statements that belong to every table of a comparison, by topic.

    `known` are errors of the stager for ``rem`` and ``n3``, where they were measured for these
    nights.
    """
    nights = selection.analysed
    testable = any(is_testable(c) for c in contrasts)
    by_topic = {
        "sample": of_nights.sample(flow),
        "arms": None,
        "sample size": of_nights.sample_size(flow),
        "declaration": _declaration(spec, declaration),
        "multiplicity": _multiplicity(contrasts) if testable else None,
        "causality": _causality(design, spec, nights),
        "slopes": None,
        "first nights": of_nights.first_nights(flow, nights, spec),
        "comedication": of_nights.comedication(nights),
        "staging": of_nights.staging(recipe),
        "flags": of_nights.flags(nights),
        **tipping_points(selection, spec, known),
        "trust": of_nights.trust(contrasts, recipe),
        "parts": "Stage percentages are parts of one whole, and TST, SE and WASO are tied: they "
        "are not independent evidence.",
        "no evidence": "No evidence of change is not evidence of no change; that needs a declared "
        "margin.",
        "one patient": "A group mean is not this patient; subjects.tsv has each subject's own "
        "change.",
        "sign flips": _exactness(selection),
        "intervals": f"Intervals are 95 %; tests are two-sided; g_av = {G_AV_FORMULA}.",
        "stages": of_nights.stages(nights),
    }
    if selection.arms:
        # A comparison within subjects needs none of this.
        from psgpipe.comparison.arms.statements import arm_statements

        by_topic |= arm_statements(selection, contrasts, spec)
    if measured_by != "psg":
        from psgpipe.comparison.nights.source_columns import source_statement

        by_topic = {topic: text for topic, text in by_topic.items() if not _is_on_stages(topic)}
        by_topic = {"source": source_statement(measured_by), **by_topic}
    return {topic: text for topic, text in by_topic.items() if text}


def _is_on_stages(topic: str) -> bool:
    """Whether a statement is about stages, which no other source has."""
    return topic in ("staging", "trust", "parts", "stages") or topic.startswith("tipping point")


def _declaration(spec: ComparisonSpec, declaration: Declaration) -> str:
    if declaration.file is None and spec.primary:
        return (
            f"Primary endpoint {spec.primary}, named with the command: nothing shows that it was "
            "chosen before the results were seen."
        )
    if declaration.file is None:
        return "Nothing was declared before these results were seen: every endpoint is exploratory."
    if declaration.exploratory:
        return f"EXPLORATORY: {declaration.file} was edited after it was locked."
    primary = f"primary endpoint {spec.primary}" if spec.primary else "no primary endpoint"
    if declaration.locked_at:
        return (
            f"Declared in {declaration.file}, locked {declaration.locked_at}, sha256 "
            f"{declaration.sha256}: {primary}."
        )
    return (
        f"Declared in {declaration.file}: {primary}. The spec was not locked, so nothing shows "
        "that it was written before the results were seen."
    )


def _multiplicity(contrasts: Sequence[Contrast]) -> str:
    words = {
        "hierarchical-holm": "Holm",
        "holm": "Holm",
        "benjamini-hochberg": "Benjamini-Hochberg",
        "max-t": f"max-T {contrasts[0].test}" if contrasts else "",
    }
    parts = []
    for role in ("secondary", "exploratory"):
        family = [c for c in contrasts if c.role == role and c.adjustment in words]
        if family:
            parts.append(
                f"{words[family[0].adjustment]} over {count_of(len(family), f'{role} endpoint')}"
            )
    alone = any(c.role == "primary" for c in contrasts)
    head = "The primary endpoint is not adjusted" if alone else ""
    if any(c.role == "secondary" and c.adjustment == "holm" for c in contrasts):
        head += ", and secondary changes are supportive if it shows none"
    if any(c.adjustment == "hierarchical-holm" for c in contrasts):
        head += " and comes first: without its change no secondary change is claimed (hierarchical)"
    methods = "; ".join(p for p in (head, *parts) if p)
    test = contrasts[0].test if contrasts else ""
    return f"{methods}; verdicts rest on the (adjusted) {test} p." if methods else ""


def _exactness(selection: NightSelection) -> str:
    n, unequal = len(selection.baseline), unequal_nights(selection)
    patterns = (
        "counts all sign patterns" if n <= EXACT_UP_TO_N
        else f"draws {MONTE_CARLO_DRAWS} sign patterns (standard error of a p of 0.05: "
        f"{math.sqrt(0.05 * 0.95 / MONTE_CARLO_DRAWS):.4f})"
    )  # fmt: skip
    exact = "exact, because each subject has as many baseline as treatment nights"
    if unequal:
        exact = (
            f"exact only for symmetric changes, because in {unequal} of "
            f"{count_of(n, 'subject')} the numbers of baseline and treatment nights differ"
        )
    elif n > EXACT_UP_TO_N:
        exact = "valid, because each subject has as many baseline as treatment nights"
    return f"The sign-flip test {patterns}; it is {exact}."


def _causality(design: str, spec: ComparisonSpec, nights: Sequence[MeasuredNight]) -> str:
    if design == "before-after":
        several = len({n.arm for n in nights if n.arm}) > 1
        no_control = (
            "no control arm is used, because the spec names no [arms]" if several
            else "there is no control arm"
        )  # fmt: skip
        return (
            f"Before-after, not causal: {no_control}, so time and expectation are in "
            "every difference, and regression to the mean where subjects were selected by these "
            "baseline nights."
        )
    washout = "washout not stated" if spec.washout_days is None else (
        f"washout {count_of(spec.washout_days, 'day')}")  # fmt: skip
    return (
        f"Crossover ({washout}): treatment effects freed from the period effect by Hills and "
        "Armitage in a table of their own, and no change is claimed without it; carry-over is not "
        "tested, the washout must rule it out."
    )
