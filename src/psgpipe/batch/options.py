"""The options of a batch: workers, time limit, shard, and what is computed again."""

from __future__ import annotations

from dataclasses import dataclass, field

from psgpipe.study.shard import Shard

DEFAULT_LIMIT_S = 3600.0


@dataclass(frozen=True)
class BatchOptions:
    """How a batch runs; nothing here changes a result.

    Attributes
    ----------
    limit_s
        A night that takes longer is given up; None for no limit.
    retry_failed
        Try failed nights again although nothing has changed.
    trust_times
        Recordings and results with the same sizes and times count as unchanged.
    force
        Compute finished nights again, and replace nights of other recordings.
    blind
        Seal conditions, doses and all further columns of the study.
    prepare
        Keep the rows of the study table for shards, however small the study is.
    """

    jobs: int = 1
    limit_s: float | None = DEFAULT_LIMIT_S
    shard: Shard = field(default_factory=Shard)
    retry_failed: bool = False
    trust_times: bool = False
    force: bool = False
    blind: bool = False
    prepare: bool = False
