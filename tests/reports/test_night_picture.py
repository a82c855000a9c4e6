"""psgpipe draws the picture of a night for any subject id."""

import io
import os
import subprocess
import sys

import numpy as np
import pytest

from psgpipe.model.hypnogram import Hypnodensity, Hypnogram, SleepStage
from psgpipe.model.night import Lights
from psgpipe.reports.night_picture import STAGE_COLOURS, night_pictures
from tests.studies import CHECKOUT


def half_an_hour_of_n2(title: str, doubt: str = "") -> dict[str, bytes]:
    """The pictures of half an hour of N2."""
    hypnogram = Hypnogram((SleepStage.N2,) * 60)
    sure = Hypnodensity(np.tile([0.0, 0.0, 1.0, 0.0, 0.0], (60, 1)))
    lights = Lights(off_s=0.0, on_s=1800.0, off_source="recording", on_source="recording")
    return night_pictures(hypnogram, sure, lights, title, doubt=doubt)


def picture(title: str) -> np.ndarray:
    """The PNG's pixels, shape (height, width, 4), of half an hour of N2."""
    from matplotlib.image import imread

    return imread(io.BytesIO(half_an_hour_of_n2(title)["hypnogram.png"]))


def width_of_n2(pixels: np.ndarray) -> int:
    """Columns in which the hypnodensity has the colour of N2."""
    from matplotlib.colors import to_rgb

    is_n2 = np.abs(pixels[..., :3] - to_rgb(STAGE_COLOURS[SleepStage.N2])).max(axis=2) < 0.02
    return int((is_n2.sum(axis=0) > 50).sum())


@pytest.mark.parametrize("title", ["a" * 500, "睡眠", "$\\frac{$", "<script>"])
def test_the_title_neither_squeezes_the_picture_nor_warns(title):
    assert width_of_n2(picture(title)) == width_of_n2(picture("S07 base1")) > 800


def test_a_picture_says_why_its_numbers_are_doubtful():
    doubtful = half_an_hour_of_n2("S07", "Doubtful: incomplete: $60 of <480> min")["hypnogram.svg"]
    assert b"Doubtful: incomplete: $60 of &lt;480&gt; min" in doubtful
    assert b"Doubtful" not in half_an_hour_of_n2("S07")["hypnogram.svg"]


DRAW = """
import hashlib, sys
from tests.reports.test_night_picture import half_an_hour_of_n2
for name, content in half_an_hour_of_n2("S07 base1, $x$").items():
    print(name, hashlib.sha256(content).hexdigest())
"""
RC_OF_A_PAPER = (
    b"text.usetex: True\nsavefig.bbox: tight\nsavefig.dpi: 600\nfigure.facecolor: black\n"
    b"lines.linewidth: 9\naxes.titlesize: 40\npath.sketch: 3, 2, 1\naxes.formatter.use_locale: 1\n"
)


def bytes_drawn_in(folder, **environment) -> list[str]:
    """Name and hash of each picture that a new process draws with `folder` as working folder."""
    usual = {k: v for k, v in os.environ.items() if not k.startswith(("MPL", "MATPLOTLIB"))}
    paths = os.pathsep.join(path for path in sys.path if path)
    drawn = subprocess.run(
        [sys.executable, "-c", DRAW], cwd=folder, capture_output=True, text=True,
        env={**usual, "PYTHONPATH": f"{CHECKOUT}{os.pathsep}{paths}", **environment},
    )  # fmt: skip
    assert drawn.returncode == 0, drawn.stderr
    return drawn.stdout.splitlines()


@pytest.fixture(scope="module")
def bytes_without_settings(tmp_path_factory):
    return bytes_drawn_in(tmp_path_factory.mktemp("nowhere"))


@pytest.mark.parametrize(
    "backend", ["module://matplotlib_inline.backend_inline", "TkAgg", "svg", "no such backend"]
)
def test_the_backend_of_a_notebook_changes_no_picture(tmp_path, backend, bytes_without_settings):
    assert bytes_drawn_in(tmp_path, MPLBACKEND=backend) == bytes_without_settings


@pytest.mark.parametrize("settings", [RC_OF_A_PAPER, "# für die Arbeit\n".encode("latin-1")])
def test_settings_for_another_figure_change_no_picture(tmp_path, settings, bytes_without_settings):
    (tmp_path / "matplotlibrc").write_bytes(settings)
    assert bytes_drawn_in(tmp_path, MPLBACKEND="inline") == bytes_without_settings


def test_settings_named_by_a_variable_change_no_picture(tmp_path, bytes_without_settings):
    settings = tmp_path / "paper.rc"
    settings.write_bytes(RC_OF_A_PAPER)
    assert bytes_drawn_in(tmp_path, MATPLOTLIBRC=str(settings)) == bytes_without_settings


def test_settings_of_the_calling_program_change_no_picture_and_stay():
    import matplotlib as mpl

    before = half_an_hour_of_n2("S07 base1")
    with mpl.rc_context({"text.usetex": True, "lines.linewidth": 9.0}):
        assert half_an_hour_of_n2("S07 base1") == before
        assert mpl.rcParams["lines.linewidth"] == 9.0
