"""The command ``psgpipe doubts``: the epochs that are worth a look."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from psgpipe.cli.options import FILE, Command, log_to_stderr, output_options, print_json
from psgpipe.cli.printing import printable, table
from psgpipe.results.doubted_nights import DoubtedEpochOfNight, most_doubted


@click.command(name="doubts", cls=Command)
@click.argument("out", type=FILE)
@click.option(
    "-n", "number", type=click.IntRange(min=1), default=30, show_default=True, metavar="N",
    help="How many epochs.",
)  # fmt: skip
@click.option("--each-night", is_flag=True, help="So many epochs of each night, not of the study.")
@click.option(
    "--night", "nights", multiple=True, metavar="SUBJECT/NIGHT",
    help="Only this night; may be repeated.",
)  # fmt: skip
@output_options
def command(
    out: Path, number: int, each_night: bool, nights: tuple[str, ...], verbose: bool, quiet: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """List the epochs in OUT that the stager doubted most.

    These are the epochs in bed whose two most probable stages are nearly as probable. Look at them
    beside the recording; psgpipe run --scoring FILE --as correction takes what you change.
    """
    log_to_stderr(verbose=verbose, quiet=quiet)
    found = most_doubted(out, number, each_night=each_night, nights=nights)
    if as_json:
        print_json([_as_dict(epoch) for epoch in found])
    elif not quiet:
        click.echo(doubts_text(found))


def _as_dict(found: DoubtedEpochOfNight) -> dict[str, Any]:
    return {
        "subject": found.subject,
        "night": found.night,
        "clock": found.clock or None,
        "onset_s": found.onset_s,
        **dataclasses.asdict(found.doubt),
        "margin": round(found.doubt.margin, 6),
        **({} if found.expert is None else {"expert": found.expert}),
    }


def doubts_text(found: Sequence[DoubtedEpochOfNight]) -> str:
    """The epochs for a person to read."""
    if not found:
        return "No epoch in bed was staged automatically."
    with_expert = any(epoch.expert is not None for epoch in found)
    head = ("subject", "night", "epoch", "time", "stage", "p", "or", "p", "margin")
    rows = [
        (
            epoch.subject,
            epoch.night,
            str(epoch.doubt.epoch),
            epoch.clock or f"+{epoch.onset_s:g} s",
            str(epoch.doubt.stage),
            f"{epoch.doubt.probability:.2f}",
            str(epoch.doubt.second),
            f"{epoch.doubt.second_probability:.2f}",
            f"{epoch.doubt.margin:.3f}",
            *((epoch.expert or "",) if with_expert else ()),
        )
        for epoch in found
    ]
    return printable(table([(*head, *(("expert",) if with_expert else ())), *rows]))
