"""No page of a study says what was true before the last command."""

import json
from dataclasses import replace

import pytest

from psgpipe.cli.app import exit_code
from psgpipe.simulation.other_sources import DIARY
from psgpipe.study import blinding
from tests.concordance.three_sources import concord, write_study
from tests.reports.finished_studies import A_NIGHT, finished_study, two_by_two
from tests.reports.test_study_page import Reader

OLDER = "other numbers than nights.tsv"


@pytest.fixture
def out(tmp_path):
    """A gathered study of two subjects, with its page."""
    out = finished_study(tmp_path / "out", two_by_two(2))
    assert exit_code(["gather", str(out), "-q"]) == 0
    return out


def page_of(out):
    return Reader((out / "report.html").read_text(encoding="utf-8"))


def other_numbers(out):
    """The same nights, one of them with more REM sleep."""
    first, *others = two_by_two(2)
    finished_study(out, [replace(first, runs=f"{A_NIGHT} R*60"), *others])
    assert exit_code(["gather", str(out), "-q"]) == 0


def test_a_comparison_is_on_the_page_of_the_study_at_once(out):
    assert "comparison/report.html" not in page_of(out).links
    assert exit_code(["compare", str(out), "-q"]) == 0
    assert "comparison/report.html" in page_of(out).links
    assert OLDER not in page_of(out).text


def test_a_comparison_without_a_page_leaves_no_link_to_one(out):
    assert exit_code(["compare", str(out), "-q"]) == 0
    assert exit_code(["compare", str(out), "-q", "--no-figures"]) == 0
    assert "comparison/report.html" not in page_of(out).links


def test_compare_writes_no_page_of_a_study_that_has_none(out):
    (out / "report.html").unlink()
    assert exit_code(["compare", str(out), "-q"]) == 0
    assert not (out / "report.html").exists()


def test_a_report_beside_a_table_from_elsewhere_is_left_alone(tmp_path, out):
    (tmp_path / "nights.tsv").write_bytes((out / "nights.tsv").read_bytes())
    (tmp_path / "report.html").write_text("the quarterly report", encoding="utf-8")
    assert exit_code(["compare", str(tmp_path / "nights.tsv"), "-q"]) == 0
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == "the quarterly report"


def test_a_comparison_that_is_older_than_the_table_is_called_so(out):
    assert exit_code(["compare", str(out), "-q"]) == 0
    other_numbers(out)
    assert OLDER in page_of(out).text
    assert exit_code(["compare", str(out), "-q"]) == 0
    assert OLDER not in page_of(out).text


def test_a_page_written_again_from_an_older_comparison_says_so_itself(out):
    assert exit_code(["compare", str(out), "-q"]) == 0
    other_numbers(out)
    assert exit_code(["report", str(out), "-q"]) == 0
    comparison = Reader((out / "comparison/report.html").read_text(encoding="utf-8"))
    assert OLDER in comparison.text
    assert OLDER in page_of(out).text


def test_gathering_the_same_numbers_makes_no_comparison_older(out):
    assert exit_code(["compare", str(out), "-q"]) == 0
    assert exit_code(["gather", str(out), "-q"]) == 0
    assert OLDER not in page_of(out).text


def test_a_comparison_of_an_earlier_psgpipe_is_not_called_older(out):
    assert exit_code(["compare", str(out), "-q"]) == 0
    path = out / "comparison/comparison.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    del content["table_sha256"]
    path.write_text(json.dumps(content), encoding="utf-8")
    assert exit_code(["report", str(out), "-q"]) == 0
    assert OLDER not in page_of(out).text


def test_the_page_of_an_unblinded_study_no_longer_says_that_it_is_blinded(tmp_path):
    nights = two_by_two(2)
    out = finished_study(tmp_path / "out", nights, blind=True)
    cells = {(night.subject, night.night): {"condition": night.condition} for night in nights}
    blinding.seal(out, cells)
    assert exit_code(["gather", str(out), "-q"]) == 0
    assert "This study is blinded" in page_of(out).text
    assert exit_code(["unblind", str(out)]) == 0
    assert "This study is blinded" not in page_of(out).text
    assert page_of(out).tables[0][0] == ["subject", "baseline", "treatment"]


def test_unblind_writes_no_page_of_a_study_that_has_none(tmp_path):
    out = finished_study(tmp_path / "out", two_by_two(1), blind=True)
    assert exit_code(["unblind", str(out)]) == 0
    assert not (out / "report.html").exists()


def test_a_comparison_of_a_diary_that_was_corrected_since_is_called_older(tmp_path):
    write_study(tmp_path, subjects=2, nights=1, hours=3.0, seed=1)
    out = tmp_path / "out"
    assert concord(tmp_path) == 0
    assert exit_code(["gather", str(out), "-q"]) == 0
    assert exit_code(["compare", str(out), "--source", "diary", "-q"]) == 0
    assert "comparison-diary/report.html" in page_of(out).links
    assert OLDER not in page_of(out).text

    diary = tmp_path / DIARY
    head, first, *others = diary.read_text(encoding="utf-8").splitlines()
    corrected = dict(zip(head.split("\t"), first.split("\t"), strict=True))
    corrected["minutes_to_fall_asleep"] = "55"
    diary.write_text("\n".join([head, "\t".join(corrected.values()), *others]) + "\n", "utf-8")
    assert concord(tmp_path) == 0
    assert OLDER in page_of(out).text
    page = Reader((out / "comparison-diary/report.html").read_text(encoding="utf-8"))
    assert OLDER in page.text


def test_the_page_of_a_study_says_which_commands_write_it(out):
    assert "psgpipe batch, gather, compare and report write this page again" in page_of(out).text
