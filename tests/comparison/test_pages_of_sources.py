"""The subject's part of a comparison's page: three sources under each other, never pooled."""

import re

import pytest

from psgpipe.cli.app import exit_code
from psgpipe.comparison.compare import compare
from psgpipe.comparison.output_files import write_comparison
from tests.comparison.night_tables import night, nights_tsv, study
from tests.reports.finished_studies import finished_study, two_by_two
from tests.reports.test_study_page import Reader

SOURCES = {
    "psg": ("comparison", "tst_min", "polysomnography"),
    "diary": ("comparison-diary", "diary_tst_min", "sleep diary"),
    "actigraphy": ("comparison-actigraphy", "actigraphy_tst_min", "actigraphy"),
}
NEVER = "a change by diary or actigraphy never stands for a change by polysomnography"


def write(out, source, rows=None, *, pages=True):
    """The comparison of TST by a source, of four subjects."""
    _, endpoint, _ = SOURCES[source]
    table = nights_tsv(out / source / "nights.tsv", rows or study(4, endpoint=endpoint))
    (out / "spec.toml").write_text(f'name = "s"\nprimary = "{endpoint}"\n', "utf-8")
    comparison = compare(table, out / "spec.toml", measured_by=source)
    write_comparison(comparison, out, pages=pages)
    return comparison


def html(out, source):
    return (out / SOURCES[source][0] / "report.html").read_text("utf-8")


def part(out, source, subject):
    """The text of a subject's part of a page."""
    section = re.search(
        rf'<section class="subject-part"[^>]*>\s*<h3>{subject}.*?</section>',
        html(out, source),
        re.S,
    )
    return " ".join(Reader(section[0]).text.split())


@pytest.fixture
def three(tmp_path):
    for source in SOURCES:
        write(tmp_path, source)
    return tmp_path


@pytest.mark.parametrize("page", SOURCES)
def test_every_page_shows_the_other_sources_under_its_own(three, page):
    text = part(three, page, "S00")
    own, *others = (SOURCES[s] for s in [page, *(s for s in SOURCES if s != page)])
    places = [text.index(f"By {name}") for _, _, name in (own, *others)]
    assert places == sorted(places)
    for _, endpoint, _ in (own, *others):
        assert f" {endpoint} " in text
    assert text.count("4 of 4 nights analysed") == 2
    assert NEVER in " ".join(Reader(html(three, page)).text.split())
    for folder, _, _ in others:
        assert f'href="../{folder}/report.html"' in html(three, page)


def test_the_numbers_are_those_of_each_comparison(three):
    diary = compare(three / "diary" / "nights.tsv", measured_by="diary")
    (change,) = (s for s in diary.subjects if s.subject == "S01")
    text = part(three, "psg", "S01")
    of_diary = text[text.index("By sleep diary") : text.index("By actigraphy")]
    assert f"diary_tst_min {change.baseline_mean:.1f} {change.treatment_mean:.1f}" in of_diary


def test_a_page_alone_has_no_word_of_other_sources(tmp_path):
    write(tmp_path, "psg")
    assert NEVER not in html(tmp_path, "psg")
    assert "By polysomnography" not in html(tmp_path, "psg")


def test_a_subject_that_another_source_lacks_has_its_own_alone(tmp_path):
    write(tmp_path, "psg")
    write(tmp_path, "diary", study(3, endpoint="diary_tst_min"))
    assert "By sleep diary" in part(tmp_path, "psg", "S02")
    assert "By sleep diary" not in part(tmp_path, "psg", "S03")


def test_one_condition_by_another_source_says_so(tmp_path):
    write(tmp_path, "psg")
    rows = [*study(3, endpoint="diary_tst_min"), night("S03", 0, "baseline", diary_tst_min=400)]
    write(tmp_path, "diary", rows)
    text = part(tmp_path, "psg", "S03")
    assert "By sleep diary 0 of 1 nights analysed" in text
    assert "No endpoint in both conditions." in text


def test_a_comparison_without_page_is_shown_without_a_link(tmp_path):
    write(tmp_path, "diary", pages=False)
    write(tmp_path, "psg")
    assert "By sleep diary" in part(tmp_path, "psg", "S00")
    assert "comparison-diary/report.html" not in html(tmp_path, "psg")
    assert not (tmp_path / "comparison-diary" / "report.html").exists()


def test_the_numbers_under_a_hypnogram_say_that_they_are_those_of_polysomnography(tmp_path):
    nights = two_by_two(2)
    out = finished_study(tmp_path / "out", nights)
    rows = [
        {"subject": n.subject, "night": n.night, "condition": n.condition, "diary_tst_min": 400 + k}
        for k, n in enumerate(nights)
    ]
    write(out, "diary", rows)
    assert exit_code(["gather", str(out), "-q"]) == 0
    assert exit_code(["compare", str(out), "-q"]) == 0
    n_tiles = html(out, "diary").count('class="small-hypnogram"')
    assert n_tiles == len(nights)
    assert html(out, "diary").count("polysomnography:</span> TST") == n_tiles
    assert "polysomnography:</span> TST" not in html(out, "psg")
