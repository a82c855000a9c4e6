"""The plan of a batch: what it would do and need. Nothing is computed, nothing is written."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from psgpipe.batch.night_cost import night_cost
from psgpipe.batch.options import BatchOptions
from psgpipe.batch.resources import WORKER_BYTES
from psgpipe.errors import PsgpipeError
from psgpipe.files.regular import file_name
from psgpipe.model.ids import night_order
from psgpipe.model.study_table_row import StudyTableRow
from psgpipe.night.check import check_recording
from psgpipe.night.earlier_result import answers
from psgpipe.night.expert.opening import read_given
from psgpipe.night.recipe import Recipe
from psgpipe.results.failure_groups import FailureGroup, FailureGroups
from psgpipe.results.manifest import Manifest, read_manifest
from psgpipe.results.night_folder import night_folder, read_failure
from psgpipe.results.status import StudyNight, unlisted_nights
from psgpipe.study.blinding import goes_blind
from psgpipe.study.other_study import refuse_another_study
from psgpipe.study.study import Study, blinded

_ACTIONS = ("compute", "replace", "check", "leave", "taken")
WORKER_START_S = {"fast": 2.0, "reference": 12.0}


@dataclass(frozen=True)
class Plan:
    """What a batch would do.

    Attributes
    ----------
    compute
        Nights that are not finished, or were finished from something else.
    check
        Finished nights; each is computed again only if its recording or anything else changed.
    replace
        Those nights to compute that are finished, but not as they are asked for now.
    leave
        Nights that failed and are left unless something changed.
    taken
        Nights whose folder has the results of another recording: they will fail.
    without_recording
        Of the nights to compute or check, those whose recording is not there.
    will_fail
        Of the nights to compute, those that will fail by what their headers say, by reason.
    unlisted
        Nights with results that the study does not list.
    seconds, disk_bytes
        For the nights to compute, with all workers.
    memory_bytes
        Of all workers.
    disk_free_bytes
        Where the results go, or None where that cannot be known.
    measured
        Whether finished nights, and not a guess, give the estimate.
    """

    compute: tuple[tuple[str, str], ...]
    replace: tuple[tuple[str, str], ...]
    check: tuple[tuple[str, str], ...]
    leave: tuple[tuple[str, str], ...]
    taken: tuple[tuple[str, str], ...]
    excluded: tuple[tuple[str, str], ...]
    without_recording: tuple[tuple[str, str], ...]
    will_fail: tuple[FailureGroup, ...]
    unlisted: tuple[tuple[str, str], ...]
    seconds: float
    memory_bytes: int
    disk_bytes: int
    disk_free_bytes: int | None
    measured: bool


def plan_batch(study: Study, recipe: Recipe, out: Path, options: BatchOptions) -> Plan:
    """What `run_batch` would do with the same arguments, as far as names and headers tell."""
    recipe = replace(recipe, lights_given_by="table")
    if not options.force:
        refuse_another_study(out, study)
    if goes_blind(out, recipe.definition, asked=options.blind):
        study = blinded(study)
    nights: dict[str, list[StudyTableRow]] = {a: [] for a in _ACTIONS}
    for listed in options.shard.part(study.included):
        nights[_action(listed, recipe, out, options)].append(listed)
    compute = sorted((*nights["compute"], *nights["replace"]), key=_order)
    opened = [*compute, *nights["check"]]
    n_compute, engine = len(compute), recipe.engine_name
    by_expert = recipe.definition.by_expert
    cost = night_cost(_ids(nights["check"]), recipe, out)
    workers = max(1, min(options.jobs, n_compute))
    start_s = WORKER_START_S[engine] if n_compute and not by_expert else 0.0
    return Plan(
        compute=_ids(compute),
        replace=_ids(nights["replace"]),
        check=_ids(nights["check"]),
        leave=_ids(nights["leave"]),
        taken=_ids(nights["taken"]),
        excluded=_ids(study.excluded),
        without_recording=_ids([n for n in opened if not _is_there(n)]),
        will_fail=_failures_by_headers([n for n in compute if _is_there(n)], recipe),
        unlisted=_unlisted(study, out),
        seconds=start_s + n_compute * cost.seconds / workers,
        memory_bytes=workers * WORKER_BYTES[engine],
        disk_bytes=round(n_compute * cost.bytes),
        disk_free_bytes=_free(out),
        measured=cost.measured,
    )


def _order(listed: StudyTableRow) -> tuple[Any, ...]:
    return night_order(listed.night.subject, listed.night.night)


def _failures_by_headers(
    nights: Sequence[StudyTableRow], recipe: Recipe
) -> tuple[FailureGroup, ...]:
    """Why nights will fail, as far as the headers of their recordings tell."""
    groups = FailureGroups()
    for listed in nights:
        failure = _failure_by_headers(listed, recipe)
        if failure is not None:
            error, path = failure
            groups.add(f"{listed.night.subject} {listed.night.night}", error, file_name(path))
    return tuple(groups.largest_first)


def _failure_by_headers(
    listed: StudyTableRow, recipe: Recipe
) -> tuple[Mapping[str, Any], Path] | None:
    """Why a night will fail, and the file that is to blame; None where nothing says so."""
    given = listed.night.scoring
    try:
        if recipe.definition.by_expert:
            recipe.open_night(listed.recording, listed.night)
            return None
        if given is not None and given.path != listed.recording:
            read_given(given, recipe.label_table)
    except PsgpipeError as error:
        return error.as_dict(), given.path if given else listed.recording
    for path in (listed.recording, *listed.night.further_parts):
        checked = check_recording(path, recipe.definition, recipe.label_table, header_only=True)
        if checked["error"]:
            return checked["error"], path
    return None


def _unlisted(study: Study, out: Path) -> tuple[tuple[str, str], ...]:
    """Nights with results in `out` that the study no longer lists."""
    ids = [(n.night.subject, n.night.night) for n in study.nights]
    listed = [StudyNight(*night, night_folder(out, *night)) for night in ids]
    return tuple((night.subject, night.night) for night in unlisted_nights(out, listed))


def _is_there(listed: StudyTableRow) -> bool:
    return all(path.exists() for path in (listed.recording, *listed.night.further_parts))


def _action(listed: StudyTableRow, recipe: Recipe, out: Path, options: BatchOptions) -> str:
    """One of `_ACTIONS`, on the assumption that recordings of the same name have not changed."""
    night = replace(listed.night, extra={})
    folder = night_folder(out, night.subject, night.night)
    manifest = read_manifest(folder)
    if manifest is None:
        is_left = read_failure(folder) is not None and not options.retry_failed
        return "leave" if is_left else "compute"
    if options.force:
        return "replace"
    if manifest.is_intact and _is_of_another_recording(manifest, listed):
        return "taken"
    request = recipe.request_sha256(night, manifest.recording.sha256 or "")
    return "check" if answers(manifest, request, night, recipe) else "replace"


def _is_of_another_recording(manifest: Manifest, listed: StudyTableRow) -> bool:
    """Whether name and size differ; a recording with another name alone was renamed."""
    if manifest.recording.name == file_name(listed.recording):
        return False
    try:
        return listed.recording.stat().st_size != manifest.recording.bytes
    except OSError:
        return False


def _ids(nights: Sequence[StudyTableRow]) -> tuple[tuple[str, str], ...]:
    return tuple((n.night.subject, n.night.night) for n in nights)


def _free(out: Path) -> int | None:
    existing = next((p for p in (out, *out.absolute().parents) if p.exists()), None)
    try:
        return None if existing is None else shutil.disk_usage(existing).free
    except OSError:
        return None
