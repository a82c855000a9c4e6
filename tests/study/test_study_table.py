"""Study tables as laboratories write them: correct, or refused with row and column."""

import os
from pathlib import Path
from unicodedata import normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from psgpipe.errors import StudyTableInvalid
from psgpipe.study.file_ids import night_from
from psgpipe.study.study_table import study_table
from psgpipe.tables.delimited import read_table

HEADER = "subject\tnight\tcondition\trecording"


def written(tmp_path: Path, text: str | bytes, name: str = "study.tsv") -> Path:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return path


def refusal(tmp_path: Path, text: str | bytes, name: str = "study.tsv") -> str:
    with pytest.raises(StudyTableInvalid) as refused:
        study_table(written(tmp_path, text, name))
    assert refused.value.exit_code == 3
    assert refused.value.remedy
    return refused.value.problem


def one_row(tmp_path: Path, columns: str, cells: str, delimiter: str = "\t"):
    text = delimiter.join([*HEADER.split("\t"), columns]) + "\n"
    text += delimiter.join(["S1", "n1", "baseline", "a.edf", cells]) + "\n"
    return text


def test_an_id_is_the_same_however_its_accents_are_encoded(tmp_path):
    """A table from macOS, the recording's name, an option: one night."""
    rows = [HEADER.split("\t"), ["Zoe\u0301", "n1", "baseline", "a.edf"]]
    text = "\n".join("\t".join(row) for row in rows)
    (tmp_path / "study.tsv").write_text(text, encoding="utf-8")
    (listed,) = study_table(tmp_path / "study.tsv")
    assert listed.night.subject == "Zo\u00e9"
    assert night_from(Path("Zoe\u0301.edf")).subject == "Zo\u00e9"
    assert night_from(Path("a.edf"), subject="Zoe\u0301").subject == "Zo\u00e9"


def test_a_plain_table(tmp_path):
    path = written(
        tmp_path,
        f"{HEADER}\tlights_off\tage\tsex\tdose_mg_per_kg\texclude\texclude_reason\tward\n"
        "S1\tn1\tbaseline\trec/a.edf\t22:41\t41\tf\t\t\t\tA\n"
        "S1\tn2\ttreatment\trec/b.edf\t2024-03-01T22:41\t41\tF\t0.5\tyes\tfell out of bed\tA\n",
    )
    first, second = study_table(path)
    assert (first.night.subject, first.night.night) == ("S1", "n1")
    assert first.night.condition == "baseline"
    assert first.night.lights_off == "22:41"
    assert (first.night.age_y, first.night.sex) == (41.0, "F")
    assert first.recording == tmp_path / "rec" / "a.edf"
    assert first.night.extra == {"ward": "A"}
    assert not first.excluded
    assert second.excluded
    assert second.exclude_reason == "fell out of bed"
    assert second.night.extra["dose_mg_per_kg"] == "0.5"
    assert (first.row, second.row) == (2, 3)


@pytest.mark.parametrize("delimiter", ["\t", ",", ";"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_every_delimiter_line_end_and_byte_order_mark(tmp_path, delimiter, end, encoding):
    rows = [HEADER.split("\t"), ["Müller-1", "n1", "Baseline", "a.edf"]]
    text = end.join(delimiter.join(r) for r in rows) + end
    (listed,) = study_table(written(tmp_path, text.encode(encoding)))
    assert listed.night.subject == "Müller-1"
    assert listed.night.condition == "baseline"


@pytest.mark.parametrize("subject", ["007", "no", "1e3", "True", "12.50", "nein", "O'Hara"])
def test_a_subject_stays_the_text_that_it_is(tmp_path, subject):
    (listed,) = study_table(written(tmp_path, f"{HEADER}\n{subject}\t01\tbaseline\ta.edf\n"))
    assert (listed.night.subject, listed.night.night) == (subject, "01")


def test_a_delimiter_line_from_a_spreadsheet(tmp_path):
    text = "sep=;\r\n" + HEADER.replace("\t", ";") + "\r\nS1;n1;baseline;a.edf\r\n"
    (listed,) = study_table(written(tmp_path, text, "study.csv"))
    assert listed.row == 3


@pytest.mark.parametrize("declared", ['"sep=;"', "SEP=;", "sep=;;;;", "\ufeffsep=;"])
def test_a_delimiter_line_that_was_quoted_or_filled_up(tmp_path, declared):
    text = f"{declared}\r\n{HEADER.replace(chr(9), ';')}\r\nS1;n1;baseline;a.edf\r\n"
    (listed,) = study_table(written(tmp_path, text, "study.csv"))
    assert listed.row == 3


@pytest.mark.parametrize("column", ["drug; dose", "a\tb", '"drug; dose; route"'])
def test_a_column_s_name_may_hold_another_delimiter(tmp_path, column):
    text = f"{HEADER},{column}".replace("\t", ",", 3) + "\nS1,n1,baseline,a.edf,x\n"
    (listed,) = study_table(written(tmp_path, text, "study.csv"))
    assert list(listed.night.extra.values()) == ["x"]


@pytest.mark.parametrize("unseen", ["\ufeff", "\u200b", "\u00ad", "\u200e", "\u00a0", "\n"])
def test_what_nobody_sees_in_a_header_is_not_there(tmp_path, unseen):
    text = (
        f'"{unseen}subject"\tnight\tcondition\trecording\t"age{unseen}"\nS1\t1\tbaseline\ta\t41\n'
    )
    (listed,) = study_table(written(tmp_path, text))
    assert (listed.night.subject, listed.night.age_y) == ("S1", 41.0)


def test_a_header_that_stands_again_is_no_night(tmp_path):
    text = f"{HEADER}\nS1\t1\tbaseline\ta\n{HEADER.upper()}\nS2\t1\tbaseline\tb\n"
    assert "row 3, the header stands here again" in refusal(tmp_path, text)


def test_empty_columns_at_the_end_of_the_header_alone(tmp_path):
    (listed,) = study_table(written(tmp_path, f"{HEADER}\t\t\nS1\t1\tbaseline\ta\n"))
    assert listed.night.subject == "S1"


@pytest.mark.parametrize("delimiter", ["|", " ", ":"])
def test_another_delimiter_is_named(tmp_path, delimiter):
    text = f"{HEADER}\nS1\t1\tbaseline\ta\n".replace("\t", delimiter)
    assert "separated by tabs, semicolons or commas, found a single one" in refusal(tmp_path, text)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_character_of_another_encoding_is_found_in_its_row(tmp_path, end):
    text = end.join([HEADER, "S1\t1\tbaseline\ta", "Müller\t1\tbaseline\tb", ""])
    assert "row 3 holds a character" in refusal(tmp_path, text.encode("cp1252"))


def test_quoted_cells_may_hold_the_delimiter(tmp_path):
    text = HEADER.replace("\t", ",") + ',comedication\nS1,n1,baseline,a.edf,"sertraline, 50 mg"\n'
    (listed,) = study_table(written(tmp_path, text, "study.csv"))
    assert listed.night.extra["comedication"] == "sertraline, 50 mg"


def test_empty_rows_count_as_a_spreadsheet_counts_them(tmp_path):
    text = f"\n{HEADER}\n\n\t\t\t\nS1\tn1\tbaseline\ta.edf\n"
    (listed,) = study_table(written(tmp_path, text))
    assert listed.row == 5


def test_columns_may_be_written_in_capitals(tmp_path):
    (listed,) = study_table(
        written(tmp_path, "Subject,NIGHT,Condition,Recording\nS,1,baseline,a\n")
    )
    assert listed.night.subject == "S"


@pytest.mark.parametrize("missing", ["", "NA", "n/a", "NaN", "null", ".", "#N/A"])
def test_missing_values_are_absent(tmp_path, missing):
    (listed,) = study_table(written(tmp_path, one_row(tmp_path, "age", missing)))
    assert listed.night.age_y is None


@pytest.mark.parametrize("cell", ["0,5", "0.5", ".5", "5e-1"])
def test_decimal_marks_in_a_tab_separated_table(tmp_path, cell):
    (listed,) = study_table(written(tmp_path, one_row(tmp_path, "dose_mg_per_kg", cell)))
    assert listed.night.extra["dose_mg_per_kg"] in {"0.5", "0,5", ".5", "5e-1"}


@pytest.mark.parametrize(
    ("column", "cell", "wanted"),
    [
        ("age", "200", "0 to 120"),
        ("age", "forty", "0 to 120"),
        ("age", "1_0", "0 to 120"),
        ("sex", "X", "F or M"),
        ("lights_off", "25:10", "HH:MM"),
        ("lights_off", "22.41", "HH:MM"),
        ("lights_off", "300", "for seconds from the start, +300"),
        ("timezone", "Europe/Pariss", "Did you mean Europe/Paris?"),
        ("timezone", "CEST summer", "a time zone such as Europe/Paris"),
        ("sleep_period", "0", "a whole number from 1"),
        ("sleep_period", "1.5", "a whole number from 1"),
        ("lights_off", "10:41 PM", "HH:MM"),
        ("lights_off", "2024-03-01", "HH:MM"),
        ("lights_off", "01.03.2024 22:41", "HH:MM"),
        ("lights_off", "0.945138889", "HH:MM"),
        ("lights_off", "1899-12-30 22:41:00", "spreadsheet"),
        ("lights_on", "2024-02-31T06:00", "HH:MM"),
        ("dose_end", "14:30", "YYYY-MM-DDTHH:MM"),
        ("dose_end", "2024-03-01T14:30Z", "YYYY-MM-DDTHH:MM"),
        ("dose_mg_per_kg", "-0.5", "not negative"),
        ("dose_mg_per_kg", "0.5 mg", "not negative"),
        ("night_in_lab", "1.5", "whole number"),
        ("infusion_no", "second", "whole number"),
        ("exclude", "maybe", "yes or no"),
        ("lights_off", "９:05", "HH:MM"),
        ("lights_off", "0024-03-01T22:41", "HH:MM"),
        ("age", "1e-200", "0 to 120"),
        ("recording", "x" * 256, "of a possible length"),
        ("scoring", "x/" * 2000, "of a possible length"),
    ],
)
def test_a_wrong_cell_is_named_by_row_and_column(tmp_path, column, cell, wanted):
    text = one_row(tmp_path, column, cell)
    if column in HEADER:
        text = f"{HEADER}\nS1\tn1\tbaseline\t{cell}\n"
    problem = refusal(tmp_path, text)
    assert f"row 2, column {column}" in problem
    assert wanted in problem
    assert repr(cell if len(cell) <= 40 else f"{cell[:37]}...") in problem


def test_a_comma_that_could_be_a_thousand_is_not_guessed(tmp_path):
    problem = refusal(tmp_path, one_row(tmp_path, "dose_mg_per_kg", "1,234"))
    assert "row 2, column dose_mg_per_kg" in problem


def test_two_decimal_marks_in_one_table_are_refused(tmp_path):
    text = f"{HEADER}\tdose_mg_per_kg\nS1\t1\tbaseline\ta\t0,5\nS2\t1\tbaseline\tb\t0.5\n"
    problem = refusal(tmp_path, text)
    assert "row 2" in problem
    assert "row 3" in problem


def test_the_rarer_decimal_mark_is_the_mistake(tmp_path):
    cells = ["0.5", "0.5", "0,5", "1"]
    lines = [f"S{n}\t1\tbaseline\tr{n}\t{cell}" for n, cell in enumerate(cells)]
    problem = refusal(tmp_path, "\n".join([f"{HEADER}\tdose_mg_per_kg", *lines]))
    assert "row 4, column dose_mg_per_kg" in problem
    assert "mistakes" not in problem


def test_lights_that_go_on_before_they_go_off(tmp_path):
    times = "2024-03-01T22:41\t2024-03-01T06:52"
    text = f"{HEADER}\tlights_off\tlights_on\nS1\t1\tbaseline\ta\t{times}\n"
    assert "row 2, column lights_on: wanted a time after lights_off" in refusal(tmp_path, text)


def test_a_windows_path_longer_than_a_name_may_be(tmp_path):
    folders = "\\".join(["recordings"] * 40)
    text = f"{HEADER}\nS1\t1\tbaseline\t{folders}\\a.edf\n"
    (listed,) = study_table(written(tmp_path, text))
    assert listed.recording.name == "a.edf"


def test_a_decimal_comma_between_commas_is_a_row_too_long(tmp_path):
    problem = refusal(tmp_path, one_row(tmp_path, "dose_mg_per_kg", "0,5", ","), "study.csv")
    assert "row 2, 6 cells where the header has 5 (a decimal comma?)" in problem


def test_every_mistake_is_said_at_once(tmp_path):
    problem = refusal(
        tmp_path,
        f"{HEADER}\tage\tlights_off\n"
        "S1\tn1\tbasline\ta.edf\t300\t22:41\n"
        "\tn2\tbaseline\tb.edf\t30\t9 pm\n"
        "S1\tn1\ttreatment\tc.edf\t30\t22:41\n",
    )
    assert "5 mistakes" in problem
    for expected in (
        "row 2, column condition: wanted 'baseline', perhaps, found 'basline'",
        "row 2, column age",
        "row 3, column subject",
        "row 3, column lights_off",
        "row 4, column night: 'n1' of subject 'S1' stands twice; see row 2",
    ):
        assert expected in problem


@pytest.mark.parametrize(
    ("column", "likely"),
    [("lights off", "lights_off"), ("LightsOff", "lights_off"), ("light_off", "lights_off"),
     ("dose_mg_kg", "dose_mg_per_kg"), ("sxe", "sex"), ("excluded", "exclude"),
     ("night_inlab", "night_in_lab"), ("dose-end", "dose_end")],
)  # fmt: skip
def test_a_misspelled_column_is_refused_with_the_likely_word(tmp_path, column, likely):
    problem = refusal(tmp_path, one_row(tmp_path, column, ""))
    assert f"did you mean {likely!r}" in problem


@pytest.mark.parametrize("column", ["ward", "bmi", "notes", "site", "dose_start", "scorer", "moca"])
def test_an_unknown_column_is_kept(tmp_path, column):
    (listed,) = study_table(written(tmp_path, one_row(tmp_path, column, "x, y")))
    assert listed.night.extra == {column: "x, y"}


def test_a_column_like_a_known_one_that_is_there_is_kept(tmp_path):
    text = f"{HEADER}\tsubject_id\nS1\t1\tbaseline\ta\tP-44\n"
    (listed,) = study_table(written(tmp_path, text))
    assert listed.night.extra == {"subject_id": "P-44"}


def test_a_misspelled_required_column_is_one_mistake(tmp_path):
    problem = refusal(tmp_path, "subjct\tnight\tcondition\trecording\nS1\t1\tbaseline\ta\n")
    assert "did you mean 'subject'" in problem
    assert "wanted column" not in problem


def test_a_missing_required_column(tmp_path):
    problem = refusal(tmp_path, "subject\tnight\trecording\nS1\t1\ta\n")
    assert "wanted column condition, found subject, night, recording" in problem


def test_columns_that_stand_twice(tmp_path):
    problem = refusal(tmp_path, f"{HEADER}\tage\tAge\nS1\t1\tbaseline\ta\t4\t5\n")
    assert "column 'Age' stands twice" in problem


def test_a_column_without_a_name(tmp_path):
    assert "column 5 has cells and no name" in refusal(tmp_path, one_row(tmp_path, "", "x"))
    (listed,) = study_table(written(tmp_path, one_row(tmp_path, "", "")))
    assert listed.night.extra == {}


@pytest.mark.parametrize(
    ("a", "b"), [("S 1", "S-1"), ("s1", "S1"), ("007", "7"),
     ("P01", "P1"), ("1", "1.0"), ("7", "７"), ("Straße", "STRASSE"), ("001", "sub-001"),
     ("1", "subject 01"), ("P_7", "P-7"), ("K7", "K-07")],
)  # fmt: skip
def test_ids_that_are_too_alike(tmp_path, a, b):
    text = f"{HEADER}\n{a}\t1\tbaseline\ta\n{b}\t2\ttreatment\tb\n"
    assert f"row 3, column subject: {b!a} is too like {a!a} of row 2" in refusal(tmp_path, text)


@pytest.mark.parametrize(
    ("a", "b"),
    [("144", "1.44E+02"), ("1.44E+02", "0144"), ("144", "1,44e+02"), ("100", "1E+02"),
     ("123456789012", "1.23457E+11")],
)  # fmt: skip
def test_an_id_that_a_spreadsheet_has_written_as_a_number(tmp_path, a, b):
    text = f"{HEADER}\n{a}\t1\tbaseline\ta\n{b}\t2\ttreatment\tb\n"
    number, whole = sorted([a, b], key=str.isdigit)
    row, other = (2, 3) if number == a else (3, 2)
    assert (
        f"row {row}, column subject: {number!r} may be {whole!r} of row {other}, written as a "
        "number by a spreadsheet"
    ) in refusal(tmp_path, text)


@pytest.mark.parametrize(
    ("a", "b"),
    [("S01", "S10"), ("S1", "S11"), ("1-1", "11"), ("1.1", "11"), ("A7", "B7"), ("sub-1", "sub-11"),
     ("subA", "A"), ("145", "1.44E+02"), ("1.44E+02", "1.45E+02"), ("N1", "N1a"), ("S1-2", "S12"),
     ("123456", "123457"), ("0.5", "5"), ("run-1", "ses-1")],
)  # fmt: skip
def test_ids_of_two_persons_are_two_ids(tmp_path, a, b):
    text = f"{HEADER}\n{a}\t1\tbaseline\ta\n{b}\t2\ttreatment\tb\n"
    assert [n.night.subject for n in study_table(written(tmp_path, text))] == [a, b]


@pytest.mark.parametrize(("a", "b"), [("001", "sub-001"), ("144", "1.44E+02"), ("7", "07")])
def test_a_column_says_that_ids_which_look_alike_are_right(tmp_path, a, b):
    rows = f"{a}\t1\tbaseline\ta\t\n{b}\t1\tbaseline\tb\tyes\n{b}\t2\ttreatment\tc\t\n"
    nights = study_table(written(tmp_path, f"{HEADER}\talike_ok\n{rows}"))
    assert [n.night.subject for n in nights] == [a, b, b]
    with pytest.raises(StudyTableInvalid) as refused:
        study_table(written(tmp_path, f"{HEADER}\talike_ok\n{rows.replace('yes', '')}"))
    assert "write yes in a column alike_ok" in refused.value.remedy


def test_ids_with_one_folder_on_some_disks_must_be_renamed(tmp_path):
    rows = "s1\t1\tbaseline\ta\tyes\nS1\t1\tbaseline\tb\tyes\n"
    with pytest.raises(StudyTableInvalid) as refused:
        study_table(written(tmp_path, f"{HEADER}\talike_ok\n{rows}"))
    assert "row 3, column subject: 'S1' is too like 's1' of row 2" in refused.value.problem
    assert refused.value.remedy.startswith("Rename one id")


def test_a_night_that_stands_twice_is_no_other_night_however_sure(tmp_path):
    text = f"{HEADER}\talike_ok\nS1\t1\tbaseline\ta\tyes\nS1\t1\ttreatment\tb\tyes\n"
    assert "row 3, column night: '1' of subject 'S1' stands twice" in refusal(tmp_path, text)


def test_an_id_that_is_too_alike_is_named_once(tmp_path):
    nights = "".join(f"sub-001\t{n}\tbaseline\tr{n}\n" for n in range(40))
    problem = refusal(tmp_path, f"{HEADER}\n001\tx\tbaseline\ta\n{nights}")
    assert problem == "study.tsv: row 3, column subject: 'sub-001' is too like '001' of row 2"


@pytest.mark.parametrize("column", HEADER.split("\t"))
def test_a_column_that_is_missing_is_one_mistake_however_many_rows(tmp_path, column):
    kept = [c for c in HEADER.split("\t") if c != column]
    rows = [
        {"subject": f"S{n}", "night": "1", "condition": "baseline", "recording": f"{n}.edf"}
        for n in range(300)
    ]
    lines = ["\t".join(kept), *("\t".join(row[c] for c in kept) for row in rows)]
    problem = refusal(tmp_path, "\n".join(lines))
    assert problem == f"study.tsv: wanted column {column}, found {', '.join(kept)}"


@pytest.mark.parametrize(
    ("cells", "said"),
    [(("", "x.edf"), "rows 2 to 301, 300 in all, column condition: wanted one of baseline"),
     (("baseline", ""), "rows 2 to 301, 300 in all, column recording: wanted the path"),
     (("baseline", "x.edf\tmore"), "rows 2 to 301, 300 in all, 5 cells where the header has 4")],
)  # fmt: skip
def test_one_mistake_in_every_row_is_one_line(tmp_path, cells, said):
    condition, recording = cells
    rows = [f"S{n}\t1\t{condition}\t{recording and f'{n}{recording}'}" for n in range(300)]
    problem = refusal(tmp_path, "\n".join([HEADER, *rows]))
    assert said in problem
    assert "\n" not in problem


def test_many_cells_that_are_wrong_in_one_way_are_one_line(tmp_path):
    rows = [f"S{n}\t1\tbaseline\t{n}.edf\t22.{n:02}" for n in range(60)]
    problem = refusal(tmp_path, "\n".join([f"{HEADER}\tlights_off", *rows]))
    assert problem.startswith("study.tsv: rows 2 to 61, 60 in all, column lights_off: wanted HH:MM")
    assert problem.endswith(", found '22.00' in row 2")
    assert "\n" not in problem


@pytest.mark.parametrize(("listed", "stored"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_a_recording_is_found_in_another_composition_of_its_name(tmp_path, listed, stored):
    folder, name = "Größe", "nächte_é.edf"
    there = tmp_path / normalize(stored, folder) / normalize(stored, name)
    there.parent.mkdir()
    there.write_bytes(b"")
    path = normalize(listed, f"{folder}/{name}")
    (night,) = study_table(written(tmp_path, f"{HEADER}\nS1\t1\tbaseline\t{path}\n"))
    assert night.recording.exists()
    assert night.recording.samefile(there)


def test_the_exact_name_goes_before_another_composition(tmp_path):
    for form in ("NFC", "NFD"):
        (tmp_path / normalize(form, "é.edf")).write_bytes(form.encode())
    if len(list(tmp_path.iterdir())) == 1:
        pytest.skip("this disk knows one composition only")
    text = f"{HEADER}\n" + "".join(
        f"{form}\t1\tbaseline\t{normalize(form, 'é.edf')}\n" for form in ("NFC", "NFD")
    )
    assert [n.recording.read_bytes() for n in study_table(written(tmp_path, text))] == [
        b"NFC", b"NFD",
    ]  # fmt: skip


def test_one_recording_under_two_compositions_of_its_name_is_one_recording(tmp_path):
    (tmp_path / normalize("NFD", "é.edf")).write_bytes(b"")
    text = f"{HEADER}\n" + "".join(
        f"S1\t{n}\tbaseline\t{normalize(form, 'é.edf')}\n" for n, form in enumerate(("NFC", "NFD"))
    )
    assert "row 3, column recording: the same recording as in row 2" in refusal(tmp_path, text)


def test_letters_in_two_encodings_are_told_apart_in_the_message(tmp_path):
    text = f"{HEADER}\nZo\u00eb\t1\tbaseline\ta\nZoe\u0308\t2\ttreatment\tb\n"
    assert r"'Zoe\u0308' is too like 'Zo\xeb' of row 2" in refusal(tmp_path, text)


def test_ids_that_differ_only_in_what_a_folder_s_name_cannot_hold(tmp_path):
    text = f"{HEADER}\n患者甲7\t1\tbaseline\ta\n患者乙7\t1\tbaseline\tb\n"
    assert "'患者乙7' would share a folder with '患者甲7' of row 2" in refusal(tmp_path, text)


@pytest.mark.parametrize(
    ("subject", "wanted"),
    [("", "an id,"), ("NA", "does not mean 'not known'"), ("S\u200b1", "printable"),
     ("Mean", "not a row of means or totals"), ("TOTAL", "not a row of means or totals")],
)  # fmt: skip
def test_what_is_no_subject(tmp_path, subject, wanted):
    said = refusal(tmp_path, f"{HEADER}\n{subject}\t1\tbaseline\ta\n")
    assert "row 2, column subject" in said
    assert wanted in said


def test_nights_of_one_subject_that_are_too_alike(tmp_path):
    text = f"{HEADER}\nS1\t1\tbaseline\ta\nS1\t01\ttreatment\tb\nS2\t1\tbaseline\tc\n"
    assert "row 3, column night: '01' of subject 'S1' is too like '1'" in refusal(tmp_path, text)


def test_one_recording_for_two_nights(tmp_path):
    text = f"{HEADER}\nS1\t1\tbaseline\tx/a.edf\nS1\t2\ttreatment\tx/./a.edf\n"
    assert "row 3, column recording: the same recording as in row 2" in refusal(tmp_path, text)


def test_a_recording_of_several_nights_has_a_row_for_each_sleep_period(tmp_path):
    text = (
        f"{HEADER}\tsleep_period\ttimezone\tlights_off\n"
        "S1\tnap1\tbaseline\ta.edf\t1\tEurope/Paris\t\n"
        "S1\tnap2\ttreatment\ta.edf\t2\t\t\n"
        "S2\t1\tbaseline\tb.edf\t\t\t+300\n"
    )
    first, second, third = (listed.night for listed in study_table(written(tmp_path, text)))
    assert (first.sleep_period, first.timezone) == (1, "Europe/Paris")
    assert (second.sleep_period, second.timezone) == (2, None)
    assert (third.sleep_period, third.lights_off) == (None, "+300")
    assert first.extra["sleep_period"] == "1"


@pytest.mark.parametrize(
    ("period", "said"),
    [("1", "the same recording and sleep period 1 as in row 2"), ("", "the same recording as in")],
)
def test_a_sleep_period_of_two_nights(tmp_path, period, said):
    text = f"{HEADER}\tsleep_period\nS1\t1\tbaseline\ta.edf\t1\nS1\t2\ttreatment\ta.edf\t{period}\n"
    assert f"row 3, column recording: {said}" in refusal(tmp_path, text)


def test_a_condition_of_the_study_s_own(tmp_path):
    text = f"{HEADER}\nS1\t1\tPlacebo\ta\nS1\t2\tketamine 0.5\tb\n"
    assert [n.night.condition for n in study_table(written(tmp_path, text))] == [
        "placebo",
        "ketamine 0.5",
    ]


@pytest.mark.parametrize("word", ["ＢＡＳＥＬＩＮＥ", " Baseline\u00a0", "BASELINE"])
def test_a_condition_in_another_width_or_case(tmp_path, word):
    (listed,) = study_table(written(tmp_path, f"{HEADER}\nS1\t1\t{word}\ta\n"))
    assert listed.night.condition == "baseline"


def test_a_condition_like_a_usual_one_only_where_the_spec_names_it(tmp_path):
    text = f"{HEADER}\nS1\t1\tbaseline2\ta\n"
    assert "wanted 'baseline', perhaps" in refusal(tmp_path, text)
    (listed,) = study_table(written(tmp_path, text), conditions=["Baseline2"])
    assert listed.night.condition == "baseline2"


def test_a_path_written_on_windows(tmp_path):
    (listed,) = study_table(written(tmp_path, f"{HEADER}\nS1\t1\tbaseline\trec\\a.edf\n"))
    assert listed.recording.name == "a.edf"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"subject\tnight\tcondition\trecording\n", "no night is listed"),
        (b"subject\tnight\xff\n", "row 1 holds a character that is not UTF-8"),
        (b"subject\tnight\nM\xfcller\t1\n", "row 2 holds a character"),
        (b"PK\x03\x04\x00\x00workbook", "cannot be read as a workbook"),
        (b"\x00subject\tnight\n", "not a text table"),
        (b'subject\tnight\tcondition\trecording\n"S1\t1\tbaseline\ta\n', "quoted cell"),
        (b"subject\tnight\tcondition\trecording\nS1\t1\n", "row 2, 2 cells where"),
    ],
)
def test_what_is_no_table(tmp_path, content, words):
    assert words in refusal(tmp_path, content)


def test_a_cell_longer_than_any_is_not_called_badly_quoted_alone(tmp_path):
    said = refusal(tmp_path, f"{HEADER}\tnote\nS1\t1\tbaseline\ta\t{'x' * 200_000}\n")
    assert "line 2" in said
    assert "a cell of more than" in said


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "study.tsv")
    with pytest.raises(StudyTableInvalid, match="not a regular file"):
        study_table(tmp_path / "study.tsv")


def test_a_table_that_is_not_there(tmp_path):
    with pytest.raises(StudyTableInvalid, match="cannot be read"):
        study_table(tmp_path / "absent.tsv")
    with pytest.raises(StudyTableInvalid, match="a file was wanted, this is a folder"):
        study_table(tmp_path)


@given(st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_read_or_refused(tmp_path_factory, content):
    path = written(tmp_path_factory.mktemp("t"), content)
    try:
        table = read_table(path)
    except StudyTableInvalid:
        return
    assert all(len(row.cells) == len(table.columns) for row in table.rows)


cell = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8).map(str.strip)


@given(st.lists(st.lists(cell, min_size=3, max_size=3), min_size=1, max_size=6))
@settings(max_examples=200, deadline=None)
def test_cells_survive_the_round_trip(tmp_path_factory, rows):
    import csv
    import io

    text = io.StringIO()
    csv.writer(text, delimiter="\t").writerows([["a", "b", "c"], *rows])
    table = read_table(written(tmp_path_factory.mktemp("t"), text.getvalue()))
    assert [list(row.cells.values()) for row in table.rows] == [r for r in rows if any(r)]
