"""What an audit looks at: recordings named one by one, and those below a folder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from psgpipe.study.discovery import find_recordings


def recordings_in(paths: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    """Every recording among `paths` and below the folders in it, and the name to show for it.

    A file is given as it was named; below a folder the name is the path relative to it.

    Raises
    ------
    psgpipe.errors.StudyTableInvalid : a folder cannot be listed.
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
