"""The command ``psgpipe batch``: many nights, and what it says about them."""

from __future__ import annotations

import dataclasses
import shlex
import sys
from pathlib import Path
from typing import NamedTuple

import click

from psgpipe.batch.options import DEFAULT_LIMIT_S, BatchOptions
from psgpipe.batch.plan import Plan, plan_batch
from psgpipe.batch.resources import WORKER_BYTES, choose_jobs
from psgpipe.batch.run import prepare_study, run_batch
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
)
from psgpipe.cli.printing import printable
from psgpipe.cli.text.batch_text import plan_text, result_dict, result_text, shard_words
from psgpipe.cli.text.progress import show_batch
from psgpipe.comparison.pages.older import mark_older_comparisons
from psgpipe.errors import NightsIncomplete
from psgpipe.files.regular import file_name
from psgpipe.messages import count_of
from psgpipe.night.recipe import Recipe, recipe_from
from psgpipe.results.baseline_thresholds import with_baseline_thresholds
from psgpipe.results.nights_tsv import NIGHTS, gather
from psgpipe.results.status import unlisted_nights
from psgpipe.study import blinding
from psgpipe.study.pages import keep_study_page
from psgpipe.study.prepared import read_part
from psgpipe.study.shard import Shard
from psgpipe.study.study import Study, read_study, unnamed_conditions, with_scoring_map

timeout_option = click.option(
    "--timeout", type=click.FloatRange(min=0), default=DEFAULT_LIMIT_S, show_default=True,
    metavar="SECONDS",
    help="Stop a night after so many seconds and count it as failed; 0: no limit.",
)  # fmt: skip
retry_failed_option = click.option(
    "--retry-failed", is_flag=True, help="Try failed nights again, although nothing changed."
)
trust_mtime_option = click.option(
    "--trust-mtime", is_flag=True,
    help="Do not read a recording again if its size and its times are the same.",
)  # fmt: skip


@click.command(name="batch", cls=Command)
@click.argument("study", type=FILE, metavar="STUDY.tsv|FOLDER")
@click.option(
    "-o", "--out", type=FILE, required=True, metavar="DIR", help="The folder of the results."
)
@click.option(
    "-j", "--jobs", default="auto", show_default=True, metavar="N|auto",
    help="Nights staged at the same time; auto: as many as processors and memory allow.",
)  # fmt: skip
@pipeline_option
@labels_option
@click.option(
    "--shard", metavar="I/N", help="Stage part I of N; run psgpipe gather when all parts are done."
)
@timeout_option
@retry_failed_option
@trust_mtime_option
@click.option(
    "--dry-run", is_flag=True, help="Show what would be done, and the time and space it needs."
)
@click.option(
    "--prepare", is_flag=True,
    help="Check the study table once for all parts (--shard); stage nothing.",
)  # fmt: skip
@stages_option
@scoring_map_option
@click.option("--no-figures", is_flag=True, help="Write no pictures and no pages.")
@click.option(
    "--force", is_flag=True, help="Compute finished nights again, although nothing changed."
)
@microstructure_option
@thresholds_option
@blind_option
@output_options
def command(
    study: Path, out: Path, jobs: str, pipeline: str, labels: Path | None, shard: str | None,
    stages: str | None, scoring_map: str | None, timeout: float, retry_failed: bool,
    trust_mtime: bool, dry_run: bool, prepare: bool, no_figures: bool, microstructure: bool,
    thresholds_from: Path | None, force: bool, blind: bool, verbose: bool, quiet: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Stage the nights of a study table, or of all recordings in a folder.

    Results go to DIR/nights/<subject>/<night>/ and, gathered, to DIR/nights.tsv. The same command
    again does only what is missing or has changed. The exit code is 8 if a night failed.
    """
    log_to_stderr(verbose=verbose, quiet=quiet)
    recipe = recipe_from(
        pipeline, labels, pictures=not no_figures, stages=stages,
        events=microstructure or bool(thresholds_from),
    )  # fmt: skip
    workers = choose_jobs(jobs, WORKER_BYTES[recipe.engine_name])
    options = BatchOptions(
        workers.count, timeout or None, Shard.read(shard), retry_failed, trust_mtime, force, blind,
        prepare,
    )  # fmt: skip
    blind = blinding.goes_blind(out, recipe.definition, asked=blind)
    part = None
    if options.shard.of > 1 and not (dry_run or prepare):
        part = read_part(study, out, options.shard, blind=blind)
    nights = study_of_batch(study, out, recipe, thresholds_from, scoring_map, part)
    if dry_run:
        _show_plan(plan_batch(nights, recipe, out, options), quiet=quiet, as_json=as_json)
        return
    of_shard = nights.included if nights.part else options.shard.part(nights.included)
    LOGGER.info(
        f"{count_of(len(of_shard), 'night')}{shard_words(options.shard)}, {workers.count} at once "
        f"({workers.source})"
    )
    for warning in filter(None, (recipe.engine_note, workers.warning)):
        LOGGER.info(f"! {warning}")
    _warn_of_conditions(nights, blind=blind)
    if prepare:
        prepare_study(nights, recipe, out, options)
        _show_prepared(nights, out, quiet=quiet, as_json=as_json)
        return
    result = show_batch(run_batch(nights, recipe, out, options), None if quiet else sys.stderr)
    # Of many shards the last one is not known: psgpipe gather ends their study.
    study_end = _end_study(out, figures=not no_figures) if options.shard.of == 1 else _StudyEnd()
    page = study_end.page
    if as_json:
        written = {"page": str(page) if page else None}
        print_json(result_dict(result, out, study_end.unlisted) | written)
    elif not quiet:
        text = result_text(
            result, out, options.shard, study_end.unlisted, study_end.n_lights_unknown
        )
        click.echo(text)
        if page:
            click.echo(printable(f"  {page}: the page of the study."))
    if result.failed:
        raise NightsIncomplete(
            f"{result.failed} of {count_of(result.nights, 'night')} failed",
            f"The reasons are in {NIGHTS} and in each night's failure.json.",
        )


class _StudyEnd(NamedTuple):
    """What is known when all nights of a study are done.

    Attributes
    ----------
    unlisted
        Subject and night of finished nights that the study table lists no more.
    """

    n_lights_unknown: int = 0
    page: Path | None = None
    unlisted: tuple[tuple[str, str], ...] = ()


def _end_study(out: Path, *, figures: bool) -> _StudyEnd:
    """Gather the nights of a study and renew its pages."""
    n_lights_unknown = gather(out).n_lights_unknown
    page = keep_study_page(out, figures=figures)
    mark_older_comparisons(out)
    return _StudyEnd(
        n_lights_unknown, page, tuple((n.subject, n.night) for n in unlisted_nights(out))
    )


def _show_plan(plan: Plan, *, quiet: bool, as_json: bool) -> None:
    if as_json:
        print_json(dataclasses.asdict(plan))
    elif not quiet:
        click.echo(plan_text(plan))


def _show_prepared(nights: Study, out: Path, *, quiet: bool, as_json: bool) -> None:
    if as_json:
        print_json({"out": str(out), "nights": nights.n_included, "excluded": nights.n_excluded})
    elif not quiet:
        count = count_of(nights.n_included, "night")
        click.echo(printable(f"{count} prepared for shards in {out}"))


def _warn_of_conditions(nights: Study, *, blind: bool) -> None:
    """Warn of conditions that compare does not know, and of names that reveal a blinded one."""
    unnamed = unnamed_conditions(nights.nights)
    if unnamed:
        # The words of a blinded study stand in no log.
        words = count_of(len(unnamed), "word") if blind else ", ".join(map(printable, unnamed))
        LOGGER.info(
            f"! psgpipe compare does not know conditions of this study ({words}): name them there "
            "with --baseline and --treatment, or in its spec"
        )
    n_revealed = blinding.nights_named_by_condition(nights.nights) if blind else 0
    if n_revealed:
        LOGGER.info(
            f"! in {count_of(n_revealed, 'night')} an id or a file name reveals the condition"
        )


def study_of_batch(
    source: Path,
    out: Path,
    recipe: Recipe,
    thresholds_from: Path | None,
    scoring_map: str | None,
    part: Study | None = None,
) -> Study:
    """The study in a table or folder, or a part of it, as the options ask for it."""
    nights = part or read_study(source, out)
    if thresholds_from:
        nights = _with_thresholds(nights, thresholds_from)
    if scoring_map is not None:
        from psgpipe.scorings.mapping import read_mapping

        by_expert = recipe.definition.by_expert
        nights = with_scoring_map(nights, read_mapping(scoring_map), by_expert=by_expert)
    table = source / "study.tsv"
    if part is None and source.is_dir() and table.is_file():
        LOGGER.info(
            f"! the table {printable(str(table))} is not read where its folder is given: "
            "to use its conditions and lights, give the table"
        )
    if part is None and source.is_dir():
        _name_scorings(source, nights)
    return nights


def _name_scorings(folder: Path, study: Study) -> None:
    """Say that scorings lie beside the recordings of a folder, and what uses them."""
    from psgpipe.starter.scoring_pairs import scoring_beside

    scoring = scoring_beside(folder, [listed.recording for listed in study.nights])
    if scoring is not None:
        LOGGER.info(
            f"! scorings lie beside the recordings, such as {file_name(scoring)}, and are not "
            f"used: psgpipe table {shlex.quote(str(folder))} -o study.tsv pairs them, and "
            "psgpipe batch study.tsv uses them"
        )
    elif study.passed_over:
        n_files = count_of(study.passed_over, "file")
        hold = "holds" if study.passed_over == 1 else "hold"
        LOGGER.info(f"{n_files} {hold} scored stages and no recording: not staged")


def _with_thresholds(study: Study, out: Path) -> Study:
    """The study with the thresholds of each subject's baseline nights in `out`."""
    nights = (
        listed
        if listed.excluded
        else dataclasses.replace(listed, night=with_baseline_thresholds(listed.night, out))
        for listed in study.nights
    )
    return dataclasses.replace(study, nights=tuple(nights))
