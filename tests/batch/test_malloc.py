"""A process that stages reuses the memory of its freed arrays."""

import subprocess
import sys

import pytest

ROUNDS = """
import resource, sys
import numpy as np
from psgpipe.batch.malloc import keep_freed_memory
keep_freed_memory()
def three_large_arrays():
    arrays = [np.ones(30 * 2**20 // 8) for _ in range(3)]
three_large_arrays()
three_large_arrays()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    three_large_arrays()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="tuned for glibc alone")
def test_large_arrays_again_and_again_ask_the_system_for_no_new_pages():
    environment = {"PATH": "", "PYTHONPATH": ":".join(sys.path), "NUMPY_MADVISE_HUGEPAGE": "0"}
    command = [sys.executable, "-c", ROUNDS]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert int(done.stdout) < 1000  # of 115,000 pages written to
