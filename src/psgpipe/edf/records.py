"""Data records: the bytes of the wanted signals, read in pieces of bounded size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from psgpipe.edf.header import Layout
from psgpipe.edf.signal_header import Signal
from psgpipe.edf.source import Source

Bytes = npt.NDArray[np.uint8]

BLOCK_BYTES = 1 << 20
# Seeking pays only where many unwanted bytes lie between the wanted ones.
_SEEK_FROM_BYTES = 1 << 15
_SEEK_FRACTION = 12


def iterate_records(
    source: Source, layout: Layout, signals: Sequence[Signal], records: range
) -> Iterator[tuple[int, int, int, Bytes]]:
    """Bytes of `signals` in these records, in file order.

    Yields
    ------
    position
        Of the signal in `signals`.
    record
        Number of the first record in this piece.
    at
        First byte of the piece within the signal's part of the record; not 0 only where one record
        is larger than a block.
    piece
        Shape (n_records, n_bytes); valid until the next step.
    """
    wanted_bytes = sum(s.n_bytes for s in signals)
    sparse = (
        layout.record_bytes >= _SEEK_FROM_BYTES
        and wanted_bytes * _SEEK_FRACTION < layout.record_bytes
        and not source.gzipped
    )
    if wanted_bytes > BLOCK_BYTES:
        return _by_piece(source, layout, signals, records)
    if sparse or layout.record_bytes > 4 * BLOCK_BYTES:
        return _by_signal(source, layout, signals, records)
    return _by_block(source, layout, signals, records)


def iterate_blocks(source: Source, layout: Layout, records: range) -> Iterator[tuple[int, Bytes]]:
    """Whole records, many at a time: the first one's number, and shape (n_records, n_bytes).

    The array is overwritten by the next step.
    """
    size = layout.record_bytes
    per_block = max(1, BLOCK_BYTES // size)
    buffer = np.empty((min(per_block, len(records)), size), np.uint8)
    for record in records[::per_block]:
        block = buffer[: min(per_block, records.stop - record)]
        source.read_into(layout.header_bytes + record * size, block.reshape(-1).data)
        yield record, block


def _by_block(
    source: Source, layout: Layout, signals: Sequence[Signal], records: range
) -> Iterator[tuple[int, int, int, Bytes]]:
    for record, block in iterate_blocks(source, layout, records):
        for position, signal in enumerate(signals):
            piece = block[:, signal.offset : signal.offset + signal.n_bytes]
            yield position, record, 0, piece


def _by_signal(
    source: Source, layout: Layout, signals: Sequence[Signal], records: range
) -> Iterator[tuple[int, int, int, Bytes]]:
    """Signal after signal within each record, without the unwanted bytes."""
    in_file_order = sorted(range(len(signals)), key=lambda i: signals[i].offset)
    per_block = max(1, BLOCK_BYTES // max(1, sum(s.n_bytes for s in signals)))
    buffers = [np.empty((min(per_block, len(records)), s.n_bytes), np.uint8) for s in signals]
    for record in records[::per_block]:
        n_here = min(per_block, records.stop - record)
        for i in range(n_here):
            start = layout.header_bytes + (record + i) * layout.record_bytes
            for position in in_file_order:
                source.read_into(start + signals[position].offset, buffers[position][i].data)
        for position, buffer in enumerate(buffers):
            yield position, record, 0, buffer[:n_here]


def _by_piece(
    source: Source, layout: Layout, signals: Sequence[Signal], records: range
) -> Iterator[tuple[int, int, int, Bytes]]:
    """The same in pieces, where one record's part of a signal is larger than a block."""
    in_file_order = sorted(enumerate(signals), key=lambda item: item[1].offset)
    # A piece holds whole samples of 2 and of 3 bytes; TALs are never split.
    longest = BLOCK_BYTES // 6 * 6
    for record in records:
        start = layout.header_bytes + record * layout.record_bytes
        for position, signal in in_file_order:
            step = signal.n_bytes if signal.is_annotations else longest
            for at in range(0, signal.n_bytes, max(step, 1)):
                piece = np.empty((1, min(step, signal.n_bytes - at)), np.uint8)
                source.read_into(start + signal.offset + at, piece.reshape(-1).data)
                yield position, record, at, piece
