"""Keywords of the functions that users call: a misspelt one is named, with the likely word."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from psgpipe.errors import UsageError
from psgpipe.messages import listed, unknown

P = ParamSpec("P")
T = TypeVar("T")


def known_keywords(function: Callable[P, T]) -> Callable[P, T]:
    """`function` with a `UsageError` in the place of Python's own error for wrong arguments."""
    signature = inspect.signature(function)
    known = tuple(signature.parameters)

    @functools.wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> T:
        for word in kwargs:
            if word not in known:
                raise UsageError(
                    f"{function.__name__}: {unknown('keyword', word, known)}",
                    f"It takes {listed(known, 30)}.",
                )
        try:
            signature.bind(*args, **kwargs)
        except TypeError as error:
            raise UsageError(
                f"{function.__name__}: {error}", f"It takes {listed(known, 30)}."
            ) from None
        return function(*args, **kwargs)

    return checked
