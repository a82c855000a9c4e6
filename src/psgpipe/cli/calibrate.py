"""``psgpipe calibrate``: automatic stages fitted to the scorers of one laboratory."""

from __future__ import annotations

from pathlib import Path

import click

from psgpipe.agreement.calibrating.calibrate import LabCalibration, calibrate
from psgpipe.agreement.calibrating.lab_toml import refuse_other_file, write_lab_toml
from psgpipe.agreement.calibrating.report import calibration_dict, head_line, notes, tables
from psgpipe.cli.options import (
    FILE,
    LOGGER,
    Command,
    log_to_stderr,
    output_options,
    print_json,
    scoring_map_option,
    scorings_options,
)
from psgpipe.cli.printing import printable, table
from psgpipe.scorings.mapping import read_mapping


@click.command(name="calibrate", cls=Command)
@click.argument("out", type=FILE)
@click.option(
    "-o", "--out", "file", type=FILE, required=True, metavar="LAB.toml",
    help="The file of the calibration.",
)  # fmt: skip
@click.option(
    "--chain", is_flag=True,
    help="Let the stages of neighbouring epochs count; endpoints that count changes of stage are "
    "then withheld.",
)  # fmt: skip
@scorings_options
@scoring_map_option
@output_options
def command(
    out: Path, file: Path, chain: bool, scorings: Path | None, scorer: str | None,
    scoring_map: str | None,
    verbose: bool, quiet: bool, as_json: bool,
) -> None:  # fmt: skip
    """Fit the stager's probabilities to the scorers of the nights in OUT.

    Needs hand-scored nights of at least 4 subjects of one laboratory, staged by one recipe; of each
    condition, where the study has several. A pipeline uses the file with [stage_sleep]
    calibration = "LAB.toml". The report is of each subject in turn, by what was fitted to all
    others. Nothing is staged.
    """
    log_to_stderr(verbose=verbose, quiet=quiet)
    refuse_other_file(file)
    mapping = read_mapping(scoring_map) if scoring_map is not None else None
    found = calibrate(out, scorings, chain=chain, mapping=mapping, scorer=scorer)
    write_lab_toml(found, file)
    if as_json:
        print_json(calibration_dict(found))
    elif not quiet:
        click.echo(printable(_text(found)))
    LOGGER.info(f'{file}: use it with [stage_sleep] calibration = "{file.name}"')


def _text(found: LabCalibration) -> str:
    parts = [head_line(found)]
    failed = [night for night in found.left_out if night.is_failure]
    parts += [f"not {night.subject} {night.night}: {night.reason}" for night in failed]
    parts += [f"\n{one.title}\n{table(one.rows)}" for one in tables(found)]
    lines = notes(found)
    return "\n".join([*parts, *([""] if lines else []), *lines])
