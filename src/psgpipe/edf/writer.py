"""The writer of EDF+ files, by edfio: a hypnogram as annotations, a recording with its signals."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

import numpy as np
import numpy.typing as npt

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
    buffer = io.BytesIO()
    clock = hypnogram.start.time() if hypnogram.start else hypnogram.start_clock
    annotations = sorted([*events, *stages], key=lambda annotation: annotation.onset_s)
    _edf_plus([], annotations, _edf_date(hypnogram.start), clock).write(buffer)
    return buffer.getvalue()


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
    edf = _edf_plus(
        [_edf_signal(signal) for signal in signals],
        annotations,
        _edf_date(start),
        start.time(),
        equipment,
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


def _edf_plus(
    signals: Sequence[edfio.EdfSignal],
    annotations: Sequence[Annotation],
    date: dt.date | None,
    clock: dt.time | None,
    equipment: str = "X",
) -> edfio.Edf:
    import edfio

    return edfio.Edf(
        signals,
        recording=edfio.Recording(startdate=date, equipment_code=equipment),
        starttime=clock,
        data_record_duration=1 if signals else None,
        annotations=[edfio.EdfAnnotation(a.onset_s, a.duration_s, a.text) for a in annotations],
    )


def _edf_date(start: dt.datetime | None) -> dt.date | None:
    return start.date() if start and 1985 <= start.year <= 2084 else None
