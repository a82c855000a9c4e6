"""A batch with the real stager gives the results of single runs, and resumes without the stager."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from psgpipe.cli.app import exit_code
from tests.studies import CHECKOUT, make_study, read_json

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def staged(tmp_path_factory, templates):
    """A study of two nights, staged by the command line with pictures, from a notebook."""
    folder = tmp_path_factory.mktemp("real")
    study = make_study(
        folder / "study", ["n1", "n1"], templates,
        columns="\tlights_off\tage\tsex", cells=["\t22:01:30\t41\tF", "\t\t\t"],
    )  # fmt: skip
    arguments = ["batch", str(study.table), "-o", str(study.out), "-j1"]
    command = [sys.executable, "-m", "psgpipe", *arguments]
    done = subprocess.run(
        command, cwd=CHECKOUT, capture_output=True, text=True,
        env={**os.environ, "MPLBACKEND": "module://matplotlib_inline.backend_inline"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return study, command, done


def test_the_nights_are_those_of_single_runs(staged, tmp_path):
    study, _, _ = staged
    single = tmp_path / "single"
    arguments = ["run", str(study.recording(1)), "-o", str(single), "--quiet"]
    identity = ["--subject", "S1", "--night", "n1", "--condition", "treatment"]
    known = ["--lights-off", "22:01:30", "--age", "41", "--sex", "F"]
    assert exit_code([*arguments, *identity, *known]) == 0
    one, many = single / "nights" / "S1" / "n1", study.night(1)
    assert sorted(p.name for p in one.iterdir()) == sorted(p.name for p in many.iterdir())
    same = ("hypnogram.tsv", "hypnogram.edf", "hypnogram.png", "hypnogram.svg", "quality.json")
    for name in same:
        assert (one / name).read_bytes() == (many / name).read_bytes(), name
    a, b = read_json(one / "summary.json"), read_json(many / "summary.json")
    assert (a.pop("lights_source"), b.pop("lights_source")) == (
        "option/recording", "table/recording",
    )  # fmt: skip
    assert a == b


def test_the_table_says_how_each_night_was_made(staged):
    rows = staged[0].rows()
    assert [row["demographics"] for row in rows] == ["age and sex", "none"]
    assert [row["classifier"] for row in rows] == [
        "clf_eeg+eog+emg+demo_lgb_0.5.0.joblib", "clf_eeg+eog+emg_lgb_0.5.0.joblib",
    ]  # fmt: skip
    summary = read_json(staged[0].night(1) / "summary.json")
    assert float(rows[0]["tib_min"]) == summary["tib_min"] == 1.5


def test_resuming_imports_no_stager(staged):
    _, command, _ = staged
    done = subprocess.run(
        command,
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONPROFILEIMPORTTIME": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "2 finished, 0 failed" in done.stdout
    assert "All of the finished ones were there already" in done.stdout
    imported = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in done.stderr.splitlines()}
    assert imported.isdisjoint({"yasa", "mne", "lightgbm", "pandas", "matplotlib"})


def test_without_figures_the_pictures_stay_and_with_them_they_are_made(staged, tmp_path):
    study, command, _ = staged
    out = tmp_path / "out"
    shutil.copytree(study.out, out)
    plain = [str(out) if part == str(study.out) else part for part in command]
    said = subprocess.run(
        [*plain, "--no-figures", "--json"], cwd=CHECKOUT, capture_output=True, text=True
    )
    assert json.loads(said.stdout)["unchanged"] == 2
    assert (out / "nights" / "S1" / "n1" / "hypnogram.png").exists()


@pytest.mark.parametrize("command", ["status", "gather --no-figures", "verify", "--help"])
def test_looking_at_a_study_imports_no_library_of_numbers(staged, command):
    (staged[0].out / "report.html").unlink(missing_ok=True)  # gather would renew it
    arguments = [*command.split(), *([str(staged[0].out)] if command != "--help" else [])]
    program = (
        "import sys\nfrom psgpipe.cli.app import exit_code\n"
        f"code = exit_code({arguments!r})\n"
        "heavy = {'numpy', 'mne', 'yasa', 'pandas', 'matplotlib', 'scipy'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else code)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_plan_after_nights_without_pictures(tmp_path, templates, capsys):
    # The step that only serves the pictures did not run there, so it has no seconds.
    study = make_study(tmp_path / "study", ["n1"], templates)
    arguments = ["batch", str(study.table), "-o", str(study.out), "-j1", "--no-figures"]
    assert exit_code([*arguments, "--quiet"]) == 0
    capsys.readouterr()
    assert exit_code([*arguments, "--dry-run", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["check"] == [["S1", "n1"]]
