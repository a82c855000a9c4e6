"""EDF and BDF files written byte by byte, because a library would correct the defects.

A field of type ``bytes`` or ``str`` is written without change (cut or padded with blanks). Numbers
are written as recorders write them. This module does not use psgpipe.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

Field = str | bytes | int | float

RECORD_S = 1.0
FS_HZ = 100


def sine_uv(n_samples: int, fs_hz: float = FS_HZ, amplitude_uv: float = 50.0) -> np.ndarray:
    """A 1-Hz sine on a slow ramp: the value of a sample shows its position."""
    t_s = np.arange(n_samples) / fs_hz
    return amplitude_uv * np.sin(2 * np.pi * t_s) + 0.1 * t_s


@dataclass
class Signal:
    """One signal: header fields as written, and its samples or its annotation bytes.

    `digital` has all samples of the file; None makes a sine. `tals` gives the bytes of one
    record, and makes the signal an annotation channel.
    """

    label: Field = "EEG C4-M1"
    unit: Field = "uV"
    physical_min: Field = -500
    physical_max: Field = 500
    digital_min: Field = -32768
    digital_max: Field = 32767
    per_record: int = FS_HZ
    digital: np.ndarray | None = None
    tals: Callable[[int], bytes] | None = None
    transducer: Field = ""
    prefilter: Field = ""
    samples_field: Field | None = None
    reserved: Field = ""


def annotations(
    tals: Callable[[int], bytes] | None = None, per_record: int = 60, label: Field | None = None
) -> Signal:
    """An annotation channel; without `tals` it keeps time, one second a record."""
    return Signal(
        label="EDF Annotations" if label is None else label,
        unit="",
        physical_min=-1,
        physical_max=1,
        per_record=per_record,
        tals=tals or keeping_time(),
    )


def keeping_time(
    onsets_s: Sequence[float] | None = None, texts: dict[int, bytes] | None = None
) -> Callable[[int], bytes]:
    """The bytes of each record's annotation channel: its time, then what `texts` has for it."""

    def tals(record: int) -> bytes:
        onset_s = record * RECORD_S if onsets_s is None else onsets_s[record]
        return b"%+.10g\x14\x14\x00" % onset_s + (texts or {}).get(record, b"")

    return tals


def edf_bytes(
    signals: Sequence[Signal],
    n_records: int = 300,
    *,
    record_s: Field = 1,
    is_bdf: bool = False,
    version: Field | None = None,
    patient: Field = "X X X X",
    recording: Field = "Startdate X X X X",
    date: Field = "01.03.24",
    time: Field = "22.00.00",
    header_bytes: Field | None = None,
    reserved: Field = "",
    n_records_field: Field | None = None,
    n_signals_field: Field | None = None,
) -> bytes:
    """A whole file."""
    if version is None:
        version = b"\xffBIOSEMI" if is_bdf else "0"
    head = [
        (version, 8),
        (patient, 80),
        (recording, 80),
        (date, 8),
        (time, 8),
        (256 * (len(signals) + 1) if header_bytes is None else header_bytes, 8),
        (reserved, 44),
        (n_records if n_records_field is None else n_records_field, 8),
        (record_s, 8),
        (len(signals) if n_signals_field is None else n_signals_field, 4),
    ]
    columns = [
        ([s.label for s in signals], 16),
        ([s.transducer for s in signals], 80),
        ([s.unit for s in signals], 8),
        ([s.physical_min for s in signals], 8),
        ([s.physical_max for s in signals], 8),
        ([s.digital_min for s in signals], 8),
        ([s.digital_max for s in signals], 8),
        ([s.prefilter for s in signals], 80),
        ([s.per_record if s.samples_field is None else s.samples_field for s in signals], 8),
        ([s.reserved for s in signals], 32),
    ]
    header = b"".join(field(value, width) for value, width in head)
    header += b"".join(field(value, width) for values, width in columns for value in values)
    return header + _records(signals, n_records, 3 if is_bdf else 2)


def write_edf(path: Path, signals: Sequence[Signal], n_records: int = 300, **fields) -> Path:
    """Write a file and return its path."""
    path.write_bytes(edf_bytes(signals, n_records, **fields))
    return path


def field(value: Field, width: int) -> bytes:
    """A header field: ASCII (or the bytes given), padded with blanks."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    raw = value if isinstance(value, bytes) else f"{value}".encode("latin-1")
    return raw[:width].ljust(width)


def _records(signals: Sequence[Signal], n_records: int, sample_bytes: int) -> bytes:
    if not signals or not n_records:
        return b""
    parts = [_signal_bytes(s, n_records, sample_bytes) for s in signals]
    return np.concatenate(parts, axis=1).tobytes()


def _signal_bytes(signal: Signal, n_records: int, sample_bytes: int) -> np.ndarray:
    """The signal's part of every record, shape (n_records, bytes)."""
    width = signal.per_record * sample_bytes
    if signal.tals is not None:
        rows = [signal.tals(r)[:width].ljust(width, b"\0") for r in range(n_records)]
        return np.frombuffer(b"".join(rows), np.uint8).reshape(n_records, width)
    digital = signal.digital
    if digital is None:
        digital = np.rint(sine_uv(n_records * signal.per_record, signal.per_record) * 65.535)
    wide = np.asarray(digital, "<i4").reshape(n_records, signal.per_record)
    each = wide.view(np.uint8).reshape(n_records, signal.per_record, 4)[:, :, :sample_bytes]
    return each.reshape(n_records, width)
