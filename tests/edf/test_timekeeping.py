"""Reading all record times at once gives the same result as reading them one by one."""

import re

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from psgpipe.edf.timekeeping import read_timekeeping

# The specification's example of a record with only its time.
TIMEKEEPING_ONLY = re.compile(rb"([+-])([0-9]+)(?:(\.)([0-9]*))?\x14\x14+\x00*")
PIECES = st.sampled_from([b"+", b"-", b"0", b"7", b"12", b".", b",", b"e", b"\x14", b"\0", b"a"])
ROWS = st.lists(
    st.one_of(
        st.lists(PIECES, max_size=12).map(b"".join),
        st.decimals(-9999, 99999, places=3).map(lambda d: b"%+.3f\x14\x14" % float(d)),
        st.integers(0, 99999).map(lambda n: b"+%d\x14\x14\x14" % n),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=400, deadline=None)
@given(rows=ROWS, width=st.integers(1, 40))
@example(rows=[b"+1234567890123456789012345\x14\x14"], width=40)
@example(rows=[b"+9999999999\x14\x14"], width=20)
def test_bulk_equals_one_by_one(rows, width):
    cut = [row[:width].ljust(width, b"\0") for row in rows]
    kept = read_timekeeping(np.frombuffer(b"".join(cut), np.uint8).reshape(len(cut), width))
    for i, row in enumerate(cut):
        match = TIMEKEEPING_ONLY.fullmatch(row)
        onset = float(match[1] + match[2] + b"." + (match[4] or b"0")) if match else None
        # The slow parser reads an onset of 24 characters or of decades, as it reports errors.
        left_aside = onset is not None and (abs(onset) > 1e9 or row.index(b"\x14") > 24)
        assert kept.is_plain[i] == (onset is not None and not left_aside)
        if kept.is_plain[i]:
            assert kept.onsets[i] == onset
            assert kept.decimals[i] == len(match[4] or b"")
            assert kept.whole_digits[i] == len(match[2].lstrip(b"0"))


@pytest.mark.parametrize("n_records", [0, 1])
def test_rows_without_bytes(n_records):
    kept = read_timekeeping(np.zeros((n_records, 0), np.uint8))
    assert not kept.is_plain.any()
