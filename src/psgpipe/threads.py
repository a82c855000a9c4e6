"""One thread for numerical libraries: more cost CPU time and save none on the arrays of a night."""

from __future__ import annotations

from collections.abc import MutableMapping

THREAD_VARIABLES = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS",
    "NUMBA_NUM_THREADS", "VECLIB_MAXIMUM_THREADS",
)  # fmt: skip
"""Each is 1 in a worker: workers share the cores, and sums over threads may round differently."""


def use_one_thread(environment: MutableMapping[str, str]) -> None:
    """Set one thread where the user has set nothing; libraries read this when they are imported."""
    for name in THREAD_VARIABLES:
        environment.setdefault(name, "1")
