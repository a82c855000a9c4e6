"""``psgpipe status``: how far a study has come, read from its files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from psgpipe.cli.options import FILE, log_to_stderr, output_options, print_json
from psgpipe.cli.printing import printable
from psgpipe.results.status import Runner, asked_nights, find_night, runners

MOST_SHOWN = 20


@click.command(name="status", short_help="Done, failed, missing, running; read from files only.")
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
    """Counts, failed nights and runs, as plain values."""
    running = runners(out)
    in_hand = {night for runner in running if runner.is_alive for night in runner.in_hand}
    counts = dict.fromkeys(("done", "failed", "running", "missing", "excluded"), 0)
    failed = []
    for asked in asked_nights(out):
        found = find_night(asked)
        if found.state != "done" and (asked.subject, asked.night) in in_hand:
            counts["running"] += 1
            continue
        counts[found.state] += 1
        if found.state == "failed":
            failed.append(
                {
                    "subject": asked.subject,
                    "night": asked.night,
                    "kind": found.kind,
                    "problem": found.reason,
                }
            )
    return {**counts, "failures": failed, "runs": [_run_dict(r) for r in running]}


def _run_dict(runner: Runner) -> dict[str, Any]:
    return {
        "journal": runner.journal,
        "began_at": runner.began_at,
        "alive": runner.is_alive,
        "silent_s": round(runner.silent_s),
        "in_hand": [{"subject": s, "night": n} for s, n in runner.in_hand],
    }


def status_text(status: dict[str, Any]) -> str:
    """The status for a person to read."""
    names = ("done", "failed", "running", "missing", "excluded")
    lines = [", ".join(f"{status[n]} {n}" for n in names if status[n]) or "no night is listed"]
    failures = status["failures"]
    lines += [f"  {f['subject']} {f['night']}: {f['problem']}" for f in failures[:MOST_SHOWN]]
    if len(failures) > MOST_SHOWN:
        lines.append(f"  ... and {len(failures) - MOST_SHOWN} more; psgpipe gather lists them all")
    for run in status["runs"]:
        hand = ", ".join(f"{night['subject']} {night['night']}" for night in run["in_hand"])
        what = "is at work" if run["alive"] else "ended without a word; run the batch again"
        heard = f"last heard of {run['silent_s']} s ago"
        lines.append(f"  {run['journal']}: the run of {run['began_at']} {what} ({heard}) {hand}")
    return printable("\n".join(line.rstrip() for line in lines))
