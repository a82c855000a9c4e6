"""A linear chain over the epochs of a night: a conditional random field of stages.

Lafferty J, McCallum A, Pereira F (2001), ICML 18:282. The score of a hypnogram is the sum of the
score of each epoch's stage and of the weight of each step to the next epoch's stage. An epoch that
was not staged tells nothing of its own stage, and the chain goes on through it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from psgpipe.model.hypnogram import SCORED
from psgpipe.staging.calibration.softmax import (
    L2,
    Labels,
    Values,
    Weights,
    fit_weights,
    log_probabilities,
)

N_STAGES = len(SCORED)
UNKNOWN = -1
"""The label of an epoch that the scorer gave no stage."""
LONGEST_SEQUENCE = 120
"""Epochs, one hour: a night is cut for fitting, never when a fitted chain is used."""


class ChainWeights(NamedTuple):
    """Weights of the epochs, and of the steps between them, shape (5, 5): from row to column."""

    epochs: Weights
    transitions: Values


class Marginals(NamedTuple):
    """What all hypnograms of some nights say together, each weighted by its probability.

    Attributes
    ----------
    log_z
        Logarithm of the sum over all hypnograms, shape (n_nights,).
    stages
        Probability of each stage in each epoch, shape (most_epochs, n_nights, 5); 0 behind a
        night's end.
    steps
        Expected number of each step between stages, over all nights, shape (5, 5).
    """

    log_z: Values
    stages: Values
    steps: Values


def forward_backward(
    scores: Values,
    lengths: npt.NDArray[np.int_],
    transitions: Values,
) -> Marginals:
    """Forward-backward over many nights at once, each step scaled to add up to 1.

    Parameters
    ----------
    scores
        Of each stage in each epoch, shape (most_epochs, n_nights, 5).
    lengths
        Epochs of each night, shape (n_nights,).
    """
    n_epochs, n_nights, _ = scores.shape
    top = scores.max(axis=2)
    power = np.exp(scores - top[:, :, None])
    is_in = np.arange(n_epochs)[:, None] < lengths
    power[~is_in] = 1.0
    shift = float(transitions.max())
    step = np.exp(transitions - shift)
    forward, scale = np.empty_like(power), np.ones((n_epochs, n_nights))
    current = power[0]
    for epoch in range(n_epochs):
        if epoch:
            current = (current @ step) * power[epoch]
        scale[epoch] = current.sum(axis=1)
        current = current / scale[epoch][:, None]
        forward[epoch] = current
    backward = np.ones_like(power)
    counts = np.zeros_like(step)
    for epoch in range(n_epochs - 2, -1, -1):
        after = power[epoch + 1] * backward[epoch + 1] / scale[epoch + 1][:, None]
        goes_on = is_in[epoch + 1][:, None]
        backward[epoch] = np.where(goes_on, after @ step.T, 1.0)
        counts += np.where(goes_on, forward[epoch], 0.0).T @ after
    log_z = np.where(is_in, np.log(scale) + top, 0.0).sum(axis=0) + shift * (lengths - 1)
    stages = np.where(is_in[:, :, None], forward * backward, 0.0)
    return Marginals(log_z, stages, counts * step)


def posterior(probabilities: Values, weights: ChainWeights) -> Values:
    """The probability of each stage in each epoch, given the whole night; shape (n_epochs, 5).

    The chain reaches from the first epoch that was staged to the last one; NaN where an epoch was
    not staged. The stage of an epoch is the one with the largest of these probabilities.
    """
    result = np.full(probabilities.shape, np.nan)
    staged = np.flatnonzero(np.isfinite(probabilities).all(axis=1))
    if staged.size == 0:
        return result
    first, last = int(staged[0]), int(staged[-1]) + 1
    scores = _scores(log_probabilities(probabilities[first:last]), weights.epochs)
    found = forward_backward(
        scores[:, None, :], np.array([last - first]), weights.transitions
    ).stages[:, 0]
    result[staged] = found[staged - first]
    return result


def _scores(logs: Values, weights: Weights) -> Values:
    scores: Values = weights.slope * logs + weights.offsets
    return scores


class ChainData:
    """The labelled epochs of some nights in one array, for the loss of a chain and its gradient.

    A sequence ends where the scorer gave no stage, and after `LONGEST_SEQUENCE` epochs: so the loss
    is convex, with one smallest value, and all sequences are computed at once.

    Parameters
    ----------
    nights
        Of each night the probabilities, shape (n_epochs, 5), and the labels, shape (n_epochs,);
        `UNKNOWN` where the scorer gave no stage.
    """

    def __init__(self, nights: Sequence[tuple[Values, Labels]]) -> None:
        parts = [(p[part], labels[part]) for p, labels in nights for part in _sequences(labels)]
        self.lengths = np.array([len(labels) for _, labels in parts])
        shape = (int(self.lengths.max()), len(parts), N_STAGES)
        self._logs, is_stage = np.zeros(shape), np.zeros(shape)
        self._steps = np.zeros((N_STAGES, N_STAGES))
        for number, (p, labels) in enumerate(parts):
            self._logs[: len(p), number] = log_probabilities(p)
            is_stage[: len(p), number] = np.eye(N_STAGES)[labels]
            np.add.at(self._steps, (labels[:-1], labels[1:]), 1.0)
        self._log_sum = float((is_stage * self._logs).sum())
        self._stages = is_stage.sum(axis=(0, 1))

    def loss(self, parameters: Values, l2: float = L2) -> tuple[float, Values]:
        """Minus the log probability of the labels, with the L2 penalty; and its gradient.

        `parameters` are slope, offsets and transitions in one row of 31 numbers.
        """
        weights = weights_in(parameters)
        every = forward_backward(
            _scores(self._logs, weights.epochs), self.lengths, weights.transitions
        )
        labelled = (
            weights.epochs.slope * self._log_sum
            + float(weights.epochs.offsets @ self._stages)
            + float((weights.transitions * self._steps).sum())
        )
        distance = parameters - start_row()
        value = float(every.log_z.sum()) - labelled + 0.5 * l2 * float(distance @ distance)
        gradient = np.concatenate(
            [
                [float((every.stages * self._logs).sum()) - self._log_sum],
                every.stages.sum(axis=(0, 1)) - self._stages,
                (every.steps - self._steps).ravel(),
            ]
        )
        return value, gradient + l2 * distance


def _sequences(labels: Labels) -> list[slice]:
    """Where consecutive epochs have a label, in parts of at most `LONGEST_SEQUENCE` epochs."""
    known = np.concatenate([[False], labels != UNKNOWN, [False]])
    starts, ends = (np.flatnonzero(np.diff(known.astype(int)) == way) for way in (1, -1))
    return [
        slice(int(first), min(int(first) + LONGEST_SEQUENCE, int(end)))
        for start, end in zip(starts, ends, strict=True)
        for first in range(int(start), int(end), LONGEST_SEQUENCE)
    ]


def start_row() -> Values:
    """The parameters that change nothing: slope 1, no offsets, no transitions."""
    return np.array([1.0, *np.zeros(N_STAGES + N_STAGES**2)])


def weights_in(parameters: Values) -> ChainWeights:
    """The weights in a row of parameters."""
    epochs = Weights(float(parameters[0]), parameters[1 : 1 + N_STAGES])
    return ChainWeights(epochs, parameters[1 + N_STAGES :].reshape(N_STAGES, N_STAGES))


def fit_chain(nights: Sequence[tuple[Values, Labels]], l2: float = L2) -> ChainWeights:
    """The chain with the smallest loss, by L-BFGS from the weights without a chain."""
    from scipy.optimize import minimize

    data = ChainData(nights)
    plain = fit_weights(*known_epochs(nights), l2)
    start = np.array([plain.slope, *plain.offsets, *np.zeros(N_STAGES**2)])
    best = minimize(
        data.loss, start, args=(l2,), jac=True, method="L-BFGS-B",
        options={"maxiter": 500, "ftol": 1e-12, "gtol": 1e-4, "maxcor": 20},
    )  # fmt: skip
    return weights_in(best.x)


def known_epochs(nights: Sequence[tuple[Values, Labels]]) -> tuple[Values, Labels]:
    """The epochs of all nights that have both probabilities and a label."""
    kept = [np.isfinite(p).all(axis=1) & (labels != UNKNOWN) for p, labels in nights]
    return (
        np.concatenate([p[k] for (p, _), k in zip(nights, kept, strict=True)]),
        np.concatenate([labels[k] for (_, labels), k in zip(nights, kept, strict=True)]),
    )
