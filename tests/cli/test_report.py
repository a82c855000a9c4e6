"""``psgpipe report``: pages of what is finished; nothing is staged and verify stays clean."""

import json
import shutil
import webbrowser

import pytest

from psgpipe.cli.app import exit_code
from psgpipe.results.manifest import read_manifest
from psgpipe.study import blinding
from psgpipe.study.blind_check import telling_files
from tests import cheap_nights
from tests.reports.finished_studies import ListedNight, failure, finished_study, two_by_two
from tests.reports.test_study_page import Reader
from tests.studies import make_study


@pytest.fixture
def out(tmp_path):
    return finished_study(tmp_path / "out", two_by_two(2))


def report(out, *options):
    return exit_code(["report", str(out), *options])


def test_every_finished_night_gets_a_page_and_the_study_links_to_it(out, capsys):
    assert report(out) == 0
    assert "8 pages of nights written, without spectrogram." in capsys.readouterr().out
    links = Reader((out / "report.html").read_text(encoding="utf-8")).links
    assert links.count("nights/S1/base1/report.html") == 2
    page = (out / "nights/S1/base1/report.html").read_text(encoding="utf-8")
    assert "No spectrogram" in page


def test_verify_knows_the_new_pages(out, capsys):
    assert report(out) == 0
    assert exit_code(["verify", str(out)]) == 0
    assert "0 nights damaged" in capsys.readouterr().out
    page = out / "nights/S1/base1/report.html"
    page.write_bytes(page.read_bytes() + b" ")
    assert exit_code(["verify", str(out)]) == 7


def test_the_other_files_and_what_the_manifest_says_of_them_stay(out):
    folder = out / "nights/S1/base1"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    manifest = read_manifest(folder)
    assert report(out) == 0
    after = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert set(after) - set(before) == {"report.html"}
    assert [name for name in before if before[name] != after[name]] == ["manifest.json"]
    again = read_manifest(folder)
    assert again.outputs[: len(manifest.outputs)] == manifest.outputs
    changed = {"outputs", "manifest_sha256"}
    left = {k: v for k, v in manifest.document.items() if k not in changed}
    assert {k: v for k, v in again.document.items() if k not in changed} == left


def test_a_second_report_changes_nothing(out, capsys):
    assert report(out) == 0
    first = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    capsys.readouterr()
    assert report(out, "--json") == 0
    assert json.loads(capsys.readouterr().out) == {
        "study": str(out / "report.html"), "comparison": None,
        "nights": {"there": 8, "written": 0, "unreadable": 0},
    }  # fmt: skip
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == first


def test_a_damaged_night_gets_no_page(out, capsys):
    (out / "nights/S1/base1/hypnogram.tsv").write_text("stage\n", encoding="utf-8")
    assert report(out) == 0
    assert "1 night has damaged files and no new page" in capsys.readouterr().out
    assert not (out / "nights/S1/base1/report.html").exists()
    assert read_manifest(out / "nights/S1/base1").output("report.html") is None


def test_a_manifest_that_was_changed_is_not_signed_again(out, capsys):
    path = out / "nights/S1/base1/manifest.json"
    path.write_text(path.read_text(encoding="utf-8").replace("clf", "elf"), encoding="utf-8")
    before = path.read_bytes()
    assert report(out) == 0
    assert "1 night has damaged files" in capsys.readouterr().out
    assert path.read_bytes() == before
    assert exit_code(["verify", str(out)]) == 7


def test_a_page_that_was_lost_is_said(out, capsys):
    assert report(out) == 0
    (out / "nights/S1/base1/report.html").unlink()
    capsys.readouterr()
    assert report(out) == 0
    assert "1 night has damaged files" in capsys.readouterr().out


def test_the_comparison_gets_its_page_from_its_file(out, capsys):
    assert exit_code(["gather", str(out), "-q"]) == 0
    assert exit_code(["compare", str(out), "-q"]) == 0
    page = out / "comparison/report.html"
    with_nights_without_pages = page.read_bytes()
    page.unlink()
    assert report(out) == 0
    assert "The page of the comparison" in capsys.readouterr().out
    links = Reader(page.read_text(encoding="utf-8")).links
    assert "../nights/S1/base1/report.html" in links
    assert page.read_bytes() != with_nights_without_pages
    study = Reader((out / "report.html").read_text(encoding="utf-8"))
    assert "comparison/report.html" in study.links


def test_without_a_comparison_the_command_says_how_to_make_one(out, capsys):
    assert report(out) == 0
    assert "psgpipe compare makes one" in capsys.readouterr().out
    (out / "comparison").mkdir()
    (out / "comparison/comparison.json").write_text("{}", encoding="utf-8")
    assert report(out) == 0
    assert "Run psgpipe compare again" in capsys.readouterr().out


def test_no_page_of_a_blinded_study_shows_a_condition(tmp_path, capsys):
    nights = [ListedNight(n.subject, f"n{i}", n.condition) for i, n in enumerate(two_by_two(1))]
    out = finished_study(tmp_path, nights, blind=True)
    blinding.seal(out, {(n.subject, n.night): {"condition": n.condition} for n in nights})
    assert report(out) == 0
    assert "the study is blinded" in capsys.readouterr().out
    assert exit_code(["verify", str(out), "-q"]) == 0
    for page in out.rglob("*.html"):
        content = page.read_text(encoding="utf-8").casefold()
        assert "treatment" not in content, page
        assert "baseline" not in content, page


def test_a_folder_without_results_is_refused(tmp_path, capsys):
    assert report(tmp_path) == 2
    assert "wanted a folder of results" in capsys.readouterr().err


def test_a_study_of_failures_alone_has_a_page(tmp_path):
    out = finished_study(tmp_path, [ListedNight("S1", "n1", failure=failure("a flat line"))])
    assert report(out) == 0
    assert "a flat line" in (out / "report.html").read_text(encoding="utf-8")


def test_a_single_night_without_a_study_has_a_page(out, tmp_path):
    alone = tmp_path / "alone"
    shutil.copytree(out / "nights/S1/base1", alone / "nights/S1/base1")
    assert report(alone) == 0
    assert "Study: 1 subject, 1 night" in (alone / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("started", [True, False])
def test_the_page_is_opened_where_that_is_asked(out, capsys, monkeypatch, started):
    opened = []
    monkeypatch.setattr(webbrowser, "open", lambda uri: opened.append(uri) or started)
    assert report(out) == 0
    assert opened == []
    assert report(out, "--open") == 0
    assert opened == [(out / "report.html").resolve().as_uri()]
    assert ("no browser could be started" in capsys.readouterr().err) is not started


@pytest.mark.parametrize("word", ["before", "hidden", "small"])
def test_words_of_the_page_itself_do_not_break_the_blind(tmp_path, word):
    out = finished_study(tmp_path, [ListedNight("S1", "n1", None), ListedNight("S2", "n1", None)])
    blinding.seal(out, {("S1", "n1"): {"condition": word}})
    assert report(out) == 0
    assert word in (out / "report.html").read_text(encoding="utf-8")
    assert exit_code(["verify", str(out), "-q"]) == 0
    page = out / "report.html"
    page.write_text(page.read_text(encoding="utf-8") + f"<td>{word}</td>", encoding="utf-8")
    assert exit_code(["verify", str(out), "-q"]) == 7


@pytest.mark.parametrize("word", ["Verum", "treatment", "placebo"])
def test_another_word_breaks_the_blind_wherever_it_stands(tmp_path, word):
    (tmp_path / "report.html").write_text(f"<p>nights under {word} only</p>", encoding="utf-8")
    sealed = {("S1", "n1"): {"condition": word}}
    assert [path.name for path in telling_files(tmp_path, sealed)] == ["report.html"]


def test_a_batch_writes_the_page_of_the_study_and_a_shard_does_not(tmp_path, templates):
    study = make_study(tmp_path, ["n1", "n2"], templates)
    batch = ["batch", str(study.table), "-o", str(study.out), "-q", "-j1"]
    for shard in ("1/2", "2/2"):
        assert cheap_nights.main([*batch, "--shard", shard]) == 0
        assert not (study.out / "report.html").exists()
    assert exit_code(["gather", str(study.out), "-q"]) == 0
    page = (study.out / "report.html").read_bytes()
    (study.out / "report.html").unlink()
    assert cheap_nights.main([*batch, "--no-figures"]) == 0
    assert not (study.out / "report.html").exists()
    assert cheap_nights.main(batch) == 0
    assert (study.out / "report.html").read_bytes() == page
    links = Reader(page.decode("utf-8")).links
    assert "nights/S1/n1/report.html" in links
