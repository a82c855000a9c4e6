"""A workbook is read as the same table saved as text, or refused with the name of the cell."""

import datetime as dt
import io
import logging
import sys
import zipfile

import openpyxl
import pytest

from psgpipe.errors import StudyTableInvalid, UsageError
from psgpipe.study.study_table import study_table
from psgpipe.tables.delimited import read_table
from psgpipe.tables.workbook import workbook_bytes

HEADER = ["subject", "night", "condition", "recording"]
ROW = ["S1", "n1", "baseline", "a.edf"]


def workbook(tmp_path, rows, formats=(), sheets=(), epoch=None, change=None):
    """A workbook of one sheet, with number formats by cell, and further sheets before it."""
    book = openpyxl.Workbook()
    if epoch is not None:
        book.epoch = epoch
    sheet = book.active
    sheet.title = "Sheet1"
    for row in rows:
        sheet.append(row)
    for cell, number_format in formats:
        sheet[cell].number_format = number_format
    for name, cells in sheets:
        further = book.create_sheet(name, 0)
        for row in cells:
            further.append(row)
    if change:
        change(book)
    book.save(tmp_path / "study.xlsx")
    return tmp_path / "study.xlsx"


def cell_of(tmp_path, column, value, number_format=None, **more):
    """The text of a value in a column of a study table."""
    formats = [] if number_format is None else [("E2", number_format)]
    path = workbook(tmp_path, [[*HEADER, column], [*ROW, value]], formats, **more)
    return read_table(path).rows[0].cells[column]


@pytest.mark.parametrize(
    ("column", "value", "number_format", "text"),
    [
        ("lights_off", dt.time(22, 41), "hh:mm", "22:41:00"),
        ("lights_off", 0.9451388888888889, "hh:mm", "22:41:00"),
        ("lights_off", dt.datetime(2024, 3, 1, 22, 41, 30), "d.m.yyyy h:mm", "2024-03-01T22:41:30"),
        ("lights_off", dt.timedelta(hours=22, minutes=41), "[h]:mm", "22:41:00"),
        ("lights_off", dt.timedelta(hours=30), "[h]:mm", "30:00:00"),
        ("lights_off", "22:41", None, "22:41"),
        ("dose_end", dt.datetime(2024, 3, 1), "yyyy-mm-dd", "2024-03-01"),
        ("dose_end", dt.datetime(2024, 3, 1), "yyyy-mm-dd h:mm", "2024-03-01T00:00:00"),
        ("age", 34, None, "34"),
        ("age", 34.0, None, "34"),
        ("age", 34.5, "0", "34.5"),
        ("rem_pct", 20.123456789, "0.0", "20.123456789"),
        ("rem_pct", 0.209, "0.0%", "20.9%"),
        ("exclude", True, None, "true"),
        ("exclude", False, None, "false"),
        ("period", 7, "000", "007"),
        ("period", 1.1, "0.00", "1.10"),
        ("period", 1.1, None, "1.1"),
        ("period", 10000000001, None, "10000000001"),
        ("comment", "  two\nlines ", None, "two\nlines"),
        ("comment", None, None, ""),
    ],
)
def test_a_cell_becomes_the_text_of_a_table(tmp_path, column, value, number_format, text):
    assert cell_of(tmp_path, column, value, number_format) == text


def test_days_since_1904_are_the_same_days(tmp_path):
    epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    value = dt.datetime(2024, 3, 1, 22, 41)
    assert cell_of(tmp_path, "dose_end", value, "d.m.yyyy h:mm", epoch=epoch) == (
        "2024-03-01T22:41:00"
    )


def test_a_study_table_is_the_same_as_a_workbook_and_as_text(tmp_path):
    rows = [
        [*HEADER, "lights_off", "age", "sex", "exclude", "ward"],
        ["007", 1, "baseline", "a.edf", dt.time(22, 41), 34, "F", None, "A"],
        [None] * 9,
        ["007", 2, "treatment", "b.edf", dt.time(23, 5, 30), 34, "F", True, "=A"],
    ]
    path = workbook(tmp_path, rows, change=lambda b: setattr(b.active["I4"], "data_type", "s"))
    text = tmp_path / "study.tsv"
    text.write_text(
        "\t".join(rows[0]) + "\n"
        "007\t1\tbaseline\ta.edf\t22:41:00\t34\tF\t\tA\n"
        "\n"
        "007\t2\ttreatment\tb.edf\t23:05:30\t34\tF\tyes\t'=A\n",
        encoding="utf-8",
    )
    assert study_table(path) == study_table(text)


def test_a_wrong_cell_is_named_by_its_row_in_the_sheet(tmp_path):
    rows = [[*HEADER, "age"], [None] * 5, [*ROW, "old"]]
    with pytest.raises(StudyTableInvalid, match="row 3, column age"):
        study_table(workbook(tmp_path, rows))


@pytest.mark.parametrize(
    ("value", "said"),
    [("=A2", "cell E2 holds a formula without its result"), ("#N/A", "cell E2 holds the error")],
)
def test_a_cell_without_a_sure_text_is_refused(tmp_path, value, said):
    with pytest.raises(StudyTableInvalid, match=said):
        cell_of(tmp_path, "age", value)


def test_a_formula_with_its_result_is_read_as_the_result(tmp_path):
    path = workbook(tmp_path, [[*HEADER, "age"], [*ROW, "=17*2"]])
    content = with_result(path.read_bytes(), b"<f>17*2</f><v></v>", b"<f>17*2</f><v>34</v>")
    path.write_bytes(content)
    assert read_table(path).rows[0].cells["age"] == "34"


def with_result(content, old, new):
    """The workbook with a cached value, as Excel writes it and openpyxl does not."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as book, zipfile.ZipFile(target, "w") as changed:
        for name in book.namelist():
            data = book.read(name)
            if name.startswith("xl/worksheets/"):
                data = data.replace(b"<v />", b"<v></v>").replace(b"<v/>", b"<v></v>")
                assert old in data
                data = data.replace(old, new)
            changed.writestr(name, data)
    return target.getvalue()


def test_merged_cells_are_refused(tmp_path):
    rows = [HEADER, ROW, [None, "n2", "treatment", "b.edf"]]
    path = workbook(tmp_path, rows, change=lambda book: book.active.merge_cells("A2:A3"))
    with pytest.raises(StudyTableInvalid, match="cells A2:A3 are merged"):
        study_table(path)


def test_a_long_number_is_refused_because_a_spreadsheet_rounds_it(tmp_path):
    with pytest.raises(StudyTableInvalid, match="more than 15 digits"):
        cell_of(tmp_path, "period", 12345678901234567)


def test_a_row_that_a_filter_hides_is_read_and_named(tmp_path, caplog):
    caplog.set_level(logging.INFO, logger="psgpipe")

    def hide(book):
        book.active.row_dimensions[3].hidden = True

    rows = [HEADER, ROW, ["S1", "n2", "treatment", "b.edf"], ["S2", "n1", "baseline", "c.edf"]]
    assert len(study_table(workbook(tmp_path, rows, change=hide))) == 3
    assert "row 3 of sheet 'Sheet1' is hidden and is read, too" in caplog.text


def test_the_sheet_that_is_read_is_said(tmp_path, caplog):
    caplog.set_level(logging.INFO, logger="psgpipe")
    notes = [("Notes", [["who", "when"], ["me", "now"]])]
    with pytest.raises(StudyTableInvalid, match="wanted column"):
        study_table(workbook(tmp_path, [HEADER, ROW], sheets=notes))
    assert "sheet 'Notes' is read, not 'Sheet1'" in caplog.text
    rename = {"change": lambda book: setattr(book["Sheet1"], "title", "Study")}
    assert len(study_table(workbook(tmp_path, [HEADER, ROW], sheets=notes, **rename))) == 1
    hide = {"change": lambda book: setattr(book["Notes"], "sheet_state", "hidden")}
    assert len(study_table(workbook(tmp_path, [HEADER, ROW], sheets=notes, **hide))) == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\x03\x04 not a workbook", "cannot be read as a workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "with a password or in the old format"),
    ],
)
def test_what_is_no_workbook_is_refused(tmp_path, content, said):
    (tmp_path / "study.xlsx").write_bytes(content)
    with pytest.raises(StudyTableInvalid, match=said):
        study_table(tmp_path / "study.xlsx")


def test_an_empty_workbook_is_refused(tmp_path):
    with pytest.raises(StudyTableInvalid, match="empty"):
        study_table(workbook(tmp_path, []))


def test_without_openpyxl_the_message_says_how_to_get_it(tmp_path, monkeypatch):
    path = workbook(tmp_path, [HEADER, ROW])
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(UsageError) as error:
        study_table(path)
    assert "pip install 'psgpipe[excel]'" in error.value.remedy


def test_a_written_workbook_holds_numbers_as_numbers_and_text_as_text(tmp_path):
    content = workbook_bytes([("nights", [["subject", "x"], ["=1+1", 2.5], ["007", None]])])
    sheet = openpyxl.load_workbook(io.BytesIO(content))["nights"]
    assert [[c.value for c in row] for row in sheet.iter_rows()] == [
        ["subject", "x"], ["=1+1", 2.5], ["007", None],
    ]  # fmt: skip
    assert sheet["A2"].data_type == "s"
