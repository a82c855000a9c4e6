"""A recording from arrays: samples, rate, labels and unit as a program gives them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from psgpipe.edf.units import uv_per_unit
from psgpipe.errors import UsageError
from psgpipe.messages import count_of, listed, quoted, safe_text, unknown
from psgpipe.model.digital_recording import MICROVOLTS, DigitalRecording, Scale, merge_by_rate
from psgpipe.model.header import Annotation, Channel, Finding, Header
from psgpipe.model.sampled_signal import Segment, span_of
from psgpipe.recordings.given_recording import header_from
from psgpipe.recordings.given_start import given_start

NAME = "arrays"
FEW_SAMPLES = 100
"""No recording is as short: an array with fewer columns has its channels in them."""
Row = npt.NDArray[np.floating]
Start = dt.datetime | dt.time | str | None
WANTED_ROWS = (
    "signals_uv: a 2-D array of shape (n_channels, n_samples) was wanted, or a list of 1-D arrays"
)


@dataclass(frozen=True, eq=False)
class ArrayRecording:
    """Channels in memory; nothing is copied unless a unit is converted."""

    header: Header
    annotations: tuple[Annotation, ...]
    recorded: tuple[DigitalRecording, ...]

    def read(self, labels: Sequence[str]) -> tuple[DigitalRecording, ...]:
        """The channels with these labels, one recording for each sampling rate."""
        wanted = [[label for label in labels if label in r.labels] for r in self.recorded]
        picked = zip(self.recorded, wanted, strict=True)
        return tuple(r.pick(*names) for r, names in picked if names)


def from_arrays(
    signals_uv: Any,
    *,
    fs_hz: Any,
    labels: Any,
    start: Start = None,
    units: str | Mapping[str, str] = "uV",
    annotations: Sequence[Annotation] = (),
    segments: Sequence[Segment] = (),
    findings: Sequence[Finding] = (),
    name: str = NAME,
    container: str = "arrays",
) -> ArrayRecording:
    """A recording from samples in memory.

    Parameters
    ----------
    signals_uv
        Shape (n_channels, n_samples), or a list of 1-D arrays, which may differ in rate.
    fs_hz
        Sampling rate; one number, or one for each channel.
    labels
        Of the channels, as a recorder writes them: ``EEG C4-M1``.
    start
        Local start: a naive date-time, a time of day, or ISO text; None where it is not known.
    units
        Unit of all channels, or of each by its label.
    annotations
        With onsets in seconds from the start.
    segments
        Where the samples have gaps; channels then have one rate.
    findings
        What is known to be odd.
    name
        How errors and outputs call the recording.
    container
        What it was given in.

    Raises
    ------
    psgpipe.errors.UsageError
        What was given does not describe a recording.
    """
    names = _labels(labels)
    require_known_labels(units, names)
    rows = [_microvolts(row, n, units) for row, n in zip(_rows(signals_uv, names), names,
                                                         strict=True)]  # fmt: skip
    rates_hz = _rates(fs_hz, names)
    parts = tuple(segments)
    durations_s = [len(row) / rate for row, rate in zip(rows, rates_hz, strict=True)]
    _require_one_duration(durations_s, names, min(rates_hz))
    given = given_start(start)
    duration_s = min(durations_s)
    span_s = span_of(parts, rates_hz[0]) if parts else duration_s
    channels = [
        Channel(i, label, "uV", 1.0, rate, None, None, None, None)
        for i, (label, rate) in enumerate(zip(names, rates_hz, strict=True))
    ]
    header = header_from(
        name, container, given, channels,
        duration_s=duration_s, span_s=span_s, findings=findings,
    )  # fmt: skip
    notes = tuple(sorted(annotations, key=lambda note: note.onset_s))
    recorded = merge_by_rate(
        microvolt_recording(
            {label: row[: round(duration_s * rate)]}, rate, header, notes, parts
        )
        for label, row, rate in zip(names, rows, rates_hz, strict=True)
    )  # fmt: skip
    return ArrayRecording(header, notes, recorded)


def microvolt_recording(
    rows: Mapping[str, Row],
    fs_hz: float,
    header: Header,
    annotations: tuple[Annotation, ...],
    segments: tuple[Segment, ...] = (),
    scales: tuple[Scale, ...] = (),
) -> DigitalRecording:
    """Channels of one rate, by label, in microvolt."""
    n_samples = len(next(iter(rows.values())))
    return DigitalRecording(
        rows=tuple(rows.values()),
        scales=scales or (MICROVOLTS,) * len(rows),
        labels=tuple(rows),
        fs_hz=fs_hz,
        start=header.start,
        start_clock=header.start_clock,
        segments=segments or (Segment(0.0, n_samples),),
        annotations=annotations,
        findings=header.findings,
        file=header.file,
    )


def _labels(labels: Any) -> tuple[str, ...]:
    if labels is None:
        raise UsageError(
            "arrays do not tell their channels: labels were wanted",
            'Give one label for each row: labels=["EEG C4-M1", "EOG E1-M2", "EMG chin"].',
        )
    if isinstance(labels, str | bytes) or not hasattr(labels, "__iter__"):
        raise UsageError(
            f"labels: a list of texts was wanted, found {safe_text(repr(labels))}",
            'Write labels=["EEG C4-M1", "EOG E1-M2", "EMG chin"].',
        )
    names = tuple(labels)
    for label in names:
        if not isinstance(label, str) or not label.strip():
            raise UsageError(
                f"labels: texts were wanted, found {safe_text(repr(label))}",
                'Write labels=["EEG C4-M1", "EOG E1-M2", "EMG chin"].',
            )
    twice = next((label for label in names if names.count(label) > 1), None)
    if twice is not None:
        raise UsageError(f"labels: {quoted(twice)} stands twice", "Give each row its own label.")
    return names


def _rows(signals: Any, names: Sequence[str]) -> list[npt.NDArray[Any]]:
    """One array for each label."""
    try:
        is_list = isinstance(signals, list | tuple) and all(np.ndim(row) == 1 for row in signals)
        rows = [np.ma.getdata(row) for row in signals] if is_list else None
        array = np.asarray(signals) if rows is None else None
    except (TypeError, ValueError) as error:
        raise UsageError(f"{WANTED_ROWS}, found rows of different shapes", "Correct it.") from error
    if array is not None:
        if array.ndim != 2:
            one = " For one channel, write signals_uv[None, :]." if array.ndim == 1 else ""
            raise UsageError(f"{WANTED_ROWS}, found shape {array.shape}", f"Reshape it.{one}")
        if len(array) != len(names) and array.shape[1] in (len(names), *range(1, FEW_SAMPLES)):
            raise UsageError(
                f"{WANTED_ROWS}, found shape {array.shape} for {count_of(len(names), 'label')}",
                "The samples are in rows, it seems: give the transposed array, signals_uv.T.",
            )
        rows = list(array)
    rows = rows or []
    if len(rows) != len(names):
        raise UsageError(
            f"one label for each row was wanted, found {count_of(len(rows), 'row')} and "
            f"{count_of(len(names), 'label')}",
            "Give as many labels as signals_uv has rows.",
        )
    return [_numbers(row, label) for row, label in zip(rows, names, strict=True)]


def _numbers(row: Any, label: str) -> npt.NDArray[Any]:
    values = np.asarray(row)
    if values.dtype == object:
        try:
            values = values.astype(np.float64)
        except (TypeError, ValueError):
            values = np.asarray(row)
    is_real = np.issubdtype(values.dtype, np.floating) or np.issubdtype(values.dtype, np.integer)
    if not is_real:
        raise UsageError(
            f"signals_uv: real numbers were wanted, {quoted(label)} has values of type "
            f"{values.dtype}",
            "Give floating-point numbers.",
        )
    return values


def _microvolts(row: npt.NDArray[Any], label: str, units: str | Mapping[str, str]) -> Row:
    factor = _factor(label, units)
    if factor == 1.0 and np.issubdtype(row.dtype, np.floating):
        return row
    return row.astype(np.float64) * factor


def require_known_labels(units: Any, labels: Sequence[str]) -> None:
    """Refuse a unit of a channel that is not there; UsageError."""
    for label in units if isinstance(units, Mapping) else ():
        if label not in labels:
            raise UsageError(
                f"units: {unknown('label', str(label), labels)}",
                f"The channels are {listed(labels, 30)}.",
            )


def _factor(label: str, units: str | Mapping[str, str]) -> float:
    unit = units.get(label) if isinstance(units, Mapping) else units
    factor = uv_per_unit(unit) if isinstance(unit, str) else None
    if factor is None:
        found = "none" if unit is None else quoted(str(unit))
        raise UsageError(
            f"units: a voltage was wanted for {quoted(label)}, found {found}",
            "Give V, mV, uV or nV: one unit for all channels, or one for each label.",
        )
    return factor


def _rates(fs_hz: Any, names: Sequence[str]) -> list[float]:
    if fs_hz is None:
        raise UsageError(
            "arrays do not tell their sampling rate: fs_hz was wanted",
            "Give samples per second, for example fs_hz=256.",
        )
    several = isinstance(fs_hz, list | tuple | np.ndarray) and np.ndim(fs_hz) == 1
    rates = list(fs_hz) if several else [fs_hz] * len(names)
    if len(rates) != len(names):
        raise UsageError(
            f"fs_hz: one rate for each of {count_of(len(names), 'channel')} was wanted, found "
            f"{len(rates)}",
            "Give one number, or as many as there are channels.",
        )
    return [_rate(rate) for rate in rates]


def _rate(rate: Any) -> float:
    try:
        value = float(rate)
    except (TypeError, ValueError):
        value = float("nan")
    if isinstance(rate, bool | str) or not 0 < value < 1e6:
        raise UsageError(
            f"fs_hz: samples per second were wanted, found {safe_text(repr(rate))}",
            "Give a positive number, for example fs_hz=256.",
        )
    return value


def _require_one_duration(
    durations_s: Sequence[float], names: Sequence[str], lowest_hz: float
) -> None:
    """Channels may differ by the samples that their rates do not share, not by seconds."""
    longest, shortest = max(durations_s), min(durations_s)
    if longest - shortest > 1 / lowest_hz:
        long, short = (names[durations_s.index(s)] for s in (longest, shortest))
        raise UsageError(
            f"channels of one duration were wanted: {quoted(long)} has {longest:g} s, "
            f"{quoted(short)} {shortest:g} s",
            "Correct fs_hz, or cut the channels to the same time.",
        )
