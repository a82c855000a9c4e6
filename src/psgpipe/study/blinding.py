"""Blinding: results do not show conditions until somebody unblinds the study.

``blind-key.json`` holds what the study table says of a night beside its recording and subject:
condition, dose, route, period, every further column. No night, table, picture or journal shows it.
The file is packed, so that nobody reads it by accident. It is not encrypted, and blinded persons
must not see the study table either.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psgpipe.errors import NightsNotComparable, OutputConflict, UsageError
from psgpipe.files import atomic
from psgpipe.files.regular import file_name
from psgpipe.results import journal
from psgpipe.results.study_file import STUDY, read_study_file, read_study_head

if TYPE_CHECKING:
    from psgpipe.model.night import Night
    from psgpipe.model.study_table_row import StudyTableRow
    from psgpipe.night.definition import Definition

EVENT = "unblinded"
KEY = "blind-key.json"
WITHHELD = "withheld: the study is blinded"
_WHAT = "conditions of a blinded study; psgpipe compare reads them after psgpipe unblind"
_CONDITION_LETTERS = 4

Sealed = Mapping[tuple[str, str], Mapping[str, str]]
"""The sealed cells of the study table: by subject and night, then by column."""


def is_blind(out: Path) -> bool:
    """Whether the study in `out` was declared blind."""
    return os.path.lexists(out / KEY) or bool((read_study_head(out) or {}).get("blind"))


def goes_blind(out: Path, definition: Definition, *, asked: bool) -> bool:
    """Whether new nights in `out` are blinded: by option, by the pipeline, or as earlier ones.

    Raises
    ------
    psgpipe.errors.OutputConflict
        The journal says that `out` was unblinded: `compare` would open what is blinded now.
    """
    is_new = asked or (definition.blind and not is_blind(out))
    if is_new and is_unblinded(out):
        raise OutputConflict(
            f"the journal in {out.name or out} says that it was unblinded, so no study can be "
            "blinded there",
            "Give the blinded study another -o folder; nights of a study that was blinded before "
            "stay without conditions when you leave out --blind.",
        )
    return asked or definition.blind or is_blind(out)


def is_unblinded(out: Path) -> bool:
    """Whether the journal in `out` says that the study was unblinded."""
    return any(event["event"] == EVENT for event in journal.events(out / journal.JOURNAL))


def refuse_if_blinded(out: Path, *, blind_by_spec: bool) -> None:
    """Refuse to compare the conditions of a study that is blinded."""
    _require_readable_study(out)
    if (blind_by_spec or is_blind(out)) and not is_unblinded(out):
        spec = "" if is_blind(out) else " with --spec"
        raise NightsNotComparable(
            f"the study in {out.name or out} is blinded",
            f"When the data are final: psgpipe unblind on this folder{spec}; the journal records "
            "it.",
        )


def _require_readable_study(out: Path) -> None:
    if (out / STUDY).is_file() and read_study_file(out) is None:
        raise NightsNotComparable(
            f"{STUDY} cannot be read, so nobody knows whether the study is blinded",
            "Restore it, or compare a copy of the table elsewhere if the study is not blinded.",
        )


def unblind(out: Path, *, blind_by_spec: bool = False) -> bool:
    """Unblind the study and write that into the journal; False where that was done before.

    Raises
    ------
    psgpipe.errors.UsageError
        Neither the folder nor the comparison spec says that the study is blinded.
    psgpipe.errors.NightsNotComparable
        ``study.json`` cannot be read.
    """
    if not blind_by_spec and not is_blind(out):
        _require_readable_study(out)
        raise UsageError(
            f"the study in {out.name or out} is not blinded, so there is nothing to unblind",
            "Name the folder of a blinded study; where the spec says blind = true, add --spec.",
        )
    if is_unblinded(out):
        return False
    journal.note(out, EVENT)
    return True


def blinded_row(listed: StudyTableRow) -> StudyTableRow:
    """The row without the condition of its night and the reason of its exclusion."""
    reason = WITHHELD if listed.exclude_reason else None
    return replace(listed, night=blinded_night(listed.night), exclude_reason=reason)


def blinded_night(night: Night) -> Night:
    """The night without its condition, its dose and the study's further columns."""
    return replace(night, condition=None, dose_end=None, extra={})


def cells_to_seal(night: Night) -> dict[str, str]:
    """The cells of a night that are sealed, by column."""
    known = {"condition": night.condition, "dose_end": night.dose_end}
    return {**{column: cell for column, cell in known.items() if cell}, **night.extra}


def seal(out: Path, nights: Sealed) -> None:
    """Add nights to the sealed ones in `out`; every shard writes the same bytes."""
    before = sealed(out)
    now = {**before, **{ids: cells for ids, cells in nights.items() if cells}}
    if now != before or not os.path.lexists(out / KEY):
        atomic.write_file(out / KEY, _packed(now))


def sealed(out: Path) -> Sealed:
    """The sealed nights in `out`; none where no study was blinded."""
    if not os.path.lexists(out / KEY):
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


def _unpacked(content: Mapping[str, Any]) -> Sealed:
    rows = atomic.parse_json(zlib.decompress(base64.b64decode(content["sealed"], validate=True)))
    return {(subject, night): dict(cells) for subject, night, cells in rows}


def nights_named_by_condition(nights: Iterable[StudyTableRow]) -> int:
    """How many nights have an id or a file name that shows their condition.

    ``treat1`` and ``S01_treatment.edf`` show the first letters of *treatment*.
    """
    return sum(_is_named_by_condition(listed) for listed in nights)


def _is_named_by_condition(listed: StudyTableRow) -> bool:
    word = (listed.night.condition or "")[:_CONDITION_LETTERS]
    given = listed.night.scoring
    files = (listed.recording, *([given.path] if given else []))
    names = (listed.night.subject, listed.night.night, *map(file_name, files))
    return len(word) == _CONDITION_LETTERS and any(word in name.casefold() for name in names)
