"""Many nights: worker pool, resume, stop signals. ``psgpipe.batch(...)`` stages a study.

`psgpipe.batch` is this package and a function at once: a package has the name that users call.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from types import ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class _CallablePackage(ModuleType):
    """The package; called, it is `psgpipe.python.batch.batch`, of which it has signature and text.

    As in psgpipe/__init__.py, this is the door for users, not a need of this package.
    """

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return _function()(*args, **kwargs)

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(_function())

    @property
    def __doc__(self) -> str:  # type: ignore[override]
        head, _, rest = (inspect.getdoc(_function()) or "").partition("\n\n")
        return f"{head}\n\npsgpipe.batch{self.__signature__}\n\n{rest}"


def _function() -> Callable[..., Any]:
    function: Callable[..., Any] = importlib.import_module("psgpipe.python.batch").batch
    return function


sys.modules[__name__].__class__ = _CallablePackage
