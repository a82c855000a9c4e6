"""The classifiers that yasa ships, as arrays, without importing yasa, lightgbm or joblib.

A shipped file is a compressed pickle that holds LightGBM's model as text. psgpipe never executes
the pickle: the file's SHA-256 must be one of eight known hashes, and the text is cut out and
parsed. Parsing takes as much CPU time as one derivation of a night, so a cache folder keeps the
arrays; their own SHA-256 is checked when they are read.
"""

import hashlib
import os
import re
import sys
import tempfile
import zlib
from collections.abc import Sequence
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from psgpipe.errors import ClassifierNewer, PsgpipeError, StagerUnavailable
from psgpipe.files.atomic import bytes_of, write_file
from psgpipe.staging.fast.forest import TreeClassifier
from psgpipe.staging.installed_yasa import (
    YASA_VERSION,
    newest_classifier,
    yasa_folder,
    yasa_version,
)
from psgpipe.staging.lightgbm_text import parse_classifier


class Shipped(NamedTuple):
    """A classifier in yasa 0.8.1: the SHA-256 of its file and of its arrays in the cache."""

    file_sha256: str
    arrays_sha256: str


SHIPPED = {
    "eeg": Shipped(
        "330c1afdc86396e0b6d9f1294d4c4796beb5f7e7cd38be424c10feae98867e31",
        "f8b32e987f42f81e85a1d627503e5e17033a93623b432469cbc642b6931a80e8",
    ),
    "eeg+demo": Shipped(
        "686fd99ad834d657833d7d7c2b3256f9689c023cf13aee16381b2b2cd6f0e86b",
        "2668ae8129d2035b8aa901c0bff5cfdaa28d7623d8b23a6e8e3a0d73db4841d9",
    ),
    "eeg+eog": Shipped(
        "86d726a3e6aa6195197ffbc9765f5e194c74358295ef331998c21f8badcebcc3",
        "38bb68e6232eaaab093f39c6fe0a812912f7fc8602dc94033d8f305f92be6838",
    ),
    "eeg+eog+demo": Shipped(
        "e4762d95dddce707ee8da922dbc505dea4be6a5a5070cbc9a06e0a88f2fc2b43",
        "d6fbbd2882ffeb751a375d6019c730441d62adf42e05ef4e51ba66ba7e7e2edf",
    ),
    "eeg+emg": Shipped(
        "9771995bcf7d1c90456986fbf9f991a5b5e8fe68cf0a8c410ec38ad3615a3c78",
        "5ba33cb2e5869461a869342945b0a39e4c1dbd03b3c381df16882285f62cc628",
    ),
    "eeg+emg+demo": Shipped(
        "035191c5ffbb84ef9f4b09864bf54f01bd302a94188c34a9d6535460e74f4b49",
        "e587a3776772ac96cb9828b1d4ca9a11f4d51c9a2c671e20d28b2e5315061def",
    ),
    "eeg+eog+emg": Shipped(
        "3d27d440c94c61d8013c81c91693ad88810af2ddae85b62f4bc797f6e2464beb",
        "9a86915eee1441869fd2c5ccbf1d4f02c42ba436e08b70133b255e666fb35275",
    ),
    "eeg+eog+emg+demo": Shipped(
        "d915de033ecbce0833600151d73a5b271b8f305d63bbc774400ee64bdb9df8ff",
        "3a77f09fc1a41047edaff68d3c42c46fbb8c87d78ea56a55bf66a63e49e2aa5c",
    ),
}

STAGES_IN_FILE = ("N1", "N2", "N3", "R", "W")
STAGES = ("W", "N1", "N2", "N3", "R")

CACHE_VARIABLE = "PSGPIPE_CACHE"
HASH_BYTES = hashlib.sha256().digest_size

_ARRAYS = ("feature", "threshold", "node_of_slot", "leaf_value", "feature_names")
_REINSTALL = f'Install yasa {YASA_VERSION} anew, or set engine = "reference" to use yasa as it is.'


def load_classifier(name: str) -> TreeClassifier:
    """The classifier that the installed yasa ships under `name`, e.g. ``eeg+eog+emg+demo``.

    Its hash decides, not the version of yasa.

    Raises
    ------
    ClassifierNewer
        yasa is newer than `YASA_VERSION` and its file is not one that is known.
    StagerUnavailable
        yasa or its file is absent, or the file is not the one that yasa shipped.
    """
    folder = yasa_folder()
    content = newest_classifier(folder, name).read_bytes()
    _require_known(name, hashlib.sha256(content).hexdigest(), folder)
    file = f"classifier-{SHIPPED[name].arrays_sha256[:16]}.npz"
    folders = cache_folders()
    kept = (read_kept(folder / file, name) for folder in folders)
    known = next((classifier for classifier in kept if classifier is not None), None)
    return known or _converted(content, name, [folder / file for folder in folders])


def _require_known(name: str, file_sha256: str, folder: Path) -> None:
    wanted = SHIPPED[name].file_sha256
    if file_sha256 == wanted:
        return
    version = yasa_version(folder)
    problem = (
        f"yasa {version} is installed, its classifier for {name} has SHA-256 "
        f"{file_sha256[:12]}..., and the one of yasa {YASA_VERSION} has {wanted[:12]}..."
    )
    raise (ClassifierNewer if _is_newer(version) else StagerUnavailable)(problem, _REINSTALL)


def _is_newer(version: str) -> bool:
    """Whether the release, or a pre-release of it, comes after the tested one."""
    release = re.match(r"\d+(\.\d+)*", version)
    tested = [int(n) for n in YASA_VERSION.split(".")]
    return release is not None and [int(n) for n in release[0].split(".")] > tested


def cache_folders() -> tuple[Path, ...]:
    """Where converted classifiers are kept, the first choice first; none needs to be writable.

    The user's choice; else the scratch folder of a Slurm job, the user's cache folder, and the
    folder of temporary files.
    """
    chosen = os.environ.get(CACHE_VARIABLE)
    if chosen:
        return (Path(chosen),)
    scratch = [os.environ.get("SLURM_TMPDIR")]
    folders = [Path(folder) / "psgpipe-cache" for folder in scratch if folder]
    # A container's user may have no home.
    with suppress(RuntimeError):
        folders.append(_users_cache_folder())
    # A container may have no folder that can be written but the one of the results.
    with suppress(FileNotFoundError):
        folders.append(Path(tempfile.gettempdir()) / "psgpipe-cache")
    return tuple(folders)


def _users_cache_folder() -> Path:
    if sys.platform == "win32":
        return (
            Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local") / "psgpipe/cache"
        )
    if sys.platform == "darwin":
        return Path.home() / "Library/Caches/psgpipe"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "psgpipe"


def read_kept(cached: Path, name: str) -> TreeClassifier | None:
    """The classifier as kept, or None if it is absent, unreadable or not what was put there.

    The file ends with the hash of the rest, so that nothing that was damaged is parsed.
    """
    try:
        kept_file = bytes_of(cached) or b""
        content, sha256 = kept_file[:-HASH_BYTES], kept_file[-HASH_BYTES:]
        if sha256 != hashlib.sha256(content).digest():
            return None
        with np.load(BytesIO(content), allow_pickle=False) as kept:
            arrays = {key: kept[key] for key in _ARRAYS}
    except (OSError, ValueError, KeyError, EOFError, zlib.error, BadZipFile):
        return None
    if _digest(arrays) != SHIPPED[name].arrays_sha256:
        return None
    names = tuple(arrays.pop("feature_names").tolist())
    return TreeClassifier(name, SHIPPED[name].file_sha256, names, **arrays)


def _converted(content: bytes, name: str, places: Sequence[Path]) -> TreeClassifier:
    text = _model_text(zlib.decompress(content))
    order = tuple(STAGES_IN_FILE.index(stage) for stage in STAGES)
    classifier = parse_classifier(text, name, SHIPPED[name].file_sha256, order)
    _keep(places, _arrays(classifier))
    return classifier


def _model_text(pickled: bytes) -> bytes:
    """The model text inside the pickle; the file's hash says that it is there, once."""
    first = pickled.index(b"tree\nversion=v3\n")
    return pickled[first : pickled.index(b"\nend of trees\n", first)]


def _arrays(classifier: TreeClassifier) -> dict[str, npt.NDArray[np.generic]]:
    arrays = {key: np.asarray(getattr(classifier, key)) for key in _ARRAYS}
    return {key: values.astype(values.dtype.newbyteorder("<")) for key, values in arrays.items()}


def _digest(arrays: dict[str, npt.NDArray[np.generic]]) -> str:
    digest = hashlib.sha256()
    for key in _ARRAYS:
        digest.update(f"{key} {arrays[key].dtype.str} {arrays[key].shape}\n".encode())
        digest.update(np.ascontiguousarray(arrays[key]).view(np.uint8).data)
    return digest.hexdigest()


def _keep(places: Sequence[Path], arrays: dict[str, npt.NDArray[np.generic]]) -> None:
    """Put the arrays in the first place that can be written; it is no loss if there is none."""
    kept = BytesIO()
    np.savez(kept, **arrays)  # type: ignore[arg-type]  # names are array names
    content = kept.getvalue()
    for place in places:
        with suppress(PsgpipeError):
            write_file(place, content + hashlib.sha256(content).digest())
            return
