"""A night's scoring as Luna's annotation files: ``.annot`` and ``.eannot``.

The formats: https://zzz.bwh.harvard.edu/luna/ref/annotations/. Times count from the start of the
recording. Luna's own words are used, so that its HYPNO and STAGE read them without a mapping.
"""

from __future__ import annotations

from psgpipe.model.hypnogram import EPOCH_S, SleepStage
from psgpipe.results.export.numbers import plain_number
from psgpipe.results.finished_night import FinishedNight

CLASSES = {
    **{stage: str(stage) for stage in SleepStage},
    SleepStage.ART: "M",
    SleepStage.UNS: "?",
}
"""Luna's name of each stage; movement is one, an artefact is not."""
_COLUMNS = ("class", "instance", "channel", "start", "stop", "meta")


def luna_annot(night: FinishedNight) -> bytes:
    """The ``.annot`` file: an interval for each epoch, a moment for lights off and lights on."""
    intervals = [
        (EPOCH_S * epoch, EPOCH_S * epoch + night.epoch_duration_s(epoch), CLASSES[stage])
        for epoch, stage in enumerate(night.hypnogram.stages)
    ]
    lights = (("lights_off", night.lights_off_s), ("lights_on", night.lights_on_s))
    intervals += [(onset_s, onset_s, name) for name, onset_s in lights if onset_s is not None]
    rows = [
        (name, ".", ".", plain_number(start_s), plain_number(stop_s), ".")
        for start_s, stop_s, name in sorted(intervals, key=lambda interval: interval[:2])
    ]
    return "".join("\t".join(row) + "\n" for row in (_COLUMNS, *rows)).encode("ascii")


def luna_eannot(night: FinishedNight) -> bytes | None:
    """The ``.eannot`` file: a stage a line; None for a recording with gaps.

    Luna wants as many lines as it makes epochs. It makes none of an unfinished last epoch, and it
    starts them anew after a gap.
    """
    recording = night.manifest.recording
    recorded_s, span_s = recording.duration_s, recording.span_s
    if recorded_s is None or span_s is None or abs(span_s - recorded_s) > 1e-3:
        return None
    whole = int(night.span_s / EPOCH_S + 1e-6)
    return "".join(f"{CLASSES[s]}\n" for s in night.hypnogram.stages[:whole]).encode("ascii")
