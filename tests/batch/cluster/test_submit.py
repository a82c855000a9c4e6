"""Scripts for schedulers: as a person would write them, for paths of any kind."""

import json
import os
import shlex
import stat
import subprocess
import sys

import pytest

from psgpipe.cli.app import exit_code
from psgpipe.results.cluster.submission import as_ranges, read_submission
from tests.shared_files import CHECKOUT

pytestmark = pytest.mark.skipif(os.name != "posix", reason="scripts for POSIX")
GOLDEN = CHECKOUT / "tests" / "batch" / "cluster" / "golden"
GIVEN = (
    "--command=psgpipe", "--time=02:00:00", "--mem=4G", "--partition=long", "--account=sleep",
    "--per-task=2", "--throttle=5", "-j2",
)  # fmt: skip


@pytest.fixture
def elsewhere(monkeypatch, tmp_path):
    """A machine without a scheduler."""
    tools = tmp_path / "no tools"
    tools.mkdir()
    monkeypatch.setenv("PATH", str(tools))
    return tools


def emit(study, engine, *options):
    arguments = ["submit", str(study.table), "-o", str(study.out), "--engine", engine]
    return exit_code([*arguments, "--emit-only", "--quiet", "--no-figures", *options])


@pytest.mark.parametrize("engine", ["slurm", "pbs", "sge"])
def test_the_scripts_are_those_that_were_read_by_a_person(study, engine, elsewhere):
    five = study("n1", "n1", "n1", "n1", "n1")
    spec = five.folder / "spec.toml"
    spec.write_text('primary = "rem_pct"\nsecondary = []\nendpoints = []\n', encoding="utf-8")
    assert emit(five, engine, *GIVEN, "--spec", str(spec)) == 0
    for name in ("array", "gather", "compare"):
        text = (five.out / "cluster" / f"{name}.sh").read_text(encoding="utf-8")
        text = text.replace(str(five.folder), "/data/study")
        golden = GOLDEN / f"{engine}-{name}.sh"
        if os.environ.get("PSGPIPE_WRITE_GOLDEN") == "1":
            golden.write_text(text, encoding="utf-8")
        assert text == golden.read_text(encoding="utf-8")
        subprocess.run(["/bin/bash", "-n", str(golden)], check=True)


def test_a_path_of_any_kind_arrives_whole(study, elsewhere, tmp_path):
    one = study("n1", folder='Ann\'s "näme" $HOME `x` @{out}; rm *')
    assert emit(one, "slurm", "--command", shlex.join([sys.executable, "-c", SHOW])) == 0
    script = one.out / "cluster" / "array.sh"
    done = subprocess.run(
        ["/bin/bash", str(script)], env={"SLURM_ARRAY_TASK_ID": "1", "PATH": "/usr/bin:/bin"},
        cwd="/", capture_output=True, text=True, check=True,
    )  # fmt: skip
    arguments = json.loads(done.stdout)
    assert arguments[:6] == ["batch", str(one.table), "-o", str(one.out), "--shard", "1/1"]


SHOW = "import json, sys; print(json.dumps(sys.argv[1:]))"


@pytest.mark.parametrize(
    ("engine", "folder"), [("slurm", "50%"), ("slurm", "a\\b"), ("pbs", "a b"), ("sge", "a:b")]
)
def test_a_path_that_the_scheduler_reads_otherwise_is_refused(
    study, elsewhere, engine, folder, capsys
):
    one = study("n1", folder=folder)
    assert emit(one, engine) == 2
    assert "in the path of a log" in capsys.readouterr().err
    assert not one.out.exists()


@pytest.mark.parametrize(
    ("ends", "code"), [((0,), 0), ((8,), 0), ((3,), 3), ((143,), 143), ((75,), 0)]
)
def test_how_an_element_ends_for_the_scheduler(study, elsewhere, tmp_path, ends, code):
    """A night that failed is no fault of its element; an element out of time is put back."""
    one = study("n1")
    emit(one, "slurm", "--command", f"/bin/sh -c 'exit {ends[0]}'")
    scontrol = fake(elsewhere, "scontrol", 'echo "$@"')
    done = run_element(one, scontrol.parent, restarts="2")
    assert done.returncode == code
    assert done.stdout == ("requeue 12_1\n" if 75 in ends else "")


def test_an_element_is_put_back_three_times_at_most(study, elsewhere):
    one = study("n1")
    emit(one, "slurm", "--command", "/bin/sh -c 'exit 75'")
    done = run_element(one, fake(elsewhere, "scontrol", 'echo "$@"').parent, restarts="3")
    assert (done.returncode, done.stdout) == (75, "")


def run_element(study, tools, restarts):
    return subprocess.run(
        ["/bin/bash", str(study.out / "cluster" / "array.sh")],
        env={
            "PATH": f"{tools}:/usr/bin:/bin", "SLURM_RESTART_COUNT": restarts,
            "SLURM_ARRAY_JOB_ID": "12", "SLURM_ARRAY_TASK_ID": "1",
        },
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def fake(folder, name, script):
    """A command of a scheduler that does what `script` says."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.mark.parametrize(
    ("engine", "answer", "after", "look", "cancel"),
    [
        ("pbs", "7[].s", "-W depend=afterany:7[].s", "qstat '7[].s'", "qdel '7[].s'"),
        ("sge", "7.1-1:1", "-hold_jid 7", "qstat -j 7", "qdel 7"),
        ("slurm", "7;a", "--dependency=afterany:7", "squeue --noheader --jobs=7", "scancel 7"),
    ],
)
def test_jobs_are_sent_one_after_the_other(study, elsewhere, engine, answer, after, look, cancel):
    one, sent = study("n1"), elsewhere / "sent"
    for name in ("qsub", "sbatch"):
        fake(elsewhere, name, f"echo \"$@\" >> '{sent}'; echo '{answer}'")
    for name in ("qstat", "squeue"):
        fake(elsewhere, name, "exit 1")
    arguments = ["submit", str(one.table), "-o", str(one.out), "--engine", engine, "--quiet"]
    assert exit_code(arguments) == 0
    first, second = sent.read_text(encoding="utf-8").splitlines()
    assert first.endswith("array.sh")
    assert second.endswith(f"{after} gather.sh")
    submission = read_submission(one.out)
    assert (submission.look, submission.cancel) == (look, cancel)
    assert [*submission.jobs] == ["array", "gather"]


def test_a_job_that_is_refused_says_why_and_which_job_was_taken(study, elsewhere, capsys):
    one = study("n1")
    refuse = "case $* in *gather*) echo 'no such account' >&2; exit 1;; esac; echo 7"
    fake(elsewhere, "sbatch", refuse)
    arguments = ["submit", str(one.table), "-o", str(one.out), "--engine", "slurm", "--quiet"]
    assert exit_code(arguments) == 2
    said = capsys.readouterr().err
    assert "refused gather.sh: no such account (array is job 7)" in said
    assert exit_code(["status", str(one.out)]) == 0
    assert "! The scheduler did not take: gather" in capsys.readouterr().out


def test_without_a_scheduler_nothing_is_written(study, elsewhere, capsys):
    one = study("n1")
    assert exit_code(["submit", str(one.table), "-o", str(one.out), "--engine", "slurm"]) == 2
    assert "sbatch is not on this machine" in capsys.readouterr().err
    assert not one.out.exists()


def test_scripts_are_written_where_slurm_does_not_answer_and_nothing_is_sent(
    study, elsewhere, capsys
):
    one = study("n1")
    for name in ("scontrol", "sbatch", "squeue"):
        fake(elsewhere, name, "echo 'Unable to contact slurm controller' >&2; exit 1")
    arguments = ["submit", str(one.table), "-o", str(one.out), "--engine", "slurm", "--quiet"]
    assert exit_code(arguments) == 75
    assert "Slurm does not answer: Unable to contact" in capsys.readouterr().err
    assert not one.out.exists()
    assert emit(one, "slurm") == 0
    assert (one.out / "cluster" / "array.sh").is_file()


def test_another_study_in_the_folder_is_refused(study, elsewhere):
    one = study("n1")
    one.run()
    other = study("n2", folder="other")
    other.table.write_text(other.table.read_text().replace("S1\t", "T1\t", 1), encoding="utf-8")
    assert exit_code(
        ["submit", str(other.table), "-o", str(one.out), "--engine", "slurm", "--emit-only"]
    ) == 7  # fmt: skip


@pytest.mark.parametrize(
    "options",
    [
        ("--time", "soon"), ("--mem", "much"), ("--per-task", "0"), ("--per-task", "some"),
        ("--partition", "a b"), ("--option", "--qos=low\nrm -r x"), ("--jobs", "0"),
        ("--throttle", "0"), ("--command", "psgpipe\nrm"), ("--account", ""), ("--command", ""),
        ("--command", "  "), ("--command", "psgpipe 'x"), ("--command", "module load p && psgpipe"),
        ("--command", "psgpipe &"), ("--option", ""), ("--option", "qos=low"),
    ],
)  # fmt: skip
def test_options_that_no_script_can_hold_are_refused(study, elsewhere, options):
    one = study("n1")
    assert emit(one, "slurm", *options) == 2
    assert not one.out.exists()


@pytest.mark.parametrize("wrong", ["no such file", "unknown key"])
def test_a_wrong_spec_is_refused_before_anything_is_staged(study, elsewhere, wrong):
    one = study("n1")
    spec = one.folder / "spec.toml"
    if wrong == "unknown key":
        spec.write_text("primry = 'rem_pct'\n", encoding="utf-8")
    assert emit(one, "slurm", "--spec", str(spec)) == 3
    assert not one.out.exists()


def test_a_folder_of_recordings_is_no_study_for_shards(study, elsewhere, capsys):
    one = study("n1")
    folder = str(one.recording(1).parent)
    arguments = ["submit", folder, "-o", str(one.out), "--engine", "slurm", "--emit-only"]
    assert exit_code(arguments) == 2
    assert "wanted a study table" in capsys.readouterr().err


def test_numbers_of_elements_as_schedulers_read_them():
    assert as_ranges([1, 2, 3, 7, 9, 10]) == "1-3,7,9-10"
    assert as_ranges([]) == ""


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"engine": 1}', '{"elements": true}'])
def test_a_damaged_record_of_what_was_sent_is_no_matter(study, elsewhere, content, capsys):
    one = study("n1")
    assert emit(one, "slurm") == 0
    (one.out / "cluster" / "submission.json").write_text(content, encoding="utf-8")
    assert exit_code(["status", str(one.out)]) == 0
    assert capsys.readouterr().out.startswith("1 missing")
    assert emit(one, "slurm") == 0


@pytest.mark.parametrize(("engine", "sent"), [("slurm", "2"), ("pbs", "1-2"), ("sge", "1-2")])
def test_only_elements_with_missing_nights_are_sent_where_the_scheduler_takes_a_list(
    study, elsewhere, engine, sent
):
    four = study("n1", "n1", "n1", "n1")
    assert emit(four, engine, "--per-task", "2") == 0
    assert four.run("--shard", "1/2") == 0
    assert emit(four, engine, "--per-task", "2") == 0
    assert read_submission(four.out).sent == sent
    # A change of what is asked concerns every night.
    assert emit(four, engine, "--per-task", "2", "-p", "eeg-only") == 0
    assert read_submission(four.out).sent == "1-2"


def test_nights_that_failed_are_sent_again_where_that_is_asked(study, elsewhere):
    two = study("refused", "n1")
    assert emit(two, "slurm", "--per-task", "1") == 0
    assert two.run() == 8
    assert emit(two, "slurm", "--per-task", "1") == 0
    assert read_submission(two.out).scripts == ("gather",)
    assert emit(two, "slurm", "--per-task", "1", "--retry-failed") == 0
    assert read_submission(two.out).sent == "1"


def test_a_table_that_misses_a_night_is_not_up_to_date_although_it_is_the_newest_file(
    study, elsewhere, capsys
):
    """A night may end while the table is written."""
    two = study("n1", "n1")
    for name, answer in (("sbatch", "echo 7"), ("squeue", "exit 1")):
        fake(elsewhere, name, answer)
    arguments = ["submit", str(two.table), "-o", str(two.out), "--engine", "slurm", "--quiet"]
    assert exit_code([*arguments, "--per-task", "1"]) == 0
    assert two.run("--shard", "1/2") == 0
    assert exit_code(["gather", str(two.out), "--quiet", "--no-figures"]) == 8
    early = (two.out / "nights.tsv").read_bytes()
    assert two.run("--shard", "2/2") == 0
    (two.out / "nights.tsv").write_bytes(early)
    assert "nights.tsv is not up to date" in status(two, capsys)
    assert exit_code(["gather", str(two.out), "--quiet", "--no-figures"]) == 0
    assert "up to date" not in status(two, capsys)


def status(study, capsys):
    capsys.readouterr()
    assert exit_code(["status", str(study.out)]) == 0
    return capsys.readouterr().out
