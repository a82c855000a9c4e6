"""The size of an array: half an hour for each element, within what the scheduler admits."""

import pytest

from psgpipe.batch.cluster.scheduler import ArrayLimit
from psgpipe.batch.cluster.size import (
    ArraySize,
    array_size,
    element_time_s,
    read_memory,
    read_time,
)
from psgpipe.errors import UsageError

SLURM = ArrayLimit(1000, "MaxArraySize of Slurm")


@pytest.mark.parametrize(
    ("n_nights", "night_s", "jobs", "elements", "nights_each"),
    [
        (10, 3.0, 1, 1, 10),
        # 1000 nights of 3 s are 50 minutes.
        (1000, 3.0, 1, 2, 500),
        (1000, 3.0, 2, 1, 1000),
        (100_000, 3.0, 1, 167, 599),
        # A million nights of 3 s would be 1667 elements of half an hour.
        (1_000_000, 3.0, 1, 1000, 1000),
        (3, 7200.0, 1, 3, 1),
        (0, 3.0, 1, 1, 0),
    ],
)
def test_an_element_has_half_an_hour_of_work(n_nights, night_s, jobs, elements, nights_each):
    assert array_size(n_nights, night_s, jobs, SLURM) == ArraySize(elements, nights_each)


@pytest.mark.parametrize("n_nights", [1000, 10_000, 1_000_000])
@pytest.mark.parametrize("night_s", [1.0, 5.0, 60.0])
def test_the_start_of_an_element_costs_at_most_2_percent_of_its_work(n_nights, night_s):
    """An element's own cost is 1 s of CPU at most (measured; see docs/how-to/cluster.md)."""
    size = array_size(n_nights, night_s, 1, SLURM)
    assert size.elements <= 0.02 * n_nights * night_s


def test_nights_of_each_element_can_be_set():
    assert array_size(10, 3.0, 1, SLURM, per_task=4) == ArraySize(3, 4)


def test_more_elements_than_the_scheduler_admits_are_refused_with_the_number_that_fits():
    with pytest.raises(UsageError, match="makes 4 elements of 10 nights, wanted 3") as refused:
        array_size(10, 3.0, 1, ArrayLimit(3, "MaxArraySize of Slurm"), per_task=3)
    assert "--per-task 4 or more" in refused.value.remedy


def test_a_night_that_hangs_meets_its_own_limit_before_the_end_of_the_wall_time():
    # 5 minutes, three times 100 nights of 3 s by two workers, and the limit of a night.
    assert element_time_s(ArraySize(1, 100), 3.0, 2, 3600.0) == 300 + 3 * 150 + 3600


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 5400), ("01:30:00", 5400), ("2-01:00:05", 176405), ("120:00:00", 432000)],
)  # fmt: skip
def test_a_wall_time_as_schedulers_write_it(text, seconds):
    assert read_time(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "1h", "01:30", "1:60:00", "-5", "4", "00:04:59", "１２:00:00"]
)
def test_what_is_no_wall_time_or_too_short_for_a_night(text):
    with pytest.raises(UsageError):
        read_time(text)


def test_memory_as_schedulers_write_it():
    assert (read_memory("1500M"), read_memory("4g")) == (1500 * 2**20, 4 * 2**30)


@pytest.mark.parametrize("text", ["", "0", "4", "-4G", "4T", "4 G", "1.5G"])
def test_what_is_no_memory(text):
    with pytest.raises(UsageError):
        read_memory(text)
