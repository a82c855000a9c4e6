"""EDF+ files written by edfio: a hypnogram as annotations, a recording with its signals."""

from __future__ import annotations

import datetime as dt
import io
from typing import TYPE_CHECKING

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


def write_scoring(hypnogram: Hypnogram) -> bytes:
    """The hypnogram as an annotations-only EDF+ file, one annotation of 30 s for each epoch.

    The same hypnogram gives the same bytes. Start date and time are kept; a date that is not
    known, or that EDF cannot hold (before 1985, after 2084), is left out. The file names no
    patient.
    """
    annotations = [
        (EPOCH_S * epoch, EPOCH_S, STAGE_TEXTS[stage])
        for epoch, stage in enumerate(hypnogram.stages)
    ]
    clock = hypnogram.start.time() if hypnogram.start else hypnogram.start_clock
    return _to_bytes(_annotations_only(annotations, _edf_date(hypnogram.start), clock))


def _annotations_only(
    annotations: list[tuple[float, float | None, str]],
    date: dt.date | None,
    clock: dt.time | None,
) -> edfio.Edf:
    import edfio

    return edfio.Edf(
        [],
        recording=edfio.Recording(startdate=date),
        starttime=clock,
        annotations=[edfio.EdfAnnotation(*annotation) for annotation in annotations],
    )


def _edf_date(start: dt.datetime | None) -> dt.date | None:
    """The date, where the two-digit year of an EDF header can hold it."""
    return start.date() if start and 1985 <= start.year <= 2084 else None


def _to_bytes(edf: edfio.Edf) -> bytes:
    buffer = io.BytesIO()
    edf.write(buffer)
    return buffer.getvalue()
