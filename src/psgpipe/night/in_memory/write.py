"""A night in memory is written to a folder, as ``psgpipe run`` writes it."""

from __future__ import annotations

from pathlib import Path

from psgpipe.errors import NightTaken, UsageError
from psgpipe.files.hashing import sha256_of_bytes
from psgpipe.files.regular import file_name
from psgpipe.keywords import called_from_python
from psgpipe.model.night import StagedNight
from psgpipe.night.output_files import night_outputs
from psgpipe.results import journal
from psgpipe.results.manifest import Manifest, read_manifest
from psgpipe.results.night_folder import night_folder
from psgpipe.results.night_writer import finish_night
from psgpipe.results.replace_folder import remove_abandoned
from psgpipe.study.pages import is_blinded_now


@called_from_python
def write_night(
    night: StagedNight, out: str | Path, *, figures: bool = True, force: bool = False
) -> Path:
    """Write a night from `run_night` into ``out/nights/<subject>/<night>/``; returns this folder.

    The files are those of ``psgpipe run``, so that ``psgpipe gather``, ``verify`` and ``compare``
    take the night. A night with the same results stays as it is.

    Parameters
    ----------
    night
        What `run_night` returned.
    out
        The folder of the results of a study.
    figures
        With pictures and page.
    force
        Replace a night that is there with other results.

    Raises
    ------
    psgpipe.errors.NightTaken
        The folder holds other results.
    psgpipe.errors.UsageError
        `night` is no night, or the study in `out` is blinded.
    """
    target = Path(out)
    if is_blinded_now(target):
        raise UsageError(
            f"{file_name(target)}: this study is blinded, and write_night seals no condition",
            "Use psgpipe batch --blind on the study table, or give another folder.",
        )
    folder = night_folder(target, night.night.subject, night.night.night)
    outputs = night_outputs(night, (), pictures=False)
    old = read_manifest(folder)
    if old is not None and not force:
        if _is_same(old, outputs):
            return folder
        raise NightTaken(
            f"{folder.parent.name}/{folder.name}: another result of this night is there",
            "Give force=True to replace it, or another folder.",
        )
    if figures:
        from psgpipe.reports.night_report import report_files

        outputs |= report_files(night, getattr(night, "spectrogram", None))
    remove_abandoned(target)
    finish_night(folder, outputs, night.provenance)
    journal.note(target, "finished", subject=night.night.subject, night=night.night.night)
    return folder


def _is_same(manifest: Manifest, outputs: dict[str, bytes]) -> bool:
    """Whether the finished night has the same results; its pictures are none."""
    hashes = {output.name: output.sha256 for output in manifest.outputs}
    return all(hashes.get(name) == sha256_of_bytes(content) for name, content in outputs.items())
