"""What of a scoring the result of its night depends on."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from psgpipe.errors import PsgpipeError
from psgpipe.files.file_state import FileState, sha256_of_file
from psgpipe.model.night import Night
from psgpipe.model.scoring import AlignedScoring

LARGE_BYTES = 20_000_000


def scoring_identity(night: Night) -> dict[str, Any] | None:
    """The file's hash and how it is read, known before it is; None without a scoring.

    The hash of a file that cannot be read is None: opening the night then says why.
    """
    given = night.scoring
    if given is None:
        return None
    try:
        sha256 = _sha256(given.path)
    except PsgpipeError:
        sha256 = None
    return {
        "sha256": sha256,
        "scorer": given.scorer,
        "mapping": None if given.mapping is None else dict(sorted(given.mapping.items())),
        "use": given.use,
        "by": given.by,
    }


def _sha256(path: Path) -> str:
    """The hash of a file; of a large one, which holds signals as well, it is kept."""
    state = FileState.of(path)
    if state is None or state.size < LARGE_BYTES:
        return sha256_of_file(path)
    return _kept_sha256(path, state)


@lru_cache(maxsize=16)
def _kept_sha256(path: Path, _state: FileState) -> str:
    return sha256_of_file(path)


def stages_identity(scored: AlignedScoring) -> dict[str, Any]:
    """The stages as they were read: another label table or reader may give others."""
    return {
        "stages": [str(stage) for stage in scored.hypnogram.stages],
        "covered": [bool(mark) for mark in scored.covered],
    }
