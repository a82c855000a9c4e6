"""Finished nights in memory, without files, from a scorer's notation."""

import datetime as dt

import numpy as np

from psgpipe.model.hypnogram import EPOCH_S, SCORED, Hypnogram
from psgpipe.results.finished_night import FinishedNight
from psgpipe.results.manifest import (
    DerivationRecord,
    EngineRecord,
    LightsRecord,
    Manifest,
    RecordingIdentity,
)

EVENING = dt.datetime(2024, 3, 1, 22, 15, 7)
PROBABILITY = 0.6


def finished_night(
    stages,
    *,
    subject="S1",
    night="n1",
    start=EVENING,
    lights_s=(None, None),
    last_epoch_s=EPOCH_S,
    gap_s=0.0,
    summary=None,
    flags=(),
):
    """A night with these stages; the stager gave each of them the probability .6."""
    n = len(stages)
    span_s = EPOCH_S * (n - 1) + last_epoch_s
    probabilities = np.full((n, len(SCORED)), np.nan)
    for epoch, stage in enumerate(stages):
        if stage in SCORED:
            probabilities[epoch] = 0.1
            probabilities[epoch, SCORED.index(stage)] = PROBABILITY
    clock = start.time() if start else None
    return FinishedNight(
        subject=subject,
        night=night,
        hypnogram=Hypnogram(tuple(stages), start=start, start_clock=clock),
        probabilities=probabilities,
        clock=tuple(
            (start + dt.timedelta(seconds=EPOCH_S * epoch)).strftime("%H:%M:%S") if start else ""
            for epoch in range(n)
        ),
        span_s=span_s,
        lights_off_s=lights_s[0],
        lights_on_s=lights_s[1],
        summary=summary or {},
        flags=flags,
        manifest=Manifest(
            outputs=(),
            document={},
            recording=RecordingIdentity(duration_s=span_s - gap_s, span_s=span_s),
            engine=EngineRecord(stager="yasa", versions={"yasa": "0.8.1"}),
            derivations=(DerivationRecord("C4-M1"), DerivationRecord("E1-M2")),
            lights=LightsRecord(off="22:16:07", on="06:02:00.250"),
        ),
    )
