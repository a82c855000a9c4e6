"""One row of the table of nights as a night."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from psgpipe.messages import likely_word
from psgpipe.model.comparison.measured_night import EEG_ONLY, MeasuredNight, NightState
from psgpipe.model.ids import one_spelling, whole_number
from psgpipe.model.microstructure.names import MICROSTRUCTURE_ENDPOINTS, NIGHT_ENDPOINTS
from psgpipe.tables.cells import (
    clock_or_date_time,
    date_time,
    known_or_none,
    lights_in_order,
    yes_or_no,
)
from psgpipe.tables.columns import ALIKE_OK, condition_of
from psgpipe.tables.delimited import Mistakes, Row
from psgpipe.tables.numbers import Numbers, is_missing

REQUIRED_COLUMNS = ("subject", "night")
DESIGN_COLUMNS = (
    "condition", "state", "exclude", "night_in_lab", "period", "sequence", "dose_mg_per_kg",
    "dose_end", "hours_since_dose", "lights_off", "lights_on", "start", "comedication", "arm",
    ALIKE_OK,
)  # fmt: skip
# Columns of the same meaning; the first that is not blank counts.
REASON_COLUMNS = ("reason", "exclude_reason", "problem", "failure", "kind")
RECIPE_COLUMNS = {
    "pipeline": ("pipeline_sha256", "pipeline"),
    "stager": ("stager",),
    "classifier": ("classifier_sha256", "classifier"),
    "derivations": ("derivations",),
    "demographics": ("demographics", "age_and_sex"),
    "window": ("window",),
    "lights_source": ("lights_source",),
}
INCOMPLETE = "incomplete"
"""The quality flag of a night that is not complete."""
MOST_MINUTES = 24 * 60.0
_STATES: dict[str, NightState] = {
    "": "finished", "done": "finished", "finished": "finished", "ok": "finished",
    "excluded": "excluded", "failed": "failed", "refused": "refused",
    "missing": "unfinished", "running": "unfinished", "unfinished": "unfinished",
}  # fmt: skip


def night_in_row(
    row: Row,
    numbers: Numbers,
    endpoints: Sequence[str],
    conditions: Sequence[str] | None,
    mistakes: Mistakes,
) -> MeasuredNight:
    """The night in a row; `conditions` is None where the table has no condition column."""
    cells, state = row.cells, _state(row, mistakes)
    dose = numbers.within(row, "dose_mg_per_kg", (0, 1000), "mg per kg, not negative")
    lights_off, lights_on = (_lights(row, c, mistakes) for c in ("lights_off", "lights_on"))
    lights_in_order(row, lights_off, lights_on, mistakes)
    flags = _codes(cells["flags"]) if "flags" in cells else None
    is_incomplete = INCOMPLETE in (flags or ())
    return MeasuredNight(
        subject=cells["subject"],
        night=cells["night"],
        condition=None if conditions is None else condition_of(row, conditions, mistakes),
        values={e: _value(row, e, numbers) for e in endpoints},
        state=state,
        reason=_first_stated(cells, REASON_COLUMNS)
        if state != "finished" or is_incomplete
        else None,
        row=row.number,
        night_in_lab=numbers.whole(row, "night_in_lab", least=0),
        period=_period(cells["period"]),
        sequence=known_or_none(cells["sequence"]),
        dose_mg_per_kg=dose,
        dose_end=date_time(row, "dose_end", mistakes),
        hours_since_dose=numbers.read(row, "hours_since_dose", "hours"),
        lights_off=lights_off,
        lights_on=lights_on,
        start=date_time(row, "start", mistakes),
        comedication=known_or_none(cells["comedication"]),
        arm=known_or_none(cells["arm"]),
        flags=flags,
        recipe={
            f: cell for f, names in RECIPE_COLUMNS.items() if (cell := _first_stated(cells, names))
        },
        by_psgpipe=_first_stated(cells, ("psgpipe",)) is not None,
        pipeline_name=_pipeline_name(cells),
        stages=known_or_none(cells.get("stages", "")),
    )


def _pipeline_name(cells: Mapping[str, str]) -> str | None:
    """The pipeline's name; in a table of psgpipe, a single derivation is EEG alone."""
    derivations = _first_stated(cells, ("derivations",))
    if _first_stated(cells, ("psgpipe",)) and derivations and "," not in derivations:
        return EEG_ONLY
    return _first_stated(cells, ("pipeline",))


def _lights(row: Row, column: str, mistakes: Mistakes) -> str | None:
    """A time as psgpipe writes it; fractions of a second are cut."""
    whole = re.sub(r"(:\d\d:\d\d)\.\d+$", r"\1", row.cells[column])
    return clock_or_date_time(Row(row.number, {column: whole}), column, mistakes)


def _state(row: Row, mistakes: Mistakes) -> NightState:
    if yes_or_no(row, "exclude", mistakes):
        return "excluded"
    word = (known_or_none(row.cells["state"]) or "").casefold()
    if word not in _STATES:
        likely = likely_word(word, [w for w in _STATES if w]) or "done, excluded or failed"
        mistakes.cell(row.number, "state", likely, row.cells["state"])
    state = _STATES.get(word, "failed")
    refused = state == "failed" and "QualityRefused" in row.cells.values()
    return "refused" if refused else state


def _value(row: Row, endpoint: str, numbers: Numbers) -> float | None:
    # Logarithms and slopes may be negative.
    if endpoint not in NIGHT_ENDPOINTS or endpoint in MICROSTRUCTURE_ENDPOINTS:
        return numbers.read(row, endpoint)
    if endpoint.endswith("_pct"):
        return numbers.within(row, endpoint, (0, 100), "a percentage from 0 to 100")
    if endpoint.endswith("_min"):
        wanted = f"a number of minutes, not negative, at most {MOST_MINUTES:.0f}"
        return numbers.within(row, endpoint, (0, MOST_MINUTES), wanted)
    if endpoint == "mean_confidence":
        return numbers.within(row, endpoint, (0, 1), "a number from 0 to 1")
    return numbers.within(row, endpoint, (0, math.inf), "a number, not negative")


def _period(cell: str) -> str | None:
    """A period in one spelling."""
    return None if is_missing(cell) else whole_number(one_spelling(cell))


def _codes(cell: str) -> tuple[str, ...]:
    """The codes of quality flags in a cell."""
    return () if is_missing(cell) else tuple(cell.split())


def _first_stated(cells: Mapping[str, str], columns: Sequence[str]) -> str | None:
    """The first of these cells that is not blank."""
    row = (cells.get(c, "") for c in columns)
    return next((cell for cell in row if not is_missing(cell)), None)
