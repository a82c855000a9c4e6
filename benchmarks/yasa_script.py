"""The script of a YASA user for one night, and a pool that runs it for many nights.

    python benchmarks/yasa_script.py night.edf                       reads the whole file
    python benchmarks/yasa_script.py night.edf --include             reads the electrodes it needs
    python benchmarks/yasa_script.py *.edf --include --jobs 2        a process pool
    python benchmarks/yasa_script.py night.edf --include --pictures  hypnogram and spectrogram, too

Stages C4-M1, E1-M2 and chin of a recording with separate electrodes; prints nothing.
"""

import argparse
import functools
import multiprocessing
import sys
import tempfile
import warnings
from pathlib import Path

ANODES, CATHODES = ["C4", "E1", "Chin1"], ["M1", "M2", "Chin2"]
NAMES = ["eeg", "eog", "emg"]


def stage(path: str, *, include: bool, pictures: bool) -> None:
    """One night: read, reference, stage, write the stages and their probabilities, draw."""
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
        if pictures:
            draw(raw, hypnogram, Path(folder))


def draw(raw, hypnogram, folder: Path) -> None:
    """The hypnogram and the spectrogram of the EEG, as YASA draws them."""
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt
    import yasa

    hypnogram.plot_hypnogram()
    plt.savefig(folder / "hypnogram.png")
    eeg_uv = raw.get_data([raw.ch_names.index("eeg")], units="uV")[0]
    sf = raw.info["sfreq"]
    yasa.plot_spectrogram(eeg_uv, sf, hypnogram.upsample_to_data(eeg_uv, sf))
    plt.savefig(folder / "spectrogram.png")
    plt.close("all")


def main() -> None:
    """Stage the recordings of the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("recordings", nargs="+")
    parser.add_argument("--include", action="store_true")
    parser.add_argument("--pictures", action="store_true")
    parser.add_argument("--jobs", type=int, default=0)
    given = parser.parse_args()
    one = functools.partial(stage, include=given.include, pictures=given.pictures)
    if given.jobs:
        context = multiprocessing.get_context("spawn")
        with context.Pool(given.jobs) as pool:
            pool.map(one, given.recordings, chunksize=1)
        return
    for path in given.recordings:
        one(path)


if __name__ == "__main__":
    sys.exit(main())
