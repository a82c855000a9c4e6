"""A contrast: one endpoint, treatment minus baseline, and the trust in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from psgpipe.messages import short_repr
from psgpipe.model.comparison.spec import Transform

EndpointRole = Literal["primary", "secondary", "exploratory"]
Direction = Literal["higher", "lower", "later", "earlier"]
Hedge = Literal["descriptive", "preliminary", "exploratory", "supportive"]


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

    __repr__ = short_repr

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
