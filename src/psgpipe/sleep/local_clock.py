"""The clock on the wall during a recording: clock times to seconds after the start, and back.

A recording counts seconds from its start. Where the time zone is known, the clock on the wall may
be changed during the night; where it is not known, the clock is taken to run on.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from psgpipe.errors import TimeZoneUnknown
from psgpipe.messages import likely_word

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

DAY_S = 24 * 3600.0
_ZONE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}")


@dataclass(frozen=True)
class LocalClock:
    """The wall clock at the place of a recording.

    Attributes
    ----------
    start, start_clock
        Of the recording's first sample, local; None where not known.
    zone
        None where the time zone is not known, or is of no use because the date is not known.
    """

    start: dt.datetime | None
    start_clock: dt.time | None
    zone: ZoneInfo | None = None

    @property
    def starts(self) -> int:
        """How often the wall clock shows the start: 1, except while the clock is changed."""
        return len(self._instants(self.start)) if self.start else 1

    def seconds_at(self, moment: dt.datetime) -> tuple[float, ...]:
        """Seconds after the start at which the wall shows `moment`; none where it is left out.

        An hour that comes twice gives two.

        Raises
        ------
        ValueError
            The start is not known.
        """
        if self.start is None:
            raise ValueError("the date of the recording is not known")
        begin = self._begin(self.start)
        return tuple((instant - begin).total_seconds() for instant in self._instants(moment))

    def moment_at(self, seconds: float) -> dt.datetime | None:
        """What the wall shows `seconds` after the start; None where the date is not known."""
        if self.start is None:
            return None
        after = dt.timedelta(seconds=seconds)
        if self.zone is None:
            return self.start + after
        moment = (self._begin(self.start) + after).astimezone(self.zone)
        return moment.replace(tzinfo=None, fold=0)

    def clock_at(self, seconds: float) -> str | None:
        """The time of day `seconds` after the start, ``HH:MM:SS[.mmm]``, or None."""
        if self.zone is None or self.start is None:
            return clock_at(self.start_clock, seconds)
        moment = self.moment_at(seconds)
        return None if moment is None else clock_at(moment.time(), 0.0)

    def _begin(self, start: dt.datetime) -> dt.datetime:
        """The instant of the start; lights are not placed where it is one of two, or of none."""
        instants = self._instants(start)
        return instants[0] if instants else start.replace(tzinfo=self.zone).astimezone(dt.UTC)

    def _instants(self, moment: dt.datetime) -> list[dt.datetime]:
        """The instants at which the wall shows `moment`."""
        if self.zone is None:
            return [moment]
        found = []
        for fold in (0, 1):
            instant = moment.replace(tzinfo=self.zone, fold=fold).astimezone(dt.UTC)
            shown = instant.astimezone(self.zone).replace(tzinfo=None, fold=0)
            if shown == moment and instant not in found:
                found.append(instant)
        return found


def local_clock(
    start: dt.datetime | None, start_clock: dt.time | None, timezone: str | None
) -> LocalClock:
    """The clock on the wall in a time zone, or where that is not known.

    Raises
    ------
    psgpipe.errors.TimeZoneUnknown
    """
    zone = None if timezone is None or start is None else read_zone(timezone)
    return LocalClock(start, start_clock, zone)


@cache
def read_zone(name: str) -> ZoneInfo:
    """A time zone by its name, such as ``Europe/Paris``.

    Raises
    ------
    psgpipe.errors.TimeZoneUnknown
    """
    import zoneinfo

    try:
        if _ZONE_NAME.fullmatch(name):
            return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        pass
    known = zoneinfo.available_timezones()
    if not known:
        raise TimeZoneUnknown(
            f"time zone {name!r} cannot be looked up: this computer has no table of time zones",
            "Install the package tzdata (pip install tzdata), or give the lights as seconds.",
        )
    likely = likely_word(name, sorted(known))
    raise TimeZoneUnknown(
        f"time zone {name!r} is unknown, wanted a name such as Europe/Paris",
        f"Did you mean {likely}?" if likely else "Correct the time zone, or leave it out.",
    )


def wanted_zone(name: str) -> str | None:
    """What a time zone must be, where `name` is none; None where it is one."""
    try:
        read_zone(name)
    except TimeZoneUnknown as error:
        return f"a time zone such as Europe/Paris ({error.remedy.rstrip('.')})"
    return None


def of_day_s(time: dt.time) -> float:
    """Seconds since midnight."""
    return time.hour * 3600 + time.minute * 60 + time.second + time.microsecond / 1e6


def clock_at(start_clock: dt.time | None, seconds: float) -> str | None:
    """Local time of day `seconds` after a recording's start, ``HH:MM:SS[.mmm]``, or None."""
    if start_clock is None:
        return None
    ms = round((of_day_s(start_clock) + seconds) * 1000) % int(DAY_S * 1000)
    whole = f"{ms // 3_600_000:02d}:{ms // 60_000 % 60:02d}:{ms // 1000 % 60:02d}"
    return f"{whole}.{ms % 1000:03d}" if ms % 1000 else whole
