"""What was sent to a scheduler, as ``OUT/cluster/submission.json`` says, and what is missing."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from psgpipe.files.atomic import json_bytes, read_json, write_file
from psgpipe.results import journal
from psgpipe.results.night_folder import PASSING
from psgpipe.results.status import BatchRun, StoredNight, StudyNight, word_in_tables

NIGHTS = "nights.tsv"
SUBMISSION = "cluster/submission.json"
ARRAY_SCRIPT = "cluster/array.sh"
"""It is written anew before an array is sent: what is younger has happened since."""


@dataclass(frozen=True)
class Submission:
    """A study that was sent to a scheduler.

    Attributes
    ----------
    engine
        The scheduler.
    at
        When it was sent, UTC, ISO; None where the scripts were only written.
    request
        A hash of what each element does, and of the study table.
    elements
        The shards of the study.
    sent
        The elements that were sent last, as the scheduler spells them: ``1-8``.
    scripts
        The names of the jobs, in their order.
    jobs
        The id of each job that the scheduler took.
    look
        The command that asks the scheduler for the array; None where it was not taken.
    cancel
        The command that cancels the array; None where it was not taken.
    gather
        The command that gathers the nights.
    again
        The command that sends what is missing.
    """

    engine: str
    at: str | None
    request: str
    elements: int
    sent: str
    scripts: tuple[str, ...]
    jobs: Mapping[str, str]
    look: str | None
    cancel: str | None
    gather: str
    again: str


def write_submission(out: Path, submission: Submission) -> None:
    """Write what was sent; the file appears whole."""
    write_file(out / SUBMISSION, json_bytes(asdict(submission)))


def read_submission(out: Path) -> Submission | None:
    """What was sent; None where nothing was, or the file is not readable."""
    content = read_json(out / SUBMISSION)
    match content:
        case {
            "engine": str(engine), "at": str() | None as at, "request": str(request),
            "elements": int(elements), "sent": str(sent), "scripts": list(scripts),
            "jobs": dict(jobs), "look": str() | None as look, "cancel": str() | None as cancel,
            "gather": str(gather), "again": str(again),
        } if elements >= 1 and not isinstance(elements, bool):  # fmt: skip
            names = tuple(name for name in scripts if isinstance(name, str))
            ids = {name: job for name, job in jobs.items() if isinstance(job, str)}
            return Submission(
                engine, at, request, elements, sent, names, ids, look, cancel, gather, again
            )
    return None


def missing_elements(
    nights: Sequence[tuple[StudyNight, StoredNight]], elements: int, *, retry_failed: bool = False
) -> list[int]:
    """The shards with a night that is missing, or that failed for a reason that passes.

    `nights` are those of the study, in its order, as they are stored. With `retry_failed` any
    failure counts.
    """
    included = [stored for night, stored in nights if not night.excluded]
    return sorted(
        {
            number % elements + 1
            for number, stored in enumerate(included)
            if stored.status == "missing"
            or (stored.status == "failed" and (retry_failed or stored.kind in PASSING))
        }
    )


def begun_elements(out: Path, submission: Submission) -> int:
    """How many elements have written their journal since they were sent."""
    sent_ns = _changed_ns(out / ARRAY_SCRIPT)
    names = map(_journal_name(submission), range(1, submission.elements + 1))
    return sum(_changed_ns(out / name) >= sent_ns for name in names)


def _journal_name(submission: Submission) -> Callable[[int], str]:
    """The name of an element's journal, by its number."""
    of = submission.elements
    return lambda number: journal.JOURNAL if of == 1 else f"journal-{number}-of-{of}.jsonl"


def is_gathered(out: Path, nights: Sequence[tuple[StudyNight, StoredNight]]) -> bool:
    """Whether ``nights.tsv`` shows the nights as they are stored.

    It must be newer than every journal, and than what was sent. That is not enough: a night may
    have ended while the table was written.
    """
    newest = max(map(_changed_ns, (out / ARRAY_SCRIPT, *journal.journals(out))))
    if _changed_ns(out / NIGHTS) < newest:
        return False
    try:
        with (out / NIGHTS).open(encoding="utf-8", newline="") as file:
            states = [row.get("state") for row in csv.DictReader(file, delimiter="\t")]
    except (OSError, ValueError, csv.Error):
        return False
    return states == [word_in_tables(stored.status) for _, stored in nights]


def _changed_ns(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return -1


def as_ranges(numbers: Sequence[int]) -> str:
    """``1-3,7``: sorted numbers as schedulers read them."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in ranges)


def as_dict(
    out: Path,
    submission: Submission,
    nights: Sequence[tuple[StudyNight, StoredNight]],
    runs: Sequence[BatchRun],
) -> dict[str, Any]:
    """What was sent, how far it has come and what to type, as plain values."""
    names = [*map(_journal_name(submission), range(1, submission.elements + 1))]
    at_work = {names.index(r.journal) + 1 for r in runs if r.is_alive and r.journal in names}
    missing = [n for n in missing_elements(nights, submission.elements) if n not in at_work]
    return {
        **asdict(submission),
        "begun_elements": begun_elements(out, submission),
        "elements_at_work": as_ranges(sorted(at_work)),
        "missing_elements": as_ranges(missing),
        "gathered": is_gathered(out, nights),
    }
