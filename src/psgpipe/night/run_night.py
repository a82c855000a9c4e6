"""One night staged in memory, from a recording to its results."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from psgpipe.errors import ChangedWhileRead
from psgpipe.files.file_state import FileState
from psgpipe.model.night import StagedNight
from psgpipe.montage.label_table import read_label_table
from psgpipe.night.definition import DEFAULT_PIPELINE, Definition, load_definition
from psgpipe.night.expert.given import given_scoring
from psgpipe.night.expert.results import expert_results
from psgpipe.night.provenance import staged_night
from psgpipe.night.recipe import Recipe
from psgpipe.night.runner import run_steps
from psgpipe.study.file_ids import night_from


def run_night(
    recording: str | Path,
    pipeline: str | Path | Definition = DEFAULT_PIPELINE,
    *,
    subject: str | None = None,
    night: str | None = None,
    condition: str | None = None,
    lights_off: str | None = None,
    lights_on: str | None = None,
    timezone: str | None = None,
    sleep_period: int | None = None,
    age: float | None = None,
    sex: str | None = None,
    dose_end: str | None = None,
    labels: str | Path | None = None,
    scoring: str | Path | None = None,
    scorer: str | None = None,
    scoring_map: str | None = None,
    stages: Literal["auto", "expert"] | None = None,
) -> StagedNight:
    """Stage and summarize one night; nothing is written.

    Parameters
    ----------
    recording
        EDF or BDF file, gzip-compressed or not.
    pipeline
        A TOML file, the name of one shipped with psgpipe, or a Definition.
    subject, night, condition
        Identity; the recording's file name stands in for the subject.
    lights_off, lights_on
        Local clock time (``22:41``), ISO date-time or seconds from the start (``+300``); where
        absent, the recording's annotations, else its start and end.
    timezone
        The time zone of the clock times, such as ``Europe/Paris``; it matters where the clock is
        changed in the night.
    sleep_period
        Which of several nights or naps in the recording to stage, from 1.
    age, sex
        Years and ``F`` or ``M``; passed to the stager where both are known.
    dose_end
        ISO date-time; a night within the sedation window of a dose has no architecture.
    labels
        A label table that goes before those shipped with psgpipe.
    scoring
        A person's scoring of the night, in any format that psgpipe reads; its stages and their
        architecture are in ``expert``.
    scorer
        The one whose stages are wanted, where the scoring has several.
    scoring_map
        The stage of each spelling in the scoring, such as ``0=W,1=N1``, or the path of a TOML file.
    stages
        ``expert`` takes the stages of the scoring and stages nothing; `recording` may then be the
        scoring itself. None leaves that to the pipeline.

    Returns
    -------
    StagedNight
        ``hypnogram``, ``hypnodensity`` (n_epochs, 5), ``summary`` (units in the names),
        ``quality``, ``microstructure`` (spectra and their endpoints).

    Raises
    ------
    psgpipe.errors.PsgpipeError
        Every explainable failure; ``problem``, ``remedy`` and ``exit_code`` say which.

    References
    ----------
    Vallat R, Walker MP (2021), eLife 10:e70092, for the stages; AASM Manual, version 3, and
    docs/reference/endpoints.md for the architecture.
    """
    path = Path(recording)
    identity = night_from(
        path, subject=subject, night=night, condition=condition, lights_off=lights_off,
        lights_on=lights_on, age_y=age, sex=sex, dose_end=dose_end, timezone=timezone,
        sleep_period=sleep_period,
        scoring=given_scoring(scoring, scorer=scorer, scoring_map=scoring_map),
    )  # fmt: skip
    definition = pipeline if isinstance(pipeline, Definition) else load_definition(pipeline)
    definition = definition.staged_by(stages)
    recipe = Recipe(definition, read_label_table(labels) if labels else None)
    before = FileState.of(path)
    opened = recipe.open_night(path, identity)
    results = (
        expert_results(opened, definition)
        if definition.by_expert
        else run_steps(opened, definition)
    )
    # The header and each sampling rate are read one after the other, each from one whole file.
    if FileState.of(path) != before:
        raise ChangedWhileRead(
            f"{opened.header.file}: replaced or changed while the night was staged",
            "Wait until the recording or the copy is finished, then run again.",
        )
    return staged_night(definition, results, None)
