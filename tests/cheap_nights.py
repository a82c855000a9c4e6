"""Fast nights for batch tests: everything is real except the samples and the stager.

Header, lights, derivations, hash, fingerprint, files, manifest and journal are real. The stages
come from the hash of the recording. A night with the name of a failure has this failure.
"""

import os
import signal
import sys
import time
from functools import partial

import numpy as np

from psgpipe.errors import QualityRefused
from psgpipe.model.hypnogram import Hypnodensity, Hypnogram
from psgpipe.model.staging import Staging
from psgpipe.model.summary import QualityReport
from psgpipe.night.compute import compute_night, night_files
from psgpipe.night.runner import StepResults
from psgpipe.night.steps.dose_of_night import sedation
from psgpipe.results import night_writer
from psgpipe.signals.epochs import epoch_count, in_bed
from psgpipe.sleep.architecture import summarize


def cheap_night(opened, recipe, recording_sha256):
    """Stages from the recording's hash, in place of `compute_night`."""
    if recipe.definition.by_expert:
        return compute_night(opened, recipe, recording_sha256)
    MISFORTUNES.get(opened.night.night, lambda opened: None)(opened)
    n_epochs = epoch_count(opened.header.span_s)
    rng = np.random.default_rng(int(recording_sha256[:8], 16))
    hypnodensity = Hypnodensity(rng.dirichlet(np.ones(5), n_epochs))
    lights = opened.lights
    hypnogram = Hypnogram(
        hypnodensity.stages(),
        in_bed(n_epochs, lights.off_s, lights.on_s),
        opened.header.start,
        opened.header.start_clock,
        sedation(n_epochs, opened, recipe.definition.params["stage_sleep"].sedation_window_h),
    )
    roles = tuple(d.role for d in opened.montage.derivations)
    engine = {"stager": "yasa", "engine": "cheap", "age_and_sex": False}
    engine |= {"classifier": "none", **recipe.engine(roles, opened.night)}
    staged = Staging(hypnogram, hypnodensity, 0, n_epochs, engine)
    slots = {
        "opened": opened,
        "recorded": (),
        "staged": staged,
        "summary": summarize(hypnogram, hypnodensity, lights_known=lights.known),
    }
    seconds = dict.fromkeys(recipe.definition.steps, 0.0)
    results = StepResults(slots, seconds, QualityReport())
    return night_files(results, recipe, recording_sha256)


def _hang(opened):
    time.sleep(600)


def _take_a_while(opened):
    time.sleep(1.5)


def _segfault(opened):
    os.kill(os.getpid(), signal.SIGSEGV)


def _be_killed(opened):
    os.kill(os.getpid(), signal.SIGKILL)


def _need_too_much_memory(opened):
    raise MemoryError


def _be_a_bug(opened):
    raise ZeroDivisionError("Ana Zebrowski rang the bell")


def _be_refused(opened):
    raise QualityRefused(f"{opened.header.file}: a flat line", "Look at the signal.")


def _be_cut_short(opened):
    os.truncate(opened.path, opened.path.stat().st_size // 2)


def _be_replaced(opened):
    other = opened.path.with_suffix(".part")
    other.write_bytes(opened.path.read_bytes()[:-2] + b"\1\0")
    other.replace(opened.path)


def _be_touched(opened):
    os.utime(opened.path, (1, 1))


def _fill_the_disk(opened):
    def full(path, pieces):
        raise OSError(28, "No space left on device")

    night_writer.write_new = full


def _be_without_a_library(opened):
    raise ModuleNotFoundError("No module named 'lightgbm'")


def _have_no_folder_for_temporary_files(opened):
    raise OSError(30, "Read-only file system")


def _interrupt_the_writing(opened):
    """Die when half of the night's files are written."""
    write = night_writer.write_new

    def die_at_the_summary(path, pieces):
        if path.name == "summary.json":
            os.kill(os.getpid(), signal.SIGKILL)
        write(path, pieces)

    night_writer.write_new = die_at_the_summary


MISFORTUNES = {
    "hang": _hang,
    "slow": _take_a_while,
    "segfault": _segfault,
    "killed": _be_killed,
    "memory": _need_too_much_memory,
    "bug": _be_a_bug,
    "refused": _be_refused,
    "truncated": _be_cut_short,
    "replaced": _be_replaced,
    "touched": _be_touched,
    "full": _fill_the_disk,
    "library": _be_without_a_library,
    "read-only": _have_no_folder_for_temporary_files,
    "halfway": _interrupt_the_writing,
}


def main(arguments=None):
    """The command line of psgpipe, with cheap nights."""
    from psgpipe.cli import batch, run
    from psgpipe.cli.app import exit_code

    real_batch, real_run = batch.run_batch, run.run_to_folder
    batch.run_batch = partial(real_batch, compute=cheap_night)
    run.run_to_folder = partial(real_run, compute=cheap_night)
    try:
        return exit_code(arguments)
    finally:
        # The next test in this process may need real nights.
        batch.run_batch, run.run_to_folder = real_batch, real_run


if __name__ == "__main__":
    # A worker could not find the function under this name.
    from psgpipe.cli.printing import guard_streams
    from tests import cheap_nights

    guard_streams()
    sys.exit(cheap_nights.main())
