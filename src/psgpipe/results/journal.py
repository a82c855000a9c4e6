"""The journal of a study: a line of JSON for each event.

Each journal has one writer: a batch of all nights writes ``journal.jsonl``, a shard for example
``journal-2-of-8.jsonl``. All are read together.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from psgpipe.files.atomic import output_errors, parse_json
from psgpipe.files.regular import open_file, open_to_append

JOURNAL = "journal.jsonl"


def note(out: Path, event: str, *, journal: str = JOURNAL, **facts: Any) -> None:
    """Append one event, with the time of day in UTC, to a journal in `out`."""
    moment = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    line = json.dumps({"at": moment, "event": event, **facts}, ensure_ascii=True) + "\n"
    path = out / journal
    with output_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        # Unbuffered: a line is one write, so that lines of two runs at once stay whole.
        with open_to_append(path) as file:
            file.write(_after_incomplete_line(file) + line.encode("ascii"))


def _after_incomplete_line(file: IO[bytes]) -> bytes:
    """A line break where the last line is incomplete, as after a power cut."""
    if file.seek(0, os.SEEK_END) == 0:
        return b""
    file.seek(-1, os.SEEK_END)
    return b"" if file.read(1) == b"\n" else b"\n"


def journals(out: Path) -> list[Path]:
    """Every journal in `out`."""
    return sorted(p for p in out.glob("journal*.jsonl") if p.is_file())


def events(path: Path) -> Iterator[dict[str, Any]]:
    """The events of one journal, in order; incomplete lines are skipped."""
    with contextlib.suppress(OSError), open_file(path) as file:
        for line in file:
            with contextlib.suppress(ValueError):
                event = parse_json(line)
                if isinstance(event, dict) and isinstance(event.get("event"), str):
                    yield event
