"""The notebook of the tutorial runs from top to bottom, and is stored without outputs."""

import os
import subprocess
import sys

import pytest

from tests.shared_files import CHECKOUT

nbformat = pytest.importorskip("nbformat", reason="nbclient is not installed")
pytest.importorskip("nbclient", reason="nbclient is not installed")
pytest.importorskip("ipykernel", reason="no Python kernel for notebooks is installed")

NOTEBOOK = CHECKOUT / "docs" / "tutorial" / "first-night.ipynb"


def notebook():
    return nbformat.read(NOTEBOOK, as_version=4)


def texts(cell):
    """What a cell shows as text."""
    data = [output.get("data", {}) for output in cell.outputs]
    streams = [output.get("text", "") for output in cell.outputs]
    return "\n".join([*streams, *(one.get("text/plain", "") for one in data)])


RUN = """
import sys
import nbclient, nbformat
from jupyter_client.manager import AsyncKernelManager

given, ran, folder = sys.argv[1:]
book = nbformat.read(given, as_version=4)
manager = AsyncKernelManager()
# The kernel is this Python, whatever kernels the computer has.
manager.kernel_spec.argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
resources = {"metadata": {"path": folder}}
nbclient.NotebookClient(book, km=manager, timeout=300, resources=resources).execute()
nbformat.write(book, ran)
"""


@pytest.mark.slow
def test_the_notebook_runs_with_the_sample_data(tmp_path):
    folders = {
        name: str(tmp_path / name)
        for name in ("JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    }
    ran_to = tmp_path / "ran.ipynb"
    run = subprocess.run(
        [sys.executable, "-c", RUN, str(NOTEBOOK), str(ran_to), str(CHECKOUT)],
        env={**os.environ, **folders, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    ran = nbformat.read(ran_to, as_version=4)
    cells = [cell for cell in ran.cells if cell.cell_type == "code"]
    by_start = {cell.source.splitlines()[0]: cell for cell in cells}
    assert "<check of sub-S01_ses-base1.edf: ok" in texts(by_start["psgpipe.check(recording)"])
    pictures = [o for c in cells for o in c.outputs if "image/svg+xml" in o.get("data", {})]
    assert len(pictures) == 2
    arrays = next(cell for cell in cells if "samples.signals_uv" in cell.source)
    assert texts(arrays).strip() == "True"
    frame = next(cell for cell in cells if "psgpipe.batch" in cell.source)
    assert texts(frame).count("done") == 4


def test_the_notebook_is_stored_without_outputs():
    cells = [cell for cell in notebook().cells if cell.cell_type == "code"]
    assert cells
    assert all(cell.outputs == [] and cell.execution_count is None for cell in cells)
