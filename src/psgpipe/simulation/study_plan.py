"""The plan of a simulated study: its nights, each with its true stages and its row in the table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from psgpipe.simulation.night import CONDITIONS, NightPlan, plan_night
from psgpipe.simulation.other_sources import SimulatedWatch, SubjectNights, watch
from psgpipe.simulation.study_design import CONTROL_ARM, StudyDesign, check_design

RECORDINGS, SCORINGS = "recordings", "scorings"
COLUMNS = (
    "subject", "night", "condition", "recording", "lights_off", "lights_on", "age", "sex",
    "night_in_lab", "scoring",
)  # fmt: skip
NIGHT_NAMES = {"baseline": "base", "treatment": "treat"}
# The first night in the lab is not part of the study.
FIRST_NIGHT_IN_LAB = 2


@dataclass(frozen=True, eq=False)
class PlannedNight:
    """One row of the study table."""

    subject: str
    night: str
    condition: str
    night_in_lab: int
    plan: NightPlan
    arm: str | None = None

    @property
    def recording(self) -> str:
        """Path of the recording, relative to the table."""
        return f"{RECORDINGS}/sub-{self.subject}_ses-{self.night}.edf"

    @property
    def scoring(self) -> str:
        """Path of the true stages, relative to the table."""
        return f"{SCORINGS}/sub-{self.subject}_ses-{self.night}.edf"

    def row(self) -> dict[str, str]:
        """The night as it stands in the study table, by column."""
        off_s, on_s = self.plan.lights_off_s, self.plan.lights_on_s
        cells = (
            self.subject, self.night, self.condition, self.recording, self._clock(off_s),
            self._clock(on_s), self.plan.traits.age_y, self.plan.traits.sex, self.night_in_lab,
            self.scoring,
        )  # fmt: skip
        row = dict(zip(COLUMNS, map(str, cells), strict=True))
        return row if self.arm is None else {**row, "arm": self.arm}

    def _clock(self, seconds: float) -> str:
        return f"{self.plan.start + dt.timedelta(seconds=seconds):%H:%M:%S}"


def plan_study(design: StudyDesign) -> list[PlannedNight]:
    """Every night of the study with its true stages; nothing is written.

    Raises
    ------
    psgpipe.errors.UsageError
        The design, or the planted effect, is impossible.
    """
    check_design(design)
    return [
        PlannedNight(
            f"S{subject:02}",
            f"{NIGHT_NAMES[condition]}{night}",
            condition,
            FIRST_NIGHT_IN_LAB + night - 1 + design.nights * CONDITIONS.index(condition),
            plan_night(
                design.seed,
                hours=design.hours,
                subject=subject,
                condition=condition,
                night=night,
                effects={} if design.arm(subject) == CONTROL_ARM else design.effects,
            ),
            design.arm(subject),
        )
        for subject in range(1, design.subjects + 1)
        for condition in CONDITIONS
        for night in range(1, design.nights + 1)
    ]


def nights_by_subject(nights: Sequence[PlannedNight]) -> list[SubjectNights]:
    """The nights of each subject in the order of their dates."""
    subjects = dict.fromkeys(night.subject for night in nights)
    return [
        SubjectNights(
            subject,
            tuple(
                (night.condition, night.plan)
                for night in sorted(nights, key=lambda night: night.plan.start)
                if night.subject == subject
            ),
        )
        for subject in subjects
    ]


def watch_of_each(design: StudyDesign, nights: Sequence[PlannedNight]) -> dict[str, SimulatedWatch]:
    """The watch of each subject, where the study has actigraphy."""
    if not design.actigraphy:
        return {}
    subjects = enumerate(nights_by_subject(nights))
    return {one.subject: watch(one, number, design.seed) for number, one in subjects}
