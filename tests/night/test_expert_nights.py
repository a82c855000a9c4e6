"""Nights with a person's scoring: beside automatic stages, instead of them, or a correction."""

import csv
import datetime as dt
import json

import pytest

import psgpipe
from psgpipe.edf.writer import write_scoring
from psgpipe.errors import ScoringInvalid
from psgpipe.model.hypnogram import Hypnogram
from psgpipe.night.definition import find_pipeline
from psgpipe.results.nights_tsv import gather
from psgpipe.results.read_back import read_hypnogram
from tests import cheap_nights
from tests.builders import stages as in_words
from tests.recordings import write_night
from tests.scorings.scoring_files import edf_scoring

START = dt.datetime(2024, 3, 1, 22, 0)
TEXTS = {"W": "W", "N1": "1", "N2": "2", "N3": "3", "R": "R"}
LIGHTS = [(0, None, "Lights off"), (600, None, "Lights on")]


def scored(words, first_s=0):
    """Annotations of one epoch each: ``"W*2 N2*18"`` are 20 epochs."""
    return [
        (first_s + 30 * i, 30, f"Sleep stage {TEXTS[s]}") for i, s in enumerate(in_words(words))
    ]


def scoring_file(folder, words, more=(), name="expert.edf", time="22.00.00"):
    path = folder / name
    path.write_bytes(edf_scoring([*scored(words), *more], date="01.03.24", time=time))
    return path


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    return write_night(tmp_path_factory.mktemp("recording") / "night.edf")


def run(recording, out, *options):
    """``psgpipe run`` with cheap stages; the folder of the night."""
    arguments = ["run", str(recording), "-o", str(out), "--no-figures", "-q", *map(str, options)]
    assert cheap_nights.main([*arguments, "--subject", "S1", "--night", "1"]) == 0
    return out / "nights" / "S1" / "1"


def read(folder, name="summary.json"):
    return json.loads((folder / name).read_text(encoding="utf-8"))


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


# --- beside the automatic stages


def test_an_experts_architecture_stands_beside_the_automatic_one(recording, tmp_path):
    scoring = scoring_file(tmp_path, "W*2 N1*2 N2*10 R*4 W*2")
    night = run(recording, tmp_path / "out", "--scoring", scoring)
    summary = read(night)
    # 16 epochs of sleep, of which 4 are REM; 10 min in bed.
    assert summary["expert_tst_min"] == 8
    assert summary["expert_rem_pct"] == 25
    assert summary["expert_se_pct"] == 80
    assert summary["expert_sol_min"] == 1
    assert summary["stages"] == "auto"
    assert summary["tst_min"] != 8


def test_agreement_is_kept_in_the_summary_and_in_nights_tsv(recording, tmp_path):
    plain = run(recording, tmp_path / "plain")
    automatic = read_hypnogram(plain)
    scoring = tmp_path / "same.edf"
    scoring.write_bytes(write_scoring(Hypnogram(automatic.stages, start=START)))
    out = tmp_path / "out"
    summary = read(run(recording, out, "--scoring", scoring))
    assert (summary["accuracy"], summary["kappa"]) == (1, 1)
    assert summary["agreement_epochs"] == 20
    gather(out)
    (row,) = rows(out / "nights.tsv")
    assert (row["kappa"], row["accuracy"], row["stages"]) == ("1.0", "1.0", "auto")
    assert float(row["expert_tst_min"]) == summary["tst_min"]


def test_the_experts_stages_stand_in_the_hypnogram(recording, tmp_path):
    night = run(recording, tmp_path / "out", "--scoring", scoring_file(tmp_path, "W*5 N3*15"))
    assert [row["expert"] for row in rows(night / "hypnogram.tsv")] == ["W"] * 5 + ["N3"] * 15


def test_a_night_without_a_scoring_has_no_column_for_it(recording, tmp_path):
    out = tmp_path / "out"
    night = run(recording, out)
    assert "expert" not in rows(night / "hypnogram.tsv")[0]
    assert "kappa" not in read(night)
    gather(out)
    (row,) = rows(out / "nights.tsv")
    assert row["stages"] == "auto"
    assert not {"kappa", "expert_tst_min"} & {*row}


def test_a_changed_scoring_makes_the_night_computed_again(recording, tmp_path):
    out, scoring = tmp_path / "out", scoring_file(tmp_path, "W*2 N2*18")
    first = read(run(recording, out, "--scoring", scoring), "manifest.json")
    again = read(run(recording, out, "--scoring", scoring), "manifest.json")
    assert again == first
    scoring_file(tmp_path, "W*4 N2*16")
    changed = read(run(recording, out, "--scoring", scoring), "manifest.json")
    assert changed["scoring"]["sha256"] != first["scoring"]["sha256"]
    assert read(out / "nights" / "S1" / "1")["expert_sol_min"] == 2


def test_lights_are_taken_from_the_scoring_where_the_recording_has_none(recording, tmp_path):
    lights = [(60, None, "Lights off"), (540, None, "Lights on")]
    scoring = scoring_file(tmp_path, "W*2 N2*18", lights)
    summary = read(run(recording, tmp_path / "out", "--scoring", scoring))
    assert (summary["lights_off_s"], summary["lights_on_s"]) == (60, 540)
    assert summary["lights_source"] == "scoring"


def test_lights_of_the_recording_go_before_those_of_the_scoring(tmp_path):
    recording = write_night(tmp_path / "night.edf", annotations=[(30, "Lights off")])
    lights = [(60, None, "Lights off"), (540, None, "Lights on")]
    scoring = scoring_file(tmp_path, "W*2 N2*18", lights)
    summary = read(run(recording, tmp_path / "out", "--scoring", scoring))
    assert (summary["lights_off_s"], summary["lights_on_s"]) == (30, 540)
    assert summary["lights_source"] == "annotation/scoring"


def test_the_alignment_stands_in_the_manifest_and_among_the_warnings(recording, tmp_path):
    scoring = scoring_file(tmp_path, "W*2 N2*10", time="22.01.07")
    manifest = read(run(recording, tmp_path / "out", "--scoring", scoring), "manifest.json")
    assert manifest["scoring"]["shift_s"] == 67
    assert manifest["scoring"]["remainder_s"] == 7
    assert manifest["scoring"]["settled_by"] == "date and clock"
    assert manifest["scoring"]["recognised_by"] == "its header is one of EDF"
    assert any(w.startswith("scoring-shifted") for w in manifest["warnings"])


def test_a_scoring_of_another_night_fails_the_night_with_its_reason(recording, tmp_path, capsys):
    scoring = scoring_file(tmp_path, "W*2 N2*10", time="04.00.00")
    arguments = ["run", str(recording), "-o", str(tmp_path / "out"), "--scoring", str(scoring)]
    assert cheap_nights.main(arguments) == 5
    assert "the scoring starts at 2024-03-01 04:00:00" in capsys.readouterr().err
    failure = read(tmp_path / "out" / "nights" / "night" / "1", "failure.json")
    assert failure["kind"] == "ScoringInvalid"


def test_text_given_as_a_scoring_is_not_called_a_broken_recording(recording, tmp_path, capsys):
    notes = tmp_path / "notes.txt"
    notes.write_text("the night was quiet\n", encoding="utf-8")
    arguments = ["run", str(recording), "-o", str(tmp_path / "out"), "--scoring", str(notes)]
    assert cheap_nights.main(arguments) == 5
    assert "notes.txt: not a scoring" in capsys.readouterr().err


@pytest.mark.parametrize(
    "options",
    [["--scorer", "AB"], ["--by", "AB"], ["--as", "correction"], ["--scoring-map", "0=W"]],
)
def test_options_about_a_scoring_need_a_scoring(recording, tmp_path, options, capsys):
    assert cheap_nights.main(["run", str(recording), "-o", str(tmp_path / "out"), *options]) == 2
    assert f"{options[0]}" in capsys.readouterr().err


# --- in place of automatic stages


def test_a_night_scored_by_a_person_needs_no_recording(tmp_path):
    scoring = scoring_file(tmp_path, "W*2 N2*14 R*4", LIGHTS)
    night = run(scoring, tmp_path / "out", "--stages", "expert")
    summary, manifest = read(night), read(night, "manifest.json")
    assert (summary["tst_min"], summary["rem_pct"], summary["sol_min"]) == (9, 100 * 4 / 18, 1)
    assert (summary["stages"], summary["lights_source"]) == ("expert", "scoring")
    assert manifest["engine"]["stager"] == "expert"
    assert manifest["derivations"] == []
    assert {*rows(night / "hypnogram.tsv")[0]} >= {"stage", "p_w", "clock"}
    assert rows(night / "hypnogram.tsv")[0]["p_w"] == ""
    assert summary["absent"]["mean_confidence"]
    assert [w.partition(":")[0] for w in summary["warnings"]] == ["short-night"]


def test_the_end_of_the_scoring_stands_in_for_lights_on(tmp_path):
    scoring = scoring_file(tmp_path, "W*2 N2*18", LIGHTS[:1])
    (warning, *_) = read(run(scoring, tmp_path / "out", "--stages", "expert"))["warnings"]
    assert warning.startswith("lights on is not known; the scoring's end stands in for it")


def test_stages_within_the_recording_are_a_scoring_of_it(tmp_path):
    annotations = [(30 * i, f"Sleep stage {'W' if i < 2 else 'N2'}") for i in range(20)]
    recording = write_night(tmp_path / "n.edf", ["ECG"], seconds=900, annotations=annotations)
    night = run(recording, tmp_path / "out", "--stages", "expert")
    assert read(night)["tst_min"] == 9
    assert len(read_hypnogram(night)) == 30  # the recording goes on


def test_a_recording_without_eeg_gives_clock_and_lights_to_its_scoring(tmp_path):
    lights = [(60, "Lights off"), (840, "Lights on")]
    recording = write_night(tmp_path / "n.edf", ["ECG"], seconds=900, annotations=lights)
    scoring = scoring_file(tmp_path, "W*2 N2*20", time="22.01.00")
    night = run(recording, tmp_path / "out", "--stages", "expert", "--scoring", scoring)
    summary = read(night)
    assert (summary["tib_min"], summary["sol_min"], summary["tst_min"]) == (13, 1, 10)
    assert summary["lights_source"] == "annotation"


def test_lights_before_the_first_stage_make_the_night_longer(tmp_path):
    scoring = scoring_file(tmp_path, "W*2 N2*18")
    lights = ["--lights-off", "21:59:20", "--lights-on", "22:11"]
    night = run(scoring, tmp_path / "out", "--stages", "expert", *lights)
    summary = read(night)
    # 40 s before the first stage are two epochs; the first of them is in bed for 10 s only.
    assert (summary["tib_min"], summary["unscored_min"]) == (11.5, 1.5)
    assert read_hypnogram(night).stages[:4] == ("UNS", "UNS", "W", "W")
    assert rows(night / "hypnogram.tsv")[0]["clock"] == "21:59:00"


def test_lights_far_from_the_scoring_are_refused(tmp_path, capsys):
    scoring = scoring_file(tmp_path, "W*2 N2*18")
    arguments = ["run", str(scoring), "-o", str(tmp_path / "out"), "--stages", "expert"]
    assert cheap_nights.main([*arguments, "--lights-off", "15:00"]) == 2
    assert "lights off 15:00 is outside" in capsys.readouterr().err


def test_a_scoring_alone_cannot_be_staged(tmp_path, capsys):
    scoring = scoring_file(tmp_path, "W*2 N2*18")
    assert cheap_nights.main(["run", str(scoring), "-o", str(tmp_path / "out")]) == 5
    assert "--stages expert" in capsys.readouterr().err


def test_twenty_hours_of_stages_without_lights_are_refused(tmp_path, capsys):
    scoring = tmp_path / "long.edf"
    scoring.write_bytes(edf_scoring([(0, 72000, "Sleep stage W")]))
    arguments = ["run", str(scoring), "-o", str(tmp_path / "out"), "--stages", "expert"]
    assert cheap_nights.main(arguments) == 5
    assert "20.0 h are scored" in capsys.readouterr().err


def test_an_incomplete_scoring_is_flagged_as_an_incomplete_night(tmp_path):
    path = tmp_path / "gap.edf"
    notes = [*scored("W*2 N2*10"), *scored("N2*400", first_s=3600), *LIGHTS[:1]]
    path.write_bytes(edf_scoring(notes, date="01.03.24", time="22.00.00"))
    night = run(path, tmp_path / "out", "--stages", "expert")
    (flag,) = (f for f in read(night, "quality.json")["flags"] if f["code"] == "incomplete")
    assert "have no stage" in flag["message"]


def test_a_night_scored_by_a_person_has_a_picture(tmp_path):
    scoring = scoring_file(tmp_path, "W*2 N2*14 R*4", LIGHTS)
    arguments = ["run", str(scoring), "-o", str(tmp_path / "out"), "--stages", "expert", "-q"]
    assert cheap_nights.main([*arguments, "--subject", "S1", "--night", "1"]) == 0
    picture = (tmp_path / "out" / "nights" / "S1" / "1" / "hypnogram.svg").read_text("utf-8")
    assert "scored by a person" in picture


def test_a_study_of_scorings_alone(tmp_path):
    for number, words in ((1, "W*2 N2*18"), (2, "W*4 N2*16")):
        scoring_file(tmp_path, words, LIGHTS, f"S{number}.edf")
    table = tmp_path / "study.tsv"
    lines = ["subject\tnight\tcondition\tscoring", "S1\t1\tbaseline\tS1.edf"]
    table.write_text("\n".join([*lines, "S2\t1\ttreatment\tS2.edf"]) + "\n", encoding="utf-8")
    out = tmp_path / "out"
    arguments = ["batch", str(table), "-o", str(out), "--stages", "expert", "-q", "-j1"]
    assert cheap_nights.main([*arguments, "--no-figures"]) == 0
    first, second = rows(out / "nights.tsv")
    assert (first["stages"], first["stager"], first["tst_min"]) == ("expert", "expert", "9.0")
    assert second["tst_min"] == "8.0"
    assert first["classifier"] == first["derivations"] == ""
    before = (out / "nights" / "S1" / "1" / "manifest.json").read_bytes()
    assert cheap_nights.main([*arguments, "--no-figures", "--trust-mtime"]) == 0
    assert (out / "nights" / "S1" / "1" / "manifest.json").read_bytes() == before


def test_a_night_with_neither_recording_nor_scoring_is_a_mistake_of_the_table(tmp_path, capsys):
    table = tmp_path / "study.tsv"
    table.write_text("subject\tnight\tcondition\tscoring\nS1\t1\tbaseline\t\n", encoding="utf-8")
    assert cheap_nights.main(["batch", str(table), "-o", str(tmp_path / "out")]) == 3
    assert "recording" in capsys.readouterr().err


def test_a_pipeline_may_say_that_a_person_scored_the_nights(tmp_path):
    pipeline = tmp_path / "ours.toml"
    shipped = find_pipeline("eeg-only").read_text(encoding="utf-8")
    assert 'stager = "yasa"' in shipped
    text = shipped.replace('stager = "yasa"', 'stager = "expert"')
    pipeline.write_text(text, encoding="utf-8")
    scoring = scoring_file(tmp_path, "W*2 N2*18", LIGHTS)
    night = run(scoring, tmp_path / "out", "-p", pipeline)
    assert read(night)["stages"] == "expert"


def test_from_python_the_night_has_the_experts_stages(tmp_path):
    scoring = scoring_file(tmp_path, "W*2 N2*18", LIGHTS)
    night = psgpipe.run_night(scoring, stages="expert")
    assert night.summary.tst_min == 9
    assert night.stages_by == "expert"
    with pytest.raises(ScoringInvalid):
        psgpipe.run_night(tmp_path / "absent.edf", stages="expert")


# --- a correction


@pytest.fixture
def edited(recording, tmp_path):
    """A night, and its stages with the epochs 3 and 4 edited to REM."""
    night = run(recording, tmp_path / "plain")
    stages = list(read_hypnogram(night).stages)
    was = stages[3:5]
    stages[3:5] = ["R" if stage != "R" else "W" for stage in was]
    path = tmp_path / "edited.edf"
    path.write_bytes(write_scoring(Hypnogram(tuple(stages), start=START)))
    return path, was, stages[3:5], night


def test_a_correction_lists_every_changed_epoch(recording, tmp_path, edited):
    path, was, now, _ = edited
    options = ["--scoring", path, "--as", "correction", "--by", "AB"]
    night = run(recording, tmp_path / "out", *options)
    changed = read(night, "manifest.json")["scoring"]["changed"]
    when = dt.datetime.fromtimestamp(int(path.stat().st_mtime), dt.UTC).isoformat()
    assert changed == [
        {"epoch": 3 + i, "from": str(a), "to": str(b), "who": "AB", "when": when}
        for i, (a, b) in enumerate(zip(was, now, strict=True))
    ]


def test_corrected_stages_count_and_the_automatic_ones_stay_beside(recording, tmp_path, edited):
    path, _, now, plain = edited
    out = tmp_path / "out"
    night = run(recording, out, "--scoring", path, "--as", "correction")
    seen = rows(night / "hypnogram.tsv")
    assert [row["stage"] for row in seen[3:5]] == now
    assert [row["auto"] for row in seen] == [row["stage"] for row in rows(plain / "hypnogram.tsv")]
    assert [row["p_w"] for row in seen] == [row["p_w"] for row in rows(plain / "hypnogram.tsv")]
    rem_min = sum(row["stage"] == "R" for row in seen) / 2
    assert read(night)["rem_min"] == rem_min
    gather(out)
    assert rows(out / "nights.tsv")[0]["stages"] == "corrected"


def test_epochs_that_the_edited_file_leaves_out_stay_as_they_are(recording, tmp_path):
    path = tmp_path / "few.edf"
    path.write_bytes(edf_scoring([(60, 30, "Sleep stage R")], date="01.03.24", time="22.00.00"))
    night = run(recording, tmp_path / "out", "--scoring", path, "--as", "correction")
    seen = rows(night / "hypnogram.tsv")
    assert seen[2]["stage"] == "R"
    assert all(row["stage"] == row["auto"] for i, row in enumerate(seen) if i != 2)
    assert read(night, "manifest.json")["scoring"]["not_in_the_file"] == 19


def test_a_correction_of_a_persons_own_stages_is_refused(recording, tmp_path, edited, capsys):
    options = ["--scoring", str(edited[0]), "--as", "correction", "--stages", "expert"]
    assert cheap_nights.main(["run", str(recording), "-o", str(tmp_path / "o"), *options]) == 2
    assert "--as correction" in capsys.readouterr().err


def test_automatic_stages_do_not_replace_corrected_ones(recording, tmp_path, edited, capsys):
    out = tmp_path / "out"
    night = run(recording, out, "--scoring", edited[0], "--as", "correction")
    manifest = (night / "manifest.json").read_bytes()
    arguments = ["run", str(recording), "-o", str(out), "--no-figures", "-q"]
    arguments += ["--subject", "S1", "--night", "1"]
    assert cheap_nights.main(arguments) == 7
    assert "corrected by hand" in capsys.readouterr().err
    assert (night / "manifest.json").read_bytes() == manifest
    assert cheap_nights.main([*arguments, "--force"]) == 0
    assert read(night)["stages"] == "auto"


def test_a_study_keeps_its_corrections(recording, tmp_path, edited):
    table = tmp_path / "study.tsv"
    head = "subject\tnight\tcondition\trecording\tcorrection\tcorrected_by"
    row = f"S1\t1\tbaseline\t{recording}\tedited.edf\tAB"
    table.write_text(f"{head}\n{row}\n", encoding="utf-8")
    out = tmp_path / "out"
    arguments = ["batch", str(table), "-o", str(out), "-q", "-j1", "--no-figures"]
    assert cheap_nights.main(arguments) == 0
    (gathered,) = rows(out / "nights.tsv")
    assert (gathered["stages"], gathered["corrected_by"]) == ("corrected", "AB")
    manifest = read(out / "nights" / "S1" / "1", "manifest.json")
    assert {change["who"] for change in manifest["scoring"]["changed"]} == {"AB"}
    assert [change["epoch"] for change in manifest["scoring"]["changed"]] == [3, 4]


def test_a_scoring_and_a_correction_of_one_night_are_a_mistake(recording, tmp_path, capsys):
    table = tmp_path / "study.tsv"
    head = "subject\tnight\tcondition\trecording\tscoring\tcorrection"
    table.write_text(f"{head}\nS1\t1\tbaseline\t{recording}\ta.edf\tb.edf\n", encoding="utf-8")
    assert cheap_nights.main(["batch", str(table), "-o", str(tmp_path / "out")]) == 3
    assert "the night has a scoring, too" in capsys.readouterr().err


def test_an_artefact_that_the_scorer_wrote_over_a_stage_is_a_correction(recording, tmp_path):
    night = run(recording, tmp_path / "plain")
    stages = list(read_hypnogram(night).stages)
    stages[7] = "ART"
    path = tmp_path / "edited.edf"
    path.write_bytes(write_scoring(Hypnogram(tuple(stages), start=START)))
    night = run(recording, tmp_path / "out", "--scoring", path, "--as", "correction")
    assert [r["epoch"] for r in rows(night / "hypnogram.tsv") if r["stage"] != r["auto"]] == ["7"]
    assert rows(night / "hypnogram.tsv")[7]["stage"] == "ART"


# --- several scorers, mappings, dry runs


def test_of_two_scorers_in_one_file_one_is_chosen(recording, tmp_path, capsys):
    notes = [(30 * i, 30, f"AB: Sleep stage {'W' if i < 4 else '2'}") for i in range(20)]
    notes += [(30 * i, 30, f"CD: Sleep stage {'W' if i < 2 else '2'}") for i in range(20)]
    path = tmp_path / "two.edf"
    path.write_bytes(edf_scoring(notes, date="01.03.24", time="22.00.00"))
    arguments = ["run", str(recording), "-o", str(tmp_path / "o"), "--scoring", str(path)]
    assert cheap_nights.main(arguments) == 5
    message = capsys.readouterr().err
    assert "two different stages at 22:01:00, 22:01:30" in message
    assert "--scorer NAME, of AB, CD" in message
    for scorer, sol_min in (("AB", 2), ("CD", 1)):
        night = run(recording, tmp_path / scorer, "--scoring", path, "--scorer", scorer)
        assert read(night)["expert_sol_min"] == sol_min
    assert cheap_nights.main([*arguments, "--scorer", "XY"]) == 5
    assert "its scorers are AB, CD" in capsys.readouterr().err


def test_a_scoring_alone_may_have_its_scorer_chosen(tmp_path):
    notes = [
        (30 * i, 30, f"Sleep stage {'2' if i else 'W'}@@{by}") for i in range(9) for by in "AB"
    ]
    notes += [(270, 30, "Sleep stage R@@A"), (270, 30, "Sleep stage W@@B")]
    path = tmp_path / "two.edf"
    path.write_bytes(edf_scoring(notes))
    night = run(path, tmp_path / "out", "--stages", "expert", "--scorer", "A")
    assert read(night)["rem_min"] == 0.5


def test_digits_are_read_by_the_mapping_of_a_batch(tmp_path):
    (tmp_path / "digits.txt").write_text("0\n0\n" + "2\n" * 18, encoding="utf-8")
    table = tmp_path / "study.tsv"
    table.write_text(
        "subject\tnight\tcondition\tscoring\nS1\t1\tbaseline\tdigits.txt\n", encoding="utf-8"
    )
    out = tmp_path / "out"
    arguments = ["batch", str(table), "-o", str(out), "--stages", "expert", "-q", "-j1"]
    assert cheap_nights.main([*arguments, "--no-figures"]) == 8
    assert cheap_nights.main([*arguments, "--no-figures", "--scoring-map", "0=W,2=N2"]) == 0
    assert rows(out / "nights.tsv")[0]["tst_min"] == "9.0"


def test_a_dry_run_says_which_scorings_cannot_be_read(recording, tmp_path, capsys):
    scoring_file(tmp_path, "W*2 N2*18", LIGHTS, "good.edf")
    (tmp_path / "bad.txt").write_text("the night was quiet\n", encoding="utf-8")
    table = tmp_path / "study.tsv"
    lines = ["subject\tnight\tcondition\tscoring", "S1\t1\tbaseline\tgood.edf"]
    table.write_text("\n".join([*lines, "S2\t1\tbaseline\tbad.txt"]) + "\n", encoding="utf-8")
    capsys.readouterr()
    arguments = ["batch", str(table), "-o", str(tmp_path / "o"), "--dry-run", "--json"]
    assert cheap_nights.main([*arguments, "--stages", "expert"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert [group["names"] for group in plan["will_fail"]] == [["S2 1"]]


def test_the_file_name_of_a_scoring_may_reveal_a_condition(tmp_path, capsys):
    scoring_file(tmp_path, "W*2 N2*18", LIGHTS, "S1-treatment.edf")
    table = tmp_path / "study.tsv"
    row = "S1\t1\ttreatment\tS1-treatment.edf"
    table.write_text(f"subject\tnight\tcondition\tscoring\n{row}\n", encoding="utf-8")
    arguments = ["batch", str(table), "-o", str(tmp_path / "o"), "--stages", "expert", "--blind"]
    assert cheap_nights.main([*arguments, "-j1", "--no-figures"]) == 0
    assert "reveals the condition" in capsys.readouterr().err


def test_a_study_with_scorings_beside_is_compared_by_either_stages(tmp_path):
    lines = ["subject\tnight\tcondition\trecording\tscoring\tlights_off\tlights_on"]
    for number in (1, 2, 3):
        for condition, wake in (("baseline", number), ("treatment", number + 4)):
            name = f"S{number}-{condition}"
            write_night(tmp_path / f"{name}.edf", seconds=600, seed=number)
            scoring_file(tmp_path, f"W*{wake} N2*{20 - wake}", name=f"{name}-scoring.edf")
            lights = "22:00\t22:10"
            files = f"{name}.edf\t{name}-scoring.edf"
            lines.append(f"S{number}\t{condition}\t{condition}\t{files}\t{lights}")
    table, out = tmp_path / "study.tsv", tmp_path / "out"
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    arguments = ["batch", str(table), "-o", str(out), "-q", "-j1", "--no-figures"]
    assert cheap_nights.main(arguments) == 0

    def tst(**options):
        comparison = psgpipe.compare(out, **options)
        (contrast,) = (c for c in comparison.contrasts if c.endpoint == "tst_min")
        return comparison, contrast

    # By the scorings, every subject was awake four epochs longer.
    by_expert, contrast = tst(stages="expert")
    assert (contrast.difference, contrast.n_subjects) == (-2, 3)
    assert (by_expert.recipe["stager"], by_expert.recipe["derivations"]) == (["expert"], [])
    automatic, contrast = tst()
    assert contrast.difference != -2
    assert automatic.recipe["derivations"] == ["C4-M1, E1-M2, chin"]


def test_stages_in_the_recording_itself_stand_beside_the_automatic_ones(tmp_path):
    annotations = [(30 * i, f"Sleep stage {'W' if i < 2 else 'N2'}") for i in range(20)]
    recording = write_night(tmp_path / "night.edf", annotations=annotations)
    night = run(recording, tmp_path / "out", "--scoring", recording)
    assert read(night)["expert_tst_min"] == 9
    assert read(night)["stages"] == "auto"


def test_a_scoring_in_text_that_stands_alone_is_no_broken_recording(tmp_path, capsys):
    (tmp_path / "stages.txt").write_text("W\nN2\nN2\nR\n", encoding="utf-8")
    table, out = tmp_path / "study.tsv", tmp_path / "out"
    row = "S1\t1\tbaseline\tstages.txt"
    table.write_text(f"subject\tnight\tcondition\tscoring\n{row}\n", encoding="utf-8")
    arguments = ["batch", str(table), "-o", str(out), "-q", "-j1", "--no-figures"]
    assert cheap_nights.main(arguments) == 8
    failure = read(out / "nights" / "S1" / "1", "failure.json")
    assert failure["problem"] == (
        "stages.txt: a recording was wanted, the night has a scoring alone"
    )
    assert "--stages expert" in failure["remedy"]


def test_a_recording_and_a_scoring_that_are_one_file_are_a_scoring_alone(tmp_path):
    scoring = scoring_file(tmp_path, "W*2 N2*18", LIGHTS)
    (tmp_path / "link.edf").symlink_to(scoring)
    options = ["--stages", "expert", "--scoring", tmp_path / "link.edf"]
    assert read(run(scoring, tmp_path / "out", *options))["tst_min"] == 9


# --- stages of a person and automatic ones in one folder


def tree(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_nights_scored_by_a_person_stay_where_automatic_staging_fails(tmp_path):
    scoring = scoring_file(tmp_path, "W*2 N1*2 N2*10 R*4 W*2", LIGHTS)
    table, out = tmp_path / "study.tsv", tmp_path / "out"
    head = "subject\tnight\tcondition\trecording\tscoring\n"
    table.write_text(f"{head}S1\t1\tbaseline\t{scoring}\t{scoring}\n", encoding="utf-8")
    batch = ["batch", str(table), "-o", str(out), "--no-figures", "-q", "--jobs", "1"]
    assert cheap_nights.main([*batch, "--stages", "expert"]) == 0
    before = tree(out / "nights")
    assert cheap_nights.main([*batch, "--stages", "auto"]) == 8
    assert cheap_nights.main([*batch, "--stages", "auto", "--force"]) == 8
    assert tree(out / "nights") == before
    (row,) = rows(out / "nights.tsv")
    assert (row["state"], row["tst_min"]) == ("missing", "")
    assert "another pipeline" in row["reason"]
    assert cheap_nights.main([*batch, "--stages", "expert"]) == 0
    assert rows(out / "nights.tsv")[0]["tst_min"] == "8.0"


def test_a_corrected_night_stays_where_automatic_staging_fails_although_it_was_forced(
    recording, tmp_path
):
    path = tmp_path / "night.edf"
    path.write_bytes(recording.read_bytes())
    scoring = scoring_file(tmp_path, "W*2 N1*2 N2*10 R*4 W*2")
    out = tmp_path / "out"
    night = run(path, out, "--scoring", scoring, "--as", "correction")
    before = tree(night)
    path.write_bytes(b"0       " + bytes(4096))
    forced = ["run", str(path), "-o", str(out), "--subject", "S1", "--night", "1", "--force", "-q"]
    assert cheap_nights.main(forced) == 4
    assert tree(night) == before
