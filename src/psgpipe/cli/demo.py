"""``psgpipe demo``: a synthetic night made, staged and summarized; opens nothing."""

from __future__ import annotations

import csv
from pathlib import Path

import click

from psgpipe.adapters.scorings import read_scoring
from psgpipe.cli.options import FILE, log_to_stderr, output_options, print_json
from psgpipe.cli.run import agreement_dict, agreement_text, summary_text
from psgpipe.model.night import Night
from psgpipe.pipeline.finished import agreement_with, read_summary
from psgpipe.pipeline.into_folder import run_to_folder
from psgpipe.pipeline.simulate import StudyDesign, simulate_study
from psgpipe.pipeline.spec import load_definition


@click.command(name="demo", short_help="A synthetic night made, staged and summarized.")
@click.option("-o", "--out", type=FILE, default="psgpipe-demo", show_default=True, metavar="DIR")
@click.option("--hours", type=float, default=8, show_default=True, help="Length of the recording.")
@output_options
def command(out: Path, hours: float, verbose: bool, quiet: bool, as_json: bool) -> None:
    """Make a synthetic night, stage it, and show its architecture beside the truth."""
    tell = log_to_stderr(verbose=verbose, quiet=quiet)
    study = out / "study"
    simulate_study(StudyDesign(subjects=1, nights=1, hours=hours), study, force=True, tell=tell)
    row = first_night(study)
    outcome = run_to_folder(
        study / row["recording"],
        Night(row["subject"], row["night"], row["condition"]),
        load_definition("standard-night"),
        out / "results",
        tell=tell,
    )
    summary = read_summary(outcome.folder)
    found = agreement_with(read_scoring(study / row["scoring"]), outcome.folder)
    if as_json:
        said = {"folder": str(outcome.folder), "summary": summary}
        print_json(said | {"agreement": agreement_dict(found)})
    elif not quiet:
        click.echo(summary_text(summary, outcome))
        click.echo(agreement_text(found) + " (the stages that were simulated)")


def first_night(study: Path) -> dict[str, str]:
    """The first row of the study table in `study`."""
    with (study / "study.tsv").open(encoding="utf-8", newline="") as file:
        return next(csv.DictReader(file, delimiter="\t"))
