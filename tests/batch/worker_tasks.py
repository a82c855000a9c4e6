"""Tasks for the tests of the worker pool, in their own module because workers import it."""

import os
import signal
import subprocess
import sys
import time

from psgpipe.errors import NoData


def act(task, note):
    """Carry out `task`: a word, or a word and a value."""
    deed, *rest = task if isinstance(task, tuple) else (task,)
    return DEEDS[deed](note, *rest)


def sleep(note, seconds):
    time.sleep(seconds)
    return "slept"


def environment(note, name):
    return os.environ.get(name, "")


def segfault(note):
    import ctypes

    note("the recording's hash")
    ctypes.string_at(0)


def kill_myself(note):
    os.kill(os.getpid(), signal.SIGKILL)


def leave(note):
    os._exit(3)


def refuse(note):
    raise NoData("night.edf: no data", "Copy the file again.")


def be_a_bug(note):
    raise ZeroDivisionError("Ana Zebrowski rang the bell")


def want_too_much(note):
    raise MemoryError


def fill_the_memory(note):
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
    return len(bytearray(1 << 31))


def stop_dead(note):
    os.kill(os.getpid(), signal.SIGSTOP)


def hold_the_interpreter(note):
    """A computation that never releases the interpreter lock."""
    sys.setswitchinterval(1e9)
    while True:
        pass


def say(note, word):
    print("a library that prints", flush=True)
    return word


def pid(note):
    return os.getpid()


def threads(note):
    return {name: os.environ.get(name) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}


def ignored_signals(note):
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)
    return [signal.getsignal(number) == signal.SIG_IGN for number in numbers] + [
        not (set(numbers) & signal.pthread_sigmask(signal.SIG_BLOCK, set()))
    ]


def leave_a_grandchild(note):
    """Die and leave a child process that keeps the inherited files open."""
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(5)"], close_fds=False)
    os._exit(4)


DEEDS = {
    function.__name__: function
    for function in (
        sleep, environment, segfault, kill_myself, leave, refuse, be_a_bug, want_too_much,
        fill_the_memory, stop_dead, hold_the_interpreter, say, pid, threads, ignored_signals,
        leave_a_grandchild,
    )
}  # fmt: skip
