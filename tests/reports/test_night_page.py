"""The page of a night: warnings first, every measure with its meaning, nothing from elsewhere."""

import itertools
import json
import re

import pytest

from psgpipe.model.microstructure.names import MICROSTRUCTURE_ENDPOINTS
from psgpipe.model.summary import ENDPOINTS, QualityFlag
from psgpipe.reports.night_measures import measure_table
from psgpipe.reports.night_report import report_files
from tests.reports.nights import WHOLE_NIGHT, spectrogram, staged_night
from tests.reports.test_foundations import HOSTILE, TextOf
from tests.reports.test_night_picture import NIGHTS


def page_of(**night):
    staged = staged_night(**night)
    return report_files(staged, spectrogram(len(staged.hypnogram)))["report.html"].decode("utf-8")


def lines_of(html):
    """The text of a page, without its script and style."""
    html = re.sub(r"<(script|style)\b.*?</\1>", "", html, flags=re.DOTALL)
    html = re.sub(r"</(td|th|dt|dd)>", "\n", html)
    return [line.strip() for line in TextOf(html).text.splitlines() if line.strip()]


@pytest.mark.parametrize("night", NIGHTS.values(), ids=NIGHTS)
def test_a_page_is_whole_and_needs_nothing_from_elsewhere(night):
    html = page_of(**night)
    assert html == page_of(**night)
    assert lines_of(html)[-2] == "Steps and their versions"
    assert not any("None" in line for line in lines_of(html))
    assert set(re.findall(r'\b(?:href|src)="(data:|[^"]*)', html)) == {"data:"}
    assert "style=" not in html  # the policy would not apply it
    assert not re.search(r"\son[a-z]+=", html)
    assert not any(line.startswith("http") for line in lines_of(html))


def test_every_endpoint_has_a_name_and_a_meaning():
    table = measure_table()
    whole = [m["endpoint"] for group in table["group"] for m in group["measures"]]
    quarters = [m["endpoint"].format(q) for m in table["quarters"]["measures"] for q in "1234"]
    spectra = [m["endpoint"] for m in table["spectra"]["measures"]]
    assert sorted([*whole, *quarters]) == sorted(ENDPOINTS)
    assert spectra == list(MICROSTRUCTURE_ENDPOINTS)
    groups = (*table["group"], table["quarters"], table["spectra"])
    assert all(m["name"] and m["meaning"] for group in groups for m in group["measures"])
    for measure in (m for group in groups[:-1] for m in group["measures"]):
        unit = {"min": "min", "%": "pct", "/h": "per_h", "": ""}[measure["unit"]]
        assert measure["endpoint"].endswith(unit)


def test_warnings_stand_before_everything_else():
    html = page_of(flags=(QualityFlag("flat", "flat & <cut>", "C4-M1"),))
    lines = lines_of(html)
    assert lines.index("Doubtful (flat): flat & <cut>") < lines.index("TST")
    assert lines.index("TST") < lines.index("Sleep architecture")
    assert "No warnings." in lines_of(page_of())


def test_quality_is_said_in_words_for_each_derivation():
    flags = (
        QualityFlag("flat", "flat 12 %", "E1-M2"),
        QualityFlag("noise", "noise 80 %", "C3-M2", refused=True),
        QualityFlag("mains", "mains 20 %", "chin1-chin2", effect="none"),
        QualityFlag("short-night", "2.0 h in bed"),
    )
    lines = lines_of(page_of(flags=flags))
    assert "C4-M1: good; 1.2 % of its epochs are artefacts" in lines
    assert "E1-M2: doubtful: flat 12 %; 1.2 % of its epochs are artefacts" in lines
    assert "C3-M2: not used: noise 80 %" in lines
    assert "chin1-chin2: good; noted: mains 20 %; 1.2 % of its epochs are artefacts" in lines
    assert "whole night: 2.0 h in bed" in lines


def test_a_night_scored_by_a_person_says_that_no_signal_was_looked_at():
    assert "No signal was looked at." in lines_of(page_of(derivations=()))
    assert "No signal was looked at." not in lines_of(page_of())


def test_what_was_not_looked_at_is_called_not_scored():
    text = " ".join(lines_of(page_of()))
    for what in ("Arousals", r"Respiratory events[^:]*", "Limb movements", "Cardiac events"):
        assert re.search(rf"{what} not scored: ", text)


def test_an_absent_measure_has_its_reason():
    html = page_of(runs="W*60 N1*20 N2*300 N3*300 N2*180 W*40", lights=(0, 900))
    cell = re.search(r'data-endpoint="rem_latency_min">(.*?)</td>', html)[1]
    number = re.fullmatch(r"– <sup>(\d+)</sup>", cell)[1]
    assert re.search(rf"<li><sup>{number}</sup> absent: [^<]*censored", html)
    assert re.search(r'data-endpoint="rem_pct">0.0 %</td>', html)


def test_numbers_are_those_of_the_summary():
    # In bed 60 min: 10 W, 10 N1, 20 N2, 10 N3, 10 REM.
    html = page_of(runs="W*20 N1*20 N2*40 N3*20 R*20", lights=(0, 120))
    shown = dict(re.findall(r'data-endpoint="(\w+)">([^<]*?)(?: <sup>|<)', html))
    assert shown["tib_min"] == "60.0 min"
    assert shown["tst_min"] == "50.0 min"
    assert shown["se_pct"] == "83.3 %"
    assert shown["sol_min"] == "10.0 min"
    assert shown["n2_pct"] == "40.0 %"
    assert shown["rem_latency_min"] == "40.0 min"
    assert shown["awakenings"] == "0"


def test_the_epochs_of_the_script_are_those_of_the_night():
    staged = staged_night("UNS*2 W*4 N2*4", lights=(2, 10))
    html = report_files(staged, None)["report.html"].decode("utf-8")
    epochs = json.loads(re.search(r'id="epochs">(.*?)</script>', html)[1])
    assert epochs["stage"] == [str(stage) for stage in staged.hypnogram.stages]
    assert epochs["clock"][:2] == ["22:30:00", "22:30:30"]
    assert epochs["names"] == ["W", "R", "N1", "N2", "N3"]
    assert epochs["percent"][0] == [0, 0, 0, 0, 0]
    in_n2 = 100 * staged.hypnodensity.probabilities[7][[0, 4, 1, 2, 3]]
    assert epochs["percent"][7] == [round(share) for share in in_n2]


def test_an_expert_stands_beside_the_automatic_numbers():
    html = page_of(runs="W*20 N2*100", expert="W*40 N2*80", lights=(0, 120))
    assert 'data-endpoint="sol_min">10.0 min</td><td class="number">20.0 min</td></tr>' in html
    assert '<th scope="col" class="number">Expert</th></tr>' in html
    assert "83.3 % of 120 epochs have the same stage" in html  # 100 of 120


def test_every_percentage_above_the_picture_says_of_what_it_is():
    lines = lines_of(page_of(runs="W*20 N2*60 R*20 N3*20", lights=(0, 120)))
    first = lines.index("TST")
    assert lines[first : first + 8] == [
        "TST", "50.0 min", "SE", "83.3 % of TIB", "REM", "20.0 % of TST", "N3", "20.0 % of TST",
    ]  # fmt: skip


def test_a_calibrated_night_names_its_calibration_and_what_it_was_made_of():
    lines = lines_of(page_of(calibrated=True))
    said = dict(itertools.pairwise(lines))
    assert sum("calibrated to a laboratory, not AASM scoring" in line for line in lines) >= 2
    assert said["Calibration"] == (
        "lab.toml: fitted to the scorers of 3 recordings of Fpz-Cz; each epoch for itself; "
        f"SHA-256 {'12' * 32}"
    )
    assert said["REM % of these scorers"] == "8.2 to 31.0 % of TST (95 % prediction interval)"
    assert (
        "Mean confidence: largest probability, mean of the staged epochs in bed; calibrated"
        in lines
    )
    assert not any(
        "calibrat" in line for line in lines_of(page_of()) if "not calibrated" not in line
    )


def test_a_calibration_with_transitions_and_the_night_it_was_fitted_to_are_called_so():
    text = " ".join(lines_of(page_of(calibrated=True, chain=True, fitted_to=True)))
    assert "the stages of neighbouring epochs count" in text
    assert "it was fitted to this night, too, so it fits this one better than others" in text


def test_the_end_of_a_dose_is_among_the_choices():
    lines = lines_of(page_of(dose_end="2026-11-27T22:50:00"))
    assert (
        lines[lines.index("End of the dose") + 1]
        == "2026-11-27 22:50:00; from the study table or the command"
    )


@pytest.mark.parametrize("label", HOSTILE)
def test_a_hostile_label_changes_no_element(label):
    def elements(html):
        return [tag for tag, _ in TextOf(re.sub("<svg.*?</svg>", "", html, flags=re.S)).elements]

    flags = (QualityFlag("flat", f"flat {label}", "C4-M1"),)
    usual_flags = (QualityFlag("flat", "flat 5 %", "C4-M1"),)
    html = page_of(
        subject=label, night=label, condition=label, derivations=(label, "E1", "chin"), flags=flags
    )
    plain = page_of(derivations=("C4-M1", "E1", "chin"), flags=usual_flags)
    assert abs(len(elements(html)) - len(elements(plain))) <= 1  # the flag's own derivation
    assert set(elements(html)) == set(elements(plain))
    assert not re.search("[\x00\x1b\u202a-\u202e]", html)
    html.encode("utf-8")


def test_the_page_of_a_blinded_night_shows_no_condition():
    html = page_of(condition=None, runs=WHOLE_NIGHT)
    assert not re.search(r"baseline|treatment|condition|\bdose\b", html, re.IGNORECASE)
