"""Summaries of nights as a table with the names of the National Sleep Research Resource."""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from psgpipe.model.hypnogram import SLEEP
from psgpipe.model.summary import LIGHTS_DEPENDENT
from psgpipe.results.finished_night import FinishedNight
from psgpipe.results.status import StudyNight
from psgpipe.tables.cells import without_formula

OLDEST_Y = 89
"""NSRR gives nobody's age above this."""
_SEXES = {"F": "female", "M": "male"}
LIGHTS_UNKNOWN = "lights off or lights on is not known: what depends on it is left out"
_FURTHER = (
    ("nsrr_age", "Age; 90 where it is above 89", "years", "age"),
    ("nsrr_age_gt89", "Whether the age is above 89", "", "age"),
    ("nsrr_sex", "Sex", "", "sex"),
    ("nsrr_flag_spsw", "Whether stages were scored, or only sleep and wake", "", ""),
    ("nsrr_begtimbd_f1", "Clock time of lights off", "hh:mm:ss", "lights_off"),
    ("nsrr_endtimbd_f1", "Clock time of lights on", "hh:mm:ss", "lights_on"),
    ("nsrr_begtimsp_f1", "Clock time of the first epoch of sleep", "hh:mm:ss", "hypnogram"),
)


@dataclass(frozen=True)
class NsrrVariable:
    """An NSRR variable, and the endpoint that is the same measure."""

    name: str
    endpoint: str
    unit: str
    means: str
    older: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The name, and the one in older data sets."""
        return (self.name, self.older) if self.older else (self.name,)


@cache
def nsrr_variables() -> tuple[NsrrVariable, ...]:
    """The variables in ``nsrr.toml``."""
    file = resources.files("psgpipe") / "results" / "export" / "nsrr.toml"
    content = tomllib.loads(file.read_text(encoding="utf-8"))
    return tuple(NsrrVariable(**variable) for variable in content["variable"])


def nsrr_csv(nights: Iterable[tuple[StudyNight, FinishedNight]]) -> Iterator[bytes]:
    """The lines of the table, one for each night."""
    columns = [
        "subject", "night", *(name for name, *_ in _FURTHER),
        *(name for variable in nsrr_variables() for name in variable.names), "flags", "note",
    ]  # fmt: skip
    yield _line(columns)
    for listed, night in nights:
        row = _row(listed, night)
        yield _line([row.get(column, "") for column in columns])


def nsrr_dictionary() -> bytes:
    """A line for each variable of the table: its meaning, its unit, and the endpoint it is."""
    rows = [("id", "display_name", "units", "calculation"), *_FURTHER]
    rows += [(n, v.means, v.unit, v.endpoint) for v in nsrr_variables() for n in v.names]
    return b"".join(_line(row) for row in rows)


def _row(listed: StudyNight, night: FinishedNight) -> dict[str, str]:
    lights_known = None not in (night.lights_off_s, night.lights_on_s)
    lights, age = night.manifest.lights, listed.age
    row = {
        "subject": without_formula(night.subject),
        "night": without_formula(night.night),
        "nsrr_age": "" if age is None else f"{90 if age > OLDEST_Y else age:g}",
        "nsrr_age_gt89": "" if age is None else ("yes" if age > OLDEST_Y else "no"),
        "nsrr_sex": _SEXES.get(listed.sex or "", "not reported"),
        "nsrr_flag_spsw": "full scoring",
        "nsrr_begtimbd_f1": _clock(lights.off) if night.lights_off_s is not None else "",
        "nsrr_endtimbd_f1": _clock(lights.on) if night.lights_on_s is not None else "",
        "nsrr_begtimsp_f1": _sleep_onset(night),
        "flags": " ".join(night.flags),
        "note": "" if lights_known else LIGHTS_UNKNOWN,
    }
    for variable in nsrr_variables():
        is_known = lights_known or variable.endpoint not in LIGHTS_DEPENDENT
        value = night.summary.get(variable.endpoint) if is_known else None
        row |= dict.fromkeys(variable.names, "" if value is None else repr(value))
    return row


def _clock(text: str | None) -> str:
    """A time of day without the fraction of a second."""
    return (text or "").partition(".")[0]


def _sleep_onset(night: FinishedNight) -> str:
    """The clock time of the first epoch of sleep in bed; blank where there is none."""
    asleep = night.hypnogram.is_any(SLEEP) & night.hypnogram.in_bed
    return _clock(night.clock[int(asleep.argmax())]) if asleep.any() else ""


def _line(cells: Iterable[Any]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue().encode("utf-8", "backslashreplace")
