"""The page of a study shows every recording once, with its fate."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from psgpipe.cli.app import exit_code
from psgpipe.model.summary import ENDPOINTS
from psgpipe.reports.study import study_page as page_module
from psgpipe.reports.study.overview import columns_of
from psgpipe.reports.study.page_night import PageNight
from psgpipe.results.manifest import read_manifest
from psgpipe.results.night_writer import finish_night
from psgpipe.study import blinding
from psgpipe.study.pages import write_study_page
from tests.reports.finished_studies import (
    ListedNight,
    failure,
    finished_study,
    flag,
    two_by_two,
)

HOSTILE = [
    "<svg/onload=alert(1)>", "$C4^$", "S\x001", "S\u202e01\u202c", "javascript:alert(1)",
    "'\"><img src=x>", "{{ 7 * 7 }}", "a" * 300, "]]></script>", "\x1b[31m", "baseline\nnight",
]  # fmt: skip


class Reader(HTMLParser):
    """The tables of a page as rows of texts, its links, and the text of all of it."""

    def __init__(self, content):
        super().__init__()
        self.tables, self.links, self.texts, self.tags = [], [], [], []
        self._in_cell = False
        self.feed(content)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
            self._in_cell = True
        elif tag == "a":
            self.links.append(dict(attrs)["href"])

    def handle_endtag(self, tag):
        self._in_cell = self._in_cell and tag not in ("td", "th")

    def handle_data(self, data):
        self.texts.append(data)
        if self._in_cell:
            cell = self.tables[-1][-1]
            cell[-1] = " ".join([*cell[-1].split(), *data.split()])

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())


def page_of(out):
    return Reader(write_study_page(out).read_text(encoding="utf-8"))


def study_of_all_kinds(out):
    return finished_study(out, [
        ListedNight("S1", "n1"),
        ListedNight("S1", "n2", "treatment", flags=(flag("mains", "strong mains"),)),
        ListedNight("S2", "n1", flags=(flag("incomplete", "60 of 480 min", "withhold"),)),
        ListedNight("S2", "n2", "treatment", failure=failure("a.edf: a flat line")),
        ListedNight("S10", "n1", failure=failure("a.edf: a flat line")),
        ListedNight("S10", "n2", "treatment", failure=failure("no EEG", "Name it.", "NoEeg")),
        ListedNight("S3", "n1", excluded=True),
        ListedNight("S3", "n2", "treatment", missing=True),
    ])  # fmt: skip


def test_the_flow_of_recordings_adds_up(tmp_path):
    page = page_of(study_of_all_kinds(tmp_path))
    flow = [
        "8 in the study 4 subjects", "1 excluded by the study table 1 subject",
        "3 failed 2 subjects", "1 not finished yet 1 subject", "3 finished 2 subjects",
        "1 incomplete: a comparison leaves them out 1 subject",
        "1 finished, with flags 1 subject", "1 finished, without flags 1 subject",
    ]  # fmt: skip
    assert " ".join(flow) in page.text


def test_warnings_stand_before_everything_else(tmp_path):
    text = page_of(study_of_all_kinds(tmp_path / "a")).text
    warnings = (
        "Warnings 3 nights failed and have no numbers: the causes stand below. 1 night is not "
        "finished yet. 1 night is incomplete: a comparison leaves it out. 1 night has flags that "
        "make the numbers doubtful."
    )
    assert warnings in text
    assert text.index("Warnings") < text.index("8 in the study")
    assert "Warnings" not in page_of(finished_study(tmp_path / "b", two_by_two(2))).text


def test_a_study_without_a_finished_night_has_no_pictures(tmp_path):
    nights = [ListedNight(f"S{n}", "n1", failure=failure("no EEG")) for n in range(3)]
    page = page_of(finished_study(tmp_path, nights))
    assert "#pictures" not in page.links
    assert [len(table) for table in page.tables] == [2, 4]  # the one cause, and the three nights


def test_the_status_of_an_incomplete_night_stands_there_once(tmp_path):
    tiles = page_of(study_of_all_kinds(tmp_path)).tables[1]
    assert tiles[2][1].split().count("incomplete") == 1


def test_failures_of_one_cause_are_said_once_with_the_remedy(tmp_path):
    page = page_of(study_of_all_kinds(tmp_path))
    failures = page.tables[0]
    assert failures[1:] == [
        ["2", "a flat line", "Look at the signal.", "S2 n2, S10 n1"],
        ["1", "no EEG", "Name it.", "S10 n2"],
    ]


def test_every_subject_has_a_row_with_baseline_left_and_treatment_right(tmp_path):
    tiles = page_of(study_of_all_kinds(tmp_path)).tables[1]
    assert tiles[0] == ["subject", "baseline", "treatment"]
    assert [row[0] for row in tiles[1:]] == ["S1", "S2", "S3", "S10"]
    assert "n1" in tiles[1][1]
    assert "doubtful" in tiles[1][2]
    assert "mains" in tiles[1][2]
    assert "incomplete" in tiles[2][1]
    assert "failed" in tiles[2][2]


def test_the_table_has_the_numbers_of_the_nights(tmp_path):
    out = study_of_all_kinds(tmp_path)
    head, *rows = page_of(out).tables[2]
    summary = json.loads((out / "nights/S1/n1/summary.json").read_text(encoding="utf-8"))
    first = dict(zip(head, rows[0], strict=True))
    assert first["TST min"] == f"{summary['tst_min']:.1f}"
    assert first["SE % of TIB"] == f"{summary['se_pct']:.1f}"
    assert first["REM % of TST"] == f"{summary['rem_pct']:.1f}"
    assert first["date"] == "2026-03-02"
    assert [row[3] for row in rows] == [
        "finished", "doubtful", "incomplete", "failed", "excluded", "missing", "failed", "failed",
    ]  # fmt: skip


def test_a_night_without_rem_has_no_rem_latency_and_no_zero(tmp_path):
    out = finished_study(tmp_path, [ListedNight("S1", "n1", runs="W*20 N1*10 N2*400 N3*100")])
    head, row = page_of(out).tables[-1]
    cells = dict(zip(head, row, strict=True))
    assert (cells["REM latency min"], cells["REM % of TST"]) == ("", "0.0")


def test_nights_without_known_lights_are_counted_and_marked(tmp_path):
    nights = [*two_by_two(1), ListedNight("S2", "n1", lights="recording")]
    page = page_of(finished_study(tmp_path, nights))
    assert "1 night has no known lights off or lights on: TIB, SE, SOL and WASO" in page.text
    assert [row[-1] for row in page.tables[1][1:]] == ["", "", "", "", "lights not known"]
    assert "known" not in page_of(finished_study(tmp_path / "x", two_by_two(1))).text


def test_a_night_links_to_its_page_where_there_is_one(tmp_path):
    out = finished_study(tmp_path, two_by_two(1))
    assert not [link for link in page_of(out).links if link.startswith("nights/")]
    (out / "nights/S1/base1/report.html").write_bytes(b"<!doctype html>")
    assert page_of(out).links.count("nights/S1/base1/report.html") == 2


def test_a_study_without_conditions_is_in_the_order_of_its_ids(tmp_path):
    out = finished_study(tmp_path, [ListedNight("S1", f"n{n}", None) for n in (10, 9, 1)])
    page = page_of(out)
    assert page.tables[0][0] == ["subject", "nights in the order of their ids"]
    assert [row[1] for row in page.tables[1][1:]] == ["n1", "n9", "n10"]


@pytest.mark.parametrize(
    ("words", "columns"),
    [
        (["treatment", "baseline"], ("baseline", "treatment")),
        (["washout", "treatment", "Baseline", "adaptation"],
         ("adaptation", "Baseline", "treatment", "washout")),
        (["placebo", "drug", "baseline"], ("baseline", "drug", "placebo")),
        (["baseline", None], ("baseline", None)),
        ([None, None], (None,)),
        (list("abcdefg"), (None,)),
    ],
)  # fmt: skip
def test_conditions_stand_from_left_to_right(words, columns):
    nights = [PageNight("S1", str(n), "done", word) for n, word in enumerate(words)]
    assert columns_of(nights) == columns


def test_the_page_of_a_blinded_study_shows_no_condition(tmp_path):
    out = finished_study(tmp_path, two_by_two(2), blind=True)
    sealed = {(n.subject, n.night): {"condition": n.condition} for n in two_by_two(2)}
    blinding.seal(out, sealed)
    content = write_study_page(out).read_text(encoding="utf-8")
    assert "This study is blinded" in content
    assert not re.search("baseline|treatment", content.casefold())
    (out / "journal.jsonl").write_text('{"event": "unblinded"}\n', encoding="utf-8")
    assert page_of(out).tables[0][0] == ["subject", "baseline", "treatment"]


def test_a_study_json_with_conditions_does_not_tell_them_where_the_key_says_blind(tmp_path):
    out = finished_study(tmp_path, two_by_two(1))
    blinding.seal(out, {("S1", "base1"): {"condition": "baseline"}})
    assert not re.search("baseline|treatment", page_of(out).text.casefold())


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_are_text(tmp_path, text):
    out = finished_study(tmp_path, [
        ListedNight(f"S{text}", "n1", text, flags=(flag(text, text),)),
        ListedNight("S2", f"n{text}", "baseline", failure=failure(text, text, text)),
    ])  # fmt: skip
    page = page_of(out)
    assert not {"img", "image", "iframe", "object"} & set(page.tags)
    assert page.tags.count("script") == 1
    assert not [link for link in page.links if not re.match(r"#|nights/[A-Za-z0-9._-]+/", link)]
    assert "\0" not in page.text
    assert "\u202e" not in page.text
    assert "49" not in page.tables[0][1][1] or "{{" not in text


def test_a_damaged_night_has_no_numbers(tmp_path):
    out = finished_study(tmp_path, two_by_two(1))
    hypnogram = out / "nights/S1/base1/hypnogram.tsv"
    hypnogram.write_bytes(hypnogram.read_bytes().replace(b"N2", b"N3"))
    summary = out / "nights/S1/base2/summary.json"
    summary.write_bytes(summary.read_bytes().replace(b"1", b"2"))
    page = page_of(out)
    assert "no picture" in page.tables[0][1][1]
    row = page.tables[1][2]
    assert row[3] == "missing"
    assert "not those that its manifest names" in row[-1]


def test_the_study_says_how_many_nights_are_calibrated(tmp_path):
    out = finished_study(tmp_path, two_by_two(1))
    folder = out / "nights/S1/base1"
    manifest = read_manifest(folder)
    engine = {**manifest.to_dict()["engine"], "calibration": "lab.toml"}
    outputs = {o.name: (folder / o.name).read_bytes() for o in manifest.outputs}
    finish_night(folder, outputs, {**manifest.to_dict(), "engine": engine})
    assert (
        "Stages: 3 nights automatic, 1 night automatic and calibrated to a laboratory. "
        "Automatic stages are not AASM scoring; not for diagnosis."
    ) in page_of(out).text


def test_the_page_of_five_hundred_nights_is_small(tmp_path):
    # 200 changes of stage in each night, as real nights have.
    runs = " ".join("N2*3 N1 N2 R" for _ in range(50))
    nights = [replace(night, runs=runs) for night in two_by_two(5)]
    content = write_study_page(finished_study(tmp_path, nights)).read_bytes()
    assert len(content) / len(nights) * 500 < 5_000_000


def test_equal_files_give_equal_bytes(tmp_path):
    out = finished_study(tmp_path, two_by_two(2))
    assert write_study_page(out).read_bytes() == write_study_page(out).read_bytes()


def test_very_many_nights_have_no_small_hypnograms(tmp_path, monkeypatch):
    monkeypatch.setattr(page_module, "MOST_DRAWN", 3)
    page = page_of(finished_study(tmp_path, two_by_two(1)))
    assert "With more than 3 nights this page has no small hypnograms" in page.text
    assert len(page.tables) == 1
    assert len(page.tables[0]) == 5


def test_the_shown_endpoints_are_endpoints():
    assert set(page_module.SHOWN_ENDPOINTS) <= set(ENDPOINTS)


def test_gather_writes_the_page_unless_it_is_told_not_to(tmp_path, capsys):
    out = finished_study(tmp_path / "out", two_by_two(1))
    assert exit_code(["gather", str(out), "--no-figures"]) == 0
    assert not (out / "report.html").exists()
    assert exit_code(["gather", str(out)]) == 0
    assert str(out / "report.html") in capsys.readouterr().out
    before = (out / "report.html").read_bytes()
    (out / "nights/S1/base1/manifest.json").unlink()
    assert exit_code(["gather", str(out), "--no-figures"]) == 8
    assert (out / "report.html").read_bytes() != before  # an older page would be wrong
