"""The parser of time-stamped annotation lists (TAL) of EDF+ and BDF+.

A TAL is ``+onset[0x15 duration]0x14 text 0x14 [text 0x14 ...]0x00``. The first one in a data record
has an empty first text: its onset is the record's time (EDF+ specification, 2.2.2 to 2.2.4).
"""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from psgpipe.edf.findings import Findings
from psgpipe.edf.records import Bytes
from psgpipe.edf.timekeeping import LONGEST_ONSET, read_timekeeping
from psgpipe.messages import are, count_of, have
from psgpipe.model.header import Annotation

_NUMBER = rb"[0-9]+(?:[.,][0-9]*)?(?:[eE][+-]?[0-9]{1,2})?"
_TAL = re.compile(rb"([+-]?" + _NUMBER + rb")(?:\x15([^\x14\x15]*))?\x14(.*)", re.DOTALL)
DURATION = re.compile(rb"\+?" + _NUMBER)
# An onset where a text should be: the NUL between two TALs was forgotten.
_LOST_NUL = re.compile(rb"([+-][0-9]+(?:[.,][0-9]*)?)(?:\x15([0-9]*(?:[.,][0-9]*)?))?")


class Tal(NamedTuple):
    """One TAL as written; `duration` is None where there is none."""

    onset: bytes
    duration: bytes | None
    texts: list[bytes]
    is_whole: bool


# Parsing costs as much for a few records as for thousands.
_BATCH_BYTES = 1 << 19


class TalParser:
    """The annotation channels, read record by record; onsets count from the header's start.

    Attributes
    ----------
    onsets
        Time-keeping onset of each record, NaN where it has none.
    decimals, whole_digits
        Digits behind and before the point of each onset as written.
    annotations
        All but the time-keeping ones.
    """

    def __init__(self, first_record: int, n_records: int) -> None:
        self._first_record = first_record
        self.onsets: npt.NDArray[np.float64] = np.full(n_records, np.nan)
        self.decimals = np.zeros(n_records, np.int64)
        self.whole_digits = np.zeros(n_records, np.int64)
        self.annotations: list[Annotation] = []
        self._malformed = self._first_malformed = 0
        self._not_utf8 = self._commas = 0
        self._waiting: list[Bytes] = []
        self._waiting_from = self._waiting_to = 0

    def add(self, first_record: int, rows: Bytes) -> None:
        """Take one annotation channel's bytes in some records, shape (n_records, n_bytes).

        They are parsed in batches; the last batch by :meth:`finish`.
        """
        follows = self._waiting_to == first_record and self._waiting[-1:]
        if not follows or self._waiting[-1].shape[1] != rows.shape[1]:
            self.finish()
            self._waiting_from = first_record
        self._waiting.append(rows.copy())
        self._waiting_to = first_record + len(rows)
        if (self._waiting_to - self._waiting_from) * rows.shape[1] >= _BATCH_BYTES:
            self.finish()

    def finish(self) -> None:
        """Parse the last batch; the attributes are complete only afterwards."""
        waiting, self._waiting = self._waiting, []
        if waiting:
            self._parse(self._waiting_from, np.concatenate(waiting))

    def _parse(self, first_record: int, rows: Bytes) -> None:
        """Parse at once the records that hold their time and nothing else: nearly all do."""
        timekeeping = read_timekeeping(rows)
        first = first_record - self._first_record
        records = slice(first, first + len(rows))
        plain = timekeeping.is_plain & np.isnan(self.onsets[records])
        np.copyto(self.onsets[records], timekeeping.onsets, where=plain)
        np.copyto(self.decimals[records], timekeeping.decimals, where=plain)
        np.copyto(self.whole_digits[records], timekeeping.whole_digits, where=plain)
        for i in np.flatnonzero(~timekeeping.is_plain):
            self._add_record(first_record + int(i), rows[i].tobytes())

    def _add_record(self, record: int, raw: bytes) -> None:
        for piece in raw.split(b"\0"):
            if piece.strip():
                tals = split_tals(piece)
                if not tals:
                    self._is_malformed(record)
                for tal in tals:
                    self._add_tal(record, tal)

    def report(self, findings: Findings) -> None:
        """Add the findings about all annotations."""
        if self._malformed:
            findings.add(
                "annotation-malformed",
                f"{count_of(self._malformed, 'annotation')} {are(self._malformed)} malformed, "
                f"the first in data record {self._first_malformed + 1}; what could be read of "
                "them was kept",
            )
        if self._not_utf8:
            findings.add(
                "annotation-not-utf8",
                f"{count_of(self._not_utf8, 'annotation text')} {are(self._not_utf8)} not UTF-8; "
                "read as Latin-1",
            )
        if self._commas:
            findings.add(
                "decimal-comma",
                f"{count_of(self._commas, 'annotation time')} {have(self._commas)} a decimal "
                "comma; read as a point",
            )

    def _is_malformed(self, record: int) -> None:
        if not self._malformed:
            self._first_malformed = record
        self._malformed += 1

    def _add_tal(self, record: int, tal: Tal) -> None:
        onset = self._number(tal.onset)
        if onset is None or not tal.is_whole:
            self._is_malformed(record)
        if onset is None:
            return
        if tal.texts[:1] == [b""]:
            self._keep_time(record, onset, tal.onset)
        duration_s = self._duration(record, tal.duration)
        for text in tal.texts:
            if text:
                self.annotations.append(Annotation(onset, duration_s, self._text(text)))

    def _keep_time(self, record: int, onset: float, raw: bytes) -> None:
        i = record - self._first_record
        if not np.isnan(self.onsets[i]):
            return  # the first one counts: other annotation channels may repeat the time
        whole, _, decimals = raw.replace(b",", b".").partition(b".")
        self.onsets[i] = onset
        self.decimals[i] = len(decimals)
        self.whole_digits[i] = len(whole.lstrip(b"+-0"))

    def _number(self, raw: bytes) -> float | None:
        if b"," in raw:
            self._commas += 1
            raw = raw.replace(b",", b".")
        value = float(raw)
        return value if abs(value) <= LONGEST_ONSET else None

    def _duration(self, record: int, raw: bytes | None) -> float | None:
        if not raw:
            return None
        value = self._number(raw) if DURATION.fullmatch(raw) else None
        if value is None:
            self._is_malformed(record)
        return value

    def _text(self, raw: bytes) -> str:
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            self._not_utf8 += 1
            return raw.decode("latin-1")


def split_tals(piece: bytes) -> list[Tal]:
    """The TAL between two NULs; several where NULs are missing, none where it is no TAL.

    An onset in the place of a text starts a new TAL if another text follows it.
    """
    match = _TAL.fullmatch(piece)
    if match is None:
        return []
    *texts, unterminated = match.group(3).split(b"\x14")
    signed = match.group(1)[:1] in (b"+", b"-")
    if not texts and not unterminated:
        # The channel ended before the second separator: nothing but a time fits this.
        return [Tal(match.group(1), match.group(2), [b""], is_whole=False)]
    tals = [Tal(match.group(1), match.group(2), [], signed and not unterminated.strip())]
    for i, text in enumerate(texts):
        lost = _LOST_NUL.fullmatch(text) if i + 1 < len(texts) or b"\x15" in text else None
        if lost:
            tals[-1] = tals[-1]._replace(is_whole=False)
            tals.append(Tal(lost.group(1), lost.group(2), [], is_whole=True))
        else:
            tals[-1].texts.append(text)
    return tals


def shifted(annotations: list[Annotation], offset_s: float) -> tuple[Annotation, ...]:
    """The annotations in time order, onsets counted from the first sample."""
    moved = (Annotation(a.onset_s - offset_s, a.duration_s, a.text) for a in annotations)
    return tuple(sorted(moved, key=lambda a: a.onset_s))


def report_outside(annotations: tuple[Annotation, ...], span_s: float, findings: Findings) -> None:
    """Add a finding where annotations begin outside the recording."""
    outside = sum(not -1.0 <= a.onset_s <= span_s + 1.0 for a in annotations)
    if outside:
        lie = "lies" if outside == 1 else "lie"
        message = f"{count_of(outside, 'annotation')} {lie} outside the recording of {span_s:g} s"
        findings.add("annotation-outside", message)
