"""A shard: the part of a study that one machine computes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from psgpipe.errors import UsageError
from psgpipe.model.study_table_row import StudyTableRow


@dataclass(frozen=True)
class Shard:
    """One of several parts of a study: ``2/8`` is the second of eight."""

    number: int = 1
    of: int = 1

    @classmethod
    def read(cls, text: str | None) -> Shard:
        """The shard ``I/N``, the whole study for None, or UsageError."""
        if text is None:
            return cls()
        match = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", text)
        if match is None or not 1 <= int(match[1]) <= int(match[2]):
            raise UsageError(f"--shard is {text!r}, wanted I/N with I from 1 to N", "Correct it.")
        return cls(int(match[1]), int(match[2]))

    def part(self, nights: Sequence[StudyTableRow]) -> Sequence[StudyTableRow]:
        """The nights of this shard: every n-th, so that a subject's long nights are shared out."""
        return nights[self.number - 1 :: self.of]

    def file(self, stem: str, suffix: str) -> str:
        """The name of this shard's own file."""
        return f"{stem}{suffix}" if self.of == 1 else f"{stem}-{self.number}-of-{self.of}{suffix}"
