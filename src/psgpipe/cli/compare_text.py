"""A comparison as text for the terminal: tables, warnings and statements."""

from __future__ import annotations

import math
import textwrap

from psgpipe.cli.printing import printable, table
from psgpipe.comparison.endpoint_values import unit_of
from psgpipe.comparison.verdicts import TESTABLE_FROM_N, ratio
from psgpipe.model.comparison import Comparison, Contrast
from psgpipe.model.comparison_spec import Declaration

WIDTH = 100
_HEADINGS = {
    "primary": "Primary endpoint",
    "secondary": "Secondary endpoints",
    "exploratory": "Exploratory endpoints",
}


def comparison_text(comparison: Comparison) -> str:
    """The contrasts by role, the further tables, warnings and statements."""
    parts = [
        *(_role_part(comparison, role) for role in _HEADINGS),
        _crossover_part(comparison),
        _slope_part(comparison),
        _strata_part(comparison),
        _subjects_part(comparison),
        _flow_part(comparison),
        "\n".join(_wrapped(f"! {warning}") for warning in comparison.warnings),
        "\n".join(_wrapped(sentence) for sentence in comparison.sentences),
    ]
    return "\n\n".join(part for part in parts if part)


def _role_part(comparison: Comparison, role: str) -> str:
    rows = [c for c in comparison.contrasts if c.role == role]
    if not rows:
        return ""
    hedges = {_hedge(c) for c in rows if c.n_subjects}
    # One hedge for all rows stands above the table; where rows differ, each carries its own.
    heading = _HEADINGS[role] + (
        f" ({''.join(hedges)})" if len(hedges) == 1 and any(hedges) else ""
    )
    head = ("", "unit", "n", "baseline", "treatment", "difference [95 %]", "p", "p adj", "")
    notes = [
        _wrapped(f"{c.endpoint}: {note}", "    ")
        for c in rows
        if _is_noted(c) and (note := _note(c, comparison.declaration))
    ]
    return "\n".join(
        [heading, table([head, *(_row(c, in_full=len(hedges) > 1) for c in rows)]), *notes]
    )


def _note(c: Contrast, declaration: Declaration) -> str:
    """The note without the hash of the lock, which a statement below all tables has once."""
    return c.note if declaration.exploratory else "; ".join(c.remarks)


def _is_noted(c: Contrast) -> bool:
    """Notes of declared endpoints and of claimed changes are printed; all are in the files."""
    return c.role != "exploratory" or c.direction is not None


def _hedge(c: Contrast) -> str:
    """``preliminary`` or ``descriptive``, where the contrast has one of these hedges."""
    return next((hedge for hedge in c.hedges if hedge != "exploratory"), "")


def _row(c: Contrast, *, in_full: bool) -> tuple[str, ...]:
    tested = "descriptive" not in c.hedges
    return (
        c.endpoint,
        unit_of(c.endpoint),
        str(c.n_subjects),
        _mean(c, c.baseline_mean),
        _mean(c, c.treatment_mean),
        _change(c),
        _p(c.p_sign_flip) if tested else "-",
        _p(c.p_adjusted) if tested and c.adjustment != "none" else "-",
        c.verdict if in_full else c.finding if tested else "",
    )


def _mean(c: Contrast, mean: float | None) -> str:
    """A mean in the endpoint's own unit; of a log-transformed endpoint, the geometric mean."""
    if mean is None:
        return "-"
    return _rounded(math.exp(mean) - c.offset if c.transform == "log" else mean)


def _change(c: Contrast) -> str:
    is_ratio = c.transform == "log"
    if c.difference is None and c.hodges_lehmann is None:
        return "-"
    if c.difference is None:
        shift = c.hodges_lehmann or 0.0
        return f"x {ratio(shift)} (medians)" if is_ratio else f"{_signed(shift)} (median shift)"
    if is_ratio:
        limits = [ratio(v) for v in (c.ci_low, c.ci_high) if v is not None]
        return f"x {ratio(c.difference)}" + (f" [{', '.join(limits)}]" if limits else "")
    return _with_interval(c.difference, c.ci_low, c.ci_high)


def _with_interval(value: float, low: float | None, high: float | None) -> str:
    interval = "" if low is None or high is None else f" [{_signed(low)}, {_signed(high)}]"
    return _signed(value) + interval


def _rounded(value: float) -> str:
    """Three digits; an exponent only where the number would read as 0."""
    size = 0 if value == 0 else math.floor(math.log10(abs(value)))
    return f"{value:.{max(2 - size, 0)}f}" if size > -5 else f"{value:.3g}"


def _signed(value: float) -> str:
    return ("+" if value > 0 else "") + _rounded(value)


def _p(value: float | None) -> str:
    if value is None:
        return "-"
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def _declared(comparison: Comparison) -> list[str]:
    """The declared endpoints: the further tables show these; comparison.json has all."""
    return [c.endpoint for c in comparison.contrasts if c.role != "exploratory"]


def _crossover_part(comparison: Comparison) -> str:
    rows = [
        (r.endpoint, r.unit, f"{r.n_treated_first}+{r.n_treated_second}",
         _with_interval(r.difference, r.ci_low, r.ci_high), _p(r.p),
         f"{_signed(r.period_difference)} (p {_p(r.period_p)})")
        for r in comparison.crossover
    ]  # fmt: skip
    head = ("", "unit", "treated first+second", "treatment effect [95 %]", "p", "period effect")
    return "\n".join(["Crossover, Hills-Armitage", table([head, *rows])]) if rows else ""


def _slope_part(comparison: Comparison) -> str:
    shown = _declared(comparison)
    rows = [
        (s.endpoint, s.unit, str(s.n_subjects), _with_interval(s.slope, s.ci_low, s.ci_high),
         _p(s.p_sign_flip) if s.n_subjects >= TESTABLE_FROM_N else "-")
        for s in comparison.slopes
        if s.endpoint in shown
    ]  # fmt: skip
    head = ("", "unit", "n", "slope [95 %]", "p")
    title = "Within-subject slope on dose, subjects with two or more doses (exploratory)"
    return "\n".join([title, table([head, *rows])]) if rows else ""


def _strata_part(comparison: Comparison) -> str:
    shown = _declared(comparison)
    rows = [
        (s.by, s.stratum, s.endpoint, s.unit, str(s.n_subjects), str(s.n_treatment_nights),
         _with_interval(s.difference, s.ci_low, s.ci_high))
        for s in comparison.strata
        if s.difference is not None and s.endpoint in shown
    ]  # fmt: skip
    head = ("by", "stratum", "endpoint", "unit", "n", "nights", "difference [95 %]")
    return "\n".join(["Strata (exploratory)", table([head, *rows])]) if rows else ""


def _subjects_part(comparison: Comparison) -> str:
    """Subjects whose change exceeds the night-to-night variation, in declared endpoints."""
    lines = []
    for c in comparison.contrasts:
        if c.endpoint not in _declared(comparison):
            continue
        changes = [s for s in comparison.subjects if s.endpoint == c.endpoint]
        beyond = [s for s in changes if s.beyond_mdc]
        judged = sum(s.beyond_mdc is not None for s in changes)
        if judged:
            names = ", ".join(f"{s.subject} ({_subject_change(c, s.difference)})" for s in beyond)
            lines.append(f"  {c.endpoint}: {len(beyond)} of {judged}{': ' if names else ''}{names}")
    title = "Subjects beyond the minimal detectable change (not: caused by the treatment)"
    return "\n".join([title, *(_wrapped(line, "    ") for line in lines)]) if lines else ""


def _subject_change(c: Contrast, difference: float | None) -> str:
    """A subject's change; a ratio where the endpoint is log-transformed."""
    return f"x {ratio(difference or 0.0)}" if c.transform == "log" else _signed(difference or 0.0)


def _flow_part(comparison: Comparison) -> str:
    ends = ("listed", "analysed")
    rows = [
        (s.step, str(s.nights), str(s.subjects))
        for s in comparison.flow
        if s.nights or s.step in ends
    ]
    return "\n".join(["Recordings", table([("", "nights", "subjects"), *rows])])


def _wrapped(text: str, indent: str = "  ") -> str:
    return textwrap.fill(
        printable(text), WIDTH, initial_indent=indent if text[0] != " " else "",
        subsequent_indent=indent + "  ", break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
