"""The new folder of a finished night, of a comparison or of an agreement replaces its old one.

It is written into a temporary folder under ``OUT/.psgpipe-new``. That holds ``new``, the new files,
and ``for``, the name of the night (``S1/n1``) or of the study's folder and the number of the folder
``new`` on its disk. After the replacement it also
holds the old folder, until that is removed.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Collection, Iterator
from pathlib import Path

from psgpipe.files.atomic import TEMPORARY_PREFIX, bytes_of, read_json, rename_with_retries
from psgpipe.files.owner_tag import abandoned, new_tag
from psgpipe.files.swap import swap_folders
from psgpipe.files.temporary_files import remove_abandoned_files
from psgpipe.results.manifest import FAILURE, MANIFEST
from psgpipe.results.night_folder import night_folder

NIGHT_FILES = (
    MANIFEST, FAILURE, "hypnogram.tsv", "hypnogram.edf", "summary.json", "quality.json",
    "hypnogram.svg", "hypnogram.png", "report.html",
)  # fmt: skip
"""The files that psgpipe writes into a night's folder; all others there belong to the user."""

COMPARISON = "comparison"
COMPARISON_JSON = "comparison.json"
COMPARISON_FILES = (
    "contrasts.tsv", "subjects.tsv", "reliability.tsv", COMPARISON_JSON, "comparison.md",
    "report.html", "estimation.svg", "forest.svg",
)  # fmt: skip
"""The files that psgpipe writes into ``comparison/``."""

AGREEMENT = "agreement"
AGREEMENT_FILES = ("agreement.json", "agreement.md", "epochs.tsv", "nights.tsv")
"""The files that psgpipe writes into ``agreement/``."""

CONCORDANCE = "concordance"
CONCORDANCE_FILES = ("concordance.tsv", "concordance.json", "nights.tsv", "concordance.svg")
"""The files that psgpipe writes into ``concordance/``."""

STUDY_FOLDERS = {
    COMPARISON: COMPARISON_FILES,
    f"{COMPARISON}-diary": COMPARISON_FILES,
    f"{COMPARISON}-actigraphy": COMPARISON_FILES,
    AGREEMENT: AGREEMENT_FILES,
    CONCORDANCE: CONCORDANCE_FILES,
}
"""The folders beside the nights that are replaced as a whole, and psgpipe's files in them."""

NEW_FOLDERS = f"{TEMPORARY_PREFIX}new"

_EXISTS = {errno.EEXIST, errno.ENOTEMPTY}
_MOST_ATTEMPTS = 20


def comparison_folder(measured_by: str) -> str:
    """The folder of a comparison: ``psg``, ``diary`` and ``actigraphy`` have each their own."""
    return COMPARISON if measured_by == "psg" else f"{COMPARISON}-{measured_by}"


@contextlib.contextmanager
def new_folder(folder: Path, out: Path) -> Iterator[Path]:
    """An empty folder for the new files of `folder`, a night or a study's folder in `out`."""
    temporary = out / NEW_FOLDERS / new_tag()
    try:
        yield _make_temporary(temporary, _name_of(folder, out))
    finally:
        with contextlib.suppress(OSError, ValueError):
            _complete(temporary, out)


def _name_of(folder: Path, out: Path) -> str:
    return folder.name if folder.parent == out else f"{folder.parent.name}/{folder.name}"


def _folder_named(name: str, out: Path) -> Path:
    subject, _, night = name.partition("/")
    return out / name if name in STUDY_FOLDERS else night_folder(out, subject, night)


def _make_temporary(temporary: Path, name: str) -> Path:
    new = temporary / "new"
    for _ in range(_MOST_ATTEMPTS):
        # Another run that ends removes the parent when it is empty; it may do so at any moment.
        with contextlib.suppress(FileNotFoundError, FileExistsError):
            temporary.mkdir(parents=True, exist_ok=True)
            new.mkdir(exist_ok=True)
            # By its number the new folder is known after it has exchanged names with the old one.
            text = f"{name}\n{new.stat().st_ino}\n"
            (temporary / "for").write_text(text, encoding="utf-8")
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
        for temporary in abandoned(out / NEW_FOLDERS):
            with contextlib.suppress(OSError, ValueError):
                _complete(_taken_over(temporary), out)
    with contextlib.suppress(OSError):
        (out / NEW_FOLDERS).rmdir()
    remove_abandoned_files(out, besides=(NEW_FOLDERS,))


def _taken_over(temporary: Path) -> Path:
    """An abandoned folder under a name of this process; its owner, if there is one, sees it vanish.

    Two runs cannot take over the same folder.
    """
    own = temporary.with_name(new_tag())
    return temporary.rename(own)


def _complete(temporary: Path, out: Path) -> None:
    """Complete an interrupted replacement and remove the temporary folder."""
    name, _, number = (bytes_of(temporary / "for") or b"").decode("ascii").partition("\n")
    folder = _folder_named(name, out)
    new, old = temporary / "new", sorted(temporary.glob("old*"))
    if old and not os.path.lexists(folder):
        # The new night was complete before the old one was moved.
        (new if new.is_dir() else old[-1]).rename(folder)
    if new.is_dir():
        # A writer that still lives must not put a night in place whose files are being removed.
        new.rename(temporary / "rest")
    for rest in (path for path in temporary.iterdir() if path.name != "for"):
        if str(rest.lstat().st_ino) == number.strip():
            _remove_files(rest)
        else:
            own = STUDY_FOLDERS[name] if name in STUDY_FOLDERS else _own_files(rest)
            _remove_old(rest, folder, own)
    (temporary / "for").unlink(missing_ok=True)
    temporary.rmdir()


def _remove_files(unpublished: Path) -> None:
    for entry in unpublished.iterdir():
        entry.unlink()
    unpublished.rmdir()


def _own_files(old: Path) -> Collection[str]:
    """The files in an old folder of a night that psgpipe has written."""
    if (old / MANIFEST).exists():
        outputs = _output_names(old)
        return NIGHT_FILES if outputs is None else (MANIFEST, FAILURE, *outputs)
    return (FAILURE,)


def _remove_old(old: Path, folder: Path, own: Collection[str]) -> None:
    """Remove psgpipe's files in an old folder; move the user's files to the new one."""
    if old.is_symlink():
        old.unlink()
        return
    # The manifest names the files that are psgpipe's, so it goes last.
    for entry in sorted(old.iterdir(), key=lambda entry: entry.name == MANIFEST):
        if entry.name in own or entry.name.startswith(TEMPORARY_PREFIX):
            entry.unlink()
        else:
            entry.rename(_free_path(folder / entry.name))
    old.rmdir()


def _free_path(path: Path) -> Path:
    """`path`, or a name like it where psgpipe has written a file of that name."""
    others = (path.with_name(f"{path.name}.kept{n or ''}") for n in range(1000))
    return next((p for p in (path, *others) if not os.path.lexists(p)), path)


def _output_names(folder: Path) -> list[str] | None:
    """The outputs that a manifest there names; None where it cannot be read."""
    try:
        return [str(output["name"]) for output in (read_json(folder / MANIFEST) or {})["outputs"]]
    except (KeyError, TypeError):
        return None
