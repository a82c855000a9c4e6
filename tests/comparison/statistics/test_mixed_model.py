"""The mixed model against R, closed forms and a second derivation."""

import json
from pathlib import Path

import numpy as np
import pytest

from psgpipe.comparison.statistics.mixed_model import fit_mixed_model
from psgpipe.comparison.statistics.paired import t_interval
from tests.comparison.statistics.golden import golden, tiny_nights

REFERENCE = json.loads(
    Path(__file__).with_name("mixed_model_reference.json").read_text(encoding="utf-8")
)


def test_tiny_study():
    expected = golden("mixed_model_tiny_csv")
    nights = tiny_nights()
    model = fit_mixed_model(
        [float(n["y"]) for n in nights],
        [n["subject"] for n in nights],
        [n["condition"] == "treatment" for n in nights],
    )
    assert model is not None
    assert model.difference == pytest.approx(expected["difference"], abs=1e-4)
    assert model.se == pytest.approx(expected["kr_se"], abs=1e-4)
    assert model.df == pytest.approx(expected["kr_df"], abs=1e-4)
    assert model.p == pytest.approx(expected["kr_p"], abs=1e-4)
    variances = expected["variances"]
    assert model.v_subject == pytest.approx(variances["subject"], abs=1e-4)
    assert model.v_subject_condition == pytest.approx(variances["subject_condition"], abs=1e-4)
    assert model.v_residual == pytest.approx(variances["residual"], abs=1e-4)


@pytest.mark.parametrize("study", REFERENCE, ids=lambda study: study["name"])
def test_r_lme4_with_pbkrtest(study):
    """R 4.2.2, lme4 1.1.31 (bobyqa, rhoend 1e-9), pbkrtest 0.5.2 on simulated studies."""
    model = fit_mixed_model(study["y"], study["subject"], study["treated"], study["period"])
    assert model is not None
    found = [model.difference, model.se, model.df, model.p]
    assert found == pytest.approx([study[k] for k in ("difference", "se", "df", "p")], abs=1e-5)
    variances = [model.v_subject, model.v_subject_condition, model.v_residual]
    assert variances == pytest.approx(study["variances"], abs=1e-5)


def simulated(n: int, per_cell: int, v_cell: float, seed: int) -> tuple:
    """A balanced study whose cell variance is certainly not estimated as 0 if v_cell is large."""
    rng = np.random.default_rng(seed)
    subject = np.repeat(np.arange(n), 2 * per_cell)
    treated = np.tile(np.repeat([False, True], per_cell), n)
    cells = rng.normal(0, v_cell**0.5, (n, 2)).repeat(per_cell)
    y = 50 + rng.normal(0, 3, n)[subject] + cells - 2 * treated + rng.normal(0, 1, subject.size)
    return y, [str(s) for s in subject], list(treated)


@pytest.mark.parametrize(("n", "per_cell"), [(4, 2), (6, 2), (8, 3), (15, 2)])
def test_balanced_nights_give_the_paired_t_test(n, per_cell):
    y, subject, treated = simulated(n, per_cell, v_cell=9.0, seed=n)
    means = y.reshape(n, 2, per_cell).mean(axis=2)
    paired = t_interval(means[:, 1] - means[:, 0])
    model = fit_mixed_model(y, subject, treated)
    assert model is not None
    assert model.v_subject > 0
    assert model.v_subject_condition > 0
    assert model.difference == pytest.approx(paired.mean)
    assert model.df == pytest.approx(n - 1, abs=1e-4)
    assert model.p == pytest.approx(paired.p, abs=1e-6)


def test_balanced_variances_are_those_of_the_analysis_of_variance():
    y, subject, treated = simulated(10, 3, v_cell=9.0, seed=2)
    cells = y.reshape(10, 2, 3)
    means = cells.mean(axis=2)
    error = ((cells - means[:, :, None]) ** 2).sum() / (10 * 2 * 2)
    interaction = means - means.mean(1, keepdims=True) - means.mean(0) + means.mean()
    ms_interaction = 3 * (interaction**2).sum() / 9
    ms_subject = 3 * 2 * ((means.mean(1) - means.mean()) ** 2).sum() / 9
    model = fit_mixed_model(y, subject, treated)
    assert model is not None
    assert model.v_residual == pytest.approx(error, rel=1e-5)
    assert model.v_subject_condition == pytest.approx((ms_interaction - error) / 3, rel=1e-5)
    assert model.v_subject == pytest.approx((ms_subject - ms_interaction) / 6, rel=1e-5)


def test_minutes_and_hours_give_the_same_p():
    y, subject, treated = simulated(6, 2, v_cell=1.0, seed=9)
    minutes = fit_mixed_model(y * 60, subject, treated)
    hours = fit_mixed_model(y, subject, treated)
    assert minutes is not None
    assert hours is not None
    assert minutes.p == pytest.approx(hours.p, rel=1e-6)
    assert minutes.difference == pytest.approx(60 * hours.difference, rel=1e-9)
    assert minutes.v_residual == pytest.approx(3600 * hours.v_residual, rel=1e-5)


def test_a_large_common_value_does_not_matter():
    y, subject, treated = simulated(6, 2, v_cell=1.0, seed=9)
    near, far = fit_mixed_model(y, subject, treated), fit_mixed_model(y + 1e5, subject, treated)
    assert near is not None
    assert far is not None
    assert far.p == pytest.approx(near.p, rel=1e-5)


def dense(y, subject, treated, variances):
    """V, G and X of the model written out night by night, and twice the REML log-likelihood."""
    same = np.equal.outer(subject, subject).astype(float)
    cell = same * np.equal.outer(treated, treated)
    g = np.stack([same, cell, np.eye(y.size)])
    x = np.column_stack([np.ones(y.size), treated])

    def reml(theta):
        v = np.tensordot(theta, g, 1)
        vi = np.linalg.inv(v)
        xvx = x.T @ vi @ x
        r = y - x @ np.linalg.solve(xvx, x.T @ vi @ y)
        return -np.linalg.slogdet(v)[1] - np.linalg.slogdet(xvx)[1] - r @ vi @ r

    return g, x, reml


def unbalanced(seed: int) -> tuple:
    rng = np.random.default_rng(seed)
    rows = [(s, t) for s in range(7) for t in (0, 1) for _ in range(rng.integers(1, 4))]
    subject, treated = (np.array(c) for c in zip(*rows, strict=True))
    u = rng.normal(0, rng.choice([0.1, 2.0]), 7)[subject]
    w = rng.normal(0, rng.choice([0.1, 1.5]), (7, 2))[subject, treated]
    return 20 + u + w + rng.normal(0, 1, subject.size), subject, treated.astype(bool)


@pytest.mark.parametrize("seed", range(12))
def test_no_neighbouring_variances_are_more_likely(seed):
    """The optimum by the dense likelihood: flat inside, falling inwards from a boundary."""
    y, subject, treated = unbalanced(seed)
    model = fit_mixed_model(y, [str(s) for s in subject], list(treated))
    assert model is not None
    best = np.array([model.v_subject, model.v_subject_condition, model.v_residual])
    _, _, reml = dense(y, subject, treated, best)
    step = 1e-4
    for k in range(3):
        up, down = best + step * np.eye(3)[k], best - step * np.eye(3)[k]
        assert reml(up) <= reml(best) + 1e-9
        if best[k] > step:
            assert reml(down) <= reml(best) + 1e-9
            assert abs(reml(up) - reml(down)) / (2 * step) < 1e-2


@pytest.mark.parametrize("seed", range(6))
def test_kenward_roger_from_numerical_derivatives(seed):
    """Covariance and df again, from the dense model: derivatives of Phi taken numerically.

    Adjusted covariance = Phi + 2 Phi [sum W_ij (Q_ij - P_i Phi P_j)] Phi, where
    P_i = d(X'V^-1 X)/d theta_i and Q_ij = (second derivative of X'V^-1 X)/2, symmetrized.
    """
    y, subject, treated = unbalanced(seed)
    model = fit_mixed_model(y, [str(s) for s in subject], list(treated))
    assert model is not None
    best = np.array([model.v_subject, model.v_subject_condition, model.v_residual])
    g, x, _ = dense(y, subject, treated, best)

    def information(theta):
        return x.T @ np.linalg.inv(np.tensordot(theta, g, 1)) @ x

    h, eye = 1e-3, np.eye(3)
    p = [(information(best + h * e) - information(best - h * e)) / (2 * h) for e in eye]

    def second(i, j):
        return sum(
            a * b * information(best + h * (a * eye[i] + b * eye[j]))
            for a in (1, -1)
            for b in (1, -1)
        ) / (4 * h * h)

    phi = np.linalg.inv(information(best))
    vi = np.linalg.inv(np.tensordot(best, g, 1))
    projection = vi - vi @ x @ phi @ x.T @ vi
    expected_information = np.array(
        [[np.trace(projection @ a @ projection @ b) / 2 for a in g] for b in g]
    )
    w = np.linalg.inv(expected_information)
    middle = sum(
        w[i, j] * (second(i, j) / 2 - p[i] @ phi @ p[j]) for i in range(3) for j in range(3)
    )
    adjusted = phi + 2 * phi @ middle @ phi
    # Relative variance of the estimated variance of the contrast, by the delta method.
    slope = np.array([-(phi @ p[i] @ phi)[1, 1] for i in range(3)])
    df = 2 * phi[1, 1] ** 2 / (slope @ w @ slope)
    assert model.se == pytest.approx(np.sqrt(adjusted[1, 1]), rel=1e-3)
    assert model.df == pytest.approx(df, rel=1e-3)


def test_one_night_in_each_condition_is_no_mixed_model():
    assert fit_mixed_model([1, 2, 3, 5, 4, 4.5], list("aabbcc"), [0, 1] * 3) is None


def test_nights_that_repeat_exactly_have_no_residual():
    assert (
        fit_mixed_model(
            [1, 1, 2, 2, 4, 4, 3, 3, 5, 5, 9, 9], list("aaaabbbbcccc"), [0, 0, 1, 1] * 3
        )
        is None
    )


@pytest.mark.parametrize("value", [5, 90.1])
def test_a_constant_endpoint_has_no_model(value):
    # The mean of three times 90.1 is not 90.1 in floating point.
    subject = list("aaaaaabbbbbbcccccc")
    assert fit_mixed_model([value] * 18, subject, [0, 0, 0, 1, 1, 1] * 3) is None


def test_period_that_repeats_the_condition_has_no_model():
    y, subject, treated = simulated(6, 2, v_cell=1.0, seed=9)
    period = ["2" if t else "1" for t in treated]
    assert fit_mixed_model(y, subject, treated, period) is None
