"""Resampling to 100 Hz and YASA's band-pass in one pass over a long signal.

MNE takes one FFT over a whole night to resample and many short ones to filter. Here every block of
about four minutes is transformed once: its spectrum is multiplied by the filter's response, moved
by the fraction of a sample by which MNE's grid is off, and transformed back at 100 Hz
(overlap-save).

One thing does not fit into blocks: MNE cuts the spectrum of the whole night sharply at 50 Hz, and
with mains hum on that edge the cut rings for hours. So the band around 50 Hz is taken out of the
blocks, joined for the whole night at 12.5 samples a second, cut there as MNE cuts, and added back
(:mod:`psgpipe.staging.fast.near_50_hz`).

At the two ends of the night MNE mirrors first the signal, then the resampled signal: there both
steps are done one after the other on a short piece.
"""

from functools import lru_cache
from itertools import product
from math import erfc, lcm
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from psgpipe.model.staging import Samples
from psgpipe.staging.fast import near_50_hz
from psgpipe.staging.fast.band_pass import FS_HZ, Signal, band_pass, band_pass_taps
from psgpipe.staging.fast.near_50_hz import DECIMATION, Envelope
from psgpipe.staging.fast.resampling import as_mne_pads, ratio_to_100_hz, resampling

BLOCK_S = 256
"""Half where MNE's grid is stretched: longer blocks lose less at their ends, but bend more."""
GUARD_S = 8
"""Cut off at both ends of a block: 4.12 s of filter, the rest for the split around 50 Hz."""
EDGE_S = 60
"""How far the piece at each end of the night reaches to both sides of the end."""
SHORTEST_S = 1800
"""Shorter signals are resampled exactly; that is quick enough."""
LOWEST_FS_HZ = 112.5
"""Below this rate, the band just above 50 Hz is incomplete."""
LARGEST_UNIT_S = 16
"""Blocks need whole samples at both rates at least this often."""

_BLOCKS_AT_ONCE = 8

Spectrum = npt.NDArray[np.complex128]
Index = npt.NDArray[np.int64]


class BlockLayout(NamedTuple):
    """How long a block is and how much of it is used, in samples at the signal's rate and at 100
    Hz.

    A guard is cut off at each end. A unit is the shortest stretch that is whole samples at both
    rates and at 12.5 Hz.
    """

    n_in: int
    n_out: int
    guard_in: int
    guard_out: int
    unit_in: int
    unit_out: int

    @property
    def n_slow(self) -> int:
        """Samples of a block at 12.5 Hz."""
        return self.n_out // DECIMATION


class BlockSpectra(NamedTuple):
    """The filtered spectra of blocks, without the band around 50 Hz: (n_blocks, n_out // 2 + 1).

    `begins` is where each block begins at 100 Hz if MNE's grid were not off. `response` is what the
    blocks are filtered by: real, shape (n_out // 2 + 1,).
    """

    begins: Index
    response: Signal
    spectra: Spectrum


def can_fuse(n_samples: int, fs_hz: float) -> bool:
    """Whether the signal is long enough, and its rate simple enough, to go block by block."""
    ratio = ratio_to_100_hz(fs_hz)
    return (
        fs_hz >= LOWEST_FS_HZ
        and ratio is not None
        and lcm(ratio.denominator, DECIMATION) <= LARGEST_UNIT_S * FS_HZ
        and n_samples >= SHORTEST_S * fs_hz
    )


def resample_band_pass(signal: Samples, fs_hz: float) -> Signal:
    """The signal at 100 Hz, band-passed 0.4-30 Hz; :func:`can_fuse` is true of it."""
    grid = resampling(len(signal), fs_hz)
    envelope = near_50_hz.empty_envelope(grid, fs_hz)
    block_s = BLOCK_S if grid.stretch(fs_hz) == 1 else BLOCK_S / 2
    layout, edge = _layout(fs_hz, block_s), _layout(fs_hz, 2 * EDGE_S)
    middle = _analysed_middle(signal, layout, envelope)
    near_50_hz.mirror_into_pads(envelope, len(signal))
    edges = _analysed_edges(signal, edge, envelope)
    envelope = near_50_hz.cut(envelope)
    out = np.empty(grid.n_new)
    n_done = _fill_middle(out, middle, layout, envelope)
    _fill_edges(out, layout.guard_out, n_done, edges, edge, envelope)
    return out


def _layout(fs_hz: float, block_s: float) -> BlockLayout:
    ratio = ratio_to_100_hz(fs_hz)
    if ratio is None:
        raise ValueError(f"{fs_hz} Hz has no whole samples in common with 100 Hz")
    unit_out = lcm(ratio.denominator, DECIMATION)
    unit_in = unit_out * ratio.numerator // ratio.denominator
    n_units = _largest_smooth(int(block_s * FS_HZ) // unit_out)
    n_guard = -(-int(GUARD_S * FS_HZ) // unit_out)
    return BlockLayout(
        n_in=n_units * unit_in,
        n_out=n_units * unit_out,
        guard_in=n_guard * unit_in,
        guard_out=n_guard * unit_out,
        unit_in=unit_in,
        unit_out=unit_out,
    )


def _largest_smooth(limit: int) -> int:
    """The largest even product of 2, 3 and 5 up to `limit`: a quick length for an FFT."""
    powers = product(range(1, 14), range(9), range(6))
    return max(size for i, j, k in powers if (size := int(2**i * 3**j * 5**k)) <= limit)


def _analysed_middle(signal: Samples, layout: BlockLayout, envelope: Envelope) -> BlockSpectra:
    """Adjacent blocks, and one more that ends with the signal and overlaps the last."""
    n_used_in = layout.n_in - 2 * layout.guard_in
    n_used_out = layout.n_out - 2 * layout.guard_out
    n_blocks = (len(signal) - layout.n_in) // n_used_in + 1
    n_units = (len(signal) - layout.n_in) // layout.unit_in
    begins = np.append(np.arange(n_blocks) * n_used_out, n_units * layout.unit_out)
    response = _stretched(_band_pass_response(layout.n_out), envelope)
    blocks = _empty_spectra(begins, response, layout)
    for first in range(0, n_blocks, _BLOCKS_AT_ONCE):
        some = slice(first, min(first + _BLOCKS_AT_ONCE, n_blocks))
        piece = signal[first * n_used_in : (some.stop - 1) * n_used_in + layout.n_in]
        rows = np.lib.stride_tricks.sliding_window_view(piece, layout.n_in)[::n_used_in]
        _analyse(rows, blocks, some, layout, envelope)
    last = signal[n_units * layout.unit_in : n_units * layout.unit_in + layout.n_in]
    _analyse(last[None], blocks, slice(n_blocks, None), layout, envelope)
    return blocks


def _analysed_edges(signal: Samples, layout: BlockLayout, envelope: Envelope) -> BlockSpectra:
    """A block around each end of the signal, faded in and out.

    Two more go into the envelope alone: around both ends of MNE's padding, where the mirrored
    signal breaks off.
    """
    grid = envelope.grid
    centres = np.array([0, len(signal), -grid.n_before, len(signal) + grid.n_after])
    units = centres // layout.unit_in - layout.n_in // layout.unit_in // 2
    rows = [as_mne_pads(signal, grid, u * layout.unit_in, layout.n_in) for u in units]
    blocks = _empty_spectra(units * layout.unit_out, np.ones(layout.n_out // 2 + 1), layout)
    _analyse(np.stack(rows) * _fade(layout), blocks, slice(None), layout, envelope)
    return blocks


def _empty_spectra(begins: Index, response: Signal, layout: BlockLayout) -> BlockSpectra:
    spectra = np.empty((len(begins), layout.n_out // 2 + 1), np.complex128)
    return BlockSpectra(begins, response, spectra)


def _fade(layout: BlockLayout) -> Signal:
    """Rises from 0 to 1 within the first half of a guard, and falls again at the end."""
    n = layout.guard_in // 2
    steepness = 8.0 / n
    rise = np.array([0.5 * erfc((n / 2 - i) * steepness) for i in range(n)])
    fade = np.ones(layout.n_in)
    fade[:n], fade[-n:] = rise, rise[::-1]
    return fade


def _analyse(
    rows: Signal, blocks: BlockSpectra, some: slice, layout: BlockLayout, envelope: Envelope
) -> None:
    """Transform some blocks: the band around 50 Hz goes into the envelope, the rest is filtered."""
    begins, n_kept = blocks.begins[some], layout.n_out // 2 + 1
    spectra = np.fft.rfft(rows)
    slow = near_50_hz.envelope_rows(spectra, layout.n_in, layout.n_out)
    guard = layout.guard_out // DECIMATION
    near_50_hz.put(envelope, begins // DECIMATION + guard, slow[:, guard:-guard])
    late = envelope.late_by(begins[:, None] + layout.n_out // 2)
    factor = _kept_in_blocks(layout) * blocks.response * _turns(n_kept, late)
    np.multiply(spectra[:, :n_kept], factor, out=blocks.spectra[some])


@lru_cache(maxsize=4)
def _kept_in_blocks(layout: BlockLayout) -> Signal:
    """What is not near 50 Hz, times the ratio of the lengths of the two transforms."""
    kept = np.full(layout.n_out // 2 + 1, layout.n_out / layout.n_in)
    near = layout.n_slow // 2 + 1
    kept[-near:] *= 1 - near_50_hz.share_near_50_hz(layout.n_out)[:near]
    return kept


def _fill_middle(out: Signal, middle: BlockSpectra, layout: BlockLayout, envelope: Envelope) -> int:
    """Write everything but the two ends; returns where the last end begins."""
    n_used = layout.n_out - 2 * layout.guard_out
    n_rows = len(middle.begins) - 1
    rows = out[layout.guard_out : layout.guard_out + n_rows * n_used].reshape(n_rows, n_used)
    for first in range(0, n_rows, _BLOCKS_AT_ONCE):
        some = slice(first, min(first + _BLOCKS_AT_ONCE, n_rows))
        rows[some] = _at_100_hz(middle, some, layout, envelope)
    begin = int(middle.begins[-1]) + layout.guard_out
    out[begin : begin + n_used] = _at_100_hz(middle, slice(n_rows, None), layout, envelope)
    return begin + n_used


def _fill_edges(
    out: Signal,
    n_start: int,
    n_done: int,
    edges: BlockSpectra,
    layout: BlockLayout,
    envelope: Envelope,
) -> None:
    """The first `n_start` samples and those from `n_done` on: resampled, mirrored, filtered."""
    start, end = _at_100_hz(edges, slice(2), layout, envelope)
    first_used = edges.begins + layout.guard_out
    out[:n_start] = band_pass(start[-first_used[0] :])[:n_start]
    n_here = len(out) - first_used[1]
    out[n_done:] = band_pass(end[:n_here])[n_done - len(out) :]


@lru_cache(maxsize=2)
def _band_pass_response(n_out: int) -> Signal:
    """The band-pass at the frequencies of a block's spectrum, 0 to 50 Hz; real: it has no delay."""
    taps = band_pass_taps()
    centred = np.roll(np.pad(taps, (0, n_out - len(taps))), -(len(taps) // 2))
    response: Signal = np.fft.rfft(centred).real
    return response


def _stretched(response: Signal, envelope: Envelope) -> Signal:
    """The response as a grid stretched like MNE's sees it: MNE filters as if it were 100 Hz."""
    frequency = np.arange(len(response))
    stretch = envelope.grid.stretch(envelope.fs_hz)
    stretched: Signal = np.interp(frequency * stretch, frequency, response)
    return stretched


def _at_100_hz(
    blocks: BlockSpectra, some: slice, layout: BlockLayout, envelope: Envelope
) -> Signal:
    """Some blocks at 100 Hz on MNE's grid, filtered, without their guards."""
    n_out, begins, spectra = layout.n_out, blocks.begins[some], blocks.spectra[some]
    used = slice(layout.guard_out, n_out - layout.guard_out)
    straightening = None
    if envelope.grid.stretch(envelope.fs_hz) != 1:
        samples = begins[:, None] + np.arange(n_out)[used]
        drift = envelope.late_by(samples) - envelope.late_by(begins[:, None] + n_out // 2)
        straightening = _straightening(spectra, drift, used)
    near = near_50_hz.spectra_below_50_hz(envelope, begins, n_out)
    near *= blocks.response[: -near.shape[1] - 1 : -1]
    spectra[:, -near.shape[1] :] += near[:, ::-1]
    at_100_hz: Signal = np.fft.irfft(spectra, n_out)[:, used]
    if straightening is not None:
        at_100_hz += straightening
    return at_100_hz


def _turns(n_kept: int, late: Signal) -> Spectrum:
    """The factors that move a block by `late` samples; most blocks are late by the same."""
    if late.ndim == 0:
        return _turn(n_kept, float(late))
    turns: Spectrum = np.exp(1j * late * (np.pi / (n_kept - 1) * np.arange(n_kept)))
    return turns


@lru_cache(maxsize=4)
def _turn(n_kept: int, late: float) -> Spectrum:
    turn: Spectrum = np.exp(1j * late * (np.pi / (n_kept - 1) * np.arange(n_kept)))
    return turn


def _straightening(spectra: Spectrum, drift: Signal, used: slice) -> Signal:
    """The change by `drift` more samples of delay, from slope and curvature."""
    n_out = 2 * (spectra.shape[1] - 1)
    angle = 2j * np.pi / n_out * np.arange(spectra.shape[1])
    slope = np.fft.irfft(spectra * angle, n_out)[:, used]
    bend = np.fft.irfft(spectra * angle**2, n_out)[:, used]
    change: Signal = drift * (slope + drift / 2 * bend)
    return change
