"""A step of a night: a plain function with its name, version, parameters and slots."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Step:
    """One step of a night.

    Attributes
    ----------
    version
        Raised whenever the same input and parameters would give another result.
    reads
        The slots whose values `run` takes, in the order of its parameters.
    gives
        The slot that `run` fills.
    params
        Frozen dataclass of the step's table in the pipeline file; all fields have defaults.
    run
        ``run(*values_read, params) -> value given``.
    """

    name: str
    version: str
    reads: tuple[str, ...]
    gives: str
    params: type[Any]
    run: Callable[..., Any]
