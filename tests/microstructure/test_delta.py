"""Slow-wave activity by cycle on nights that are small enough to count by hand."""

import json
from typing import Any

import numpy as np
import pytest

from psgpipe.microstructure.delta import delta_sleep_ratio, mean_swa_by_cycle
from psgpipe.sleep.cycles import sleep_cycles
from tests.builders import night
from tests.shared_files import shared


@pytest.fixture
def golden() -> dict[str, Any]:
    expected = json.loads(shared("golden", "expected.json").read_text(encoding="utf-8"))
    return dict(expected["night_600_epochs"])


def test_golden_slow_wave_activity_by_cycle(golden: dict[str, Any]):
    hypnogram = night(golden["runs"])
    cycles = sleep_cycles(hypnogram)
    swa_uv2 = np.full(len(hypnogram), np.nan)
    by_stage = golden["swa_per_epoch_uv2"]
    for number, cycle in enumerate(cycles):
        for epoch in range(cycle.first_epoch, cycle.end_epoch):
            levels = by_stage.get(f"{hypnogram.stages[epoch]}_by_cycle")
            swa_uv2[epoch] = levels[number] if levels else 5000.0  # only N2 and N3 may count
    means = mean_swa_by_cycle(hypnogram, swa_uv2, cycles)
    assert means == pytest.approx(golden["mean_swa_by_cycle_uv2"], abs=1e-6)
    assert delta_sleep_ratio(means) == pytest.approx(golden["delta_sleep_ratio"], abs=1e-6)


def test_slow_wave_activity_needs_measured_epochs():
    hypnogram = night("N1*40 R*12 N2*60 R*12")
    swa_uv2 = np.full(len(hypnogram), 7.0)
    swa_uv2[52:60] = np.nan
    means = mean_swa_by_cycle(hypnogram, swa_uv2, sleep_cycles(hypnogram))
    assert means == (None, 7.0)
    assert delta_sleep_ratio(means) is None


def test_slow_wave_activity_of_another_night_is_refused():
    with pytest.raises(ValueError, match="of 3 for 2 epochs"):
        mean_swa_by_cycle(night("W N2"), np.zeros(3), ())


def test_one_cycle_has_no_delta_sleep_ratio():
    assert delta_sleep_ratio((12.0,)) is None
