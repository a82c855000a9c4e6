"""The words of a night's picture and page: title, start, key numbers, doubts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from psgpipe.messages import count_of
from psgpipe.model.hypnogram import Hypnogram, SleepStage
from psgpipe.model.night import Night, StagedNight
from psgpipe.model.summary import QualityFlag
from psgpipe.reports.shown_text import LONGEST_ID, joined
from psgpipe.sleep.local_clock import LocalClock, local_clock

NO_DATE = "date not known"


class KeyNumber(NamedTuple):
    """A number that stands above the picture: its short name and its value, in words."""

    name: str
    value: str


class StagesBeside(NamedTuple):
    """Stages that stand beside those of the night: whose, in one word and in several."""

    whose: str
    words: str
    hypnogram: Hypnogram


KEY_ENDPOINTS = (
    ("TST", "tst_min", "min"), ("SE", "se_pct", "% of TIB"), ("REM", "rem_pct", "% of TST"),
    ("N3", "n3_pct", "% of TST"),
)  # fmt: skip


def night_title(night: Night) -> str:
    """Subject, night and condition; a blinded night has no condition."""
    parts = (night.subject, night.night, night.condition)
    return joined((part for part in parts if part), " · ", LONGEST_ID)


def clock_of(staged: StagedNight) -> LocalClock:
    """The wall clock of the recording."""
    hypnogram = staged.hypnogram
    return local_clock(hypnogram.start, hypnogram.start_clock, staged.night.timezone)


def recorded_from(staged: StagedNight) -> str:
    """Date and time of the start, and how long was recorded; with gaps, within what time."""
    hypnogram, recording = staged.hypnogram, staged.provenance["recording"]
    clock = clock_of(staged).clock_at(0.0)
    day = f"{hypnogram.start:%Y-%m-%d}" if hypnogram.start else NO_DATE
    length, span = (duration(float(recording[key])) for key in ("duration_s", "span_s"))
    within = "" if length == span else f" within {span}"
    at = f"{day}, {clock}" if clock else day
    return f"{at}, {length} recorded{within}"


def duration(seconds: float) -> str:
    """``8 h 02 min``, ``20 min``, ``90 s``."""
    if seconds < 120:
        return f"{seconds:g} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def derivation_names(staged: StagedNight) -> str:
    """The derivations that were staged; blank where a person scored the night without them."""
    return joined((d["name"] for d in staged.provenance["derivations"]), ", ", LONGEST_ID)


def whose_stages(staged: StagedNight) -> str:
    """Whose stages the night has: the stager's, a person's, or both."""
    if staged.stages_by == "expert":
        return "stages scored by a person"
    if staged.stages_by == "corrected":
        return "automatic stages, corrected by hand"
    calibrated = "calibrated to a laboratory, " if is_calibrated(staged) else ""
    return f"automatic stages, {calibrated}not AASM scoring"


def is_calibrated(staged: StagedNight) -> bool:
    """Whether a calibration changed the stager's probabilities of the night."""
    return "calibration" in staged.provenance["engine"]


def beside(staged: StagedNight) -> StagesBeside | None:
    """Further stages of the same epochs: an expert's, or those before a correction."""
    if staged.expert is not None:
        kappa = staged.expert.kappa
        agreement = "" if kappa is None else f", kappa {kappa:.2f}"
        return StagesBeside("expert", f"an expert's stages{agreement}", staged.expert.hypnogram)
    if staged.automatic is not None:
        return StagesBeside("automatic", "automatic stages before the correction", staged.automatic)
    return None


def key_numbers(staged: StagedNight) -> list[KeyNumber]:
    """TST, SE, REM % and N3 %; a dash where the night does not have one."""
    values = staged.summary.endpoints()
    return [
        KeyNumber(name, with_unit(values[endpoint], unit)) for name, endpoint, unit in KEY_ENDPOINTS
    ]


def absent_key_numbers(staged: StagedNight) -> str:
    """Why key numbers are absent, in one sentence; blank where none is."""
    absent = staged.summary.absent
    by_reason: dict[str, list[str]] = {}
    for name, endpoint, _ in KEY_ENDPOINTS:
        if endpoint in absent:
            by_reason.setdefault(absent[endpoint], []).append(name)
    return "; ".join(f"no {', '.join(names)}: {reason}" for reason, names in by_reason.items())


def with_unit(value: float | None, unit: str, decimals: int = 1) -> str:
    """The value (a count without decimals) and its unit; a dash where it is absent."""
    if value is None:
        return "–"
    number = f"{value}" if isinstance(value, int) else f"{value:.{decimals}f}"
    return f"{number} {unit}".rstrip()


def doubts(flags: Iterable[QualityFlag]) -> list[str]:
    """What makes the numbers doubtful, those first for which a comparison leaves the night out."""
    chosen = [flag for flag in flags if flag.effect != "none"]
    chosen.sort(key=lambda flag: flag.effect != "withhold")
    return list(dict.fromkeys(_doubt(flag) for flag in chosen))


def _doubt(flag: QualityFlag) -> str:
    what = "Comparisons leave this night out" if flag.effect == "withhold" else "Doubtful"
    return f"{what} ({flag.code}): {flag.message}"


def unstaged_words(hypnogram: Hypnogram) -> list[str]:
    """How many epochs have no stage, and why."""
    artefacts = sum(stage is SleepStage.ART for stage in hypnogram.stages)
    unscored = sum(stage is SleepStage.UNS for stage in hypnogram.stages)
    return [
        *([f"{count_of(artefacts, 'artefact epoch')}"] if artefacts else []),
        *([f"{count_of(unscored, 'epoch')} not scored"] if unscored else []),
    ]
