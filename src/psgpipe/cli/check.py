"""The command ``psgpipe check``: what recordings hold, and whether they can be staged."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import click

from psgpipe.cli.options import (
    FILE,
    LOGGER,
    Command,
    labels_option,
    log_to_stderr,
    output_options,
    pipeline_option,
    print_json,
)
from psgpipe.cli.printing import printable, table, terminal_width
from psgpipe.cli.text.check_text import recording_text
from psgpipe.cli.text.failure_lines import failure_lines, remedy_lines
from psgpipe.cli.text.progress import ProgressBar
from psgpipe.errors import FileTaken, RecordingUnreadable, StagerUnavailable
from psgpipe.files.scratch import use_scratch_for_caches
from psgpipe.files.temporary_files import remove_abandoned_files
from psgpipe.messages import count_of
from psgpipe.montage.label_table import read_label_table
from psgpipe.night.check import STATE_UNREADABLE, anonymous_copy, check_recording
from psgpipe.night.definition import load_definition
from psgpipe.results.failure_groups import FailureGroups
from psgpipe.staging.engine_check import EngineComparison, compare_engines
from psgpipe.study.discovery import recordings_in
from psgpipe.tables.cells import without_formula


@click.command(name="check", cls=Command)
@click.argument("recordings", type=FILE, nargs=-1, metavar="RECORDING|FOLDER...")
@click.option(
    "--engine", is_flag=True,
    help="Check the installation in place of a recording: does the fast stager give YASA's stages "
    "on this machine?",
)  # fmt: skip
@click.option(
    "--header-only", is_flag=True,
    help="Read the header only (fast): no signal quality, no annotations.",
)  # fmt: skip
@click.option(
    "--quality", is_flag=True, help="Also check the signals of the recordings in a FOLDER (slow)."
)
@click.option("--tsv", "as_tsv", is_flag=True, help="Print a table with a row for each recording.")
@click.option(
    "--anonymise", type=FILE, metavar="DIR",
    help="Also write a copy into DIR without names, dates and other identifying header text.",
)  # fmt: skip
@click.option("--keep-date", is_flag=True, help="With --anonymise: keep the date of the night.")
@click.option(
    "--keep-age-sex", is_flag=True,
    help="With --anonymise: keep sex and age in years, not the day of birth.",
)  # fmt: skip
@pipeline_option
@labels_option
@output_options
def command(
    recordings: tuple[Path, ...], engine: bool, header_only: bool, quality: bool, as_tsv: bool,
    anonymise: Path | None, keep_date: bool, keep_age_sex: bool, pipeline: str, labels: Path | None,
    verbose: bool, quiet: bool, as_json: bool,
) -> None:  # fmt: skip
    """Show what recordings hold, which derivations can be built, and the signal's quality.

    For a FOLDER: the headers of all recordings in it, one line for each.

    The exit code is that of the worst recording: 0, 4 (unreadable) or 5 (unsuitable).
    """
    log_to_stderr(verbose=verbose, quiet=quiet)
    if engine:
        check_engine(recordings, as_json=as_json, quiet=quiet)
        return
    if not recordings:
        raise click.UsageError("RECORDING|FOLDER... is missing")
    if as_tsv and as_json:
        raise click.UsageError("--tsv and --json were given, wanted one of them")
    definition = load_definition(pipeline)
    label_table = read_label_table(labels) if labels else None
    is_audit = any(path.is_dir() for path in recordings)
    found, passed_over = recordings_in(recordings)
    codes: set[int] = set()
    remove_old_temporary_files = cache(remove_abandoned_files)

    def checked_recordings() -> Checked:
        for path, name in _with_bar(found, shown=is_audit and not quiet):
            by_header = header_only or (is_audit and not quality)
            checked = check_recording(path, definition, label_table, header_only=by_header)
            if anonymise and checked["state"] != STATE_UNREADABLE:
                try:
                    remove_old_temporary_files((anonymise / name).parent)
                    copy = anonymous_copy(
                        path, anonymise / name, keep_date=keep_date, keep_age_sex=keep_age_sex
                    )
                    LOGGER.info(f"{copy}: anonymous copy; its name and labels are as they were")
                except (FileTaken, RecordingUnreadable) as error:
                    checked = {**checked, "error": error.as_dict()}
            if checked["error"]:
                codes.add(checked["error"]["exit_code"])
            yield {**checked, "file": name}

    if as_json:
        show_json(checked_recordings())
    elif as_tsv:
        show_tsv(checked_recordings())
    elif is_audit:
        show_lines(checked_recordings(), quiet=quiet)
        if passed_over and not quiet:
            hold = "holds" if passed_over == 1 else "hold"
            LOGGER.info(f"{count_of(passed_over, 'file')} {hold} stages and no recording")
    else:
        for recording in checked_recordings():
            if not quiet:
                click.echo(recording_text(recording, verbose=verbose, width=terminal_width()))
    # Unreadable (4) goes before unsuitable (5): somebody must look at that file first.
    raise click.exceptions.Exit(min(codes, default=0))


def check_engine(recordings: tuple[Path, ...], *, as_json: bool, quiet: bool) -> None:
    """Compare the fast engine with the reference on simulated nights.

    Raises
    ------
    psgpipe.errors.StagerUnavailable
        They are not equal here.
    """
    if recordings:
        raise click.UsageError("--engine takes no recording: it makes its own nights")
    use_scratch_for_caches()
    comparisons = list(compare_engines())
    if as_json:
        print_json([{**asdict(c), "equal": c.is_equal} for c in comparisons])
    elif not quiet:
        click.echo(engine_text(comparisons))
    if not all(c.is_equal for c in comparisons):
        raise StagerUnavailable(
            "the fast engine does not equal yasa on this machine",
            'Set engine = "reference" under [stage_sleep], and report the table above.',
        )


def engine_text(comparisons: Sequence[EngineComparison]) -> str:
    """Fast against reference for a person to read."""
    heads = ("classifier", "rate", "epochs", "stages differ", "largest difference", "equal")
    rows = [
        (
            c.classifier, f"{c.fs_hz} Hz", str(c.epochs), str(c.stages_that_differ),
            f"{c.largest_difference:.1e}", "yes" if c.is_equal else "NO",
        )
        for c in comparisons
    ]  # fmt: skip
    return table([heads, *rows])


Checked = Iterator[dict[str, Any]]


def _with_bar(paths: list[tuple[Path, str]], *, shown: bool) -> Iterator[tuple[Path, str]]:
    """The recordings one by one; a terminal that does not get the result shows a progress bar."""
    if not shown or not sys.stderr.isatty() or sys.stdout.isatty():
        yield from paths
        return
    with closing(ProgressBar(sys.stderr, len(paths), "recordings")) as bar:
        for path in paths:
            yield path
            bar.advance()


def show_json(checked: Checked) -> None:
    """Print a list of objects one by one: an archive is larger than memory."""
    separator = "[\n"
    for recording in checked:
        text = json.dumps(recording, ensure_ascii=True, allow_nan=False)
        click.echo(separator + text, nl=False)
        separator = ",\n"
    click.echo("[]" if separator == "[\n" else "\n]")


def show_tsv(checked: Checked) -> None:
    """Print a table of one row for each recording."""
    click.echo("\t".join(AUDIT_COLUMNS))
    for recording in checked:
        row = audit_row(recording)
        click.echo("\t".join(without_formula(one_line(row[c])) for c in AUDIT_COLUMNS))


def show_lines(checked: Checked, *, quiet: bool) -> None:
    """Print a line for each recording, and how many recordings are in each state."""
    states: Counter[str] = Counter()
    failures = FailureGroups()
    for recording in checked:
        row = audit_row(recording)
        states[row["state"]] += 1
        remark = row["codes"]
        if recording["error"]:
            file = Path(row["file"]).name
            group = failures.add(row["file"], recording["error"], file)
            first = row["problem"].removeprefix(f"{file}: ")
            remark = first if group.count == 1 else f"like {group.names[0]}"
        if not quiet:
            parts = (row["state"].ljust(10), row["file"], row["derivations"], remark)
            click.echo("  ".join(one_line(part) for part in parts if part))
    total = ", ".join(f"{count} {state}" for state, count in states.most_common())
    # The line of each recording has its problem: the remedy is still to be said.
    groups = failures.largest_first
    for line in failure_lines(groups, "recordings") if quiet else remedy_lines(groups):
        click.echo(printable(line))
    click.echo(f"{count_of(states.total(), 'recording')}: {total or 'none'}")


AUDIT_COLUMNS = (
    "file", "state", "container", "start", "duration_h", "signals", "rates_hz", "derivations",
    "codes", "problem",
)  # fmt: skip


def audit_row(checked: dict[str, Any]) -> dict[str, str]:
    """One recording as a row of text."""
    rates = sorted({c["fs_hz"] for c in checked["channels"] if c["fs_hz"]}, reverse=True)
    hours = "" if checked["span_s"] is None else f"{checked['span_s'] / 3600:.3f}"
    return {
        "file": checked["file"],
        "state": checked["state"],
        "container": checked["container"] or "",
        "start": checked["start"] or checked["start_clock"] or "",
        "duration_h": hours,
        "signals": str(len(checked["channels"])) if checked["container"] else "",
        "rates_hz": ",".join(f"{rate:g}" for rate in rates),
        "derivations": ",".join(dict.fromkeys(d["name"] for d in checked["derivations"])),
        "codes": ",".join(dict.fromkeys(f["code"] for f in checked["findings"])),
        "problem": checked["error"]["problem"] if checked["error"] else "",
    }


def one_line(text: str) -> str:
    """`text` without the characters that end a cell or a line."""
    return printable(text).replace("\n", " ").replace("\t", " ")
