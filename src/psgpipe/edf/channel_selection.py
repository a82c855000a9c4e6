"""Selection of the channels to read: by label, with a unit of voltage, or the reason why not."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from psgpipe.edf.header import Layout
from psgpipe.edf.preflight import PreflightResult
from psgpipe.edf.samples import scale_of
from psgpipe.edf.signal_header import Signal
from psgpipe.edf.units import looks_like_voltage, uv_per_unit
from psgpipe.errors import ChannelMissing, RatesDiffer, ScaleInvalid, UnitUnknown, UsageError
from psgpipe.messages import listed, quoted, safe_text
from psgpipe.model.digital_recording import Scale
from psgpipe.model.header import Finding


@dataclass(frozen=True)
class SelectedChannel:
    """A channel to be read; `finding` says that its unit was declared, and whether that counts."""

    signal: Signal
    scale: Scale
    fs_hz: float
    finding: Finding | None


def select_channels(
    preflight: PreflightResult, labels: Sequence[str] | None, units: Mapping[str, str]
) -> tuple[SelectedChannel, ...]:
    """The channels of `labels`, or every voltage channel where `labels` is None.

    Raises
    ------
    ChannelMissing, UnitUnknown, ScaleInvalid
        See :func:`psgpipe.edf.reader.read_recording`.
    UsageError
        `labels` is no list of different labels, or `units` names an unknown unit.
    """
    name, layout = preflight.file, preflight.layout
    declared = {label: _declared(label, unit) for label, unit in units.items()}
    if labels is None:
        signals = _all_voltages(name, layout, declared)
    else:
        signals = [_by_label(name, layout, label) for label in _checked(labels)]
    return tuple(_selected(name, signal, declared) for signal in signals)


def _declared(label: str, unit: str) -> float:
    factor = uv_per_unit(unit)
    if factor is None:
        raise UsageError(
            f"unit '{safe_text(unit)}' declared for {quoted(label)} is no voltage",
            "Declare V, mV, uV or nV.",
        )
    return factor


def _checked(labels: Sequence[str]) -> Sequence[str]:
    if isinstance(labels, str) or not labels:
        raise UsageError("a list of channel labels was wanted", 'Write ["EEG C4-M1"], or None.')
    if len(set(labels)) < len(labels):
        raise UsageError(
            f"a channel is asked for twice among {listed(labels)}", "Name each channel once."
        )
    return labels


def _all_voltages(name: str, layout: Layout, declared: Mapping[str, float]) -> list[Signal]:
    """Every voltage that has samples; the header's findings name the others."""
    signals = [
        s
        for s in layout.ordinary_signals
        if (s.channel.uv_per_unit or s.channel.label in declared) and s.n_samples
    ]
    if signals:
        return signals
    units = [(s.channel.label, s.channel.unit or "no unit") for s in layout.ordinary_signals]
    if not units:
        raise ChannelMissing(
            f"{name}: samples were wanted, the file holds annotations only",
            "Give the recording itself; this looks like a scoring.",
        )
    raise UnitUnknown(
        f"{name}: no channel is known to be a voltage: "
        f"{listed(f'{label} ({unit})' for label, unit in units)}",
        f'If one is a voltage, give its unit: units={{{_text(units[0][0])}: "uV"}}.',
    )


def _text(label: str) -> str:
    """A label as a program writes it."""
    return json.dumps(safe_text(label), ensure_ascii=False)


def _by_label(name: str, layout: Layout, label: str) -> Signal:
    wanted = label.strip(" \0")
    matches = [s for s in layout.ordinary_signals if s.channel.label == wanted]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise ChannelMissing(
            f"{name}: {quoted(wanted)} stands twice (signals "
            f"{listed(str(s.channel.index + 1) for s in matches)}): which one is wanted is unknown",
            "Rename one of them in the file, or use another channel.",
        )
    present = listed(s.channel.label for s in layout.ordinary_signals)
    raise ChannelMissing(
        f"{name}: {quoted(wanted)} is not among its channels: {present}",
        "Ask for a label as the file spells it, or name the site's channels in a label table.",
    )


def _selected(name: str, signal: Signal, declared: Mapping[str, float]) -> SelectedChannel:
    channel = signal.channel
    if channel.problem is not None:
        raise ScaleInvalid(
            f"{name}: {channel.problem.message}",
            "Export the recording again with a valid range, or use another channel.",
        )
    factor, finding = _uv_per_unit(name, signal, declared)
    if channel.fs_hz is None:  # refused above: a channel without samples has a problem
        raise ScaleInvalid(f"{name}: {quoted(channel.label)} has no rate", "Use another channel.")
    return SelectedChannel(signal, scale_of(channel, factor), channel.fs_hz, finding)


def _uv_per_unit(
    name: str, signal: Signal, declared: Mapping[str, float]
) -> tuple[float, Finding | None]:
    """Microvolts per unit; a declaration counts only where the file names no known unit."""
    channel = signal.channel
    stated, given = channel.uv_per_unit, declared.get(channel.label)
    label = quoted(channel.label)
    if stated is not None:
        if given is None or given == stated:
            return stated, None
        unit = safe_text(channel.unit)
        message = f"{label}: the file's unit {unit} is used, not the declared one"
        return stated, Finding("unit-declared", message, channel.label)
    if given is not None and looks_like_voltage(channel.unit):
        message = f"{label}: the file gives no usable unit; the declared one is used"
        return given, Finding("unit-declared", message, channel.label)
    unit = f"'{safe_text(channel.unit)}'" if channel.unit else "blank"
    raise UnitUnknown(
        f"{name}: {label} is wanted in microvolt, its unit is {unit}",
        f'If it is a voltage, give its unit: units={{{_text(channel.label)}: "uV"}}.',
    )


def group_by_rate(selected: Sequence[SelectedChannel]) -> list[tuple[SelectedChannel, ...]]:
    """The channels of each sampling rate, lowest rate first."""
    rates_hz = sorted({channel.fs_hz for channel in selected})
    return [tuple(c for c in selected if c.fs_hz == fs_hz) for fs_hz in rates_hz]


def refuse_two_rates(file: str, selected: Sequence[SelectedChannel]) -> None:
    """Refuse channels that differ in their sampling rate.

    Raises
    ------
    RatesDiffer
    """
    groups = group_by_rate(selected)
    if len(groups) > 1:
        rates = "; ".join(
            f"{group[0].fs_hz:g} Hz: {listed((c.signal.channel.label for c in group), 4)}"
            for group in groups
        )
        raise RatesDiffer(
            f"{file}: channels of one rate were wanted, found {rates}",
            "Ask for channels of one rate at a time.",
        )
