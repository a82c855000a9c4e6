"""The pre-flight: what is checked before a sample is read (header, size, file name, labels).

A file holds its header and whole data records. Where its size says otherwise, the number of records
really there counts.
"""

from __future__ import annotations

import math
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from psgpipe.edf.findings import Findings
from psgpipe.edf.header import LONGEST_S, MOST_INFLATED_BYTES, Layout, read_layout
from psgpipe.edf.source import Source
from psgpipe.errors import HeaderInvalid, NoData, UnsafeFile
from psgpipe.messages import are, count_of, quoted

MOST_RECORDS = 10_000_000
LARGEST_ANNOTATION_BYTES = 64 * 2**20
_LOOKED_AT_BYTES = 1 << 20
_LEAST_SIGNS = 20
_GET_WHOLE = "Fetch the whole file again from where it was recorded."
_GZIPPED_NAMES = (".gz", ".edfz", ".bdfz", ".recz")


@dataclass(frozen=True)
class PreflightResult:
    """A file whose header can be read, and the number of its whole data records."""

    file: str
    layout: Layout
    n_records: int


def run_preflight(
    path: str | os.PathLike[str], source: Source, findings: Findings
) -> PreflightResult:
    """Check header, size, file name and labels.

    Raises
    ------
    HeaderInvalid, NoData, UnsafeFile
    """
    layout = read_layout(source, findings)
    n_records = count_records(source, layout, findings)
    _check_file_name(path, source, layout, findings)
    _check_labels(layout, findings)
    return PreflightResult(source.name, layout, n_records)


def count_records(source: Source, layout: Layout, findings: Findings) -> int:
    """Whole data records that are really there, by the header's count and the file's size.

    Raises
    ------
    NoData
        Not one whole record.
    UnsafeFile
        An implausible size or duration.
    HeaderInvalid
        The size fits samples of the other width only.
    """
    size = source.measure(_limit(layout))
    data_bytes = size - layout.header_bytes
    there, left_over = divmod(data_bytes, layout.record_bytes)
    declared = layout.declared_records
    _refuse_other_width(source, layout, data_bytes)
    n_records = there if declared is None else min(declared, there)
    _refuse_no_records(source, layout, data_bytes, n_records)
    _refuse_implausible(source, layout, n_records)
    if declared is None:
        _report_unknown(layout, findings, n_records, left_over)
    elif there < declared:
        _report_short(layout, findings, n_records, left_over)
    elif data_bytes > declared * layout.record_bytes:
        _refuse_text_transfer(source, layout)
        _report_long(source, layout, findings, data_bytes - declared * layout.record_bytes)
    return n_records


def refuse_endless(source: Source, preflight: PreflightResult) -> None:
    """Refuse to hash a file that goes on for many gigabytes after its recording."""
    layout = preflight.layout
    implied = layout.header_bytes + preflight.n_records * layout.record_bytes
    if source.n_bytes > implied + MOST_INFLATED_BYTES:
        raise UnsafeFile(
            f"{source.name}: implausible size: the file has {source.n_bytes} bytes, its header "
            f"implies {implied}",
            "Cut off what follows the recording, or copy the file again.",
        )


def _limit(layout: Layout) -> int:
    """The bytes up to which a gzipped file is inflated: what its header implies, if plausible.

    Half as much again is allowed, so that a 24-bit file whose header says 16 bit is recognized.
    """
    longest = MOST_RECORDS
    if layout.record_s:
        longest = min(longest, int(LONGEST_S / layout.record_s) + 1)
    records = longest if layout.declared_records is None else layout.declared_records
    implied = layout.header_bytes + min(records, longest) * layout.record_bytes
    return min(implied * 3 // 2, MOST_INFLATED_BYTES)


def _refuse_other_width(source: Source, layout: Layout, data_bytes: int) -> None:
    """Refuse a 24-bit file whose version says 16-bit, or the reverse: it would give noise."""
    declared = layout.declared_records
    if declared and data_bytes == declared * layout.record_bytes:
        return
    other = layout.record_bytes // layout.sample_bytes * (5 - layout.sample_bytes)
    fits_other = bool(declared and data_bytes == declared * other)
    if layout.is_contradictory or (fits_other and _holds_other_width(source, layout)):
        bits = 8 * (5 - layout.sample_bytes)
        raise HeaderInvalid(
            f"{source.name}: the version field says {8 * layout.sample_bytes}-bit samples, "
            f"the reserved field or the file's size {bits}-bit samples",
            "Export the recording again: EDF holds 16-bit samples, BDF 24-bit ones.",
        )


def _holds_other_width(source: Source, layout: Layout) -> bool:
    """Whether limits and samples fit the other width; a wrong record count gives the size, too.

    A 16-bit file has 16-bit limits. In 24-bit samples of so small a range every third byte is the
    sign, 0 or 255.
    """
    limits = [
        limit
        for signal in layout.ordinary_signals
        for limit in (signal.channel.digital_min, signal.channel.digital_max)
        if limit is not None
    ]
    fits_16_bit = all(-32768 <= limit <= 32767 for limit in limits)
    if layout.is_bdf or not fits_16_bit:
        return fits_16_bit == layout.is_bdf
    start = source.read_at_most(layout.header_bytes, _LOOKED_AT_BYTES)
    return not start[2::3].translate(None, b"\x00\xff")


def _refuse_text_transfer(source: Source, layout: Layout) -> None:
    """Refuse a file that was copied in text mode or recoded as text: it would give noise.

    Then every line feed has a carriage return before it, or bytes that are no UTF-8 have become
    U+FFFD; in samples both are rare.
    """
    declared_bytes = (layout.declared_records or 0) * layout.record_bytes
    start = source.read_at_most(layout.header_bytes, min(declared_bytes, _LOOKED_AT_BYTES))
    n_lines = start.count(b"\n")
    as_lines = n_lines >= _LEAST_SIGNS and start.count(b"\r\n") == n_lines
    as_utf8 = start.count(b"\xef\xbf\xbd") >= _LEAST_SIGNS
    if as_lines or as_utf8:
        how = "line ends were converted" if as_lines else "it was converted to UTF-8"
        raise HeaderInvalid(
            f"{source.name}: its bytes were changed on the way as if they were text: {how}",
            "Copy the recording again in binary mode.",
        )


def _refuse_no_records(source: Source, layout: Layout, data_bytes: int, n_records: int) -> None:
    if n_records > 0:
        return
    if layout.declared_records == 0:
        after = f", though {count_of(data_bytes, 'byte')} follow it" if data_bytes > 0 else ""
        what = f"no data: the header declares 0 data records{after}"
    elif data_bytes > 0:
        what = f"no data: {data_bytes} of {layout.record_bytes} bytes of the first data record"
    else:
        what = "no data: nothing follows the header"
    raise NoData(f"{source.name}: {what}", _GET_WHOLE)


def _refuse_implausible(source: Source, layout: Layout, n_records: int) -> None:
    days = float(n_records * layout.record_s / 86400)
    if days * 86400 > LONGEST_S:
        raise UnsafeFile(
            f"{source.name}: implausible size: {days:.0f} days of recording; "
            f"at most {LONGEST_S // 86400} are read",
            "Check how the file was made; cut a long recording into nights.",
        )
    largest = max((s.n_bytes for s in layout.annotation_signals), default=0)
    inflated = n_records * layout.record_bytes if source.gzipped else 0
    if (
        n_records > MOST_RECORDS
        or largest > LARGEST_ANNOTATION_BYTES
        or inflated > MOST_INFLATED_BYTES - layout.record_bytes - layout.header_bytes
    ):
        raise UnsafeFile(
            f"{source.name}: implausible size: {n_records} data records of "
            f"{layout.record_bytes} bytes",
            "Check how the file was made.",
        )


def _report_unknown(layout: Layout, findings: Findings, n_records: int, left_over: int) -> None:
    rest = (
        f"; {count_of(left_over, 'byte')} of a last, incomplete record left out"
        if left_over
        else ""
    )
    findings.add(
        "record-count-unknown",
        "the recording was not closed (number of records -1): "
        f"{count_of(n_records, 'record')} counted from the file size{rest}",
        affects="end",
        missing_end_s=math.inf,
    )


def _report_short(layout: Layout, findings: Findings, n_records: int, left_over: int) -> None:
    declared = layout.declared_records or 0
    cut = "; the last record is incomplete and left out" if left_over else ""
    findings.add(
        "size-short",
        f"the header declares {count_of(declared, 'record')} "
        f"({float(declared * layout.record_s):g} s), the file "
        f"holds {n_records} ({float(n_records * layout.record_s):g} s): "
        f"{declared - n_records} {are(declared - n_records)} missing{cut}",
        affects="end",
        missing_end_s=float((declared - n_records) * layout.record_s),
    )


def _report_long(source: Source, layout: Layout, findings: Findings, extra: int) -> None:
    """Whole records behind the last declared one are signal that is not read."""
    about = "at least " if source.gzipped else ""
    message = f"{about}{count_of(extra, 'byte')} after the last declared record left out"
    missing_end_s = float(extra // layout.record_bytes * layout.record_s)
    findings.add("size-long", message, affects="end", missing_end_s=missing_end_s)


def _check_file_name(
    path: str | os.PathLike[str], source: Source, layout: Layout, findings: Findings
) -> None:
    """Report a name that does not fit the bytes, which decide what the file is."""
    name = Path(os.fsdecode(path)).name.lower()
    named_gzip = name.endswith(_GZIPPED_NAMES)
    if source.gzipped and not named_gzip:
        findings.add("gzip-named-plain", "the file is gzipped, though its name does not say so")
    if named_gzip and not source.gzipped:
        findings.add("plain-named-gzip", "the file is not gzipped, though its name says so")
    stem = name.removesuffix(".gz")
    if layout.is_bdf and stem.endswith((".edf", ".edfz")):
        findings.add("bdf-named-edf", "the file is BDF (24-bit) by its bytes, though named EDF")
    if not layout.is_bdf and stem.endswith((".bdf", ".bdfz")):
        findings.add("edf-named-bdf", "the file is EDF (16-bit) by its bytes, though named BDF")


def _check_labels(layout: Layout, findings: Findings) -> None:
    """Report labels that stand twice: they cannot be asked for."""
    counts = Counter(s.channel.label for s in layout.ordinary_signals)
    for label, count in counts.items():
        if count > 1:
            message = f"label {quoted(label)} stands {count} times: ambiguous, cannot be used"
            findings.add("label-twice", message, label)
