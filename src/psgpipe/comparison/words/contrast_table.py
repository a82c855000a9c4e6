"""The table of contrasts: one row an endpoint, with the remarks as notes."""

from __future__ import annotations

import math

from psgpipe.comparison.endpoints.units import unit_of
from psgpipe.comparison.words.shown_numbers import ratio, rounded, shown_p, signed, with_interval
from psgpipe.model.comparison.contrast import Contrast
from psgpipe.model.comparison.results import Comparison

MOST_ROWS = 8
_ALWAYS_SHOWN = ("tst_min", "se_pct", "rem_pct", "n3_pct")
_CONTRAST_HEAD = (
    "endpoint", "unit", "n", "baseline", "treatment", "difference [95 %]", "p", "p adj", "trust",
    "verdict",
)  # fmt: skip
Row = tuple[str, ...]


def short_table(comparison: Comparison) -> tuple[Contrast, ...]:
    """At most eight contrasts: the declared ones, then TST, SE, REM % and N3 %.

    Where a table has none of these, its first endpoints.
    """
    shown = [c for c in comparison.contrasts if c.role != "exploratory"]
    others = [c for c in comparison.contrasts if c.role == "exploratory"]
    shown += [c for name in _ALWAYS_SHOWN for c in others if c.endpoint == name]
    return tuple(shown or others)[:MOST_ROWS]


def shared_remarks(comparison: Comparison) -> tuple[str, ...]:
    """The remarks that every endpoint with numbers has: one line says them of all."""
    compared = [c for c in comparison.contrasts if c.difference is not None]
    if len(compared) < 2:
        return ()
    return tuple(r for r in compared[0].remarks if all(r in c.remarks for c in compared))


def note_of(comparison: Comparison, c: Contrast) -> str:
    """The note without the hash of the lock, which a statement below all tables has once."""
    return c.note if comparison.declaration.exploratory else "; ".join(c.remarks)


def contrast_head(comparison: Comparison) -> Row:
    """The names of the columns of `contrast_row`."""
    if comparison.design != "parallel":
        return _CONTRAST_HEAD
    first, last = _CONTRAST_HEAD[:2], _CONTRAST_HEAD[5:]
    return (*first, "n (treated + control)", "control, adjusted", "treatment, adjusted", *last)


def contrast_row(c: Contrast) -> Row:
    """One contrast as text, without its role."""
    tested = "descriptive" not in c.hedges
    n, means = str(c.n_subjects), (c.baseline_mean, c.treatment_mean)
    if c.arms is not None:
        n, means = "{} + {}".format(*c.arms), (c.adjusted_control_mean, c.adjusted_treatment_mean)
    return (
        c.endpoint,
        unit_of(c.endpoint),
        n,
        *(shown_mean(c, mean) for mean in means),
        _change(c),
        shown_p(c.p_of_verdict) if tested else "-",
        shown_p(c.p_adjusted) if tested and c.adjustment != "none" else "-",
        c.staging.in_short if c.staging else "-",
        c.verdict,
    )


def shown_mean(c: Contrast, mean: float | None) -> str:
    """A mean in the endpoint's own unit; of a log-transformed endpoint, the geometric mean."""
    if mean is None:
        return "-"
    return rounded(math.exp(mean) - c.offset if c.transform == "log" else mean)


def _change(c: Contrast) -> str:
    is_ratio = c.transform == "log"
    if c.difference is None and c.hodges_lehmann is None:
        return "-"
    if c.difference is None:
        shift = c.hodges_lehmann or 0.0
        return f"x {ratio(shift)} (medians)" if is_ratio else f"{signed(shift)} (median shift)"
    if is_ratio:
        limits = [ratio(v) for v in (c.ci_low, c.ci_high) if v is not None]
        return f"x {ratio(c.difference)}" + (f" [{', '.join(limits)}]" if limits else "")
    return with_interval(c.difference, c.ci_low, c.ci_high)
