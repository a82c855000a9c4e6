"""``psgpipe export``: scorings and summaries of finished nights in other tools' formats."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import click

from psgpipe.cli.options import FILE, Command, log_to_stderr, output_options, print_json
from psgpipe.cli.printing import printable
from psgpipe.errors import NightsIncomplete
from psgpipe.messages import are, count_of
from psgpipe.results.export.export import Export, export
from psgpipe.results.export.formats import FORMATS
from psgpipe.results.export.stages import StagesWanted

MOST_SHOWN = 20


@click.command(name="export", cls=Command)
@click.argument("out", type=FILE)
@click.option(
    "--to", type=click.Choice(list(FORMATS)), required=True, help="The format; see above."
)
@click.option(
    "-o", "--out", "folder", type=FILE, metavar="DIR",
    help="Where the files go.  [default: OUT/export/FORMAT]",
)  # fmt: skip
@click.option(
    "--night", "nights", multiple=True, metavar="SUBJECT/NIGHT",
    help="Only this night; may be repeated.",
)  # fmt: skip
@click.option(
    "--stages", type=click.Choice(["auto", "expert"]),
    help="Automatic stages, or a person's, where a night has both; into OUT/export/FORMAT-STAGES. "
    "[default: the night's own]",
)  # fmt: skip
@click.option("--force", is_flag=True, help="Replace files that have other content.")
@output_options
def command(
    out: Path, to: str, folder: Path | None, nights: tuple[str, ...],
    stages: StagesWanted | None, force: bool,
    verbose: bool, quiet: bool, as_json: bool,
) -> None:  # fmt: skip
    """Write the finished nights in OUT in the format of another tool.

    \b
      edf    EDF+ annotations with lights off and on; EDFbrowser can edit them
      luna   .annot and .eannot files
      bids   a BIDS derivative data set with a table of events for each night
      yasa   JSON that yasa.Hypnogram.from_json reads
      nsrr   one table of summaries with the variable names of sleepdata.org

    Nothing is staged. No condition and no dose is written, so that a blinded study stays blind. The
    exit code is 8 if a night failed or is missing; the others are exported nevertheless.
    """  # noqa: D301
    log_to_stderr(verbose=verbose, quiet=quiet)
    result = export(out, to, folder, nights, stages=stages, force=force)
    if as_json:
        left_out = [dataclasses.asdict(night) for night in result.left_out]
        print_json(
            {"to": to, "folder": str(result.folder), "nights": result.n_nights}
            | {"files": result.files, "left_out": left_out}
        )
    elif not quiet:
        click.echo(printable(_text(result)))
    if result.n_not_finished:
        raise NightsIncomplete(
            f"{count_of(result.n_not_finished, 'night')} {are(result.n_not_finished)} not finished "
            "and not exported",
            "psgpipe batch does the missing ones; psgpipe status says why the others failed.",
        )


def _text(result: Export) -> str:
    written = f"{count_of(result.n_nights, 'night')}, {count_of(len(result.files), 'file')}"
    lines = [f"{result.folder}: {written}"]
    for night in result.left_out[:MOST_SHOWN]:
        lines.append(f"  not {night.subject} {night.night}: {night.state}: {night.reason}")
    if len(result.left_out) > MOST_SHOWN:
        lines.append(f"  ... and {len(result.left_out) - MOST_SHOWN} more")
    return "\n".join(lines)
