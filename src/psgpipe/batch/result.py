"""How a batch and each of its nights ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from psgpipe.model.night_status import NightStatus
from psgpipe.model.summary import QualityFlag
from psgpipe.results.failure_groups import FailureGroup, FailureGroups

MOST_KEPT = 1000


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
    doubts
        Quality flags of a finished night that make its numbers doubtful.
    """

    subject: str
    night: str
    status: NightStatus
    seconds: float = 0.0
    failure: Mapping[str, Any] | None = None
    kept: bool = False
    doubts: tuple[QualityFlag, ...] = ()

    @property
    def is_withheld(self) -> bool:
        """Whether a comparison leaves the finished night out by default."""
        return any(flag.effect == "withhold" for flag in self.doubts)


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
        Of the failed nights; the first `MOST_KEPT`.
    withheld, doubtful
        Of the finished nights that a comparison leaves out, and of other finished nights whose
        numbers are doubtful; the first `MOST_KEPT` of each. All are counted in `n_withheld` and
        `n_doubtful`.
    groups
        All failures by their reason.
    """

    nights: int
    excluded: int
    counts: Counter[str] = field(default_factory=Counter)
    failures: list[NightResult] = field(default_factory=list)
    withheld: list[NightResult] = field(default_factory=list)
    doubtful: list[NightResult] = field(default_factory=list)
    n_withheld: int = 0
    n_doubtful: int = 0
    groups: FailureGroups = field(default_factory=FailureGroups)

    @property
    def done(self) -> int:
        """Nights that are finished, now or before."""
        return self.counts["finished"] + self.counts["unchanged"]

    @property
    def failed(self) -> int:
        """Nights that failed, now or before."""
        return self.counts["failed"] + self.counts["failed before"]

    def add(self, night: NightResult) -> FailureGroup | None:
        """Count a night that has ended; the nights that failed like it, if it has failed."""
        self.counts[night.status] += 1
        if night.failure is not None:
            _keep(self.failures, night)
            name, file = f"{night.subject} {night.night}", night.failure.get("recording")
            return self.groups.add(name, night.failure, file, kept=night.kept)
        if night.is_withheld:
            self.n_withheld += 1
            _keep(self.withheld, night)
        elif night.doubts:
            self.n_doubtful += 1
            _keep(self.doubtful, night)
        return None


def _keep(nights: list[NightResult], night: NightResult) -> None:
    if len(nights) < MOST_KEPT:
        nights.append(night)


@dataclass(frozen=True)
class BatchProgress:
    """How far a batch has come.

    Attributes
    ----------
    result
        The nights that have ended so far; complete when the batch has ended.
    night
        The night that has just ended; None if only some time has passed.
    like
        The first night that failed for the same reason, where that is another one.
    """

    result: BatchResult
    night: NightResult | None = None
    like: str | None = None
