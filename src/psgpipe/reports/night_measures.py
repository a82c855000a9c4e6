"""The tables of sleep architecture on the page of a night."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from psgpipe.model.night import StagedNight
from psgpipe.model.summary import QUARTERS, ArchitectureSummary
from psgpipe.reports.night_words import with_unit

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
    """A table of measures."""

    title: str
    rows: list[MeasureRow]


class QuarterRow(NamedTuple):
    """A measure in each quarter of the night: value and number of the reason."""

    name: str
    meaning: str
    cells: list[tuple[str, str]]


@cache
def measure_table() -> Mapping[str, Any]:
    """The names and meanings of all endpoints, from ``measures.toml``."""
    return tomllib.loads(MEASURES.read_text(encoding="utf-8"))


def absence_reasons(summary: ArchitectureSummary) -> list[str]:
    """Why endpoints are absent, each reason once; on the page they have numbers from 1."""
    return list(dict.fromkeys(summary.absent.values()))


def measure_groups(staged: StagedNight) -> list[MeasureGroup]:
    """Every endpoint of the whole night."""
    return [
        MeasureGroup(group["title"], [_row(measure, staged) for measure in group["measures"]])
        for group in measure_table()["group"]
    ]


def _row(measure: Mapping[str, Any], staged: StagedNight) -> MeasureRow:
    endpoint, expert = measure["endpoint"], staged.expert
    value, reason = _cell(endpoint, measure, staged.summary)
    of_expert = "" if expert is None else _cell(endpoint, measure, expert.summary)[0]
    return MeasureRow(endpoint, measure["name"], value, measure["meaning"], reason, of_expert)


def _cell(
    endpoint: str, measure: Mapping[str, Any], summary: ArchitectureSummary
) -> tuple[str, str]:
    value = with_unit(getattr(summary, endpoint), measure["unit"], measure.get("decimals", 1))
    reason = summary.absent.get(endpoint)
    return value, "" if reason is None else str(absence_reasons(summary).index(reason) + 1)


def quarter_rows(summary: ArchitectureSummary) -> list[QuarterRow]:
    """Every endpoint of the quarters of the night."""
    return [
        QuarterRow(
            measure["name"],
            measure["meaning"],
            [_cell(measure["endpoint"].format(q), measure, summary) for q in QUARTERS],
        )
        for measure in measure_table()["quarters"]["measures"]
    ]
