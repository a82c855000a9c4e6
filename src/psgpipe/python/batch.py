"""A batch from Python: every night of a study, as ``psgpipe batch`` stages them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from psgpipe.batch.options import DEFAULT_LIMIT_S, BatchOptions
from psgpipe.batch.resources import WORKER_BYTES, choose_jobs
from psgpipe.batch.run import run_batch
from psgpipe.comparison.pages.older import mark_older_comparisons
from psgpipe.keywords import called_from_python
from psgpipe.night.definition import DEFAULT_PIPELINE
from psgpipe.night.recipe import recipe_from
from psgpipe.python import finished
from psgpipe.python.finished import FinishedStudy
from psgpipe.results.nights_tsv import gather
from psgpipe.study.pages import keep_study_page
from psgpipe.study.study import read_study


@called_from_python
def batch(
    study: str | Path,
    out: str | Path,
    *,
    jobs: int | Literal["auto"] = "auto",
    pipeline: str | Path = DEFAULT_PIPELINE,
    label_table: str | Path | None = None,
    stages: Literal["auto", "expert"] | None = None,
    figures: bool = True,
    timeout_s: float | None = DEFAULT_LIMIT_S,
    retry_failed: bool = False,
    force: bool = False,
    blind: bool = False,
) -> FinishedStudy:
    """Stage the nights of a study table, or of all recordings in a folder, into `out`.

    The same call again computes only what is missing or has changed. A night that fails is no
    exception: its state is ``failed``, and its reason is in ``study.nights``.

    Parameters
    ----------
    study
        A study table (.tsv, .csv, .xlsx), or a folder of recordings.
    out
        The folder of the results.
    jobs
        Nights at once.
    pipeline
        A TOML file, or the name of one shipped with psgpipe.
    label_table
        A label table that goes before those shipped with psgpipe.
    stages
        ``expert`` takes the stages of the scorings in the study table and stages nothing. None
        leaves that to the pipeline.
    timeout_s
        A night that takes longer counts as failed; None for no limit.
    figures
        With pictures and pages.
    retry_failed
        Try failed nights again although nothing has changed.
    force
        Compute finished nights again.
    blind
        Seal the conditions.

    Returns
    -------
    FinishedStudy
        As `psgpipe.open` gives it.

    Raises
    ------
    psgpipe.errors.PsgpipeError
        The study cannot be staged at all; ``problem`` and ``remedy`` say why.
    """
    target = Path(out)
    recipe = recipe_from(pipeline, label_table, pictures=figures, stages=stages)
    workers = choose_jobs(str(jobs), WORKER_BYTES[recipe.engine_name])
    options = BatchOptions(
        workers.count, timeout_s, retry_failed=retry_failed, force=force, blind=blind
    )
    for _ in run_batch(read_study(Path(study), target), recipe, target, options):
        pass  # the batch runs while its progress is read
    gather(target)
    keep_study_page(target, figures=figures)
    mark_older_comparisons(target)
    return finished.open(target)
