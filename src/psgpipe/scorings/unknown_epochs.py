"""Epochs of a scoring whose text is no known stage: they are said or refused, never left out."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace

from psgpipe.errors import ScoringInvalid
from psgpipe.messages import count_of
from psgpipe.model.header import Annotation, Finding
from psgpipe.model.hypnogram import EPOCH_S, SCORED, SleepStage
from psgpipe.model.scoring import ScoredStage, Scoring
from psgpipe.scorings.stage_intervals import LONGEST_EPOCH_S, SHORTEST_EPOCH_S
from psgpipe.scorings.stage_words import may_name_stage, stage_word

MOST_SHARE = 0.05
LEAST_ON_GRID = 3
"""An event that begins with an epoch by chance does so once in 20 or 30 times."""
_GRIDS_S = (EPOCH_S, 20.0)
_SAME_S = 1e-3


def with_unknown_epochs(scoring: Scoring) -> Scoring:
    """The scoring with a finding on events that stand where a stage should.

    Some last one epoch, or fill the time between two stages. In a list of changes others have no
    duration: they end the stage before them, which would last over them, and become UNS.

    Raises
    ------
    psgpipe.errors.ScoringInvalid
        They are more than 5 % of them and the stages.
    """
    changes = _unknown_changes(scoring)
    unknown = changes or _unknown_epochs(scoring)
    if not unknown:
        return scoring
    n_unknown, n_known = len(unknown), len(scoring.stages)
    first_s = min(note.onset_s for note in unknown)
    if changes:
        what = f"{count_of(n_unknown, 'event')} without duration that may be stages"
        then = "the time to the next stage is UNS"
    else:
        lengths_s = {note.duration_s for note in unknown}
        length = f"of {lengths_s.pop():g} s" if len(lengths_s) == 1 else "of various lengths"
        what = f"{count_of(n_unknown, 'event')} {length} where a stage should be"
        then = "these epochs are UNS"
    if n_unknown > MOST_SHARE * (n_known + n_unknown):
        raise ScoringInvalid(
            f"{scoring.file}: {what}, with a text that is no stage psgpipe knows; the first at "
            f"{first_s:g} s",
            "Name the spellings: --scoring-map SPELLING=STAGE,...; or export the stages alone.",
        )
    finding = Finding(
        "scoring-unknown-epochs", f"the scoring has {what}, the first at {first_s:g} s: {then}"
    )
    return replace(
        scoring,
        stages=(*scoring.stages, *(s for note in changes for s in _unscored(note, scoring))),
        findings=(*scoring.findings, finding),
    )


def _unknown_changes(scoring: Scoring) -> list[Annotation]:
    """Events of a list of changes whose texts look like stages, or that begin as epochs do."""
    if all(stage.duration_s for stage in scoring.stages):
        return []
    onsets_s = sorted(stage.onset_s for stage in scoring.stages)
    notes = [
        note
        for note in scoring.annotations
        if not note.duration_s and note.onset_s > onsets_s[0] and not _is_at(onsets_s, note.onset_s)
    ]
    grid_s = next((g for g in _GRIDS_S if all(_is_on(g, s - onsets_s[0]) for s in onsets_s)), None)
    by_text: dict[str, list[Annotation]] = defaultdict(list)
    for note in notes:
        by_text[note.text].append(note)
    return [
        note
        for text, own in by_text.items()
        if may_name_stage(text)
        or (
            grid_s is not None
            and len(own) >= LEAST_ON_GRID
            and all(_is_on(grid_s, note.onset_s - onsets_s[0]) for note in own)
        )
        for note in own
    ]


def _unscored(note: Annotation, scoring: Scoring) -> list[ScoredStage]:
    """The unknown stage of each scorer: a stage lasts to the next one of the same scorer."""
    scorers = dict.fromkeys(stage.scorer for stage in scoring.stages)
    return [
        ScoredStage(note.onset_s, None, SleepStage.UNS, note.text, scorer) for scorer in scorers
    ]


def _is_at(onsets_s: Sequence[float], moment_s: float) -> bool:
    place = bisect_left(onsets_s, moment_s - _SAME_S)
    return place < len(onsets_s) and onsets_s[place] <= moment_s + _SAME_S


def _is_same(a_s: float, b_s: float) -> bool:
    return abs(a_s - b_s) <= _SAME_S


def _is_on(grid_s: float, since_first_s: float) -> bool:
    return abs(since_first_s - round(since_first_s / grid_s) * grid_s) <= _SAME_S


def _unknown_epochs(scoring: Scoring) -> list[Annotation]:
    """The events with a duration that stand in the place of a stage and name no known one."""
    epoch_s = _usual_s(scoring)
    places = _gaps(scoring)
    if epoch_s is None:
        return []
    candidates = [
        note
        for note in scoring.annotations
        if (note.duration_s or 0.0) >= SHORTEST_EPOCH_S and _may_be_stage(note)
    ]
    unknown = []
    for note in candidates:
        duration_s = note.duration_s or 0.0
        gap = _gap_at(places, note.onset_s + min(duration_s, epoch_s) / 2)
        if gap is None or math.inf in gap or -math.inf in gap:
            continue
        if _is_same(duration_s, epoch_s) or _touches(gap, note.onset_s, note.onset_s + duration_s):
            unknown.append(note)
    epochs = [note for note in candidates if _is_same(note.duration_s or 0.0, epoch_s)]
    return [*unknown, *_in_a_row(epochs, before_s=places[0][1], after_s=places[-1][0])]


def _in_a_row(epochs: Sequence[Annotation], *, before_s: float, after_s: float) -> list[Annotation]:
    """Those right before the first stage or right behind the last one, without a hole."""
    found = []
    for note in sorted(epochs, key=lambda n: n.onset_s):
        if _is_same(note.onset_s, after_s):
            found.append(note)
            after_s += note.duration_s or 0.0
    for note in sorted(epochs, key=lambda n: -n.onset_s):
        if _is_same(note.onset_s + (note.duration_s or 0.0), before_s):
            found.append(note)
            before_s = note.onset_s
    return found


def _touches(gap: tuple[float, float], begin_s: float, end_s: float) -> bool:
    """Whether an event begins where a stage ends, or ends where one begins."""
    return _is_same(begin_s, gap[0]) or _is_same(end_s, gap[1])


def _usual_s(scoring: Scoring) -> float | None:
    """The most frequent duration of a stage, if it can be that of an epoch."""
    durations = Counter(s.duration_s for s in scoring.stages if s.duration_s)
    possible = [d for d in durations if SHORTEST_EPOCH_S <= d <= LONGEST_EPOCH_S]
    return max(possible, key=lambda d: durations[d], default=None)


def _may_be_stage(note: Annotation) -> bool:
    """Whether an event is not a movement or an epoch that is not scored."""
    word = stage_word(note.text)
    return word is None or word.stage in SCORED


def _gaps(scoring: Scoring) -> list[tuple[float, float]]:
    """The times without a stage, in order: before the first, between them, after the last."""
    gaps, reached_s = [], -math.inf
    for stage in sorted(scoring.stages, key=lambda s: s.onset_s):
        if stage.onset_s > reached_s:
            gaps.append((reached_s, stage.onset_s))
        reached_s = max(reached_s, stage.onset_s + (stage.duration_s or 0.0))
    return [*gaps, (reached_s, math.inf)]


def _gap_at(gaps: Sequence[tuple[float, float]], moment_s: float) -> tuple[float, float] | None:
    place = bisect_right(gaps, (moment_s, math.inf)) - 1
    return gaps[place] if place >= 0 and gaps[place][0] <= moment_s < gaps[place][1] else None
