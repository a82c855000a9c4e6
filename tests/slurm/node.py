"""A real Slurm of one node for tests, on the loopback device, without systemd and without cgroups.

The daemons belong to the user who runs the tests, root or not.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

WANTED = ("slurmctld", "slurmd", "munged", "sbatch", "squeue", "scontrol", "scancel")
PLACES = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
ENDED_S = 60

CONFIGURATION = """\
ClusterName=psgpipe
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/run/munge.sock
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/run/slurmctld.pid
SlurmdPidFile={folder}/run/slurmd.pid
SlurmctldLogFile={folder}/log/slurmctld.log
SlurmdLogFile={folder}/log/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=0
MpiDefault=none
ReturnToService=2
MaxArraySize={largest_array}
KillWait=5
InactiveLimit=0
SlurmctldTimeout=30
SlurmdTimeout=30
SlurmdParameters=config_overrides
AccountingStorageType=accounting_storage/none
NodeName={host} NodeAddr=127.0.0.1 CPUs=3 RealMemory=16000 State=UNKNOWN
PartitionName=ci Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def require_slurm():
    """Skip the test where Slurm is not installed; fail where it must be, as in CI."""
    absent = [name for name in WANTED if shutil.which(name, path=PLACES) is None]
    if absent:
        refuse(f"Slurm is not here: {', '.join(absent)}")


def refuse(why):
    (pytest.fail if os.environ.get("PSGPIPE_REQUIRE_SLURM") == "1" else pytest.skip)(why)


class SlurmNode:
    """Controller and node in `folder`; `largest_array` is MaxArraySize."""

    def __init__(self, folder, largest_array):
        self.folder = Path(folder)
        for name in ("munge", "state", "spool", "log", "run"):
            (self.folder / name).mkdir(parents=True)
        self.host = socket.gethostname().split(".")[0]
        key = self.folder / "munge" / "key"
        key.touch(mode=0o600)
        key.write_bytes(os.urandom(1024))
        self.conf = self.folder / "slurm.conf"
        user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True)
        controller_port, node_port = free_ports(2)
        self.conf.write_text(
            CONFIGURATION.format(
                host=self.host, folder=self.folder, user=user.stdout.strip(),
                largest_array=largest_array, controller_port=controller_port, node_port=node_port,
            )
        )  # fmt: skip
        self.env = {**os.environ, "PATH": PLACES, "SLURM_CONF": str(self.conf)}

    def start(self):
        run = self.folder / "run"
        self.daemon(
            "munged", "--force", "--num-threads=2", f"--key-file={self.folder}/munge/key",
            f"--socket={run}/munge.sock", f"--pid-file={run}/munged.pid",
            f"--log-file={self.folder}/log/munged.log", f"--seed-file={self.folder}/munge/seed",
        )  # fmt: skip
        wait_for((run / "munge.sock").exists, "munged")
        self.start_controller()
        self.daemon("slurmd", "-N", self.host)
        self.wait_until_idle()

    def start_controller(self):
        self.daemon("slurmctld")

    def wait_until_idle(self):
        wait_for(lambda: self.ask("sinfo", "-h", "-o", "%T") in ("idle", "mixed"), "the node")

    def daemon(self, *command):
        """Start a daemon; it goes into the background by itself."""
        log = self.folder / "log" / f"{command[0]}.start"
        with log.open("ab") as file:
            subprocess.run(command, env=self.env, stdout=file, stderr=file, check=True, timeout=60)

    def pid(self, daemon):
        try:
            return int((self.folder / "run" / f"{daemon}.pid").read_text())
        except (OSError, ValueError):
            return None

    def kill_controller(self):
        """Like a power failure of the controller's machine."""
        pid = self.pid("slurmctld")
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not is_running(pid, "slurmctld"), "the end of the controller")

    def settle(self):
        """Wait for the jobs; cancel those that Slurm keeps waiting, as a person would at last.

        A controller that was killed may keep an element waiting for ever.
        """
        try:
            self.wait_until_ended(8)
        except AssertionError:
            self.end_jobs()

    def end_jobs(self):
        """Cancel what still waits or runs; a controller that was killed is started again."""
        controller = self.pid("slurmctld")
        if controller is None or not is_running(controller, "slurmctld"):
            self.start_controller()
        if self.jobs():
            self.ask("scancel", "--full", f"--user={os.getuid()}")
        self.wait_until_ended()

    def stop(self):
        if self.pid("slurmd"):
            self.end_jobs()
        for daemon in ("slurmd", "slurmctld", "munged"):
            pid = self.pid(daemon)
            if pid is None or not is_running(pid, daemon):
                continue
            os.kill(pid, signal.SIGTERM)
            deadline = time.monotonic() + 10
            while is_running(pid, daemon) and time.monotonic() < deadline:
                time.sleep(0.1)
            if is_running(pid, daemon):
                os.kill(pid, signal.SIGKILL)

    def ask(self, *command):
        """What a command of Slurm prints; nothing where it fails."""
        answer = subprocess.run(
            command, env=self.env, capture_output=True, text=True, check=False, timeout=60
        )
        return answer.stdout.strip() if answer.returncode == 0 else ""

    def jobs(self):
        """Id and state of each job and element that has not ended."""
        lines = self.ask("squeue", "-h", "-r", "-o", "%i %T").splitlines()
        return dict(line.split() for line in lines)

    def wait_until_ended(self, seconds=ENDED_S):
        """Wait until no job is left.

        A job that was put back starts now, not in two minutes. A node that Slurm has drained,
        because a job of the killed controller still ran there, is put to work again.
        """
        deadline, waiting_since = time.monotonic() + seconds, {}
        while time.monotonic() < deadline:
            jobs = self.jobs()
            if not jobs and self.ask("sinfo", "-h", "-o", "%T"):
                return
            if "drain" in self.ask("sinfo", "-h", "-o", "%T"):
                self.ask("scontrol", "update", f"nodename={self.host}", "state=resume")
            for job, state in jobs.items():
                since = waiting_since.setdefault((job, state), time.monotonic())
                # Slurm kills a job that starts again within the second in which it was put back.
                if state == "PENDING" and time.monotonic() - since > 3:
                    waiting_since[job, state] = time.monotonic() + 7
                    self.ask("scontrol", "update", f"jobid={job}", "StartTime=now")
            time.sleep(0.3)
        raise AssertionError(f"jobs do not end: {self.jobs()}")

    def processes(self, job):
        """Number and command of each process of a job that runs."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                environment = (folder / "environ").read_bytes().split(b"\0")
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if f"SLURM_ARRAY_JOB_ID={job}".encode() in environment and command:
                found[int(folder.name)] = command
        return found


def is_running(pid, name):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state not in "ZX" and Path(f"/proc/{pid}/comm").read_text().strip() == name
    except OSError:
        return False


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def wait_for(condition, what, seconds=30):
    deadline = time.monotonic() + seconds
    while not (met := condition()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert met, f"waited {seconds} s for {what}"
    return met
