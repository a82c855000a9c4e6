"""The command ``psgpipe status``: how far a study has come, read from its files.

It imports what groups and words failures only where a night failed.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from psgpipe.cli.options import FILE, Command, log_to_stderr, output_options, print_json
from psgpipe.cli.printing import printable
from psgpipe.results.status import (
    BatchRun,
    StoredNight,
    StudyNight,
    batch_runs,
    stored_night,
    study_nights,
    unlisted_nights,
    word_in_tables,
)


@click.command(name="status", cls=Command)
@click.argument("out", type=FILE)
@output_options
def command(out: Path, verbose: bool, quiet: bool, as_json: bool) -> None:
    """Show how far the study in OUT has come. Nothing is written."""
    log_to_stderr(verbose=verbose, quiet=quiet)
    status = read_status(out)
    if as_json:
        print_json(status)
    elif not quiet:
        click.echo(status_text(status))


def read_status(out: Path) -> dict[str, Any]:
    """Counts, failed nights, unlisted nights and runs, as plain values."""
    runs = batch_runs(out)
    in_hand = {night for run in runs if run.is_alive for night in run.in_hand}
    counts = dict.fromkeys(("done", "failed", "running", "missing", "excluded"), 0)
    failed: list[dict[str, Any]] = []
    recordings: list[str | None] = []
    nights = [(night, stored_night(night)) for night in study_nights(out)]
    for night, stored in nights:
        ids = (night.subject, night.night)
        if stored.status != "finished" and ids in in_hand:
            counts["running"] += 1
            continue
        counts[word_in_tables(stored.status)] += 1
        if stored.status == "failed":
            reason = {"kind": stored.kind, "problem": stored.reason, "remedy": stored.remedy}
            recordings.append(night.recording)
            failed.append({"subject": night.subject, "night": night.night, **reason})
    return {
        **counts,
        "failures": failed,
        "failure_groups": _groups(failed, recordings) if failed else [],
        "unlisted": [{"subject": n.subject, "night": n.night} for n in unlisted_nights(out)],
        "runs": [_run_dict(run) for run in runs],
        "submission": _submission(out, nights, runs) if (out / "cluster").is_dir() else None,
    }


def _submission(
    out: Path, nights: Sequence[tuple[StudyNight, StoredNight]], runs: Sequence[BatchRun]
) -> dict[str, Any] | None:
    from psgpipe.results.cluster.submission import as_dict, read_submission

    submission = read_submission(out)
    return None if submission is None else as_dict(out, submission, nights, runs)


def _groups(
    failed: Sequence[dict[str, Any]], recordings: Sequence[str | None]
) -> list[dict[str, Any]]:
    from psgpipe.results.failure_groups import FailureGroups

    groups = FailureGroups()
    for night, recording in zip(failed, recordings, strict=True):
        groups.add(f"{night['subject']} {night['night']}", night, recording)
    return [dataclasses.asdict(group) for group in groups.largest_first]


def _run_dict(run: BatchRun) -> dict[str, Any]:
    return {
        "journal": run.journal,
        "began_at": run.began_at,
        "alive": run.is_alive,
        "silent_s": round(run.silent_s) if math.isfinite(run.silent_s) else None,
        "in_hand": [{"subject": s, "night": n} for s, n in run.in_hand],
    }


def status_text(status: dict[str, Any]) -> str:
    """The status for a person to read."""
    names = ("done", "failed", "running", "missing", "excluded")
    lines = [", ".join(f"{status[n]} {n}" for n in names if status[n]) or "no night is listed"]
    if status["failure_groups"] or status["unlisted"]:
        lines += _problem_lines(status)
    for run in status["runs"]:
        hand = ", ".join(f"{night['subject']} {night['night']}" for night in run["in_hand"])
        what = "is at work" if run["alive"] else "ended without a word; run the batch again"
        silent_s = run["silent_s"]
        heard = "last heard of " + ("at no known time" if silent_s is None else f"{silent_s} s ago")
        lines.append(f"  {run['journal']}: the run of {run['began_at']} {what} ({heard}) {hand}")
    if status["submission"]:
        from psgpipe.cli.cluster.submission_lines import submission_lines

        lines += submission_lines(status["submission"])
    return printable("\n".join(line.rstrip() for line in lines))


def _problem_lines(status: dict[str, Any]) -> list[str]:
    """Nights that failed, and nights that no table lists."""
    from psgpipe.cli.text.failure_lines import failure_lines, unlisted_lines
    from psgpipe.results.failure_groups import FailureGroup

    return [
        *failure_lines([FailureGroup(**group) for group in status["failure_groups"]]),
        *unlisted_lines([(n["subject"], n["night"]) for n in status["unlisted"]]),
    ]
