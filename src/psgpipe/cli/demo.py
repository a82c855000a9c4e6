"""``psgpipe demo``: a synthetic night made, staged and summarized; opens nothing."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import click

from psgpipe.adapters.scorings import read_scoring
from psgpipe.cli.options import FILE, log_to_stderr, output_options, print_json
from psgpipe.cli.run import summary_text
from psgpipe.model.hypnogram import SCORED, SleepStage
from psgpipe.model.night import Night
from psgpipe.pipeline.night import Outcome, run_to_folder
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
    summary = json.loads((outcome.folder / "summary.json").read_text(encoding="utf-8"))
    share_pct = 100 * agreement(outcome, study / row["scoring"])
    if as_json:
        print_json({"folder": str(outcome.folder), "agreement_pct": share_pct, "summary": summary})
    elif not quiet:
        click.echo(summary_text(summary, outcome))
        click.echo(f"  {share_pct:.1f} % of the epochs have the stage that was simulated.")


def first_night(study: Path) -> dict[str, str]:
    """The first row of the study table in `study`."""
    with (study / "study.tsv").open(encoding="utf-8", newline="") as file:
        return next(csv.DictReader(file, delimiter="\t"))


def agreement(outcome: Outcome, scoring: Path) -> float:
    """Share of the scored epochs whose stage is that of the scoring."""
    truth = read_scoring(scoring).stages
    with (outcome.folder / "hypnogram.tsv").open(encoding="utf-8", newline="") as file:
        staged = [SleepStage(row["stage"]) for row in csv.DictReader(file, delimiter="\t")]
    both = [(t, s) for t, s in zip(truth, staged, strict=False) if t in SCORED and s in SCORED]
    return sum(t == s for t, s in both) / len(both)
