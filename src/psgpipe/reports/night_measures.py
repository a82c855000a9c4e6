"""The tables of sleep architecture on the page of a night."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, NamedTuple

from psgpipe.model.night import StagedNight
from psgpipe.model.summary import QUARTERS
from psgpipe.reports.night_words import is_calibrated, with_unit

MEASURES = Path(__file__).with_name("measures.toml")


class MeasureRow(NamedTuple):
    """A measure with its value in words and its meaning.

    `reason` is the number of the reason why it is absent, blank where it is not. `expert` is the
    value by an expert's stages of the same night, blank where there are none.
    """

    endpoint: str
    name: str
    value: str
    meaning: str
    reason: str
    expert: str


class MeasureGroup(NamedTuple):
    """A table of measures; `has_expert` where an expert's stages have values for them, too."""

    title: str
    rows: list[MeasureRow]
    has_expert: bool


class QuarterRow(NamedTuple):
    """A measure in each quarter of the night: value and number of the reason."""

    name: str
    meaning: str
    cells: list[tuple[str, str]]


@cache
def measure_table() -> Mapping[str, Any]:
    """The names and meanings of all endpoints, from ``measures.toml``."""
    return tomllib.loads(MEASURES.read_text(encoding="utf-8"))


@dataclass(frozen=True)
class NightValues:
    """Every endpoint of a night by name, and why some are absent."""

    values: Mapping[str, float | int | None]
    absent: Mapping[str, str]

    @classmethod
    def of(cls, staged: StagedNight) -> NightValues:
        """The endpoints of architecture and, where they were measured, of spectra."""
        summary, spectra = staged.summary, staged.microstructure
        if spectra is None:
            return cls(summary.endpoints(), summary.absent)
        return cls({**summary.endpoints(), **spectra.endpoints},
                   {**summary.absent, **spectra.absent})  # fmt: skip

    @cached_property
    def reasons(self) -> list[str]:
        """Why endpoints are absent, each reason once; on the page they have numbers from 1."""
        return list(dict.fromkeys(self.absent.values()))

    def cell(self, endpoint: str, measure: Mapping[str, Any]) -> tuple[str, str]:
        """The value in words, and the number of the reason where it is absent."""
        value = with_unit(self.values.get(endpoint), measure["unit"], measure.get("decimals", 1))
        reason = self.absent.get(endpoint)
        return value, "" if reason is None else str(self.reasons.index(reason) + 1)


def measure_groups(staged: StagedNight) -> list[MeasureGroup]:
    """Every endpoint of the whole night, those of the spectra where they were measured."""
    table, ours = measure_table(), NightValues.of(staged)
    theirs = None if staged.expert is None else staged.expert.summary
    expert = None if theirs is None else NightValues(theirs.endpoints(), theirs.absent)
    meaning = "calibrated" if is_calibrated(staged) else "meaning"
    groups = [_group(group, ours, expert, meaning) for group in table["group"]]
    spectra = [_group(table["spectra"], ours, None, meaning)] if staged.microstructure else []
    return [*groups, *spectra]


def _group(
    group: Mapping[str, Any], ours: NightValues, expert: NightValues | None, meaning: str
) -> MeasureGroup:
    rows = [_row(measure, ours, expert, meaning) for measure in group["measures"]]
    return MeasureGroup(group["title"], rows, expert is not None)


def _row(
    measure: Mapping[str, Any], ours: NightValues, expert: NightValues | None, meaning: str
) -> MeasureRow:
    """The row of a measure; what it means stands in its entry `meaning`, else in ``meaning``."""
    endpoint, means = measure["endpoint"], measure.get(meaning, measure["meaning"])
    value, reason = ours.cell(endpoint, measure)
    of_expert = "" if expert is None else expert.cell(endpoint, measure)[0]
    return MeasureRow(endpoint, measure["name"], value, means, reason, of_expert)


def quarter_rows(staged: StagedNight) -> list[QuarterRow]:
    """Every endpoint of the quarters of the night."""
    ours = NightValues.of(staged)
    return [
        QuarterRow(
            measure["name"],
            measure["meaning"],
            [ours.cell(measure["endpoint"].format(q), measure) for q in QUARTERS],
        )
        for measure in measure_table()["quarters"]["measures"]
    ]
