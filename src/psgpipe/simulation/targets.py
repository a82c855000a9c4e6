"""The targets of a simulated night: latency, wake and stage shares, planted effect included.

They are the population mean, plus the deviations of the subject and of the night, plus the planted
effect on treatment nights, to which some subjects respond more than others. The night's deviation
and the response have opposite signs in the two subjects of a pair (1 and 2, 3 and 4, ...), so that
over an even number of subjects the mean difference between treatment and baseline is exactly the
planted effect.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import numpy as np

from psgpipe.errors import UsageError
from psgpipe.simulation.scene import NightKey, Stream

SHARES = ("n1_pct", "n2_pct", "n3_pct", "rem_pct")
EFFECTS = (*SHARES, "sol_min", "waso_min", "tst_min")


@dataclass(frozen=True)
class Targets:
    """Sleep onset latency, wake after sleep onset, and the stages' shares of sleep."""

    sol_min: float
    waso_min: float
    n1_pct: float
    n2_pct: float
    n3_pct: float
    rem_pct: float


# Healthy adults, 8 h in bed, second and later nights; after Ohayon et al. 2004 (Sleep 27:1255) and
# Boulos et al. 2019 (Lancet Respir Med 7:533), rounded. n2_pct is what the others leave.
POPULATION = Targets(sol_min=14, waso_min=36, n1_pct=7, n2_pct=51, n3_pct=20, rem_pct=22)
BETWEEN_SUBJECTS = Targets(sol_min=3, waso_min=8, n1_pct=1, n2_pct=0, n3_pct=2.5, rem_pct=2)
BETWEEN_NIGHTS = Targets(sol_min=2, waso_min=6, n1_pct=0.7, n2_pct=0, n3_pct=1.5, rem_pct=1.5)
FULL_NIGHT_MIN = 465.0
# A subject's effect is 0.6 to 1.4 times the planted one.
RESPONSE_SD = 0.2


def draw_targets(key: NightKey, tib_min: float) -> Targets:
    """The targets of a night without any planted effect."""
    subject = _deviation(NightKey(key.seed, key.subject, 0, 0))
    first, sign = _mirrored(key.subject)
    night = _deviation(NightKey(key.seed, first, key.condition, key.night))
    short = min(1.0, tib_min / FULL_NIGHT_MIN)
    value = {
        f.name: getattr(POPULATION, f.name)
        + subject[f.name] * getattr(BETWEEN_SUBJECTS, f.name)
        + sign * night[f.name] * getattr(BETWEEN_NIGHTS, f.name)
        for f in fields(Targets)
    }
    value["sol_min"] *= short
    value["waso_min"] *= short
    value["n2_pct"] = 100 - value["n1_pct"] - value["n3_pct"] - value["rem_pct"]
    return Targets(**value)


def draw_response(key: NightKey) -> float:
    """How much of a planted effect a subject shows, in every treatment night; 1 on average."""
    first, sign = _mirrored(key.subject)
    drawn = NightKey(key.seed, first, 0, 0).rng(Stream.RESPONSE).standard_normal()
    return 1 + sign * RESPONSE_SD * min(max(drawn, -2.0), 2.0)


def _mirrored(subject: int) -> tuple[int, float]:
    """The first subject of the pair, and the sign of the subject's deviations."""
    return (subject - 1, -1.0) if subject % 2 == 0 else (subject, 1.0)


def _deviation(key: NightKey) -> dict[str, float]:
    """Standard normal numbers within two standard deviations, one for each target."""
    drawn = key.rng(Stream.TARGETS).standard_normal(len(fields(Targets)))
    names = (f.name for f in fields(Targets))
    return dict(zip(names, np.clip(drawn, -2, 2).tolist(), strict=True))


def add_effects(targets: Targets, effects: Mapping[str, float], tib_min: float) -> Targets:
    """The targets moved by the planted effects; time in bed stays.

    Stages without an effect of their own share the rest in proportion. Lost sleep becomes wake
    after sleep onset, or latency where WASO has an effect of its own.

    Raises
    ------
    UsageError
        The night cannot have such stages, or the effects contradict each other.
    """
    moved = _with_minutes(_with_shares(targets, effects), effects)
    wake_min = moved.sol_min + moved.waso_min
    if wake_min > tib_min - 1:
        raise _impossible(f"{wake_min:.0f} min awake of {tib_min:.0f} min in bed")
    for name in ("sol_min", "waso_min", *SHARES):
        if getattr(moved, name) < 0:
            raise _impossible(f"{name} of {getattr(moved, name):.1f} in one of the nights")
    return moved


def _with_shares(targets: Targets, effects: Mapping[str, float]) -> Targets:
    planted = {n: getattr(targets, n) + effects[n] for n in SHARES if n in effects}
    free = {n: getattr(targets, n) for n in SHARES if n not in effects}
    rest = 100 - sum(planted.values())
    if not free and abs(rest) > 1e-9:
        raise _impossible(f"effects on all four stages that sum to {-rest:+g} instead of 0")
    if rest < -1e-9:
        raise _impossible(f"{100 - rest:.1f} % of sleep in {', '.join(planted)}")
    scale = rest / sum(free.values()) if free else 0.0
    return replace(targets, **planted, **{n: v * scale for n, v in free.items()})


def _with_minutes(targets: Targets, effects: Mapping[str, float]) -> Targets:
    sol, waso = effects.get("sol_min", 0.0), effects.get("waso_min", 0.0)
    lost = -effects["tst_min"] if "tst_min" in effects else sol + waso
    if "waso_min" not in effects:
        waso = lost - sol
    elif "sol_min" not in effects:
        sol = lost - waso
    elif abs(sol + waso - lost) > 1e-9:
        raise _impossible(f"tst_min={-lost:+g} beside sol_min={sol:+g} and waso_min={waso:+g}")
    return replace(targets, sol_min=targets.sol_min + sol, waso_min=targets.waso_min + waso)


def _impossible(found: str) -> UsageError:
    return UsageError(
        f"no night can have the planted effect: {found}",
        "Plant a smaller effect; shares of stages are in points of TST, the time in bed is fixed.",
    )
