"""What ``psgpipe batch`` says, as text and as JSON: its result, and what it would do."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from psgpipe.batch.plan import Plan
from psgpipe.batch.result import BatchResult, NightResult
from psgpipe.cli.printing import printable
from psgpipe.cli.text.failure_lines import failure_lines, unlisted_lines
from psgpipe.cli.text.progress import duration
from psgpipe.messages import are, count_of, have
from psgpipe.results.nights_tsv import NIGHTS
from psgpipe.study.shard import Shard

MOST_SHOWN = 20


def shard_words(shard: Shard) -> str:
    """The words that name a shard; none for a whole study."""
    return "" if shard.of == 1 else f" (shard {shard.number} of {shard.of})"


def result_text(
    result: BatchResult,
    out: Path,
    shard: Shard,
    unlisted: Sequence[tuple[str, str]] = (),
    n_lights_unknown: int = 0,
) -> str:
    """The result of a batch for a person to read."""
    nights = f"{count_of(result.nights, 'night')}{shard_words(shard)}"
    lines = [f"{nights}: {result.done} finished, {result.failed} failed."]
    now, before = result.counts["finished"], result.counts["unchanged"]
    if before and now:
        lines.append(f"  Of the finished ones {now} were staged now, {before} before.")
    elif before:
        lines.append("  All of the finished ones were there already, unchanged.")
    if result.excluded:
        lines.append(
            f"  {result.excluded} more {are(result.excluded)} excluded by the study table."
        )
    lines += failure_lines(result.groups.largest_first)
    if result.counts["failed before"]:
        lines.append(
            f"  {count_of(result.counts['failed before'], 'night')} failed before and "
            f"{'was' if result.counts['failed before'] == 1 else 'were'} not tried again, because "
            "nothing has changed (--retry-failed tries them)."
        )
    lines += doubt_lines(result)
    if n_lights_unknown:
        lines.append(
            f"! Lights off or lights on is not known in {count_of(n_lights_unknown, 'night')}: "
            "TIB, SE, SOL, LPS and WASO depend on that."
        )
    lines += unlisted_lines(unlisted)
    if shard.of == 1:
        lines.append(f"  {out / NIGHTS}: every night with its endpoints, or why it has none.")
    else:
        lines.append(f"  When all shards are done: psgpipe gather {out}")
    return printable("\n".join(lines))


def doubt_lines(result: BatchResult) -> list[str]:
    """The nights that a comparison leaves out, and the nights whose numbers are doubtful."""
    lines = []
    if result.n_withheld:
        lines.append(
            f"! {count_of(result.n_withheld, 'finished night')} {are(result.n_withheld)} "
            "incomplete; psgpipe compare leaves out incomplete nights:"
        )
        for night in result.withheld[:MOST_SHOWN]:
            reason = next(f.message for f in night.doubts if f.effect == "withhold")
            lines.append(f"    {night.subject} {night.night}: {reason}")
        lines += _and_more(result.n_withheld)
    if result.n_doubtful:
        lines.append(
            f"! The numbers of {count_of(result.n_doubtful, 'finished night')} are doubtful:"
        )
        for night in result.doubtful[:MOST_SHOWN]:
            codes = ", ".join(dict.fromkeys(flag.code for flag in night.doubts))
            lines.append(f"    {night.subject} {night.night}: {codes}")
        lines += _and_more(result.n_doubtful)
    return lines


def _and_more(n_nights: int) -> list[str]:
    rest = n_nights - MOST_SHOWN
    return [f"    ... and {rest} more; see column flags of {NIGHTS}"] if rest > 0 else []


def plan_text(plan: Plan) -> str:
    """What a batch would do, for a person to read."""
    staged = f": {_some(plan.compute)}" if plan.compute else ""
    lines = [f"{count_of(len(plan.compute), 'night')} would be staged{staged}"]
    if plan.replace:
        lines.append(
            f"{len(plan.replace)} of them {are(len(plan.replace))} finished, but not as asked now; "
            f"results that change are replaced: {_some(plan.replace)}"
        )
    if plan.check:
        n_check = len(plan.check)
        again = "it is" if n_check == 1 else "they are"
        lines.append(
            f"{n_check} {are(n_check)} finished; {again} staged again if something changed"
        )
    if plan.leave:
        n_left = len(plan.leave)
        lines.append(f"{n_left} failed before and {are(n_left)} left (--retry-failed tries again)")
    if plan.excluded:
        lines.append(f"{len(plan.excluded)} {are(len(plan.excluded))} excluded by the study table")
    if plan.without_recording:
        missing = plan.without_recording
        n, names = len(missing), _some(missing)
        lines.append(f"! {n} {have(n)} no recording where it should be: {names}")
    if plan.taken:
        lines.append(
            f"! {len(plan.taken)} will fail: their results are of another recording, which only "
            f"--force replaces: {_some(plan.taken)}"
        )
    if plan.will_fail:
        count = sum(group.count for group in plan.will_fail)
        lines.append(f"! {count} will fail, by what their headers say:")
        lines += failure_lines(plan.will_fail)
    lines += unlisted_lines(plan.unlisted)
    basis = "by the nights that are finished" if plan.measured else "a guess; no night is finished"
    free = "" if plan.disk_free_bytes is None else f" of {_gib(plan.disk_free_bytes)} free"
    lines += [
        f"About {duration(plan.seconds)} ({basis}), {_gib(plan.memory_bytes)} of memory at most, "
        f"{_gib(plan.disk_bytes)} of disk{free}.",
        "Nothing was computed and nothing was written.",
    ]
    return printable("\n".join(lines))


def _some(ids: tuple[tuple[str, str], ...]) -> str:
    shown = ", ".join(f"{subject} {night}" for subject, night in ids[:MOST_SHOWN])
    return shown + (", ..." if len(ids) > MOST_SHOWN else "")


def _gib(n_bytes: int) -> str:
    return f"{n_bytes / 2**30:.1f} GiB" if n_bytes > 2**29 else f"{n_bytes / 2**20:.0f} MiB"


def result_dict(
    result: BatchResult, out: Path, unlisted: Sequence[tuple[str, str]] = ()
) -> dict[str, Any]:
    """The result of a batch as plain values."""
    return {
        "out": str(out),
        "nights": result.nights,
        "finished": result.counts["finished"],
        "unchanged": result.counts["unchanged"],
        "failed": result.counts["failed"],
        "failed_before": result.counts["failed before"],
        "excluded": result.excluded,
        "failures": [
            {"subject": n.subject, "night": n.night, "state": n.status, "kept": n.kept} | _reason(n)
            for n in result.failures
        ],
        "withheld": [_doubts(n) for n in result.withheld],
        "doubtful": [_doubts(n) for n in result.doubtful],
        "failure_groups": [dataclasses.asdict(g) for g in result.groups.largest_first],
        "unlisted": [{"subject": subject, "night": night} for subject, night in unlisted],
    }


def _reason(night: NightResult) -> dict[str, Any]:
    failure = night.failure or {}
    return {key: failure[key] for key in ("kind", "exit_code", "problem", "remedy")}


def _doubts(night: NightResult) -> dict[str, Any]:
    flags = [{"code": flag.code, "message": flag.message} for flag in night.doubts]
    return {"subject": night.subject, "night": night.night, "flags": flags}
