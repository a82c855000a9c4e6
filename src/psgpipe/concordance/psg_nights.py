"""The finished nights of a study: endpoints, time in bed on the calendar, and stages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from psgpipe.diary.times import night_date
from psgpipe.errors import PsgpipeError
from psgpipe.model.hypnogram import Hypnogram
from psgpipe.results.finished_night import FinishedNight, read_finished_night
from psgpipe.results.status import StudyNight, stored_night, word_in_tables
from psgpipe.sleep.local_clock import local_clock

INCOMPLETE = "incomplete"
NO_DATE = (
    "the date of the recording is not known: give a column date (of the evening) in the study table"
)


@dataclass(frozen=True, eq=False)
class PsgNight:
    """A night by polysomnography.

    Attributes
    ----------
    start
        Local time of the first epoch; None where the date is not known.
    begin, end
        Lights off and lights on; None where they or the date are not known.
    why_no_date
        Why `date` is None.
    """

    subject: str
    night: str
    condition: str | None
    values: Mapping[str, float | int | None]
    hypnogram: Hypnogram
    start: dt.datetime | None
    begin: dt.datetime | None
    end: dt.datetime | None
    date: dt.date | None
    why_no_date: str | None = None
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass
class PsgNights:
    """The nights that can be compared, and why others cannot."""

    nights: list[PsgNight] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def psg_nights(listed: Iterable[StudyNight]) -> PsgNights:
    """The finished nights; one that is excluded, not done or incomplete is left out."""
    result = PsgNights()
    for night in listed:
        stored = stored_night(night)
        name = f"{night.subject} {night.night}"
        if stored.manifest is None or stored.status == "excluded" or night.excluded:
            result.left_out.append(f"{name}: {word_in_tables(stored.status)}: {stored.reason}")
            continue
        try:
            finished = read_finished_night(night.folder)
        except PsgpipeError as error:
            result.left_out.append(f"{name}: {error.problem}")
            continue
        if INCOMPLETE in finished.flags:
            result.left_out.append(f"{name}: incomplete")
            continue
        result.nights.append(_psg_night(night, finished))
    return result


def _psg_night(listed: StudyNight, night: FinishedNight) -> PsgNight:
    start = night.hypnogram.start or _dated(night.hypnogram.start_clock, listed.extra.get("date"))
    lights = night.manifest.document.get("lights")
    zone = lights.get("timezone") if isinstance(lights, Mapping) else None
    clock = local_clock(start, None, zone if isinstance(zone, str) else None)

    def moment(seconds: float | None) -> dt.datetime | None:
        return None if seconds is None else clock.moment_at(seconds)

    begin = moment(night.lights_off_s)
    first = begin or start
    return PsgNight(
        subject=listed.subject,
        night=listed.night,
        condition=listed.condition,
        values={k: v for k, v in night.summary.items() if isinstance(v, int | float)},
        hypnogram=night.hypnogram,
        start=start,
        begin=begin,
        end=moment(night.lights_on_s),
        date=None if first is None else night_date(first),
        why_no_date=NO_DATE if first is None else None,
        extra=listed.extra,
    )


def _dated(clock: dt.time | None, evening: str | None) -> dt.datetime | None:
    """The start by the clock on the night of a date in the study table."""
    try:
        day = dt.date.fromisoformat(evening or "")
    except ValueError:
        return None
    if clock is None:
        return None
    return dt.datetime.combine(day + dt.timedelta(days=clock < dt.time(12)), clock)
