"""The summary of a night: sleep architecture and signal quality."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal

from psgpipe.messages import count_of

if TYPE_CHECKING:
    import pandas as pd

Effect = Literal["none", "doubt", "withhold"]


@dataclass(frozen=True)
class ArchitectureSummary:
    """Sleep architecture between lights off and lights on.

    Every field but the last is one endpoint; its unit is in its name and its definition in
    ``docs/reference/endpoints.md``. ``None`` means that the night does not have it, and
    ``absent`` says why, endpoint by endpoint.
    """

    tib_min: float | None
    spt_min: float | None
    tst_min: float | None
    se_pct: float | None
    sme_pct: float | None
    sol_min: float | None
    lps_min: float | None
    waso_min: float | None
    waso_spt_min: float | None
    rem_latency_min: float | None
    rem_latency_from_lights_off_min: float | None
    n1_min: float | None
    n2_min: float | None
    n3_min: float | None
    rem_min: float | None
    nrem_min: float | None
    wake_min: float | None
    unscored_min: float | None
    n1_pct: float | None
    n2_pct: float | None
    n3_pct: float | None
    rem_pct: float | None
    nrem_pct: float | None
    awakenings: int | None
    awakenings_per_h: float | None
    sleep_to_wake_per_h: float | None
    stage_shifts: int | None
    stage_shifts_per_h: float | None
    cycles: int | None
    rem_third1_min: float | None
    rem_third2_min: float | None
    rem_third3_min: float | None
    mean_confidence: float | None
    waso_lps_min: float | None = None
    awakenings_lps: int | None = None
    awakening_mean_lps_min: float | None = None
    se_after_onset_pct: float | None = None
    rem_latency_from_lps_min: float | None = None
    early_wake_min: float | None = None
    tst_q1_min: float | None = None
    tst_q2_min: float | None = None
    tst_q3_min: float | None = None
    tst_q4_min: float | None = None
    waso_q1_min: float | None = None
    waso_q2_min: float | None = None
    waso_q3_min: float | None = None
    waso_q4_min: float | None = None
    awakenings_q1: int | None = None
    awakenings_q2: int | None = None
    awakenings_q3: int | None = None
    awakenings_q4: int | None = None
    n1_q1_min: float | None = None
    n1_q2_min: float | None = None
    n1_q3_min: float | None = None
    n1_q4_min: float | None = None
    n2_q1_min: float | None = None
    n2_q2_min: float | None = None
    n2_q3_min: float | None = None
    n2_q4_min: float | None = None
    n3_q1_min: float | None = None
    n3_q2_min: float | None = None
    n3_q3_min: float | None = None
    n3_q4_min: float | None = None
    rem_q1_min: float | None = None
    rem_q2_min: float | None = None
    rem_q3_min: float | None = None
    rem_q4_min: float | None = None
    absent: Mapping[str, str] = field(default_factory=dict)

    def to_frame(self) -> pd.DataFrame:
        """One row, a column for each endpoint; an absent one is NaN."""
        from psgpipe.model.conversions.to_frame import frame_of

        return frame_of([self.endpoints()])

    def __repr__(self) -> str:
        from psgpipe.model.conversions.html_table import number_text

        shown = ", ".join(f"{name} {number_text(getattr(self, name))}" for name in SHOWN)
        n_absent = sum(value is None for value in self.endpoints().values())
        return f"<ArchitectureSummary: {shown}; {n_absent} of {len(ENDPOINTS)} endpoints absent>"

    def _repr_html_(self) -> str:
        from psgpipe.model.conversions.html_table import html_table, number_text

        rows = [(n, number_text(v, 2), self.absent.get(n, "")) for n, v in self.endpoints().items()]
        return html_table(rows, ("endpoint", "value", "why absent"), "Sleep architecture")

    def endpoints(self) -> dict[str, float | int | None]:
        """Every endpoint by name, in the order of the contract."""
        return {name: getattr(self, name) for name in ENDPOINTS}


SHOWN = ("tst_min", "se_pct", "sol_min", "rem_latency_min", "waso_min", "n3_pct", "rem_pct")
"""Endpoints of a summary in one line."""
ENDPOINTS: tuple[str, ...] = tuple(
    f.name for f in fields(ArchitectureSummary) if f.name != "absent"
)
QUARTERS = (1, 2, 3, 4)
"""Quarters of two hours from lights off."""
TRIAL_ENDPOINTS = ENDPOINTS[ENDPOINTS.index("waso_lps_min") :]
"""Endpoints of hypnotic trials."""
ALWAYS_WRITTEN = ENDPOINTS[: -len(TRIAL_ENDPOINTS)]
"""Endpoints in every table of nights that psgpipe wrote, also before it had trial endpoints."""
LIGHTS_DEPENDENT = (
    "tib_min",
    "se_pct",
    "sol_min",
    "lps_min",
    "waso_min",
    "wake_min",
    "unscored_min",
    "rem_latency_from_lights_off_min",
    *(name for name in TRIAL_ENDPOINTS if name != "rem_latency_from_lps_min"),
)
"""Endpoints that are less reliable where lights off and lights on are not known."""


@dataclass(frozen=True)
class QualityFlag:
    """Something wrong or odd about a derivation, or about the night.

    Attributes
    ----------
    code
        Stable word; explained in ``docs/reference/quality.md``.
    message
        One sentence with the value measured and the limit.
    derivation
        Or None for the whole night.
    effect
        On the numbers of the night: ``none``, also because the refused derivation is not used;
        ``doubt``; or ``withhold``: a comparison leaves the night out.
    """

    code: str
    message: str
    derivation: str | None = None
    refused: bool = False
    effect: Effect = "doubt"

    def __post_init__(self) -> None:
        if self.refused:
            object.__setattr__(self, "effect", "none")


@dataclass(frozen=True)
class QualityReport:
    """Signal quality before staging, and plausibility after it.

    Attributes
    ----------
    measures
        For each derivation looked at, its measures by name (units in the names); None where a
        measure does not exist.
    flags
        What is odd or refused, in words.
    artefact_epochs, unscored_epochs
        Epoch numbers from 0, never staged.
    """

    measures: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)
    flags: tuple[QualityFlag, ...] = ()
    artefact_epochs: tuple[int, ...] = ()
    unscored_epochs: tuple[int, ...] = ()

    def __repr__(self) -> str:
        codes = ", ".join(dict.fromkeys(flag.code for flag in self.flags))
        flags = codes if len(codes) <= 80 else f"{codes[:77]}..."
        return (
            f"<QualityReport: {count_of(len(self.measures), 'derivation')} measured; "
            f"flags: {flags or 'none'}; {count_of(len(self.artefact_epochs), 'artefact epoch')}>"
        )

    def _repr_html_(self) -> str:
        from psgpipe.model.conversions.html_table import html_table

        rows = [(flag.code, flag.derivation or "night", flag.message) for flag in self.flags]
        title = f"Signal quality of {', '.join(self.measures) or 'no derivation'}"
        return html_table(rows or [("none", "", "")], ("flag", "of", "what"), title)

    @property
    def refused(self) -> tuple[str, ...]:
        """Derivations that must not be staged, in the order found."""
        names = (f.derivation for f in self.flags if f.refused and f.derivation)
        return tuple(dict.fromkeys(names))

    def as_dict(self) -> dict[str, Any]:
        """Plain values for ``quality.json``."""
        return {
            "measures": {name: dict(values) for name, values in self.measures.items()},
            "flags": [asdict(flag) for flag in self.flags],
            "refused": list(self.refused),
            "artefact_epochs": list(self.artefact_epochs),
            "unscored_epochs": list(self.unscored_epochs),
        }
