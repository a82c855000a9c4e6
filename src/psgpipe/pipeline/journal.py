"""What happened, one line of JSON each, append-only, one writer."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

from psgpipe.pipeline.store import output_errors

JOURNAL = "journal.jsonl"


def note(out: Path, event: str, **facts: Any) -> None:
    """Append one event, with the time of day in UTC, to the journal in `out`."""
    moment = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    line = json.dumps({"at": moment, "event": event, **facts}, ensure_ascii=True)
    path = out / JOURNAL
    with output_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
