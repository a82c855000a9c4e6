"""Nights by a person's stages: taken instead of automatic ones, never mixed with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from psgpipe.comparison.stager_accuracy import was_scored_by_a_person
from psgpipe.errors import NightsNotComparable, UsageError
from psgpipe.messages import count_of
from psgpipe.model.comparison.measured_night import MeasuredNight
from psgpipe.model.microstructure.names import NIGHT_ENDPOINTS
from psgpipe.model.summary import ENDPOINTS
from psgpipe.tables.delimited import Row, Table

EXPERT = "expert"
PREFIX = "expert_"
_OF_THE_STAGER = ("calibration", "classifier", "derivations", "demographics", "window")
NO_SCORING = "no person's stages: the night has no scoring"


def with_expert_columns(table: Table) -> Table:
    """The table with the endpoints of a person's stages in place of the automatic ones.

    Nights that a person scored stay as they are. A night without a person's stages is missing, with
    the reason.

    Raises
    ------
    psgpipe.errors.UsageError
        No night has a person's stages.
    """
    by_folded = {column.casefold(): column for column in table.columns}
    if PREFIX + ENDPOINTS[0] not in by_folded:
        if any(_cell(row, by_folded, "stages") == EXPERT for row in table.rows):
            return table
        raise UsageError(
            f"{table.file}: --stages expert wanted nights that a person scored, found none",
            "Name the scorings in the study table's column scoring and run the batch again.",
        )
    return replace(table, rows=tuple(_expert_row(row, by_folded) for row in table.rows))


def _cell(row: Row, by_folded: dict[str, str], column: str) -> str:
    return row.cells.get(by_folded.get(column, column), "")


def _expert_row(row: Row, by_folded: dict[str, str]) -> Row:
    if _cell(row, by_folded, "stages") == EXPERT:
        return row
    cells = dict(row.cells)
    for endpoint in (e for e in NIGHT_ENDPOINTS if e in by_folded):
        # Spectra were measured by the automatic stages: a person's night has none.
        cells[by_folded[endpoint]] = _cell(row, by_folded, PREFIX + endpoint)
    done = _cell(row, by_folded, "state") in ("", "done", "finished")
    if done and not _cell(row, by_folded, PREFIX + "tib_min"):
        cells[by_folded.get("state", "state")] = "missing"
        cells[by_folded.get("reason", "reason")] = NO_SCORING
    cells[by_folded.get("stages", "stages")] = EXPERT
    return Row(row.number, cells)


def with_expert_recipes(nights: Iterable[MeasuredNight]) -> tuple[MeasuredNight, ...]:
    """The nights, staged by a person: what says how the automatic stages were made is left out."""
    return tuple(
        replace(
            night,
            recipe={
                **{k: v for k, v in night.recipe.items() if k not in _OF_THE_STAGER},
                "stager": EXPERT,
            },
        )
        for night in nights
    )


def refuse_mixture(nights: Sequence[MeasuredNight], allowed: Iterable[str]) -> None:
    """Refuse a comparison of nights that a person scored with automatic nights.

    Raises
    ------
    psgpipe.errors.NightsNotComparable
        Unless ``stager`` may differ.
    """
    n_scored = sum(map(was_scored_by_a_person, nights))
    if "stager" in allowed or n_scored in (0, len(nights)):
        return
    raise NightsNotComparable(
        f"one comparison has {count_of(n_scored, 'night')} scored by a person, "
        f"{count_of(len(nights) - n_scored, 'night')} staged automatically",
        "Compare one kind: --stages expert where every night has a scoring, else run all nights "
        "with --stages auto.",
    )


def warnings_of_corrections(nights: Sequence[MeasuredNight]) -> tuple[str, ...]:
    """A warning where some nights are corrected by hand, with how many of each condition."""
    corrected = [night for night in nights if night.stages == "corrected"]
    if not corrected:
        return ()
    of = Counter(night.condition for night in nights)
    counts = Counter(night.condition for night in corrected)
    each = ", ".join(f"{condition} {counts[condition]} of {n}" for condition, n in of.items())
    return (
        f"the stages of {count_of(len(corrected), 'night')} were corrected by hand ({each}): a "
        "correction of one condition more than of the other can make a difference",
    )
