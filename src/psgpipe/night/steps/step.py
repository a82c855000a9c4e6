"""A step of a night: a plain function with its name, version, parameters and slots."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Step:
    """One step of a night.

    `version` is raised whenever the same input and parameters would give another result. `run`
    takes the values of the slots `reads`, in this order, and the parameters; what it returns fills
    the slot `gives`. `params` is the frozen dataclass of the step's table in the pipeline file; all
    its fields have defaults.
    """

    name: str
    version: str
    reads: tuple[str, ...]
    gives: str
    params: type[Any]
    run: Callable[..., Any]
