"""Worker pool: if a worker fails, only its own task fails."""

import os
import signal
import subprocess
import sys
import time

import pytest

from psgpipe.batch.stop_signals import StopRequest
from psgpipe.batch.worker_pool import TaskNote, TaskResult, TaskStart, run_tasks
from psgpipe.errors import NoData, TryAgain
from tests.batch import worker_tasks

posix = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def results(tasks, function=worker_tasks.act, **options):
    """The results as they come."""
    events = run_tasks(tasks, function, **{"jobs": 1, **options})
    return [event for event in events if isinstance(event, TaskResult)]


def ends(tasks, **options):
    """The outcome of each task."""
    return {result.task: result for result in results(tasks, **options)}


def next_result(events):
    return next(event for event in events if isinstance(event, TaskResult))


def alive(pid):
    """Whether a process exists and is not a zombie."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:  # noqa: PTH123
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone_within(seconds, pids):
    deadline = time.monotonic() + seconds
    while any(map(alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not any(map(alive, pids))


def test_every_task_ends_once():
    tasks = [("say", i) for i in range(20)]
    found = results(tasks, jobs=3)
    assert sorted(end.value for end in found) == list(range(20))
    assert {end.outcome for end in found} == {"done"}


def test_a_worker_stages_many_nights():
    found = results([("pid", i) for i in range(6)], lambda_pid)
    assert len({end.value for end in found}) == 1


def lambda_pid(task, note):
    return os.getpid()


def test_tasks_are_taken_only_when_a_worker_is_free():
    taken = []

    def tasks():
        for i in range(6):
            taken.append(i)
            yield ("say", i)

    events = run_tasks(tasks(), worker_tasks.act, jobs=2)
    next_result(events)
    assert len(taken) <= 4
    events.close()


@posix
def test_a_crash_costs_its_own_night():
    found = ends([("say", 1), "segfault", ("say", 2), "kill_myself", "leave", ("say", 3)])
    assert [found["say", i].value for i in (1, 2, 3)] == [1, 2, 3]
    crash = found["segfault"]
    assert (crash.outcome, crash.value, crash.noted) == (
        "died", -signal.SIGSEGV, "the recording's hash",
    )  # fmt: skip
    assert (found["kill_myself"].outcome, found["kill_myself"].value) == ("died", -signal.SIGKILL)
    assert (found["leave"].outcome, found["leave"].value) == ("died", 3)


@posix
def test_a_dead_worker_whose_child_holds_its_pipe_is_noticed():
    began = time.monotonic()
    assert ends(["leave_a_grandchild"])["leave_a_grandchild"].value == 4
    assert time.monotonic() - began < 4


def test_a_hung_worker_is_killed_at_its_time_limit():
    began = time.monotonic()
    found = ends([("sleep", 600), ("say", 1)], limit_s=1.0)
    assert found["sleep", 600].outcome == "timed out"
    assert found["say", 1].value == 1
    assert time.monotonic() - began < 15


@posix
@pytest.mark.parametrize("deed", ["stop_dead", "hold_the_interpreter"])
def test_a_worker_that_cannot_answer_is_killed_too(deed):
    assert ends([deed], limit_s=1.0)[deed].outcome == "timed out"


def test_an_explained_failure_arrives_as_it_is():
    error = ends(["refuse"])["refuse"].value
    assert isinstance(error, NoData)
    assert (error.problem, error.remedy) == ("night.edf: no data", "Copy the file again.")


def test_a_bug_tells_its_place_and_not_its_text():
    end = ends(["be_a_bug", ("say", 1)])["be_a_bug"]
    assert end.outcome == "raised"
    assert end.value["type"] == "ZeroDivisionError"
    assert end.value["where"][-1].startswith("worker_tasks.py:")
    assert "Zebrowski" not in repr(end.value)


@posix
@pytest.mark.parametrize("deed", ["want_too_much", "fill_the_memory"])
def test_a_night_that_needs_too_much_memory(deed):
    found = ends([deed, ("say", 1)])
    assert found[deed].outcome == "no memory"
    assert found["say", 1].value == 1


def test_a_worker_has_one_thread_and_the_parent_keeps_its_own(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    assert ends(["threads"])["threads"].value == {
        "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
    }  # fmt: skip
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "OPENBLAS_NUM_THREADS" not in os.environ


@posix
def test_signals_for_everybody_are_left_to_the_parent():
    assert ends(["ignored_signals"])["ignored_signals"].value == [True] * 4


def test_stopping_now_drops_what_is_in_hand():
    stop = StopRequest()
    began = time.monotonic()
    events = []
    for event in run_tasks([("sleep", 600), ("sleep", 601)], worker_tasks.act, jobs=2, stop=stop):
        events.append(event)
        if time.monotonic() - began > 1:
            stop.signals.append("SIGTERM")
    started = [event for event in events if event is not None]
    assert started == [TaskStart(("sleep", 600)), TaskStart(("sleep", 601))]
    assert time.monotonic() - began < 8


def stopped_by_the_wall_time(tasks, **options):
    """The results with a signal at the start of the first task."""
    stop, found = StopRequest(), []
    for event in run_tasks(tasks, worker_tasks.act, jobs=1, stop=stop, **options):
        if isinstance(event, TaskStart):
            stop.signals.append("SIGUSR1")
        elif isinstance(event, TaskResult):
            found.append(event)
    return found


def test_a_fact_about_a_task_is_passed_on_before_its_result():
    events = [e for e in run_tasks([("segfault",)], worker_tasks.act, jobs=1) if e is not None]
    assert events[1] == TaskNote(("segfault",), "the recording's hash")
    assert [type(e) for e in events] == [TaskStart, TaskNote, TaskResult]


def test_stopping_when_done_finishes_what_is_in_hand_and_begins_nothing():
    found = stopped_by_the_wall_time([("sleep", 1.5), ("say", 1)])
    assert [end.value for end in found] == ["slept"]


def test_patience_with_what_is_in_hand_has_an_end():
    assert stopped_by_the_wall_time([("sleep", 600)], grace_s=1.0) == []


def test_workers_that_cannot_start_are_not_started_for_ever():
    with pytest.raises(TryAgain, match="worker processes end before they begin"):
        list(run_tasks(["say"], Unlucky(), jobs=1))


class Unlucky:
    """Picklable, and never unpickled."""

    def __reduce__(self):
        return (os._exit, (5,))

    def __call__(self, task, note):
        raise AssertionError("never reached")


@linux
def test_no_worker_outlives_the_pool():
    events = run_tasks([("pid", 1), ("sleep", 600)], lambda_pid_or_sleep, jobs=1)
    pid = next_result(events).value
    assert alive(pid)
    events.close()
    assert gone_within(1, [pid])


def lambda_pid_or_sleep(task, note):
    return os.getpid() if task[0] == "pid" else time.sleep(task[1])


PARENT = """
import sys
from psgpipe.batch.worker_pool import TaskResult, run_tasks
from tests.batch import worker_tasks
if __name__ == "__main__":
    for end in run_tasks([("pid",), ("pid",), (sys.argv[1], *map(float, sys.argv[2:]))],
                         worker_tasks.act, jobs=1):
        if isinstance(end, TaskResult):
            print(end.value, flush=True)
"""


@linux
@pytest.mark.parametrize("deed", [["sleep", "600"], ["hold_the_interpreter"]])
def test_workers_die_with_their_parent(tmp_path, deed):
    program = tmp_path / "parent.py"
    program.write_text(PARENT, encoding="utf-8")
    here = os.pathsep.join([os.getcwd(), *sys.path])  # noqa: PTH109
    parent = subprocess.Popen(
        [sys.executable, str(program), *deed],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": here},
    )
    worker = int(parent.stdout.readline())
    assert int(parent.stdout.readline()) == worker
    time.sleep(0.3)
    assert alive(worker)
    parent.kill()
    parent.communicate()
    assert gone_within(3, [worker])


@posix
def test_more_workers_than_the_machine_admits_are_said_and_leave_nothing_behind():
    import resource

    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (24, before[1]))
    try:
        with pytest.raises(TryAgain, match="no worker process can be started"):
            list(run_tasks([("sleep", 60)] * 50, worker_tasks.act, jobs=50))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
