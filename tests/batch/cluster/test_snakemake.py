"""The Snakefile: a shard with a night that fails loses none of its finished nights.

Snakemake is no dependency of psgpipe. The tests use the one on PATH, or the one that
``PSGPIPE_SNAKEMAKE`` names, and are skipped elsewhere.
"""

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.shared_files import CHECKOUT
from tests.studies import PROGRAM, assert_old_or_new, make_study, tree

FOLDER = CHECKOUT / "pipelines" / "snakemake"


def test_no_output_of_a_job_is_a_folder_of_nights():
    """Snakemake deletes the outputs of a job that failed."""
    text = (FOLDER / "Snakefile").read_text(encoding="utf-8")
    code = re.sub(r"#.*", "", text)
    assert "directory(" not in code
    outputs = re.findall(r"output:\n\s+(.*)", code)
    assert len(outputs) == 3
    assert all(output.startswith("touch(") for output in outputs)


def snakemake(study, *options):
    program = os.environ.get("PSGPIPE_SNAKEMAKE") or shutil.which("snakemake")
    if not program:
        pytest.skip("Snakemake is not here")
    config = [f"study={study.table}", f"out={study.out}", "shards=3", "options=--no-figures"]
    return subprocess.run(
        [
            program, "-s", str(FOLDER / "Snakefile"), "--profile", str(FOLDER / "profiles/local"),
            "--cores", "2", "--config", *config, f"psgpipe={shlex.join(PROGRAM)}", *options,
        ],
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), "HOME": str(study.folder),
             "PATH": f"{Path(program).parent}:{os.environ['PATH']}"},
        cwd=study.folder, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip


def results(out):
    return tree(out, besides=lambda name: name.startswith((".snakemake", ".study-rows")))


@pytest.mark.slow
def test_shards_by_snakemake_equal_a_local_run(study, tmp_path, templates):
    nights = ["n1", "n1", "segfault", "n1", "refused", "n1"]
    six = make_study(tmp_path / "Ann's näme", nights, templates)
    done = snakemake(six)
    assert done.returncode == 0, done.stderr[-2000:]
    assert_old_or_new(six.out)
    alone = make_study(tmp_path / "alone", nights, templates)
    assert alone.run() == 8
    found, wanted = results(six.out), results(alone.out)
    names = {*found, *wanted}
    assert [name for name in names if found.get(name) != wanted.get(name)] == []
    # What was done is not done again.
    assert "Nothing to be done" in snakemake(six).stderr
