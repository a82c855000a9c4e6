"""The command ``psgpipe verify``: every output against the hash in its manifest."""

from __future__ import annotations

from pathlib import Path

import click

from psgpipe.cli.options import FILE, Command, log_to_stderr, output_options, print_json
from psgpipe.cli.printing import printable
from psgpipe.cli.text.failure_lines import unlisted_lines
from psgpipe.errors import OutputConflict
from psgpipe.messages import are, count_of
from psgpipe.messages import listed as listed_names
from psgpipe.results.status import unlisted_nights
from psgpipe.results.verify import verify
from psgpipe.study.blind_check import files_against_the_blind


@click.command(name="verify", cls=Command)
@click.argument("out", type=FILE)
@output_options
def command(out: Path, verbose: bool, quiet: bool, as_json: bool) -> None:
    """Read every finished night in OUT and compare it with its manifest.

    The exit code is 7 if anything differs. The next psgpipe batch computes such a night again.

    In a blinded study, psgpipe also searches its files for conditions and doses.
    """
    log_to_stderr(verbose=verbose, quiet=quiet)
    nights = files = 0
    damaged = []
    for checked in verify(out):
        nights, files = nights + 1, files + checked.files
        if checked.damage:
            damaged.append(checked)
    telling = [path.relative_to(out).as_posix() for path in files_against_the_blind(out)]
    unlisted = [(night.subject, night.night) for night in unlisted_nights(out)]
    if as_json:
        listed = [
            {"subject": c.subject, "night": c.night, "damage": list(c.damage)} for c in damaged
        ]
        not_listed = [{"subject": subject, "night": night} for subject, night in unlisted]
        counts = {"nights": nights, "files": files, "damaged": listed}
        print_json({**counts, "unlisted": not_listed, "not_blind": telling})
    elif not quiet:
        for checked in damaged:
            for damage in checked.damage:
                click.echo(printable(f"{checked.subject} {checked.night}: {damage}"))
        for name in telling:
            click.echo(printable(f"{name}: shows a condition or dose of the blinded study"))
        for line in unlisted_lines(unlisted):
            click.echo(printable(line))
        hurt = count_of(len(damaged), "night")
        click.echo(
            f"{count_of(nights, 'finished night')}, {count_of(files, 'file')}: {hurt} damaged"
        )
    if damaged:
        raise OutputConflict(
            f"{len(damaged)} of {count_of(nights, 'finished night')} {are(len(damaged))} not what "
            "was written",
            "Look at the disk; psgpipe batch computes these nights again.",
        )
    if telling:
        raise OutputConflict(
            f"{count_of(len(telling), 'file')} of this blinded study would tell conditions or doses"
            f": {listed_names(telling, 3)}",
            "Remove them, or stage the study again into another -o folder with --blind.",
        )
