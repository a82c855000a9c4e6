"""How a batch and each of its nights ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from psgpipe.model.night_status import NightStatus

MOST_FAILURES_KEPT = 1000


@dataclass(frozen=True)
class NightResult:
    """How one night ended.

    Attributes
    ----------
    status
        ``finished`` and ``failed`` now; ``unchanged`` and ``failed before`` in an earlier run.
    seconds
        In a worker.
    failure
        What ``failure.json`` holds, or None.
    kept
        The night failed now, and results of an earlier run are still there.
    """

    subject: str
    night: str
    status: NightStatus
    seconds: float = 0.0
    failure: Mapping[str, Any] | None = None
    kept: bool = False


@dataclass
class BatchResult:
    """How the nights of a batch ended.

    Attributes
    ----------
    nights
        Nights of this shard, without excluded ones.
    counts
        How many nights ended with each status.
    failures
        Of the failed nights; the first `MOST_FAILURES_KEPT`.
    """

    nights: int
    excluded: int
    counts: Counter[str] = field(default_factory=Counter)
    failures: list[NightResult] = field(default_factory=list)

    @property
    def done(self) -> int:
        """Nights that are finished, now or before."""
        return self.counts["finished"] + self.counts["unchanged"]

    @property
    def failed(self) -> int:
        """Nights that failed, now or before."""
        return self.counts["failed"] + self.counts["failed before"]

    def add(self, night: NightResult) -> None:
        """Count a night that has ended."""
        self.counts[night.status] += 1
        if night.failure is not None and len(self.failures) < MOST_FAILURES_KEPT:
            self.failures.append(night)


@dataclass(frozen=True)
class BatchProgress:
    """How far a batch has come.

    Attributes
    ----------
    result
        The nights that have ended so far; complete when the batch has ended.
    night
        The night that has just ended; None if only some time has passed.
    """

    result: BatchResult
    night: NightResult | None = None
