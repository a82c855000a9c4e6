"""``psgpipe check``: whether a recording is what it says, and whether it can be staged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from psgpipe.adapters.label_tables import read_label_table
from psgpipe.cli.options import FILE, labels_option, log_to_stderr, output_options, pipeline_option
from psgpipe.cli.options import print_json as say_json
from psgpipe.cli.printing import table
from psgpipe.pipeline.check import check_recording
from psgpipe.pipeline.spec import load_definition


@click.command(name="check", short_help="Header, derivations, quality; no staging.")
@click.argument("recordings", type=FILE, nargs=-1, required=True)
@click.option("--header-only", is_flag=True, help="Read no samples: fast, and no signal quality.")
@pipeline_option
@labels_option
@output_options
def command(
    recordings: tuple[Path, ...], header_only: bool, pipeline: str, labels: Path | None,
    verbose: bool, quiet: bool, as_json: bool,
) -> None:  # fmt: skip
    """Show what RECORDINGS hold, which derivations can be built, and the signal's quality.

    Leaves with the exit code of the worst recording: 0, 4 (unreadable) or 5 (unsuitable).
    """
    log_to_stderr(verbose=verbose, quiet=quiet)
    definition = load_definition(pipeline)
    label_table = read_label_table(labels) if labels else None
    checked = []
    for recording in recordings:
        one = check_recording(recording, definition, label_table, header_only=header_only)
        checked.append(one)
        if not as_json and not quiet:
            click.echo(as_text(one))
    if as_json:
        say_json(checked)
    # Unreadable (4) goes before unsuitable (5): it is the file that has to be looked at first.
    codes = [one["error"]["exit_code"] for one in checked if one["error"]]
    raise click.exceptions.Exit(min(codes, default=0))


def as_text(checked: dict[str, Any]) -> str:
    """One recording for a person to read."""
    lines = [f"{checked['file']}: {checked['state']}"]
    if checked["container"]:
        start = checked["start"] or checked["start_clock"] or "unknown"
        lines.append(f"  {checked['container']}, starts {start}, {_duration(checked)}")
        lines.append(table(_channel_rows(checked["channels"]), indent="    "))
        lines += _derivation_lines(checked)
    lines += [f"  ! {f['code']}: {f['message']}" for f in checked["findings"]]
    lines += _quality_lines(checked.get("quality"))
    if checked["error"]:
        lines += [f"  {checked['error']['problem']}", f"    {checked['error']['remedy']}"]
    return "\n".join(line for line in lines if line)


def _duration(checked: dict[str, Any]) -> str:
    minutes, gap_s = checked["span_s"] / 60, checked["span_s"] - checked["duration_s"]
    gaps = f", gaps of {gap_s:g} s in all" if gap_s > 1e-3 else ""
    length = f"{minutes:.1f} min" if minutes < 120 else f"{minutes / 60:.2f} h"
    return length + gaps


def _channel_rows(channels: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [("channel", "rate", "unit", "read as")]
    for channel in channels:
        rate = "?" if channel["fs_hz"] is None else f"{channel['fs_hz']:g} Hz"
        plus, minus = channel["plus"], channel["minus"]
        meaning = "-" if plus is None else plus if plus == minus else f"{plus}-{minus}"
        if channel["refused"] and plus is not None:
            meaning += f" (not used: {channel['refused']})"
        rows.append((channel["label"], rate, channel["unit"], meaning))
    return rows


def _derivation_lines(checked: dict[str, Any]) -> list[str]:
    if "chosen" in checked:
        return [f"  {c['role'].upper()} {c['name']}: {c['why']}" for c in checked["chosen"]]
    lines = []
    for role in dict.fromkeys(d["role"] for d in checked["derivations"]):
        built = [d["name"] for d in checked["derivations"] if d["role"] == role]
        lines.append(f"  {role.upper()}: {', '.join(built)}")
    return lines or ["  no derivation of the pipeline can be built"]


def _quality_lines(quality: dict[str, Any] | None) -> list[str]:
    if quality is None:
        return []
    lines = [f"  ! {flag['code']}: {flag['message']}" for flag in quality["flags"]]
    for name, measures in quality["measures"].items():
        shown = (f"{key} {value:.3g}" for key, value in measures.items() if value is not None)
        lines.append(f"  {name}: {', '.join(shown)}")
    return lines
