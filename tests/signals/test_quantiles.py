"""psgpipe's quantiles equal those of numpy, with fewer imports."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from psgpipe.signals.quantiles import median, quantile


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40),
    st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 1.0]),
)
def test_a_quantile_is_that_of_numpy(values, q):
    assert quantile(np.array(values), q) == pytest.approx(float(np.quantile(values, q)), abs=1e-9)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40))
def test_a_median_is_that_of_numpy_to_the_last_bit(values):
    assert median(np.array(values)) == float(np.median(values))
