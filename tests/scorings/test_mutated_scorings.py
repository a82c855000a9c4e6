"""A damaged scoring is refused with a sentence; nothing ends in a traceback or loses a stage."""

import tempfile
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from psgpipe.errors import PsgpipeError
from psgpipe.scorings.formats.catalogue import FORMATS
from psgpipe.scorings.mapping import read_mapping
from psgpipe.scorings.read import read_scoring
from tests.scorings.scoring_files import edf_scoring
from tests.scorings.test_luna_and_json import HEADER, YASA
from tests.scorings.test_table_formats import DOMINO, NOXTURNAL_FRENCH, NOXTURNAL_GERMAN, REMLOGIC
from tests.scorings.test_xml_formats import BOMB, RESPIRONICS, nsrr, profusion

FILES = [
    ("night.edf", edf_scoring([(0, 30, "Sleep stage W"), (30, 30, "Sleep stage 2")])),
    ("night.csv", NOXTURNAL_FRENCH.encode("utf-16")),
    ("night.csv", NOXTURNAL_GERMAN.encode("cp1252")),
    ("night.txt", REMLOGIC.encode()),
    ("night.txt", DOMINO.encode()),
    ("night.xml", nsrr(("Wake|0", 0, 30), ("Stage 2 sleep|2", 30, 30)).encode()),
    ("night.xml", profusion("0123459").encode()),
    ("night.rml", RESPIRONICS.encode()),
    ("night.xml", BOMB.encode()),
    ("night.annot", (HEADER + "W\t.\t.\t22:00:00\t+30\t.\nN1\t.\t.\te:5\t.\t.\n").encode()),
    ("night.eannot", b"W\nN1\n?\n"),
    ("night.json", str(YASA).replace("'", '"').replace("None", "null").encode()),
    ("night.txt", b"255,10,\n11,10,\n15,10,\n"),
    ("night.txt", b"Epoch,Start Time,Stage\n1,11:59:00 PM,WK\n2,11:59:30 PM,N1\n"),
    ("night.tsv", b"onset\tduration\ttrial_type\n0\t30\tW\n30\tn/a\tREM\n"),
    ("night.hyp", b"time_base 30\nsampling_period 0.01\nepoch_nb 2\nepoch_list\n0\n1\n"),
    ("night.txt", b"0\n1\n2\n"),
    ("night.txt", b"*Duration_sec\t90\nWake\t60\nN1\t90\n"),
    ("night.txt", b"1 22:55:00 W\n2 22:55:30 N1\n3 22:56:00 R\n"),
    ("night.txt", b"0\t60\tW\n60\t30\tN1\n90\t30\tR\n"),
    (
        "night.csv",
        b"Date, Time, Recording onset, Duration, Annotation\n"
        b"20-Sep-2025, 21:44:00, 0, 60, Sleep stage W\n",
    ),
]
NAMES = [None, *(f.name for f in FORMATS)]


def read(name, content, scoring_format=None, mapping=None):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        return read_scoring(path, scoring_format=scoring_format, mapping=mapping)


def read_or_refusal(name, content, scoring_format=None):
    try:
        return read(name, content, scoring_format)
    except PsgpipeError as error:
        return error


@settings(max_examples=600, deadline=None)
@given(
    st.sampled_from(FILES),
    st.lists(st.tuples(st.integers(0, 5000), st.binary(max_size=6), st.integers(0, 8)), max_size=4),
    st.sampled_from(NAMES),
)
@example(FILES[0], [], "table")
def test_no_change_of_a_scoring_ends_in_a_traceback(file, changes, scoring_format):
    name, content = file
    for place, inserted, removed in changes:
        place = min(place, len(content))
        content = content[:place] + inserted + content[place + removed :]
    scoring = read_or_refusal(name, content, scoring_format)
    if isinstance(scoring, PsgpipeError):
        assert len(str(scoring).splitlines()) <= 3
    else:
        assert scoring.stages
        assert scoring.recognised_by


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=300), st.sampled_from(["a.txt", "a.csv", "a.annot", "a.eannot", "a.json"]))
def test_any_text_is_read_or_refused(text, name):
    scoring = read_or_refusal(name, text.encode("utf-8", "surrogatepass"))
    assert isinstance(scoring, PsgpipeError) or scoring.stages


@given(st.lists(st.integers(0, 5), min_size=1, max_size=300), st.sampled_from(["\n", "\r\n", "\r"]))
def test_digits_with_their_meaning_come_back_as_they_were(digits, line_end):
    content = line_end.join(map(str, digits)).encode()
    scoring = read("night.txt", content, mapping=read_mapping("rk"))
    stage_of = ["W", "N1", "N2", "N3", "N3", "R"]
    assert [str(s.stage) for s in scoring.stages] == [stage_of[d] for d in digits]
    assert [s.onset_s for s in scoring.stages] == [30.0 * i for i in range(len(digits))]
