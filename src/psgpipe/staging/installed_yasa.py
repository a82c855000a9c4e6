"""The installed yasa, found without importing it: its folder, version and classifier files."""

import importlib.util
import re
from collections.abc import Sequence
from pathlib import Path

from psgpipe.errors import StagerUnavailable
from psgpipe.model.montage import ROLES, Role

YASA_VERSION = "0.8.1"
"""The yasa whose arithmetic and classifiers the fast engine has."""


def yasa_folder() -> Path:
    """The folder of the package."""
    spec = importlib.util.find_spec("yasa")
    if spec is None or spec.origin is None:
        raise StagerUnavailable(
            f"yasa {YASA_VERSION} is wanted and no yasa is installed",
            f"pip install yasa=={YASA_VERSION}",
        )
    return Path(spec.origin).parent


def yasa_version(folder: Path) -> str:
    """The version as yasa's code states it, read as text: to import yasa would take seconds."""
    code = (folder / "__init__.py").read_text(encoding="utf-8")
    stated = re.search(r"^__version__ = [\"'](.+)[\"']", code, re.MULTILINE)
    if stated:
        return stated[1]
    # Imported here: its own imports would take a tenth of the fast engine's import time.
    from importlib import metadata

    try:
        return metadata.version("yasa")
    except metadata.PackageNotFoundError:
        return "of unknown version"


def classifier_name(roles: Sequence[Role], *, with_demographics: bool) -> str:
    """The name of yasa's classifier for these roles, e.g. ``eeg+eog+emg+demo``."""
    parts = [role for role in ROLES if role in roles]
    return "+".join([*parts, *(["demo"] if with_demographics else [])])


def newest_classifier(folder: Path, name: str) -> Path:
    """The classifier file in yasa's folder that yasa itself takes: the newest of that name."""
    files = list((folder / "classifiers").glob(f"clf_{name}_lgb_*.joblib"))
    if not files:
        raise StagerUnavailable(
            f"yasa's classifier for {name} is wanted and none is there",
            f"Install yasa anew: pip install --force-reinstall yasa=={YASA_VERSION}",
        )
    return max(files, key=lambda file: [int(n) for n in re.findall(r"\d+", file.stem)])
