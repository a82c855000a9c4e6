"""The columns of a diary, and other names that they have."""

from __future__ import annotations

import re
from collections.abc import Sequence

from psgpipe.tables.cells import same_letters
from psgpipe.tables.columns import ALIKE_OK
from psgpipe.tables.delimited import Mistakes, Row, Table, shown

TIMES = ("into_bed", "tried_to_sleep", "final_awakening", "out_of_bed")
"""In the order in which they happen."""
MINUTES = ("minutes_to_fall_asleep", "awakenings_total_min")
COUNTS = ("awakenings",)
SCALES = {"quality": (1, 5), "rested": (1, 5), "dream_unpleasantness": (0, 10)}
YES_NO = ("dream_recall", "nightmare")
OPTIONAL = (
    *TIMES, *MINUTES, *COUNTS, *SCALES, *YES_NO, "timezone", "condition", "exclude",
    "exclude_reason", ALIKE_OK,
)  # fmt: skip
DATE, MORNING_DATE = "date", "morning_date"
OTHER_NAMES = {
    "into_bed": ("in_bed", "got_into_bed", "time_into_bed", "bedtime", "bed_time"),
    "tried_to_sleep": (
        "try_to_sleep", "tried_to_fall_asleep", "time_tried_to_sleep", "lights_out", "lights_off",
    ),
    "final_awakening": ("final_wake", "woke_up", "wake_time", "waketime", "final_wake_time"),
    "out_of_bed": ("got_up", "got_out_of_bed", "rise_time", "risetime", "time_out_of_bed"),
    "minutes_to_fall_asleep": ("sol_min", "sleep_latency_min", "sleep_onset_latency_min", "sol"),
    "awakenings_total_min": ("waso_min", "awake_min", "awakenings_min", "waso"),
    "awakenings": ("number_of_awakenings", "n_awakenings"),
    "quality": ("sleep_quality",),
    "date": ("night_date", "evening_date"),
    "morning_date": ("wake_date", "date_of_morning"),
    "subject": ("subject_id", "participant", "participant_id", "patient", "id"),
}  # fmt: skip
_A_DAY = re.compile(
    r"(day|night|tag|nacht|jour|nuit)?[ _-]?\d{1,3}|\d{4}-\d\d?-\d\d?|\d\d?[./]\d\d?.*"
)


def with_usual_names(table: Table, mistakes: Mistakes) -> Table:
    """The table with its columns in psgpipe's names, where it has other known ones."""
    known = {other: name for name, others in OTHER_NAMES.items() for other in others}
    names: dict[str, str] = {}
    for column in table.columns:
        plain = re.sub(r"[ -]+", "_", column.casefold())
        name = known.get(plain) or (plain if plain in (*OPTIONAL, DATE, MORNING_DATE) else None)
        name = name or known.get(same_letters(column, known) or "")
        names[column] = name or column
    for name in {n for n in names.values() if list(names.values()).count(n) > 1}:
        twice = ", ".join(shown(column) for column in names if names[column] == name)
        mistakes.table(f"columns {twice} both mean {name}; leave one of them")
    rows = tuple(
        Row(row.number, {names[column]: cell for column, cell in row.cells.items()})
        for row in table.rows
    )
    return Table(table.file, tuple(dict.fromkeys(names.values())), rows, table.delimiter)


def note_columns_a_day(columns: Sequence[str], mistakes: Mistakes) -> None:
    """Note a table whose nights stand beside each other."""
    days = [column for column in columns if _A_DAY.fullmatch(column.casefold())]
    if len(days) > 1:
        mistakes.table(
            f"columns {shown(days[0])} and {shown(days[1])} are days; wanted one row a night with "
            "its date"
        )
