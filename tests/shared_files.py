"""Places of the shared test material: real recordings, golden numbers, the corpus of defects.

The environment variable ``PSGPIPE_SHARED`` names the folder; the default is ``../shared`` beside
the checkout. Without the folder, tests that need it are skipped with a reason. CI sets
``PSGPIPE_REQUIRE_SHARED=1``, and such tests then fail.
"""

import os
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent


def shared_root() -> Path:
    """The folder of the shared material, whether it exists or not."""
    return Path(os.environ.get("PSGPIPE_SHARED") or CHECKOUT.parent / "shared")


def shared(*parts: str) -> Path:
    """A file or folder of the shared material; skips the test where it is absent."""
    path = shared_root().joinpath(*parts)
    if not path.exists():
        missing = pytest.fail if os.environ.get("PSGPIPE_REQUIRE_SHARED") == "1" else pytest.skip
        missing(f"shared test material is not here: {'/'.join(parts)}")
    return path
