"""What is seen of a batch while it runs: a bar on a terminal, lines elsewhere."""

import io

import pytest

from psgpipe.batch.run import NightEnd
from psgpipe.cli import progress
from psgpipe.cli.progress import Bar, Lines, duration

FAILED = NightEnd("S2", "n1", "failed", 3.0, {"problem": "b.edf: no data\nat all"})


@pytest.fixture
def clock(monkeypatch):
    """A clock that is set by hand."""

    class Clock:
        now_s = 100.0

        def monotonic(self):
            return self.now_s

    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    return clock


def test_a_line_for_each_night():
    stream = io.StringIO()
    lines = Lines(stream)
    lines.begins(3)
    lines.night_ended(NightEnd("S1", "n1", "finished", 12.34))
    lines.night_ended(FAILED)
    lines.night_ended(NightEnd("S3\x1b[2J", "n1", "unchanged"))
    assert stream.getvalue().splitlines() == [
        "1/3 S1 n1: finished in 12.3 s",
        "2/3 S2 n1: failed: b.edf: no data at all",
        "3/3 S3 [2J n1: finished before, unchanged",
    ]


def test_a_bar_has_rate_and_time_left(clock, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    stream = io.StringIO()
    bar = Bar(stream)
    bar.begins(9)
    clock.now_s += 60
    for end in (NightEnd("S1", "n1", "finished", 60.0), FAILED, NightEnd("S3", "n1", "finished")):
        bar.night_ended(end)
    clock.now_s += 1
    bar.tick()
    shown = stream.getvalue().replace("\x1b[K", "").split("\r")[-1]
    # 3 nights in 61 s are 2.95 a minute; 6 more take 122 s.
    assert shown == "[########----------------] 3/9 nights, 1 failed, 3.0 per min, 2 min left"
    assert "S2 n1: failed: b.edf: no data at all\n" in stream.getvalue()


def test_nights_that_were_there_already_do_not_count_as_speed(clock):
    stream = io.StringIO()
    bar = Bar(stream)
    bar.begins(1000)
    for _ in range(900):
        bar.night_ended(NightEnd("S", "n", "unchanged"))
    clock.now_s += 10
    bar.tick()
    assert "per min" not in stream.getvalue()


def test_a_bar_never_breaks_its_line(clock, monkeypatch):
    monkeypatch.setenv("COLUMNS", "30")
    stream = io.StringIO()
    bar = Bar(stream)
    bar.begins(9)
    clock.now_s += 60
    bar.night_ended(NightEnd("S1", "n1", "finished", 60.0))
    bar.close()
    parts = stream.getvalue().replace("\x1b[K", "").replace("\n", "\r").split("\r")
    assert max(map(len, parts)) < 30


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.4, "0 s"), (89, "89 s"), (91, "2 min"), (5340, "89 min"), (5400, "1 h 30 min"),
     (259200, "72 h 00 min")],
)  # fmt: skip
def test_time_spans_as_people_say_them(seconds, said):
    assert duration(seconds) == said
