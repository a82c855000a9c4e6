"""The files of a simulated study: written night by night, the table last."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from psgpipe.edf.writer import OutputSignal, write_recording, write_scoring
from psgpipe.errors import OutputConflict, TryAgain
from psgpipe.files.atomic import atomic_file, bytes_of, json_bytes, output_errors, write_file
from psgpipe.files.temporary_files import remove_abandoned_files
from psgpipe.simulation.leads import MONTAGES
from psgpipe.simulation.night import NightPlan, night_signals
from psgpipe.simulation.other_sources import ACTIGRAPHY, DIARY, diary_table
from psgpipe.simulation.study_description import describe
from psgpipe.simulation.study_design import StudyDesign
from psgpipe.simulation.study_plan import (
    RECORDINGS,
    SCORINGS,
    PlannedNight,
    nights_by_subject,
    plan_study,
    watch_of_each,
)

LOGGER = logging.getLogger("psgpipe")
STUDY = "study.tsv"
DESCRIPTION = "simulation.json"


def simulate_study(design: StudyDesign, out: Path, *, force: bool = False) -> dict[str, Any]:
    """Write the study into the folder `out`; returns what ``simulation.json`` holds.

    Everything is planned before anything is written. Where a run of the same design was stopped,
    its complete nights stay and the others are written. With `force`, files of the same names are
    replaced in a folder that is not empty; other files stay.

    Raises
    ------
    psgpipe.errors.UsageError
        The design, or the planted effect, is impossible.
    psgpipe.errors.OutputConflict
        `out` is not empty and not forced, or cannot be written.
    psgpipe.errors.TryAgain
        There is no space for it on the disk.
    """
    nights = plan_study(design)
    description = describe(design, nights)
    _remove_temporary_files(out)
    resumes = _is_stopped(out, description)
    _check_folder(out, force=force or resumes)
    _check_space(out, design, len(nights))
    if not resumes:
        # The description says of which design the files are, so older ones go before it comes.
        _remove_files(out, nights)
        write_file(out / DESCRIPTION, json_bytes(description))
    for number, night in enumerate(nights, 1):
        if not (out / night.recording).is_file():
            _write_night(out, night, design)
        LOGGER.info(f"{number}/{len(nights)} {night.subject} {night.night}: {night.recording}")
    _write_other_sources(out, design, nights)
    write_file(out / STUDY, _table(nights))
    return description


def _remove_temporary_files(out: Path) -> None:
    for folder in {out, *(out / name for name in (RECORDINGS, SCORINGS))}:
        remove_abandoned_files(folder)


def _is_stopped(out: Path, description: Mapping[str, Any]) -> bool:
    """Whether `out` holds the study of this design without its table, which is written last."""
    return not (out / STUDY).exists() and bytes_of(out / DESCRIPTION) == json_bytes(description)


def _remove_files(out: Path, nights: Sequence[PlannedNight]) -> None:
    """Remove the files that the study will write, the table first: where it is, all is complete."""
    names = [STUDY, DESCRIPTION, *(n for night in nights for n in (night.recording, night.scoring))]
    with output_errors(out / STUDY):
        for name in names:
            (out / name).unlink(missing_ok=True)


def _write_other_sources(out: Path, design: StudyDesign, nights: Sequence[PlannedNight]) -> None:
    if design.diary:
        write_file(out / DIARY, diary_table(nights_by_subject(nights), design.seed))
    for subject, one in watch_of_each(design, nights).items():
        write_file(out / ACTIGRAPHY / f"{subject}.AWD", one.content)


def _write_night(out: Path, night: PlannedNight, design: StudyDesign) -> None:
    plan, path = night.plan, out / night.recording
    write_file(out / night.scoring, write_scoring(plan.hypnogram))
    with output_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    signals = _signals(plan, design)
    with atomic_file(path) as file:
        write_recording(file, signals, plan.annotations, plan.start, "psgpipe_simulate")


def _signals(plan: NightPlan, design: StudyDesign) -> Iterator[OutputSignal]:
    for signal in night_signals(plan, MONTAGES[design.montage], design.rate_hz):
        lead = signal.lead
        yield OutputSignal(
            lead.label,
            lead.unit,
            signal.fs_hz,
            signal.samples,
            (-lead.limit if lead.lowest is None else lead.lowest, lead.limit),
            lead.prefilter,
            "simulated",
        )


def _table(nights: Sequence[PlannedNight]) -> bytes:
    rows = [[*nights[0].row()], *([*night.row().values()] for night in nights)]
    return "".join("\t".join(row) + "\n" for row in rows).encode("utf-8")


def _check_folder(out: Path, *, force: bool) -> None:
    with output_errors(out / STUDY):
        if out.exists() and not out.is_dir():
            raise OutputConflict(f"{out} is a file, wanted a folder", "Choose another -o folder.")
        if not force and out.exists() and any(out.iterdir()):
            raise OutputConflict(
                f"the folder {out} is not empty",
                "Choose another -o folder, or replace files of the same names by --force.",
            )
        out.mkdir(parents=True, exist_ok=True)


def _check_space(out: Path, design: StudyDesign, n_nights: int) -> None:
    rates_hz = sum(lead.rate_hz(design.rate_hz) for lead in MONTAGES[design.montage])
    wanted = n_nights * int(design.hours * 3600) * (2 * rates_hz + 40)
    free = shutil.disk_usage(out).free
    if wanted > free:
        raise TryAgain(
            f"the study needs {wanted / 1e6:.0f} MB and the disk has {free / 1e6:.0f} MB free",
            "Free some space, or simulate fewer or shorter nights.",
        )
