"""Both engines give the same result; several EEG derivations in one pass."""

import csv
import json
import subprocess
import sys

import numpy as np
import pytest

import psgpipe
from psgpipe.cli.app import exit_code
from psgpipe.errors import PipelineInvalid
from tests.edf_files import Signal, write_edf
from tests.recordings import brain_noise, write_night

pytestmark = pytest.mark.slow

STEPS = ["load", "reference", "check_quality", "filter_eeg", "stage_sleep", "summarize"]
HEAVY = {
    "yasa",
    "antropy",
    "sklearn",
    "pandas",
    "lightgbm",
    "matplotlib",
    "mne",
    "numba",
    "seaborn",
}


def pipeline(path, eeg=("C4-M1",), **stage_sleep):
    settings = "\n".join(f"{key} = {json.dumps(value)}" for key, value in stage_sleep.items())
    path.write_text(
        f"steps = {STEPS}\n[reference]\neeg = {json.dumps(eeg)}\n[stage_sleep]\n{settings}\n",
        encoding="utf-8",
    )
    return path


@pytest.fixture(scope="module")
def two_eeg(tmp_path_factory):
    """Ten minutes of two different EEG derivations."""
    path = tmp_path_factory.mktemp("recording") / "n.edf"
    channels = [
        Signal(label, digital=np.rint(brain_noise(600, 100, seed=s) * 65.535), per_record=100)
        for s, label in enumerate(("C4-M1", "C3-M2"))
    ]
    return write_edf(path, channels, 600)


def test_staging_imports_none_of_the_slow_libraries(tmp_path):
    recording = write_night(tmp_path / "night.edf")
    program = (
        "import sys\nfrom psgpipe.cli.app import exit_code\n"
        f"code = exit_code(['run', {str(recording)!r}, '-o', {str(tmp_path / 'out')!r},"
        " '--no-figures', '-q'])\n"
        f"heavy = {HEAVY!r} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else code)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_fast_engine_has_the_stages_of_the_reference(tmp_path, two_eeg):
    nights = {
        engine: psgpipe.run_night(two_eeg, pipeline(tmp_path / f"{engine}.toml", engine=engine))
        for engine in ("fast", "reference")
    }
    fast, reference = nights["fast"], nights["reference"]
    assert fast.hypnogram.stages == reference.hypnogram.stages
    np.testing.assert_allclose(
        fast.hypnodensity.probabilities, reference.hypnodensity.probabilities, atol=0.01
    )
    for key in ("classifier", "classifier_sha256"):
        assert fast.provenance["engine"][key] == reference.provenance["engine"][key]
    assert fast.provenance["engine"]["engine"] == "fast"


def test_a_consensus_is_the_mean_of_its_derivations(tmp_path, two_eeg):
    names = ["C4-M1", "C3-M2"]
    alone = [
        psgpipe.run_night(two_eeg, pipeline(tmp_path / f"{name}.toml", eeg=[name]))
        for name in names
    ]
    both = psgpipe.run_night(two_eeg, pipeline(tmp_path / "both.toml", consensus=names))
    assert [d["name"] for d in both.provenance["derivations"]] == names
    np.testing.assert_allclose(
        both.hypnodensity.probabilities,
        np.mean([night.hypnodensity.probabilities for night in alone], axis=0),
    )
    differs = [
        np.mean([night.hypnogram.stages[e] != stage for night in alone])
        for e, stage in enumerate(both.hypnogram.stages)
    ]
    assert both.disagreement.tolist() == differs


def test_disagreement_stands_in_the_hypnogram_and_the_summary(tmp_path, two_eeg):
    lab = pipeline(tmp_path / "both.toml", consensus=["C4-M1", "C3-M2"])
    out = tmp_path / "out"
    assert exit_code(["run", str(two_eeg), "-o", str(out), "-p", str(lab), "-q"]) == 0
    (night,) = out.glob("nights/*/*")
    with (night / "hypnogram.tsv").open(encoding="utf-8", newline="") as file:
        epochs = [float(row["disagreement"]) for row in csv.DictReader(file, delimiter="\t")]
    summary = json.loads((night / "summary.json").read_text(encoding="utf-8"))
    assert summary["disagreement"] == pytest.approx(sum(epochs) / len(epochs))


def test_a_consensus_goes_on_with_the_derivations_that_are_fit(tmp_path):
    dead = Signal("C3-M2", digital=np.zeros(60_000), per_record=100)
    alive = Signal("C4-M1", digital=np.rint(brain_noise(600, 100) * 65.535), per_record=100)
    path = write_edf(tmp_path / "n.edf", [dead, alive], 600)
    lab = pipeline(tmp_path / "lab.toml", consensus=["C3-M2", "C4-M1", "F4-M1"])
    night = psgpipe.run_night(path, lab)
    assert [d["name"] for d in night.provenance["derivations"]] == ["C4-M1"]
    assert night.disagreement is None


def test_a_consensus_of_something_that_is_no_derivation_is_refused(tmp_path):
    with pytest.raises(PipelineInvalid, match="consensus lists 'C4-Mars'"):
        psgpipe.run_night(
            tmp_path / "n.edf", pipeline(tmp_path / "lab.toml", consensus=["C4-Mars"])
        )


def test_check_engine_finds_them_equal_here(capsys):
    assert exit_code(["check", "--engine", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len({one["classifier"] for one in found}) == 8
    assert all(one["equal"] for one in found)


def test_check_engine_leaves_with_6_where_they_differ(monkeypatch, capsys):
    from psgpipe.cli import check
    from psgpipe.staging.engine_check import EngineComparison

    differs = EngineComparison("clf_eeg", 100, 120, 3, 0.2, 0.9)
    monkeypatch.setattr(check, "compare_engines", lambda: [differs])
    assert exit_code(["check", "--engine"]) == 6
    assert "does not equal yasa" in capsys.readouterr().err


def test_a_classifier_that_is_not_the_shipped_one_is_refused_with_6(tmp_path, monkeypatch, capsys):
    from psgpipe.staging import shipped_classifiers, stager

    stager._loaded.cache_clear()  # an earlier night of this process has loaded it
    changed = {k: v._replace(file_sha256="0" * 64) for k, v in shipped_classifiers.SHIPPED.items()}
    monkeypatch.setattr(shipped_classifiers, "SHIPPED", changed)
    recording = write_night(tmp_path / "night.edf")
    assert exit_code(["run", str(recording), "-o", str(tmp_path / "out")]) == 6
    assert "SHA-256" in capsys.readouterr().err
    assert list(tmp_path.glob("out/nights/*/*/manifest.json")) == []
