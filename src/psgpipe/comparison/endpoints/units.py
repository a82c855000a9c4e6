"""Units of endpoints."""

from __future__ import annotations

from psgpipe.comparison.statistics.composition import BALANCES
from psgpipe.model.microstructure.names import MICROSTRUCTURE_ENDPOINTS
from psgpipe.model.summary import QUARTERS

_UNITS = {
    "_per_h": "per h",
    "_min": "min",
    "_pct": "%",
    "_hz": "Hz",
    "_uv2": "uV2",
    "_uv": "uV",
    "_bpm": "per min",
    "_h": "h",
    "_s": "s",
}
_UNITS_BY_NAME = {
    "awakenings": "count",
    "awakenings_lps": "count",
    **{f"awakenings_q{quarter}": "count" for quarter in QUARTERS},
    "stage_shifts": "count",
    "cycles": "count",
    "mean_confidence": "probability",
    **{name: "ln" for name in MICROSTRUCTURE_ENDPOINTS if name.endswith("_ln")},
    "swa_decline_per_h": "ln per h",
    "spindles_n2_per_min": "per min",
    **dict.fromkeys(BALANCES, "ilr"),
}
_WHOLES = {
    **dict.fromkeys(("n1_pct", "n2_pct", "n3_pct", "rem_pct", "nrem_pct"), "TST"),
    "se_pct": "TIB",
    "sme_pct": "SPT",
}


def whole_of(endpoint: str) -> str:
    """What the percentage of an endpoint is of; blank where its name does not tell."""
    return _WHOLES.get(endpoint.removeprefix("diary_").removeprefix("actigraphy_"), "")


def unit_of(endpoint: str) -> str:
    """The unit in an endpoint's name; blank where the name has none."""
    if endpoint in _UNITS_BY_NAME:
        return _UNITS_BY_NAME[endpoint]
    return next((unit for suffix, unit in _UNITS.items() if endpoint.endswith(suffix)), "")
