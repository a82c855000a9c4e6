"""The header of one signal: label, unit, scale and rate, or why one of them is unusable."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from psgpipe.edf.findings import Findings
from psgpipe.edf.header_fields import FieldError, read_decimal, read_integer
from psgpipe.edf.units import looks_like_voltage, uv_per_unit
from psgpipe.messages import quoted, safe_text
from psgpipe.model.header import Channel, Finding

FASTEST_HZ = 200_000.0
LARGEST_UV = 1e15


class SignalFields(NamedTuple):
    """The ten fields of a signal's header, as bytes."""

    label: bytes
    transducer: bytes
    unit: bytes
    physical_min: bytes
    physical_max: bytes
    digital_min: bytes
    digital_max: bytes
    prefilter: bytes
    samples: bytes
    reserved: bytes


WIDTHS = (16, 80, 8, 8, 8, 8, 8, 80, 8, 32)


@dataclass(frozen=True)
class Signal:
    """A signal: its header, and the place of its samples or TALs in a data record."""

    channel: Channel
    n_samples: int
    offset: int
    n_bytes: int
    is_annotations: bool


def read_signal(
    index: int,
    fields: SignalFields,
    n_samples: int,
    offset: int,
    record_s: Fraction,
    findings: Findings,
    *,
    sample_bytes: int,
) -> Signal:
    """The signal at `index`; ``channel.problem`` says why its samples must not be used."""
    label = decode(fields.label)
    is_annotations = _is_annotations(label)
    channel = Channel(
        index=index,
        label=label,
        unit=decode(fields.unit),
        uv_per_unit=None,
        fs_hz=float(n_samples / record_s) if n_samples and record_s else None,
        physical_min=None,
        physical_max=None,
        digital_min=None,
        digital_max=None,
        prefilter=decode(fields.prefilter),
    )
    if not is_annotations:
        channel = _with_scale(channel, fields, findings, bits=8 * sample_bytes)
        channel = _with_remarks(channel, findings)
    return Signal(channel, n_samples, offset, n_samples * sample_bytes, is_annotations)


def decode(raw: bytes) -> str:
    """Header text: UTF-8 where it is UTF-8 (also cut in the middle of a letter), else Latin-1.

    EDF allows ASCII only. A Latin-1 letter is hardly ever valid UTF-8, so trying is safe.
    """
    text = raw.strip(b" \0")
    for cut in range(4 if len(raw) == len(text) else 1):
        try:
            decoded = text[: len(text) - cut].decode("utf-8")
        except UnicodeDecodeError:
            continue
        if cut == 0 or not decoded.isascii():
            return decoded
    return text.decode("latin-1")


def _is_annotations(label: str) -> bool:
    return " ".join(label.lower().split()) in ("edf annotations", "bdf annotations")


def _with_scale(
    channel: Channel, fields: SignalFields, findings: Findings, *, bits: int
) -> Channel:
    """The channel with unit and limits; the first invalid one becomes its ``problem``."""
    read: dict[str, Decimal | int] = {}
    problem = None
    name = quoted(channel.label)
    for key, parse in (
        ("physical_min", read_decimal),
        ("physical_max", read_decimal),
        ("digital_min", read_integer),
        ("digital_max", read_integer),
    ):
        field = f"{key.replace('_', ' ')} of {name}"
        try:
            read[key] = parse(getattr(fields, key), field, findings, channel.label)
        except FieldError as error:
            problem = problem or str(error)
    scaled = replace(
        channel,
        uv_per_unit=uv_per_unit(channel.unit),
        physical_min=_as_float(read.get("physical_min")),
        physical_max=_as_float(read.get("physical_max")),
        digital_min=_as_int(read.get("digital_min")),
        digital_max=_as_int(read.get("digital_max")),
    )
    problem = problem or _scale_problem(scaled, name, bits)
    if problem is None:
        return scaled
    return replace(scaled, problem=Finding("scale-invalid", problem, channel.label))


def _as_float(value: Decimal | int | None) -> float | None:
    return None if value is None else float(value)


def _as_int(value: Decimal | int | None) -> int | None:
    return None if value is None else int(value)


def _scale_problem(channel: Channel, name: str, bits: int) -> str | None:
    """Why limits that are numbers cannot scale samples, or None."""
    low, high = channel.digital_min, channel.digital_max
    bottom, top = channel.physical_min, channel.physical_max
    if low is None or high is None or bottom is None or top is None:
        return None
    least, most = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    if low == high:
        return f"digital minimum and maximum of {name} are equal ({low}): no scale"
    if low > high:
        return f"digital minimum {low} of {name} is above its maximum {high}: polarity unknown"
    if low < least or high > most:
        return f"digital range {low} to {high} of {name} does not fit {bits}-bit samples"
    if bottom == top:
        return f"physical minimum and maximum of {name} are equal: no scale"
    largest = max(abs(bottom), abs(top)) * (channel.uv_per_unit or 1.0)
    if (top - bottom) / (high - low) == 0 or largest > LARGEST_UV:
        return f"physical range of {name} is beyond anything measurable"
    return None


def _with_remarks(channel: Channel, findings: Findings) -> Channel:
    """Add findings about the channel; a missing or impossible rate becomes its ``problem``."""
    label, index = channel.label, channel.index
    if not label:
        findings.add("label-blank", f"signal {index + 1} has no label", label, index)
    if channel.fs_hz is None:
        message = f"{quoted(label)} has no samples in a data record"
        channel = replace(channel, problem=Finding("no-samples", message, label))
    elif channel.fs_hz > FASTEST_HZ:
        message = f"{quoted(label)} is sampled at {channel.fs_hz:g} Hz, which no amplifier does"
        channel = replace(channel, problem=Finding("rate-implausible", message, label))
    if channel.problem:
        findings.add(channel.problem.code, channel.problem.message, label, index)
    if channel.uv_per_unit is None and looks_like_voltage(channel.unit):
        what = f"unit '{safe_text(channel.unit)}' is not known" if channel.unit else "unit is blank"
        message = f"{quoted(label)}: {what}; declare it before use, nothing is assumed"
        findings.add("unit-unknown", message, label, index)
    return channel
