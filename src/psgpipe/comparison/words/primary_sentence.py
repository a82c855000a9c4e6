"""What a comparison says first: what is compared, the estimand, the primary endpoint."""

from __future__ import annotations

from psgpipe.comparison.endpoints.testability import ALPHA, is_compared, is_testable
from psgpipe.comparison.endpoints.units import unit_of
from psgpipe.comparison.words.shown_numbers import ratio, shown_p, signed
from psgpipe.comparison.words.verdicts import NO_VERDICT
from psgpipe.messages import count_of
from psgpipe.model.comparison.contrast import Contrast
from psgpipe.model.comparison.measured_night import SOURCE_NAMES
from psgpipe.model.comparison.results import Comparison

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
