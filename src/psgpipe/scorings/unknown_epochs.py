"""Epochs of a scoring whose text is no known stage: they are said or refused, never left out."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import replace

from psgpipe.errors import ScoringInvalid
from psgpipe.messages import count_of
from psgpipe.model.header import Annotation, Finding
from psgpipe.model.hypnogram import SCORED
from psgpipe.model.scoring import Scoring
from psgpipe.scorings.stage_intervals import LONGEST_EPOCH_S, SHORTEST_EPOCH_S
from psgpipe.scorings.stage_words import stage_word

MOST_SHARE = 0.05
_SAME_S = 1e-3


def with_unknown_epochs(scoring: Scoring) -> Scoring:
    """The scoring with a finding on events that last one epoch and stand where a stage should.

    Raises
    ------
    psgpipe.errors.ScoringInvalid
        They are more than 5 % of the epochs.
    """
    epoch_s = _usual_s(scoring)
    if epoch_s is None:
        return scoring
    unknown = [note for note in scoring.annotations if _may_be_stage(note, epoch_s)]
    places = _gaps(scoring)
    n_unknown = sum(_is_in(places, note.onset_s + epoch_s / 2) for note in unknown)
    if not n_unknown:
        return scoring
    n_staged = sum((stage.duration_s or 0.0) / epoch_s for stage in scoring.stages)
    what = f"{count_of(n_unknown, 'event')} of {epoch_s:g} s where a stage should be"
    if n_unknown > MOST_SHARE * (n_staged + n_unknown):
        raise ScoringInvalid(
            f"{scoring.file}: {what}, with a text that is no stage psgpipe knows",
            "Name the spellings: --scoring-map SPELLING=STAGE,...",
        )
    finding = Finding("scoring-unknown-epochs", f"the scoring has {what}: these epochs are UNS")
    return replace(scoring, findings=(*scoring.findings, finding))


def _usual_s(scoring: Scoring) -> float | None:
    """The most frequent duration of a stage, if it can be that of an epoch."""
    durations = Counter(s.duration_s for s in scoring.stages if s.duration_s)
    possible = {d: n for d, n in durations.items() if SHORTEST_EPOCH_S <= d <= LONGEST_EPOCH_S}
    return max(possible, key=lambda d: possible[d], default=None)


def _may_be_stage(note: Annotation, epoch_s: float) -> bool:
    """Whether an event lasts one epoch, and is not a movement or an epoch that is not scored."""
    if note.duration_s is None or abs(note.duration_s - epoch_s) > _SAME_S:
        return False
    word = stage_word(note.text)
    return word is None or word.stage in SCORED


def _gaps(scoring: Scoring) -> list[tuple[float, float]]:
    """The times between the stages, in order."""
    gaps, reached_s = [], None
    for stage in sorted(scoring.stages, key=lambda s: s.onset_s):
        if reached_s is not None and stage.onset_s > reached_s:
            gaps.append((reached_s, stage.onset_s))
        end_s = stage.onset_s + (stage.duration_s or 0.0)
        reached_s = end_s if reached_s is None else max(reached_s, end_s)
    return gaps


def _is_in(gaps: list[tuple[float, float]], moment_s: float) -> bool:
    place = bisect_right(gaps, (moment_s, float("inf"))) - 1
    return place >= 0 and gaps[place][0] <= moment_s < gaps[place][1]
