"""The numbers of an agreement equal those of scikit-learn and of yasa's agreement classes."""

import warnings

import numpy as np
import pandas as pd
import pytest
import sklearn.metrics as skm
from hypothesis import given, settings
from hypothesis import strategies as st

from psgpipe.agreement.statistics.by_stage import false_positive_rate, pooled, sensitivity
from psgpipe.agreement.statistics.limits import limits_of_agreement
from psgpipe.agreement.statistics.proportional_bias import proportional_bias
from psgpipe.model.hypnogram import SCORED, Hypnogram
from psgpipe.sleep.agreement import agreement

EXACT = 1e-9
NAMES = [str(stage) for stage in SCORED]


def two_scorings(n_nights=6, n_epochs=400, share_alike=0.75, seed=1):
    """Nights by an expert and by a stager that differs in a quarter of the epochs."""
    rng = np.random.default_rng(seed)
    nights = []
    for _ in range(n_nights):
        expert = np.repeat(rng.integers(0, 5, n_epochs // 10), 10)
        other = rng.integers(0, 5, n_epochs)
        automatic = np.where(rng.random(n_epochs) < share_alike, expert, other)
        nights.append(
            tuple(Hypnogram(tuple(SCORED[i] for i in stages)) for stages in (expert, automatic))
        )
    return nights


@settings(deadline=None)
@given(st.lists(st.tuples(*[st.sampled_from(NAMES)] * 2), min_size=2, max_size=300))
def test_every_rate_is_that_of_scikit_learn(pairs):
    expert, automatic = ([pair[i] for pair in pairs] for i in (0, 1))
    found = agreement(Hypnogram(tuple(expert)), Hypnogram(tuple(automatic)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn warns where a rate is not defined
        assert found.accuracy == pytest.approx(skm.accuracy_score(expert, automatic), abs=EXACT)
        if found.kappa is not None:
            kappa = skm.cohen_kappa_score(expert, automatic, labels=NAMES)
            assert found.kappa == pytest.approx(kappa, abs=EXACT)
        if found.mcc is not None:
            mcc = skm.matthews_corrcoef(expert, automatic)
            assert found.mcc == pytest.approx(mcc, abs=EXACT)
        f1 = skm.f1_score(expert, automatic, labels=NAMES, average=None, zero_division=np.nan)
        recall = skm.recall_score(
            expert, automatic, labels=NAMES, average=None, zero_division=np.nan
        )
    assert (
        found.confusion.tolist() == skm.confusion_matrix(expert, automatic, labels=NAMES).tolist()
    )
    assert [np.nan if v is None else v for v in found.f1.values()] == pytest.approx(
        f1.tolist(), abs=EXACT, nan_ok=True
    )
    assert [np.nan if v is None else v for v in sensitivity(found).values()] == pytest.approx(
        recall.tolist(), abs=EXACT, nan_ok=True
    )
    for stage, rate in false_positive_rate(found).items():
        others = [a == stage for e, a in zip(expert, automatic, strict=True) if e != stage]
        assert rate == (pytest.approx(np.mean(others)) if others else None)


def test_each_night_and_all_together_are_those_of_yasa():
    import yasa

    nights = two_scorings()
    by_yasa = yasa.EpochByEpochAgreement(
        [
            yasa.Hypnogram(["REM" if s == "R" else str(s) for s in e.stages], scorer="expert")
            for e, _ in nights
        ],
        [
            yasa.Hypnogram(["REM" if s == "R" else str(s) for s in a.stages], scorer="stager")
            for _, a in nights
        ],
    )
    ours = [agreement(expert, automatic) for expert, automatic in nights]
    theirs = by_yasa.get_agreement()
    for one, (_, row) in zip(ours, theirs.iterrows(), strict=True):
        assert one.accuracy == pytest.approx(row["accuracy"] / 100, abs=EXACT)
        assert one.kappa == pytest.approx(row["kappa"], abs=EXACT)
        assert one.mcc == pytest.approx(row["mcc"], abs=EXACT)
    together = by_yasa.get_agreement(pooled=True)
    all_nights = pooled(ours, range(len(ours))).agreement
    assert all_nights.accuracy == pytest.approx(float(together["accuracy"]) / 100, abs=EXACT)
    assert all_nights.kappa == pytest.approx(float(together["kappa"]), abs=EXACT)
    assert all_nights.mcc == pytest.approx(float(together["mcc"]), abs=EXACT)


def minutes(n, seed=2):
    """An expert's minutes of REM sleep in n nights, and automatic ones."""
    rng = np.random.default_rng(seed)
    expert = rng.normal(90, 20, n)
    return expert, expert + rng.normal(5, 10, n) - 0.3 * (expert - 90)


def test_bias_limits_and_their_intervals_are_those_of_yasa_for_one_night_each():
    import yasa

    expert, automatic = minutes(20)
    frames = [pd.DataFrame({"REM": values}) for values in (expert, automatic)]
    by_yasa = yasa.SleepStatsAgreement(*frames).summary(ci_method="param").loc["REM"]
    ours = limits_of_agreement(automatic - expert, list(range(20)))
    expected = {
        "bias_mean": (ours.bias, ours.bias_interval),
        "loa_lower": (ours.lower, ours.lower_interval),
        "loa_upper": (ours.upper, ours.upper_interval),
    }
    for name, (value, interval) in expected.items():
        assert value == pytest.approx(by_yasa[name]["center"], abs=EXACT)
        assert interval == pytest.approx(
            (by_yasa[name]["lower"], by_yasa[name]["upper"]), abs=EXACT
        )


@pytest.mark.parametrize("counts", [(2,) * 8, (1, 2, 3, 4, 2, 1), (5, 1, 1)])
def test_repeated_nights_have_the_variances_and_limits_of_yasa(counts):
    import yasa

    subjects = [s for s, n in enumerate(counts) for _ in range(n)]
    expert, automatic = minutes(len(subjects))
    d = automatic - expert + np.array(subjects)
    ours, yasas = limits_of_agreement(d, subjects), yasa.SleepStatsAgreement
    parts = yasas._variance_components(d, subjects)
    sd = np.sqrt(parts["var_total"])
    assert ours.sd == pytest.approx(sd, abs=EXACT)
    assert ours.sd_within == pytest.approx(np.sqrt(parts["var_within"]), abs=EXACT)
    low, high = np.sqrt(yasas._variance_ci(parts, 0.95))
    ends = yasas._mover_loa_ci(ours.bias, *ours.bias_interval, sd, low, high, 1.96)
    assert (*ours.lower_interval, *ours.upper_interval) == pytest.approx(ends, abs=EXACT)


def test_the_slope_is_that_of_yasa_for_one_night_each():
    import yasa

    expert, automatic = minutes(20)
    by_yasa = yasa.SleepStatsAgreement._linregress(expert, automatic - expert)
    ours = proportional_bias(expert, automatic - expert, list(range(20)))
    assert (ours.slope, ours.intercept) == pytest.approx(
        (by_yasa["slope"], by_yasa["intercept"]), abs=EXACT
    )
    assert ours.p == pytest.approx(by_yasa["pvalue"], abs=EXACT)
