"""The records of a comparison: its nights and its results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from psgpipe.messages import count_of
from psgpipe.model.comparison_spec import ComparisonSpec, Declaration, Transform

if TYPE_CHECKING:
    from psgpipe.model.calibration import StagerErrors

NightState = Literal["finished", "excluded", "failed", "refused", "unfinished"]
EndpointRole = Literal["primary", "secondary", "exploratory"]
Direction = Literal["higher", "lower", "later", "earlier"]
EEG_ONLY = "eeg-only"
Hedge = Literal["descriptive", "preliminary", "exploratory", "supportive"]

MeasuredBy = Literal["psg", "diary", "actigraphy"]
"""The source of the numbers of a comparison; sources are never pooled."""
OTHER_SOURCES: tuple[MeasuredBy, ...] = ("diary", "actigraphy")
"""The endpoints of these have the name of the source before their own."""
SOURCE_NAMES: Mapping[MeasuredBy, str] = {
    "psg": "polysomnography", "diary": "sleep diary", "actigraphy": "actigraphy",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class MeasuredNight:
    """One row of ``nights.tsv``: a night, its state, and its endpoints.

    What the table or the night does not have is None. `condition` is in lower case. A night can be
    analysed where its state is ``finished``; `reason` says why another cannot, or why the night is
    incomplete, in the table's words. `row` counts the header as row 1. `night_in_lab` is 1 for the
    subject's first night ever in this laboratory. `hours_since_dose` runs from the end of the dose
    to lights off. `flags` are the codes of the flags that make the numbers doubtful. `recipe` says
    how the night was made, by the `RECIPE_FIELDS` that are stated. `by_psgpipe`: psgpipe computed
    the values, as its column ``psgpipe`` says. `pipeline_name` is ``eeg-only`` where EEG alone was
    staged. `stages` says whose stages they are: ``auto``, ``expert`` or ``corrected``.
    `stager_errors` are those for ``rem`` and ``n3`` of the calibration of its stages.
    """

    subject: str
    night: str
    condition: str | None
    values: Mapping[str, float | None]
    state: NightState = "finished"
    reason: str | None = None
    row: int = 0
    night_in_lab: int | None = None
    period: str | None = None
    sequence: str | None = None
    dose_mg_per_kg: float | None = None
    dose_end: str | None = None
    hours_since_dose: float | None = None
    lights_off: str | None = None
    lights_on: str | None = None
    start: str | None = None
    comedication: str | None = None
    arm: str | None = None
    flags: tuple[str, ...] | None = None
    recipe: Mapping[str, str] = field(default_factory=dict)
    by_psgpipe: bool = False
    pipeline_name: str | None = None
    stages: str | None = None
    stager_errors: Mapping[str, StagerErrors] | None = None


RECIPE_FIELDS = (
    "calibration",
    "pipeline",
    "stager",
    "classifier",
    "derivations",
    "demographics",
    "window",
    "lights_source",
)
"""Nights of one subject are compared only if they agree in all of these fields."""


@dataclass(frozen=True)
class Trust:
    """How far automatic stages show the changes of an endpoint that an expert's stages show.

    Attributes
    ----------
    pipeline
        Of the nights.
    measured_with
        The pipeline with which `r` was measured.
    source
        The nights on which it was measured.
    r
        Correlation, over people, of the automatic difference between two nights with the expert's;
        None where it was not measured.
    level
        ``high``, ``moderate`` or ``low``.
    like
        The endpoint of which `r` is, where it was not measured for this one.
    """

    pipeline: str
    measured_with: str
    source: str
    r: float | None = None
    level: str | None = None
    like: str | None = None

    @property
    def in_short(self) -> str:
        """The level and r, with an asterisk where they are of another pipeline."""
        return f"{self._figures}*" if self.is_borrowed and self.r is not None else self._figures

    @property
    def is_borrowed(self) -> bool:
        """Whether nothing was measured with the pipeline of the nights."""
        return self.pipeline != self.measured_with

    @property
    def _figures(self) -> str:
        return "not measured" if self.r is None else f"{self.level} (r {self.r:.2f})"

    def __str__(self) -> str:
        if self.r is None:
            return f"not measured ({self.measured_with}: {self.source})"
        of = f"as {self.like}; " if self.like else ""
        own = f", not with {self.pipeline}" if self.is_borrowed else ""
        return f"{self._figures}: {of}measured with {self.measured_with}{own} ({self.source})"


@dataclass(frozen=True)
class Contrast:
    """One endpoint, treatment minus baseline: a row of ``contrasts.tsv``.

    With arms: treatment arm minus control arm under treatment, at the same baseline.

    Means are means of subjects' means, on the transformed scale where `transform` is ``log``.
    A number that does not exist is None; a remark says why.

    Attributes
    ----------
    unit
        Of the scale that was analysed: ``min``, or ``ln(min + 0.5)``.
    ci_low, ci_high
        95 % t interval of `difference`.
    p_adjusted
        `p_sign_flip` after `adjustment`.
    kr_difference, kr_se, kr_df, kr_p
        Mixed model with Kenward-Roger, a sensitivity analysis.
    offset
        Added to every value before the logarithm.
    direction
        Of the change that is claimed; None where no change is claimed.
    remarks
        The most important first.
    stamp
        States the lock of the spec; None where the spec was not locked.
    staging
        The trust in automatic stages for this endpoint; None where it is not known how the nights
        were staged, or where a person scored them.
    difference_se
        Standard error of `difference`; of arms only, as are all fields below.
    p_permutation
        Of the test that assigns the subjects to the arms again.
    n_treatment_arm, n_control_arm
        Subjects of each arm; `baseline_mean` and `treatment_mean` are of the treatment arm.
    control_baseline_mean, control_treatment_mean
        The same two means of the control arm.
    adjusted_treatment_mean, adjusted_control_mean
        Of each arm under treatment, at the mean baseline of all subjects.
    slope
        Of treatment nights on baseline nights.
    slopes_p
        Of the test that both arms have the same slope.
    """

    endpoint: str
    role: EndpointRole
    unit: str
    n_subjects: int
    n_baseline_nights: int
    n_treatment_nights: int
    baseline_mean: float | None = None
    treatment_mean: float | None = None
    difference: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    t: float | None = None
    df: float | None = None
    p_t: float | None = None
    p_sign_flip: float | None = None
    p_adjusted: float | None = None
    adjustment: str = "none"
    hodges_lehmann: float | None = None
    hl_low: float | None = None
    hl_high: float | None = None
    hl_coverage: float | None = None
    dz: float | None = None
    g_av: float | None = None
    kr_difference: float | None = None
    kr_se: float | None = None
    kr_df: float | None = None
    kr_p: float | None = None
    transform: Transform = "none"
    offset: float = 0.0
    hedges: tuple[Hedge, ...] = ()
    direction: Direction | None = None
    finding: str = ""
    remarks: tuple[str, ...] = ()
    stamp: str | None = None
    staging: Trust | None = None
    difference_se: float | None = None
    p_permutation: float | None = None
    n_treatment_arm: int | None = None
    n_control_arm: int | None = None
    control_baseline_mean: float | None = None
    control_treatment_mean: float | None = None
    adjusted_treatment_mean: float | None = None
    adjusted_control_mean: float | None = None
    slope: float | None = None
    slopes_p: float | None = None

    @property
    def arms(self) -> tuple[int, int] | None:
        """Subjects of the treatment arm and of the control arm; None without arms."""
        if self.n_treatment_arm is None or self.n_control_arm is None:
            return None
        return self.n_treatment_arm, self.n_control_arm

    @property
    def p_of_verdict(self) -> float | None:
        """The p on which the verdict rests, before it is adjusted."""
        return self.p_sign_flip if self.arms is None else self.p_permutation

    @property
    def test(self) -> str:
        """The test on which the verdict rests."""
        return "sign-flip" if self.arms is None else "permutation"

    @property
    def trust(self) -> str | None:
        """The trust in one line, with its source."""
        return None if self.staging is None else str(self.staging)

    @property
    def verdict(self) -> str:
        """The hedges and the finding in one line."""
        return f"{', '.join(self.hedges)}: {self.finding}" if self.hedges else self.finding

    @property
    def note(self) -> str:
        """The remarks and the stamp in one line."""
        return "; ".join((*self.remarks, *([self.stamp] if self.stamp else [])))


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
