"""Diaries as subjects and study nurses write them, for tests."""

COLUMNS = (
    "subject", "date", "into_bed", "tried_to_sleep", "minutes_to_fall_asleep", "awakenings",
    "awakenings_total_min", "final_awakening", "out_of_bed", "quality", "dream_recall",
    "nightmare", "dream_unpleasantness", "rested",
)  # fmt: skip
ROWS = (
    ("S1", "2024-03-04", "22:30", "23:00", "20", "2", "30", "06:30", "07:00", "4", "yes", "no",
     "2", "3"),
    ("S1", "2024-03-05", "23:15", "23:30", "45", "1", "15", "06:00", "06:45", "2", "yes", "yes",
     "8", "2"),
    ("S1", "2024-03-06", "00:10", "00:20", "5", "0", "0", "07:00", "07:10", "5", "no", "no", "",
     "5"),
    ("S2", "2024-03-04", "21:00", "21:30", "60", "4", "90", "06:30", "08:00", "1", "no", "", "",
     "1"),
)  # fmt: skip


def diary(path, rows=ROWS, columns=COLUMNS, delimiter="\t"):
    lines = [delimiter.join(cells) for cells in (columns, *rows)]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def with_cell(row, column, text, rows=ROWS):
    """The rows with another text in one cell."""
    place = COLUMNS.index(column)
    changed = list(rows)
    changed[row] = (*rows[row][:place], text, *rows[row][place + 1 :])
    return changed
