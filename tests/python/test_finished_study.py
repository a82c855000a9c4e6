"""A finished study is read back from Python: nights, tables, pictures, comparison."""

import csv
import html
import subprocess
import sys

import pytest

import psgpipe
from psgpipe.comparison.output_files import write_comparison
from psgpipe.errors import NightsIncomplete, NightTaken, UsageError
from psgpipe.model.conversions.rows import Rows
from psgpipe.results.verify import verify
from tests.edf_files import Signal, write_edf
from tests.recordings import write_night
from tests.shared_files import CHECKOUT

SAMPLE = CHECKOUT / "data" / "sample"
SHORT = 200
"""The most characters of a repr."""


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study") / "out"
    psgpipe.batch(SAMPLE / "study.tsv", folder, jobs=1)
    return folder


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    path = write_night(tmp_path_factory.mktemp("night") / "sub-S1_ses-n1.edf")
    return psgpipe.run_night(path, condition="drug<b>one")


def test_a_batch_from_python_gives_the_study_that_open_reads(out):
    study = psgpipe.open(out)
    assert study.summary == {"done": 4}
    assert [(n.subject, n.night) for n in study.nights][:2] == [("S01", "base1"), ("S01", "treat1")]
    assert study.manifest["study"] == "study.tsv"
    assert study.comparison is None


def test_the_frame_of_nights_is_the_table_of_nights(out):
    frame = psgpipe.open(out).nights.to_frame()
    with (out / "nights.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert list(frame.columns) == list(rows[0])
    for row, (_, values) in zip(rows, frame.iterrows(), strict=True):
        assert row["subject"] == values["subject"]
        assert float(row["tst_min"]) == values["tst_min"]
    assert frame["rem_latency_min"].dtype.kind == "f"


def test_a_finished_night_has_the_stages_of_its_files(out):
    finished = psgpipe.open(out).night("S01", "base1")
    with (finished.folder / "hypnogram.tsv").open(encoding="utf-8", newline="") as file:
        stages = [row["stage"] for row in csv.DictReader(file, delimiter="\t")]
    frame = finished.hypnogram.to_frame()
    assert list(frame["stage"]) == stages
    assert str(frame["clock"][2]) == "2024-03-04 22:56:29"
    assert finished.summary.tst_min == 17.5
    assert finished.manifest.recording.name == "sub-S01_ses-base1.edf"
    assert finished.plot().svg.encode() == (finished.folder / "hypnogram.svg").read_bytes()
    assert list(psgpipe.open(out).hypnograms["S01", "base1"].stages) == stages


def test_a_misspelt_night_is_named_with_the_likely_one(out):
    with pytest.raises(UsageError, match="did you mean 'S01 base1'"):
        psgpipe.open(out).night("S01", "bas1")
    with pytest.raises(UsageError, match="found neither"):
        psgpipe.open(out.parent)


def test_a_failed_night_says_why_it_has_no_stages(tmp_path):
    (tmp_path / "recordings").mkdir()
    write_night(tmp_path / "recordings" / "sub-1_ses-1.edf", labels=("Flow",))
    study = psgpipe.batch(tmp_path / "recordings", tmp_path / "out", jobs=1, figures=False)
    assert study.summary == {"failed": 1}
    assert "built" in study.nights[0].reason
    with pytest.raises(NightsIncomplete, match="C4-M1"):
        _ = study.nights[0].hypnogram


def test_a_comparison_becomes_a_table_and_the_pictures_of_its_files(out):
    comparison = psgpipe.compare(out)
    write_comparison(comparison, out, pages=True)
    frame = comparison.contrasts.to_frame()
    assert list(frame["endpoint"]) == [c.endpoint for c in comparison.contrasts]
    assert list(comparison.to_frame()["verdict"]) == [c.verdict for c in comparison.contrasts]
    folder = out / "comparison"
    assert comparison.plot().svg.encode() == (folder / "estimation.svg").read_bytes()
    assert comparison.plot("forest").svg.encode() == (folder / "forest.svg").read_bytes()
    again = psgpipe.open(out).comparison
    assert again.to_frame().equals(frame)
    assert again.plot().svg == comparison.plot().svg
    with pytest.raises(UsageError, match="did you mean 'rem_pct'"):
        comparison.plot("rem_pc")


def test_every_value_shows_itself_in_few_words(out, night):
    study, comparison = psgpipe.open(out), psgpipe.compare(out)
    path = SAMPLE / "recordings" / "sub-S01_ses-base1.edf"
    values = [
        night, night.hypnogram, night.hypnodensity, night.summary, night.quality, study,
        study.nights, study.nights[0], study.hypnograms, comparison, comparison.contrasts,
        psgpipe.read_header(path), psgpipe.read_recording(path), psgpipe.check(path), night.plot(),
    ]  # fmt: skip
    assert {type(v).__name__: len(repr(v)) for v in values if len(repr(v)) > SHORT} == {}


def test_what_a_notebook_shows_is_escaped(out, night):
    shown = night._repr_html_()
    assert html.escape("drug<b>one") in shown
    assert "<b>" not in shown
    assert shown.count("<svg") == 1
    study = psgpipe.open(out)
    values = (
        study, study.nights[0], psgpipe.compare(out), night.hypnogram, night.summary, night.quality
    )  # fmt: skip
    assert [v._repr_html_().count("<table>") >= 1 for v in values] == [True] * len(values)


def test_a_picture_is_saved_as_svg_and_as_png(tmp_path, night):
    picture = night.plot()
    assert picture._repr_svg_() == picture.save(tmp_path / "night.svg").read_text(encoding="utf-8")
    assert picture.save(tmp_path / "night.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(UsageError, match=r"\.svg or \.png was wanted"):
        picture.save(tmp_path / "night.pdf")


def test_a_night_from_python_is_written_as_run_writes_it(tmp_path):
    path = write_night(tmp_path / "sub-S1_ses-n1.edf")
    staged = psgpipe.run_night(path)
    folder = psgpipe.write_night(staged, tmp_path / "python")
    psgpipe.batch(tmp_path, tmp_path / "batch", jobs=1)
    of_batch = tmp_path / "batch" / "nights" / "S1" / "n1"
    names = sorted(p.name for p in folder.iterdir())
    assert names == sorted(p.name for p in of_batch.iterdir())
    differ = [n for n in names if (folder / n).read_bytes() != (of_batch / n).read_bytes()]
    assert differ == ["manifest.json"]
    assert [check.damage for check in verify(tmp_path / "python")] == [()]
    sha256 = psgpipe.open(tmp_path / "python").nights[0].manifest.recording.sha256
    assert sha256 == psgpipe.open(tmp_path / "batch").nights[0].manifest.recording.sha256


def test_another_result_of_a_night_is_not_overwritten_by_chance(tmp_path):
    path = write_night(tmp_path / "n1.edf")
    first, second = psgpipe.run_night(path), psgpipe.run_night(path, lights_off="+120")
    folder = psgpipe.write_night(first, tmp_path, figures=False)
    assert psgpipe.write_night(first, tmp_path) == folder
    with pytest.raises(NightTaken):
        psgpipe.write_night(second, tmp_path, figures=False)
    psgpipe.write_night(second, tmp_path, figures=False, force=True)
    assert psgpipe.open(tmp_path).nights[0].lights.off_s == 120
    with pytest.raises(UsageError, match="found str"):
        psgpipe.write_night("night", tmp_path)


def test_a_check_from_python_is_that_of_the_command():
    found = psgpipe.check(SAMPLE / "recordings" / "sub-S01_ses-base1.edf")
    assert found.can_be_staged
    assert found["state"] == "ok"
    assert psgpipe.check("nowhere.edf")["error"]["kind"] == "UnsafeFile"


def test_importing_psgpipe_imports_nothing_heavy():
    code = (
        "import sys, psgpipe; dir(psgpipe); heavy = {'numpy', 'mne', 'pandas', 'yasa', 'scipy'}; "
        "sys.exit(bool(heavy & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_study_is_read_without_pandas_until_a_frame_is_wanted(out):
    code = (
        "import sys, psgpipe; study = psgpipe.open(sys.argv[1]); "
        "study.night('S01', 'base1').summary; repr(study.nights); "
        "sys.exit(bool({'pandas', 'mne', 'yasa'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code, str(out)], check=False).returncode == 0


def test_every_name_of_the_package_exists_and_has_a_text():
    for name in dir(psgpipe):
        assert getattr(psgpipe, name).__doc__, name
    assert callable(psgpipe.batch)


def test_values_with_one_thing_are_shown_in_the_singular(tmp_path):
    path = write_edf(tmp_path / "one.edf", [Signal()], 60)

    assert ", 1 channel, " in repr(psgpipe.read_header(path))
    assert ", 1 channel, " in repr(psgpipe.check(path))
    assert repr(Rows([None])) == "<1 row; to_frame() gives a table>"
    assert repr(Rows([None, None])) == "<2 rows; to_frame() gives a table>"
