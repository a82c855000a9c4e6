"""What the lines above a table say of its epochs: their length, and the clock of the first one."""

from __future__ import annotations

import re
from collections.abc import Sequence

from psgpipe.errors import ScoringInvalid
from psgpipe.scorings.sources.clock_times import Moment, read_moment
from psgpipe.scorings.sources.number_text import number
from psgpipe.scorings.stage_intervals import LONGEST_EPOCH_S, SHORTEST_EPOCH_S
from psgpipe.scorings.tables.table_columns import columns_of, folded

_EPOCH = re.compile(r"epo(?:ch|que|ca|k)", re.IGNORECASE)
_LENGTH = re.compile(
    r"(?:length|duration|size|lange|dauer|duree|longueur|duracion|longitud|durata|lunghezza|"
    r"duracao|duur|lengte|varaktighet|langd|varighed|varighet|laengde)"
)
_SECONDS = re.compile(r"(?<![\d:.,])(\d{1,4}(?:[.,]\d+)?)[\s-]*(?:s|se[ck]\w*)\b", re.IGNORECASE)
_NUMBER = re.compile(r"(?<![\d:.,])\d{1,4}(?:[.,]\d+)?(?![\d:])")
# Beside the names of a column with the start.
_START = {
    "recordingstart", "recordingstarttime", "startofrecording", "scoringstart", "studystart",
    "scoringstarttime", "studystarttime", "starttimeofrecording", "firstepoch",
    "aufnahmebeginn", "aufnahmestart", "beginnderaufnahme", "startderaufnahme", "messbeginn",
    "debutdenregistrement", "heurededebutdenregistrement", "debutdelenregistrement",
    "iniciodelregistro", "horadeiniciodelregistro", "iniziodellaregistrazione",
    "inizioregistrazione", "startopname", "beginopname", "iniciodoregisto", "iniciodoregistro",
}  # fmt: skip


def epoch_length_above(lines: Sequence[Sequence[str]], file: str) -> float | None:
    """The length of an epoch in seconds; None where no line says it.

    Raises
    ------
    psgpipe.errors.ScoringInvalid
        Two lines say different lengths.
    """
    lengths = {length for cells in lines if (length := _epoch_length(" ".join(cells))) is not None}
    if len(lengths) > 1:
        lengths_s = " and ".join(f"{length:g}" for length in sorted(lengths))
        raise ScoringInvalid(
            f"{file}: the lines above its table say epochs of {lengths_s} s",
            "Leave one of them, or export the onset of every stage.",
        )
    return lengths.pop() if lengths else None


def start_above(lines: Sequence[Sequence[str]]) -> Moment | None:
    """The start that one line gives as ``Start time: 23:05:00``; None without such a line."""
    moments = {m for cells in lines if (m := _start(cells)) is not None}
    return moments.pop() if len(moments) == 1 else None


def _epoch_length(text: str) -> float | None:
    if not _EPOCH.search(folded(text)):
        return None
    found = _SECONDS.findall(text)
    if not found and _LENGTH.search(folded(text)):
        found = _NUMBER.findall(text)
    length_s = number(found[0]) if len(found) == 1 else None
    is_epoch = length_s is not None and SHORTEST_EPOCH_S <= length_s <= LONGEST_EPOCH_S
    return length_s if is_epoch else None


def _start(cells: Sequence[str]) -> Moment | None:
    filled = [cell for cell in cells if cell]
    key, _, rest = filled[0].partition(":")
    is_start = folded(key) in _START or "start" in columns_of([key]).place
    return read_moment(" ".join([rest, *filled[1:]])) if is_start else None
