"""What ``help``, ``dir`` and ``repr`` show to a Python user, and what ``import psgpipe`` costs."""

import dataclasses
import inspect
import pydoc
import re
import subprocess
import sys
import time

import numpy as np
import pytest

import psgpipe
from psgpipe.model.night import ExpertStages
from tests.shared_files import CHECKOUT

SAMPLE = CHECKOUT / "data" / "sample"
PAGE = (CHECKOUT / "docs" / "reference" / "python.md").read_text(encoding="utf-8")
LONGEST_REPR = 400
LONGEST_IMPORT_S = 0.05
FUNCTIONS = [
    name for name in dir(psgpipe)
    if name == "batch" or inspect.isfunction(getattr(psgpipe, name))
]  # fmt: skip


def test_every_name_is_on_the_page_for_python_users():
    assert psgpipe.__all__ == sorted(psgpipe.__all__)
    assert set(dir(psgpipe)) == {*psgpipe.__all__, "__version__", "open"}
    for name in dir(psgpipe):
        assert re.search(rf"[`.]{name}\b", PAGE), name


def test_every_function_explains_every_argument():
    assert len(FUNCTIONS) > 10
    for name in FUNCTIONS:
        function = getattr(psgpipe, name)
        text = inspect.getdoc(function)
        for argument in inspect.signature(function).parameters:
            assert re.search(rf"^([a-z_]+, )*{argument}(, [a-z_]+)*$", text, re.M), (name, argument)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_help_begins_with_what_the_function_does(name):
    function = getattr(psgpipe, name)
    first = inspect.getdoc(function).splitlines()[0]
    shown = pydoc.plain(pydoc.render_doc(function))
    assert first in shown
    assert f"{name}(" in shown
    assert "Parameters" in shown


def values_of_a_night_and_a_study(out):
    night = psgpipe.run_night(SAMPLE / "recordings" / "sub-S01_ses-base1.edf")
    study = psgpipe.batch(SAMPLE / "study.tsv", out, jobs=1, figures=False)
    comparison = psgpipe.compare(out)
    counts = psgpipe.ActivityCounts(night.hypnogram.start, 30.0, np.arange(2000.0))
    score = psgpipe.score_actigraphy(counts, "oakley", any_maker=True)
    expert = ExpertStages(night.hypnogram, night.summary, 40, 0.8, 0.7)
    values = [night, study, comparison, counts, score, expert, study.nights[0].manifest]
    for value in (night, comparison, comparison.contrasts[0], night.microstructure, counts, score):
        values += [getattr(value, field.name) for field in dataclasses.fields(value)]
    return [v for v in values if type(v).__module__.startswith("psgpipe")]


def test_no_value_shows_more_than_a_few_lines(tmp_path):
    values = values_of_a_night_and_a_study(tmp_path / "out")
    lengths = {type(value).__name__: len(repr(value)) for value in values}
    assert len(lengths) > 12
    assert {name: n for name, n in lengths.items() if n > LONGEST_REPR} == {}


def test_a_record_shows_the_fields_that_are_known():
    assert repr(psgpipe.Night("S1", "n2", sex="F")) == "Night(subject='S1', night='n2', sex='F')"
    assert len(repr(psgpipe.Night("S" * 1000, "n2"))) < LONGEST_REPR


def test_import_is_fast():
    def seconds(code):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        return time.perf_counter() - began

    bare = min(seconds("pass") for _ in range(5))
    assert min(seconds("import psgpipe") for _ in range(5)) - bare < LONGEST_IMPORT_S
