"""The classifiers that yasa ships, as arrays, without importing yasa, lightgbm or joblib.

A shipped file is a compressed pickle that holds LightGBM's model as text. Nothing in it is run: the
file's SHA-256 must be one of eight known ones, and the text is cut out and read. That costs as much
CPU as a derivation of a night, so the arrays are kept in a cache folder and checked by their own
SHA-256 when they come back.
"""

import hashlib
import importlib.util
import os
import re
import sys
import zlib
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from psgpipe.adapters.lightgbm_text import parse_classifier
from psgpipe.errors import StagerUnavailable
from psgpipe.model.classifier import TreeClassifier

YASA_VERSION = "0.8.1"


class Shipped(NamedTuple):
    """A classifier in yasa 0.8.1: the SHA-256 of its file and of its arrays in the cache."""

    file_sha256: str
    arrays_sha256: str


SHIPPED = {
    "eeg": Shipped(
        "330c1afdc86396e0b6d9f1294d4c4796beb5f7e7cd38be424c10feae98867e31",
        "b2ddac693f99e98e310e0d40c7a7d35257155dccf91367623ad8d66e600ff548",
    ),
    "eeg+demo": Shipped(
        "686fd99ad834d657833d7d7c2b3256f9689c023cf13aee16381b2b2cd6f0e86b",
        "3b939ef704503bf55c137f37dd4f61c6ff1f59309355e0394c4609bc05943162",
    ),
    "eeg+eog": Shipped(
        "86d726a3e6aa6195197ffbc9765f5e194c74358295ef331998c21f8badcebcc3",
        "9ab1e945be10ecb3f7adb0cec5cb8ab4bb5dec04dc8698d1fd1ab1e829e8dc6f",
    ),
    "eeg+eog+demo": Shipped(
        "e4762d95dddce707ee8da922dbc505dea4be6a5a5070cbc9a06e0a88f2fc2b43",
        "029935961c609158c888176de19eb3a486b09dffde453003d68142ab084b6cdf",
    ),
    "eeg+emg": Shipped(
        "9771995bcf7d1c90456986fbf9f991a5b5e8fe68cf0a8c410ec38ad3615a3c78",
        "61ec676a6fde69d0e00ea288b335485b156b6cdc0af1eb291bdb57b6d729a50f",
    ),
    "eeg+emg+demo": Shipped(
        "035191c5ffbb84ef9f4b09864bf54f01bd302a94188c34a9d6535460e74f4b49",
        "4b0d958429043e151b44035e835ad2546ec63fff80b27ab85e51530d1fb96d8c",
    ),
    "eeg+eog+emg": Shipped(
        "3d27d440c94c61d8013c81c91693ad88810af2ddae85b62f4bc797f6e2464beb",
        "24aacacba273aca83a0ad5ddfd0fb4ce1aea52dedd353b15bc30a840e144a1cb",
    ),
    "eeg+eog+emg+demo": Shipped(
        "d915de033ecbce0833600151d73a5b271b8f305d63bbc774400ee64bdb9df8ff",
        "7d827cb7e173dd88a9fb285fa05f666b6fe7912e509ed624a05dd03c6cb49bc1",
    ),
}

STAGES_IN_FILE = ("N1", "N2", "N3", "R", "W")
STAGES = ("W", "N1", "N2", "N3", "R")

CACHE_VARIABLE = "PSGPIPE_CACHE"

_ARRAYS = ("feature", "threshold", "node_of_slot", "leaf_value", "feature_names")
_REINSTALL = f'Install yasa {YASA_VERSION} anew, or set engine = "reference" to use yasa as it is.'


def classifier_name(*, eog: bool, emg: bool, demographics: bool) -> str:
    """The name of the classifier for an EEG with or without EOG, EMG, age and sex."""
    return "eeg" + "+eog" * eog + "+emg" * emg + "+demo" * demographics


def load_classifier(name: str) -> TreeClassifier:
    """The classifier that the installed yasa ships under `name`, e.g. ``eeg+eog+emg+demo``.

    Raises
    ------
    StagerUnavailable
        yasa is absent, of another version, or its file is not the one it shipped.
    """
    content = _shipped_file(name).read_bytes()
    _require_known(name, hashlib.sha256(content).hexdigest())
    cached = cache_folder() / f"classifier-{SHIPPED[name].file_sha256[:16]}.npz"
    return _from_cache(cached, name) or _converted(content, name, cached)


def _shipped_file(name: str) -> Path:
    found = importlib.util.find_spec("yasa")
    if found is None or found.origin is None:
        raise StagerUnavailable(
            f"yasa {YASA_VERSION} is wanted and no yasa is installed",
            f"pip install yasa=={YASA_VERSION}",
        )
    package = Path(found.origin).parent
    _require_version(package)
    files = sorted((package / "classifiers").glob(f"clf_{name}_lgb_*.joblib"))
    if len(files) != 1:
        raise StagerUnavailable(
            f"yasa's classifier for {name} is wanted and {len(files)} are there", _REINSTALL
        )
    return files[0]


def _require_version(package: Path) -> None:
    """Read the version as text: importing yasa would cost more CPU than staging a night."""
    code = (package / "__init__.py").read_text(encoding="utf-8")
    stated = re.search(r"^__version__ = [\"'](.+)[\"']", code, re.MULTILINE)
    version = stated[1] if stated else "of unknown version"
    if version != YASA_VERSION:
        raise StagerUnavailable(
            f"yasa {YASA_VERSION} is wanted for the fast engine and yasa {version} is installed",
            f'pip install yasa=={YASA_VERSION}, or set engine = "reference"',
        )


def _require_known(name: str, file_sha256: str) -> None:
    wanted = SHIPPED[name].file_sha256
    if file_sha256 != wanted:
        raise StagerUnavailable(
            f"yasa's classifier for {name} has SHA-256 {file_sha256[:12]}... and "
            f"yasa {YASA_VERSION} shipped {wanted[:12]}...",
            _REINSTALL,
        )


def cache_folder() -> Path:
    """Where converted classifiers are kept; it need not exist or be writable."""
    chosen = os.environ.get(CACHE_VARIABLE)
    if chosen:
        return Path(chosen)
    if sys.platform == "win32":
        return (
            Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local") / "psgpipe/cache"
        )
    if sys.platform == "darwin":
        return Path.home() / "Library/Caches/psgpipe"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "psgpipe"


def _from_cache(cached: Path, name: str) -> TreeClassifier | None:
    """The classifier as kept, or None if it is absent, unreadable or not what was put there."""
    try:
        with np.load(BytesIO(cached.read_bytes()), allow_pickle=False) as kept:
            arrays = {key: kept[key] for key in _ARRAYS}
    except (OSError, ValueError, KeyError, EOFError, zlib.error, BadZipFile):
        return None
    if _digest(arrays) != SHIPPED[name].arrays_sha256:
        return None
    names = tuple(arrays.pop("feature_names").tolist())
    return TreeClassifier(name, SHIPPED[name].file_sha256, names, **arrays)


def _converted(content: bytes, name: str, cached: Path) -> TreeClassifier:
    text = _model_text(zlib.decompress(content))
    order = tuple(STAGES_IN_FILE.index(stage) for stage in STAGES)
    classifier = parse_classifier(text, name, SHIPPED[name].file_sha256, order)
    _keep(cached, _arrays(classifier))
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


def _keep(cached: Path, arrays: dict[str, npt.NDArray[np.generic]]) -> None:
    """Put the arrays in the cache, whole or not at all; one that cannot be written is no loss."""
    kept = BytesIO()
    np.savez(kept, **arrays)  # type: ignore[arg-type]  # names are array names
    part = cached.with_suffix(f".{os.urandom(8).hex()}.part")
    try:
        cached.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(kept.getvalue())
        part.replace(cached)
    except OSError:
        with suppress(OSError):
            part.unlink(missing_ok=True)
