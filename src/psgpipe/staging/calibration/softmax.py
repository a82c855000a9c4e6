"""Temperature and class offsets of probabilities: ``p' ~ p ** (1 / temperature) * exp(offset)``.

Temperature: Guo C et al. (2017), ICML 70:1321. Offsets as in multinomial logistic regression.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from psgpipe.model.hypnogram import SCORED

FLOOR = 1e-6
"""A smaller probability counts as this one: ``hypnogram.tsv`` has six decimals."""
L2 = 1.0
_MOST_STEPS = 100
_TOLERANCE = 1e-10
Values = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int_]


class Weights(NamedTuple):
    """Slope (1 / temperature) of log probabilities, and offsets, shape (5,)."""

    slope: float
    offsets: Values


def log_probabilities(probabilities: Values) -> Values:
    """Logarithms, shape (n_epochs, 5); 0 for all stages where the epoch was not staged."""
    logs: Values = np.log(np.clip(probabilities, FLOOR, 1.0))
    return np.where(np.isfinite(probabilities).all(axis=1, keepdims=True), logs, 0.0)


def softmax(scores: Values) -> Values:
    """Probabilities of scores, shape (n_epochs, 5)."""
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: Values = powers / powers.sum(axis=1, keepdims=True)
    return shares


def with_weights(probabilities: Values, weights: Weights) -> Values:
    """The probabilities of each epoch, calibrated; NaN where the epoch was not staged."""
    calibrated = softmax(weights.slope * log_probabilities(probabilities) + weights.offsets)
    calibrated[~np.isfinite(probabilities).all(axis=1)] = np.nan
    return calibrated


def fit_weights(probabilities: Values, labels: Labels, l2: float = L2) -> Weights:
    """The weights with the smallest log loss over all epochs, by Newton's method.

    Half of `l2` times the squares of (slope - 1) and of the offsets is added to the loss, so that
    the offsets add up to 0, and that a stage without epochs has a finite one.

    Parameters
    ----------
    probabilities
        Shape (n_epochs, 5), without NaN.
    labels
        Shape (n_epochs,), the number of the scorer's stage in W N1 N2 N3 R.
    """
    n_stages = len(SCORED)
    logs, is_stage = log_probabilities(probabilities), np.eye(n_stages)[labels]
    # Each stage's score is linear in (slope, offsets); its gradient is a row of `design`.
    design = np.concatenate(
        [logs[:, :, None], np.broadcast_to(np.eye(n_stages), (*logs.shape, n_stages))], axis=2
    )
    start = np.array([1.0, *np.zeros(n_stages)])
    weights, penalty = start.copy(), l2 * np.eye(1 + n_stages)

    def loss(trial: Values) -> float:
        scores = design @ trial
        top = scores.max(axis=1)
        log_sum = top + np.log(np.exp(scores - top[:, None]).sum(axis=1))
        distance = trial - start
        fit = float((log_sum - (scores * is_stage).sum(axis=1)).sum())
        return fit + 0.5 * l2 * float(distance @ distance)

    for _ in range(_MOST_STEPS):
        p = softmax(design @ weights)
        gradient = np.einsum("nk,nkj->j", p - is_stage, design) + l2 * (weights - start)
        mean = np.einsum("nk,nkj->nj", p, design)
        hessian = np.einsum("nk,nki,nkj->ij", p, design, design) - mean.T @ mean + penalty
        step = np.linalg.solve(hessian, gradient)
        size = _step_size(loss, weights, step, gradient)
        weights = weights - size * step
        if float(np.abs(size * step).max()) < _TOLERANCE:
            break
    return Weights(float(weights[0]), weights[1:])


def _step_size(
    loss: Callable[[Values], float], weights: Values, step: Values, gradient: Values
) -> float:
    """The step, halved until the loss falls enough: the loss is convex, a whole step may be far."""
    before, slope, size = loss(weights), float(gradient @ step), 1.0
    while size > 1e-8 and loss(weights - size * step) > before - 1e-4 * size * slope:
        size /= 2
    return size
