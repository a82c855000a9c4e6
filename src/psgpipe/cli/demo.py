"""The command ``psgpipe demo``: a synthetic study, its nights and its comparison."""

from __future__ import annotations

import functools
import operator
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from psgpipe.batch.options import BatchOptions
from psgpipe.batch.resources import choose_jobs
from psgpipe.batch.run import run_batch
from psgpipe.cli.options import FILE, LOGGER, Command, log_to_stderr, output_options, print_json
from psgpipe.cli.run import agreement_dict, agreement_text
from psgpipe.cli.text.compare_text import comparison_text
from psgpipe.cli.text.progress import show_batch
from psgpipe.comparison.compare import compare
from psgpipe.comparison.comparison_json import comparison_dict
from psgpipe.comparison.output_files import write_comparison
from psgpipe.errors import NightsIncomplete, OutputConflict
from psgpipe.messages import count_of
from psgpipe.night.recipe import recipe_from
from psgpipe.results.night_folder import night_folder
from psgpipe.results.nights_tsv import gather
from psgpipe.results.read_back import agreement_in
from psgpipe.simulation.study import simulate_study
from psgpipe.simulation.study_design import StudyDesign
from psgpipe.sleep.agreement import Agreement
from psgpipe.study.pages import write_study_page
from psgpipe.study.study import Study, read_study

NIGHTS_OF_EACH_CONDITION = 2
EFFECT = {"rem_pct": -5.0}
SPEC = "treatment-comparison"


@click.command(name="demo", cls=Command)
@click.option(
    "-o",
    "--out",
    type=FILE,
    default="psgpipe-demo",
    show_default=True,
    metavar="DIR",
    help="A new folder, or that of an earlier demo.",
)
@click.option(
    "--subjects", type=int, default=2, show_default=True, metavar="N", help="How many subjects."
)
@click.option(
    "--hours",
    type=float,
    default=4.5,
    show_default=True,
    metavar="H",
    help="Length of a recording in hours.",
)
@output_options
def command(
    out: Path, subjects: int, hours: float, verbose: bool, quiet: bool, as_json: bool
) -> None:
    """Make a study with a planted effect, stage its nights, compare, and show what was found.

    Under treatment the simulated subjects have 5 points less REM sleep. With two subjects no test
    can show that, and the table says so; --subjects 8 takes a few minutes and can.
    """
    log_to_stderr(verbose=verbose, quiet=quiet)
    study_folder, results = out / "study", out / "results"
    _refuse_other_files(out, (study_folder, results))
    design = StudyDesign(subjects, NIGHTS_OF_EACH_CONDITION, hours, effects=EFFECT)
    n_nights = subjects * 2 * NIGHTS_OF_EACH_CONDITION
    LOGGER.info(f"simulating {count_of(n_nights, 'night')} of {hours:g} h")
    truth = simulate_study(design, study_folder, force=True)
    study = read_study(study_folder / "study.tsv", results)
    _stage(study, results, quiet=quiet)
    comparison = compare(results, SPEC)
    written = write_comparison(comparison, results, pages=True)
    # With a link to the comparison, and the comparison with one to it.
    page = write_study_page(results)
    agreement = functools.reduce(operator.add, _agreements(study, results))
    planted = truth["true_difference"]["rem_pct"]
    if as_json:
        result = {
            "out": str(out),
            "page": str(page),
            "planted_rem_pct": planted,
            "agreement": agreement_dict(agreement),
            "comparison": comparison_dict(comparison),
        }
        print_json(result)
    elif not quiet:
        click.echo(comparison_text(comparison))
        click.echo(agreement_text(agreement) + " (the stages that were simulated)")
        click.echo(f"  REM in the simulated stages: {planted:+.1f} points under treatment.")
        click.echo(f"  Recordings: {study_folder}. Nights, pictures: {results / 'nights'}.")
        click.echo(f"  Comparison: {written}.")
        click.echo(f"  Open this page in a browser: {page}")


def _refuse_other_files(out: Path, own: tuple[Path, Path]) -> None:
    """Refuse a folder in which something is that no demo wrote."""
    if out.is_dir() and any(e not in own and e.name[:1] != "." for e in out.iterdir()):
        raise OutputConflict(
            f"{out}: wanted a new folder, or that of an earlier demo; this one holds other files",
            "Choose another -o folder.",
        )


def _stage(study: Study, results: Path, *, quiet: bool) -> None:
    """Run the batch, gather its nights and write the page of the study."""
    recipe = recipe_from("standard-night", None, pictures=True)
    options = BatchOptions(jobs=choose_jobs("auto").count)
    batch = run_batch(study, recipe, results, options)
    result = show_batch(batch, None if quiet else sys.stderr)
    gather(results)
    write_study_page(results)
    if result.failed:
        raise NightsIncomplete(
            f"{result.failed} of {count_of(result.nights, 'night')} of the demo failed",
            f"The reasons are in {results / 'nights.tsv'}; please report them.",
        )


def _agreements(study: Study, results: Path) -> Iterator[Agreement]:
    """Agreement of every night with the stages that were simulated."""
    for row in study.included:
        found = agreement_in(night_folder(results, row.night.subject, row.night.night))
        if found is not None:
            yield found
