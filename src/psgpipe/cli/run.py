"""The command ``psgpipe run``: one night, all steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from psgpipe.batch.malloc import keep_freed_memory
from psgpipe.cli.options import (
    FILE,
    LOGGER,
    Command,
    blind_option,
    labels_option,
    log_to_stderr,
    microstructure_option,
    output_options,
    pipeline_option,
    print_json,
    scoring_map_option,
    stages_option,
    thresholds_option,
)  # fmt: skip
from psgpipe.cli.printing import printable, table, terminal_width, wrapped
from psgpipe.errors import ScoringInvalid, UsageError
from psgpipe.files.regular import file_name
from psgpipe.files.scratch import use_scratch_for_caches
from psgpipe.messages import count_of
from psgpipe.model.scoring import ScoringUse
from psgpipe.night.expert.given import given_scoring
from psgpipe.night.level_sensitivity import (
    LevelSensitivity,
    gain_to_level,
    level_sensitivity,
)
from psgpipe.night.recipe import recipe_from
from psgpipe.night.update import Outcome, run_to_folder
from psgpipe.results.baseline_thresholds import with_baseline_thresholds
from psgpipe.results.read_back import agreement_in, read_summary
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
ORIGINS = {
    "auto": "Automatic stages, not AASM scoring; not for diagnosis.",
    "corrected": "Automatic stages, corrected by hand; not for diagnosis.",
    "expert": "Stages scored by a person.",
}


@click.command(name="run", cls=Command)
@click.argument("recordings", type=FILE, nargs=-1, required=True, metavar="RECORDING...")
@click.option(
    "-o", "--out", type=FILE, required=True, metavar="DIR", help="The folder of the results."
)
@pipeline_option
@labels_option
@click.option(
    "--subject", metavar="ID", help="Subject. Default: from the file name, or the name itself."
)
@click.option("--night", metavar="ID", help="Night. Default: from the file name, or 1.")
@click.option(
    "--condition", metavar="WORD",
    help="baseline, treatment, followup, washout, adaptation, or your own word.",
)  # fmt: skip
@click.option(
    "--lights-off",
    metavar="HH:MM[:SS]|+SECONDS",
    help="When the subject went to sleep: local clock time, date and time (2024-03-01T22:41), or "
    "seconds from the start (+300). Default: annotations of the file, or its start.",
)
@click.option(
    "--lights-on", metavar="HH:MM[:SS]|+SECONDS", help="When the subject got up; as --lights-off."
)
@click.option(
    "--timezone", metavar="ZONE", help="Time zone of the clock times, such as Europe/Paris."
)
@click.option(
    "--sleep-period", "--period", "sleep_period", type=click.IntRange(min=1), metavar="N",
    help="Which one, if the recording has several nights or naps: 1 is the first.",
)  # fmt: skip
@click.option(
    "--age", type=float, metavar="YEARS", help="Age. The stager uses age and sex if both are given."
)
@click.option(
    "--sex", type=click.Choice(["F", "M"], case_sensitive=False), metavar="F|M", help="Sex."
)
@click.option(
    "--dose-end",
    metavar="DATE-TIME",
    help="When an anaesthetic dose ended, such as 2024-03-01T10:15. Sedation is not sleep: a night "
    "within 6 h of it has no sleep architecture.",
)
@click.option(
    "--scoring",
    type=FILE,
    metavar="FILE",
    help="Stages that a person scored: psgpipe compares them with its own.",
)
@click.option(
    "--scorer", metavar="NAME", help="Whose stages to use, if the scoring has several scorers."
)
@scoring_map_option
@click.option(
    "--as", "use", type=click.Choice(["expert", "correction"]), default="expert",
    show_default=True, metavar="expert|correction",
    help="What the scoring is: an expert's, or the automatic stages that a person corrected.",
)  # fmt: skip
@click.option("--by", metavar="NAME", help="Who corrected them (with --as correction).")
@stages_option
@click.option("--no-figures", is_flag=True, help="Write no pictures and no page.")
@click.option("--force", is_flag=True, help="Compute the night again, although nothing changed.")
@microstructure_option
@thresholds_option
@click.option(
    "--eeg-gain", type=float, metavar="FACTOR",
    help="Also say how many epochs get another stage if the EEG is FACTOR times as large.",
)  # fmt: skip
@click.option(
    "--level-of",
    type=FILE,
    metavar="NIGHT",
    help="The same, with the factor to the EEG level of another finished night (its folder).",
)
@blind_option
@output_options
def command(
    recordings: tuple[Path, ...], out: Path, pipeline: str, labels: Path | None,
    no_figures: bool, force: bool, blind: bool, verbose: bool, quiet: bool, as_json: bool,
    microstructure: bool, thresholds_from: Path | None, eeg_gain: float | None,
    level_of: Path | None,
    scoring: Path | None, scorer: str | None, scoring_map: str | None, use: ScoringUse,
    by: str | None, stages: str | None, age: float | None, sex: str | None, **given: Any,
) -> None:  # fmt: skip
    """Stage one RECORDING and summarize its sleep; several are the parts of one night.

    Results go to DIR/nights/<subject>/<night>/. A night that is already there and unchanged is not
    computed again.
    """
    keep_freed_memory()
    use_scratch_for_caches()
    log_to_stderr(verbose=verbose, quiet=quiet)
    recipe = recipe_from(
        pipeline, labels, pictures=not no_figures, stages=stages,
        events=microstructure or bool(thresholds_from),
    )  # fmt: skip
    if eeg_gain is not None and level_of is not None:
        raise UsageError("--eeg-gain and --level-of both say the level", "Give one of the two.")
    if recipe.definition.by_expert and use == "correction":
        raise UsageError(
            "--as correction edits automatic stages, and --stages expert has none",
            "Leave one of the two out.",
        )
    if scoring is not None and not scoring.exists():
        # Before the night: a misspelt path is no reason to give up its earlier results.
        raise ScoringInvalid(
            f"{file_name(scoring)}: no such file", "Check the path, and that the share is mounted."
        )
    recording, *further = recordings
    if recipe.definition.by_expert and scoring is None:
        scoring = recording
    night = night_from(
        recording, age_y=age, sex=sex, further_parts=tuple(further),
        scoring=given_scoring(scoring, scorer=scorer, scoring_map=scoring_map, use=use, by=by),
        **given,
    )  # fmt: skip
    if thresholds_from:
        night = with_baseline_thresholds(night, thresholds_from)
    outcome = run_to_folder(recording, night, recipe, out, force=force, blind=blind)
    summary = read_summary(outcome.folder)
    agreement = agreement_in(outcome.folder)
    if level_of is not None:
        eeg_gain = gain_to_level(outcome.folder, level_of)
    sensitivity = (
        None if eeg_gain is None else level_sensitivity(recording, night, recipe, eeg_gain)
    )
    if as_json:
        result = {"folder": str(outcome.folder), "computed": outcome.computed, "summary": summary}
        result |= {"agreement": agreement_dict(agreement)} if agreement else {}
        print_json(result | ({"level_sensitivity": asdict(sensitivity)} if sensitivity else {}))
        return
    if not outcome.computed:
        LOGGER.info("this night is finished and unchanged: nothing was computed (see --force)")
    if not quiet:
        click.echo(summary_text(summary, outcome))
        if agreement:
            click.echo(agreement_text(agreement))
        if sensitivity:
            click.echo(sensitivity_text(sensitivity))


def sensitivity_text(found: LevelSensitivity) -> str:
    """How many epochs change at another level of the EEG, in two lines."""
    share = f"{100 * found.n_changed / found.n_epochs:.1f} %" if found.n_epochs else "none"
    changes = (
        f"{name} {'absent' if change is None else f'{change:+.1f}'}"
        for name, change in found.changes.items()
    )
    return (
        f"  With an EEG x{found.gain:.3g} in amplitude, {found.n_changed} of "
        f"{count_of(found.n_epochs, 'epoch')} have another stage ({share}):\n"
        f"    {', '.join(changes)}"
    )


def agreement_dict(agreement: Agreement) -> dict[str, Any]:
    """Agreement with the expert as plain values."""
    return {
        "epochs": agreement.n_epochs,
        "accuracy": agreement.accuracy,
        "kappa": agreement.kappa,
        "mcc": agreement.mcc,
        "f1": agreement.f1,
        "confusion": agreement.confusion.tolist(),
    }


def agreement_text(agreement: Agreement) -> str:
    """Agreement with the expert in one line."""
    if agreement.accuracy is None:
        return "  No epoch has a stage in both the scoring and this night."
    kappa = "" if agreement.kappa is None else f", kappa {agreement.kappa:.2f}"
    percent, epochs = f"{100 * agreement.accuracy:.1f} %", count_of(agreement.n_epochs, "epoch")
    return f"  {percent} of {epochs} agree with the scoring{kappa}"


def _without_repeats(reasons: Sequence[str]) -> list[str]:
    """Every reason once: a night without sleep has the same one for everything."""
    return [why if reasons.index(why) == at else "" for at, why in enumerate(reasons)]


def summary_text(summary: dict[str, Any], outcome: Outcome) -> str:
    """A night's sleep architecture for a person to read; an absent number has its reason."""
    reasons = [summary["absent"].get(key, "") for _, key, _ in SHOWN]
    rows = [
        (name, "-" if summary[key] is None else f"{summary[key]:.4g}", unit, why)
        for (name, key, unit), why in zip(SHOWN, _without_repeats(reasons), strict=True)
    ]
    heads = [summary["subject"], summary["night"], summary["condition"] or ""]
    warnings = [wrapped(printable(f"  ! {w}"), terminal_width()) for w in summary["warnings"]]
    lines = [
        " ".join(filter(None, heads)),
        table(rows),
        *warnings,
        f"  {ORIGINS[summary.get('stages', 'auto')]}",
        f"  {outcome.folder}",
    ]
    return printable("\n".join(lines))
