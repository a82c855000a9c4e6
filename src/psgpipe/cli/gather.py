"""The command ``psgpipe gather``: nights.tsv from the finished nights."""

from __future__ import annotations

from pathlib import Path

import click

from psgpipe.cli.options import FILE, Command, log_to_stderr, output_options, print_json
from psgpipe.cli.printing import printable
from psgpipe.comparison.pages.older import mark_older_comparisons
from psgpipe.errors import NightsIncomplete, UsageError
from psgpipe.files.atomic import write_file
from psgpipe.messages import are, count_of
from psgpipe.results.nights_tsv import gather, nights_workbook
from psgpipe.results.replace_folder import remove_abandoned
from psgpipe.study.pages import keep_study_page

MOST_SHOWN = 20


@click.command(name="gather", cls=Command)
@click.argument("out", type=FILE)
@click.option("--no-figures", is_flag=True, help="No page of the study.")
@click.option(
    "--workbook", type=FILE, metavar="FILE.xlsx", help="Also write both tables as a workbook."
)
@output_options
def command(
    out: Path, no_figures: bool, workbook: Path | None, verbose: bool, quiet: bool, as_json: bool
) -> None:
    """Write OUT/nights.tsv, a row for each night, and OUT/report.html, the page of the study.

    OUT/nights-short.tsv has twelve measures, rounded, and the flags in words.

    The exit code is 8 if a night failed or is missing.
    """
    log_to_stderr(verbose=verbose, quiet=quiet)
    remove_abandoned(out)
    gathered = gather(out)
    if workbook is not None:
        if workbook.suffix.lower() != ".xlsx":
            raise UsageError(
                f"{workbook.name}: a name that ends with .xlsx was wanted", "Correct --workbook."
            )
        write_file(workbook, nights_workbook(out))
    page = keep_study_page(out, figures=not no_figures)
    mark_older_comparisons(out)
    if as_json:
        not_done = [
            dict(zip(("subject", "night", "state", "reason"), night, strict=True))
            for night in gathered.not_done
        ]
        written = {"nights_tsv": str(gathered.path), "page": str(page) if page else None}
        written |= {"workbook": str(workbook)} if workbook else {}
        print_json({**written, **gathered.states, "not_done": not_done})
    elif not quiet:
        from psgpipe.results.short_table import SHORT  # gather has imported it

        counts = ", ".join(f"{count} {state}" for state, count in gathered.states.items())
        click.echo(printable(f"{gathered.path}: {counts or 'no night'}"))
        click.echo(printable(f"{out / SHORT}: twelve measures of each night, rounded"))
        if page:
            click.echo(printable(f"{page}: the page of the study"))
        if workbook:
            click.echo(printable(f"{workbook}: both tables"))
        for subject, night, state, reason in gathered.not_done[:MOST_SHOWN]:
            click.echo(printable(f"  {subject} {night}: {state}: {reason}"))
        if len(gathered.not_done) > MOST_SHOWN:
            click.echo("  ... and more; the table has them all")
    if not gathered.complete:
        n_failed, n_missing = (gathered.states.get(s, 0) for s in ("failed", "missing"))
        failed = f"{count_of(n_failed, 'night')} failed" if n_failed else ""
        missing = f"{count_of(n_missing, 'night')} {are(n_missing)} missing" if n_missing else ""
        raise NightsIncomplete(
            " and ".join(filter(None, (failed, missing))),
            "psgpipe batch does the missing ones; the table says why the others failed.",
        )
