"""The findings about a file: what is odd in it, and did not stop it from being read."""

from __future__ import annotations

from psgpipe.model.header import Affected, Finding


class Findings:
    """Findings in the order met, one for each code and channel: ninety commas are one finding."""

    def __init__(self) -> None:
        self._findings: dict[tuple[str, str | None, int | None], Finding] = {}

    def add(
        self,
        code: str,
        message: str,
        channel: str | None = None,
        index: int | None = None,
        *,
        affects: Affected = "nothing",
        missing_end_s: float = 0.0,
    ) -> None:
        """Add a finding, unless there is one of this code about this channel."""
        finding = Finding(code, message, channel, affects, missing_end_s)
        self._findings.setdefault((code, channel, index), finding)

    def as_tuple(self) -> tuple[Finding, ...]:
        """Every finding."""
        return tuple(self._findings.values())
