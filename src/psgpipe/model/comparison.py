"""The records of a comparison: its nights, its spec, and its results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

NightState = Literal["finished", "excluded", "failed", "refused", "unfinished"]
EndpointRole = Literal["primary", "secondary", "exploratory"]
Transform = Literal["none", "log"]
Direction = Literal["higher", "lower", "later", "earlier"]
Hedge = Literal["descriptive", "preliminary", "exploratory"]


@dataclass(frozen=True)
class MeasuredNight:
    """One row of ``nights.tsv``: a night, its state, and its endpoints.

    Attributes
    ----------
    condition
        In lower case; None where the table has none.
    values
        Value of each endpoint; None where the night does not have it.
    state
        ``finished`` where the night can be analysed.
    reason
        Why it cannot be analysed, in the table's words.
    row
        In the table; the header is row 1.
    night_in_lab
        1 for the subject's first night ever in this laboratory.
    dose_mg_per_kg, dose_end
        Of the dose before this night.
    hours_since_dose
        From the end of the dose to lights off.
    flags
        Codes of the quality flags; None where the table has no such column.
    recipe
        How the night was made: value of each of the `RECIPE_FIELDS` that is stated.
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
    flags: tuple[str, ...] | None = None
    recipe: Mapping[str, str] = field(default_factory=dict)


RECIPE_FIELDS = (
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
class Population:
    """Mean and reliability of an endpoint in a population, for regression to the mean.

    Attributes
    ----------
    mean
        In the endpoint's unit.
    icc
        Reliability of the baseline as measured, 0 to 1.
    """

    mean: float
    icc: float


@dataclass(frozen=True)
class ComparisonSpec:
    """A comparison spec: the analysis that a study declares before it sees results.

    Attributes
    ----------
    primary
        The primary endpoint; None where nothing is declared.
    secondary
        At most five endpoints.
    endpoints
        Exploratory endpoints; None means all that the table holds.
    baseline, treatment
        Words of the condition column.
    design
        ``before-after``, ``crossover``, or ``auto``: crossover where every subject has a period for
        each condition and both orders occur.
    washout_days
        Between the periods of a crossover, as the protocol states it.
    hours_since_dose
        Only treatment nights whose lights off lies in ``[low, high)`` after a dose enter.
    sedation_window_h
        After the end of a dose; nights that overlap with it are left out.
    first_night
        ``rule`` leaves a first laboratory night out of the baseline where the subject has another
        baseline night and no first night under treatment; ``drop`` leaves out every first night;
        ``keep`` keeps them all.
    missing_lights
        Nights without known lights: ``warn``, ``withhold`` the endpoints that depend on lights, or
        ``drop`` the night.
    transform
        ``log`` or ``none``, by endpoint.
    equivalence
        By endpoint, the margin of a change that does not matter, in the endpoint's unit; for a
        log-transformed endpoint a ratio above 1.
    population
        By endpoint, for regression to the mean.
    dose_strata
        One stratum for each dose.
    hours_strata
        Edges of strata of hours since dose.
    composition
        Add the balances of the stage composition to the endpoints.
    max_t
        Adjust the exploratory family by the largest |t| instead of Benjamini-Hochberg.
    rem_sensitivity, rem_false_positive_rate
        Of the stager for REM without the drug.
    blind
        The study is blinded: nothing is compared before ``psgpipe unblind``.
    seed
        Of the random sign flips with more than 20 subjects.
    """

    name: str = "none"
    primary: str | None = None
    secondary: tuple[str, ...] = ()
    endpoints: tuple[str, ...] | None = None
    baseline: tuple[str, ...] = ("baseline",)
    treatment: tuple[str, ...] = ("treatment",)
    design: Literal["auto", "before-after", "crossover"] = "auto"
    washout_days: float | None = None
    hours_since_dose: tuple[float, float] | None = None
    sedation_window_h: float = 6.0
    first_night: Literal["rule", "drop", "keep"] = "rule"
    missing_lights: Literal["warn", "withhold", "drop"] = "warn"
    transform: Mapping[str, Transform] = field(default_factory=dict)
    equivalence: Mapping[str, float] = field(default_factory=dict)
    population: Mapping[str, Population] = field(default_factory=dict)
    dose_strata: bool = True
    hours_strata: tuple[float, ...] = ()
    composition: bool = False
    max_t: bool = False
    rem_sensitivity: float = 0.87
    rem_false_positive_rate: float = 0.0268
    blind: bool = False
    seed: int = 20250101


@dataclass(frozen=True)
class Declaration:
    """The file of a comparison spec and its lock.

    Attributes
    ----------
    file
        Name of the spec file; None without a spec.
    sha256
        Of the spec file's bytes.
    locked_at
        UTC; None where the spec was not locked.
    exploratory
        The spec was edited after it was locked, and the user asked for an exploratory comparison.
    """

    file: str | None = None
    sha256: str | None = None
    locked_at: str | None = None
    exploratory: bool = False


@dataclass(frozen=True)
class Contrast:
    """One endpoint, treatment minus baseline: a row of ``contrasts.tsv``.

    Means are means of subjects' means, on the transformed scale where `transform` is ``log``.
    A number that does not exist is None; a remark says why.

    Attributes
    ----------
    unit
        Of the scale that was analysed: ``min``, or ``ln(min + 0.5)``.
    ci_low, ci_high
        95 % t interval of `difference`.
    p_t, p_sign_flip
        Two-sided.
    p_adjusted
        `p_sign_flip` after `adjustment`.
    hodges_lehmann, hl_low, hl_high, hl_coverage
        Hodges-Lehmann estimate with its interval and the exact coverage of this interval.
    dz, g_av
        Standardized differences.
    kr_difference, kr_se, kr_df, kr_p
        Mixed model with Kenward-Roger, a sensitivity analysis.
    offset
        Added to every value before the logarithm.
    hedges
        How far the finding may be trusted.
    direction
        Of the change that is claimed; None where no change is claimed.
    finding
        In words, without the hedges.
    remarks
        On this row, the most important first.
    stamp
        States the lock of the spec; None where the spec was not locked.
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

    @property
    def verdict(self) -> str:
        """The hedges and the finding in one line."""
        return f"{', '.join(self.hedges)}: {self.finding}" if self.hedges else self.finding

    @property
    def note(self) -> str:
        """The remarks and the stamp in one line."""
        return "; ".join((*self.remarks, *([self.stamp] if self.stamp else [])))


@dataclass(frozen=True)
class SubjectChange:
    """One subject and one endpoint: a row of ``subjects.tsv``.

    Attributes
    ----------
    within_sd
        Night-to-night SD at baseline, pooled over the cohort.
    rci_t
        Reliable change index.
    mdc95
        Minimal detectable change.
    beyond_mdc
        None where no verdict is possible; `note` says why.
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


@dataclass(frozen=True)
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

    Attributes
    ----------
    by
        ``dose_mg_per_kg`` or ``hours_since_dose``.
    stratum
        The dose, or ``low-high`` hours.
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
class Comparison:
    """All results of a comparison.

    Attributes
    ----------
    design
        ``before-after`` or ``crossover``.
    contrasts, subjects
        The rows of ``contrasts.tsv`` and ``subjects.tsv``.
    flow
        How many nights were listed, left out and analysed.
    nights
        The fate of each listed night.
    sentences
        Statements that belong to every table.
    warnings
        On the nights of this table.
    recipe
        Values of each recipe field among the analysed nights.
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
    sentences: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    recipe: Mapping[str, Sequence[str]] = field(default_factory=dict)
