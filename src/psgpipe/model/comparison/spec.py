"""The comparison spec: what a study declares before it sees results, and its lock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from psgpipe.messages import short_repr

Transform = Literal["log", "rank", "none"]


@dataclass(frozen=True)
class Population:
    """Mean of an endpoint in a population, and reliability (ICC) of the baseline as measured."""

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
        ``before-after``, ``crossover``, or ``auto``: parallel arms where these are named, crossover
        where every subject has a period for each condition and both orders occur.
    arm_treatment, arm_control
        Words of the arm column; both blank where no arm is compared with another.
    arm_column
        The column of the arms.
    washout_days
        Between the periods of a crossover, as the protocol states it.
    minimum_nights
        Valid nights that a subject needs in each condition.
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
    incomplete
        Nights with the flag ``incomplete``: ``withhold`` the night, or ``warn``.
    transform
        By endpoint; ``rank``: the ranks of all nights together.
    equivalence
        By endpoint, the margin of a change that does not matter, in the endpoint's unit; for a
        log-transformed endpoint a ratio above 1.
    estimand_population, estimand_treatment, estimand_intercurrent_events, estimand_strategy, \
estimand_summary
        The attributes of the estimand (ICH E9 R1), in the study's own words.
    population
        By endpoint, for regression to the mean.
    day_strata
        A stratum for each day after the dose, to day 14; always for a diary and actigraphy.
    composition
        Add the balances of the stage composition to the endpoints.
    secondary_rule
        ``hierarchical``: secondary changes are claimed only if the primary endpoint shows one;
        ``supportive``: they are called supportive if it does not.
    max_t
        Adjust the exploratory family by the largest |t| instead of Benjamini-Hochberg.
    rem_sensitivity, rem_false_positive_rate, n3_sensitivity, n3_false_positive_rate
        Of the stager for REM and N3 without the drug; None for the figures of the pipeline.
    gain_factor
        Two nights whose levels differ by more than this factor of power have another gain.
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
    arm_treatment: tuple[str, ...] = ()
    arm_control: tuple[str, ...] = ()
    arm_column: str = "arm"
    washout_days: float | None = None
    hours_since_dose: tuple[float, float] | None = None
    sedation_window_h: float = 6.0
    minimum_nights: int = 1
    first_night: Literal["rule", "drop", "keep"] = "rule"
    missing_lights: Literal["warn", "withhold", "drop"] = "warn"
    incomplete: Literal["withhold", "warn"] = "withhold"
    transform: Mapping[str, Transform] = field(default_factory=dict)
    equivalence: Mapping[str, float] = field(default_factory=dict)
    population: Mapping[str, Population] = field(default_factory=dict)
    dose_strata: bool = True
    hours_strata: tuple[float, ...] = ()
    day_strata: bool = False
    composition: bool = False
    max_t: bool = False
    secondary_rule: Literal["hierarchical", "supportive"] = "hierarchical"
    rem_sensitivity: float | None = None
    rem_false_positive_rate: float | None = None
    n3_sensitivity: float | None = None
    n3_false_positive_rate: float | None = None
    estimand_population: str | None = None
    estimand_treatment: str | None = None
    estimand_intercurrent_events: str | None = None
    estimand_strategy: str | None = None
    estimand_summary: str | None = None
    gain_factor: float = 1.4
    blind: bool = False
    seed: int = 20250101

    __repr__ = short_repr

    @property
    def named_endpoints(self) -> tuple[str, ...]:
        """The endpoints that the spec names anywhere; one may occur twice."""
        roles = (self.primary, *self.secondary, *(self.endpoints or ()))
        return tuple(e for e in (*roles, *self.transform, *self.equivalence, *self.population) if e)


@dataclass(frozen=True)
class Declaration:
    """The file of a comparison spec and its lock (UTC); None without a spec, or without a lock.

    `exploratory` means that the spec was edited after it was locked, and that the user asked for an
    exploratory comparison.
    """

    file: str | None = None
    sha256: str | None = None
    locked_at: str | None = None
    exploratory: bool = False
