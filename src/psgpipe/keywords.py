"""Functions that Python users call: wrong arguments are explained, errors say what to pass."""

from __future__ import annotations

import ast
import functools
import inspect
import numbers
import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, ParamSpec, TypeVar, get_args, get_origin

from psgpipe.errors import UsageError
from psgpipe.messages import listed, safe_text, unknown
from psgpipe.python_words import errors_in_python_words

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
    "StagedNight": "a night that psgpipe.run_night returned",
    "Hypnogram": "a Hypnogram, such as psgpipe.read_scoring returns",
    "ActivityCounts": "activity counts that psgpipe.read_actigraphy returned",
}  # fmt: skip


def called_from_python(function: Callable[P, T]) -> Callable[P, T]:
    """`function` for Python users: wrong arguments are a `UsageError`, errors say what to pass.

    Types are checked where the annotation is one of plain types, paths and literals.
    """
    signature = inspect.signature(function)
    known = tuple(signature.parameters)
    name = function.__name__
    names = getattr(function, "__globals__", {})
    wanted = {p.name: _Wanted.of(p.annotation, names) for p in signature.parameters.values()}

    @functools.wraps(function)
    @errors_in_python_words()
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
                raise UsageError(f"{name}: {one.refusal(argument, value)}", f"Correct {argument}.")
        return function(*args, **kwargs)

    return checked


class _Wanted:
    """The values that an annotation allows."""

    def __init__(self, types: tuple[type[Any], ...], literals: tuple[Any, ...], words: str) -> None:
        self._types, self._literals, self.in_words = types, literals, words

    @classmethod
    def of(cls, annotation: Any, names: Mapping[str, Any]) -> _Wanted | None:
        """None for an annotation with anything but types with `_WORDS`, and literals.

        `names` are those of the function's module.
        """
        if not isinstance(annotation, str):
            return None
        types: list[type[Any]] = []
        literals: list[Any] = [None] if annotation.endswith("| None") else []
        words = []
        for part in _parts(ast.parse(annotation, mode="eval").body):
            if isinstance(part, ast.Constant) and part.value is None:
                continue
            name = part.id if isinstance(part, ast.Name) else ""
            if name in _WORDS:
                types += _TYPES.get(name) or (names[name],)
                words.append(_WORDS[name])
            elif values := _literals(part, names.get(name)):
                literals += values
                words += [repr(value) for value in values]
            else:
                return None
        return cls(tuple(types), tuple(literals), " or ".join(dict.fromkeys(words)))

    def refusal(self, argument: str, value: Any) -> str:
        """What was wanted and found; an object is named by its type."""
        if isinstance(value, str | numbers.Number | os.PathLike | None) and self._is_plain:
            return f"{argument} is {safe_text(repr(value))}, wanted {self.in_words}"
        return f"{argument}: {self.in_words} was wanted, found {type(value).__name__}"

    @property
    def _is_plain(self) -> bool:
        return not any(t.__module__.startswith("psgpipe") for t in self._types)

    def allows(self, value: Any) -> bool:
        """Whether a value is of one of the types, or one of the literals."""
        if isinstance(value, bool) and bool not in self._types:
            return False
        return isinstance(value, self._types) or any(
            value is None if literal is None else isinstance(value, str) and value == literal
            for literal in self._literals
        )


def _literals(part: ast.expr, named: Any) -> tuple[Any, ...]:
    """The values of a ``Literal[...]``, or of what is `named` one; () for anything else."""
    if get_origin(named) is Literal:
        return get_args(named)
    if isinstance(part, ast.Subscript) and ast.unparse(part.value) == "Literal":
        values = ast.literal_eval(part.slice)
        return values if isinstance(values, tuple) else (values,)
    return ()


def _parts(node: ast.expr) -> Iterator[ast.expr]:
    """The members of a union that is written with ``|``."""
    if isinstance(node, ast.BinOp):
        yield from _parts(node.left)
        yield from _parts(node.right)
    else:
        yield node
