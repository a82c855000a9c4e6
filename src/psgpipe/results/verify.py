"""Every output file of every finished night, compared with the hash in its manifest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from psgpipe.results.manifest import MANIFEST, read_manifest
from psgpipe.results.output_check import damaged_outputs
from psgpipe.results.status import StudyNight, study_nights, unlisted_nights


@dataclass(frozen=True)
class NightCheck:
    """The check of one finished night.

    `files` counts the files compared with their hash, the manifest included; `damage` has a
    sentence for each damaged file.
    """

    subject: str
    night: str
    files: int
    damage: tuple[str, ...] = ()


def verify(out: Path) -> Iterator[NightCheck]:
    """Check the finished nights in `out`, excluded and unlisted ones too, one after the other."""
    for night in (*study_nights(out), *unlisted_nights(out)):
        if (night.folder / MANIFEST).exists():
            yield _check(night)


def _check(night: StudyNight) -> NightCheck:
    manifest = read_manifest(night.folder)
    if manifest is None:
        return NightCheck(night.subject, night.night, 1, ("manifest.json: it cannot be read",))
    damage = damaged_outputs(night.folder, manifest)
    if not manifest.is_intact:
        damage.insert(0, "manifest.json: its content has changed")
    return NightCheck(night.subject, night.night, 1 + len(manifest.outputs), tuple(damage))
