"""A study on a real Slurm: nothing is lost, nothing is wrong, whatever the scheduler does.

The tests need slurmctld, slurmd, slurm-client and munge. Elsewhere they are skipped; where
``PSGPIPE_REQUIRE_SLURM=1``, as in CI, they fail.
"""

import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from psgpipe.cli.app import exit_code
from psgpipe.results.cluster.submission import read_submission
from tests.slurm.as_user import run_as_user
from tests.slurm.node import SlurmNode, require_slurm, wait_for
from tests.studies import CHECKOUT, PROGRAM, assert_old_or_new, make_study, tree

pytestmark = pytest.mark.slow

LARGEST_ARRAY = 4
"""MaxArraySize: an array has three elements at most, numbered from 1."""


@pytest.fixture(scope="module")
def slurm(tmp_path_factory):
    with running_node(tmp_path_factory) as node:
        yield node


@pytest.fixture
def slurm_to_kill(tmp_path_factory):
    """A Slurm for one test: a job that its controller forgets may still run after the test.

    The controller gives the number of this job again, and the node refuses the new job.
    """
    with running_node(tmp_path_factory) as node:
        yield node


@contextmanager
def running_node(tmp_path_factory):
    require_slurm()
    node = SlurmNode(tmp_path_factory.mktemp("slurm") / "node", LARGEST_ARRAY)
    try:
        node.start()
        yield node
    finally:
        node.stop()


@pytest.fixture
def study_of(tmp_path, templates, slurm):
    """A study in a folder whose name has blanks, quotes and letters outside ASCII."""
    yield lambda *nights: make_study(tmp_path / 'Ann\'s "näme" $x', nights, templates)
    slurm.end_jobs()


def submit(slurm, study, *options, check=True):
    """``psgpipe submit`` as a user types it; the nodes stage cheap nights."""
    command = shlex.join(PROGRAM)
    done = subprocess.run(
        [
            sys.executable, "-m", "psgpipe", "submit", str(study.table), "-o", str(study.out),
            "--engine", "slurm", "--no-figures", "--command", command, *options,
        ],
        env={**slurm.env, "PYTHONPATH": str(CHECKOUT)}, cwd=study.folder, capture_output=True,
        text=True, timeout=60,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    if check:
        assert done.returncode == 0, done.stderr
    return done


def status(study):
    """What ``psgpipe status`` says, from files alone."""
    done = subprocess.run(
        [sys.executable, "-m", "psgpipe", "status", str(study.out)],
        env={"PATH": "/nonexistent"}, cwd="/", capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout


def logs(study):
    return "\n".join(p.read_text() for p in sorted((study.out / "cluster" / "logs").iterdir()))


def results(out):
    """Every result of a study, timings aside."""
    return tree(out, besides=lambda name: name.startswith(("cluster/", ".study-rows")))


def assert_as_on_one_machine(study, templates):
    """Every file has the bytes of a run on one machine, timings aside."""
    alone = make_study(study.folder.parent / "alone", study.nights, templates)
    assert alone.run() in (0, 8)
    found, wanted = results(study.out), results(alone.out)
    names = sorted({*found, *wanted})
    assert [name for name in names if found.get(name) != wanted.get(name)] == []
    assert_old_or_new(study.out)
    assert exit_code(["verify", str(study.out), "--quiet"]) == 0


def test_shards_and_gather_equal_a_local_run_and_a_crash_spares_its_neighbours(
    slurm, study_of, templates
):
    study = study_of(*["n1"] * 6, "segfault", "refused", "n1")
    submit(slurm, study, "--per-task", "3")
    jobs = read_submission(study.out).jobs
    slurm.wait_until_ended()
    assert_as_on_one_machine(study, templates)
    assert study.kinds() == {"S7": "WorkerDied", "S8": "QualityRefused"}
    # A night that failed is no fault of its element; gather judges.
    for element in (1, 2, 3):
        assert state(slurm, f"{jobs['array']}_{element}") == "COMPLETED"
    assert state(slurm, jobs["gather"]) == "FAILED"
    assert "S7 segfault: failed" in logs(study)


def state(slurm, job):
    answer = slurm.ask("scontrol", "--oneliner", "show", "job", job)
    return dict(word.split("=", 1) for word in answer.split() if "=" in word)["JobState"]


def test_the_same_command_again_sends_only_elements_with_missing_nights(slurm, study_of, templates):
    study = study_of(*["n1"] * 9)
    submit(slurm, study, "--per-task", "3")
    slurm.wait_until_ended()
    shutil.rmtree(study.night(5))
    written = {n: (study.night(n) / "manifest.json").stat().st_mtime_ns for n in (1, 2, 3, 4, 6)}
    said = submit(slurm, study, "--per-task", "3").stdout
    assert "Elements with missing nights: 2." in said
    slurm.wait_until_ended()
    array = read_submission(study.out).jobs["array"]
    again = [p.name for p in (study.out / "cluster" / "logs").glob(f"{array}_*.log")]
    assert again == [f"{array}_2.log"]
    assert written == {n: (study.night(n) / "manifest.json").stat().st_mtime_ns for n in written}
    assert_as_on_one_machine(study, templates)
    assert "No night is missing" in submit(slurm, study, "--per-task", "3").stdout
    slurm.wait_until_ended()


def test_a_study_that_is_waiting_or_running_is_not_sent_twice(slurm, study_of):
    study = study_of("hang")
    submit(slurm, study)
    job = read_submission(study.out).jobs["array"]
    refused = submit(slurm, study, check=False)
    assert refused.returncode == 7
    assert f"job {job} of this study is waiting or running" in refused.stderr
    assert f"(scancel {job})" in refused.stderr
    slurm.ask("scancel", job)
    slurm.wait_until_ended()


def test_an_element_that_slurm_holds_for_ever_is_brought_back_by_the_lines_of_status(
    slurm, study_of, templates
):
    """A killed controller that starts again may hold an element (launch failed requeued held)."""
    study = study_of("slow", "n1", "slow", "n1")
    submit(slurm, study, "--per-task", "2")
    array = read_submission(study.out).jobs["array"]
    journal = study.out / "journal-1-of-2.jsonl"
    wait_for(lambda: journal.exists() and '"started"' in journal.read_text(), "a night")
    slurm.ask("scontrol", "requeuehold", f"{array}_1")
    wait_for(lambda: slurm.jobs().get(f"{array}_1") == "PENDING", "the element to be held")
    wait_for(lambda: f"{array}_2" not in slurm.jobs(), "the other element")
    assert f"{array}_1" in slurm.jobs()
    wait_for(lambda: "At work" not in status(study), "the end of the night in hand")
    lines = [line.strip() for line in status(study).splitlines()]
    assert lines[-7].endswith("Not at work, with nights to stage: 1.")
    for line in (lines[-5], lines[-3], lines[-1]):
        subprocess.run(
            ["bash", "-c", line], env={**slurm.env, "PYTHONPATH": str(CHECKOUT)}, cwd="/",
            check=True, capture_output=True, timeout=60,
        )  # fmt: skip
    slurm.wait_until_ended()
    assert_as_on_one_machine(study, templates)


def test_near_the_end_of_the_wall_time_an_element_is_put_back_and_completes(
    slurm, study_of, templates
):
    study = study_of("slow", "slow", "slow", "n1", "n1")
    submit(slurm, study, "--per-task", "3")
    array = read_submission(study.out).jobs["array"]
    journal = study.out / "journal-1-of-2.jsonl"
    wait_for(lambda: journal.exists() and '"started"' in journal.read_text(), "a night")
    slurm.ask("scancel", "--batch", "--signal=USR1", f"{array}_1")
    wait_for(lambda: slurm.jobs().get(f"{array}_1") == "PENDING", "the requeue")
    assert '"TryAgain"' in journal.read_text()
    slurm.wait_until_ended()
    assert_as_on_one_machine(study, templates)


def test_no_process_outlives_a_killed_batch_and_status_knows_that_it_ended(slurm, study_of):
    study = study_of("n1", "hang")
    submit(slurm, study, "--per-task", "1")
    array = read_submission(study.out).jobs["array"]
    journal = study.out / "journal-2-of-2.jsonl"
    wait_for(lambda: journal.exists() and '"started"' in journal.read_text(), "the night in hand")
    wait_for((study.night(1) / "manifest.json").exists, "the night of the first element")
    batch = [pid for pid, said in slurm.processes(array).items() if f" {PROGRAM[-1]} batch" in said]
    for pid in batch:
        os.kill(pid, signal.SIGKILL)
    slurm.wait_until_ended()
    wait_for(lambda: not slurm.processes(array), "the end of the workers", 10)
    said = status(study)
    assert "1 done, 1 missing" in said
    assert "is at work" not in said
    assert "ended without a word" in said


def test_a_small_largest_array_is_respected(slurm, study_of):
    study = study_of(*["n1"] * 10)
    refused = submit(slurm, study, "--per-task", "3", check=False)
    assert refused.returncode == 2
    assert "makes 4 elements of 10 nights, wanted 3 at most (MaxArraySize" in refused.stderr
    assert "Give --per-task 4 or more" in refused.stderr
    assert not study.out.exists()
    assert "10 nights in 3 elements of at most 4 nights" in submit(
        slurm, study, "--per-task", "4", "--emit-only"
    ).stdout  # fmt: skip
    assert read_submission(study.out).at is None


def test_one_shard_that_is_started_twice_at_once_gives_one_valid_output(slurm, study_of, templates):
    study = study_of("slow", "n1", "n1", "n1")
    submit(slurm, study, "--per-task", "2", "--emit-only")
    script = str(study.out / "cluster" / "array.sh")
    assert slurm.ask("sbatch", "--parsable", script)
    assert slurm.ask("sbatch", "--parsable", script)
    slurm.wait_until_ended()
    assert exit_code(["gather", str(study.out), "--quiet", "--no-figures"]) == 0
    assert_as_on_one_machine(study, templates)


def test_a_controller_killed_after_the_submission_costs_nothing_and_status_leads_back(
    slurm_to_kill, study_of, templates
):
    slurm = slurm_to_kill
    study = study_of(*["slow", "n1", "n1"] * 3)
    submit(slurm, study, "--per-task", "3")
    time.sleep(3)
    slurm.kill_controller()
    assert f"array job {read_submission(study.out).jobs['array']}" in status(study)
    slurm.start_controller()
    slurm.wait_until_idle()
    slurm.settle()
    # The array, the gather job or both may be gone. The lines of status bring back what is missing.
    said, typed = "", []
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        said = status(study)
        lines = [line.strip() for line in said.splitlines()]
        todo = [line for line in lines if line.startswith(sys.executable)]
        if not todo and "At work" not in said:
            break
        time.sleep(1)
        if todo:
            done = subprocess.run(
                ["bash", "-c", todo[0]], env={**slurm.env, "PYTHONPATH": str(CHECKOUT)}, cwd="/",
                check=False, capture_output=True, text=True, timeout=60,
            )  # fmt: skip
            typed.append((done.returncode, done.stderr))
            slurm.settle()
    assert said.startswith("9 done\n"), (said, typed)
    # A gather typed by hand writes the page of the study, too.
    (study.out / "report.html").unlink(missing_ok=True)
    assert_as_on_one_machine(study, templates)


def test_what_slurm_refuses_is_said_in_its_words(slurm, study_of):
    study = study_of("n1")
    refused = submit(slurm, study, "--partition", "nowhere", check=False)
    assert refused.returncode == 2
    assert "invalid partition specified: nowhere" in refused.stderr
    assert "The scheduler did not take: array, gather" in status(study)


def test_a_comparison_follows_the_nights(slurm, study_of):
    study = study_of(*["n1"] * 4)
    rows = study.table.read_text(encoding="utf-8").splitlines()
    cells = [row.split("\t") for row in rows[1:]]
    pairs = ["\t".join([f"P{i // 2}", f"n{i}", *row[2:]]) for i, row in enumerate(cells)]
    study.table.write_text("\n".join([rows[0], *pairs]) + "\n", encoding="utf-8")
    spec = study.folder / "my spec.toml"
    spec.write_text('primary = "rem_pct"\nsecondary = []\nendpoints = []\n', encoding="utf-8")
    submit(slurm, study, "--spec", str(spec))
    assert [*read_submission(study.out).jobs] == ["array", "gather", "compare"]
    slurm.wait_until_ended()
    assert (study.out / "comparison" / "comparison.json").is_file(), logs(study)


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="this user is ordinary")
def test_all_of_this_holds_for_an_ordinary_user(slurm):
    """The daemons, the jobs and the tests belong to a user without rights."""
    done = run_as_user([__file__, "-k", "not ordinary_user"])
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    others = [name for name in globals() if name.startswith("test_") and "ordinary" not in name]
    assert f"{len(others)} passed, 1 deselected" in done.stdout
