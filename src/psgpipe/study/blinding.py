"""A blinded study: conditions stay out of sight until somebody lifts the blind, on record.

What a study table tells of a night beside its recording and its sleeper (condition, dose, route,
period, every further column) is packed into ``blind-key.json``; no night, table, picture or journal
has it. Packed, so that nobody reads it by accident: it is no encryption, and the study table itself
has to be kept from whoever is blinded.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psgpipe.errors import NightsNotComparable
from psgpipe.files import atomic
from psgpipe.files.regular import file_name
from psgpipe.results import journal

if TYPE_CHECKING:
    from psgpipe.model.night import Night
    from psgpipe.model.study_table_row import StudyTableRow
    from psgpipe.night.definition import Definition

EVENT = "unblinded"
STUDY = "study.json"
KEY = "blind-key.json"
WITHHELD = "withheld: the study is blinded"
_WHAT = "conditions of a blinded study; psgpipe compare reads them after psgpipe unblind"
_SHORTEST_TELLING = 4

Sealed = Mapping[tuple[str, str], Mapping[str, str]]
"""What is kept under seal: by subject and night, cells by column of the study table."""


def is_blind(out: Path) -> bool:
    """Whether the study in `out` was declared blind."""
    return (out / KEY).is_file() or bool((atomic.read_json(out / STUDY) or {}).get("blind"))


def goes_blind(out: Path, definition: Definition, *, asked: bool) -> bool:
    """Whether nights go blind into `out`: asked for, by the pipeline file, or blind before."""
    return asked or definition.blind or is_blind(out)


def is_unblinded(out: Path) -> bool:
    """Whether the journal in `out` says that the blind was lifted."""
    return any(event["event"] == EVENT for event in journal.events(out / journal.JOURNAL))


def refuse_if_blinded(out: Path, *, blind_by_spec: bool) -> None:
    """Refuse to compare conditions of a study whose blind was not lifted.

    Raises
    ------
    psgpipe.errors.NightsNotComparable
        It is blinded, or nobody can know whether it is.
    """
    if (out / STUDY).is_file() and atomic.read_json(out / STUDY) is None:
        raise NightsNotComparable(
            f"{STUDY} cannot be read, so nobody knows whether the study is blinded",
            "Restore it, or compare a copy of the table elsewhere if the study is not blinded.",
        )
    if (blind_by_spec or is_blind(out)) and not is_unblinded(out):
        raise NightsNotComparable(
            f"the study in {out.name or out} is blinded",
            "When the data are final: psgpipe unblind on this folder; the journal records it.",
        )


def unblind(out: Path) -> bool:
    """Lift the blind and write that into the journal; False where it was lifted before."""
    if is_unblinded(out):
        return False
    journal.note(out, EVENT)
    return True


def without_condition(listed: StudyTableRow) -> StudyTableRow:
    """The night as whoever is blinded may see it."""
    reason = WITHHELD if listed.exclude_reason else None
    return replace(listed, night=bare(listed.night), exclude_reason=reason)


def bare(night: Night) -> Night:
    """The night without its condition, its dose and the study's further columns."""
    return replace(night, condition=None, dose_end=None, extra={})


def cells_of(night: Night) -> dict[str, str]:
    """What is kept under seal of a night."""
    known = {"condition": night.condition, "dose_end": night.dose_end}
    return {**{column: cell for column, cell in known.items() if cell}, **night.extra}


def seal(out: Path, nights: Sealed) -> None:
    """Add nights to what is kept under seal in `out`; every shard writes the same bytes.

    Raises
    ------
    psgpipe.errors.NightsNotComparable
        What was sealed before cannot be read.
    psgpipe.errors.OutputConflict, psgpipe.errors.TryAgain
        It cannot be written.
    """
    before = sealed(out)
    now = {**before, **{ids: cells for ids, cells in nights.items() if cells}}
    if now != before or not (out / KEY).is_file():
        atomic.write_file(out / KEY, _packed(now))


def sealed(out: Path) -> Sealed:
    """What is kept under seal in `out`; nothing where no study was blinded.

    Raises
    ------
    psgpipe.errors.NightsNotComparable
        It is there and cannot be read.
    """
    if not (out / KEY).is_file():
        return {}
    try:
        return _unpacked(atomic.read_json(out / KEY) or {})
    except (KeyError, TypeError, ValueError, binascii.Error, zlib.error) as error:
        raise NightsNotComparable(
            f"{KEY} cannot be read, and with it the conditions of this study",
            "Restore it as psgpipe wrote it, or delete it and run the batch again.",
        ) from error


def _packed(nights: Sealed) -> bytes:
    rows = [[*ids, dict(cells)] for ids, cells in sorted(nights.items())]
    text = json.dumps(rows, ensure_ascii=True, separators=(",", ":"))
    packed = base64.b64encode(zlib.compress(text.encode("ascii"))).decode("ascii")
    return atomic.json_bytes({"what": _WHAT, "sealed": packed})


def _unpacked(said: Mapping[str, Any]) -> Sealed:
    rows = json.loads(zlib.decompress(base64.b64decode(said["sealed"], validate=True)))
    return {(subject, night): dict(cells) for subject, night, cells in rows}


def telling_names(nights: Iterable[StudyTableRow]) -> int:
    """How many nights have an id or a file name that gives their condition away.

    ``treat1`` and ``S01_treatment.edf`` do: they hold the first letters of *treatment*.
    """
    return sum(_tells(listed) for listed in nights)


def _tells(listed: StudyTableRow) -> bool:
    word = (listed.night.condition or "")[:_SHORTEST_TELLING]
    names = (listed.night.subject, listed.night.night, file_name(listed.recording))
    return len(word) == _SHORTEST_TELLING and any(word in name.casefold() for name in names)
