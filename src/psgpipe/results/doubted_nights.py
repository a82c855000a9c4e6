"""The epochs that the stager doubted most, over the finished nights of a study."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from psgpipe.errors import OutputConflict, UsageError
from psgpipe.files.atomic import bytes_of
from psgpipe.files.hashing import sha256_of_bytes
from psgpipe.messages import count_of
from psgpipe.model.hypnogram import SCORED
from psgpipe.results.manifest import Manifest
from psgpipe.results.status import StudyNight, stored_night, study_nights
from psgpipe.sleep.doubted_epochs import DoubtedEpoch, doubted_epochs

HYPNOGRAM = "hypnogram.tsv"


@dataclass(frozen=True)
class DoubtedEpochOfNight:
    """A doubted epoch with its night and its time of day; `clock` is blank where not known.

    `expert` is the stage that a person gave to it, None where there is no scoring.
    """

    subject: str
    night: str
    clock: str
    onset_s: float
    doubt: DoubtedEpoch
    expert: str | None = None


def most_doubted(
    out: Path, n: int, *, each_night: bool = False, nights: Collection[str] = ()
) -> list[DoubtedEpochOfNight]:
    """The `n` most doubted epochs in bed, over all finished nights or of each.

    Epochs whose stage was corrected by hand are left out: somebody has looked at them. Nights that
    a person scored have none.

    Parameters
    ----------
    nights
        Only these, each as ``SUBJECT/NIGHT``; empty for all.

    Raises
    ------
    psgpipe.errors.UsageError
        `out` has no results, no night is finished, or a night named is not there.
    psgpipe.errors.OutputConflict
        A hypnogram is not the one that its manifest names.
    """
    listed = study_nights(out)
    wanted = [night for night in listed if not nights or _name(night) in nights]
    absent = sorted({*nights} - {_name(night) for night in listed})
    if absent:
        raise UsageError(
            f"{out.name or out} has no night {absent[0]}", "Write it as SUBJECT/NIGHT."
        )
    found: list[DoubtedEpochOfNight] = []
    n_finished = 0
    for night in wanted:
        manifest = stored_night(night).manifest
        if manifest is None:
            continue
        n_finished += 1
        of_night = list(_of_night(night, manifest))[:n]
        found += of_night
        if not each_night:
            found = sorted(found, key=_order)[:n]
    if not n_finished:
        raise UsageError(
            f"none of {count_of(len(wanted), 'night')} in {out.name or out} is finished",
            "Run the batch first; psgpipe status says what is missing.",
        )
    return found


def _name(night: StudyNight) -> str:
    return f"{night.subject}/{night.night}"


def _order(found: DoubtedEpochOfNight) -> tuple[float, float]:
    return (round(found.doubt.margin, 6), round(found.doubt.probability, 6))


def _of_night(night: StudyNight, manifest: Manifest) -> Iterator[DoubtedEpochOfNight]:
    """Every staged epoch in bed, the most doubted first."""
    rows = _rows(night, manifest)
    columns = [f"p_{stage.lower()}" for stage in SCORED]
    probabilities = np.array(
        [[float(row[column] or "nan") for column in columns] for row in rows]
    ).reshape(-1, len(SCORED))
    candidates = np.array(
        [row["in_bed"] == "true" and row.get("auto", row["stage"]) == row["stage"] for row in rows]
    )
    for doubt in doubted_epochs(probabilities, candidates):
        row = rows[doubt.epoch]
        yield DoubtedEpochOfNight(
            night.subject, night.night, row["clock"], float(row["onset_s"]), doubt,
            row.get("expert"),
        )  # fmt: skip


def _rows(night: StudyNight, manifest: Manifest) -> Sequence[Mapping[str, str]]:
    content, output = bytes_of(night.folder / HYPNOGRAM), manifest.output(HYPNOGRAM)
    if content is None or output is None or sha256_of_bytes(content) != output.sha256:
        raise OutputConflict(
            f"{_name(night)}: {HYPNOGRAM} is not the one that the manifest names",
            "Run the batch again; psgpipe verify lists every such file.",
        )
    return list(csv.DictReader(io.StringIO(content.decode("utf-8")), delimiter="\t"))
