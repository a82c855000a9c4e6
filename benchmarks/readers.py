"""EDF readers on the corpus of defects: silent errors, and invalid files that a reader accepts.

    python benchmarks/readers.py MAKE_CORPUS.PY [--readers psgpipe,mne,edfio,pyedflib] [--details]

Each file is read in its own process, with a limit on time and memory. A reader is *silently wrong*
if the samples, their rate or number, or the start differ from the manifest without a warning, log
line or error. It *accepts an invalid file* if it reads the file without any of these. Channels are
selected by position if the labels are ambiguous. The comparison uses each reader's own unit field:
psgpipe's table converts the values of edfio and pyedflib, because these leave the unit to the user.
"""

from __future__ import annotations

import argparse
import json
import logging
import multiprocessing
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

LIMIT_S = 20
MEMORY_BYTES = 2 * 2**30
# Defects that are visible only in the signal; no reader has to report them.
NOT_THE_READERS = ("content", "duration")


@dataclass
class Given:
    """The values of a reader for one channel, with their times."""

    uv: np.ndarray
    fs_hz: float
    start: str | None
    t_s: np.ndarray
    said: bool = False


def on_one_axis(uv: np.ndarray, fs_hz: float, start: Any, said: bool = False) -> Given:
    """A channel of a reader without gaps."""
    text = start.replace(tzinfo=None).isoformat() if start else None
    return Given(uv, fs_hz, text, np.arange(uv.size) / fs_hz, said)


def by_psgpipe(path: Path, eeg: dict) -> Given:
    """Read by psgpipe."""
    from psgpipe.edf.reader import read_recording

    r = read_recording(path, [eeg["label"]])
    t_s = np.concatenate([s.onset_s + np.arange(s.n_samples) / r.fs_hz for s in r.segments])
    start = r.start.isoformat() if r.start else None
    return Given(r.signals_uv[0], r.fs_hz, start, t_s, bool(r.findings))


def by_mne(path: Path, eeg: dict) -> Given:
    """Read by MNE, only the channel wanted, with its own conversion to volt."""
    import mne

    is_bdf = path.name.lower().endswith(".bdf")
    reader = mne.io.read_raw_bdf if is_bdf else mne.io.read_raw_edf
    raw = reader(path, include=[eeg["label"]], preload=True, verbose="warning")
    uv = raw.get_data(picks=[0])[0] * 1e6
    return on_one_axis(uv, raw.info["sfreq"], raw.info["meas_date"])


def by_edfio(path: Path, eeg: dict) -> Given:
    """Read by edfio."""
    import datetime as dt

    import edfio

    is_bdf = path.name.lower().endswith(".bdf")
    edf = (edfio.read_bdf if is_bdf else edfio.read_edf)(path)
    signal = edf.signals[eeg["index"] - (1 if eeg["index"] else 0)]
    try:
        start = dt.datetime.combine(edf.startdate, edf.starttime)
    except edfio.AnonymizedDateError:
        start = None
    return on_one_axis(
        to_uv(signal.data, signal.physical_dimension), signal.sampling_frequency, start
    )


def by_pyedflib(path: Path, eeg: dict) -> Given:
    """Read by pyedflib."""
    import pyedflib

    with pyedflib.EdfReader(str(path)) as edf:
        i = eeg["index"] - (1 if eeg["index"] else 0)
        uv = to_uv(edf.readSignal(i), edf.getPhysicalDimension(i))
        return on_one_axis(uv, edf.getSampleFrequency(i), edf.getStartdatetime())


def to_uv(values: np.ndarray, unit: str) -> np.ndarray:
    """Values in microvolt; unchanged without a known unit."""
    from psgpipe.edf.units import uv_per_unit

    return np.asarray(values, np.float64) * (uv_per_unit(unit) or 1.0)


READERS: dict[str, Callable[[Path, dict], Given]] = {
    "psgpipe": by_psgpipe,
    "mne": by_mne,
    "edfio": by_edfio,
    "pyedflib": by_pyedflib,
}
LIBRARIES = {"psgpipe": "psgpipe.edf.reader"}


def truth_uv(kind: str, t_s: np.ndarray) -> np.ndarray | None:
    """The true values of the corpus at these times."""

    def wave(t: np.ndarray) -> np.ndarray:
        return 60 * np.sin(2 * np.pi * t) + 20 * np.sin(20 * np.pi * t) + 0.2 * t

    known = {"f": wave(t_s), "-f": -wave(t_s), "zero": 0 * t_s, "f+0.5": wave(t_s + 0.5)}
    return known.get(kind)


def wrong(entry: dict, given: Given) -> list[str]:
    """The differences between the reader and the manifest."""
    eeg, found = entry["eeg"], []
    if given.start != entry["start"]:
        found.append(f"start {given.start}")
    if abs(given.fs_hz - eeg["fs"]) > 1e-6:
        found.append(f"rate {given.fs_hz:g}")
    if given.uv.size != eeg["n"]:
        found.append(f"{given.uv.size} samples")
    expected = truth_uv(eeg["truth"], given.t_s)
    if expected is not None and given.uv.size:
        error_uv = float(np.abs(given.uv - expected).max())
        if not error_uv <= eeg["maxerr_uV"]:
            found.append(f"{error_uv:.3g} uV off")
    return found


class Heard(logging.Handler):
    """Whether anything was logged as a warning."""

    heard = False

    def emit(self, record: logging.LogRecord) -> None:
        """Remember that the reader logged a warning."""
        self.heard |= record.levelno >= logging.WARNING


def read_in_child(reader: str, path: Path, entry: dict, answer: Any) -> None:
    """Read one file and send the outcome; runs in its own process."""
    limit_memory()
    ears = Heard()
    logging.getLogger().addHandler(ears)
    logging.getLogger("mne").addHandler(ears)
    eeg = entry["eeg"] or {"label": "EEG C4-M1", "index": 0}
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            given = READERS[reader](path, eeg)
        except Exception as error:
            answer.send({"state": "refused", "why": f"{type(error).__name__}"})
            return
    relevant = [w for w in warned if not issubclass(w.category, DeprecationWarning)]
    said = bool(relevant) or ears.heard or given.said
    problems = wrong(entry, given) if entry["eeg"] else []
    answer.send({"state": "read", "said": said, "wrong": problems})


def limit_memory() -> None:
    """Limit the memory of this process."""
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def read_all(reader: str, corpus: Path) -> dict[str, dict]:
    """Every file of the corpus by one reader, each in a fork of a process that imported it."""
    __import__(LIBRARIES.get(reader, reader))
    manifest = json.loads((corpus / "manifest.json").read_text(encoding="utf-8"))
    return {entry["id"]: read_apart(reader, corpus / entry["file"], entry) for entry in manifest}


def read_apart(reader: str, path: Path, entry: dict) -> dict:
    """One file in a process of its own: its answer, ``crash`` or ``hang``."""
    method = "fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn"
    context = multiprocessing.get_context(method)
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=read_in_child, args=(reader, path, entry, sender))
    child.start()
    sender.close()
    try:
        if not receiver.poll(LIMIT_S):
            return {"state": "hang"}
        return receiver.recv()
    except EOFError:
        return {"state": "crash"}
    finally:
        if child.is_alive():
            child.join(1)
        child.kill()
        child.join()


def verdict(entry: dict, result: dict) -> str:
    """One word for one file."""
    if result["state"] != "read":
        refused = "refused correctly" if entry["expect"] == "CLEAR_ERROR" else "refused"
        return refused if result["state"] == "refused" else result["state"]
    if result["wrong"] and not result["said"] and entry["expect"] != "CLEAR_ERROR":
        return "silently wrong"
    if entry["expect"] == "READ_OK":
        return "wrong, reported" if result["wrong"] else "right"
    if result["said"]:
        return "reported"
    if entry["group"] in NOT_THE_READERS:
        return "right"
    return "invalid accepted" if entry["expect"] == "CLEAR_ERROR" else "not reported"


COLUMNS = (
    "right",
    "reported",
    "refused correctly",
    "refused",
    "wrong, reported",
    "not reported",
    "silently wrong",
    "invalid accepted",
    "crash",
    "hang",
)


def print_table(manifest: list[dict], results: dict[str, dict[str, dict]], details: bool) -> None:
    """Verdicts by reader."""
    readable = [e for e in manifest if e["id"] != "l09_noperm" or not is_root()]
    print(f"{len(readable)} files")
    print(f"{'':26}" + "".join(f"{reader:>10}" for reader in results))
    verdicts = {
        reader: {e["id"]: verdict(e, found[e["id"]]) for e in readable}
        for reader, found in results.items()
    }
    for column in COLUMNS:
        counts = [list(v.values()).count(column) for v in verdicts.values()]
        print(f"{column:26}" + "".join(f"{count:>10}" for count in counts))
    if details:
        for reader, found in verdicts.items():
            for name, word in found.items():
                if word in COLUMNS[3:]:
                    print(f"{reader:10}{word:18}{name:30}{results[reader][name].get('wrong', '')}")


def is_root() -> bool:
    """Whether file modes mean nothing to this user."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def main() -> None:
    """Make the corpus, read it with every reader, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("maker", type=Path, help="make_corpus.py")
    parser.add_argument("--readers", default=",".join(READERS))
    parser.add_argument("--details", action="store_true")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--corpus", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        found = json.dumps(read_all(options.one, options.corpus))
        (options.corpus / f"{options.one}.json").write_text(found, encoding="utf-8")
        return
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder)
        subprocess.run([sys.executable, options.maker, folder], check=True, capture_output=True)
        results = {}
        for reader in options.readers.split(","):
            command = [sys.executable, __file__, options.maker, "--one", reader, "--corpus", folder]
            quiet = subprocess.DEVNULL
            subprocess.run(command, check=True, stdout=quiet, stderr=quiet)
            answer = (corpus / f"{reader}.json").read_text(encoding="utf-8")
            results[reader] = json.loads(answer)
        manifest = json.loads((corpus / "manifest.json").read_text(encoding="utf-8"))
        print_table(manifest, results, options.details)


if __name__ == "__main__":
    main()
