"""psgpipe draws the picture of a night for any subject id."""

import io

import numpy as np
import pytest

from psgpipe.model.hypnogram import Hypnodensity, Hypnogram, SleepStage
from psgpipe.model.night import Lights
from psgpipe.reports.night_picture import STAGE_COLOURS, night_pictures


def picture(title: str) -> np.ndarray:
    """The PNG's pixels, shape (height, width, 4), of half an hour of N2."""
    from matplotlib.image import imread

    hypnogram = Hypnogram((SleepStage.N2,) * 60)
    sure = Hypnodensity(np.tile([0.0, 0.0, 1.0, 0.0, 0.0], (60, 1)))
    lights = Lights(off_s=0.0, on_s=1800.0, off_source="recording", on_source="recording")
    return imread(io.BytesIO(night_pictures(hypnogram, sure, lights, title)["hypnogram.png"]))


def width_of_n2(pixels: np.ndarray) -> int:
    """Columns in which the hypnodensity has the colour of N2."""
    from matplotlib.colors import to_rgb

    is_n2 = np.abs(pixels[..., :3] - to_rgb(STAGE_COLOURS[SleepStage.N2])).max(axis=2) < 0.02
    return int((is_n2.sum(axis=0) > 50).sum())


@pytest.mark.parametrize("title", ["a" * 500, "睡眠", "$\\frac{$", "<script>"])
def test_the_title_neither_squeezes_the_picture_nor_warns(title):
    assert width_of_n2(picture(title)) == width_of_n2(picture("S07 base1")) > 800
