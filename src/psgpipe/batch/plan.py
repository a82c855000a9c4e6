"""The plan of a batch: what it would do and need. Nothing is computed, nothing is written."""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from psgpipe.batch.options import BatchOptions
from psgpipe.batch.resources import WORKER_BYTES
from psgpipe.files.regular import file_name
from psgpipe.model.study_table_row import StudyTableRow
from psgpipe.night.recipe import Recipe
from psgpipe.results.manifest import Manifest, read_manifest
from psgpipe.results.night_folder import night_folder
from psgpipe.results.status import StudyNight, stored_night
from psgpipe.study.study import Study

SAMPLED_NIGHTS = 200
# Guesses for a night of 8 h, used until there are finished nights to go by.
NIGHT_S = {"fast": 2.0, "reference": 5.0}
WORKER_START_S = {"fast": 2.0, "reference": 12.0}
PICTURES_S = 1.0
NIGHT_BYTES, PICTURES_BYTES = 200_000, 500_000


@dataclass(frozen=True)
class Plan:
    """What a batch would do.

    Attributes
    ----------
    compute
        Nights that are not finished, or were finished from something else.
    check
        Finished nights; each is computed again only if its recording or anything else changed.
    leave
        Nights that failed and are left unless something changed.
    without_recording
        Of the nights to compute or check, those whose recording is not there.
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
    check: tuple[tuple[str, str], ...]
    leave: tuple[tuple[str, str], ...]
    excluded: tuple[tuple[str, str], ...]
    without_recording: tuple[tuple[str, str], ...]
    seconds: float
    memory_bytes: int
    disk_bytes: int
    disk_free_bytes: int | None
    measured: bool


def plan_batch(study: Study, recipe: Recipe, out: Path, options: BatchOptions) -> Plan:
    """What `run_batch` would do with the same arguments, as far as names and times tell."""
    nights: dict[str, list[StudyTableRow]] = {"compute": [], "check": [], "leave": []}
    for listed in options.shard.part(study.included):
        nights[_action(listed, recipe, out, options)].append(listed)
    opened = [*nights["compute"], *nights["check"]]
    finished = _manifests(nights["check"], out)
    n_compute, engine = len(nights["compute"]), recipe.engine_name
    each_s = NIGHT_S[engine] + (PICTURES_S if recipe.pictures else 0.0)
    each_bytes = NIGHT_BYTES + (PICTURES_BYTES if recipe.pictures else 0.0)
    if finished:
        each_s = statistics.median(sum(s.seconds or 0.0 for s in m.steps) for m in finished)
        each_bytes = statistics.median(sum(o.bytes for o in m.outputs) for m in finished)
    workers = max(1, min(options.jobs, n_compute))
    start_s = WORKER_START_S[engine] if n_compute else 0.0
    return Plan(
        compute=_ids(nights["compute"]),
        check=_ids(nights["check"]),
        leave=_ids(nights["leave"]),
        excluded=_ids(study.excluded),
        without_recording=_ids([n for n in opened if not _is_there(n)]),
        seconds=start_s + n_compute * each_s / workers,
        memory_bytes=workers * WORKER_BYTES[engine],
        disk_bytes=round(n_compute * each_bytes),
        disk_free_bytes=_free(out),
        measured=bool(finished),
    )


def _is_there(listed: StudyTableRow) -> bool:
    return all(path.exists() for path in (listed.recording, *listed.night.further_parts))


def _action(listed: StudyTableRow, recipe: Recipe, out: Path, options: BatchOptions) -> str:
    night = listed.night
    folder = night_folder(out, night.subject, night.night)
    study_night = StudyNight(
        night.subject,
        night.night,
        folder,
        recording=file_name(listed.recording),
        pipeline_sha256=recipe.pipeline_sha256,
    )
    status = stored_night(study_night).status
    if status == "finished":
        return "compute" if options.force else "check"
    return "leave" if status == "failed" and not options.retry_failed else "compute"


def _manifests(nights: Sequence[StudyTableRow], out: Path) -> list[Manifest]:
    folders = (night_folder(out, n.night.subject, n.night.night) for n in nights[:SAMPLED_NIGHTS])
    return [m for m in map(read_manifest, folders) if m is not None]


def _ids(nights: Sequence[StudyTableRow]) -> tuple[tuple[str, str], ...]:
    return tuple((n.night.subject, n.night.night) for n in nights)


def _free(out: Path) -> int | None:
    existing = next((p for p in (out, *out.absolute().parents) if p.exists()), None)
    try:
        return None if existing is None else shutil.disk_usage(existing).free
    except OSError:
        return None
