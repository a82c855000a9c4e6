"""``study.json``: what was asked for in an output folder."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from psgpipe._version import __version__
from psgpipe.errors import OutputConflict
from psgpipe.files.atomic import json_bytes, parse_json, read_json, write_file
from psgpipe.files.regular import NotRegular, open_file, refuse_special

STUDY = "study.json"
_NIGHTS = b',\n  "nights": ['
_MOST_HEAD_BYTES = 1 << 20


def read_study_file(out: Path) -> dict[str, Any] | None:
    """What ``study.json`` in `out` says; None where there is no readable one."""
    try:
        refuse_special(out / STUDY)
    except NotRegular as error:
        raise OutputConflict(
            f"{STUDY}: a file was wanted, this is {error.kind}",
            "Move it away; psgpipe batch writes the file again.",
        ) from error
    except OSError:
        return None
    return read_json(out / STUDY)


def read_study_head(out: Path) -> dict[str, Any] | None:
    """What ``study.json`` says besides its nights; None where there is no readable one.

    The list of nights may be very long. It is not read, except where the file was not written by
    psgpipe.
    """
    start = _start(out)
    if start is not None:
        with contextlib.suppress(ValueError, RecursionError):
            head: dict[str, Any] = json.loads(start[0] + b"\n}")
            return head
    whole = read_study_file(out)
    return None if whole is None else {key: whole[key] for key in whole if key != "nights"}


def lists_nights(out: Path) -> bool:
    """Whether a batch has listed the nights of a whole study in `out`."""
    start = _start(out)
    if start is not None:
        return start[1].lstrip().startswith(b"{")
    return bool((read_study_file(out) or {}).get("nights"))


def listed_nights(out: Path) -> Iterator[tuple[str, str]]:
    """Subject and night of every night that ``study.json`` lists, read line by line."""
    start = _start(out)
    if start is None:
        nights = (read_study_file(out) or {}).get("nights")
        yield from _ids(nights if isinstance(nights, list) else [])
        return
    with open_file(out / STUDY) as file:
        file.seek(len(start[0]) + len(_NIGHTS))
        for line in file:
            with contextlib.suppress(ValueError):
                yield from _ids([parse_json(line.strip().removesuffix(b","))])


def _ids(nights: Iterable[Any]) -> Iterator[tuple[str, str]]:
    for listed in nights:
        match listed:
            case {"subject": str(subject), "night": str(night)}:
                yield subject, night


def _start(out: Path) -> tuple[bytes, bytes] | None:
    """What stands before the list of nights, and the first bytes of the list."""
    try:
        refuse_special(out / STUDY)
        with open_file(out / STUDY) as file:
            head, found, nights = file.read(_MOST_HEAD_BYTES).partition(_NIGHTS)
    except OSError:
        return None
    return (head, nights) if found else None


def write_study_file(
    out: Path,
    pipeline: Mapping[str, Any],
    study: Mapping[str, Any],
    nights: Iterable[Mapping[str, Any]] | None = None,
    *,
    blind: bool,
) -> None:
    """Write ``study.json``, unless it already has this content: every run writes the same bytes.

    `study` has what is known of the study as a whole; `nights` is None for a single night, and can
    be read more than once.
    """
    pieces = partial(_pieces, _head(pipeline, study, blind=blind), nights)
    if not _holds(out / STUDY, pieces()):
        write_file(out / STUDY, pieces())


def renew_study_head(
    out: Path, pipeline: Mapping[str, Any], study: Mapping[str, Any], *, blind: bool
) -> bool:
    """Write another head into ``study.json`` and keep its nights; False where it has none.

    Nothing is written where the head is the same.
    """
    head = _head(pipeline, study, blind=blind)
    if not lists_nights(out):
        return False
    start = _start(out)
    if start is None or start[0] != _without_end(head):
        write_file(out / STUDY, _with_nights_of(out, head))
    return True


def _with_nights_of(out: Path, head: Mapping[str, Any]) -> Iterator[bytes]:
    start = _start(out)
    if start is None:
        yield from _pieces(head, (read_study_file(out) or {}).get("nights"))
        return
    yield _without_end(head) + _NIGHTS
    with open_file(out / STUDY) as file:
        file.seek(len(start[0]) + len(_NIGHTS))
        while piece := file.read(1 << 20):
            yield piece


def _head(pipeline: Mapping[str, Any], study: Mapping[str, Any], *, blind: bool) -> dict[str, Any]:
    return {
        "psgpipe": __version__,
        "pipeline": dict(pipeline),
        **study,
        **({"blind": True} if blind else {}),
    }


def _pieces(head: Mapping[str, Any], nights: Iterable[Mapping[str, Any]] | None) -> Iterator[bytes]:
    """The file, a line for each night."""
    if nights is None:
        yield json_bytes(head)
        return
    yield _without_end(head) + _NIGHTS + b"\n    "
    encode = json.JSONEncoder(ensure_ascii=False).encode  # one for all: there may be very many
    for number, night in enumerate(nights):
        line = (",\n    " if number else "") + encode(night)
        yield line.encode("utf-8", "backslashreplace")
    yield b"\n  ]\n}\n"


def _without_end(head: Mapping[str, Any]) -> bytes:
    return json_bytes(head).removesuffix(b"\n}\n")


def _holds(path: Path, pieces: Iterable[bytes]) -> bool:
    """Whether a file has this content."""
    try:
        with open_file(path) as file:
            return all(file.read(len(piece)) == piece for piece in pieces) and not file.read(1)
    except OSError:
        return False
