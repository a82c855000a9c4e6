"""The check of a recording: header, derivations and signal quality, without staging."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from psgpipe.edf.anonymise import anonymise
from psgpipe.edf.reader import read_header
from psgpipe.errors import PsgpipeError, RecordingUnreadable
from psgpipe.files.atomic import output_errors
from psgpipe.messages import printable
from psgpipe.model.header import Channel, Finding, Header
from psgpipe.model.montage import LabelTable
from psgpipe.model.night import Night
from psgpipe.montage.candidates import describe
from psgpipe.night.choose_montage import (
    candidates_from,
    choose_montage,
    label_findings,
    require_buildable,
    sources_of,
)
from psgpipe.night.definition import Definition
from psgpipe.night.open import open_night, require_an_epoch
from psgpipe.night.runner import run_steps
from psgpipe.sleep.local_clock import clock_at, local_clock

STATE_OK, STATE_WARNING, STATE_UNSUITABLE, STATE_UNREADABLE = (
    "ok", "warning", "unsuitable", "unreadable",
)  # fmt: skip


def check_recording(
    path: Path,
    definition: Definition,
    label_table: LabelTable | None = None,
    *,
    header_only: bool = False,
) -> dict[str, Any]:
    """Header, derivations and, unless `header_only`, lights and signal quality, as plain values.

    ``state`` is ``ok``, ``warning`` (readable, with findings), ``unsuitable`` (readable, and the
    pipeline cannot use it) or ``unreadable``; ``error`` then says what was wanted, found and to do.
    Never raises for a recording's fault.
    """
    try:
        header = read_header(path)
    except PsgpipeError as error:
        return _unreadable(path, error)
    sources = sources_of(header.channels, definition, label_table)
    header = replace(header, findings=(*header.findings, *label_findings(sources, label_table)))
    candidates = candidates_from(sources, definition)
    described = describe(sources, candidates)
    checked = _header_dict(path, header, described)
    checked["error"] = None
    try:
        if header_only:
            require_an_epoch(header)
            montage = choose_montage(candidates, definition)
            require_buildable(montage, candidates, sources, definition, header)
            return checked
        return _with_quality(checked, path, definition, label_table)
    except PsgpipeError as error:
        return {**checked, "state": _state(error), "error": error.as_dict()}


def anonymous_copy(
    path: Path, copy: Path, *, keep_date: bool = False, keep_age_sex: bool = False
) -> Path:
    """Write `copy` as :func:`psgpipe.edf.anonymise.anonymise` does, uncompressed."""
    name = copy.name
    if name.lower().endswith(".gz"):
        name = name[: -len(".gz")]
    elif name.lower().endswith(".edfz"):
        name = name[:-1]
    with output_errors(copy):
        copy.parent.mkdir(parents=True, exist_ok=True)
    return anonymise(path, copy.with_name(name), keep_date=keep_date, keep_age_sex=keep_age_sex)


def _with_quality(
    checked: dict[str, Any], path: Path, definition: Definition, label_table: LabelTable | None
) -> dict[str, Any]:
    opened = open_night(path, Night("", ""), definition, label_table)
    until_quality = [n for n in definition.steps if n in ("load", "reference", "check_quality")]
    results = run_steps(opened, replace(definition, steps=tuple(until_quality)))
    findings = [*opened.findings, *(f for r in results.slots["recorded"] for f in r.findings)]
    quality = results.quality.as_dict()
    lights, header = opened.lights, opened.header
    clock = local_clock(header.start, header.start_clock, None)
    odd = bool(findings or quality["flags"])
    return {
        **checked,
        "state": STATE_WARNING if odd else STATE_OK,
        "findings": [_finding_dict(f) for f in dict.fromkeys(findings)],
        "chosen": [
            {"role": d.role, "name": d.name, "why": d.why}
            for d in results.slots["opened"].montage.derivations
        ],
        "lights": {
            "off_s": lights.off_s,
            "on_s": lights.on_s,
            "off": clock.clock_at(lights.off_s),
            "on": clock.clock_at(lights.on_s),
            "source": lights.source,
        },
        "quality": quality,
    }


def _header_dict(path: Path, header: Header, montage: dict[str, Any]) -> dict[str, Any]:
    channels = [
        {**_channel_dict(channel), **understood}
        for channel, understood in zip(header.channels, montage["channels"], strict=True)
    ]
    return {
        "file": path.name,
        "state": STATE_WARNING if header.findings else STATE_OK,
        "container": header.container,
        "findings": [_finding_dict(f) for f in header.findings],
        "channels": channels,
        "derivations": montage["derivations"],
        "duration_s": header.duration_s,
        "span_s": header.span_s,
        "start": header.start.isoformat() if header.start else None,
        "start_clock": clock_at(header.start_clock, 0.0),
    }


def _channel_dict(channel: Channel) -> dict[str, Any]:
    return {
        "label": channel.label,
        "unit": channel.unit,
        "fs_hz": channel.fs_hz,
        "physical_min": channel.physical_min,
        "physical_max": channel.physical_max,
        "problem": _finding_dict(channel.problem) if channel.problem else None,
    }


def _finding_dict(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "message": finding.message,
        "channel": printable(finding.channel) if finding.channel is not None else None,
    }


def _state(error: PsgpipeError) -> str:
    return STATE_UNREADABLE if isinstance(error, RecordingUnreadable) else STATE_UNSUITABLE


def _unreadable(path: Path, error: PsgpipeError) -> dict[str, Any]:
    return {
        "file": path.name,
        "state": _state(error),
        "container": None,
        "findings": [],
        "channels": [],
        "derivations": [],
        "duration_s": None,
        "span_s": None,
        "start": None,
        "start_clock": None,
        "error": error.as_dict(),
    }
