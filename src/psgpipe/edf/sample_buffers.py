"""Sample buffers: memory for the channels of one rate, and the recording that they become."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from psgpipe.edf.channel_selection import SelectedChannel, group_by_rate
from psgpipe.edf.findings import Findings
from psgpipe.edf.preflight import PreflightResult
from psgpipe.edf.samples import ChannelSamples
from psgpipe.edf.timeline import Timeline
from psgpipe.errors import UnsafeFile
from psgpipe.messages import count_of
from psgpipe.model.digital_recording import Digital, DigitalRecording
from psgpipe.model.header import Annotation, Header
from psgpipe.model.sampled_signal import Segment


@dataclass(frozen=True, eq=False)
class SampleBuffer:
    """Memory for channels of one rate; `digital` has shape (n_channels, n_samples)."""

    selected: tuple[SelectedChannel, ...]
    digital: Digital
    channels: tuple[ChannelSamples, ...]


def allocate_buffers(
    preflight: PreflightResult, selected: Sequence[SelectedChannel]
) -> list[SampleBuffer]:
    """One buffer for each sampling rate.

    Raises
    ------
    UnsafeFile
        The samples do not fit into memory.
    """
    return [_allocate(preflight, channels) for channels in group_by_rate(selected)]


def _allocate(preflight: PreflightResult, selected: tuple[SelectedChannel, ...]) -> SampleBuffer:
    n_samples = preflight.n_records * selected[0].signal.n_samples
    dtype = np.dtype(np.int16 if preflight.layout.sample_bytes == 2 else np.int32)
    try:
        digital = np.empty((len(selected), n_samples), dtype)
    except (MemoryError, ValueError) as error:
        raise too_large(preflight.file, len(selected), n_samples, dtype.itemsize) from error
    channels = tuple(
        ChannelSamples(c.signal.channel, c.scale, c.signal.n_samples, row)
        for c, row in zip(selected, digital, strict=True)
    )
    return SampleBuffer(selected, digital, channels)


def too_large(file: str, n_channels: int, n_samples: int, n_bytes: int) -> UnsafeFile:
    """The error for samples that memory cannot hold."""
    gib = n_bytes * n_channels * n_samples / 2**30
    return UnsafeFile(
        f"{file}: {count_of(n_channels, 'channel')} of "
        f"{count_of(n_samples, 'sample')} need {gib:.3g} GiB",
        "Ask for fewer channels, or use a machine with more memory.",
    )


def recording_from(
    buffer: SampleBuffer,
    header: Header,
    timeline: Timeline,
    annotations: tuple[Annotation, ...],
) -> DigitalRecording:
    """The samples of a full buffer with their place in time, and the findings about them."""
    selected = buffer.selected
    fs_hz, n_per_record = selected[0].fs_hz, selected[0].signal.n_samples
    findings = Findings()
    for channel in buffer.channels:
        channel.report(findings, fs_hz)
    n_samples = timeline.n_records * n_per_record
    return DigitalRecording(
        rows=tuple(row[:n_samples] for row in buffer.digital),
        scales=tuple(c.scale for c in selected),
        labels=tuple(c.signal.channel.label for c in selected),
        fs_hz=fs_hz,
        start=header.start,
        start_clock=header.start_clock,
        segments=tuple(Segment(s.onset_s, s.n_records * n_per_record) for s in timeline.segments),
        annotations=annotations,
        findings=(
            *header.findings,
            *(c.finding for c in selected if c.finding),
            *findings.as_tuple(),
        ),
        file=header.file,
    )
