"""``psgpipe run``: one night, all steps."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from psgpipe.batch.malloc import keep_freed_memory
from psgpipe.cli.options import (
    FILE,
    blind_option,
    labels_option,
    log_to_stderr,
    output_options,
    pipeline_option,
    print_json,
)  # fmt: skip
from psgpipe.cli.printing import printable, table
from psgpipe.edf.scoring import read_scoring
from psgpipe.night.recipe import recipe_from
from psgpipe.night.update import Outcome, run_to_folder
from psgpipe.results.read_back import agreement_with, read_summary
from psgpipe.sleep.agreement import Agreement
from psgpipe.study.file_ids import night_from

SHOWN = (
    ("Time in bed", "tib_min", "min"),
    ("Total sleep time", "tst_min", "min"),
    ("Sleep efficiency", "se_pct", "% of TIB"),
    ("Sleep onset latency", "sol_min", "min"),
    ("REM latency", "rem_latency_min", "min"),
    ("Wake after sleep onset", "waso_min", "min"),
    ("N1", "n1_pct", "% of TST"),
    ("N2", "n2_pct", "% of TST"),
    ("N3", "n3_pct", "% of TST"),
    ("NREM", "nrem_pct", "% of TST"),
    ("REM", "rem_pct", "% of TST"),
    ("Awakenings", "awakenings", ""),
    ("NREM-REM cycles", "cycles", ""),
    ("Unscored", "unscored_min", "min"),
)


@click.command(name="run", short_help="One night, all steps.")
@click.argument("recording", type=FILE)
@click.option("-o", "--out", type=FILE, required=True, metavar="DIR", help="Where results go.")
@pipeline_option
@labels_option
@click.option("--subject", help="Subject id; otherwise from the file name.")
@click.option("--night", help="Night id; otherwise from the file name.")
@click.option("--condition", help="baseline, treatment, followup, washout or adaptation.")
@click.option("--lights-off", metavar="HH:MM[:SS]", help="Local clock time, or ISO date-time.")
@click.option("--lights-on", metavar="HH:MM[:SS]", help="Local clock time, or ISO date-time.")
@click.option("--age", type=float, help="Years. Age and sex are used if both are given.")
@click.option("--sex", type=click.Choice(["F", "M"], case_sensitive=False), metavar="F|M")
@click.option("--dose-end", metavar="DATE-TIME", help="ISO; sedation is not called sleep.")
@click.option("--scoring", type=FILE, help="An expert's stages (EDF+): how far do they agree?")
@click.option("--no-figures", is_flag=True, help="No pictures, no pages.")
@click.option("--force", is_flag=True, help="Compute again, and replace what is there.")
@blind_option
@output_options
def command(
    recording: Path, out: Path, pipeline: str, labels: Path | None, no_figures: bool, force: bool,
    blind: bool, verbose: bool, quiet: bool, as_json: bool, scoring: Path | None, age: float | None,
    sex: str | None, **given: str | None,
) -> None:  # fmt: skip
    """Stage one RECORDING and summarize its sleep.

    Results go to DIR/nights/<subject>/<night>/. A night that is already there and unchanged is not
    computed again.
    """
    keep_freed_memory()
    tell = log_to_stderr(verbose=verbose, quiet=quiet)
    recipe = recipe_from(pipeline, labels, pictures=not no_figures)
    night = night_from(recording, age_y=age, sex=sex, **given)
    expert = read_scoring(scoring, recipe.label_table) if scoring else None
    outcome = run_to_folder(recording, night, recipe, out, force=force, blind=blind)
    summary = read_summary(outcome.folder)
    found = agreement_with(expert, outcome.folder) if expert else None
    if as_json:
        said = {"folder": str(outcome.folder), "computed": outcome.computed, "summary": summary}
        print_json(said | ({"agreement": agreement_dict(found)} if found else {}))
        return
    if not outcome.computed:
        tell("nothing changed since this night was finished; nothing was computed (--force would)")
    if not quiet:
        click.echo(summary_text(summary, outcome))
        if found:
            click.echo(agreement_text(found))


def agreement_dict(found: Agreement) -> dict[str, Any]:
    """Agreement with the expert as plain values."""
    return {
        "epochs": found.n_epochs,
        "accuracy": found.accuracy,
        "kappa": found.kappa,
        "mcc": found.mcc,
        "f1": found.f1,
        "confusion": found.confusion.tolist(),
    }


def agreement_text(found: Agreement) -> str:
    """Agreement with the expert in one line."""
    if found.accuracy is None:
        return "  No epoch has a stage in both the scoring and this night."
    kappa = "" if found.kappa is None else f", kappa {found.kappa:.2f}"
    return (
        f"  {100 * found.accuracy:.1f} % of {found.n_epochs} epochs agree with the scoring{kappa}"
    )


def _said_once(reasons: Sequence[str]) -> list[str]:
    """Blank where the same stands above: a night without sleep has one reason for everything."""
    return [why if reasons.index(why) == at else "" for at, why in enumerate(reasons)]


def summary_text(summary: dict[str, Any], outcome: Outcome) -> str:
    """A night's architecture for a person to read, with what is absent and why."""
    reasons = [summary["absent"].get(key, "") for _, key, _ in SHOWN]
    rows = [
        (name, "-" if summary[key] is None else f"{summary[key]:.4g}", unit, why)
        for (name, key, unit), why in zip(SHOWN, _said_once(reasons), strict=True)
    ]
    heads = [summary["subject"], summary["night"], summary["condition"] or ""]
    warnings = [f"  ! {warning}" for warning in summary["warnings"]]
    lines = [
        " ".join(filter(None, heads)),
        table(rows),
        *warnings,
        "  Automatic stages, not AASM scoring; not for diagnosis.",
        f"  {outcome.folder}",
    ]
    return printable("\n".join(lines))
