"""What is odd about a file, gathered on the way; and text that is safe to print."""

from __future__ import annotations

from collections.abc import Iterable

from psgpipe.model.recording import Finding

LONGEST_LABEL = 40


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


def safe_text(text: str, longest: int = LONGEST_LABEL) -> str:
    r"""`text` with everything that cannot be printed escaped (``\n``, ``\x00``), and not too long.

    Names of files may hold bytes that are no UTF-8 (surrogates), labels may hold anything.
    """
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
    return shown if len(shown) <= longest else shown[: longest - 3] + "..."


def quoted(text: str) -> str:
    """A label as it stands in messages."""
    return f"'{safe_text(text)}'"


def listed(labels: Iterable[str], most: int = 12) -> str:
    """Labels for a message; a montage of ninety is cut short."""
    names = [safe_text(label) for label in labels]
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return (", ".join(names[:most]) or "nothing") + more
