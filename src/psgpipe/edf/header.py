"""The header of an EDF or BDF file: its layout, every number parsed or refused by name.

Layout: Kemp et al. 1992 (EDF), Kemp and Olivan 2003 (EDF+), BioSemi's 24-bit BDF. 256 bytes about
the file, then 256 for each signal, stored field by field.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate

from psgpipe.edf.file_format import (
    COPY_AGAIN,
    FIXED_BYTES,
    identify,
    invalid_header,
    unknown_format,
)
from psgpipe.edf.findings import Findings
from psgpipe.edf.header_fields import FieldError, read_decimal, read_integer, shown
from psgpipe.edf.signal_header import WIDTHS, Signal, SignalFields, read_signal
from psgpipe.edf.source import Source
from psgpipe.edf.start_time import StartFields
from psgpipe.errors import HeaderInvalid
from psgpipe.messages import count_of

SIGNAL_BYTES = 256
MOST_SIGNALS = 9999
SHORTEST_RECORD_S = 1e-6
LONGEST_S = 7 * 86400
MOST_INFLATED_BYTES = 16 * 2**30


@dataclass(frozen=True)
class Layout:
    """Where everything lies in the file.

    Attributes
    ----------
    is_bdf
        24-bit samples.
    continuity
        ``""`` plain, ``C``, ``D``, or ``?`` where EDF+ is declared without saying which.
    is_contradictory
        Version and reserved field disagree about the width of samples.
    declared_records
        The header's count; None where it is -1.
    record_s
        Exact duration of a data record.
    signals
        Every signal, annotation channels too.
    """

    is_bdf: bool
    continuity: str
    is_contradictory: bool
    header_bytes: int
    record_bytes: int
    declared_records: int | None
    record_s: Fraction
    signals: tuple[Signal, ...]
    start_fields: StartFields

    @property
    def sample_bytes(self) -> int:
        """Bytes of one sample."""
        return 3 if self.is_bdf else 2

    @property
    def container(self) -> str:
        """``EDF``, ``EDF+C``, ``BDF+D``, ..."""
        family = "BDF" if self.is_bdf else "EDF"
        if not self.continuity:
            return family
        return f"{family}+{'D' if self.continuity == 'D' else 'C'}"

    @property
    def annotation_signals(self) -> tuple[Signal, ...]:
        """The channels that hold TALs."""
        return tuple(s for s in self.signals if s.is_annotations)

    @property
    def ordinary_signals(self) -> tuple[Signal, ...]:
        """The channels that hold samples."""
        return tuple(s for s in self.signals if not s.is_annotations)


def read_layout(source: Source, findings: Findings) -> Layout:
    """Read and check the header.

    Raises
    ------
    HeaderInvalid
        Not EDF or BDF, incomplete, or a field that the layout depends on is unusable.
    """
    fixed = source.read_at_most(0, FIXED_BYTES)
    is_bdf = identify(fixed, source)
    if is_bdf is None:
        is_bdf = _width_by_size(source, fixed)
        findings.add(
            "version-unusual",
            "the version field is neither EDF's nor BDF's; header length, signals and file size "
            f"are those of {'BDF' if is_bdf else 'EDF'}",
        )
    try:
        return _layout(source, fixed, findings, is_bdf=is_bdf)
    except FieldError as error:
        raise HeaderInvalid(f"{source.name}: {error}", COPY_AGAIN) from error


def _width_by_size(source: Source, fixed: bytes) -> bool:
    """Whether a file with an unusual version is BDF, by its size, which must fit exactly.

    Some recorders write a date there, and the field may be damaged on the way.
    """
    for is_bdf in (False, True):
        try:
            layout = _layout(source, fixed, Findings(), is_bdf=is_bdf)
        except (FieldError, HeaderInvalid) as error:
            raise unknown_format(source, fixed) from error
        if not layout.is_contradictory and _size_agrees(source, layout):
            return is_bdf
    raise unknown_format(source, fixed)


def _size_agrees(source: Source, layout: Layout) -> bool:
    """Whether the file holds its header and exactly the records that it declares.

    Where the count is -1, whole records.
    """
    if layout.declared_records is None:
        data_bytes = 0 if source.gzipped else source.measure(0) - layout.header_bytes
        return data_bytes > 0 and data_bytes % layout.record_bytes == 0
    size = layout.header_bytes + layout.declared_records * layout.record_bytes
    is_plausible = layout.declared_records > 0 and size <= MOST_INFLATED_BYTES
    return is_plausible and source.measure(size) == size


def _layout(source: Source, fixed: bytes, findings: Findings, *, is_bdf: bool) -> Layout:
    n_signals = read_integer(fixed[252:256], "number of signals", findings)
    if not 1 <= n_signals <= MOST_SIGNALS:
        raise invalid_header(source, f"the header declares {count_of(n_signals, 'signal')}")
    header_bytes = _header_bytes(source, fixed, n_signals, findings)
    record_s = Fraction(read_decimal(fixed[244:252], "duration of a data record", findings))
    if record_s and not SHORTEST_RECORD_S <= record_s <= LONGEST_S:
        raise invalid_header(source, f"a data record lasts {shown(fixed[244:252])} s")
    table = source.read_at_most(FIXED_BYTES, n_signals * SIGNAL_BYTES)
    if len(table) < n_signals * SIGNAL_BYTES:
        got = FIXED_BYTES + len(table)
        raise invalid_header(source, f"the header is incomplete ({got} of {header_bytes} bytes)")
    signals = _signals(table, n_signals, record_s, findings, is_bdf=is_bdf)
    record_bytes = sum(s.n_bytes for s in signals)
    if record_bytes == 0:
        raise invalid_header(source, "no signal has any samples in a data record")
    if record_s == 0 and any(s.n_samples and not s.is_annotations for s in signals):
        raise invalid_header(
            source, "a data record with signals lasts 0 s: sampling rates undefined"
        )
    continuity = _continuity(fixed[192:236], findings, signals, is_bdf=is_bdf)
    return Layout(
        is_bdf=is_bdf,
        continuity=continuity,
        is_contradictory=_is_contradictory(fixed[192:236], findings, is_bdf=is_bdf),
        header_bytes=header_bytes,
        record_bytes=record_bytes,
        declared_records=_declared_records(source, fixed[236:244], findings),
        record_s=record_s,
        signals=signals,
        start_fields=StartFields(
            date=fixed[168:176],
            time=fixed[176:184],
            recording=fixed[88:168],
            is_plus=bool(continuity),
        ),
    )


def _header_bytes(source: Source, fixed: bytes, n_signals: int, findings: Findings) -> int:
    stated = read_integer(fixed[184:192], "header length", findings)
    needed = FIXED_BYTES + n_signals * SIGNAL_BYTES
    if stated != needed:
        raise invalid_header(
            source,
            f"header length {stated} does not fit {count_of(n_signals, 'signal')}: {needed} bytes",
        )
    return needed


def _declared_records(source: Source, raw: bytes, findings: Findings) -> int | None:
    count = read_integer(raw, "number of data records", findings)
    if count < -1:
        raise invalid_header(source, f"the header declares {count_of(count, 'data record')}")
    return None if count == -1 else count


def _signals(
    table: bytes, n_signals: int, record_s: Fraction, findings: Findings, *, is_bdf: bool
) -> tuple[Signal, ...]:
    columns = _columns(table, n_signals)
    fields = [SignalFields(*row) for row in zip(*columns, strict=True)]
    sample_bytes = 3 if is_bdf else 2
    samples = [_samples_per_record(f, i, findings) for i, f in enumerate(fields)]
    offsets = [0, *accumulate(n * sample_bytes for n in samples)]
    return tuple(
        read_signal(i, f, n, offset, record_s, findings, sample_bytes=sample_bytes)
        for i, (f, n, offset) in enumerate(zip(fields, samples, offsets, strict=False))
    )


def _columns(table: bytes, n_signals: int) -> list[list[bytes]]:
    """Each field of the signal header as a list over the signals."""
    columns, at = [], 0
    for width in WIDTHS:
        columns.append([table[at + i * width : at + (i + 1) * width] for i in range(n_signals)])
        at += n_signals * width
    return columns


def _samples_per_record(fields: SignalFields, index: int, findings: Findings) -> int:
    field = f"number of samples in a record of signal {index + 1}"
    count = read_integer(fields.samples, field, findings)
    if count < 0:
        raise FieldError(f"{field} is {count}")
    return count


def _is_contradictory(raw: bytes, findings: Findings, *, is_bdf: bool) -> bool:
    contradictory = not is_bdf and raw.strip(b" \0").upper().startswith((b"24BIT", b"BDF+"))
    if contradictory:
        findings.add("reserved-contradicts", "the version field says EDF, the reserved field BDF")
    return contradictory


def _continuity(
    raw: bytes, findings: Findings, signals: tuple[Signal, ...], *, is_bdf: bool
) -> str:
    """``C``, ``D``, ``?`` or blank, from the reserved field."""
    reserved = raw.strip(b" \0").upper()
    if reserved.startswith((b"EDF+", b"BDF+")):
        if raw[:4] not in (b"EDF+", b"BDF+") or (reserved[:1] == b"B") != is_bdf:
            findings.add("reserved-unusual", "the reserved field does not spell EDF+ as it should")
        declared = reserved[4:5].decode("latin-1")
        if declared in ("C", "D"):
            return declared
        findings.add("reserved-unusual", "EDF+ is declared without saying continuous or not")
        return "?"
    if any(s.is_annotations for s in signals):
        findings.add("edfplus-undeclared", "annotations in a file that does not declare EDF+: read")
    return ""
