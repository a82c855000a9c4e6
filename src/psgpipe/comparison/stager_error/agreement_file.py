"""The file ``agreement.json`` of ``psgpipe agree``, as far as a comparison needs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from psgpipe.errors import UsageError
from psgpipe.files.atomic import parse_json
from psgpipe.files.regular import read_small_file
from psgpipe.files.typed_values import typed_record

MOST_BYTES = 200_000_000
_REMEDY = "Give the agreement.json that psgpipe agree wrote."


@dataclass(frozen=True)
class ErrorOfCondition:
    """Automatic minus expert values of an endpoint in the nights of one condition."""

    n_subjects: int
    n_nights: int
    bias: float
    bias_interval: tuple[float, ...] | None = None


@dataclass(frozen=True)
class EndpointErrors:
    """The same, by condition."""

    by_condition: Mapping[str, ErrorOfCondition] = field(default_factory=dict)


@dataclass(frozen=True)
class PooledErrors:
    """Epochs of some nights: the expert's stage in rows, the automatic one in columns."""

    n_subjects: int
    n_nights: int
    confusion: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class NightErrors:
    """Sensitivity and false positive rate by stage in one night."""

    condition: str | None = None
    sensitivity: Mapping[str, float | None] = field(default_factory=dict)
    false_positive_rate: Mapping[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True)
class StudyErrors:
    """What ``agreement.json`` says of the stager's errors.

    Attributes
    ----------
    recipe
        Every value of each recipe field among its nights.
    n_fitted_nights
        Nights to which the calibration of the stages was fitted.
    file
        Name of the file.
    """

    pooled: PooledErrors
    by_condition: Mapping[str, PooledErrors]
    endpoints: Mapping[str, EndpointErrors]
    nights: tuple[NightErrors, ...]
    recipe: Mapping[str, tuple[str, ...]] | None = None
    n_fitted_nights: int = 0
    file: str = ""


def read_agreement(path: Path) -> StudyErrors:
    """The agreement in a file.

    Raises
    ------
    psgpipe.errors.UsageError
        It cannot be read, or is something else.
    """
    content = read_small_file(path, UsageError, MOST_BYTES)
    try:
        table = parse_json(content)
        errors: StudyErrors = typed_record(StudyErrors, {**table, "file": path.name})
    except (TypeError, ValueError) as error:
        raise UsageError(f"{path.name}: not an agreement of psgpipe agree", _REMEDY) from error
    if not all(_is_square(one) for one in (errors.pooled, *errors.by_condition.values())):
        raise UsageError(f"{path.name}: a confusion is not 5 times 5 numbers of epochs", _REMEDY)
    return errors


def _is_square(one: PooledErrors) -> bool:
    rows = one.confusion
    return len(rows) == 5 and all(len(row) == 5 and min(row) >= 0 for row in rows)
