"""The scored nights of a study to which a calibration is fitted; too few or unlike are refused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from psgpipe.agreement.scored_nights import LeftOutNight, ScoredNight, nights_of_a_person
from psgpipe.errors import NightsNotComparable, UsageError
from psgpipe.messages import count_of, listed
from psgpipe.model.hypnogram import SCORED
from psgpipe.results.status import StudyNight
from psgpipe.staging.calibration.chain import UNKNOWN

FEWEST_SUBJECTS = 4
NEVER_COMPARED = ("adaptation", "washout", "followup")
"""Conditions that the scored nights need not have."""
_ALIKE = ("pipeline", "stager", "classifier", "derivations", "demographics")


@dataclass(frozen=True, eq=False)
class FittedNight:
    """A scored night as a calibration is fitted to it.

    Attributes
    ----------
    labels
        The number of the scorer's stage in W N1 N2 N3 R, shape (n_epochs,); `UNKNOWN` out of bed,
        during sedation, and where there is none.
    """

    night: ScoredNight
    labels: npt.NDArray[np.int_]

    @property
    def probabilities(self) -> npt.NDArray[np.float64]:
        """Of the stager, shape (n_epochs, 5)."""
        return self.night.probabilities

    @property
    def pair(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int_]]:
        """Probabilities and labels."""
        return self.probabilities, self.labels


def fitted_nights(
    nights: Sequence[ScoredNight], left_out: Sequence[LeftOutNight], study: Iterable[StudyNight]
) -> tuple[FittedNight, ...]:
    """The nights with the labels of their scorers.

    Raises
    ------
    psgpipe.errors.UsageError
        Fewer than `FEWEST_SUBJECTS` have a scored night, in all or in a condition of the study.
    psgpipe.errors.NightsNotComparable
        They were staged by several recipes, or with a calibration.
    """
    _refuse_calibrated(nights)
    _refuse_several_recipes(nights)
    usable = [fitted for night in nights if (fitted := _fitted(night)) is not None]
    _refuse_few_subjects([fitted.night for fitted in usable], left_out, study)
    return tuple(usable)


def _fitted(night: ScoredNight) -> FittedNight | None:
    """None where no epoch has both a scorer's stage and probabilities."""
    number = {stage: n for n, stage in enumerate(SCORED)}
    labels = np.array([number.get(stage, UNKNOWN) for stage in night.expert.stages], dtype=int)
    labels[~night.expert.in_bed] = UNKNOWN
    if night.expert.sedation is not None:
        labels[night.expert.sedation] = UNKNOWN
    staged = np.isfinite(night.probabilities).all(axis=1)
    return FittedNight(night, labels) if ((labels != UNKNOWN) & staged).any() else None


def _refuse_calibrated(nights: Sequence[ScoredNight]) -> None:
    calibrated = [night for night in nights if night.origin.calibration is not None]
    if calibrated:
        raise NightsNotComparable(
            f"{count_of(len(calibrated), 'night')} staged with a calibration already "
            f"({calibrated[0].subject} {calibrated[0].night}: {calibrated[0].origin.calibration})",
            "Stage the scored nights without [stage_sleep] calibration, in a folder of their own.",
        )


def _refuse_several_recipes(nights: Sequence[ScoredNight]) -> None:
    for name in _ALIKE:
        night_of: dict[str, ScoredNight] = {}
        for night in nights:
            night_of.setdefault(night.origin.recipe.get(name, "not stated"), night)
        if len(night_of) > 1:
            found = " and ".join(
                f"{value[:40]} ({night.subject} {night.night})"
                for value, night in [*night_of.items()][:3]
            )
            raise NightsNotComparable(
                f"a calibration is of one recipe; {name} of the scored nights: {found}",
                "Run these nights by one recipe, or give the scorings of those that are alike "
                "(--scorings DIR).",
            )


def _refuse_few_subjects(
    nights: Sequence[ScoredNight], left_out: Sequence[LeftOutNight], study: Iterable[StudyNight]
) -> None:
    lacking = _lacking("", {night.subject for night in nights})
    for condition in _conditions(study):
        of = {night.subject for night in nights if night.condition == condition}
        lacking += _lacking(f"condition {condition}: ", of)
    if not lacking:
        return
    failed = [f"{n.subject} {n.night}: {n.reason}" for n in left_out if n.is_failure]
    why = f"; scorings that are no use: {listed(failed, 2)}" if failed else ""
    alone = nights_of_a_person(left_out)
    why += f"; {alone}" if alone else ""
    raise UsageError(
        f"wanted hand-scored nights of at least {FEWEST_SUBJECTS} subjects; {'; '.join(lacking)}"
        f"{why}",
        "Score more nights, and name them in the column scoring of the study table or give their "
        "folder (--scorings DIR).",
    )


def _conditions(study: Iterable[StudyNight]) -> list[str]:
    """The conditions of a study that has two or more to compare."""
    named = dict.fromkeys(
        night.condition for night in study if night.condition and not night.excluded
    )
    compared = [condition for condition in named if condition not in NEVER_COMPARED]
    return compared if len(compared) > 1 else []


def _lacking(where: str, subjects: set[str]) -> list[str]:
    n = len(subjects)
    return [] if n >= FEWEST_SUBJECTS else [f"{where}{n or 'none'} found"]
