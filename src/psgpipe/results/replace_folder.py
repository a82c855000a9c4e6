"""Where a night is put together, and how it then takes its place.

A folder of its own under ``OUT/.psgpipe-new`` holds ``new``, the night being written, and ``for``,
whose night it is. What stood in the night's place ends up in there and is cleared away.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
from collections.abc import Iterator
from pathlib import Path

from psgpipe.files import owner_tag
from psgpipe.files.atomic import TEMPORARY_PREFIX, patiently
from psgpipe.files.swap import exchange
from psgpipe.model.ids import slug
from psgpipe.results.manifest import FAILURE, MANIFEST

NIGHT_FILES = (
    MANIFEST, FAILURE, "hypnogram.tsv", "hypnogram.edf", "summary.json", "quality.json",
    "hypnogram.svg", "hypnogram.png", "report.html",
)  # fmt: skip
"""What psgpipe may write into a night's folder; anything else there is somebody else's."""

NIGHTS = "nights"
NEW_NIGHTS = f"{TEMPORARY_PREFIX}new"

_TAKEN = {errno.EEXIST, errno.ENOTEMPTY}
_SWAPS_TRIED = 20


@contextlib.contextmanager
def place_for(folder: Path) -> Iterator[Path]:
    """An empty folder in which to write what belongs to the night in `folder`."""
    out = folder.parents[2]
    place = out / NEW_NIGHTS / owner_tag.tag()
    try:
        yield _make_place(place, folder)
    finally:
        with contextlib.suppress(OSError):
            _bring_to_an_end(place, out)


def _make_place(place: Path, folder: Path) -> Path:
    for _ in range(_SWAPS_TRIED):
        # A run that ends clears the empty parent away, perhaps in between.
        with contextlib.suppress(FileNotFoundError):
            place.mkdir(parents=True, exist_ok=True)
            break
    (place / "for").write_text(f"{folder.parent.name}/{folder.name}", encoding="utf-8")
    fresh = place / "new"
    fresh.mkdir()
    return fresh


def take_place(fresh: Path, folder: Path) -> None:
    """Rename `fresh` to `folder`; what stood there is then inside the place of `fresh`.

    Where nothing stood, that is one rename. Else both trade places at once, or, where the system
    cannot do that, the old one goes aside first: `clear_debris` brings to an end what a kill breaks
    off in between.
    """
    for attempt in range(_SWAPS_TRIED):
        try:
            if not os.path.lexists(folder):
                patiently(lambda: fresh.rename(folder))
                return
            if not folder.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, "not a folder", str(folder))
            if exchange(fresh, folder):
                return
            patiently(lambda: folder.rename(fresh.with_name(f"old{attempt}")))  # noqa: B023
            patiently(lambda: fresh.rename(folder))
        except FileNotFoundError:
            if not fresh.exists():
                raise
        except OSError as error:
            if error.errno not in _TAKEN:
                raise
        else:
            return
    raise OSError(errno.EBUSY, "other runs keep writing the same night", str(folder))


def _clear_place(place: Path, folder: Path) -> None:
    """Remove what is ours in `place` and give back to the night what is not."""
    for old in [p for p in place.iterdir() if p.name != "for"]:
        if old.is_symlink():
            old.unlink()
            continue
        ours = {*NIGHT_FILES, *_listed(old)}
        for entry in old.iterdir():
            if entry.name in ours or entry.name.startswith(TEMPORARY_PREFIX):
                entry.unlink()
            elif not os.path.lexists(folder / entry.name):
                entry.rename(folder / entry.name)
        old.rmdir()
    (place / "for").unlink(missing_ok=True)
    place.rmdir()


def _listed(folder: Path) -> list[str]:
    """The outputs that a manifest there names; none where there is none to be understood."""
    try:
        return [entry["name"] for entry in json.loads((folder / MANIFEST).read_bytes())["outputs"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def clear_debris(out: Path) -> None:
    """Clear away what runs that died left in `out`; what a living run is making stays.

    A night that was put aside and not replaced comes back.
    """
    with contextlib.suppress(OSError):
        for place in (out / NEW_NIGHTS).iterdir():
            if owner_tag.is_abandoned(place.name, place):
                with contextlib.suppress(OSError, ValueError):
                    _bring_to_an_end(place, out)
    with contextlib.suppress(OSError):
        (out / NEW_NIGHTS).rmdir()
    for left in out.glob(f"{TEMPORARY_PREFIX}*"):
        if (
            owner_tag.is_abandoned(left.name.removeprefix(TEMPORARY_PREFIX), left)
            and left.is_file()
        ):
            with contextlib.suppress(OSError):
                left.unlink()


def _bring_to_an_end(place: Path, out: Path) -> None:
    target = place / "for"
    subject, _, night = _text(target).partition("/")
    if not (place / "new").exists() and not list(place.glob("old*")):
        target.unlink(missing_ok=True)
        place.rmdir()
        return
    folder = out / NIGHTS / slug(subject) / slug(night)
    aside = sorted(place.glob("old*"))
    if aside and not os.path.lexists(folder):
        # The old night went aside only after the new one was complete.
        new = place / "new"
        (new if new.is_dir() else aside[-1]).rename(folder)
    _clear_place(place, folder)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except OSError:
        return ""
