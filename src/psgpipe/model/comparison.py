"""Treatment nights against baseline: what was declared, what entered, what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

NightState = Literal["finished", "excluded", "failed", "refused", "unfinished"]
Role = Literal["primary", "secondary", "exploratory"]
Transform = Literal["none", "log"]


@dataclass(frozen=True)
class MeasuredNight:
    """One row of ``nights.tsv``: a night, what became of it, and its endpoints.

    Attributes
    ----------
    subject, night
        Ids as the table spells them.
    condition
        In lower case, or None where the table does not tell it.
    values
        Endpoint by name; None where the night does not have it.
    state
        ``finished`` where it can be analysed.
    reason
        Why it cannot, in the table's words.
    row
        In the table, the header being row 1.
    night_in_lab
        1 for the subject's first night ever in this laboratory.
    dose_mg_per_kg, dose_end
        Of the dose before this night.
    hours_since_dose
        End of the dose to lights off, where the table says it.
    lights_off, lights_on, start
        As the table spells them.
    flags
        Codes of the quality flags of the night, or None where the table does not tell them.
    recipe
        How the night was made, by field (see `RECIPE_FIELDS`); absent where not said.
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
"""What must be alike in all nights of a subject for its nights to be compared."""


@dataclass(frozen=True)
class Population:
    """A population value for the drift to the mean.

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
    """What is compared and how, declared before the results are seen.

    Attributes
    ----------
    primary
        The one endpoint that the study stands on, or None where nothing was declared.
    secondary
        At most five.
    endpoints
        Further ones, exploratory; None for all that the table holds.
    baseline, treatment
        Words of the condition column.
    design
        ``before-after``, ``crossover``, or ``auto``: crossover where every subject has a period for
        each condition and both orders occur.
    washout_days
        Between the periods of a crossover, as the protocol has it.
    hours_since_dose
        Only treatment nights whose lights off lies in ``[low, high)`` after a dose.
    sedation_window_h
        After the end of a dose; nights that touch it are withheld.
    first_night
        ``rule`` leaves a first laboratory night out of the baseline where another baseline night
        exists and treatment has none; ``drop`` and ``keep`` do what they say.
    missing_lights
        Nights without known lights: ``warn``, ``withhold`` the endpoints that depend on them, or
        ``drop`` the night.
    transform
        ``log`` by endpoint.
    equivalence
        By endpoint, the change that would not matter, in the endpoint's unit; for a log-transformed
        endpoint a ratio above 1.
    population
        By endpoint, for the drift to the mean.
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
        The study is blinded; no comparison before ``psgpipe unblind``.
    seed
        Of the sign-flip draws beyond 20 subjects.
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
    """Where a spec came from, and what its lock says.

    Attributes
    ----------
    file
        Name of the spec file; None without a spec.
    sha256
        Of the spec file's bytes.
    locked_at
        UTC, or None where the spec was not locked.
    exploratory
        The spec was changed after it was locked, and the user said so.
    """

    file: str | None = None
    sha256: str | None = None
    locked_at: str | None = None
    exploratory: bool = False


@dataclass(frozen=True)
class Contrast:
    """One endpoint, treatment minus baseline: a row of ``contrasts.tsv``.

    Means are means of subjects' means. A transformed endpoint is on its transformed scale, which
    `unit` names. ``None`` means that the number does not exist; `note` says why.

    Attributes
    ----------
    ci_low, ci_high
        95 % t interval of `difference`.
    p_t, p_sign_flip
        two-sided; `p_adjusted` is `p_sign_flip` after `adjustment`.
    hodges_lehmann, hl_low, hl_high, hl_coverage
        With the coverage the interval really has.
    dz, g_av
        Standardized differences.
    kr_difference, kr_se, kr_df, kr_p
        Mixed model with Kenward-Roger, a sensitivity analysis.
    verdict, note
        In words.
    """

    endpoint: str
    role: Role
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
    verdict: str = ""
    note: str = ""


@dataclass(frozen=True)
class SubjectChange:
    """One subject and one endpoint: a row of ``subjects.tsv``.

    Attributes
    ----------
    within_sd
        night-to-night SD at baseline, pooled over the cohort.
    rci_t
        Reliable change index. mdc95 : minimal detectable change.
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
    """What became of one listed night."""

    subject: str
    night: str
    condition: str | None
    fate: str
    reason: str | None = None


@dataclass(frozen=True)
class FlowStep:
    """Nights and subjects at one step of the way from listed to analysed."""

    step: str
    nights: int
    subjects: int


@dataclass(frozen=True)
class StratumContrast:
    """Baseline against the treatment nights of one stratum; always exploratory.

    Attributes
    ----------
    by
        ``dose_mg_per_kg`` or ``hours_since_dose``. stratum : the dose, or ``low-high`` hours.
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
    """Hills-Armitage for one endpoint: treatment effect freed from the period effect."""

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
    """Everything that a comparison says.

    Attributes
    ----------
    spec, declaration
        What was declared, and since when.
    design
        ``before-after`` or ``crossover``.
    contrasts, subjects
        The rows of the two tables.
    flow, nights
        How many recordings went where, and each one's fate.
    sentences
        What must stand beside every table, ready to print.
    warnings
        What a reader must know about these nights.
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
    recipe: Mapping[str, Any] = field(default_factory=dict)
