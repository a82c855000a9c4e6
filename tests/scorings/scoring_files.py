"""Scorings for tests: values, and EDF+ files of annotations alone."""

import datetime as dt

from psgpipe.edf.start_time import MONTHS
from psgpipe.model.hypnogram import SleepStage
from psgpipe.model.scoring import ScoredStage, Scoring
from tests.edf_files import annotations, edf_bytes

EVENING = dt.datetime(2024, 3, 4, 22, 55)


def scoring(stages, start=EVENING, **more):
    """A scoring; `stages` are (onset_s, duration_s, stage) and, if wanted, the scorer."""
    scored = [ScoredStage(o, d, SleepStage(s), s, *by) for o, d, s, *by in stages]
    given = {"file": "night-scoring.edf", "format": "edf", "recognised_by": "it was given as that"}
    return Scoring(**given, stages=tuple(scored), start=start, **more)


def epochs(words, first_s=0.0, epoch_s=30.0):
    """One stage after the other, each of one epoch: ``"W N2 N2"``."""
    return [(first_s + epoch_s * i, epoch_s, word) for i, word in enumerate(words.split())]


def tal(onset_s, duration_s, text):
    """One annotation as EDF+ writes it."""
    duration = b"" if duration_s is None else b"\x15%g" % duration_s
    return b"%+.10g" % onset_s + duration + b"\x14" + text.encode() + b"\x14\x00"


def edf_scoring(notes, date="04.03.24", time="22.55.00"):
    """The bytes of an EDF+ file with these annotations alone: (onset_s, duration_s, text)."""
    body = b"+0\x14\x14\x00" + b"".join(tal(*note) for note in notes)
    channel = annotations(lambda record: body, per_record=len(body) // 2 + 1)
    day, month, year = date.split(".")
    known = f"Startdate {day}-{MONTHS[int(month) - 1]}-20{year} X X X"
    return edf_bytes(
        [channel], 1, record_s=0, reserved="EDF+C", recording=known, date=date, time=time
    )
