"""The endpoints of a night's microstructure, each with the reason where it is absent."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from psgpipe.microstructure.delta import delta_sleep_ratio
from psgpipe.model.hypnogram import EPOCH_MIN, Hypnogram
from psgpipe.model.microstructure.names import HOURS, MICROSTRUCTURE_ENDPOINTS
from psgpipe.model.microstructure.records import (
    BANDS_HZ,
    LEVEL_BANDS,
    EpochPower,
    MeanPower,
    StageSpectrum,
)

NOT_ASKED = "spindles were not asked for (--microstructure)"
LEAST_SPAN_H = 1.0


class EndpointInput(NamedTuple):
    """What the endpoints are computed from.

    `onset` is the first epoch of sleep, `nrem` marks N2 and N3 in bed.
    """

    hypnogram: Hypnogram
    epochs: EpochPower
    stages: Mapping[str, StageSpectrum]
    cycles: tuple[MeanPower, ...]
    hours: tuple[MeanPower, ...]
    onset: int | None
    nrem: npt.NDArray[np.bool_]


class Absent(ValueError):
    """An endpoint that a night does not have, with the reason."""


def endpoints(given: EndpointInput) -> tuple[dict[str, float | None], dict[str, str]]:
    """The endpoints by name, and why one is None."""
    values: dict[str, float | None] = dict.fromkeys(MICROSTRUCTURE_ENDPOINTS)
    absent: dict[str, str] = {"spindles_n2_per_min": NOT_ASKED}
    for name, compute in _COMPUTE.items():
        try:
            values[name] = compute(given)
        except Absent as reason:
            absent[name] = str(reason)
    return values, absent


def _power(mean: MeanPower, band: str, where: str) -> float:
    if mean.power_uv2 is None:
        raise Absent(f"{where}: {mean.reason}")
    if band not in mean.power_uv2:
        low, high = BANDS_HZ[band]
        raise Absent(f"the sampling rate does not hold {low:g}-{high:g} Hz")
    return mean.power_uv2[band]


def _stage_ln(given: EndpointInput, stage: str, band: str) -> float:
    name = "N2 and N3" if stage == "NREM" else stage
    return math.log(_power(given.stages[stage].mean, band, name))


def _swa(given: EndpointInput) -> float:
    return _stage_ln(given, "NREM", "swa")


def _slow_wave_energy(given: EndpointInput) -> float:
    """Mean power times all minutes: an epoch with an artefact counts with the mean."""
    return _swa(given) + math.log(int(given.nrem.sum()) * EPOCH_MIN)


def _swa_of_hour(hour: int) -> Callable[[EndpointInput], float]:
    def of_hour(given: EndpointInput) -> float:
        where = f"N2 and N3 of hour {hour} from sleep onset"
        if given.onset is None:
            raise Absent("no sleep")
        if hour > len(given.hours):
            raise Absent(f"{where}: none")
        return math.log(_power(given.hours[hour - 1], "swa", where))

    return of_hour


def _swa_cycle1(given: EndpointInput) -> float:
    if not given.cycles:
        raise Absent("no complete NREM-REM cycle")
    return math.log(_power(given.cycles[0], "swa", "N2 and N3 of the first cycle"))


def _swa_decline(given: EndpointInput) -> float:
    """Least-squares slope of log power on hours, over every N2 and N3 epoch."""
    _swa(given)
    used = np.flatnonzero(given.epochs.is_used & given.nrem)
    hours = used * EPOCH_MIN / 60
    if hours[-1] - hours[0] < LEAST_SPAN_H:
        raise Absent(f"N2 and N3 within less than {LEAST_SPAN_H:g} h")
    power_uv2 = given.epochs.power_uv2["swa"][used]
    if (power_uv2 <= 0).any():
        raise Absent("an epoch without any power")
    centred = hours - hours.mean()
    return float(centred @ np.log(power_uv2) / (centred @ centred))


def _swa_n3_over_rem(given: EndpointInput) -> float:
    return _stage_ln(given, "N3", "swa") - _stage_ln(given, "R", "swa")


def _sigma_over_neighbours(given: EndpointInput) -> float:
    """Log density of sigma over the mean of the log densities below and above it."""
    sigma, below, above = (
        _stage_ln(given, "NREM", band) - math.log(BANDS_HZ[band].high_hz - BANDS_HZ[band].low_hz)
        for band in ("sigma", "below_sigma", "above_sigma")
    )
    return sigma - (below + above) / 2


def _of_spectrum(name: str) -> Callable[[EndpointInput], float]:
    def of_spectrum(given: EndpointInput) -> float:
        spectrum = given.stages["NREM"]
        value: float | None = getattr(spectrum, name)
        if value is None:
            raise Absent(f"N2 and N3: {spectrum.absent[name]}")
        return value

    return of_spectrum


def _dsr(given: EndpointInput) -> float:
    if len(given.cycles) < 2:
        raise Absent("fewer than two complete NREM-REM cycles")
    first, second = (
        _power(given.cycles[n], "swa", f"N2 and N3 of cycle {n + 1}") for n in range(2)
    )
    return math.log(delta_sleep_ratio((first, second)) or math.nan)


def _broadband(given: EndpointInput) -> float:
    logs = [_stage_ln(given, "NREM", band) for band in LEVEL_BANDS]
    return sum(logs) / len(logs)


_COMPUTE: Mapping[str, Callable[[EndpointInput], float]] = {
    "swa_ln": _swa,
    "slow_wave_energy_ln": _slow_wave_energy,
    **{f"swa_h{hour}_ln": _swa_of_hour(hour) for hour in HOURS},
    "swa_cycle1_ln": _swa_cycle1,
    "swa_decline_per_h": _swa_decline,
    "swa_n3_over_rem_ln": _swa_n3_over_rem,
    "sigma_over_neighbours_ln": _sigma_over_neighbours,
    "sigma_peak_hz": _of_spectrum("sigma_peak_hz"),
    "slope_2_30": _of_spectrum("slope_2_30"),
    "slope_30_45": _of_spectrum("slope_30_45"),
    "dsr_ln": _dsr,
    "broadband_ln": _broadband,
}
