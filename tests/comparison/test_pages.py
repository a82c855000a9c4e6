"""The page of a comparison: its pictures show the numbers of its tables, and nothing else."""

import dataclasses
import hashlib
import re
from dataclasses import replace

import pytest

from psgpipe.cli.app import exit_code
from psgpipe.comparison.compare import compare
from psgpipe.comparison.comparison_json import comparison_dict
from psgpipe.comparison.output_files import write_comparison
from psgpipe.comparison.pages.axis import Axis, round_ratios, round_values
from psgpipe.comparison.pages.endpoint_scale import BOTTOM_PX, TOP_PX
from psgpipe.comparison.pages.estimation_plot import estimation_plot
from psgpipe.comparison.pages.forest_plot import forest_plot
from psgpipe.comparison.pages.read_comparison import read_comparison
from psgpipe.comparison.words.primary_sentence import primary_sentence
from psgpipe.model.comparison.contrast import Contrast
from psgpipe.model.comparison.results import EndpointReliability, SubjectChange
from tests.comparison.night_tables import night, nights_tsv, study
from tests.reports.finished_studies import ListedNight, finished_study, two_by_two
from tests.reports.test_study_page import HOSTILE, Reader


def change(subject, baseline, treatment, mdc95=None, *, beyond=None, endpoint="rem_pct"):
    return SubjectChange(
        subject, endpoint, baseline, treatment, treatment - baseline, 2, 2, 1.0, 1.0, mdc95, beyond
    )


def contrast(**fields):
    return Contrast("rem_pct", "primary", "%", 2, 4, 4, **fields)


TWO = [change("S1", 20.0, 16.0, 3.0, beyond=True), change("S2", 24.0, 22.0, 3.0, beyond=False)]
MEANS = {"baseline_mean": 22.0, "treatment_mean": 19.0, "difference": -3.0}


def test_a_line_goes_from_the_subjects_baseline_to_its_treatment():
    plot = estimation_plot(contrast(**MEANS), TWO)
    px_per_point = (plot.lines[0].treatment_px - plot.lines[0].baseline_px) / 4
    first, second = plot.lines
    assert px_per_point > 0  # less is lower on the page
    assert second.baseline_px == pytest.approx(first.baseline_px - 4 * px_per_point)
    assert second.treatment_px - second.baseline_px == pytest.approx(2 * px_per_point)
    assert plot.treatment_px - plot.baseline_px == pytest.approx(3 * px_per_point)


def test_zero_change_lies_at_the_mean_of_the_baseline_on_the_same_scale():
    plot = estimation_plot(contrast(**MEANS), TWO)
    px_per_point = (plot.lines[0].treatment_px - plot.lines[0].baseline_px) / 4
    assert plot.zero_px == plot.baseline_px
    assert [line.change_px - plot.zero_px for line in plot.lines] == pytest.approx(
        [4 * px_per_point, 2 * px_per_point]
    )
    (mean,) = plot.estimates
    assert mean.y_px == pytest.approx(plot.treatment_px)


def test_intervals_are_those_of_the_contrast():
    both = contrast(
        **MEANS, ci_low=-4.0, ci_high=-2.0, hodges_lehmann=-3.0, hl_low=-4.0, hl_high=-2.0,
        hl_coverage=0.9375,
    )  # fmt: skip
    plot = estimation_plot(both, TWO)
    t, hl = plot.estimates
    assert (t.text, hl.text) == ("-3.00 [-4.00, -2.00]", "-3.00 [-4.00, -2.00]")
    assert hl.name == "Hodges-Lehmann, 93.8 %"
    assert t.low_px == plot.lines[0].change_px
    assert t.high_px == plot.lines[1].change_px


def test_a_subject_with_more_nights_has_a_narrower_band():
    plot = estimation_plot(contrast(**MEANS), [TWO[0], change("S2", 24.0, 22.0, 1.5, beyond=True)])
    wide, narrow = plot.bands
    assert wide.height_px == pytest.approx(2 * narrow.height_px)
    assert "±1.50 to ±3.00, by the number of a subject's nights" in plot.bands_text


def test_without_a_night_to_night_sd_there_is_no_band_and_the_page_says_why():
    alone = dataclasses.replace(change("S1", 20.0, 16.0), note="no night-to-night SD: one night")
    plot = estimation_plot(contrast(**MEANS), [alone])
    assert plot.bands == ()
    assert "No band of minimal detectable change: no night-to-night SD: one night" in (
        plot.bands_text
    )


def test_a_subject_without_numbers_is_not_drawn_and_is_named():
    without = SubjectChange("S9", "rem_pct", None, 3.0, None, 1, 1, note="a night without REM")
    plot = estimation_plot(contrast(**MEANS), [*TWO, without])
    assert len(plot.lines) == 2
    assert plot.not_drawn == "Not drawn: S9 (a night without REM)."
    assert estimation_plot(contrast(), [without]) is None


def test_logarithms_are_marked_with_the_minutes_that_were_measured():
    logs = [change("S1", 2.0, 3.0, endpoint="waso_min"), change("S2", 3.0, 4.0)]
    on_log = Contrast(
        "waso_min", "secondary", "ln(min + 0.5)", 2, 2, 2, baseline_mean=2.5, treatment_mean=3.5,
        difference=1.0, transform="log", offset=0.5,
    )  # fmt: skip
    plot = estimation_plot(on_log, logs)
    assert plot.estimates[0].text == "x 2.72"
    assert {"10", "20", "50"} <= {tick.text for tick in plot.level_ticks}
    assert "x 1" in [tick.text for tick in plot.change_ticks]
    # e^2 - 0.5 = 6.9 and e^3 - 0.5 = 19.6 minutes
    assert plot.lines[0].text == "S1: 6.9 to 19.6 min, x 2.72"


def test_nothing_lies_outside_the_picture():
    wide = contrast(**MEANS, ci_low=-80.0, ci_high=70.0)
    plot = estimation_plot(wide, TWO)
    (mean,) = plot.estimates
    assert TOP_PX < mean.high_px < mean.low_px < BOTTOM_PX


def test_subjects_that_do_not_differ_can_be_drawn():
    same = [change("S1", 0.0, 0.0), change("S2", 0.0, 0.0)]
    plot = estimation_plot(contrast(baseline_mean=0.0, treatment_mean=0.0, difference=0.0), same)
    assert {line.baseline_px for line in plot.lines} == {plot.zero_px}
    assert len({line.change_x_px for line in plot.lines}) == 2  # beside each other


ARMS = {
    **MEANS, "n_treatment_arm": 1, "n_control_arm": 1, "control_baseline_mean": 24.0,
    "control_treatment_mean": 22.0, "adjusted_control_mean": 21.0, "ci_low": -4.0, "ci_high": -2.0,
}  # fmt: skip


def test_the_difference_of_two_arms_starts_at_the_adjusted_mean_of_the_control_arm():
    subjects = [
        dataclasses.replace(change, arm=arm)
        for change, arm in zip(TWO, ("drug", "placebo"), strict=True)
    ]
    plot = estimation_plot(contrast(**ARMS), subjects, ["placebo"])
    assert [line.is_control for line in plot.lines] == [False, True]
    px_per_point = (plot.lines[0].treatment_px - plot.lines[0].baseline_px) / 4
    assert plot.control_px == pytest.approx((plot.lines[1].baseline_px, plot.lines[1].treatment_px))
    assert plot.zero_px == pytest.approx(plot.control_px[1] + px_per_point)  # 21 is below 22
    (arms,) = plot.estimates
    assert arms.y_px == pytest.approx(plot.zero_px + 3 * px_per_point)
    assert plot.bands == ()  # a change within an arm has another zero


def test_the_forest_has_the_standardised_differences_with_their_intervals():
    row = EndpointReliability("rem_pct", "%", dz=-1.0, dz_low=-2.0, dz_high=0.0)
    plot = forest_plot([contrast(dz=-1.0, g_av=-0.5), contrast()], [row])
    (only,) = plot.rows
    dz, g_av = only.marks
    assert dz.text == "dz -1.00 [-2.00, 0.00]"
    assert dz.high_px == plot.zero_px
    assert dz.x_px - dz.low_px == pytest.approx(dz.high_px - dz.x_px)
    assert (g_av.text, g_av.low_px) == ("g_av -0.50", None)


def test_a_huge_standardised_difference_says_that_it_is_beyond_the_axis():
    plot = forest_plot([contrast(dz=40.0)], [])
    assert plot.rows[0].marks[0].beyond
    assert forest_plot([contrast()], []) is None


@pytest.mark.parametrize(
    ("low", "high", "values"),
    [(0, 10, [0, 2, 4, 6, 8, 10]), (-1.2, 1.2, [-1, -0.5, 0, 0.5, 1]), (233, 233.4, None)],
)
def test_marks_of_an_axis_are_round(low, high, values):
    marks = round_values(low, high)
    assert values is None or marks == pytest.approx(values)
    assert 2 <= len(marks) <= 6
    assert all(low - 1e-6 <= mark <= high + 1e-6 for mark in marks)


@pytest.mark.parametrize(("low", "high"), [(0.5, 2), (0.9, 1.1), (1, 1000), (4.9, 5.2), (0.01, 9)])
def test_marks_of_logarithms_are_round_and_within(low, high):
    marks = round_ratios(low, high)
    assert 1 <= len(marks) <= 6
    assert all(low - 1e-9 <= mark <= high + 1e-9 for mark in marks)


def test_a_level_that_no_night_can_have_has_no_mark():
    wide = contrast(**MEANS, ci_low=-90.0, ci_high=120.0)
    marks = [float(tick.text) for tick in estimation_plot(wide, TWO).level_ticks]
    assert min(marks) >= 0
    assert max(marks) <= 100
    assert len(estimation_plot(wide, TWO).change_ticks) > len(marks)
    decline = replace(wide, endpoint="swa_ln", unit="ln")
    assert min(float(tick.text) for tick in estimation_plot(decline, TWO).level_ticks) < 0


def test_a_mean_without_an_interval_promises_none():
    (mean,) = estimation_plot(contrast(**MEANS), TWO).estimates
    assert mean.name == "mean, no interval"
    interval = {"ci_low": -5.0, "ci_high": -1.0}
    assert estimation_plot(contrast(**MEANS, **interval), TWO).estimates[0].name == "mean, t 95 %"


def test_equal_values_have_an_axis():
    axis = Axis.around([5.0, 5.0], 100.0, 0.0)
    assert axis.px(5.0) == 50.0


SPEC = 'name = "s"\nprimary = "rem_pct"\nsecondary = ["tst_min"]\n'


def compared(folder, rows, spec=SPEC):
    (folder / "spec.toml").write_text(spec, encoding="utf-8")
    return compare(nights_tsv(folder / "nights.tsv", rows), folder / "spec.toml")


def table_of(n, **more):
    return [{**row, "tst_min": 400 + number % 100, **more} for number, row in enumerate(study(n))]


def page_of(comparison, out):
    folder = write_comparison(comparison, out, pages=True)
    return Reader((folder / "report.html").read_text(encoding="utf-8"))


def test_the_page_begins_with_the_plain_sentence(tmp_path):
    comparison = compared(tmp_path, table_of(7))
    page = page_of(comparison, tmp_path)
    assert f"Treatment against baseline {primary_sentence(comparison)}" in page.text


def test_the_page_has_every_statement_every_warning_and_every_subject(tmp_path):
    rows = [*table_of(7), night("S99", 0, "baseline", rem_pct=20, tst_min=400)]
    comparison = compared(tmp_path, rows)
    page = page_of(comparison, tmp_path)
    for sentence in (*comparison.sentences, *comparison.warnings):
        assert " ".join(sentence.split()) in page.text
    assert all(f"S{number:02d}" in page.text for number in range(7))
    assert "unpaired" in page.text


def test_the_pictures_are_files_too_and_equal_input_gives_equal_bytes(tmp_path):
    comparison = compared(tmp_path, table_of(7))
    folder = write_comparison(comparison, tmp_path, pages=True)
    first = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert {"report.html", "estimation.svg", "forest.svg"} <= set(first)
    assert b'xmlns="http://www.w3.org/2000/svg"' in first["estimation.svg"]
    write_comparison(comparison, tmp_path, pages=True)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == first


def test_a_comparison_without_figures_leaves_no_older_page(tmp_path):
    comparison = compared(tmp_path, table_of(7))
    write_comparison(comparison, tmp_path, pages=True)
    folder = write_comparison(comparison, tmp_path)
    assert {path.suffix for path in folder.iterdir()} == {".json", ".tsv", ".md"}


@pytest.mark.parametrize("spec", [None, SPEC, SPEC + '[transform]\ntst_min = "log"\n'])
def test_a_comparison_is_the_same_when_it_is_read_back(tmp_path, spec):
    rows = table_of(5)
    comparison = (
        compared(tmp_path, rows, spec) if spec else compare(nights_tsv(tmp_path / "n.tsv", rows))
    )
    folder = write_comparison(comparison, tmp_path, pages=True)
    again = read_comparison(folder)
    assert again is not None
    assert comparison_dict(again) == comparison_dict(comparison)
    first = (folder / "report.html").read_bytes()
    assert (write_comparison(again, tmp_path, pages=True) / "report.html").read_bytes() == first


def test_a_comparison_of_an_earlier_psgpipe_is_not_guessed(tmp_path):
    assert read_comparison(tmp_path) is None
    (tmp_path / "comparison.json").write_text('{"contrasts": []}', encoding="utf-8")
    assert read_comparison(tmp_path) is None
    (tmp_path / "comparison.json").write_text('{"contrasts": 3, "statements": {}}', "utf-8")
    assert read_comparison(tmp_path) is None


def test_two_hundred_and_more_subjects_are_one_path(tmp_path):
    folder = write_comparison(compared(tmp_path, table_of(210)), tmp_path, pages=True)
    picture = (folder / "estimation.svg").read_text(encoding="utf-8")
    (path,) = re.findall(r'class="subjects"[^>]* d="([^"]*)"', picture)
    assert path.count("M") == 210
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert page.count('class="subject-part"') == 210


def test_subjects_beyond_the_most_are_counted(tmp_path):
    folder = write_comparison(compared(tmp_path, table_of(305)), tmp_path, pages=True)
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert page.count('class="subject-part"') == 300
    assert "subjects.tsv has the other 5" in page


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_ids_and_conditions_are_text(tmp_path, text):
    # compare itself refuses an id with characters that cannot be printed.
    word = "".join(c for c in text if c.isprintable())
    rows = [
        {**row, "subject": f"{word}{row['subject']}", "comedication": word} for row in table_of(5)
    ]
    page = page_of(compared(tmp_path, rows), tmp_path)
    assert not {"img", "image", "iframe", "object", "script"} & set(page.tags)
    assert all(link.startswith("#") for link in page.links)


def test_a_comparison_says_what_was_not_scored_what_its_percentages_are_of_and_its_table(tmp_path):
    comparison = compared(tmp_path, table_of(7))
    text = page_of(comparison, tmp_path).text
    assert "Arousals, breathing, limb movements and the heart were not scored" in text
    assert "rem_pct (% of TST)" in text
    assert "tst_min (min)" in text
    table = hashlib.sha256((tmp_path / "nights.tsv").read_bytes()).hexdigest()
    assert f"The nights are those of nights.tsv, SHA-256 {table}." in text


def test_a_table_from_elsewhere_has_no_blank_boxes_for_pictures(tmp_path):
    assert "no picture" not in page_of(compared(tmp_path, table_of(3)), tmp_path).text


def test_one_subject_has_a_page(tmp_path):
    page = page_of(compared(tmp_path, table_of(1)), tmp_path)
    assert "Too few subjects" in page.text


def test_nights_of_the_same_folder_have_their_hypnogram_and_their_page(tmp_path):
    nights = [ListedNight("S3", "n1"), *two_by_two(2)]
    out = finished_study(tmp_path / "out", nights)
    (out / "nights/S1/base1/report.html").write_bytes(b"<!doctype html>")
    assert exit_code(["gather", str(out)]) == 0
    assert exit_code(["compare", str(out), "-q"]) == 0
    content = (out / "comparison/report.html").read_text(encoding="utf-8")
    assert content.count('class="small-hypnogram"') == 9
    links = Reader(content).links
    assert "../nights/S1/base1/report.html" in links
    assert "../report.html" in links
    assert [link for link in links if link.startswith("../nights")] == [
        "../nights/S1/base1/report.html"
    ]


def test_compare_writes_no_page_where_it_is_told_not_to(tmp_path):
    table = nights_tsv(tmp_path / "nights.tsv", table_of(3))
    assert exit_code(["compare", str(table), "-q", "--no-figures"]) == 0
    assert not (tmp_path / "comparison/report.html").exists()
    assert exit_code(["compare", str(table), "-q"]) == 0
    assert (tmp_path / "comparison/report.html").exists()
