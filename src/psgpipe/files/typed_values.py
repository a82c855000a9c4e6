"""Plain values of a TOML or JSON file as typed values and dataclasses."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")
Reader = Callable[[Any, str], Any]
"""Reads a plain value; the text says where the value stands."""
_WORDS = {float: "number", int: "whole number", str: "text", bool: "true or false"}


def typed_record(cls: type[T], values: Mapping[str, Any], where: str = "") -> T:
    """The dataclass `cls` from plain values by field name; other names are ignored.

    TypeError: a value has the wrong type, or a field without a default is missing.
    """
    known = (field for field in _field_readers(typing.cast(Any, cls)) if field[0] in values)
    return cls(**{name: read(values[name], f"{where} {name}") for name, read in known})


def field_types(cls: Any) -> Mapping[str, Any]:
    """The type of each field of a dataclass."""
    return _type_hints(cls)


_type_hints = cache(typing.get_type_hints)


def typed(value: Any, hint: Any, where: str) -> Any:
    """`value` as the type `hint`: a list becomes a tuple, a whole number may become a float.

    TypeError: it has another type; the message starts with `where` and says what was wanted.
    """
    return _reader(hint)(value, where)


@cache
def _field_readers(cls: Any) -> tuple[tuple[str, Reader], ...]:
    return tuple((name, _reader(hint)) for name, hint in field_types(cls).items())


@cache
def _reader(hint: Any) -> Reader:
    """What reads values of a type; a study has very many values of few types."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        is_optional = type(None) in arguments
        read = _reader(next(a for a in arguments if a is not type(None)))
        return lambda value, where: None if value is None and is_optional else read(value, where)
    if hint is Any:
        return lambda value, where: value
    return _checked(hint, *_condition_and_reader(hint, origin, arguments))


def _checked(hint: Any, fits: Callable[[Any], bool], read: Reader) -> Reader:
    def reader(value: Any, where: str) -> Any:
        if not fits(value):
            raise TypeError(f"{where} is {value!r}, wanted {_in_words(hint)}")
        return read(value, where)

    return reader


def _condition_and_reader(
    hint: Any, origin: Any, arguments: tuple[Any, ...]
) -> tuple[Callable[[Any], bool], Reader]:
    """Which plain values can be read as the type, and what reads them."""
    if origin in (tuple, Sequence):
        item = _reader(arguments[0])
        return _is_a(list), lambda value, where: tuple(item(v, where) for v in value)
    if origin in (dict, Mapping):
        item = _reader(arguments[1])
        return _is_a(Mapping), lambda value, where: {k: item(v, where) for k, v in value.items()}
    if dataclasses.is_dataclass(hint):
        cls = typing.cast(type[Any], hint)
        return _is_a(Mapping), lambda value, where: typed_record(cls, value, where)
    if origin is typing.Literal:
        return lambda value: value in arguments, lambda value, where: value
    if hint is float:
        return lambda value: type(value) in (int, float), lambda value, where: float(value)
    return lambda value: type(value) is hint and hint in _WORDS, lambda value, where: value


def _is_a(kind: Any) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, kind)


def _in_words(hint: Any) -> str:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple:
        return f"a list of {_in_words(arguments[0])}s"
    if origin is typing.Literal:
        return "one of " + ", ".join(map(repr, arguments))
    return _WORDS.get(hint, "a table" if origin in (dict, Mapping) else "another type")
