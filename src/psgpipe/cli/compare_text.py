"""A comparison in the terminal: a table that a clinician can read, and what belongs to it."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence

from psgpipe.cli.printing import printable, table
from psgpipe.comparison.verdicts import LOCKED, ratio
from psgpipe.model.comparison import Comparison, Contrast

WIDTH = 100
_HEADINGS = {
    "primary": "Primary endpoint",
    "secondary": "Secondary endpoints",
    "exploratory": "Exploratory endpoints",
}


def comparison_text(comparison: Comparison) -> str:
    """The contrasts by role, what was found beside them, warnings and sentences."""
    parts = [
        *(_role_part(comparison.contrasts, role) for role in _HEADINGS),
        _crossover_part(comparison),
        _slope_part(comparison),
        _strata_part(comparison),
        _subjects_part(comparison),
        _flow_part(comparison),
        "\n".join(_wrapped(f"! {warning}") for warning in comparison.warnings),
        "\n".join(_wrapped(sentence) for sentence in comparison.sentences),
    ]
    return "\n\n".join(part for part in parts if part)


def _role_part(contrasts: Sequence[Contrast], role: str) -> str:
    rows = [c for c in contrasts if c.role == role]
    if not rows:
        return ""
    hedges = {_hedge(c) for c in rows if c.n_subjects}
    # One hedge for all stands above the table; where rows differ, each carries its own.
    heading = _HEADINGS[role] + (
        f" ({''.join(hedges)})" if len(hedges) == 1 and any(hedges) else ""
    )
    head = ("", "unit", "n", "baseline", "treatment", "difference [95 %]", "p", "p adj", "")
    worth = ((c.endpoint, _note(c)) for c in rows if _worth(c))
    notes = [_wrapped(f"{endpoint}: {note}", "    ") for endpoint, note in worth if note]
    return "\n".join(
        [heading, table([head, *(_row(c, in_full=len(hedges) > 1) for c in rows)]), *notes]
    )


def _note(c: Contrast) -> str:
    """The note without the hash of the lock, which a sentence below all tables has once."""
    return "; ".join(part for part in c.note.split("; ") if not part.startswith(LOCKED))


def _worth(c: Contrast) -> bool:
    """Notes of declared endpoints and of findings are printed; all notes are in the files."""
    return c.role != "exploratory" or "under treatment" in c.verdict


def _hedge(c: Contrast) -> str:
    """``preliminary`` or ``descriptive``, where the verdict is one of these."""
    before = c.verdict.split(": ")[0].split(", ")
    return next((word for word in before if word in ("preliminary", "descriptive")), "")


def _row(c: Contrast, *, in_full: bool) -> tuple[str, ...]:
    tested = "descriptive" not in c.verdict
    means = (c.baseline_mean, c.treatment_mean)
    return (
        c.endpoint,
        _inside_ln(c.unit),
        str(c.n_subjects),
        *(_number(_from_ln(c.unit, mean)) for mean in means),
        _change(c),
        _p(c.p_sign_flip) if tested else "-",
        _p(c.p_adjusted) if tested and c.adjustment != "none" else "-",
        c.verdict if in_full else c.verdict.split(": ")[-1] if tested else "",
    )


def _inside_ln(unit: str) -> str:
    """The unit that people read: log-transformed rows are shown as geometric means and ratios."""
    return unit.removeprefix("ln(").removesuffix(")").split(" + ")[0]


def _from_ln(unit: str, mean: float | None) -> float | None:
    if mean is None or not unit.startswith("ln("):
        return mean
    offset = unit.removesuffix(")").split(" + ")[1:]
    return math.exp(mean) - sum(float(part) for part in offset)


def _change(c: Contrast) -> str:
    in_ln = c.unit.startswith("ln(")
    if c.difference is None and c.hodges_lehmann is None:
        return "-"
    if c.difference is None:
        shift = c.hodges_lehmann or 0.0
        return f"x {ratio(shift)} (medians)" if in_ln else f"{_signed(shift)} (median shift)"
    if in_ln:
        limits = [ratio(v) for v in (c.ci_low, c.ci_high) if v is not None]
        return f"x {ratio(c.difference)}" + (f" [{', '.join(limits)}]" if limits else "")
    return _with_interval(c.difference, c.ci_low, c.ci_high)


def _with_interval(value: float, low: float | None, high: float | None) -> str:
    interval = "" if low is None or high is None else f" [{_signed(low)}, {_signed(high)}]"
    return _signed(value) + interval


def _number(value: float | None) -> str:
    return "-" if value is None else _rounded(value)


def _rounded(value: float) -> str:
    """Three digits, without an exponent: nobody reads 1.2e+02 minutes; nor is 1e-7 nothing."""
    size = 0 if value == 0 else math.floor(math.log10(abs(value)))
    return f"{value:.{max(2 - size, 0)}f}" if size > -5 else f"{value:.3g}"


def _signed(value: float) -> str:
    return ("+" if value > 0 else "") + _rounded(value)


def _p(value: float | None) -> str:
    if value is None:
        return "-"
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def _declared(comparison: Comparison) -> list[str]:
    """The endpoints whose further tables are printed; those of all are in comparison.json."""
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
         _p(s.p_sign_flip) if s.n_subjects >= 6 else "-")
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
    """Which subjects changed by more than their nights differ anyway, in declared endpoints."""
    lines = []
    for c in comparison.contrasts:
        if c.endpoint not in _declared(comparison):
            continue
        changes = [s for s in comparison.subjects if s.endpoint == c.endpoint]
        beyond = [s for s in changes if s.beyond_mdc]
        judged = sum(s.beyond_mdc is not None for s in changes)
        if judged:
            names = ", ".join(f"{s.subject} ({_own(c.unit, s.difference)})" for s in beyond)
            lines.append(f"  {c.endpoint}: {len(beyond)} of {judged}{': ' if names else ''}{names}")
    title = "Subjects beyond the minimal detectable change (not: caused by the treatment)"
    return "\n".join([title, *(_wrapped(line, "    ") for line in lines)]) if lines else ""


def _own(unit: str, change: float | None) -> str:
    """A subject's change; a ratio where the endpoint is on the ln scale."""
    return f"x {ratio(change or 0.0)}" if unit.startswith("ln(") else _signed(change or 0.0)


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
