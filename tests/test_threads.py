"""Commands use one thread, unless the user wants more."""

import os
import subprocess
import sys

from psgpipe.threads import THREAD_VARIABLES, use_one_thread

PRINT_THREADS = (
    "import os, sys; sys.argv = ['psgpipe', '--version']\n"
    "from psgpipe.__main__ import main\n"
    "try: main()\n"
    "except SystemExit: pass\n"
    "print(os.environ['OPENBLAS_NUM_THREADS'])"
)


def threads_of_a_command(**environment):
    inherited = {name: text for name, text in os.environ.items() if name not in THREAD_VARIABLES}
    run = subprocess.run(
        [sys.executable, "-c", PRINT_THREADS],
        env=inherited | environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return run.stdout.splitlines()[-1]


def test_a_command_uses_one_thread():
    assert threads_of_a_command() == "1"


def test_a_number_of_threads_that_the_user_set_is_kept():
    assert threads_of_a_command(OPENBLAS_NUM_THREADS="3") == "3"


def test_every_numerical_library_is_told():
    environment = {"OMP_NUM_THREADS": "4"}
    use_one_thread(environment)
    assert environment == dict.fromkeys(THREAD_VARIABLES, "1") | {"OMP_NUM_THREADS": "4"}
