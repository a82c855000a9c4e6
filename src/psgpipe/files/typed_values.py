"""Plain values of a TOML or JSON file as typed values and dataclasses."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")
_WORDS = {float: "number", int: "whole number", str: "text", bool: "true or false"}


def typed_record(cls: type[T], values: Mapping[str, Any], where: str = "") -> T:
    """The dataclass `cls` from plain values by field name; other names are ignored.

    TypeError: a value has the wrong type, or a field without a default is missing.
    """
    hints = field_types(cls)
    known = {name: values[name] for name in hints if name in values}
    return cls(**{name: typed(v, hints[name], f"{where} {name}") for name, v in known.items()})


def field_types(cls: Any) -> Mapping[str, Any]:
    """The type of each field of a dataclass."""
    return _type_hints(cls)


_type_hints = cache(typing.get_type_hints)


def typed(value: Any, hint: Any, where: str) -> Any:
    """`value` as the type `hint`: a list becomes a tuple, a whole number may become a float.

    TypeError: it has another type; the message starts with `where` and says what was wanted.
    """
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        if value is None and type(None) in arguments:
            return None
        return typed(value, next(a for a in arguments if a is not type(None)), where)
    if origin in (tuple, Sequence) and isinstance(value, list):
        return tuple(typed(item, arguments[0], where) for item in value)
    if origin in (dict, Mapping) and isinstance(value, Mapping):
        return {key: typed(item, arguments[1], where) for key, item in value.items()}
    if dataclasses.is_dataclass(hint) and isinstance(value, Mapping):
        return typed_record(typing.cast(type[Any], hint), value, where)
    if origin is typing.Literal and value in arguments:
        return value
    if hint is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if hint is Any or (hint in (int, bool, str) and type(value) is hint):
        return value
    raise TypeError(f"{where} is {value!r}, wanted {_in_words(hint)}")


def _in_words(hint: Any) -> str:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple:
        return f"a list of {_in_words(arguments[0])}s"
    if origin is typing.Literal:
        return "one of " + ", ".join(map(repr, arguments))
    return _WORDS.get(hint, "a table" if origin in (dict, Mapping) else "another type")
