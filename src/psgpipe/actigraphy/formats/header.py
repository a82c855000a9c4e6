"""The line of an epoch table that names its columns, and what the lines before it say."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from psgpipe.actigraphy.counts import Maker
from psgpipe.actigraphy.formats.words import column_name, plain, words
from psgpipe.errors import ActigraphyInvalid
from psgpipe.scorings.sources.clock_times import DateOrder, read_date

DELIMITERS = ",;\t|"
RAW_SENTENCE = (
    "psgpipe scores counts, not raw acceleration: make counts of epochs with the maker's program "
    "(or sleep with scikit-digital-health), and give these."
)
MOST_LINES_BEFORE = 5_000
"""Lines of properties and statistics before the names of the columns."""
_HEAD_LINES = 200
_DATE_FORMAT = re.compile(r"date format ([dMy./-]+)", re.IGNORECASE)
_DATES = re.compile(r"(?<![\d/.-])\d{1,2}[-/]\d{1,2}[-/]\d{4}(?![\d/.-])")


@dataclass(frozen=True)
class Header:
    """The names of the columns.

    Attributes
    ----------
    line
        Its place in the text, from 0.
    places
        The place of each column of known meaning.
    """

    line: int
    delimiter: str
    names: tuple[str, ...]
    places: Mapping[str, int]


def find_header(lines: Sequence[str], file: str) -> Header | None:
    """The last line that names a time and counts; a section of markers before it has no counts.

    Raises
    ------
    psgpipe.errors.ActigraphyInvalid
        Two columns are counts.
    """
    found = None
    for number_of_line, line in enumerate(lines[:MOST_LINES_BEFORE]):
        if found is not None and number_of_line > found.line + 3:
            break
        for delimiter in (mark for mark in DELIMITERS if mark in line):
            names = tuple(map(column_name, next(csv.reader([line], delimiter=delimiter), [])))
            places = _places(names)
            if places is not None:
                found = Header(number_of_line, delimiter, names, places)
                break
    if found is not None:
        _refuse_two_counts(found, file)
    return found


def _places(names: Sequence[str]) -> dict[str, int] | None:
    places: dict[str, int] = {}
    for meaning in ("counts", "axis2", "axis3", "marker", "date"):
        place = _place(names, meaning)
        if place is not None:
            places[meaning] = place
    of_time = _place(names, "time" if "date" in places else "date_time")
    if of_time is None and "date" in places:  # one column called date has both
        of_time = places.pop("date")
    if of_time is None or "counts" not in places:
        return None
    for meaning in ("off_wrist", "interval"):
        how = words()[meaning]
        for place, name in enumerate(names):
            never = any(part in name for part in how.get("never", ()))
            if any(part in name for part in how["parts"]) and not never:
                places.setdefault(meaning, place)
    return {**places, "time": of_time}


def _place(names: Sequence[str], meaning: str) -> int | None:
    known = words()[meaning]["words"]
    return next((names.index(word) for word in known if word in names), None)


def _refuse_two_counts(header: Header, file: str) -> None:
    both = [name for name in header.names if name in words()["counts"]["words"]]
    if len(both) > 1:
        raise ActigraphyInvalid(
            f"{file}: line {header.line + 1}: {both[0]!r} and {both[1]!r} may both be the counts",
            "Delete or rename the column that is not to be scored.",
        )


def maker_of(head: Sequence[str], header: Header) -> Maker | None:
    """Whose counts a table has, by the lines before it and the names of its columns."""
    text = plain("\n".join(head))
    for maker, how in words()["makers"].items():
        if any(_has_word(text, word) for word in how["words"]):
            return cast(Maker, maker)
    if "axis1" in header.names or "axis 1" in header.names:
        return "actigraph"
    return "condor" if "pim" in header.names else None


def _has_word(text: str, word: str) -> bool:
    """Whether a text has a word: ``actigraph`` is none of ``actigraphy``."""
    return re.search(rf"(?<![^\W\d_]){re.escape(word)}(?![^\W\d_])", text) is not None


def date_order(head: Sequence[str], header: Header) -> DateOrder | None:
    """The order of day and month, where the head of a table tells it.

    It tells it by a date format, by a language, or by dates of which one number is above 12.
    """
    text = "\n".join(head)
    stated = _DATE_FORMAT.search(text)
    if stated:
        return "mdy" if stated[1].casefold().startswith("m") else "dmy"
    if header.names[header.places["time"]] in words()["day_first"]["words"]:
        return "dmy"
    orders = {order for date in _DATES.findall(text) if (order := _order_of(date)) is not None}
    return orders.pop() if len(orders) == 1 else None


def _order_of(date: str) -> DateOrder | None:
    moment = read_date(date)
    if moment is None or moment.unclear is None:
        return None
    first, second, _ = moment.unclear
    return "dmy" if first > 12 >= second else "mdy" if second > 12 >= first else None


def refuse_without_counts(lines: Sequence[str], file: str) -> None:
    """Refuse a text that is no table of counts, where its kind is known.

    Raises
    ------
    psgpipe.errors.ActigraphyInvalid
        Always where the kind is known: raw acceleration, steps, a vector magnitude.
    """
    head = lines[:_HEAD_LINES]
    text = plain("\n".join(head))
    rows = [
        {column_name(cell) for cell in next(csv.reader([line], delimiter=delimiter), [])}
        for line in head
        for delimiter in DELIMITERS
        if delimiter in line
    ]
    for kind in words()["no_counts"]:
        in_head = all(_has_word(text, word) for word in kind.get("head", ()))
        columns = set(kind.get("columns", ()))
        if in_head and (not columns or any(columns <= row for row in rows)):
            remedy = RAW_SENTENCE if kind["remedy"] == "raw" else kind["remedy"]
            raise ActigraphyInvalid(f"{file}: {kind['problem']}", remedy)
