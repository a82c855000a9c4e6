"""A study of simulated nights: planned as a whole, written night by night, its table last."""

from __future__ import annotations

import datetime as dt
import logging
import math
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from statistics import fmean
from typing import Any

from psgpipe.edf.writer import OutputSignal, write_recording, write_scoring
from psgpipe.errors import OutputConflict, TryAgain, UsageError
from psgpipe.files.atomic import atomic_file, bytes_of, json_bytes, output_errors, write_file
from psgpipe.files.temporary_files import remove_abandoned_files
from psgpipe.messages import unknown
from psgpipe.simulation.leads import DEFAULT_FS_HZ, MONTAGES
from psgpipe.simulation.night import CONDITIONS, NightPlan, night_signals, plan_night
from psgpipe.simulation.other_sources import (
    ACTIGRAPHY,
    DIARY,
    SimulatedWatch,
    SubjectNights,
    diary_table,
    planted_bias,
    watch,
)
from psgpipe.simulation.signal_effects import SIGNAL_EFFECTS, split_effects
from psgpipe.simulation.targets import EFFECTS
from psgpipe.sleep.architecture import summarize

LOGGER = logging.getLogger("psgpipe")
STUDY = "study.tsv"
DESCRIPTION = "simulation.json"
RECORDINGS, SCORINGS = "recordings", "scorings"
COLUMNS = (
    "subject", "night", "condition", "recording", "lights_off", "lights_on", "age", "sex",
    "night_in_lab", "scoring",
)  # fmt: skip
ARMS = TREATMENT_ARM, CONTROL_ARM = ("drug", "placebo")
FEWEST_WITH_ARMS = 4
NIGHT_NAMES = {"baseline": "base", "treatment": "treat"}
# The first night in the lab is not part of the study.
FIRST_NIGHT_IN_LAB = 2
SUBJECTS, NIGHTS, FS_HZ = (1, 999), (1, 14), (64, 1024)


@dataclass(frozen=True)
class StudyDesign:
    """The design of a study.

    Attributes
    ----------
    nights
        Of each condition and subject.
    fs_hz
        Rate of EEG, EOG and EMG; None is 128 for the minimal and 256 for the clinical montage.
    effects
        What treatment changes, by name, see EFFECTS.
    arms
        Whether every second pair of subjects is in a control arm, in which treatment changes
        nothing.
    diary, actigraphy
        Whether the study has them, too.
    """

    subjects: int = 2
    nights: int = 1
    hours: float = 8.0
    seed: int = 0
    montage: str = "minimal"
    fs_hz: int | None = None
    effects: Mapping[str, float] = field(default_factory=dict)
    arms: bool = False
    diary: bool = False
    actigraphy: bool = False

    def arm(self, subject: int) -> str | None:
        """The arm of a subject; subjects who mirror each other are in one arm."""
        return ARMS[(subject - 1) // 2 % 2] if self.arms else None

    @property
    def rate_hz(self) -> int:
        """The rate of EEG, EOG and EMG."""
        return DEFAULT_FS_HZ[self.montage] if self.fs_hz is None else self.fs_hz


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


def simulate_study(design: StudyDesign, out: Path, *, force: bool = False) -> dict[str, Any]:
    """Write the study into the folder `out`; returns what ``simulation.json`` holds.

    Everything is planned before anything is written. Where a run of the same design was stopped,
    its complete nights stay and the others are written. With `force`, files of the same names are
    replaced in a folder that is not empty; other files stay.

    Raises
    ------
    psgpipe.errors.UsageError
        The design, or the planted effect, is impossible.
    psgpipe.errors.OutputConflict
        `out` is not empty and not forced, or cannot be written.
    psgpipe.errors.TryAgain
        There is no space for it on the disk.
    """
    nights = plan_study(design)
    description = describe(design, nights)
    _remove_temporary_files(out)
    resumes = _is_stopped(out, description)
    _check_folder(out, force=force or resumes)
    _check_space(out, design, len(nights))
    if not resumes:
        # The description says of which design the files are, so older ones go before it comes.
        _remove_files(out, nights)
        write_file(out / DESCRIPTION, json_bytes(description))
    for number, night in enumerate(nights, 1):
        if not (out / night.recording).is_file():
            _write_night(out, night, design)
        LOGGER.info(f"{number}/{len(nights)} {night.subject} {night.night}: {night.recording}")
    _write_other_sources(out, design, nights)
    write_file(out / STUDY, _table(nights))
    return description


def _remove_temporary_files(out: Path) -> None:
    for folder in {out, *(out / name for name in (RECORDINGS, SCORINGS))}:
        remove_abandoned_files(folder)


def _is_stopped(out: Path, description: Mapping[str, Any]) -> bool:
    """Whether `out` holds the study of this design without its table, which is written last."""
    return not (out / STUDY).exists() and bytes_of(out / DESCRIPTION) == json_bytes(description)


def _remove_files(out: Path, nights: Sequence[PlannedNight]) -> None:
    """Remove the files that the study will write, the table first: where it is, all is complete."""
    names = [STUDY, DESCRIPTION, *(n for night in nights for n in (night.recording, night.scoring))]
    with output_errors(out / STUDY):
        for name in names:
            (out / name).unlink(missing_ok=True)


def plan_study(design: StudyDesign) -> list[PlannedNight]:
    """Every night of the study with its true stages; nothing is written.

    Raises
    ------
    psgpipe.errors.UsageError
        The design, or the planted effect, is impossible.
    """
    _check_design(design)
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


def describe(design: StudyDesign, nights: Sequence[PlannedNight]) -> dict[str, Any]:
    """Content of ``simulation.json``: design, software, and endpoints of the true stages."""
    description: dict[str, Any] = {
        "made_by": f"psgpipe {version('psgpipe')} simulate",
        "numpy": version("numpy"),
        "design": _design_as_stored(design),
        "planted_effects": dict(design.effects),
        "true_difference": _true_difference(nights),
        "nights": [
            {
                **night.row(),
                "age": night.plan.traits.age_y,
                "night_in_lab": night.night_in_lab,
                "true": _truth(night),
            }
            for night in nights
        ],
    }
    watches = _watches(design, nights)
    planted = planted_bias([*watches.values()], diary=design.diary)
    if planted:
        description["planted_bias"] = planted
    if watches:
        description["clock_offsets_s"] = {name: one.offset_s for name, one in watches.items()}
    return description


def _design_as_stored(design: StudyDesign) -> dict[str, Any]:
    """The design; what a study does not have is not stored, as before there was any."""
    stored = {**asdict(design), "fs_hz": design.rate_hz}
    return {k: v for k, v in stored.items() if v or k not in ("arms", "diary", "actigraphy")}


def _truth(night: PlannedNight) -> dict[str, float | int | None]:
    endpoints = summarize(night.plan.hypnogram).endpoints()
    return {name: value for name, value in endpoints.items() if name != "mean_confidence"}


def _true_difference(nights: Sequence[PlannedNight]) -> dict[str, float]:
    """Treatment nights minus baseline nights, means of the true stages; of arms, drug - placebo."""
    if any(night.arm for night in nights):
        of_arms = [_true_change([n for n in nights if n.arm == arm]) for arm in ARMS]
        return {name: round(of_arms[0][name] - of_arms[1][name], 3) for name in EFFECTS}
    return {name: round(change, 3) for name, change in _true_change(nights).items()}


def _true_change(nights: Sequence[PlannedNight]) -> dict[str, float]:
    mean = {
        (condition, name): fmean(_truth(n)[name] or 0.0 for n in nights if n.condition == condition)
        for condition in CONDITIONS
        for name in EFFECTS
    }
    return {name: mean["treatment", name] - mean["baseline", name] for name in EFFECTS}


def _by_subject(nights: Sequence[PlannedNight]) -> list[SubjectNights]:
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


def _watches(design: StudyDesign, nights: Sequence[PlannedNight]) -> dict[str, SimulatedWatch]:
    """The watch of each subject, where the study has actigraphy."""
    if not design.actigraphy:
        return {}
    subjects = enumerate(_by_subject(nights))
    return {one.subject: watch(one, number, design.seed) for number, one in subjects}


def _write_other_sources(out: Path, design: StudyDesign, nights: Sequence[PlannedNight]) -> None:
    if design.diary:
        write_file(out / DIARY, diary_table(_by_subject(nights), design.seed))
    for subject, one in _watches(design, nights).items():
        write_file(out / ACTIGRAPHY / f"{subject}.AWD", one.content)


def _write_night(out: Path, night: PlannedNight, design: StudyDesign) -> None:
    plan, path = night.plan, out / night.recording
    write_file(out / night.scoring, write_scoring(plan.hypnogram))
    with output_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    signals = _signals(plan, design)
    with atomic_file(path) as file:
        write_recording(file, signals, plan.annotations, plan.start, "psgpipe_simulate")


def _signals(plan: NightPlan, design: StudyDesign) -> Iterator[OutputSignal]:
    for signal in night_signals(plan, MONTAGES[design.montage], design.rate_hz):
        lead = signal.lead
        yield OutputSignal(
            lead.label,
            lead.unit,
            signal.fs_hz,
            signal.samples,
            (-lead.limit if lead.lowest is None else lead.lowest, lead.limit),
            lead.prefilter,
            "simulated",
        )


def _table(nights: Sequence[PlannedNight]) -> bytes:
    rows = [[*nights[0].row()], *([*night.row().values()] for night in nights)]
    return "".join("\t".join(row) + "\n" for row in rows).encode("utf-8")


def _check_design(design: StudyDesign) -> None:
    split_effects(design.effects)
    for option, value, (lowest, highest) in (
        ("--subjects", design.subjects, SUBJECTS),
        ("--nights", design.nights, NIGHTS),
        ("--fs", design.rate_hz, FS_HZ),
        ("--seed", design.seed, (0, 2**63 - 1)),
    ):
        if not lowest <= value <= highest:
            raise UsageError(
                f"{option} is {value}, wanted {lowest} to {highest}", f"Correct {option}."
            )
    if design.arms and design.subjects < FEWEST_WITH_ARMS:
        raise UsageError(
            f"--arms with --subjects {design.subjects}, wanted {FEWEST_WITH_ARMS} or more",
            "Pairs of subjects are in turn in the arms drug and placebo.",
        )


def _check_folder(out: Path, *, force: bool) -> None:
    with output_errors(out / STUDY):
        if out.exists() and not out.is_dir():
            raise OutputConflict(f"{out} is a file, wanted a folder", "Choose another -o folder.")
        if not force and out.exists() and any(out.iterdir()):
            raise OutputConflict(
                f"the folder {out} is not empty",
                "Choose another -o folder, or replace files of the same names by --force.",
            )
        out.mkdir(parents=True, exist_ok=True)


def _check_space(out: Path, design: StudyDesign, n_nights: int) -> None:
    rates_hz = sum(lead.rate_hz(design.rate_hz) for lead in MONTAGES[design.montage])
    wanted = n_nights * int(design.hours * 3600) * (2 * rates_hz + 40)
    free = shutil.disk_usage(out).free
    if wanted > free:
        raise TryAgain(
            f"the study needs {wanted / 1e6:.0f} MB and the disk has {free / 1e6:.0f} MB free",
            "Free some space, or simulate fewer or shorter nights.",
        )


def parse_effects(texts: Sequence[str]) -> dict[str, float]:
    """``NAME=VALUE`` texts as numbers by name.

    Raises
    ------
    psgpipe.errors.UsageError
        A name is unknown or given twice, a value is no number.
    """
    effects: dict[str, float] = {}
    for text in _separate(texts):
        name, _, value = text.partition("=")
        known = (*EFFECTS, *SIGNAL_EFFECTS)
        if name not in known:
            raise UsageError(
                f"--effect: {unknown('effect', name, known)}",
                f"An effect is one of {', '.join(known)}.",
            )
        if name in effects:
            raise UsageError(f"--effect {name} is given twice", "Give it once.")
        effects[name] = _number(name, value)
    return effects


def _separate(texts: Sequence[str]) -> Iterator[str]:
    """The effects one by one: ``swa=0.8,sigma=1.2`` is two."""
    return (part.strip() for text in texts for part in text.split(","))


def _number(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UsageError(
            f"--effect {name} has the value {text!r}, wanted a number", f"Write --effect {name}=-4."
        )
    return value
