"""The writer of EDF+ files: a hypnogram as annotations; by edfio, a recording with its signals."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import IO, TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from psgpipe.edf.start_time import MONTHS
from psgpipe.model.header import Annotation
from psgpipe.model.hypnogram import EPOCH_S, Hypnogram, SleepStage

if TYPE_CHECKING:
    import edfio

# The texts of the EDF+ specification (EDF+ "polysomnography" table, as revised for AASM stages).
STAGE_TEXTS = {
    SleepStage.W: "Sleep stage W",
    SleepStage.N1: "Sleep stage N1",
    SleepStage.N2: "Sleep stage N2",
    SleepStage.N3: "Sleep stage N3",
    SleepStage.R: "Sleep stage R",
    SleepStage.ART: "Artefact",
    SleepStage.UNS: "Sleep stage ?",
}


DIGITAL_RANGE = (-32767, 32767)


@dataclass(frozen=True, eq=False)
class OutputSignal:
    """One channel of a recording to write.

    Attributes
    ----------
    samples
        Shape (n_samples,), in `unit`; values outside of `physical_range` are clipped.
    physical_range
        Lowest and highest value that the file can hold.
    """

    label: str
    unit: str
    fs_hz: int
    samples: npt.NDArray[np.float64]
    physical_range: tuple[float, float]
    prefilter: str = ""
    transducer: str = ""


def write_scoring(
    hypnogram: Hypnogram,
    *,
    last_epoch_s: float = EPOCH_S,
    texts: Mapping[SleepStage, str] = STAGE_TEXTS,
    events: Sequence[Annotation] = (),
) -> bytes:
    """The hypnogram as an annotations-only EDF+ file, one annotation of 30 s for each epoch.

    The last may be shorter, `last_epoch_s`: no annotation goes on after the recording has ended.
    The same hypnogram gives the same bytes. Start date and time are kept; a date that is not
    known, or that EDF cannot hold (before 1985, after 2084), is left out. The file names no
    patient.

    Parameters
    ----------
    texts
        The text of each stage.
    events
        Further annotations, such as lights off and lights on.
    """
    lasting_s = [EPOCH_S] * (len(hypnogram) - 1) + [last_epoch_s]
    stages = [
        Annotation(EPOCH_S * epoch, duration_s, texts[stage])
        for epoch, (stage, duration_s) in enumerate(zip(hypnogram.stages, lasting_s, strict=True))
    ]
    clock = hypnogram.start.time() if hypnogram.start else hypnogram.start_clock
    return _annotations_only([*events, *stages], _edf_date(hypnogram.start), clock or dt.time())


def _annotations_only(
    annotations: Sequence[Annotation], date: dt.date | None, clock: dt.time
) -> bytes:
    """An EDF+ file of one data record that holds all annotations, in the order of their onsets.

    The bytes are those that edfio writes. It takes ten times as long, which counts in a batch.
    """
    in_order = sorted(
        annotations,
        key=lambda a: (a.onset_s, -1 if a.duration_s is None else a.duration_s, a.text),
    )
    # The fraction of the start's second is in the onsets: the header has whole seconds.
    offset_s = clock.microsecond / 1_000_000
    lists = [_annotation_list(offset_s, None, "")]
    lists += [_annotation_list(a.onset_s + offset_s, a.duration_s, a.text) for a in in_order]
    content = b"".join(lists)
    n_samples = (len(content) + 1) // 2  # of two bytes
    day = f"{date:%d}-{MONTHS[date.month - 1]}-{date:%Y}" if date else "X"
    fields = (
        ("0", 8), ("X X X X", 80), (f"Startdate {day} X X X", 80),
        (f"{date:%d.%m.%y}" if date else "01.01.85", 8), (f"{clock:%H.%M.%S}", 8),
        ("512", 8), ("EDF+C", 44), ("1", 8), ("0", 8), ("1", 4),  # one record of 0 s, one signal
        ("EDF Annotations", 16), ("", 80), ("", 8), ("-32768", 8), ("32767", 8),
        ("-32768", 8), ("32767", 8), ("", 80), (str(n_samples), 8), ("", 32),
    )  # fmt: skip
    header = "".join(text.ljust(width) for text, width in fields)
    return header.encode("ascii") + content.ljust(2 * n_samples, b"\0")


def _annotation_list(onset_s: float, duration_s: float | None, text: str) -> bytes:
    lasting = "" if duration_s is None else f"\x15{_seconds(duration_s)}"
    return f"{'' if onset_s < 0 else '+'}{_seconds(onset_s)}{lasting}\x14{text}\x14\0".encode()


def _seconds(value: float) -> str:
    """The shortest digits that are read as the same number, without an exponent."""
    digits = repr(float(value))
    if "e" in digits:
        digits = f"{Decimal(digits):f}"
    return digits.removesuffix(".0")


def write_recording(
    file: IO[bytes],
    signals: Iterable[OutputSignal],
    annotations: Sequence[Annotation],
    start: dt.datetime,
    equipment: str,
) -> None:
    """Write a continuous EDF+ recording with data records of 1 s; names no patient.

    edfio holds the whole file, and needs its size twice in memory.
    """
    import edfio

    edf = edfio.Edf(
        [_edf_signal(signal) for signal in signals],
        recording=edfio.Recording(startdate=_edf_date(start), equipment_code=equipment),
        starttime=start.time(),
        data_record_duration=1,
        annotations=[edfio.EdfAnnotation(a.onset_s, a.duration_s, a.text) for a in annotations],
    )
    edf.write(file)


def _edf_signal(signal: OutputSignal) -> edfio.EdfSignal:
    import edfio

    return edfio.EdfSignal(
        np.clip(signal.samples, *signal.physical_range),
        signal.fs_hz,
        label=signal.label,
        transducer_type=signal.transducer,
        physical_dimension=signal.unit,
        physical_range=signal.physical_range,
        digital_range=DIGITAL_RANGE,
        prefiltering=signal.prefilter,
    )


def _edf_date(start: dt.datetime | None) -> dt.date | None:
    return start.date() if start and 1985 <= start.year <= 2084 else None
