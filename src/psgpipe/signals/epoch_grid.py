"""Epochs looked at where they lie: views of a row where it is unbroken, copies only at breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from psgpipe.model.sampled_signal import TimedSignal
from psgpipe.signals.epochs import first_columns, samples_per_epoch

Number = TypeVar("Number", bound=np.number[Any])

# So many samples together stay in the processor's cache, more or less, while they are looked at.
PIECE_SAMPLES = 1 << 17


class EpochGrid(NamedTuple):
    """Some covered epochs of a row.

    Attributes
    ----------
    columns
        Where each begins (:func:`psgpipe.signals.epochs.first_columns`).
    per_epoch
        Samples of each.
    """

    columns: npt.NDArray[np.int_]
    per_epoch: int

    def of(self, epochs: npt.NDArray[np.bool_] | npt.NDArray[np.int_]) -> EpochGrid:
        """The epochs marked, or numbered, among these."""
        return self._replace(columns=self.columns[epochs])

    def pieces(self) -> Iterator[EpochGrid]:
        """The same epochs, a few at a time."""
        n_epochs = max(1, PIECE_SAMPLES // self.per_epoch)
        for first in range(0, len(self.columns), n_epochs):
            yield self._replace(columns=self.columns[first : first + n_epochs])

    def stretch(self, epoch: int) -> slice:
        """The columns of one of these epochs."""
        first = int(self.columns[epoch])
        return slice(first, first + self.per_epoch)

    def take(self, samples: Callable[[slice], npt.NDArray[Number]]) -> npt.NDArray[Number]:
        """Their samples, shape (n_epochs, per_epoch); there must be an epoch.

        Epochs that follow each other without a break are asked for in one stretch, not copied.
        """
        if (np.diff(self.columns) == self.per_epoch).all():
            whole = slice(self.stretch(0).start, self.stretch(-1).stop)
            return samples(whole).reshape(len(self.columns), self.per_epoch)
        return np.stack([samples(self.stretch(epoch)) for epoch in range(len(self.columns))])


def covered_grid(recording: TimedSignal, looked_at: npt.NDArray[np.bool_]) -> EpochGrid:
    """The grid of the epochs marked among all; each must be covered."""
    return EpochGrid(first_columns(recording)[looked_at], samples_per_epoch(recording.fs_hz))
