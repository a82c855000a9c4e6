"""Endpoints that YASA's statistics also have: equal, or different as documented."""

import numpy as np
import pytest

from psgpipe.sleep.architecture import summarize
from tests.builders import night

yasa = pytest.importorskip("yasa")

pytestmark = pytest.mark.slow

NIGHTS = {
    "quiet": "W*20 N1*6 N2*40 N3*60 N2*14 R*10 N2*60 N3*40 R*30 W*8",
    "broken": "W*4 N1 W*2 N1*2 N2*4 N3*3 UNS N3 N2 W N2*3 R*4 W*2 N1 N2*2 R*3 W N2 ART W*2",
    "asleep to the end": "N1*3 N2*40 R*20",
    "no REM": "W*5 N2*50 W*2 N3*10",
}
SAME = {
    "TIB": "tib_min",
    "SPT": "spt_min",
    "TST": "tst_min",
    "SE": "se_pct",
    "SME": "sme_pct",
    "SFI": "sleep_to_wake_per_h",
    "SOL": "sol_min",
    "WASO": "waso_spt_min",
    "Lat_REM": "rem_latency_from_lights_off_min",
    "WAKE": "wake_min",
    "N1": "n1_min",
    "N2": "n2_min",
    "N3": "n3_min",
    "REM": "rem_min",
    "%N1": "n1_pct",
    "%N2": "n2_pct",
    "%N3": "n3_pct",
    "%REM": "rem_pct",
}


def yasa_statistics(runs: str) -> dict[str, float]:
    spelling = {"W": "WAKE", "R": "REM"}
    stages = [spelling.get(stage, str(stage)) for stage in night(runs).stages]
    return dict(yasa.Hypnogram(stages, freq="30s", n_stages=5).sleep_statistics())


@pytest.mark.parametrize("runs", NIGHTS.values(), ids=NIGHTS.keys())
def test_yasa_agrees_where_it_has_the_same_endpoint(runs: str):
    theirs, ours = yasa_statistics(runs), summarize(night(runs)).endpoints()
    for name, endpoint in SAME.items():
        value = np.nan if ours[endpoint] is None else ours[endpoint]
        assert value == pytest.approx(theirs[name], abs=5e-5, nan_ok=True), name  # theirs: rounded


def test_yasa_loses_early_morning_wake():
    runs = "W*10 N2*40 W*5 R*40 W*60"
    assert yasa_statistics(runs)["WASO"] == 2.5
    assert summarize(night(runs)).waso_min == 32.5


def test_yasa_counts_rem_latency_from_the_start_of_the_hypnogram():
    runs = "W*10 N2*40 R*40"
    assert yasa_statistics(runs)["Lat_REM"] == 25.0
    assert summarize(night(runs)).rem_latency_min == 20.0
