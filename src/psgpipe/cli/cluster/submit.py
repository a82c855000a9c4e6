"""The command ``psgpipe submit``: a batch as an array of the site's own scheduler."""

from __future__ import annotations

import dataclasses
import datetime as dt
import shlex
import sys
from pathlib import Path

import click

from psgpipe.batch.cluster import scripts, size, submit
from psgpipe.batch.cluster.scheduler import SCHEDULERS, array_limit, require_command
from psgpipe.batch.night_cost import night_cost
from psgpipe.batch.options import BatchOptions
from psgpipe.batch.run import prepare_study
from psgpipe.cli.batch import (
    retry_failed_option,
    study_of_batch,
    timeout_option,
    trust_mtime_option,
)
from psgpipe.cli.cluster.submit_values import (
    read_per_task,
    refuse_command,
    refuse_folder,
    refuse_option,
    refuse_unusual,
    require_spec,
)
from psgpipe.cli.cluster.submitted_command import batch_arguments, command_again
from psgpipe.cli.options import (
    FILE,
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
from psgpipe.cli.text.submit_text import submit_text
from psgpipe.files.hashing import sha256_of
from psgpipe.model.night import Night
from psgpipe.night.recipe import Recipe, recipe_from
from psgpipe.study import blinding
from psgpipe.study.study import Study


@click.command(name="submit", cls=Command)
@click.argument("study", type=FILE, metavar="STUDY.tsv")
@click.option(
    "-o", "--out", type=FILE, required=True, metavar="DIR", help="The folder of the results."
)
@click.option(
    "--engine", type=click.Choice([*SCHEDULERS]), required=True, help="The site's scheduler."
)
@click.option("--emit-only", is_flag=True, help="Write the scripts; send nothing.")
@click.option(
    "-j", "--jobs", type=click.IntRange(min=1), default=1, show_default=True, metavar="N",
    help="Nights staged at the same time in each element; also its number of processors.",
)  # fmt: skip
@click.option(
    "--per-task", default="auto", show_default=True, metavar="auto|N",
    help="Nights in each element of the array; auto: half an hour of work.",
)  # fmt: skip
@click.option(
    "--throttle",
    type=click.IntRange(min=1),
    metavar="N",
    help="Elements that may run at the same time. Default: no limit.",
)
@click.option(
    "--time",
    "time_text",
    metavar="HH:MM:SS",
    help="Longest time of an element. Default: from what a night costs.",
)
@click.option(
    "--mem",
    metavar="SIZE",
    help="Memory of an element, such as 4G. Default: from what a night costs.",
)
@click.option(
    "--partition", metavar="NAME", help="Partition (Slurm) or queue. Default: the site's."
)
@click.option("--account", metavar="NAME", help="Account or project. Default: the site's.")
@click.option(
    "--option", "options", multiple=True, metavar="OPTION",
    help="A further option of the scheduler, as in --option=--qos=low; may be repeated.",
)  # fmt: skip
@click.option(
    "--command", "psgpipe", metavar="COMMAND",
    help="How a node starts psgpipe, as in 'apptainer exec /data/psgpipe.sif psgpipe'.",
)  # fmt: skip
@click.option(
    "--spec",
    type=FILE,
    metavar="FILE",
    help="When all nights are done, compare them by this spec and write the pages.",
)
@click.option(
    "--all", "everything", is_flag=True, help="Also send elements without missing nights."
)
@pipeline_option
@labels_option
@stages_option
@scoring_map_option
@timeout_option
@retry_failed_option
@trust_mtime_option
@click.option("--no-figures", is_flag=True, help="Write no pictures and no pages.")
@microstructure_option
@thresholds_option
@blind_option
@output_options
def command(
    study: Path, out: Path, engine: str, emit_only: bool, jobs: int, per_task: str,
    throttle: int | None, time_text: str | None, mem: str | None, partition: str | None,
    account: str | None, options: tuple[str, ...], psgpipe: str | None, spec: Path | None,
    everything: bool, pipeline: str, labels: Path | None, stages: str | None,
    scoring_map: str | None, timeout: float, retry_failed: bool, trust_mtime: bool,
    no_figures: bool, microstructure: bool, thresholds_from: Path | None, blind: bool,
    verbose: bool, quiet: bool, as_json: bool,
) -> None:  # fmt: skip
    """Stage the nights of a study table by the scheduler of your site.

    Writes readable scripts to DIR/cluster and sends them: an array whose elements each do a part
    of the study, and a job that gathers the nights when the array has ended. The same command
    again sends what is missing.
    """
    log_to_stderr(verbose=verbose, quiet=quiet)
    scheduler, out, study = SCHEDULERS[engine], out.absolute(), study.absolute()
    refuse_unusual(time=time_text, mem=mem, partition=partition, account=account)
    for option in options:
        refuse_option(option)
    if psgpipe is not None:
        refuse_command(psgpipe)
    scripts.refuse_path_of_logs(scheduler, out)
    n_per_task = read_per_task(per_task)
    element_time_s = None if time_text is None else size.read_time(time_text)
    element_bytes = None if mem is None else size.read_memory(mem)
    if not emit_only:
        require_command(scheduler)
        submit.refuse_queued(scheduler, out)
    refuse_folder(study)
    if spec is not None:
        require_spec(spec)
    limit = array_limit(scheduler, must_answer=not emit_only)
    recipe = recipe_from(
        pipeline, labels, pictures=not no_figures, stages=stages,
        events=microstructure or bool(thresholds_from),
    )  # fmt: skip
    batch_options = BatchOptions(
        limit_s=timeout or None, retry_failed=retry_failed, trust_times=trust_mtime,
        blind=blinding.goes_blind(out, recipe.definition, asked=blind), prepare=True,
    )  # fmt: skip
    nights = study_of_batch(study, out, recipe, thresholds_from, scoring_map)
    arguments = batch_arguments(
        pipeline, labels, stages, scoring_map, timeout, thresholds_from,
        flags={
            "--retry-failed": retry_failed, "--trust-mtime": trust_mtime,
            "--no-figures": no_figures, "--microstructure": microstructure, "--blind": blind,
        },
    )  # fmt: skip
    included = [(row.night.subject, row.night.night) for row in nights.included]
    cost = night_cost(included, recipe, out)
    array = size.array_size(len(included), cost.seconds, jobs, limit, n_per_task)
    prepare_study(nights, recipe, out, batch_options)
    request = _request(nights, recipe, arguments, n_per_task)
    elements = submit.elements_to_send(
        scheduler, out, request, array.elements, everything=everything, retry_failed=retry_failed
    )
    array = size.ArraySize(elements.of, -(-len(included) // elements.of))
    if element_time_s is None:
        element_time_s = size.element_time_s(array, cost.seconds, jobs, batch_options.limit_s)
    cluster = scripts.ClusterStudy(
        psgpipe=psgpipe or shlex.join((sys.executable, "-m", "psgpipe")),
        study=study,
        out=out,
        spec=None if spec is None else spec.absolute(),
        arguments=arguments,
        elements=elements.of,
        throttle=throttle,
        jobs=jobs,
        element=scripts.JobNeeds(
            element_time_s, element_bytes or size.element_bytes(jobs, recipe.engine_name)
        ),
        after=scripts.JobNeeds(
            size.gather_time_s(len(included)), size.gather_bytes(len(included))
        ),
        partition=partition,
        account=account,
        options=options,
        figures=not no_figures,
    )  # fmt: skip
    submission = submit.write_cluster_study(scheduler, cluster, elements, request, command_again())
    if not emit_only:
        now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        submission = submit.send(scheduler, out, submission, elements, now)
    if as_json:
        print_json({"out": str(out), "nights": len(included), **dataclasses.asdict(submission)})
    elif not quiet:
        click.echo(submit_text(submission, cluster, array, cost, len(included)))


def _request(
    nights: Study, recipe: Recipe, arguments: tuple[str, ...], per_task: int | None
) -> str:
    """The hash of what each element does: where it is another, all elements are sent."""
    passing = ("--retry-failed", "--trust-mtime")
    return sha256_of(
        {
            "table": nights.table_sha256,
            "recipe": recipe.request_sha256(Night("", ""), ""),
            "arguments": [a for a in arguments if a not in passing],
            "per_task": per_task,
        }
    )
