"""Arguments of the functions that users call: a misspelt keyword or a wrong type is explained."""

from __future__ import annotations

import ast
import functools
import inspect
import numbers
import os
from collections.abc import Callable, Iterator
from typing import Any, ParamSpec, TypeVar

from psgpipe.errors import UsageError
from psgpipe.messages import listed, safe_text, unknown

P = ParamSpec("P")
T = TypeVar("T")

_TYPES: dict[str, tuple[type[Any], ...]] = {
    "str": (str,),
    "Path": (os.PathLike,),
    "PathLike": (str, os.PathLike),
    "int": (numbers.Integral,),
    "float": (numbers.Real,),
    "bool": (bool,),
}
_WORDS = {
    "str": "text", "Path": "a path", "PathLike": "a path", "int": "a whole number",
    "float": "a number", "bool": "True or False",
}  # fmt: skip


def known_keywords(function: Callable[P, T]) -> Callable[P, T]:
    """`function` with a `UsageError` in the place of Python's own error for wrong arguments.

    Types are checked where the annotation is one of plain types, paths and literals.
    """
    signature = inspect.signature(function)
    known = tuple(signature.parameters)
    name = function.__name__
    wanted = {p.name: _Wanted.of(p.annotation) for p in signature.parameters.values()}

    @functools.wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> T:
        for word in kwargs:
            if word not in known:
                raise UsageError(
                    f"{name}: {unknown('keyword', word, known)}", f"It takes {listed(known, 30)}."
                )
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError as error:
            raise UsageError(f"{name}: {error}", f"It takes {listed(known, 30)}.") from None
        for argument, value in bound.arguments.items():
            one = wanted[argument]
            if one is not None and not one.allows(value):
                found = safe_text(repr(value))
                raise UsageError(
                    f"{name}: {argument} is {found}, wanted {one.in_words}", f"Correct {argument}."
                )
        return function(*args, **kwargs)

    return checked


class _Wanted:
    """The values that an annotation allows."""

    def __init__(self, types: tuple[type[Any], ...], literals: tuple[Any, ...], words: str) -> None:
        self._types, self._literals, self.in_words = types, literals, words

    @classmethod
    def of(cls, annotation: Any) -> _Wanted | None:
        """None for an annotation with anything but plain types, paths and literals."""
        if not isinstance(annotation, str):
            return None
        types: list[type[Any]] = []
        literals: list[Any] = [None] if annotation.endswith("| None") else []
        words = []
        for part in _parts(ast.parse(annotation, mode="eval").body):
            if isinstance(part, ast.Constant) and part.value is None:
                continue
            if isinstance(part, ast.Name) and part.id in _TYPES:
                types += _TYPES[part.id]
                words.append(_WORDS[part.id])
            elif isinstance(part, ast.Subscript) and ast.unparse(part.value) == "Literal":
                values = ast.literal_eval(part.slice)
                listed_values = values if isinstance(values, tuple) else (values,)
                literals += listed_values
                words += [repr(value) for value in listed_values]
            else:
                return None
        return cls(tuple(types), tuple(literals), " or ".join(dict.fromkeys(words)))

    def allows(self, value: Any) -> bool:
        """Whether a value is of one of the types, or one of the literals."""
        if isinstance(value, bool) and bool not in self._types:
            return False
        return isinstance(value, self._types) or any(
            value is None if literal is None else isinstance(value, str) and value == literal
            for literal in self._literals
        )


def _parts(node: ast.expr) -> Iterator[ast.expr]:
    """The members of a union that is written with ``|``."""
    if isinstance(node, ast.BinOp):
        yield from _parts(node.left)
        yield from _parts(node.right)
    else:
        yield node
