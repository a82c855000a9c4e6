"""The values that a comparison spec may hold: each reader returns one or raises ValueError."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any

from psgpipe.model.comparison import Population
from psgpipe.model.ids import one_spelling

Kind = tuple[str, Callable[[Any], Any]]
"""What is wanted, in words, and the function that reads it."""


def text(value: Any) -> str:
    """A text that is not empty."""
    if not isinstance(value, str) or not value:
        raise ValueError
    return value


def texts(value: Any) -> tuple[str, ...]:
    """A list of texts."""
    if not isinstance(value, list):
        raise ValueError
    return tuple(text(item) for item in value)


def words(value: Any) -> tuple[str, ...]:
    """A word or several, in one spelling."""
    given = (value,) if isinstance(value, str) else value
    found = tuple(one_spelling(text(word)) for word in given)
    if not found:
        raise ValueError
    return found


def flag(value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise ValueError
    return value


def number(value: Any) -> float:
    """A finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e15:
        raise ValueError
    return float(value)


def not_negative(value: Any) -> float:
    """A number from 0."""
    found = number(value)
    if found < 0:
        raise ValueError
    return found


def share(value: Any) -> float:
    """A number from 0 to 1."""
    found = number(value)
    if not 0 <= found <= 1:
        raise ValueError
    return found


def seed(value: Any) -> int:
    """A whole number from 0."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError
    return value


def rising(value: Any) -> tuple[float, ...]:
    """Two or more rising numbers."""
    edges = tuple(number(edge) for edge in value)
    if len(edges) < 2 or any(a >= b for a, b in itertools.pairwise(edges)):
        raise ValueError
    return edges


def low_high(value: Any) -> tuple[float, ...]:
    """Two rising numbers."""
    edges = rising(value)
    if len(edges) != 2:
        raise ValueError
    return edges


def one_of(*allowed: str) -> Kind:
    """Only the allowed words."""

    def read(value: Any) -> str:
        if value not in allowed:
            raise ValueError
        return str(value)

    return "one of " + ", ".join(allowed), read


def by_endpoint(kind: Kind) -> Kind:
    """One value of a kind for each endpoint."""

    def read(value: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise ValueError
        return {endpoint: kind[1](item) for endpoint, item in value.items()}

    return f"for each endpoint {kind[0]}", read


def population(value: Any) -> Population:
    """A population mean and a reliability."""
    if set(value) != {"mean", "icc"}:
        raise ValueError
    return Population(number(value["mean"]), share(value["icc"]))
