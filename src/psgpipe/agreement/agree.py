"""The agreement of a study: its automatic stages against those of its experts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from psgpipe.agreement.endpoints import (
    COMPARED,
    EndpointAgreement,
    NightEndpoints,
    endpoint_agreement,
    night_endpoints,
)
from psgpipe.agreement.scored_nights import (
    LeftOutNight,
    ScoredNight,
    nights_of_a_person,
    scored_nights,
)
from psgpipe.agreement.scoring_files import ScoringFiles, scoring_files
from psgpipe.agreement.statistics.by_stage import PooledAgreement, pooled
from psgpipe.agreement.statistics.calibration import Calibration, calibration
from psgpipe.errors import UsageError
from psgpipe.messages import listed
from psgpipe.model.hypnogram import SCORED, SleepStage
from psgpipe.results.status import study_nights
from psgpipe.sleep.agreement import Agreement, agreement
from psgpipe.staging.consensus import de_weighted


@dataclass(frozen=True, eq=False)
class StudyAgreement:
    """The agreement of automatic stages with experts' stages in a study.

    Attributes
    ----------
    agreements, endpoints
        Of each night in `nights`.
    raw, without_weights
        Calibration of the stager's probabilities, and of the same without the class weights of
        its training; None where no epoch has both probabilities and an expert's stage. `raw` is
        None where a pipeline has taken the weights out before.
    unused_files
        Files in the folder of scorings that belong to no night.
    """

    nights: tuple[ScoredNight, ...]
    agreements: tuple[Agreement, ...]
    endpoints: tuple[NightEndpoints, ...]
    pooled: PooledAgreement
    by_condition: Mapping[str, PooledAgreement]
    by_endpoint: Mapping[str, EndpointAgreement]
    raw: Calibration | None
    without_weights: Calibration | None
    left_out: tuple[LeftOutNight, ...] = ()
    unused_files: tuple[str, ...] = ()


def agree(
    out: Path,
    scorings: Path | None = None,
    *,
    mapping: Mapping[str, SleepStage] | None = None,
    scorer: str | None = None,
) -> StudyAgreement:
    """Compare the finished nights of `out` with their experts' stages.

    Parameters
    ----------
    scorings
        A folder with scoring files; None takes the scorings that the study table gives.
    mapping, scorer
        The stage of each spelling in the files, and whose stages are meant where they have several.

    Raises
    ------
    psgpipe.errors.UsageError
        No finished night has a scoring, or something is said about files that are not given.
    """
    files = scoring_files(scorings, mapping, scorer)
    found = scored_nights(study_nights(out), files)
    if not found.nights:
        raise _nothing_to_compare(found.left_out, files)
    nights = tuple(found.nights)
    agreements = tuple(agreement(night.expert, night.automatic) for night in nights)
    endpoints = tuple(night_endpoints(night) for night in nights)
    return StudyAgreement(
        nights=nights,
        agreements=agreements,
        endpoints=endpoints,
        pooled=pooled(agreements, [night.subject for night in nights]),
        by_condition=_by_condition(nights, agreements),
        by_endpoint={name: endpoint_agreement(name, endpoints) for name in COMPARED},
        raw=_calibration([n for n in nights if not n.de_weighted], as_stored=True),
        without_weights=_calibration(nights, as_stored=False),
        left_out=tuple(found.left_out),
        unused_files=tuple(files.unused) if files else (),
    )


def _nothing_to_compare(left_out: Sequence[LeftOutNight], files: ScoringFiles | None) -> UsageError:
    failures = [night for night in left_out if night.is_failure]
    if failures:
        first = failures[0]
        return UsageError(
            f"no night could be compared; {first.subject} {first.night}: {first.reason}",
            "Correct the scorings, and run the same command again.",
        )
    alone = nights_of_a_person(left_out)
    if alone:
        return UsageError(
            alone,
            "Run the recordings without --stages expert; the scorings stay in the column scoring.",
        )
    if files is None:
        return UsageError(
            "no finished night has the stages of an expert",
            "Give them in the column scoring of the study table, or their folder (--scorings DIR).",
        )
    return UsageError(
        f"no file in the folder is called like a night; found {listed(files.unused, 4)}",
        "Call the scorings <subject>_<night>.* or as the recordings, with another ending.",
    )


def _by_condition(
    nights: Sequence[ScoredNight], agreements: Sequence[Agreement]
) -> dict[str, PooledAgreement]:
    conditions = dict.fromkeys(night.condition for night in nights if night.condition)
    result = {}
    for condition in conditions:
        chosen = [
            (a, n.subject) for a, n in zip(agreements, nights, strict=True)
            if n.condition == condition
        ]  # fmt: skip
        result[condition] = pooled([a for a, _ in chosen], [subject for _, subject in chosen])
    return result


def _calibration(nights: Sequence[ScoredNight], *, as_stored: bool) -> Calibration | None:
    number = {stage: column for column, stage in enumerate(SCORED)}
    probabilities, expert = [np.empty((0, len(SCORED)))], [np.empty(0, int)]
    subjects: list[str] = []
    for night in nights:
        is_plain = as_stored or night.de_weighted
        values = night.probabilities if is_plain else de_weighted(night.probabilities)
        stages = np.array([number.get(stage, -1) for stage in night.expert.stages])
        counted = (stages >= 0) & np.isfinite(values).all(axis=1)
        probabilities.append(values[counted])
        expert.append(stages[counted])
        subjects += [night.subject] * int(counted.sum())
    return calibration(np.concatenate(probabilities), np.concatenate(expert), subjects)
