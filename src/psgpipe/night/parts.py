"""Several files of one night, joined on the clock: what lies between two parts is a gap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from psgpipe.edf.reader import RecordingContent, open_recording, read_content, read_digital
from psgpipe.errors import PartsApart
from psgpipe.files.file_state import HashedFile, hash_file
from psgpipe.files.hashing import sha256_of
from psgpipe.messages import count_of, printable
from psgpipe.model.digital_recording import DigitalRecording, joined_recording
from psgpipe.model.header import Channel, Finding, Header
from psgpipe.model.night import Night
from psgpipe.model.opened_night import OpenedNight, Part
from psgpipe.sleep.local_clock import DAY_S, local_clock, of_day_s

LONGEST_GAP_H = 12.0
"""Files that are further apart are not one night."""
ROUNDED_S = 1.0
"""Starts are whole seconds: a part may seem to begin this much before the end of the last."""


def hash_recording(path: Path, night: Night) -> HashedFile:
    """The hash of the night's recording: of the file, or of the hashes of all its parts."""
    if not night.further_parts:
        return hash_file(path)
    hashes = [hash_file(part).sha256 for part in (path, *night.further_parts)]
    return HashedFile(sha256_of_parts(hashes), None, calm=False)


def sha256_of_parts(hashes: Sequence[str]) -> str:
    """One hash for several files in their order."""
    return sha256_of({"parts": [*hashes]})


def with_further_parts(
    first: RecordingContent,
    channels: Sequence[Channel],
    path: Path,
    night: Night,
    labels: Sequence[str],
    units: Mapping[str, str],
    *,
    hashed: bool,
) -> tuple[RecordingContent, tuple[Part, ...]]:
    """The content of all parts of a night as one recording, and where each part begins.

    A night of one file is returned as it is, with no parts.

    Raises
    ------
    psgpipe.errors.PartsApart
        The channels, rates or scales differ, or the parts do not follow each other.
    """
    if not night.further_parts:
        return first, ()
    contents, onsets_s = [first], [0.0]
    for part_path in night.further_parts:
        with open_recording(part_path) as part:
            _require_same_channels(first.header.file, channels, part.preflight.file, part.channels)
            content = read_content(part, labels, units=units, hashed=hashed)
        end_s = onsets_s[-1] + contents[-1].header.span_s
        onsets_s.append(_onset_s(first.header, content.header, end_s, night))
        contents.append(content)
    paths = (path, *night.further_parts)
    parts = tuple(
        Part(p, onset_s, c.header.file, c.sha256)
        for p, onset_s, c in zip(paths, onsets_s, contents, strict=True)
    )
    return _joined(contents, onsets_s), parts


def read_missing(opened: OpenedNight, labels: Sequence[str]) -> tuple[DigitalRecording, ...]:
    """Channels of the night that were not read when it was opened, one recording for each rate."""
    if not opened.parts:
        return read_digital(opened.file_path, labels, units=opened.declared_units)
    read = [read_digital(part.path, labels, units=opened.declared_units) for part in opened.parts]
    return _joined_by_rate(read, [part.onset_s for part in opened.parts])


def _joined(contents: Sequence[RecordingContent], onsets_s: Sequence[float]) -> RecordingContent:
    header, last = contents[0].header, contents[-1].header
    ends_s = [at + c.header.span_s for at, c in zip(onsets_s, contents, strict=True)]
    gaps_s = [then - end for end, then in zip(ends_s, onsets_s[1:], strict=False)]
    finding = Finding(
        "parts-joined",
        f"{count_of(len(contents), 'file')} joined on the clock, with "
        f"{', '.join(f'{gap_s / 60:.1f} min' for gap_s in gaps_s)} between them",
        affects="gaps",
    )
    findings = [*(_followed(f) for c in contents[:-1] for f in c.header.findings), *last.findings]
    annotations = tuple(
        replace(note, onset_s=note.onset_s + at)
        for at, c in zip(onsets_s, contents, strict=True)
        for note in c.annotations
    )
    hashes = [c.sha256 for c in contents if c.sha256 is not None]
    return RecordingContent(
        header=replace(
            header,
            duration_s=sum(c.header.duration_s for c in contents),
            span_s=onsets_s[-1] + last.span_s,
            findings=(*dict.fromkeys(findings), finding),
        ),
        annotations=annotations,
        recorded=_joined_by_rate([c.recorded for c in contents], onsets_s),
        sha256=sha256_of_parts(hashes) if len(hashes) == len(contents) else None,
    )


def _followed(finding: Finding) -> Finding:
    """A finding about a part that another follows: what it lacks at its end is a gap."""
    if finding.affects != "end":
        return finding
    return replace(finding, affects="gaps", missing_end_s=0.0)


def _joined_by_rate(
    parts: Sequence[tuple[DigitalRecording, ...]], onsets_s: Sequence[float]
) -> tuple[DigitalRecording, ...]:
    """The recordings of all parts, joined by sampling rate; none where a part has none."""
    if not all(parts):
        return ()
    joined = []
    for first in parts[0]:
        of_rate = [r for part in parts for r in part if r.fs_hz == first.fs_hz]
        same = [r.pick(*first.labels) for r in of_rate]
        for other in same:
            _require_same_scales(first, other)
        joined.append(joined_recording(same, onsets_s))
    return tuple(joined)


def _require_same_channels(
    first: str, wanted: Sequence[Channel], file: str, found: Sequence[Channel]
) -> None:
    one, other = ({(c.label, c.fs_hz) for c in channels} for channels in (wanted, found))
    if one != other:
        (label, fs_hz), *_ = sorted(one ^ other, key=str)
        has = first if (label, fs_hz) in one else file
        raise PartsApart(
            f"{file}: wanted the channels and rates of {first}; only {has} has {printable(label)}"
            + (f" at {fs_hz:g} Hz" if fs_hz else ""),
            "Only files of one recorder setting can be one night; exclude the night otherwise.",
        )


def _require_same_scales(first: DigitalRecording, other: DigitalRecording) -> None:
    for label, one, scale in zip(first.labels, first.scales, other.scales, strict=True):
        if one != scale:
            raise PartsApart(
                f"{other.file}: {label} has another scale or unit than in {first.file}",
                "Only files of one recorder setting can be one night; exclude the night otherwise.",
            )


def _onset_s(first: Header, header: Header, end_s: float, night: Night) -> float:
    """Seconds from the start of the first part to the start of a further one."""
    onset_s = _by_clock_s(first, header, night)
    if onset_s is None:
        raise PartsApart(
            f"{header.file}: the parts of a night are joined on the clock, and this file or "
            f"{first.file} does not say when it started",
            "Export the night as one file, or stage its main part alone.",
        )
    if first.start is None or header.start is None:
        onset_s += DAY_S * ((end_s - ROUNDED_S - onset_s) // DAY_S + 1)
    gap_s = onset_s - end_s
    if gap_s < -ROUNDED_S:
        raise PartsApart(
            f"{header.file}: begins {-gap_s:.0f} s before the part before it ends",
            "Correct the order of the parts, or leave out the file that repeats another.",
        )
    if gap_s > LONGEST_GAP_H * 3600:
        raise PartsApart(
            f"{header.file}: begins {gap_s / 3600:.1f} h after the end of the part before it, "
            f"wanted at most {LONGEST_GAP_H:g} h",
            "Correct the parts: these files are not of one night, or overlap.",
        )
    return max(onset_s, end_s)


def _by_clock_s(first: Header, header: Header, night: Night) -> float | None:
    if first.start is not None and header.start is not None:
        clock = local_clock(first.start, first.start_clock, night.timezone)
        known = clock.seconds_at(header.start) if clock.starts == 1 else ()
        return known[0] if len(known) == 1 else (header.start - first.start).total_seconds()
    if first.start_clock is None or header.start_clock is None:
        return None
    between = of_day_s(header.start_clock) - of_day_s(first.start_clock)
    return between % DAY_S
