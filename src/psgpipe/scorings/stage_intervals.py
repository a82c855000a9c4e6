"""The intervals of a scoring: a stage without duration lasts to the next one."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from psgpipe.errors import ScoringInvalid
from psgpipe.messages import listed, printable
from psgpipe.model.hypnogram import EPOCH_S, SleepStage
from psgpipe.model.scoring import ScoredStage, Scoring
from psgpipe.sleep.local_clock import LocalClock

SHORTEST_EPOCH_S, LONGEST_EPOCH_S = 5.0, 60.0
ROUNDING_S = 1.0
"""Two stages may overlap by this much: programs round their times."""
TIMES_SHOWN = 3
LEAST_STEPS, USUAL_SHARE = 10, 0.9


class StageInterval(NamedTuple):
    """A stage from `begin_s` to `end_s`, in the scoring's own seconds."""

    begin_s: float
    end_s: float
    stage: SleepStage


@dataclass(frozen=True)
class StageIntervals:
    """The intervals of a scoring in the order of time.

    Attributes
    ----------
    epoch_s
        The length of one epoch: declared, or the most frequent in the file.
    n_without_duration
        Stages whose end is the onset of the next one.
    last_s
        The assumed length of the last stage, None where the file gives it; infinite where it lasts
        to the end of the recording.
    """

    intervals: tuple[StageInterval, ...]
    epoch_s: float
    n_without_duration: int
    last_s: float | None


def stage_intervals(scoring: Scoring, recording_end_s: float) -> StageIntervals:
    """Every stage with its end, each scorer's for themselves.

    A stage without duration, or of duration 0, lasts to the next one of the same scorer. The last
    one lasts one epoch where the file lists epochs, and to the end of the recording,
    `recording_end_s` in the scoring's own seconds, where it lists changes: then no stage follows
    on its like. Where nearly every stage begins one epoch after the one before it, an epoch that
    is not in the file has no stage.

    Raises
    ------
    psgpipe.errors.ScoringInvalid
        The file declares epochs shorter than 5 s or longer than 60 s, or a time is no number.
    """
    if scoring.epoch_s is not None and not SHORTEST_EPOCH_S <= scoring.epoch_s <= LONGEST_EPOCH_S:
        raise ScoringInvalid(
            f"{scoring.file}: it is scored in epochs of {scoring.epoch_s:g} s, wanted "
            f"{SHORTEST_EPOCH_S:g} to {LONGEST_EPOCH_S:g} s",
            "Export the scoring in 30-s epochs.",
        )
    by_scorer: dict[str | None, list[ScoredStage]] = {}
    for stage in scoring.stages:
        by_scorer.setdefault(stage.scorer, []).append(stage)
    _refuse_other_unit(scoring, by_scorer.values())
    epoch_s = scoring.epoch_s or _usual_epoch_s(by_scorer.values())
    intervals: list[StageInterval] = []
    n_without, last_s = 0, None
    for stages in by_scorer.values():
        ordered = sorted(stages, key=lambda s: s.onset_s)
        ends_s = _next_onsets_s(ordered)
        longest_s = _longest_s(ordered)
        for stage, next_s in zip(ordered, ends_s, strict=True):
            end_s = stage.onset_s + (stage.duration_s or 0.0)
            if not stage.duration_s:
                n_without += 1
                if next_s is None:
                    last_s = epoch_s if _lists_epochs(ordered) else math.inf
                    rest_s = max(recording_end_s - stage.onset_s, 0.0)
                    next_s = stage.onset_s + min(last_s, max(rest_s, epoch_s))
                end_s = min(next_s, stage.onset_s + longest_s)
            intervals.append(StageInterval(stage.onset_s, end_s, stage.stage))
    return StageIntervals(tuple(sorted(intervals)), epoch_s, n_without, last_s)


def _refuse_other_unit(scoring: Scoring, groups: Iterable[Sequence[ScoredStage]]) -> None:
    """Refuse stages without duration that begin less than 5 s apart, or all 61 s or more apart.

    No such epochs exist: their times may be minutes, numbers of epochs, milliseconds or samples.
    """
    for stages in groups:
        if any(stage.duration_s for stage in stages):
            continue
        onsets_s = sorted({stage.onset_s for stage in stages})
        distances_s = sorted(b - a for a, b in itertools.pairwise(onsets_s))
        usual_s = distances_s[len(distances_s) // 2] if distances_s else SHORTEST_EPOCH_S
        is_too_short = usual_s < SHORTEST_EPOCH_S - ROUNDING_S and len(distances_s) > 1
        n_usual = distances_s.count(usual_s)
        are_epochs = len(distances_s) >= LEAST_STEPS and n_usual >= USUAL_SHARE * len(distances_s)
        is_too_long = usual_s > LONGEST_EPOCH_S + ROUNDING_S and are_epochs
        if is_too_short or is_too_long:
            raise ScoringInvalid(
                f"{scoring.file}: its stages begin {usual_s:g} s apart, wanted epochs of "
                f"{SHORTEST_EPOCH_S:g} to {LONGEST_EPOCH_S:g} s",
                "If they are no seconds: name the unit, onset [min], or call the column epoch.",
            )


def _next_onsets_s(ordered: Sequence[ScoredStage]) -> list[float | None]:
    """The next later onset behind each stage; None behind the last."""
    onsets_s = [stage.onset_s for stage in ordered]
    later: list[float | None] = [None] * len(onsets_s)
    for i in range(len(onsets_s) - 2, -1, -1):
        later[i] = onsets_s[i + 1] if onsets_s[i + 1] > onsets_s[i] else later[i + 1]
    return later


def _longest_s(ordered: Sequence[ScoredStage]) -> float:
    """The longest time without duration to the next stage: one epoch where all have one."""
    onsets_s = sorted({stage.onset_s for stage in ordered})
    steps_s = [round(b - a, 3) for a, b in itertools.pairwise(onsets_s)]
    if len(steps_s) < LEAST_STEPS or not _lists_epochs(ordered):
        return math.inf
    (usual_s, n_usual), *_ = Counter(steps_s).most_common(1)
    is_epoch = SHORTEST_EPOCH_S <= usual_s <= LONGEST_EPOCH_S
    return usual_s if is_epoch and n_usual >= USUAL_SHARE * len(steps_s) else math.inf


def _lists_epochs(ordered: Sequence[ScoredStage]) -> bool:
    """Whether a stage follows on its like: a list of changes has no such pair."""
    # Stages 3 and 4 of Rechtschaffen and Kales are both N3, and a change between them is one.
    return any((a.stage, a.text) == (b.stage, b.text) for a, b in itertools.pairwise(ordered))


def _usual_epoch_s(groups: Iterable[Sequence[ScoredStage]]) -> float:
    """The most frequent length of an epoch, by durations, else by distances; 30 s where unclear."""
    lengths: Counter[float] = Counter()
    for stages in groups:
        onsets_s = sorted({stage.onset_s for stage in stages})
        given = [stage.duration_s for stage in stages if stage.duration_s]
        distances = [round(b - a, 3) for a, b in itertools.pairwise(onsets_s)]
        lengths.update(given or distances)
    possible = [n for n in lengths if SHORTEST_EPOCH_S <= n <= LONGEST_EPOCH_S]
    return max(possible, key=lambda n: (lengths[n], n == EPOCH_S)) if possible else EPOCH_S


def refuse_contradictions(
    scoring: Scoring, intervals: Sequence[StageInterval], clock: LocalClock
) -> None:
    """Refuse two different stages for one time.

    That a stage is unknown contradicts none, and an artefact only where it lasts half an epoch.

    Raises
    ------
    psgpipe.errors.ScoringInvalid
        With the first times, and the scorers to choose from.
    """
    moments_s: list[float] = []
    furthest: dict[SleepStage, float] = {}
    for begin_s, end_s, stage in (i for i in intervals if i.stage != SleepStage.UNS):
        if any(
            min(other_end_s, end_s) - begin_s > _allowed_overlap_s(stage, other)
            for other, other_end_s in furthest.items()
        ):
            moments_s.append(begin_s)
        furthest[stage] = max(end_s, furthest.get(stage, end_s))
    if not moments_s:
        return
    times = listed((clock.clock_at(s) or f"{s:g} s" for s in moments_s), TIMES_SHOWN)
    names = ", ".join(printable(name) for name in scoring.scorers)
    remedy = (
        f"Choose one scorer: --scorer NAME, of {names}."
        if len(scoring.scorers) > 1
        else "Export one scorer's stages, each once; the file does not tell scorers apart."
    )
    raise ScoringInvalid(f"{scoring.file}: two different stages at {times}", remedy)


def _allowed_overlap_s(stage: SleepStage, other: SleepStage) -> float:
    if stage == other:
        return math.inf
    return EPOCH_S / 2 if SleepStage.ART in (stage, other) else ROUNDING_S
