"""Every output of every finished night against the hash in its manifest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from psgpipe.results.manifest import MANIFEST, read_manifest
from psgpipe.results.output_check import damaged_outputs
from psgpipe.results.status import AskedNight, asked_nights


@dataclass(frozen=True)
class Checked:
    """One night that has a manifest.

    Attributes
    ----------
    subject, night
        Ids.
    files
        How many were compared with their hash, the manifest included.
    damage
        What is wrong, a sentence for each file; empty where nothing is.
    """

    subject: str
    night: str
    files: int
    damage: tuple[str, ...] = ()


def verify(out: Path) -> Iterator[Checked]:
    """Check the finished nights in `out`, excluded ones too, one after the other.

    Raises
    ------
    psgpipe.errors.UsageError
        `out` is not a folder that psgpipe wrote.
    """
    for asked in asked_nights(out):
        if (asked.folder / MANIFEST).exists():
            yield _check(asked)


def _check(asked: AskedNight) -> Checked:
    manifest = read_manifest(asked.folder)
    if manifest is None:
        return Checked(asked.subject, asked.night, 1, ("manifest.json: it cannot be read",))
    damage = damaged_outputs(asked.folder, manifest)
    if not manifest.is_intact:
        damage.insert(0, "manifest.json: its content has changed")
    return Checked(asked.subject, asked.night, 1 + len(manifest.outputs), tuple(damage))
