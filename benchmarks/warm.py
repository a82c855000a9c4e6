"""Cost of a night after all imports and compilation; prints one JSON object.

python benchmarks/warm.py staging night.edf 5     yasa, the fast engine, one more EEG
python benchmarks/warm.py pictures night.edf 3    a night with and without its pictures
python benchmarks/warm.py memory night.edf 100    the same worker, night after night
"""

import json
import resource
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from psgpipe.batch.malloc import keep_freed_memory
from psgpipe.edf.reader import read_recording
from psgpipe.model.staging import Demographics, RoleSignal
from psgpipe.night.recipe import recipe_from
from psgpipe.night.update import run_to_folder
from psgpipe.staging.stager import FastStager
from psgpipe.study.file_ids import night_from

PAIRS = {"eeg": ("C4", "M1"), "eog": ("E1", "M2"), "emg": ("Chin1", "Chin2")}
SETTLED_AFTER = 5


def cpu_s(work: Callable[[], Any]) -> float:
    """CPU seconds of doing `work` once."""
    began = time.process_time()
    work()
    return time.process_time() - began


def derivations(path: Path) -> dict[str, RoleSignal]:
    """The three derivations of a clinical recording."""
    labels = [label for pair in PAIRS.values() for label in pair]
    read = read_recording(path, labels)
    row = dict(zip(read.derivations, np.asarray(read.signals_uv), strict=True))
    return {
        role: RoleSignal(role, row[one] - row[other], read.fs_hz)
        for role, (one, other) in PAIRS.items()
    }


def staging(path: Path, repeats: int) -> dict[str, list[float]]:
    """CPU seconds of yasa, of the fast engine, and of one more EEG, taken in turn."""
    import mne
    import yasa

    signals = derivations(path)
    volts = np.stack([signal.signal_uv for signal in signals.values()]) * 1e-6
    info = mne.create_info(list(signals), signals["eeg"].fs_hz, list(signals))
    raw = mne.io.RawArray(volts, info, verbose="error")
    others = [signals["eog"], signals["emg"]]
    person = Demographics(40, "F")
    stager = FastStager(("eeg", "eog", "emg"), with_demographics=True)

    def by_yasa() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yasa.SleepStaging(
                raw, "eeg", eog_name="eog", emg_name="emg", metadata={"age": 40, "male": False}
            ).predict()

    def fast(n_eegs: int = 1) -> None:
        stager.score([signals["eeg"]] * n_eegs, others, person)

    by_yasa(), fast(2)
    found: dict[str, list[float]] = {"yasa": [], "fast": [], "extra": []}
    for _ in range(repeats):
        found["yasa"].append(cpu_s(by_yasa))
        one, three = cpu_s(fast), cpu_s(lambda: fast(3))
        found["fast"].append(one)
        found["extra"].append((three - one) / 2)
    return found


def a_night(path: Path, *, pictures: bool) -> None:
    """One night with all its outputs, in a temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        night = night_from(path, age_y=40, sex="F")
        recipe = recipe_from("standard-night", None, pictures=pictures)
        run_to_folder(path, night, recipe, Path(folder), force=True)


def pictures(path: Path, repeats: int) -> dict[str, list[float]]:
    """CPU seconds of a night without and with pictures, taken in turn."""
    a_night(path, pictures=True)
    found: dict[str, list[float]] = {"without": [], "with": []}
    for _ in range(repeats):
        found["without"].append(cpu_s(lambda: a_night(path, pictures=False)))
        found["with"].append(cpu_s(lambda: a_night(path, pictures=True)))
    return found


def memory(path: Path, nights: int) -> dict[str, float]:
    """The worker's peak memory after a few nights and after all, MiB."""
    keep_freed_memory()
    for _ in range(SETTLED_AFTER):
        a_night(path, pictures=False)
    settled = peak_mib()
    for _ in range(nights - SETTLED_AFTER):
        a_night(path, pictures=False)
    return {"settled": settled, "end": peak_mib()}


def peak_mib() -> float:
    """The largest resident size of this process so far."""
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def main() -> None:
    """Run the measurement of the command line."""
    what, path, times = sys.argv[1:]
    measure = {"staging": staging, "pictures": pictures, "memory": memory}[what]
    print(json.dumps(measure(Path(path), int(times))))


if __name__ == "__main__":
    main()
