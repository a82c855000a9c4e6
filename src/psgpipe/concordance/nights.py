"""Nights with what each source says, joined by subject and date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from psgpipe.actigraphy.measures import ActigraphyNight
from psgpipe.concordance.epochs import EpochComparison
from psgpipe.concordance.psg_nights import PsgNight
from psgpipe.diary.night import DiaryNight

ANOTHER_NIGHT_MIN = 60.0
"""Times in bed that differ by more are probably those of another night."""


@dataclass(frozen=True, eq=False)
class SourceNight:
    """A night of a subject by polysomnography, diary and actigraphy, each or some of them.

    Attributes
    ----------
    date
        From noon to noon; None where only the recording has the night, and not its date.
    why_no_actigraphy
        Why there are no measures by actigraphy.
    """

    subject: str
    date: dt.date | None
    psg: PsgNight | None = None
    diary: DiaryNight | None = None
    actigraphy: ActigraphyNight | None = None
    why_no_actigraphy: str | None = None
    epochs: EpochComparison | None = None

    def has(self, source: str) -> bool:
        """Whether the source has the night."""
        return getattr(self, source) is not None

    def value(self, source: str, endpoint: str | None) -> float | None:
        """The number of an endpoint in a source."""
        found = getattr(self, source)
        value = None if found is None or endpoint is None else found.values.get(endpoint)
        return None if value is None else float(value)

    @property
    def condition(self) -> str | None:
        """The condition of the recording, or else of the diary."""
        if self.psg is not None and self.psg.condition is not None:
            return self.psg.condition
        return None if self.diary is None else self.diary.condition

    @property
    def doubt(self) -> str | None:
        """Why two sources have probably another night; None where nothing says so."""
        times = self._times_in_bed()
        for name, other in (("diary", "psg"), ("actigraphy", "psg")):
            if name in times and other in times:
                (begin, end), (other_begin, other_end) = times[name], times[other]
                late = {"begins": _minutes(begin - other_begin), "ends": _minutes(end - other_end)}
                parts = [
                    f"{what} {abs(minutes):.0f} min {'later' if minutes > 0 else 'earlier'}"
                    for what, minutes in late.items()
                    if abs(minutes) > ANOTHER_NIGHT_MIN
                ]
                if parts:
                    return f"the time in bed of the {name} {' and '.join(parts)} than by {other}"
        return None

    def _times_in_bed(self) -> Mapping[str, tuple[dt.datetime, dt.datetime]]:
        times = {}
        if self.psg is not None and self.psg.begin is not None and self.psg.end is not None:
            times["psg"] = (self.psg.begin, self.psg.end)
        if self.diary is not None and self.diary.begin and self.diary.end:
            times["diary"] = (self.diary.begin, self.diary.end)
        if self.actigraphy is not None and self.actigraphy.window.source == "markers":
            times["actigraphy"] = (self.actigraphy.window.begin, self.actigraphy.window.end)
        return times


@dataclass
class JoinedNights:
    """The nights of all sources, and what could not be joined."""

    nights: list[SourceNight] = field(default_factory=list)
    not_joined: list[str] = field(default_factory=list)


def joined(psg: Sequence[PsgNight], diary: Iterable[DiaryNight]) -> JoinedNights:
    """The nights of recordings and diary by subject and date.

    A diary night whose date is not certain stays alone, and so do several recordings of one date.
    """
    result = JoinedNights()
    by_date: dict[tuple[str, dt.date], list[PsgNight]] = {}
    for night in psg:
        if night.date is not None:
            by_date.setdefault((night.subject, night.date), []).append(night)
    used: set[int] = set()
    for row in diary:
        same = by_date.get((row.subject, row.date), [])
        why_not = (
            row.times.why_not_placed if row.times.moments and not row.times.is_placed else None
        )
        if len(same) > 1:
            why_not = f"{len(same)} recordings have this date"
        if same and why_not:
            result.not_joined.append(f"{row.subject} {row.date} (row {row.row}): {why_not}")
        found = same[0] if same and not why_not else None
        if found is not None:
            used.add(id(found))
        result.nights.append(SourceNight(row.subject, row.date, found, row))
    for night in psg:
        if id(night) not in used:
            result.nights.append(SourceNight(night.subject, night.date, night))
            if night.why_no_date:
                result.not_joined.append(f"{night.subject} {night.night}: {night.why_no_date}")
    return result


def _minutes(difference: dt.timedelta) -> float:
    return difference.total_seconds() / 60
