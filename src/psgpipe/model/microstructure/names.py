"""The names of the endpoints of spectra and events."""

from __future__ import annotations

from psgpipe.model.summary import ENDPOINTS

HOURS = (1, 2, 3, 4)
"""Hours of sleep with an endpoint of their own."""

MICROSTRUCTURE_ENDPOINTS: tuple[str, ...] = (
    "swa_ln",
    "slow_wave_energy_ln",
    *(f"swa_h{hour}_ln" for hour in HOURS),
    "swa_cycle1_ln",
    "swa_decline_per_h",
    "swa_n3_over_rem_ln",
    "sigma_over_neighbours_ln",
    "sigma_peak_hz",
    "slope_2_30",
    "slope_30_45",
    "dsr_ln",
    "broadband_ln",
    "spindles_n2_per_min",
)
NIGHT_ENDPOINTS: tuple[str, ...] = (*ENDPOINTS, *MICROSTRUCTURE_ENDPOINTS)
"""Every endpoint of a night, in the order of ``nights.tsv``."""
GAIN_DEPENDENT: frozenset[str] = frozenset(
    (
        "swa_ln",
        "slow_wave_energy_ln",
        *(f"swa_h{hour}_ln" for hour in HOURS),
        "swa_cycle1_ln",
        "broadband_ln",
        "spindles_n2_per_min",
    )
)
"""Endpoints that rise and fall with the amplifier's gain; the others are ratios or frequencies.

The threshold of spindles is in microvolt where baseline nights give it, or yasa's limit of 10.
"""
EVENT_ENDPOINTS = ("spindles_n2_per_min",)
"""Endpoints that rest on detected events, and so on the thresholds of detection."""
LEVEL = "broadband_ln"
"""The endpoint that shows a difference of gain between two nights."""
