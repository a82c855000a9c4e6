"""Treatment nights whose EEG is unlike the subject's own baseline nights."""

import json
import math

import numpy as np
import pytest

from psgpipe import compare
from psgpipe.comparison.signal_level.unlike_eeg import (
    BANDS,
    STAGES,
    features_in,
    night_to_night_sds,
    unlikeness,
)
from tests.comparison.night_tables import night, nights_tsv


def spectra(rng, subject, *, gain=1.0, swa=0.0, doubt=5.0):
    """What microstructure.json says of a night: band powers with a night-to-night SD of 0.2."""
    level = 2 + 2 * math.log(gain)
    powers = {
        stage: {
            band: level + 0.3 * subject + 0.2 * rng.normal() + (swa if band == "swa" else 0)
            for band in BANDS
        }
        for stage in STAGES
    }
    return {
        "endpoints": {"broadband_ln": level + 0.05 * rng.normal()},
        "stages": {stage: {"minutes": 60, "power_ln": p} for stage, p in powers.items()},
        "low_confidence_pct": doubt + rng.normal(),
    }


def study(tmp_path, treated, n=6):
    """Results of `n` subjects with three baseline nights and the treatment night `treated`."""
    rng, rows = np.random.default_rng(4), []
    for s in range(n):
        for k in range(4):
            found = spectra(rng, s, **(treated if k == 3 and s == 0 else {}))
            rows.append(
                night(f"S{s}", k, "treatment" if k == 3 else "baseline", rem_pct=20 + k + s,
                      broadband_ln=found["endpoints"]["broadband_ln"])
            )  # fmt: skip
            folder = tmp_path / "nights" / f"S{s}" / f"n{k}"
            folder.mkdir(parents=True)
            (folder / "microstructure.json").write_text(json.dumps(found), encoding="utf-8")
    return nights_tsv(tmp_path / "nights.tsv", rows)


def told(tmp_path, **treated):
    comparison = compare(study(tmp_path, treated))
    return [w for w in comparison.warnings if w.startswith("unlike-baseline")]


def test_nights_like_the_baseline_are_not_flagged(tmp_path):
    assert told(tmp_path) == []


def test_a_night_with_another_spectrum_is_flagged(tmp_path):
    (warning,) = told(tmp_path, swa=3.0)
    assert "stages may be less reliable: S0 n3 (spectrum " in warning
    assert warning.count("SD away") == 1


def test_a_night_that_the_stager_doubts_is_flagged(tmp_path):
    (warning,) = told(tmp_path, doubt=40.0)
    assert "% of epochs doubted, at baseline" in warning


def test_another_gain_alone_is_not_another_spectrum(tmp_path):
    assert told(tmp_path, gain=3.0) == []


def test_the_distance_is_counted_in_night_to_night_sd():
    # Each feature differs by 2 between two baseline nights: SD sqrt(2) by theory; the median of
    # |deviation| is 1 times sqrt(2), and 1.4826 makes it robust.
    names = [f"N2 {band}" for band in BANDS]
    nights = [[dict.fromkeys(names, 0.0), dict.fromkeys(names, 2.0)] for _ in range(5)]
    sds = night_to_night_sds(nights)
    assert sds == {name: pytest.approx(1.4826 * math.sqrt(2)) for name in names}
    z = 4.0
    far = 1.0 + z * sds[names[0]] * math.sqrt(1.5)
    assert unlikeness(dict.fromkeys(names, far), nights[0], sds) == "spectrum 4.0 SD away"
    assert unlikeness(dict.fromkeys(names, 1.0), nights[0], sds) is None


def test_a_cohort_with_few_repeated_baseline_nights_judges_nothing():
    nights = [[{"N2 swa": 0.0}, {"N2 swa": 1.0}] for _ in range(4)]
    assert night_to_night_sds(nights) == {}
    assert unlikeness({"N2 swa": 100.0}, nights[0], {}) is None


@pytest.mark.parametrize(
    "content",
    [{}, {"endpoints": []}, {"endpoints": {"broadband_ln": "2"}},
     {"endpoints": {"broadband_ln": 2.0}, "stages": {"N2": {"power_ln": [1]}, "N3": 3}}],
)  # fmt: skip
def test_a_file_with_other_content_has_no_features(content):
    assert not features_in(content)


def test_a_damaged_file_is_passed_over(tmp_path):
    table = study(tmp_path, {"swa": 3.0})
    (tmp_path / "nights" / "S0" / "n3" / "microstructure.json").write_bytes(b"{")
    assert not [w for w in compare(table).warnings if w.startswith("unlike-baseline")]
