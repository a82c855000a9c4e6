"""What became of a night: the words of journals, tables and reports."""

from __future__ import annotations

from typing import Literal

NightStatus = Literal["finished", "unchanged", "failed", "failed before", "missing", "excluded"]
"""``finished`` and ``failed`` by this run or in general; ``unchanged`` and ``failed before`` by an
earlier run; ``missing`` where there is no result yet; ``excluded`` by the study."""
