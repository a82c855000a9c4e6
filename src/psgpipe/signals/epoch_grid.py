"""Epochs of a row as arrays: views where the row is unbroken, copies only at gaps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from psgpipe.model.sampled_signal import TimedSignal
from psgpipe.signals.epochs import first_columns, samples_per_epoch

Number = TypeVar("Number", bound=np.number[Any])

# About this many samples stay in the processor's cache.
PIECE_SAMPLES = 1 << 17


class EpochGrid(NamedTuple):
    """Some covered epochs of a row: the first column of each, and its number of samples."""

    columns: npt.NDArray[np.int_]
    per_epoch: int

    def of(self, epochs: npt.NDArray[np.bool_] | npt.NDArray[np.int_]) -> EpochGrid:
        """Those of these epochs that are marked, or numbered."""
        return self._replace(columns=self.columns[epochs])

    def pieces(self) -> Iterator[EpochGrid]:
        """The same epochs, a few at a time."""
        n_epochs = max(1, PIECE_SAMPLES // self.per_epoch)
        for first in range(0, len(self.columns), n_epochs):
            yield self._replace(columns=self.columns[first : first + n_epochs])

    def columns_of(self, epoch: int) -> slice:
        """The columns of one of these epochs."""
        first = int(self.columns[epoch])
        return slice(first, first + self.per_epoch)

    def take(self, samples: Callable[[slice], npt.NDArray[Number]]) -> npt.NDArray[Number]:
        """Their samples, shape (n_epochs, per_epoch); there must be an epoch.

        Epochs without a gap between them are read as one slice, and not copied.
        """
        if (np.diff(self.columns) == self.per_epoch).all():
            whole = slice(self.columns_of(0).start, self.columns_of(-1).stop)
            return samples(whole).reshape(len(self.columns), self.per_epoch)
        return np.stack([samples(self.columns_of(epoch)) for epoch in range(len(self.columns))])


def covered_grid(recording: TimedSignal, epochs: npt.NDArray[np.bool_]) -> EpochGrid:
    """The grid of the marked epochs; each must be covered."""
    return EpochGrid(first_columns(recording)[epochs], samples_per_epoch(recording.fs_hz))
