"""Many nights: worker pool, resume, stop signals. ``psgpipe.batch(...)`` stages a study.

`psgpipe.batch` is this package and a function at once: a package has the name that users call.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class _CallablePackage(ModuleType):
    """The package; called, it is `psgpipe.python.batch.batch`."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        # As in psgpipe/__init__.py: this is the door for users, not a need of this package.
        return importlib.import_module("psgpipe.python.batch").batch(*args, **kwargs)


sys.modules[__name__].__class__ = _CallablePackage
