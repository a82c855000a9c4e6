"""The results of a comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from psgpipe.messages import count_of
from psgpipe.model.comparison.contrast import Contrast
from psgpipe.model.comparison.measured_night import MeasuredBy
from psgpipe.model.comparison.spec import ComparisonSpec, Declaration


@dataclass(frozen=True, slots=True)
class SubjectChange:
    """One subject and one endpoint: a row of ``subjects.tsv``.

    `within_sd` is the night-to-night SD at baseline, pooled over the cohort; `rci_t` the reliable
    change index; `mdc95` the minimal detectable change. `beyond_mdc` is None where no verdict is
    possible; `note` says why.
    """

    subject: str
    endpoint: str
    baseline_mean: float | None
    treatment_mean: float | None
    difference: float | None
    n_baseline: int
    n_treatment: int
    within_sd: float | None = None
    rci_t: float | None = None
    mdc95: float | None = None
    beyond_mdc: bool | None = None
    note: str = ""
    arm: str | None = None


@dataclass(frozen=True, slots=True)
class ArmFlow:
    """The subjects of one arm: listed, analysed, and left out by reason.

    `role` is ``treatment``, ``control`` or ``other``; `arm` is the word of the table.
    """

    arm: str
    role: str
    listed: int
    analysed: int
    left_out: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NightFate:
    """Whether one listed night was analysed, and if not, why."""

    subject: str
    night: str
    condition: str | None
    fate: str
    reason: str | None = None


@dataclass(frozen=True)
class FlowStep:
    """Nights and subjects that were listed, left out for one reason, or analysed."""

    step: str
    nights: int
    subjects: int


@dataclass(frozen=True)
class StratumContrast:
    """Baseline against the treatment nights of one stratum; always exploratory.

    `by` is ``dose_mg_per_kg`` or ``hours_since_dose``; `stratum` is the dose, or ``low-high``
    hours.
    """

    by: str
    stratum: str
    endpoint: str
    unit: str
    n_subjects: int
    n_treatment_nights: int
    difference: float | None
    ci_low: float | None
    ci_high: float | None
    p_sign_flip: float | None


@dataclass(frozen=True)
class DoseSlope:
    """Mean within-subject slope of an endpoint on dose, over subjects with two or more doses."""

    endpoint: str
    unit: str
    n_subjects: int
    slope: float
    ci_low: float | None
    ci_high: float | None
    p_sign_flip: float


@dataclass(frozen=True)
class CrossoverRow:
    """Hills-Armitage for one endpoint: the treatment effect freed from the period effect."""

    endpoint: str
    unit: str
    n_treated_first: int
    n_treated_second: int
    difference: float
    ci_low: float
    ci_high: float
    df: float
    p: float
    period_difference: float
    period_p: float


@dataclass(frozen=True)
class EndpointReliability:
    """How an endpoint varies in this study: a row of ``reliability.tsv``.

    Attributes
    ----------
    unit
        Of the scale that was analysed.
    n_subjects, n_nights
        Of the baseline nights that `icc` to `mdc95` rest on.
    icc, icc_low, icc_high
        ICC(1) of one night and its 95 % interval.
    mdc95
        Minimal detectable change of one night against one.
    sd_baseline, sd_treatment, sd_change
        Between the compared subjects, of their means and of their changes.
    dz_low, dz_high, g_av_low, g_av_high
        95 % intervals.
    smallest_detectable
        The mean change that a paired t test of these subjects finds with a power of 80 %.
    leave_one_out_low, leave_one_out_high
        Range of the mean change where one subject is left out.
    """

    endpoint: str
    unit: str
    n_subjects: int = 0
    n_nights: int = 0
    icc: float | None = None
    icc_low: float | None = None
    icc_high: float | None = None
    within_sd: float | None = None
    between_sd: float | None = None
    mdc95: float | None = None
    sd_baseline: float | None = None
    sd_treatment: float | None = None
    sd_change: float | None = None
    dz: float | None = None
    dz_low: float | None = None
    dz_high: float | None = None
    g_av: float | None = None
    g_av_low: float | None = None
    g_av_high: float | None = None
    smallest_detectable: float | None = None
    leave_one_out_low: float | None = None
    leave_one_out_high: float | None = None
    note: str = ""


@dataclass(frozen=True)
class StagerErrorRow:
    """A difference against the error of the stager, a sensitivity analysis; no verdict uses it.

    Attributes
    ----------
    bias_baseline, bias_treatment
        Mean of automatic minus expert values in the nights of the agreement, by condition.
    error, error_low, error_high
        `bias_treatment` minus `bias_baseline`, with its 95 % interval: the difference that the
        stager would show if nothing changed.
    judgement
        Whether the difference exceeds it.
    reason
        Why `error` is None.
    corrected_difference, corrected_low, corrected_high
        After correction by the confusion of stages in each condition, over `corrected_n` subjects;
        the interval leaves out that the confusion itself is uncertain.
    correction_reason
        Why `corrected_difference` is None.
    """

    endpoint: str
    unit: str
    difference: float | None
    ci_low: float | None
    ci_high: float | None
    bias_baseline: float | None = None
    bias_treatment: float | None = None
    error: float | None = None
    error_low: float | None = None
    error_high: float | None = None
    judgement: str | None = None
    reason: str | None = None
    corrected_n: int | None = None
    corrected_difference: float | None = None
    corrected_low: float | None = None
    corrected_high: float | None = None
    correction_reason: str | None = None


@dataclass(frozen=True)
class Comparison:
    """All results of a comparison.

    `design` is ``before-after``, ``crossover`` or ``parallel``. `statements` belong to every table,
    by topic. `recipe` has the values of each recipe field among the analysed nights. `table` is
    the file name of the table of nights, `table_sha256` the hash of its bytes: None where an
    earlier psgpipe made the comparison. `measured_by` is the source of every number.
    """

    spec: ComparisonSpec
    declaration: Declaration
    design: str
    contrasts: tuple[Contrast, ...]
    subjects: tuple[SubjectChange, ...]
    flow: tuple[FlowStep, ...]
    nights: tuple[NightFate, ...]
    strata: tuple[StratumContrast, ...] = ()
    slopes: tuple[DoseSlope, ...] = ()
    crossover: tuple[CrossoverRow, ...] = ()
    reliability: tuple[EndpointReliability, ...] = ()
    arms: tuple[ArmFlow, ...] = ()
    statements: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    recipe: Mapping[str, Sequence[str]] = field(default_factory=dict)
    table: str | None = None
    stager_error: tuple[StagerErrorRow, ...] = ()
    measured_by: MeasuredBy = "psg"
    table_sha256: str | None = None

    def __repr__(self) -> str:
        n_subjects = max((c.n_subjects for c in self.contrasts), default=0)
        primary = next((c for c in self.contrasts if c.role == "primary"), None)
        verdict = "" if primary is None else f"; {primary.endpoint}: {primary.verdict}"
        counts = ((n_subjects, "subject"), (len(self.contrasts), "endpoint"))
        counted = ", ".join(count_of(number, what) for number, what in counts)
        warned = count_of(len(self.warnings), "warning")
        return f"<Comparison: {self.design}, {counted}{verdict[:100]}; {warned}>"

    @property
    def sentences(self) -> tuple[str, ...]:
        """The statements without their topics."""
        return tuple(self.statements.values())
