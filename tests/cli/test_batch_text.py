"""The last lines of a batch: every night whose numbers are doubtful is named."""

from pathlib import Path

from psgpipe.batch.result import BatchResult, NightResult
from psgpipe.cli.text.batch_text import result_dict, result_text
from psgpipe.cli.text.progress import night_line
from psgpipe.model.summary import QualityFlag
from psgpipe.study.shard import Shard

CUT = (
    QualityFlag("incomplete", "192 min are missing", effect="withhold"),
    QualityFlag("size-short", "384 records are missing"),
)
CLIPPED = (QualityFlag("clipped", "2 % clipped", "C4-M1"), QualityFlag("clipped", "", "E1-M2"))


def batch_of(*doubts) -> BatchResult:
    result = BatchResult(len(doubts), 0)
    for number, flags in enumerate(doubts, start=1):
        result.add(NightResult(f"S{number}", "n1", "finished", 2.0, doubts=flags))
    return result


def lines(result: BatchResult) -> list[str]:
    return result_text(result, Path("out"), Shard()).splitlines()


def test_sound_nights_have_no_line():
    assert lines(batch_of((), ()))[1:-1] == []


def test_an_incomplete_night_is_named_with_its_reason_and_a_doubtful_one_with_its_flags():
    assert lines(batch_of((), CUT, CLIPPED))[1:-1] == [
        "! 1 finished night is incomplete; psgpipe compare leaves out incomplete nights:",
        "    S2 n1: 192 min are missing",
        "! The numbers of 1 finished night are doubtful:",
        "    S3 n1: clipped",
    ]


def test_of_many_nights_twenty_are_named_and_the_rest_is_counted():
    said = lines(batch_of(*[CUT] * 30))
    assert said[1].startswith("! 30 finished nights are incomplete")
    assert said[22] == "    ... and 10 more; see column flags of nights.tsv"


def test_the_line_of_a_night_has_its_flags():
    night = NightResult("S1", "n1", "finished", 2.0, doubts=CUT)
    assert night_line(night) == "S1 n1: finished in 2.0 s; flags: incomplete size-short"


def test_json_has_the_nights_with_their_flags():
    written = result_dict(batch_of(CUT, CLIPPED), Path("out"), ())
    assert [night["subject"] for night in written["withheld"]] == ["S1"]
    assert written["doubtful"][0]["flags"][0] == {"code": "clipped", "message": "2 % clipped"}


def test_nights_without_known_lights_are_counted():
    said = result_text(batch_of(()), Path("out"), Shard(), n_lights_unknown=3)
    assert "! Lights off or lights on is not known in 3 nights: TIB, SE, SOL" in said
