"""The corpus of defects: each file is read correctly, with a warning, or refused with its error.

The files are read in one child process with 1 GiB of address space, as a worker on a shared node
would be, and with a time limit: a reader that blocks or uses too much memory fails here.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.shared_files import CHECKOUT, shared

LIMIT_S = 180
MEMORY_BYTES = 2**30

# A word that each finding or error must contain for the technician.
NAMED = {
    "b01_nrec_minus1": "-1",
    "b02_trunc_last_record": "299 (299 s): 1 is missing",
    "b04_trunc_odd_byte": "299 (299 s): 1 is missing",
    "b06_trailing_junk": "1000 bytes after",
    "b08_hdrlen_small": "header length 768",
    "b09_hdrlen_large": "header length 1280",
    "b11_zero_records": "0 data records",
    "b13_trunc_in_header": "700 of 1024 bytes",
    "b14_header_only": "nothing follows the header",
    "b15_empty": "empty",
    "b17_ns_zero": "0 signals",
    "b18_ns_huge": "2560000 bytes",
    "b20_nrec_huge": "declares 99999999 records",
    "b22_spr_zero": "no samples",
    "b23_text_file": "not an EDF",
    "b24_all_nul": "NUL bytes",
    "b26_preallocated_zeros_tail": "last 100 s are exact digital zero",
    "c04_bdf_named_edf": "BDF (24-bit)",
    "d01_phys_equal": "equal",
    "d03_dig_swapped": "above its maximum",
    "d07_phys_text": "physical min of 'EEG C4-M1' is not a number",
    "d08_phys_nan": "not finite",
    "d10_samples_out_of_range": "outside the digital range",
    "d13_blank_scale": "physical min of 'EEG C4-M1' is blank",
    "e07_blank": "unit is blank",
    "e14_mV_lie": "is the unit right?",
    "f01_duplicate": "stands 2 times",
    "f19_blank_label": "no label",
    "f21_dup_diff_fs": "stands 2 times",
    "g01_date_zero": "00.00.00 does not exist",
    "g04_conflict": "2023-02-28 is used",
    "g07_time_24": "24.00.00 is impossible",
    "g09_anonymised": "removed date",
    "g10_locale_month": "English month",
    "g11_blank": "date in the header is blank",
    "g17_over_midnight_future": "cannot be read",
    "h06_rec_zero": "rates undefined",
    "h09_rec_nan": "not finite",
    "i04_edfd_backwards": "time goes backwards",
    "i05_tal_noterm": "malformed, the first in data record 11",
    "i09_annot_latin1": "not UTF-8",
    "i12_annot_beyond": "2 annotations lie outside",
    "j01_flat_zero": "flat",
    "j03_clipped": "clipped",
    "j06_sentinel": "drop-outs",
    "k01_4min": "240 s of recording",
    "k02_20s": "less than one 30-s epoch",
    "k04_one_sample_short": "less than one 30-s epoch",
    "l01_directory": "folder",
    "l02_symlink_loop": "loop of links",
    "l04_fifo": "pipe",
    "l09_noperm": "permission denied",
    "l10_sparse_20GB": "implausible size: 386 days",
}
# The stager refuses the length; the reader only reports that the recording is short.
SHORT = {"k02_20s", "k04_one_sample_short"}
# The manifest allows both. The bytes are BDF, so the reader reads BDF and adds a finding.
READ_AS_BDF = {"c04_bdf_named_edf"}
# The quality measures find these defects of the signal, not the reader.
BY_QUALITY = {"j07_ecg_as_eeg", "j09_noise_white"}
# An ambiguous label is a finding of the header; a request for it is refused.
AMBIGUOUS = {"f01_duplicate", "f21_dup_diff_fs"}
# A channel with a blank unit is refused, unless the unit is declared.
DECLARED = {"e07_blank": {"EEG C4-M1": "uV"}}


def truth_uv(kind: str, t_s: np.ndarray) -> np.ndarray | None:
    wave = 60 * np.sin(2 * np.pi * t_s) + 20 * np.sin(20 * np.pi * t_s) + 0.2 * t_s
    shifted_s = t_s + 0.5
    late = 60 * np.sin(2 * np.pi * shifted_s) + 20 * np.sin(20 * np.pi * shifted_s)
    kinds = {"f": wave, "-f": -wave, "zero": 0 * t_s, "f+0.5": late + 0.2 * shifted_s}
    return kinds.get(kind)


def read_all(corpus: Path) -> dict[str, dict]:
    """The outcome of the reader for each file; runs in the child."""
    entries = json.loads((corpus / "manifest.json").read_text(encoding="utf-8"))
    return {entry["id"]: read_one(corpus, entry) for entry in entries}


def read_one(corpus: Path, entry: dict) -> dict:
    from psgpipe.edf.reader import read_header, read_recording
    from psgpipe.errors import PsgpipeError

    said: list[str] = []
    labels = [entry["eeg"]["label"]] if entry["eeg"] else None
    path = corpus / entry["file"]
    try:
        header = read_header(path)
        said += [finding.message for finding in header.findings]
        recording = read_recording(path, labels, units=DECLARED.get(entry["id"]))
    except PsgpipeError as error:
        return {"exit_code": error.exit_code, "said": [*said, error.problem]}
    said += [finding.message for finding in recording.findings]
    result = {
        "said": said,
        "start": recording.start.isoformat() if recording.start else None,
        "header_start": header.start.isoformat() if header.start else None,
        "durations_s": [header.duration_s, recording.duration_s],
        "spans_s": [header.span_s, recording.span_s],
        "segments": recording.segments,
        "annotations": len(recording.annotations),
        "fs_hz": recording.fs_hz,
        "n_samples": recording.signals_uv.shape[1],
        "error_uv": None,
    }
    if entry["eeg"]:
        t_s = np.concatenate(
            [s.onset_s + np.arange(s.n_samples) / recording.fs_hz for s in recording.segments]
        )
        expected = truth_uv(entry["eeg"]["truth"], t_s)
        if expected is not None:
            result["error_uv"] = float(np.abs(recording.signals_uv[0] - expected).max())
    return result


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    maker = shared("edf-corpus", "make_corpus.py")
    command = [sys.executable, str(maker), str(folder)]
    if os.name != "posix":
        command.append("--no-special")
    subprocess.run(command, check=True, capture_output=True, timeout=LIMIT_S)
    return folder


@pytest.fixture(scope="module")
def results(corpus) -> dict[str, dict]:
    child = subprocess.run(
        [sys.executable, "-m", "tests.edf.test_corpus", str(corpus)],
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=LIMIT_S,
        check=False,
    )
    assert child.returncode == 0, child.stderr
    return json.loads(child.stdout)


def entries(corpus: Path, *expected: str) -> list[dict]:
    manifest = json.loads((corpus / "manifest.json").read_text(encoding="utf-8"))
    return [entry for entry in manifest if entry["expect"] in expected]


def is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def wrong_values(entry: dict, result: dict) -> list[str]:
    """Everything in which a file that was read differs from its manifest."""
    checks = {
        "start": result["start"] == result["header_start"] == entry["start"],
        "duration": np.allclose(result["durations_s"], entry["duration"], atol=1e-6),
        "span": np.allclose(result["spans_s"], entry["span"], atol=1e-6),
        "segments": entry["segments"] in (None, result["segments"]),
        "annotations": entry["annots"] in (None, result["annotations"]),
    }
    if eeg := entry["eeg"]:
        checks["rate"] = abs(result["fs_hz"] - eeg["fs"]) < 1e-9
        checks["samples"] = result["n_samples"] == eeg["n"]
        checks["values"] = result["error_uv"] is None or result["error_uv"] <= eeg["maxerr_uV"]
    return [name for name, right in checks.items() if not right]


def test_what_can_be_read_is_read_right(corpus, results):
    wrong = {}
    for entry in entries(corpus, "READ_OK"):
        result = results[entry["id"]]
        problems = result["said"] if "exit_code" in result else wrong_values(entry, result)
        if problems:
            wrong[entry["id"]] = problems
    assert wrong == {}


def test_good_files_raise_no_alarm(corpus, results):
    """The findings that are allowed in a file without a defect."""
    noisy = {e["id"] for e in entries(corpus, "READ_OK") if results[e["id"]]["said"]}
    assert noisy <= {"i01_edfd_gap", "i17_bdfd_gap", "i14_annot_plain"}


def test_what_is_odd_is_read_right_and_its_cause_named(corpus, results):
    wrong = {}
    for entry in entries(corpus, "WARN"):
        if entry["id"] in BY_QUALITY:
            continue
        result = results[entry["id"]]
        ambiguous = entry["id"] in AMBIGUOUS
        problems = [] if ambiguous else wrong_values(entry, result)
        if NAMED[entry["id"]] not in " ".join(result["said"]):
            problems.append(f"cause not named: {result['said']}")
        if problems:
            wrong[entry["id"]] = problems
    assert wrong == {}


def test_an_ambiguous_label_is_refused_in_use(results):
    assert [results[i]["exit_code"] for i in sorted(AMBIGUOUS)] == [5, 5]


def test_what_is_invalid_is_refused_and_its_cause_named(corpus, results):
    wrong = {}
    for entry in entries(corpus, "CLEAR_ERROR"):
        result = results[entry["id"]]
        if entry["id"] == "l09_noperm" and is_root():
            continue
        refused = result.get("exit_code") in (4, 5)
        if not refused and entry["id"] not in SHORT | READ_AS_BDF:
            wrong[entry["id"]] = "read"
        elif NAMED[entry["id"]] not in " ".join(result["said"]):
            wrong[entry["id"]] = result["said"]
    assert wrong == {}


def test_no_header_text_reaches_a_message(results):
    everything = " ".join(text for result in results.values() for text in result["said"])
    for private in (
        "Haagse",
        "Harry",
        "MCH-0234567",
        "1951",
        "Somnolab",
        "Telemetry",
        "AgAgCl",
        "HYPERLINK",
        "script",
        "Müller",
        "Mǖ",
        "HP:0.1Hz",
    ):
        assert private not in everything


if __name__ == "__main__":
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    except ImportError:  # no such limit on Windows
        pass
    print(json.dumps(read_all(Path(sys.argv[1]))))
