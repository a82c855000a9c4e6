"""The command ``psgpipe table``: a starter study table of a folder of recordings."""

from __future__ import annotations

from pathlib import Path

import click

from psgpipe.cli.options import FILE, Command, log_to_stderr, output_options, print_json
from psgpipe.cli.printing import printable
from psgpipe.errors import FileTaken, UsageError
from psgpipe.files.atomic import write_file
from psgpipe.files.regular import file_name
from psgpipe.files.temporary_files import remove_abandoned_files
from psgpipe.messages import count_of
from psgpipe.starter.profile import profile_named, profile_of_pattern
from psgpipe.starter.starter_table import starter_table


@click.command(name="table", cls=Command)
@click.argument("folder", type=FILE)
@click.option("-o", "--out", type=FILE, required=True, metavar="STUDY.tsv", help="The new table.")
@click.option(
    "--pattern",
    metavar="PATTERN",
    help="How recordings are called, such as '{subject}E{night}-PSG.edf'.",
)
@click.option(
    "--profile",
    metavar="NAME",
    help="The recordings are of a public archive: sleep-edf-cassette, sleep-edf-telemetry, shhs, "
    "mesa, cfs, wsc, hmc, cap, dreams, isruc.",
)
@click.option(
    "--no-lights", is_flag=True, help="Do not read lights off and on from the annotations (faster)."
)
@click.option("--force", is_flag=True, help="Replace the table if it exists.")
@output_options
def command(
    folder: Path, out: Path, pattern: str | None, profile: str | None, no_lights: bool,
    force: bool, verbose: bool, quiet: bool, as_json: bool,
) -> None:  # fmt: skip
    """Write a study table for the recordings in FOLDER, for you to complete.

    Subject and night come from the pattern, the names of a public archive, BIDS names, folders, or
    numbers at the end of names; scorings from files of the same name; lights from annotations.
    What is unsure stays blank, and psgpipe says it.
    """
    log_to_stderr(verbose=verbose, quiet=quiet)
    if pattern and profile:
        raise UsageError("--pattern and --profile both name the files", "Give one of the two.")
    if not folder.exists():
        raise UsageError(
            f"{file_name(folder)}: no such folder", "Check the path, and that the share is mounted."
        )
    if not folder.is_dir():
        raise UsageError(
            f"{file_name(folder)}: a folder of recordings was wanted, this is a file",
            "Give the folder that the recordings are in.",
        )
    remove_abandoned_files(out.parent)
    if out.exists() and not force:
        raise FileTaken(
            f"{file_name(out)}: the table is there, and may hold what you wrote",
            "Give another name, or --force to replace it.",
        )
    names = profile_of_pattern(pattern) if pattern else profile_named(profile) if profile else None
    table = starter_table(folder, out, names, lights=not no_lights)
    write_file(out, table.content())
    if as_json:
        print_json(
            {"table": str(out), "recordings": len(table.rows), "ids_from": table.ids_from or None}
            | {"rows": [dict(row) for row in table.rows], "remarks": list(table.remarks)}
        )
    elif not quiet:
        source = f"; subject and night from {table.ids_from}" if table.ids_from else ""
        click.echo(printable(f"{out}: {count_of(len(table.rows), 'recording')}{source}"))
        for remark in table.remarks:
            click.echo(printable(f"  ! {remark}"))
