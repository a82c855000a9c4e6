"""Byte code of sources that are no modules, beside the byte code of Python's own modules.

It lies where Python looks for the byte code of the same folder, so it is trusted as that is, and
`PYTHONDONTWRITEBYTECODE` and `PYTHONPYCACHEPREFIX` are obeyed.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import marshal
import sys
from pathlib import Path
from types import CodeType

from psgpipe.errors import PsgpipeError
from psgpipe.files.atomic import write_file

_HASH_BYTES = hashlib.sha256().digest_size


def read_code(source: Path, key: str) -> CodeType | None:
    """The code that was kept for a source; None where there is none, or it is not whole.

    `key` says what the code depends on: code that was kept with another key counts as absent.
    """
    try:
        content = _code_file(source).read_bytes()
    except (OSError, NotImplementedError):
        return None
    digest, code = content[:_HASH_BYTES], content[_HASH_BYTES:]
    if digest != _digest(key, code):
        return None
    kept = marshal.loads(code)  # noqa: S302  # as Python reads its modules
    return kept if isinstance(kept, CodeType) else None


def keep_code(source: Path, key: str, code: CodeType) -> None:
    """Keep the code of a source for the next process, where that is possible."""
    if sys.dont_write_bytecode:
        return
    content = marshal.dumps(code)
    with contextlib.suppress(PsgpipeError, NotImplementedError):
        write_file(_code_file(source), _digest(key, content) + content)


def _code_file(source: Path) -> Path:
    """The place of the byte code; NotImplementedError where Python keeps none."""
    # A module night.py and a template night.svg must not share a file.
    return Path(importlib.util.cache_from_source(str(source) + ".py"))


def _digest(key: str, code: bytes) -> bytes:
    return hashlib.sha256(key.encode("utf-8") + b"\0" + code).digest()
