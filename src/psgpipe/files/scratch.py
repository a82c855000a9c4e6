"""The scratch folder: where libraries keep their caches, and never in the user's home.

Matplotlib keeps a list of fonts, numba keeps compiled functions. Their usual place is the home of
the user, which a job or a container may lack or be unable to write. MNE writes nothing unasked.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

_FOLDERS = {"MPLCONFIGDIR": "matplotlib", "NUMBA_CACHE_DIR": "numba"}


def cache_variables() -> dict[str, str]:
    """Environment variables that send the caches of libraries to scratch.

    What the user has set stays. Without any folder for temporary files there are none.
    """
    unset = [name for name in _FOLDERS if not os.environ.get(name)]
    scratch = next(filter(_is_own_folder, _candidates()), None) if unset else None
    return {} if scratch is None else {name: str(scratch / _FOLDERS[name]) for name in unset}


def use_scratch_for_caches() -> None:
    """Send the caches of libraries that this process imports later to scratch."""
    os.environ.update(cache_variables())


def _candidates() -> Iterator[Path]:
    """The scratch folder of the job, and the folder of temporary files; each user has one there."""
    user = os.getuid() if hasattr(os, "getuid") else "user"
    job = os.environ.get("SLURM_TMPDIR")
    if job:
        yield Path(job) / f"psgpipe-cache-{user}"
    try:
        yield Path(tempfile.gettempdir()) / f"psgpipe-cache-{user}"
    except FileNotFoundError:
        return


def _is_own_folder(folder: Path) -> bool:
    """Make the folder; False where it is another user's, or others can write into it."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        state = folder.lstat()
    except OSError:
        return False
    is_private = not hasattr(os, "getuid") or (
        state.st_uid == os.getuid() and not state.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    )
    return stat.S_ISDIR(state.st_mode) and is_private and os.access(folder, os.W_OK)
