"""One night staged in memory, from a recording to its results."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy.typing as npt

from psgpipe.errors import ChangedWhileRead, HeaderInvalid, NoData, UsageError
from psgpipe.files.file_state import FileState
from psgpipe.keywords import called_from_python
from psgpipe.messages import safe_text
from psgpipe.model.night import Night
from psgpipe.model.opened_night import OpenedNight
from psgpipe.model.recording import Recording
from psgpipe.montage.label_table import read_label_table
from psgpipe.night.definition import DEFAULT_PIPELINE, Definition, given_definition
from psgpipe.night.expert.given import given_scoring
from psgpipe.night.expert.results import expert_results
from psgpipe.night.in_memory.result import NightResult, night_result
from psgpipe.night.provenance import staged_night
from psgpipe.night.recipe import Recipe
from psgpipe.night.runner import run_steps
from psgpipe.night.spectrogram import night_spectrogram
from psgpipe.recordings.given_recording import GivenRecording
from psgpipe.recordings.in_memory import ArrayFacts, given_recording
from psgpipe.recordings.read import Reader, checked_reader, read_raw, with_mne_named
from psgpipe.study.file_ids import night_from

if TYPE_CHECKING:
    import mne.io

Time = str | dt.time | dt.datetime


@called_from_python
def run_night(
    recording: str | Path | Recording | mne.io.BaseRaw | npt.ArrayLike | None = None,
    pipeline: str | Path | Definition = DEFAULT_PIPELINE,
    *,
    signals_uv: npt.ArrayLike | Sequence[npt.ArrayLike] | None = None,
    fs_hz: float | Sequence[float] | None = None,
    labels: Sequence[str] | str | Path | None = None,
    start: dt.datetime | dt.time | str | None = None,
    units: str | Mapping[str, str] | None = None,
    reader: Reader = "edf",
    subject: str | None = None,
    night: str | None = None,
    condition: str | None = None,
    lights_off: Time | None = None,
    lights_on: Time | None = None,
    timezone: str | None = None,
    sleep_period: int | None = None,
    age: float | None = None,
    sex: str | None = None,
    dose_end: Time | None = None,
    label_table: str | Path | None = None,
    scoring: str | Path | None = None,
    scorer: str | None = None,
    scoring_map: str | None = None,
    stages: Literal["auto", "expert"] | None = None,
) -> NightResult:
    """Stage and summarize one night; nothing is written.

    Parameters
    ----------
    recording
        EDF or BDF file, gzip-compressed or not; an ``mne.io.Raw``; a ``psgpipe.Recording``; or an
        array as `signals_uv`.
    pipeline
        A TOML file, the name of one shipped with psgpipe, or a Definition.
    signals_uv
        Samples of shape (n_channels, n_samples), or a list of 1-D arrays. They need `fs_hz` and
        `labels`; `start` where lights are given as clock times.
    fs_hz
        Sampling rate of arrays: one number, or one for each channel.
    labels
        Of the channels of arrays, as a recorder writes them: ``["EEG C4-M1", "EMG chin"]``. With a
        file, the path of a label table, as `label_table`.
    start
        Local start of arrays or of a Raw: a naive date-time, a time of day, or ISO text.
    units
        Unit of arrays, ``uV`` where not given: one for all channels, or one for each label.
    reader
        ``mne`` reads a file of another format than EDF with MNE.
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
    label_table
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
    NightResult
        ``hypnogram``, ``hypnodensity`` (n_epochs, 5), ``summary`` (units in the names),
        ``quality``, ``microstructure`` (spectra and their endpoints); ``plot()`` draws it,
        ``to_frame()`` gives a row for each epoch.

    Raises
    ------
    psgpipe.errors.PsgpipeError
        Every explainable failure; ``problem``, ``remedy`` and ``exit_code`` say which.

    References
    ----------
    Vallat R, Walker MP (2021), eLife 10:e70092, for the stages; AASM Manual, version 3, and
    docs/reference/endpoints.md for the architecture.
    """
    source = _one_source(recording, signals_uv)
    is_file = isinstance(source, str | Path)
    if is_file and isinstance(labels, str | Path) and label_table is None:
        label_table, labels = labels, None
    facts = ArrayFacts(fs_hz=fs_hz, labels=labels, start=start, units=units)
    given = None
    if not isinstance(source, str | Path):
        given = given_recording(source, facts)
    elif checked_reader(reader) == "mne":
        given = given_recording(read_raw(source), facts)
    else:
        facts.refuse_for_file()
    path = Path(source) if isinstance(source, str | Path) else Path(_name(given))
    identity = night_from(
        path, subject=subject, night=night, condition=condition,
        lights_off=_time_text(lights_off, "lights_off"),
        lights_on=_time_text(lights_on, "lights_on"), age_y=_years(age), sex=sex,
        dose_end=_time_text(dose_end, "dose_end"), timezone=timezone, sleep_period=sleep_period,
        scoring=given_scoring(scoring, scorer=scorer, scoring_map=scoring_map),
    )  # fmt: skip
    definition = given_definition(pipeline).staged_by(stages)
    recipe = Recipe(definition, read_label_table(label_table) if label_table else None)
    if given is not None:
        return _staged(recipe.open_given(given, identity), definition)
    return _of_file(path, identity, recipe)


def _of_file(path: Path, identity: Night, recipe: Recipe) -> NightResult:
    before = FileState.of(path)
    try:
        opened = recipe.open_night(path, identity, hashed=True)
    except (HeaderInvalid, NoData) as error:
        raise with_mne_named(error, path) from error
    staged = _staged(opened, recipe.definition)
    # The header and each sampling rate are read one after the other, each from one whole file.
    if FileState.of(path) != before:
        raise ChangedWhileRead(
            f"{opened.header.file}: replaced or changed while the night was staged",
            "Wait until the recording or the copy is finished, then run again.",
        )
    return staged


def _staged(opened: OpenedNight, definition: Definition) -> NightResult:
    results = (
        expert_results(opened, definition)
        if definition.by_expert
        else run_steps(opened, definition)
    )
    staged = staged_night(definition, results, opened.recording_sha256)
    referenced = results.slots.get("referenced", ())
    return night_result(staged, night_spectrogram(referenced, len(staged.hypnogram)))


def _one_source(recording: Any, signals_uv: Any) -> Any:
    if (recording is None) == (signals_uv is None):
        raise UsageError(
            f"run_night: one recording was wanted, found {'none' if recording is None else 'two'}",
            "Give the path of a file, an mne.io.Raw, or signals_uv with fs_hz and labels.",
        )
    return signals_uv if recording is None else recording


def _name(given: GivenRecording | None) -> str:
    return given.header.file if given else ""


def _time_text(time: Any, name: str) -> str | None:
    """A time as the text of an option."""
    if time is None or isinstance(time, str):
        return time
    if isinstance(time, dt.datetime | dt.time) and time.tzinfo is None:
        return time.isoformat()
    raise UsageError(
        f"{name} is {safe_text(repr(time))}, wanted a local time",
        'Write "22:41", "2024-03-01T22:41", or "+300" for seconds from the start.',
    )


def _years(age: Any) -> float | None:
    if age is None or (isinstance(age, int | float) and not isinstance(age, bool)):
        return age
    raise UsageError(f"age is {safe_text(repr(age))}, wanted a number of years", "Correct age.")
