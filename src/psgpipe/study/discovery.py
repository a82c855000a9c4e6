"""Discovery: the recordings in a folder, where there is no study table."""

from __future__ import annotations

import os
import re
import shlex
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from psgpipe.errors import StudyTableInvalid
from psgpipe.messages import safe_text
from psgpipe.model.ids import slug
from psgpipe.model.night import Night
from psgpipe.model.study_table_row import StudyTableRow
from psgpipe.study.file_ids import ids_from_name, stem_of

RECORDINGS = re.compile(r"\.(edf|bdf|rec|edfz)(\.gz)?$", re.IGNORECASE)
_SCORINGS = re.compile(r"(hypnogram|scoring|stages)$", re.IGNORECASE)
_EDF, _BDF = b"0       ", b"\xffBIOSEMI"
_ANNOTATION_SIGNALS = {b"EDF Annotations", b"BDF Annotations"}
_HEAD_BYTES = 256
LARGEST_SCORING_BYTES = 2_000_000
"""Larger files are recordings; their header need not be read to know."""
MOST_LISTED = 50


def find_recordings(folder: Path, besides: Path | None = None) -> tuple[list[Path], int]:
    """Recordings in `folder` and below, sorted by path, and how many scorings were ignored.

    A file and a symbolic link to it are one recording, under the file's name; two hard links are
    two. Links to folders are followed, but no folder is entered twice. Hidden files are ignored.
    The folder `besides`, such as the output folder, is not searched.
    """
    avoided = {os.path.realpath(besides)} if besides else set()
    files = [p for p in _walk(folder, avoided) if RECORDINGS.search(p.name)]
    recordings = [p for p in files if not _is_scoring(p)]
    first: dict[str, Path] = {}
    for path in sorted(recordings, key=lambda p: (p.is_symlink(), os.fsencode(p))):
        first.setdefault(os.path.realpath(path), path)
    return sorted(first.values(), key=os.fsencode), len(files) - len(recordings)


def _is_scoring(path: Path) -> bool:
    """Whether a file holds stages and no recording: by its name, or by a header without signals."""
    return _SCORINGS.search(stem_of(path.name)) is not None or _holds_annotations_alone(path)


def _holds_annotations_alone(path: Path) -> bool:
    try:
        state = path.stat()
        if not stat.S_ISREG(state.st_mode) or state.st_size > LARGEST_SCORING_BYTES:
            return False
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
            n_signals = int(head[-4:])
            labels = file.read(16 * n_signals)
    except (OSError, ValueError):
        return False  # a damaged recording is one
    names = {labels[at : at + 16].strip() for at in range(0, 16 * n_signals, 16)}
    return head[:8] in (_EDF, _BDF) and bool(names) and names <= _ANNOTATION_SIGNALS


def find_files(folder: Path) -> list[Path]:
    """Every file in `folder` and below that is not hidden, sorted by path."""
    return sorted(_walk(folder, set()), key=os.fsencode)


def is_recording(path: Path) -> bool:
    """Whether a file is a recording by its name or its first bytes."""
    if RECORDINGS.search(path.name):
        return True
    try:
        with path.open("rb") as file:
            return file.read(len(_BDF)) in (_BDF, _EDF)
    except OSError:
        return False


def _walk(folder: Path, visited: set[str]) -> Iterator[Path]:
    """Every file that is not hidden; no folder is entered twice. Folders may be nested deeply."""
    waiting = [folder]
    while waiting:
        path = waiting.pop()
        if not path.is_dir():
            yield path
            continue
        real = os.path.realpath(path)
        if real not in visited:
            visited.add(real)
            waiting += reversed(_entries(path))


def _entries(folder: Path) -> list[Path]:
    try:
        entries = sorted(folder.iterdir(), key=os.fsencode)
    except OSError as error:
        raise StudyTableInvalid(
            f"{folder.name}: the folder cannot be listed: {error.strerror}",
            "Correct its permissions, or write a study table.",
        ) from error
    return [entry for entry in entries if not entry.name.startswith(".")]


def nights_in_folder(folder: Path, besides: Path | None = None) -> tuple[list[StudyTableRow], int]:
    """A night for each recording in `folder`, subject and night from the recording's name."""
    paths, passed_over = find_recordings(folder, besides)
    if not paths:
        raise StudyTableInvalid(
            f"{folder.name or folder}: wanted recordings (.edf .bdf .rec .edfz, or .gz of these), "
            "found none",
            "Check the path; a recording of another name can be listed in a study table.",
        )
    nights = [StudyTableRow(Night(*ids_from_name(path.name)), path) for path in paths]
    _refuse_equal_ids(folder, nights)
    return nights, passed_over


def _refuse_equal_ids(folder: Path, nights: list[StudyTableRow]) -> None:
    first: dict[tuple[str, str], Path] = {}
    pairs = []
    for listed in nights:
        key = (slug(listed.night.subject).casefold(), slug(listed.night.night).casefold())
        other = first.setdefault(key, listed.recording)
        if other != listed.recording:
            names = (_within(folder, p) for p in (other, listed.recording))
            pairs.append(" and ".join(names))
    if pairs:
        more = [f"and {len(pairs) - MOST_LISTED} more"] if len(pairs) > MOST_LISTED else []
        lines = "\n    ".join(pairs[:MOST_LISTED] + more)
        raise StudyTableInvalid(
            f"{folder.name or folder}: these names give the same subject and night:\n    {lines}",
            f"Write a study table with the subject and night of each recording: psgpipe table "
            f"{shlex.quote(str(folder))} -o study.tsv makes one to complete.",
        )


def _within(folder: Path, path: Path) -> str:
    return safe_text(path.relative_to(folder).as_posix(), 1000)


def recordings_in(paths: Iterable[Path]) -> tuple[list[tuple[Path, str]], int]:
    """Every recording among `paths` and below the folders in it, and how many scorings are there.

    With each recording stands the name to show: that of a file, below a folder the path relative to
    that folder.
    """
    found, passed_over = [], 0
    for path in paths:
        if not path.is_dir():
            found.append((path, path.name))
            continue
        recordings, n_scorings = find_recordings(path)
        found += [(one, shown_name(one.relative_to(path))) for one in recordings]
        passed_over += n_scorings
    return found, passed_over


def shown_name(relative: Path) -> str:
    """A relative path that no shell takes for an option and no spreadsheet for a formula."""
    text = relative.as_posix()
    return f"./{text}" if text[:1] in "=+-@" else text
