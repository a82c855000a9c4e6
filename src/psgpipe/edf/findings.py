"""What is odd about a file, gathered on the way; and text that is safe to print."""

from __future__ import annotations

from collections.abc import Iterable

from psgpipe.model.header import Finding


class Notes:
    """Findings in the order met, one for each code and channel: ninety commas are one remark."""

    def __init__(self) -> None:
        self._findings: dict[tuple[str, str | None, int | None], Finding] = {}

    def add(
        self, code: str, message: str, channel: str | None = None, index: int | None = None
    ) -> None:
        """Remember a finding, unless this code was already said about this channel."""
        self._findings.setdefault((code, channel, index), Finding(code, message, channel))

    def extend(self, findings: Iterable[Finding]) -> None:
        """Remember findings that were made elsewhere."""
        for finding in findings:
            self.add(finding.code, finding.message, finding.channel)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything remembered."""
        return tuple(self._findings.values())
