"""An anonymous copy of a recording: without the header text that may identify the patient."""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from psgpipe.edf.annotations import DURATION, Tal, split_tals
from psgpipe.edf.findings import Findings
from psgpipe.edf.header import FIXED_BYTES, Layout, read_layout
from psgpipe.edf.preflight import count_records
from psgpipe.edf.records import iterate_blocks
from psgpipe.edf.signal_header import WIDTHS, SignalFields
from psgpipe.edf.source import Source, open_source
from psgpipe.edf.start_time import MONTHS, read_start
from psgpipe.errors import OutputConflict
from psgpipe.files.atomic import atomic_file
from psgpipe.files.regular import file_name

# Annotation texts that describe sleep and no person, in lower case with single blanks. All others
# may be remarks about the patient and are removed.
_STAGE = r"(?:sleep )?stage (?:w|wake|r|rem|n|n1|n2|n3|1|2|3|4|\?|unscored)"
_BARE_STAGE = r"w|wake|wach|n1|n2|n3|n4|s1|s2|s3|s4|r|rem|mt|movement(?: time)?|unscored"
_LIGHTS = (
    r"lights?[ _-]?(?:off|out|on)|licht (?:aus|an)|lumi[eè]re (?:[eé]teinte|allum[eé]e)"
    r"|(?:start|end) of (?:night|recording)|recording (?:starts|ends)|good (?:night|morning)"
)
_EVENT = (
    r"(?:(?:obstructive|central|mixed|hypopnea|hypopnoea|unclassified) )?"
    r"(?:apnea|apnoea|hypopnea|hypopnoea)"
    r"|rera|(?:eeg |spontaneous |respiratory |limb |rera )?arousal|(?:oxygen )?desaturation"
    r"|(?:periodic )?(?:limb|leg) movement|plm|snor(?:e|ing)|bruxism|cheyne.stokes(?: respiration)?"
    r"|(?:sleep )?spindle|k.complex|slow wave|artifact|artefact|body position change"
    r"|(?:body )?position (?:left|right|supine|prone|upright)|impedance check|calibration"
)
_KEPT_TEXT = re.compile(f"(?:{_STAGE}|{_BARE_STAGE}|{_LIGHTS}|{_EVENT})")
# The spelling of filters in EDF+; anything else in the field is free text.
_KEPT_PREFILTER = re.compile(rb"(?:(?:HP|LP|N|BP|NF)[: ]*(?:[0-9.]+|DC) *(?:m?Hz)?[ ,;/]*)*", re.I)
_KEPT_RESERVED = re.compile(rb"[EB]DF\+[CD]|24BIT")
_ANONYMOUS_DATE = b"01.01.85"


def anonymise(
    path: str | os.PathLike[str], out_path: str | os.PathLike[str], *, keep_date: bool = False
) -> Path:
    """Write a copy without the free text of the header, by the rules of EDF+.

    Patient becomes ``X X X X`` and recording ``Startdate X X X X``; the start date becomes 01.01.85
    unless `keep_date`; the time of day stays, because lights off and on depend on it. Transducers
    and the reserved fields are blanked (serial numbers, remarks), prefilters stay if they are
    written as in EDF+ (``HP:0.1Hz LP:75Hz``). Of the annotations, time-keeping and the texts of a
    closed list (stages, lights, respiratory and other events) stay; all others are removed with
    their onsets. Labels, units and scales stay: look at the labels. Samples stay bit for bit. Bytes
    behind the last whole record are dropped, and the record count is corrected.

    Parameters
    ----------
    path
        The recording, plain or gzipped.
    out_path
        Where the copy goes, uncompressed; must not exist. psgpipe does not look at its name.
    keep_date
        Keep the date on which the recording began, where it is known.

    Returns
    -------
    Path
        `out_path`.

    Raises
    ------
    RecordingUnreadable
        As :func:`psgpipe.edf.reader.read_header`.
    OutputConflict
        `out_path` exists (it may be the recording itself) or cannot be written.
    TryAgain
        The disk is full.
    """
    findings = Findings()
    out = Path(out_path)
    if os.path.lexists(out):
        raise OutputConflict(
            f"{file_name(out)}: exists; an anonymous copy never overwrites anything",
            "Choose another name for the copy.",
        )
    with open_source(path) as source, atomic_file(out) as file:
        layout = read_layout(source, findings)
        n_records = count_records(source, layout, findings)
        file.write(_header(source, layout, n_records, keep_date=keep_date))
        for block in _records(source, layout, n_records):
            file.write(block)
        source.check_unchanged()
    return out


def _header(source: Source, layout: Layout, n_records: int, *, keep_date: bool) -> bytes:
    fixed = source.read_at_most(0, FIXED_BYTES)
    date = read_start(layout.start_fields, Findings())[0] if keep_date else None
    return b"".join(
        (
            fixed[:8],
            b"X X X X".ljust(80),
            b"Startdate " + (_startdate(date) + b" X X X").ljust(70),
            fixed[168:176] if date else _ANONYMOUS_DATE,
            fixed[176:192],
            _kept(_KEPT_RESERVED, fixed[192:236]).ljust(44),
            b"%-8d" % n_records,
            fixed[244:256],
            _signal_headers(source, layout),
        )
    )


def _startdate(date: dt.date | None) -> bytes:
    if date is None:
        return b"X"
    return f"{date.day:02}-{MONTHS[date.month - 1]}-{date.year:04}".encode("ascii")


def _kept(pattern: re.Pattern[bytes], raw: bytes) -> bytes:
    match = pattern.match(raw)
    return match.group() if match else b""


def _signal_headers(source: Source, layout: Layout) -> bytes:
    n_signals = len(layout.signals)
    table = source.read_at_most(FIXED_BYTES, n_signals * sum(WIDTHS))
    parts, at = [], 0
    for name, width in zip(SignalFields._fields, WIDTHS, strict=True):
        for i in range(n_signals):
            parts.append(_signal_field(name, table[at + i * width : at + (i + 1) * width]))
        at += n_signals * width
    return b"".join(parts)


def _signal_field(name: str, raw: bytes) -> bytes:
    if name in ("transducer", "reserved"):
        return b" " * len(raw)
    if name == "prefilter" and not _KEPT_PREFILTER.fullmatch(raw.strip(b" \0")):
        return b" " * len(raw)
    return raw


def _records(source: Source, layout: Layout, n_records: int) -> Iterator[memoryview]:
    """The data records with their annotations filtered."""
    for _, block in iterate_blocks(source, layout, range(n_records)):
        for signal in layout.annotation_signals:
            for record in block:
                part = record[signal.offset : signal.offset + signal.n_bytes]
                part[:] = np.frombuffer(without_remarks(part.tobytes()), np.uint8)
        yield block.reshape(-1).data


def without_remarks(raw: bytes) -> bytes:
    """The annotation bytes of a record with only time-keeping and listed texts; same length."""
    kept = b""
    for piece in raw.split(b"\0"):
        for tal in split_tals(piece):
            written = _kept_tal(tal)
            # Where NULs between TALs were lost there may be no space for what belongs there.
            if len(kept) + len(written) <= len(raw):
                kept += written
    return kept.ljust(len(raw), b"\0")


def _kept_tal(tal: Tal) -> bytes:
    texts = [text for text in tal.texts if not text or _is_listed(text)]
    if not texts:
        return b""
    lasting = b"\x15" + tal.duration if tal.duration and DURATION.fullmatch(tal.duration) else b""
    return tal.onset + lasting + b"\x14" + b"\x14".join(texts) + b"\x14\x00"


def _is_listed(raw: bytes) -> bool:
    try:
        text = " ".join(raw.decode("utf-8").lower().split())
    except UnicodeDecodeError:
        return False
    return _KEPT_TEXT.fullmatch(text) is not None
