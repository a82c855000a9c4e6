"""Progress of a running batch: a bar on a terminal, lines elsewhere."""

import io

import pytest

from psgpipe.batch.result import BatchProgress, BatchResult, NightResult
from psgpipe.cli.text import progress
from psgpipe.cli.text.progress import duration, show_batch

FAILED = NightResult("S2", "n1", "failed", 3.0, {"problem": "b.edf: no data\nat all"})


class Terminal(io.StringIO):
    def isatty(self):
        return True


def batch_of(n_nights, *nights, clock=None, before_s=0, after_s=0):
    """The progress of a batch; all its nights end at once, `before_s` after its start."""
    result = BatchResult(n_nights, 0)
    yield BatchProgress(result)
    if clock is not None:
        clock.now_s += before_s
    for night in nights:
        result.add(night)
        yield BatchProgress(result, night)
    if clock is not None:
        clock.now_s += after_s
    yield BatchProgress(result)


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test sets."""

    class Clock:
        now_s = 100.0

        def monotonic(self):
            return self.now_s

    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    return clock


def test_a_line_for_each_night():
    stream = io.StringIO()
    first = NightResult("S1", "n1", "finished", 12.34)
    third = NightResult("S3\x1b[2J", "n1", "unchanged")
    show_batch(batch_of(3, first, FAILED, third), stream)
    assert stream.getvalue().splitlines() == [
        "1/3 S1 n1: finished in 12.3 s",
        "2/3 S2 n1: failed: b.edf: no data at all",
        "3/3 S3 [2J n1: finished before, unchanged",
    ]


def test_a_bar_has_rate_and_time_left(clock, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    stream = Terminal()
    first, third = (NightResult(s, "n1", "finished", 60.0) for s in ("S1", "S3"))
    show_batch(batch_of(9, first, FAILED, third, clock=clock, before_s=60, after_s=1), stream)
    shown = stream.getvalue().replace("\x1b[K", "").rstrip("\n").split("\r")[-1]
    # 3 nights in 61 s are 2.95 a minute; 6 more take 122 s.
    assert shown == "[########----------------] 3/9 nights, 1 failed, 3.0 per min, 2 min left"
    assert "S2 n1: failed: b.edf: no data at all\n" in stream.getvalue()


def test_nights_that_were_there_already_do_not_count_as_speed(clock):
    stream = Terminal()
    nights = [NightResult("S", "n", "unchanged")] * 900
    show_batch(batch_of(1000, *nights, clock=clock, after_s=10), stream)
    assert "per min" not in stream.getvalue()


def test_a_bar_never_breaks_its_line(clock, monkeypatch):
    monkeypatch.setenv("COLUMNS", "30")
    stream = Terminal()
    night = NightResult("S1", "n1", "finished", 60.0)
    show_batch(batch_of(9, night, clock=clock, before_s=60), stream)
    parts = stream.getvalue().replace("\x1b[K", "").replace("\n", "\r").split("\r")
    assert max(map(len, parts)) < 30


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.4, "0 s"), (89, "89 s"), (91, "2 min"), (5340, "89 min"), (5400, "1 h 30 min"),
     (259200, "72 h 00 min")],
)  # fmt: skip
def test_time_spans_as_people_say_them(seconds, said):
    assert duration(seconds) == said
