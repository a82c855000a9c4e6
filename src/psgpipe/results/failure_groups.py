"""Failures that many nights share: they are said once, with their number and remedy."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MOST_NAMES = 20
# What a recording has differs from one to the next; what was wanted of it does not.
_OF_ONE_RECORDING = re.compile(
    r" be built from .*|Not understood: .* Name them|[0-9]+(\.[0-9]+)?", re.DOTALL
)


@dataclass
class FailureGroup:
    """Nights that failed for one reason.

    Attributes
    ----------
    first_problem, problem
        Of the first night, with and without the name of its recording.
    names
        Of the first `MOST_NAMES` nights or recordings.
    is_same
        Whether all have the same `problem`, word by word.
    kept
        How many still have results of an earlier run.
    """

    kind: str
    first_problem: str
    problem: str
    remedy: str
    names: list[str] = field(default_factory=list)
    count: int = 0
    is_same: bool = True
    kept: int = 0


@dataclass
class FailureGroups:
    """The failures of a study by their reason."""

    _groups: dict[tuple[str, ...], FailureGroup] = field(default_factory=dict)

    def add(
        self, name: str, failure: Mapping[str, Any], file: str | None, *, kept: bool = False
    ) -> FailureGroup:
        """The group of this failure, which now counts it.

        `failure` has kind, problem and remedy; `name` is that of the night, `file` that of its
        recording.
        """
        kind, own, remedy = (str(failure.get(key) or "") for key in _KEYS)
        problem = own.removeprefix(f"{file}: ")
        key = (kind, _OF_ONE_RECORDING.sub("", problem), _OF_ONE_RECORDING.sub("", remedy))
        group = self._groups.setdefault(key, FailureGroup(kind, own, problem, remedy))
        group.count += 1
        group.kept += kept
        group.is_same &= problem == group.problem
        if len(group.names) < MOST_NAMES:
            group.names.append(name)
        return group

    @property
    def largest_first(self) -> list[FailureGroup]:
        """All groups; of equal ones the earlier first."""
        return sorted(self._groups.values(), key=lambda group: -group.count)

    @property
    def count(self) -> int:
        """How many failures there are."""
        return sum(group.count for group in self._groups.values())


_KEYS = ("kind", "problem", "remedy")
