"""Recordings in a folder, when there is no study table."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from psgpipe.errors import StudyTableInvalid
from psgpipe.model.ids import slug
from psgpipe.model.night import Night
from psgpipe.model.study_table_row import StudyTableRow
from psgpipe.study.file_ids import ids_from_name, stem_of

RECORDINGS = re.compile(r"\.(edf|bdf|rec|edfz)(\.gz)?$", re.IGNORECASE)
_SCORINGS = re.compile(r"(hypnogram|scoring|stages)$", re.IGNORECASE)
MOST_LISTED = 50


def find_recordings(folder: Path, besides: Path | None = None) -> tuple[list[Path], int]:
    """Recordings in `folder` and below, by path, and how many files of stages were passed over.

    A file with two names (a symbolic link) is found once, under the first of its names; two hard
    links are two recordings. Links to folders are followed, and one that leads back ends there.
    Hidden files are passed over.

    Parameters
    ----------
    besides
        A folder that is not looked into, such as the results'.

    Raises
    ------
    psgpipe.errors.StudyTableInvalid
        A folder cannot be listed.
    """
    avoided = {os.path.realpath(besides)} if besides else set()
    found = [p for p in _walk(folder, avoided) if RECORDINGS.search(p.name)]
    wanted = [p for p in found if not _SCORINGS.search(stem_of(p.name))]
    first: dict[str, Path] = {}
    for path in sorted(wanted, key=lambda p: (p.is_symlink(), os.fsencode(p))):
        first.setdefault(os.path.realpath(path), path)
    return sorted(first.values(), key=os.fsencode), len(found) - len(wanted)


def _walk(folder: Path, visited: set[str]) -> Iterator[Path]:
    """Every file that is not hidden; a folder is entered once, whatever leads to it."""
    real = os.path.realpath(folder)
    if real in visited:
        return
    visited.add(real)
    try:
        entries = sorted(folder.iterdir(), key=os.fsencode)
    except OSError as error:
        raise StudyTableInvalid(
            f"{folder.name}: the folder cannot be listed: {error.strerror}",
            "Correct its permissions, or write a study table.",
        ) from error
    for entry in (e for e in entries if not e.name.startswith(".")):
        if entry.is_dir():
            yield from _walk(entry, visited)
        else:
            yield entry


def nights_in_folder(folder: Path, besides: Path | None = None) -> tuple[list[StudyTableRow], int]:
    """A night for each recording in `folder`, subject and night from the recording's name.

    Raises
    ------
    psgpipe.errors.StudyTableInvalid
        No recording, a folder that cannot be listed, or two recordings for one night; all of these
        are named.
    """
    paths, passed_over = find_recordings(folder, besides)
    if not paths:
        raise StudyTableInvalid(
            f"{folder.name or folder}: wanted recordings (.edf .bdf .rec .edfz, or .gz of these), "
            "found none",
            "Check the path; a recording of another name can be listed in a study table.",
        )
    nights = [StudyTableRow(Night(*ids_from_name(path.name)), path) for path in paths]
    _refuse_doubles(folder, nights)
    return nights, passed_over


def _refuse_doubles(folder: Path, nights: list[StudyTableRow]) -> None:
    first: dict[tuple[str, str], Path] = {}
    doubles = []
    for listed in nights:
        key = (slug(listed.night.subject).casefold(), slug(listed.night.night).casefold())
        other = first.setdefault(key, listed.recording)
        if other != listed.recording:
            names = (_within(folder, p) for p in (other, listed.recording))
            doubles.append(" and ".join(names))
    if doubles:
        more = [f"and {len(doubles) - MOST_LISTED} more"] if len(doubles) > MOST_LISTED else []
        lines = "\n    ".join(doubles[:MOST_LISTED] + more)
        raise StudyTableInvalid(
            f"{folder.name or folder}: by their names these are one night:\n    {lines}",
            "Write a study table that says subject and night of each.",
        )


def _within(folder: Path, path: Path) -> str:
    text = path.relative_to(folder).as_posix()
    return "".join(c if c.isprintable() else "?" for c in text)


def recordings_in(paths: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    """Every recording among `paths` and below the folders in it, and the name to show for it.

    A file is given as it was named; below a folder the name is the path relative to it.

    Raises
    ------
    psgpipe.errors.StudyTableInvalid
        A folder cannot be listed.
    """
    for path in paths:
        if not path.is_dir():
            yield path, path.name
            continue
        for found in find_recordings(path)[0]:
            yield found, shown_name(found.relative_to(path))


def shown_name(relative: Path) -> str:
    """A relative path that no shell takes for an option and no spreadsheet for a formula."""
    text = relative.as_posix()
    return f"./{text}" if text[:1] in "=+-@" else text
