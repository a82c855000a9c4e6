"""``psgpipe actigraphy``: counts to sleep and wake."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from psgpipe.actigraphy.output_files import write_actigraphy
from psgpipe.actigraphy.read import read_actigraphy
from psgpipe.actigraphy.score import ALGORITHMS, score_actigraphy
from psgpipe.actigraphy.wear import NONWEAR_MIN
from psgpipe.cli.options import FILE, LOGGER, Command, log_to_stderr, output_options, print_json
from psgpipe.cli.printing import printable
from psgpipe.errors import ActigraphyInvalid, NightsIncomplete, UsageError
from psgpipe.files.regular import file_name
from psgpipe.messages import count_of

algorithm_option = click.option(
    "--algorithm", type=click.Choice(list(ALGORITHMS)), metavar="NAME",
    help=f"One of {', '.join(ALGORITHMS)}. Default: cole-kripke for ActiGraph counts, oakley for "
    "Actiwatch counts.",
)  # fmt: skip
any_maker_option = click.option(
    "--any-maker",
    is_flag=True,
    help="Also score counts of a maker for which the algorithm was not made.",
)
nonwear_option = click.option(
    "--nonwear-min", type=click.FloatRange(min=1), default=NONWEAR_MIN, show_default=True,
    metavar="MINUTES", help="So many minutes without a count: the watch was not worn.",
)  # fmt: skip


@click.command(name="actigraphy", cls=Command)
@click.argument("files", type=FILE, nargs=-1, required=True, metavar="FILE...")
@click.option(
    "-o", "--out", type=FILE, required=True, metavar="DIR", help="The folder of the results."
)
@algorithm_option
@any_maker_option
@nonwear_option
@output_options
def command(
    files: tuple[Path, ...], out: Path, algorithm: str | None, any_maker: bool, nonwear_min: float,
    verbose: bool, quiet: bool, as_json: bool,
) -> None:  # fmt: skip
    """Score activity counts as sleep and wake.

    FILE is a table of epochs (time and counts), an export of Actiware, an AWD or an AGD file. The
    results of one file are actigraphy.tsv (time, counts, sleep, wear) and actigraphy.json in DIR,
    those of several files lie in a folder for each. Epochs that were not recorded or not worn are
    never sleep. Nights are measured between pairs of markers; without them there is no window and
    there are no sleep measures (psgpipe concord takes windows from a diary).

    The exit code is 8 if one of several files cannot be read; the others are scored nevertheless.
    """
    log_to_stderr(verbose=verbose, quiet=quiet)
    results, n_failed = [], 0
    for file, folder in zip(files, _folders(files, out), strict=True):
        try:
            score = score_actigraphy(
                read_actigraphy(file), algorithm, any_maker=any_maker, nonwear_min=nonwear_min
            )
        except (ActigraphyInvalid, UsageError) as error:
            if len(files) == 1:
                raise
            n_failed += 1
            click.echo(f"psgpipe: {file_name(file)}: {printable(str(error))}", err=True)
            continue
        results.append(write_actigraphy(score, file_name(file), folder))
        if not (quiet or as_json):
            click.echo(printable(_text(results[-1])))
        LOGGER.info(f"{folder}: actigraphy.tsv, actigraphy.json")
    if as_json:
        print_json(results)
    if n_failed:
        raise NightsIncomplete(
            f"{count_of(n_failed, 'file')} cannot be scored",
            "The reasons stand above; correct these files.",
        )


def _folders(files: tuple[Path, ...], out: Path) -> list[Path]:
    """Where the results of each file go."""
    if len(files) == 1:
        return [out]
    names: dict[str, Path] = {}
    for file in files:
        other = names.setdefault(file.stem.casefold(), file)
        if other is not file:
            raise UsageError(
                f"{file_name(other)} and {file_name(file)} would share the folder {file.stem}",
                "Score them one by one, or rename one.",
            )
    return [out / file.stem for file in files]


def _text(result: dict[str, Any]) -> str:
    worn = result["n_epochs"] - result["n_not_recorded"] - result["n_not_worn"]
    head = (
        f"{result['file']}: {result['format']}, {result['maker'] or 'unknown maker'}, "
        f"{count_of(result['n_epochs'], 'epoch')} of {result['epoch_s']:g} s from {result['start']}"
    )
    lines = [
        head,
        f"  {result['algorithm']}: {count_of(result['n_sleep'], 'epoch')} of sleep in {worn} worn; "
        f"{result['n_not_worn']} not worn, {result['n_not_recorded']} not recorded",
    ]
    for night in result["nights"]:
        tst = night["actigraphy_tst_min"]
        measures = (
            next(iter(night["absent"].values()), "") if tst is None
            else f"TST {tst:.1f} min, efficiency {night['actigraphy_se_pct']:.1f} %"
        )  # fmt: skip
        lines.append(f"  {night['begin']} to {night['end']} ({night['window']}): {measures}")
    if result["no_nights"]:
        lines.append(f"  {result['no_nights']}")
    return "\n".join([*lines, *(f"  {note}" for note in result["notes"])])
