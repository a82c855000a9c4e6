"""The report of a comparison: one plain sentence, a short table, and sections with all tables."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from psgpipe.comparison.endpoints.testability import (
    ALPHA,
    TESTABLE_FROM_N,
    is_compared,
    is_testable,
)
from psgpipe.comparison.endpoints.units import unit_of
from psgpipe.comparison.words.shown_numbers import ratio, rounded, shown_p, signed, with_interval
from psgpipe.comparison.words.verdicts import NO_VERDICT
from psgpipe.messages import count_of
from psgpipe.model.comparison import SOURCE_NAMES, Comparison, Contrast, StagerErrorRow

MOST_ROWS = 8
_ALWAYS_SHOWN = ("tst_min", "se_pct", "rem_pct", "n3_pct")
_ROLES = {
    "primary": "Primary endpoint",
    "secondary": "Secondary endpoints",
    "exploratory": "Exploratory endpoints",
}
_PLAIN_NAMES = {
    "tst_min": "total sleep time",
    "se_pct": "sleep efficiency",
    "rem_pct": "REM sleep",
    "rem_min": "REM sleep",
    "n1_pct": "N1 sleep",
    "n1_min": "N1 sleep",
    "n2_pct": "N2 sleep",
    "n2_min": "N2 sleep",
    "n3_pct": "N3 sleep",
    "n3_min": "N3 sleep",
    "sol_min": "sleep onset",
    "lps_min": "the onset of persistent sleep",
    "waso_min": "wake after sleep onset",
    "rem_latency_min": "the first REM sleep",
    "waso_lps_min": "wake after the onset of persistent sleep",
    "awakenings_lps": "the number of awakenings after the onset of persistent sleep",
    "early_wake_min": "early-morning wake",
    "se_after_onset_pct": "sleep efficiency after sleep onset",
    "swa_ln": "slow-wave activity",
    "slow_wave_energy_ln": "slow-wave energy",
    "swa_cycle1_ln": "slow-wave activity of the first cycle",
    "swa_decline_per_h": "the decline of slow-wave activity",
    "swa_n3_over_rem_ln": "slow-wave activity of N3 over REM",
    "sigma_over_neighbours_ln": "sigma power over its neighbours",
    "sigma_peak_hz": "the peak frequency of sigma",
    "dsr_ln": "the delta sleep ratio",
    "spindles_n2_per_min": "the rate of spindles",
}
_CONTRAST_HEAD = (
    "endpoint", "unit", "n", "baseline", "treatment", "difference [95 %]", "p", "p adj", "trust",
    "verdict",
)  # fmt: skip

Row = tuple[str, ...]


@dataclass(frozen=True)
class Section:
    """A table with its title, and notes below it; the first row is the head."""

    title: str
    rows: tuple[Row, ...] = ()
    notes: tuple[str, ...] = ()


def title_of(comparison: Comparison) -> str:
    """What is compared."""
    by = "" if comparison.measured_by == "psg" else f", by {SOURCE_NAMES[comparison.measured_by]}"
    return f"Treatment against {'control' if comparison.arms else 'baseline'}{by}"


def estimand_sentence(comparison: Comparison) -> str:
    """The estimand that the spec declares, in the study's own words; blank without one."""
    spec = comparison.spec
    parts = {
        "population": spec.estimand_population,
        "treatment": spec.estimand_treatment,
        "intercurrent events": spec.estimand_intercurrent_events,
        "strategy": spec.estimand_strategy,
        "summary": spec.estimand_summary,
    }
    stated = [f"{name} {' '.join(text.split())}" for name, text in parts.items() if text]
    absent = [name for name, text in parts.items() if not text]
    if not stated:
        return ""
    return f"Estimand: {'; '.join(stated)}" + (
        f". Not stated: {', '.join(absent)}." if absent else ".")  # fmt: skip


def primary_sentence(comparison: Comparison) -> str:
    """What the comparison says about the primary endpoint, in one plain sentence."""
    c = next((c for c in comparison.contrasts if c.role == "primary"), None)
    if comparison.declaration.exploratory:
        return "EXPLORATORY: the spec was edited after its lock, so no endpoint counts as primary."
    if c is None:
        return "No primary endpoint was declared, so every result below is exploratory."
    name = plain_name(c.endpoint)
    if not is_compared(c):
        return f"{_capital(name)} could not be compared: {c.remarks[0]}."
    figures = f"{_change_in_words(c)}; {_subjects_in_words(c)}"
    if not is_testable(c):
        return (
            f"Too few subjects for an exact {c.test} test of {name}: {figures}. This describes "
            "these subjects and no others."
        )
    tested = f"{figures}; p {shown_p(c.p_of_verdict)}"
    limits = _limits(comparison, c)
    if c.direction is not None:
        inside = c.finding.partition(", ")[2]
        also = f", {inside}" if inside else ""
        than = "" if c.arms is None else " than under control"
        return f"{_capital(name)} was {c.direction} under treatment{than}{also}: {tested}.{limits}"
    if c.finding.startswith(NO_VERDICT):
        return f"There is no verdict on {name}: {c.remarks[0]}. {_capital(tested)}.{limits}"
    no_change = c.finding.startswith("no change")
    if no_change and c.arms is not None:
        return f"{_capital(name)} did not differ beyond the declared margin: {tested}.{limits}"
    if no_change:
        return f"{_capital(name)} did not change beyond the declared margin: {tested}.{limits}"
    if c.arms is not None:
        return (
            f"There is no evidence that {name} differs between treatment and control: {tested}. "
            f"That does not show that it does not differ.{limits}"
        )
    why = "" if c.p_sign_flip is None or c.p_sign_flip > ALPHA else (
        " beyond the effect of the period")  # fmt: skip
    return (
        f"There is no evidence that {name} changed{why}: {tested}. That does not show that it did "
        f"not change.{limits}"
    )


def _subjects_in_words(c: Contrast) -> str:
    subjects = count_of(c.n_subjects, "subject")
    return subjects if c.arms is None else (
        f"{subjects} ({c.arms[0]} treatment, {c.arms[1]} control)")  # fmt: skip


def _limits(comparison: Comparison, c: Contrast) -> str:
    """What limits the sentence: few subjects, no control arm."""
    limits = ["preliminary"] if "preliminary" in c.hedges else []
    if comparison.design == "before-after":
        limits.append("before-after, not causal")
    return f" {_capital(', '.join(limits))}." if limits else ""


def plain_name(endpoint: str) -> str:
    """The name of an endpoint in words, with its column behind it."""
    return f"{_PLAIN_NAMES[endpoint]} ({endpoint})" if endpoint in _PLAIN_NAMES else endpoint


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _change_in_words(c: Contrast) -> str:
    """The change with its interval, in the endpoint's own unit, or as a ratio."""
    mean_change = "mean change" if c.arms is None else "difference at the same baseline"
    median_change = "median change" if c.arms is None else "median difference of the changes"
    unit = {"%": "percentage points"}.get(unit_of(c.endpoint), unit_of(c.endpoint))
    if c.difference is None and c.hodges_lehmann is None:
        return "tested by ranks, because too many nights never reached it for a median change"
    if c.difference is None:
        shift = c.hodges_lehmann or 0.0
        if c.transform == "log":
            return f"ratio of medians {ratio(shift)}"
        return f"{median_change} {signed(shift)} {unit}".rstrip()
    limits = [v for v in (c.ci_low, c.ci_high) if v is not None]
    if c.transform == "log":
        interval = " to ".join(ratio(v) for v in limits)
        change = f"ratio {ratio(c.difference)}"
    else:
        interval = " to ".join(signed(v) for v in limits)
        change = f"{mean_change} {signed(c.difference)} {unit}".rstrip()
    return f"{change} (95 % interval {interval})" if limits else change


def short_table(comparison: Comparison) -> tuple[Contrast, ...]:
    """At most eight contrasts: the declared ones, then TST, SE, REM % and N3 %.

    Where a table has none of these, its first endpoints.
    """
    shown = [c for c in comparison.contrasts if c.role != "exploratory"]
    others = [c for c in comparison.contrasts if c.role == "exploratory"]
    shown += [c for name in _ALWAYS_SHOWN for c in others if c.endpoint == name]
    return tuple(shown or others)[:MOST_ROWS]


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
        *(_mean(c, mean) for mean in means),
        _change(c),
        shown_p(c.p_of_verdict) if tested else "-",
        shown_p(c.p_adjusted) if tested and c.adjustment != "none" else "-",
        c.staging.in_short if c.staging else "-",
        c.verdict,
    )


def _mean(c: Contrast, mean: float | None) -> str:
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
        f"{c.endpoint}, means as measured: treatment arm {_mean(c, c.baseline_mean)} -> "
        f"{_mean(c, c.treatment_mean)}, control arm {_mean(c, c.control_baseline_mean)} -> "
        f"{_mean(c, c.control_treatment_mean)} {unit_of(c.endpoint)}".rstrip()
        for c in short_table(comparison)
        if comparison.arms and c.difference is not None
    ]
    head = ("arm", "", "subjects listed", "analysed", "left out")
    return Section("Arms", (head, *rows), tuple(notes))


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
