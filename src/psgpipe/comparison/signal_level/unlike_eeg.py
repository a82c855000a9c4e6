"""Nights whose EEG is unlike the subject's own baseline nights: their stages may be less reliable.

A night is described by the log power of bands in each stage, free of the night's level, and by the
share of epochs that the stager doubted. Its distance from the subject's baseline nights is measured
in night-to-night SD at baseline, pooled over the cohort and robust.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from psgpipe.comparison.nights.selection import NightSelection
from psgpipe.comparison.nights.selection_warnings import MOST_NAMED
from psgpipe.files.atomic import read_json
from psgpipe.model.comparison.measured_night import MeasuredNight
from psgpipe.results.night_folder import NIGHTS, night_folder

UNLIKE_BASELINE = "unlike-baseline"
STAGES = ("N2", "N3", "R")
BANDS = ("swa", "theta", "alpha", "sigma", "beta")
DOUBT = "low_confidence_pct"
MOST_DISTANCE = 2.5
"""Root mean square of z; two drug-free nights of one person have 1 on average."""
MOST_DOUBT_Z = 4.0
FEWEST_DF = 5
FEWEST_FEATURES = 5
LEAST_SD = {DOUBT: 1.0}
"""A smaller SD is chance: 1 percentage point, or for powers 0.05."""

Features = Mapping[str, float]


def unlike_eeg_warnings(selection: NightSelection, out: Path) -> Iterator[str]:
    """A warning on treatment nights whose EEG is unlike the subject's baseline nights."""
    if not (out / NIGHTS).is_dir():
        return  # a table from elsewhere
    baseline = {
        subject: [f for night in nights if (f := features_of(night, out))]
        for subject, nights in selection.cohort_baseline.items()
    }
    sds = night_to_night_sds(list(baseline.values()))
    unlike = []
    for subject, nights in selection.treatment.items():
        for night in nights:
            features = features_of(night, out)
            reasons = features and unlikeness(features, baseline.get(subject, []), sds)
            if reasons:
                unlike.append(f"{subject} {night.night} ({reasons})")
    if unlike:
        more = f", and {len(unlike) - MOST_NAMED} more" if len(unlike) > MOST_NAMED else ""
        yield (
            f"{UNLIKE_BASELINE}: the EEG under treatment is unlike this subject's baseline: stages "
            f"may be less reliable: {', '.join(unlike[:MOST_NAMED])}{more}"
        )


def features_of(night: MeasuredNight, out: Path) -> Features | None:
    """What describes the EEG of a night in `out`, by name; None where it has no spectra."""
    found = read_json(night_folder(out, night.subject, night.night) / "microstructure.json")
    return None if found is None else features_in(found)


def features_in(found: Mapping[str, Any]) -> Features | None:
    """What describes a night, from the content of its ``microstructure.json``."""
    level = _number(_table(found.get("endpoints")).get("broadband_ln"))
    if level is None:
        return None
    powers = {
        f"{stage} {band}": _number(_table(_stage(found, stage).get("power_ln")).get(band))
        for stage in STAGES
        for band in BANDS
    }
    features = {name: power - level for name, power in powers.items() if power is not None}
    doubt = _number(found.get(DOUBT))
    return features if doubt is None else {**features, DOUBT: doubt}


def _stage(found: Mapping[str, Any], stage: str) -> Mapping[str, Any]:
    return _table(_table(found.get("stages")).get(stage))


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _number(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and np.isfinite(value) else None


def night_to_night_sds(subjects: Sequence[Sequence[Features]]) -> dict[str, float]:
    """Robust SD between baseline nights of one subject, by feature; those with too few nights miss.

    1.4826 times the median absolute deviation from the subject's mean; each is widened by what the
    mean of k nights takes away.
    """
    deviations: dict[str, list[float]] = {}
    freedom: dict[str, int] = {}
    for nights in subjects:
        for name in {name for night in nights for name in night}:
            values = np.array([night[name] for night in nights if name in night])
            if len(values) < 2:
                continue
            widened = (values - values.mean()) * np.sqrt(len(values) / (len(values) - 1))
            deviations.setdefault(name, []).extend(abs(widened).tolist())
            freedom[name] = freedom.get(name, 0) + len(values) - 1
    return {
        name: max(1.4826 * float(np.median(d)), LEAST_SD.get(name, 0.05))
        for name, d in deviations.items()
        if freedom[name] >= FEWEST_DF
    }


def unlikeness(
    night: Features, baseline: Sequence[Features], sds: Mapping[str, float]
) -> str | None:
    """How a night is unlike the subject's baseline nights, in words; None where it is not.

    None too where that cannot be judged: too few features, or no night-to-night SD.
    """
    z = z_of(night, baseline, sds)
    powers = [value for name, value in z.items() if name != DOUBT]
    parts = []
    if len(powers) >= FEWEST_FEATURES:
        distance = float(np.sqrt(np.mean(np.square(powers))))
        if distance > MOST_DISTANCE:
            parts.append(f"spectrum {distance:.1f} SD away")
    if z.get(DOUBT, 0.0) > MOST_DOUBT_Z:
        usual = np.mean([b[DOUBT] for b in baseline if DOUBT in b])
        parts.append(f"{night[DOUBT]:.0f} % of epochs doubted, at baseline {usual:.0f} %")
    return ", ".join(parts) or None


def z_of(
    night: Features, baseline: Sequence[Features], sds: Mapping[str, float]
) -> dict[str, float]:
    """The night against the mean of the baseline nights, in SD of such a difference, by feature."""
    z = {}
    for name, value in night.items():
        own = [b[name] for b in baseline if name in b]
        if own and name in sds:
            z[name] = (value - float(np.mean(own))) / (sds[name] * np.sqrt(1 + 1 / len(own)))
    return z
