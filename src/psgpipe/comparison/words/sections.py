"""The sections of a comparison: every table with its title and notes."""

from __future__ import annotations

from dataclasses import dataclass, replace

from psgpipe.comparison.endpoints.testability import TESTABLE_FROM_N
from psgpipe.comparison.endpoints.units import unit_of
from psgpipe.comparison.words.contrast_table import (
    Row,
    contrast_head,
    contrast_row,
    note_of,
    shared_remarks,
    short_table,
    shown_mean,
)
from psgpipe.comparison.words.shown_numbers import ratio, rounded, shown_p, signed, with_interval
from psgpipe.model.comparison.contrast import Contrast
from psgpipe.model.comparison.results import Comparison, StagerErrorRow

_ROLES = {
    "primary": "Primary endpoint",
    "secondary": "Secondary endpoints",
    "exploratory": "Exploratory endpoints",
}


@dataclass(frozen=True)
class Section:
    """A table with its title, and notes below it; the first row is the head."""

    title: str
    rows: tuple[Row, ...] = ()
    notes: tuple[str, ...] = ()


def sections(comparison: Comparison) -> tuple[Section, ...]:
    """Every table of a comparison."""
    head = contrast_head(comparison)
    contrasts = (
        Section(
            title,
            (head, *(contrast_row(c) for c in comparison.contrasts if c.role == role)),
            _notes(comparison, role),
        )
        for role, title in _ROLES.items()
    )  # fmt: skip
    every = (
        *contrasts, _stager_error(comparison), _arms(comparison), _crossover(comparison),
        _slopes(comparison), _strata(comparison), _subjects(comparison),
        _reliability(comparison), _flow(comparison),
    )  # fmt: skip
    return tuple(s for s in every if len(s.rows) > 1 or (not s.rows and s.notes))


def _notes(comparison: Comparison, role: str) -> tuple[str, ...]:
    """A line for each endpoint with remarks, without those that all endpoints share."""
    shared = () if comparison.declaration.exploratory else shared_remarks(comparison)
    lines = []
    for c in comparison.contrasts:
        note = note_of(
            comparison, replace(c, remarks=tuple(r for r in c.remarks if r not in shared))
        )
        if c.role == role and note:
            lines.append(f"{c.endpoint}: {note}")
    return tuple(lines)


def _declared(comparison: Comparison) -> list[str]:
    """The declared endpoints: the further tables show these; comparison.json has all."""
    return [c.endpoint for c in comparison.contrasts if c.role != "exploratory"]


def _arms(comparison: Comparison) -> Section:
    """Subjects of each arm, and the unadjusted means of the declared endpoints."""
    rows = [
        (f.arm, f.role, str(f.listed), str(f.analysed),
         ", ".join(f"{n} {reason}" for reason, n in f.left_out.items()) or "-")
        for f in comparison.arms
    ]  # fmt: skip
    notes = [
        f"{c.endpoint}, means as measured: "
        f"treatment arm {_from_to(c, c.baseline_mean, c.treatment_mean)}, "
        f"control arm {_from_to(c, c.control_baseline_mean, c.control_treatment_mean)} "
        f"{unit_of(c.endpoint)}".rstrip()
        for c in short_table(comparison)
        if comparison.arms and c.difference is not None
    ]
    head = ("arm", "", "subjects listed", "analysed", "left out")
    return Section("Arms", (head, *rows), tuple(notes))


def _from_to(c: Contrast, baseline: float | None, treatment: float | None) -> str:
    return f"{shown_mean(c, baseline)} -> {shown_mean(c, treatment)}"


def stager_error_row(row: StagerErrorRow) -> Row:
    """One endpoint: its difference, the stager's error, and the corrected difference."""
    of, to = row.error, row.corrected_difference
    return (
        row.endpoint,
        row.unit,
        "-" if row.difference is None else with_interval(row.difference, row.ci_low, row.ci_high),
        "-" if of is None else with_interval(of, row.error_low, row.error_high),
        row.judgement or "-",
        "-" if to is None else with_interval(to, row.corrected_low, row.corrected_high),
    )


STAGER_ERROR_HEAD = (
    "endpoint", "unit", "difference [95 %]", "stager's error [95 %]",
    "the difference", "corrected difference [95 %]",
)  # fmt: skip


def _stager_error(comparison: Comparison) -> Section:
    """Every difference against the error of the stager; endpoints without either are listed."""
    shown = [r for r in comparison.stager_error
             if r.error is not None or r.corrected_difference is not None]  # fmt: skip
    reasons: dict[str, list[str]] = {}
    for row in comparison.stager_error:
        if row.error is None and row.reason:
            reasons.setdefault(row.reason, []).append(row.endpoint)
    left_out = [f"not judged, because {why}: {', '.join(names)}" for why, names in reasons.items()]
    uncorrected = {r.correction_reason for r in comparison.stager_error
                   if r.endpoint == "tst_min" and r.correction_reason}  # fmt: skip
    notes = (
        "The error: mean of automatic minus expert values under treatment, less that at baseline, "
        "in the scored nights of the agreement. No verdict uses it.",
        "The corrected difference undoes the confusion of stages of each condition; its interval "
        "leaves out that the confusion itself is uncertain.",
        *left_out,
        *(f"not corrected: {why}" for why in sorted(uncorrected)),
    )
    return Section(
        "Error of the stager (sensitivity)",
        (STAGER_ERROR_HEAD, *map(stager_error_row, shown)) if shown else (),
        notes if comparison.stager_error else (),
    )


def _crossover(comparison: Comparison) -> Section:
    rows = [
        (r.endpoint, r.unit, f"{r.n_treated_first}+{r.n_treated_second}",
         with_interval(r.difference, r.ci_low, r.ci_high), shown_p(r.p),
         f"{signed(r.period_difference)} (p {shown_p(r.period_p)})")
        for r in comparison.crossover
    ]  # fmt: skip
    head = ("endpoint", "unit", "treated first+second", "treatment effect [95 %]", "p",
            "period effect")  # fmt: skip
    return Section("Crossover, Hills-Armitage", (head, *rows))


def _slopes(comparison: Comparison) -> Section:
    shown = _declared(comparison)
    rows = [
        (s.endpoint, s.unit, str(s.n_subjects), with_interval(s.slope, s.ci_low, s.ci_high),
         shown_p(s.p_sign_flip) if s.n_subjects >= TESTABLE_FROM_N else "-")
        for s in comparison.slopes
        if s.endpoint in shown
    ]  # fmt: skip
    title = "Within-subject slope on dose, subjects with two or more doses (exploratory)"
    return Section(title, (("endpoint", "unit", "n", "slope [95 %]", "p"), *rows))


def _strata(comparison: Comparison) -> Section:
    shown = _declared(comparison)
    rows = [
        (s.by, s.stratum, s.endpoint, s.unit, str(s.n_subjects), str(s.n_treatment_nights),
         with_interval(s.difference, s.ci_low, s.ci_high))
        for s in comparison.strata
        if s.difference is not None and s.endpoint in shown
    ]  # fmt: skip
    head = ("by", "stratum", "endpoint", "unit", "n", "nights", "difference [95 %]")
    return Section("Strata (exploratory)", (head, *rows))


def _subjects(comparison: Comparison) -> Section:
    """Subjects whose change exceeds the night-to-night variation, in declared endpoints."""
    lines = []
    for c in comparison.contrasts:
        if c.role == "exploratory":
            continue
        changes = [s for s in comparison.subjects if s.endpoint == c.endpoint]
        beyond = [s for s in changes if s.beyond_mdc]
        judged = sum(s.beyond_mdc is not None for s in changes)
        if judged:
            names = ", ".join(f"{s.subject} ({_subject_change(c, s.difference)})" for s in beyond)
            lines.append(f"{c.endpoint}: {len(beyond)} of {judged}{': ' if names else ''}{names}")
    title = "Subjects beyond the minimal detectable change (not: caused by the treatment)"
    return Section(title, notes=tuple(lines))


def _subject_change(c: Contrast, difference: float | None) -> str:
    """A subject's change; a ratio where the endpoint is log-transformed."""
    return f"x {ratio(difference or 0.0)}" if c.transform == "log" else signed(difference or 0.0)


def _reliability(comparison: Comparison) -> Section:
    """Reliability of the declared endpoints and of TST, SE, REM % and N3 %; files have all."""
    shown = {c.endpoint for c in short_table(comparison)}
    rows = [
        (r.endpoint, r.unit, _maybe(r.icc, r.icc_low, r.icc_high), _shown(r.within_sd),
         _shown(r.mdc95), f"{_shown(r.sd_baseline)} / {_shown(r.sd_treatment)}",
         _maybe(r.dz, r.dz_low, r.dz_high), _maybe(r.g_av, r.g_av_low, r.g_av_high),
         _shown(r.smallest_detectable),
         f"{_shown(r.leave_one_out_low)} to {_shown(r.leave_one_out_high)}")
        for r in comparison.reliability
        if r.endpoint in shown
    ]  # fmt: skip
    head = (
        "endpoint", "unit", "ICC of one night [95 %]", "SD within", "MDC95", "SD base / treat",
        "dz [95 %]", "g_av [95 %]", "smallest detectable", "difference without one subject",
    )  # fmt: skip
    what = (
        "difference of the arms that the t test of the analysis of covariance"
        if comparison.arms
        else "mean change that a paired t test"
    )
    notes = (
        "ICC, SD within and MDC95 (one night against one) are of the baseline nights of this "
        "study.",
        f"Smallest detectable: the {what} of these subjects finds with a power of 80 %. It plans "
        "the next study and explains no result of this one.",
    )
    return Section("Reliability in this study", (head, *rows), notes if rows else ())


def _maybe(value: float | None, low: float | None, high: float | None) -> str:
    if value is None or low is None or high is None:
        return _shown(value)
    return f"{value:.2f} [{low:.2f}, {high:.2f}]"


def _shown(value: float | None) -> str:
    return "-" if value is None else rounded(value)


def _flow(comparison: Comparison) -> Section:
    ends = ("listed", "analysed")
    rows = [(s.step, str(s.nights), str(s.subjects)) for s in comparison.flow
            if s.nights or s.step in ends]  # fmt: skip
    return Section("Recordings", (("", "nights", "subjects"), *rows))
