"""An anonymous copy of a recording: without the header text that may identify the patient."""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from psgpipe.edf.annotations import DURATION, Tal, split_tals
from psgpipe.edf.file_format import FIXED_BYTES
from psgpipe.edf.findings import Findings
from psgpipe.edf.header import Layout, read_layout
from psgpipe.edf.header_fields import FieldError, read_decimal, read_integer
from psgpipe.edf.preflight import count_records
from psgpipe.edf.records import iterate_blocks
from psgpipe.edf.signal_header import WIDTHS, Signal, SignalFields
from psgpipe.edf.source import Source, open_source
from psgpipe.edf.start_time import MONTHS, read_start
from psgpipe.edf.units import uv_per_unit
from psgpipe.files.unnamed_file import new_file, refuse_existing
from psgpipe.montage.event_labels import lights_in

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
_KEPT_PREFILTER = re.compile(
    rb"(?:(?:HP|LP|N|BP|NF)[: ]*(?:[0-9]{1,5}(?:\.[0-9]{1,5})?|DC) *(?:m?Hz)?[ ,;/]*)*", re.I
)
_KEPT_RESERVED = re.compile(rb"[EB]DF\+[CD]|24BIT")
# Units besides those of voltage, as files have them. A unit outside this list may be a word.
_KEPT_UNIT = re.compile(
    r"%|(?:m|u|µ)?bar|(?:c|d|k)?Pa|mm ?Hg|cm ?H2O|torr|(?:k|M|m)?[Oo]hms?|(?:k|M)?Ω|(?:m|k|c|u)?g"
    r"|(?:m|u|µ|n)?A|(?:m|k)?W|dBA?|(?:k|m|M)?Hz|m?s(?:ec)?|min|bpm|BPM|1/min|[CKF]|(?:°|deg ?)C?"
    r"|rad|lu?x|(?:m|c|d)?m|m/s\^?2|(?:m?l|m?L|cc)(?:/(?:s|sec|min|m))?|steps|counts?|bits?"
    r"|ADU|arb|a\.?u\.?|1|#|-"
)
_ANONYMOUS_DATE = b"01.01.85"
_MOST_EXACT_AGE_Y = 89
_BIRTHDATE = re.compile(r"(\d{2})-([A-Z]{3})-(\d{4})")
_KEPT_AGE = re.compile(r"age_(?:\d{1,2}|90\+)")


def anonymise(
    path: str | os.PathLike[str],
    out_path: str | os.PathLike[str],
    *,
    keep_date: bool = False,
    keep_age_sex: bool = False,
) -> Path:
    """Write a copy without the free text of the header, by the rules of EDF+.

    Patient becomes ``X X X X`` and recording ``Startdate X X X X``; the start date becomes 01.01.85
    unless `keep_date`; the time of day stays, because lights off and on depend on it. What can not
    be read as what the field is for is blanked: times, units, limits, prefilters. Transducers
    and the reserved fields are blanked (serial numbers, remarks), prefilters stay if they are
    written as in EDF+ (``HP:0.1Hz LP:75Hz``). Of the annotations, time-keeping and the texts of a
    closed list (stages, lights, respiratory and other events) stay; all others are removed with
    their onsets. Labels stay: look at them. Samples stay bit for bit. Bytes behind the last whole
    record are dropped, and the record count is corrected.

    Parameters
    ----------
    path
        The recording, plain or gzipped.
    out_path
        Where the copy goes, uncompressed. psgpipe does not look at its name. A finished copy of
        the same recording is left as it is.
    keep_date
        Keep the date on which the recording began, where it is known.
    keep_age_sex
        Keep sex and age in whole years, ``X F X X age_52``, where the patient field has them as
        EDF+ wants it. Older than 89 years becomes ``age_90+``. The day of birth goes.

    Returns
    -------
    Path
        `out_path`.

    Raises
    ------
    RecordingUnreadable
        As :func:`psgpipe.edf.reader.read_header`.
    OutputConflict
        `out_path` exists with other content (it may be the recording itself) or cannot be written.
    TryAgain
        The disk is full.
    """
    findings = Findings()
    out = Path(out_path)
    with open_source(path) as source:
        layout = read_layout(source, findings)
        n_records = count_records(source, layout, findings)

        def pieces() -> Iterator[bytes | memoryview]:
            yield _header(source, layout, n_records, keep_date=keep_date, keep_age_sex=keep_age_sex)
            yield from _records(source, layout, n_records)

        if os.path.lexists(out):
            if not _holds(out, pieces()):
                refuse_existing(out)
            return out
        with new_file(out) as file:
            for piece in pieces():
                file.write(piece)
            source.check_unchanged()
    return out


def _holds(path: Path, pieces: Iterator[bytes | memoryview]) -> bool:
    """Whether a regular file consists of these pieces."""
    if path.is_symlink() or not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return all(file.read(len(p)) == p for p in pieces) and not file.read(1)
    except OSError:
        return False


def _header(
    source: Source, layout: Layout, n_records: int, *, keep_date: bool, keep_age_sex: bool
) -> bytes:
    fixed = source.read_at_most(0, FIXED_BYTES)
    date, clock = read_start(layout.start_fields, Findings())
    patient = _patient(fixed[8:88], date) if keep_age_sex else "X X X X"
    kept_date = date if keep_date else None
    return b"".join(
        (
            (b"\xffBIOSEMI" if layout.is_bdf else b"0       "),
            patient.encode("ascii").ljust(80),
            b"Startdate " + (_startdate(kept_date) + b" X X X").ljust(70),
            _day(kept_date),
            _clock(layout.start_fields.time) if clock is None else f"{clock:%H.%M.%S}".encode(),
            b"%-8d" % layout.header_bytes,
            _kept(_KEPT_RESERVED, fixed[192:236]).ljust(44),
            b"%-8d" % n_records,
            _decimal(fixed[244:252]),
            b"%-4d" % len(layout.signals),
            _signal_headers(source, layout),
        )
    )


def _patient(raw: bytes, recorded: dt.date | None) -> str:
    """The patient field with sex and age only; an age that is absent or impossible is left out."""
    words = raw.decode("latin-1").replace("\0", " ").split()
    sex = words[1] if len(words) >= 4 and words[1] in ("F", "M") else "X"
    known = len(words) >= 4 and words[1] in ("F", "M", "X")
    age = next((w for w in words[4:] if _KEPT_AGE.fullmatch(w)), None) if known else None
    if known and age is None:
        age = _age(words[2], recorded)
    return " ".join(["X", sex, "X", "X", *filter(None, [age])])


def _age(birthdate: str, recorded: dt.date | None) -> str | None:
    match = _BIRTHDATE.fullmatch(birthdate.upper())
    if match is None or match[2] not in MONTHS or recorded is None:
        return None
    month, day = MONTHS.index(match[2]) + 1, int(match[1])
    years = recorded.year - int(match[3]) - ((recorded.month, recorded.day) < (month, day))
    if not 0 <= years <= 120:
        return None
    return f"age_{years}" if years <= _MOST_EXACT_AGE_Y else "age_90+"


def _day(date: dt.date | None) -> bytes:
    return _ANONYMOUS_DATE if date is None else f"{date:%d.%m.}{date.year % 100:02}".encode()


def _clock(raw: bytes) -> bytes:
    """The time field where it is no time of day: midnight without a date counts as unknown."""
    return b"00.00.00" if raw.strip(b" \0") == b"00.00.00" else b" " * len(raw)


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
        for signal in layout.signals:
            raw = table[at : at + width]
            parts.append(_signal_field(name, raw, signal).ljust(width))
            at += width
    return b"".join(parts)


def _signal_field(name: str, raw: bytes, signal: Signal) -> bytes:
    """The field as it stands if it can be read as what it is for; else nothing."""
    bare = raw.strip(b" \0")
    if name == "label":
        return raw
    if name in ("physical_min", "physical_max"):
        return _decimal(raw)
    if name in ("digital_min", "digital_max"):
        return _integer(raw)
    if name == "samples":
        return b"%d" % signal.n_samples
    if name == "unit":
        unit = signal.channel.unit
        is_unit = uv_per_unit(unit) is not None or _KEPT_UNIT.fullmatch(unit)
        return bare if is_unit else b""
    if name == "prefilter":
        return bare if _KEPT_PREFILTER.fullmatch(bare) else b""
    return b""  # transducer, reserved


def _decimal(raw: bytes) -> bytes:
    """The field if it is a number; else blanks."""
    try:
        read_decimal(raw, "", Findings())
    except FieldError:
        return b" " * len(raw)
    return raw.strip(b" \0").ljust(len(raw))


def _integer(raw: bytes) -> bytes:
    try:
        read_integer(raw, "", Findings())
    except FieldError:
        return b" " * len(raw)
    return raw.strip(b" \0").ljust(len(raw))


def _records(source: Source, layout: Layout, n_records: int) -> Iterator[memoryview]:
    """The data records with their annotations filtered, also where the label is misspelled."""
    text_signals = [
        s for s in layout.signals if s.is_annotations or "annotation" in s.channel.label.casefold()
    ]
    for _, block in iterate_blocks(source, layout, range(n_records)):
        for signal in text_signals:
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
    texts = [kept for text in tal.texts if (kept := _kept_text(text)) is not None]
    if not texts:
        return b""
    lasting = b"\x15" + tal.duration if tal.duration and DURATION.fullmatch(tal.duration) else b""
    return tal.onset + lasting + b"\x14" + b"\x14".join(texts) + b"\x14\x00"


def _kept_text(raw: bytes) -> bytes | None:
    """A listed text as it is, another way to say lights off or on in plain words, else None."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return None
    if not text or _KEPT_TEXT.fullmatch(" ".join(text.lower().split())):
        return raw
    mention = lights_in(text)
    if mention is None or mention.certainty != "sure":
        return None
    # Not longer than what was there, as a rule: other languages have short words, too.
    word = b"LOFF" if mention.side == "off" else b"LON"
    return word + (f" {mention.clock.time:%H:%M:%S}".encode() if mention.clock else b"")
