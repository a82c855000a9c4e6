"""The script of a YASA user for one night, and a pool that runs it for many nights.

    python benchmarks/yasa_script.py night.edf                       reads the whole file
    python benchmarks/yasa_script.py night.edf --include             reads the electrodes it needs
    python benchmarks/yasa_script.py *.edf --include --jobs 2        a process pool

Stages C4-M1, E1-M2 and chin of a recording with separate electrodes; prints nothing.
"""

import argparse
import multiprocessing
import sys
import tempfile
import warnings
from pathlib import Path

ANODES, CATHODES = ["C4", "E1", "Chin1"], ["M1", "M2", "Chin2"]
NAMES = ["eeg", "eog", "emg"]


def stage(path: str, *, include: bool) -> None:
    """One night: read, reference, stage, write the stages and their probabilities."""
    import mne
    import yasa

    only = {"include": ANODES + CATHODES} if include else {}
    raw = mne.io.read_raw_edf(path, preload=True, verbose="error", **only)
    raw = mne.set_bipolar_reference(raw, ANODES, CATHODES, NAMES, copy=False, verbose="error")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        staging = yasa.SleepStaging(
            raw, "eeg", eog_name="eog", emg_name="emg", metadata={"age": 40, "male": False}
        )
        hypnogram = staging.predict()
    with tempfile.TemporaryDirectory() as folder:
        hypnogram.proba.to_csv(Path(folder) / "proba.csv")


def stage_included(path: str) -> None:
    """One night of a pool."""
    stage(path, include=True)


def main() -> None:
    """Stage the recordings of the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("recordings", nargs="+")
    parser.add_argument("--include", action="store_true")
    parser.add_argument("--jobs", type=int, default=0)
    given = parser.parse_args()
    if given.jobs:
        context = multiprocessing.get_context("spawn")
        with context.Pool(given.jobs) as pool:
            pool.map(stage_included, given.recordings, chunksize=1)
        return
    for path in given.recordings:
        stage(path, include=given.include)


if __name__ == "__main__":
    sys.exit(main())
