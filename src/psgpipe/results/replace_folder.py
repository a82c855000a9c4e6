"""A finished night's new folder replaces its old one.

A new night is written into a temporary folder under ``OUT/.psgpipe-new``. It holds ``new``, the
night's files, and ``for``, the name of the night. After the replacement it also holds the night's
old folder, until that is removed.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from psgpipe.files.atomic import TEMPORARY_PREFIX, bytes_of, read_json, rename_with_retries
from psgpipe.files.owner_tag import abandoned, new_tag
from psgpipe.files.swap import swap_folders
from psgpipe.results.manifest import FAILURE, MANIFEST
from psgpipe.results.night_folder import night_folder

NIGHT_FILES = (
    MANIFEST, FAILURE, "hypnogram.tsv", "hypnogram.edf", "summary.json", "quality.json",
    "hypnogram.svg", "hypnogram.png", "report.html",
)  # fmt: skip
"""The files that psgpipe writes into a night's folder; all others there belong to the user."""

NEW_NIGHTS = f"{TEMPORARY_PREFIX}new"

_EXISTS = {errno.EEXIST, errno.ENOTEMPTY}
_MOST_ATTEMPTS = 20


@contextlib.contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """An empty folder for the new files of the night in `folder`."""
    out = folder.parents[2]
    temporary = out / NEW_NIGHTS / new_tag()
    try:
        yield _make_temporary(temporary, folder)
    finally:
        with contextlib.suppress(OSError, ValueError):
            _complete(temporary, out)


def _make_temporary(temporary: Path, folder: Path) -> Path:
    new = temporary / "new"
    for _ in range(_MOST_ATTEMPTS):
        # Another run that ends removes the parent when it is empty.
        with contextlib.suppress(FileNotFoundError):
            temporary.mkdir(parents=True, exist_ok=True)
            (temporary / "for").write_text(f"{folder.parent.name}/{folder.name}", encoding="utf-8")
            new.mkdir(exist_ok=True)
            break
    return new


def replace_folder(new: Path, folder: Path) -> bool:
    """Rename `new` to `folder`; an old folder ends up beside `new`.

    Where there is no old folder, this is one rename. Otherwise both exchange their names in one
    step. Where the system cannot do that, the old folder is moved first; if a kill stops the run
    after that, `remove_abandoned` completes the replacement. Returns False where other runs keep
    writing the same night.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    for attempt in range(_MOST_ATTEMPTS):
        try:
            if not os.path.lexists(folder):
                rename_with_retries(lambda: new.rename(folder))
            elif not folder.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, "not a folder", str(folder))
            elif not swap_folders(new, folder):
                rename_with_retries(lambda: folder.rename(new.with_name(f"old{attempt}")))  # noqa: B023
                rename_with_retries(lambda: new.rename(folder))
        except FileNotFoundError:
            if not new.exists():
                raise
            folder.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            if error.errno not in _EXISTS:
                raise
        else:
            return True
    return False


def remove_abandoned(out: Path) -> None:
    """Remove the temporary files in `out` of runs that have ended; running ones keep theirs.

    An old night that was moved and not yet replaced comes back.
    """
    with contextlib.suppress(OSError):
        for temporary in abandoned(out / NEW_NIGHTS):
            with contextlib.suppress(OSError, ValueError):
                _complete(_taken_over(temporary), out)
    with contextlib.suppress(OSError):
        (out / NEW_NIGHTS).rmdir()
    with contextlib.suppress(OSError):
        for entry in abandoned(out, TEMPORARY_PREFIX):
            if entry.name != NEW_NIGHTS:
                _remove(entry)


def _taken_over(temporary: Path) -> Path:
    """An abandoned folder under a name of this process; its owner, if there is one, sees it vanish.

    Two runs cannot take over the same folder.
    """
    own = temporary.with_name(new_tag())
    return temporary.rename(own)


def _remove(entry: Path) -> None:
    """Remove a temporary file, or a folder that was made to read the clock."""
    with contextlib.suppress(OSError):
        if entry.is_dir() and not entry.is_symlink():
            entry.rmdir()
        else:
            entry.unlink()


def _complete(temporary: Path, out: Path) -> None:
    """Complete an interrupted replacement and remove the temporary folder."""
    subject, _, night = (bytes_of(temporary / "for") or b"").decode("ascii").partition("/")
    folder = night_folder(out, subject, night)
    new, old = temporary / "new", sorted(temporary.glob("old*"))
    if old and not os.path.lexists(folder):
        # The new night was complete before the old one was moved.
        (new if new.is_dir() else old[-1]).rename(folder)
    if new.is_dir():
        # A writer that still lives must not put a night in place whose files are being removed.
        new.rename(temporary / "rest")
    for rest in (path for path in temporary.iterdir() if path.name != "for"):
        _remove_old(rest, folder)
    (temporary / "for").unlink(missing_ok=True)
    temporary.rmdir()


def _remove_old(old: Path, folder: Path) -> None:
    """Remove psgpipe's files in an old folder; move the user's files to the night's folder."""
    if old.is_symlink():
        old.unlink()
        return
    own = {*NIGHT_FILES, *_output_names(old)}
    for entry in old.iterdir():
        if entry.name in own or entry.name.startswith(TEMPORARY_PREFIX):
            entry.unlink()
        elif not os.path.lexists(folder / entry.name):
            entry.rename(folder / entry.name)
    old.rmdir()


def _output_names(folder: Path) -> list[str]:
    """The outputs that a manifest there names; none where it cannot be read."""
    try:
        return [output["name"] for output in (read_json(folder / MANIFEST) or {})["outputs"]]
    except (KeyError, TypeError):
        return []
