"""Number of workers: from the scheduler, limited by memory."""

import pytest

from psgpipe.batch import resources
from psgpipe.batch.resources import choose_jobs, memory_limit
from psgpipe.errors import UsageError

WORKER_BYTES = 2**30


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """A machine of 16 cores and memory for 100 workers; gives the root of its /proc and /sys."""
    monkeypatch.setattr(resources, "_cores", lambda: 16)
    monkeypatch.setattr(resources, "_machine_memory", lambda: 100 * WORKER_BYTES)
    return tmp_path


def write(root, path, text):
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text + "\n", encoding="ascii")


@pytest.mark.parametrize(
    ("environment", "count"),
    [
        ({}, 16),
        ({"SLURM_CPUS_PER_TASK": "4", "NSLOTS": "8"}, 4),
        ({"NSLOTS": "8", "PBS_NCPUS": "2"}, 8),
        ({"PBS_NCPUS": "2", "NCPUS": "3"}, 2),
        ({"NCPUS": "3", "SLURM_CPUS_ON_NODE": "12"}, 3),
        ({"SLURM_CPUS_ON_NODE": "12"}, 12),
        ({"SLURM_CPUS_PER_TASK": "", "SLURM_CPUS_ON_NODE": "2(x4)"}, 16),
        ({"NSLOTS": "0"}, 16),
    ],
)
def test_auto_takes_what_the_scheduler_gave(machine, environment, count):
    assert choose_jobs("auto", WORKER_BYTES, environment, machine).count == count


def test_a_number_is_obeyed(machine):
    chosen = choose_jobs("3", WORKER_BYTES, {"SLURM_CPUS_PER_TASK": "4"}, machine)
    assert (chosen.count, chosen.warning) == (3, None)


def test_more_workers_than_fit_are_obeyed_with_a_warning(machine):
    assert "fewer --jobs are safer" in choose_jobs("200", WORKER_BYTES, {}, machine).warning


@pytest.mark.parametrize("wanted", ["0", "-1", "two", "", "1.5", "²"])
def test_what_is_no_number_of_workers(wanted, machine):
    with pytest.raises(UsageError):
        choose_jobs(wanted, WORKER_BYTES, {}, machine)


def test_memory_of_a_control_group_of_version_2(machine):
    write(machine, "proc/self/cgroup", "0::/slurm/job1/task0")
    write(machine, "sys/fs/cgroup/slurm/job1/task0/memory.max", "max")
    write(machine, "sys/fs/cgroup/slurm/job1/memory.max", str(3 * WORKER_BYTES + 5))
    chosen = choose_jobs("auto", WORKER_BYTES, {"SLURM_CPUS_PER_TASK": "8"}, machine)
    assert chosen.count == 3
    assert "of which memory admits 3" in chosen.source


def test_memory_of_a_control_group_of_version_1(machine):
    write(machine, "proc/self/cgroup", "4:memory:/docker/abc\n1:cpu,cpuacct:/docker/abc")
    write(machine, "sys/fs/cgroup/memory/memory.limit_in_bytes", str(2 * WORKER_BYTES))
    assert choose_jobs("auto", WORKER_BYTES, {}, machine).count == 2


def test_a_group_without_a_limit_has_what_the_machine_has(machine):
    write(machine, "proc/self/cgroup", "4:memory:/")
    write(machine, "sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712")
    assert memory_limit(machine) == 100 * WORKER_BYTES


def test_a_container_with_two_cores(machine):
    write(machine, "proc/self/cgroup", "0::/")
    write(machine, "sys/fs/cgroup/cpu.max", "150000 100000")
    assert choose_jobs("auto", WORKER_BYTES, {}, machine).count == 2


def test_there_is_always_one_worker(machine):
    write(machine, "proc/self/cgroup", "0::/")
    write(machine, "sys/fs/cgroup/memory.max", "1000")
    assert choose_jobs("auto", WORKER_BYTES, {}, machine).count == 1


@pytest.mark.parametrize(
    ("given", "count"),
    [
        ({"SLURM_MEM_PER_NODE": "3500"}, 3),
        ({"SLURM_MEM_PER_NODE": "0"}, 8),
        ({"SLURM_MEM_PER_CPU": "512", "SLURM_CPUS_ON_NODE": "8"}, 4),
        ({"SLURM_MEM_PER_CPU": "512"}, 4),
        ({"SLURM_MEM_PER_GPU": "2100", "SLURM_GPUS_ON_NODE": "2"}, 4),
        ({"SLURM_MEM_PER_GPU": "2100"}, 2),
        ({"SLURM_MEM_PER_NODE": "lots"}, 8),
        ({"SLURM_MEM_PER_NODE": "100"}, 1),
    ],
)
def test_no_more_workers_than_fit_into_the_memory_of_a_slurm_job(machine, given, count):
    environment = {"SLURM_CPUS_PER_TASK": "8", **given}
    assert choose_jobs("auto", WORKER_BYTES, environment, machine).count == count


def test_of_the_memory_of_job_and_control_group_the_smaller_one_counts(machine):
    write(machine, "proc/self/cgroup", "0::/")
    write(machine, "sys/fs/cgroup/memory.max", str(2 * WORKER_BYTES))
    environment = {"SLURM_CPUS_PER_TASK": "8", "SLURM_MEM_PER_NODE": "5000"}
    assert choose_jobs("auto", WORKER_BYTES, environment, machine).count == 2
