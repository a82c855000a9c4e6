"""The pages in a real browser: no error, no request, and everything that can be used works.

The tests need Chromium, Node and ``npm ci`` in tests/browser. Elsewhere they are skipped; where
``PSGPIPE_REQUIRE_BROWSER=1``, as in CI, they fail.
"""

import json
import os
import shutil
import subprocess
from dataclasses import replace

import pytest

from psgpipe.cli.app import exit_code
from psgpipe.model.summary import QualityFlag
from psgpipe.reports.night_report import report_files
from tests.comparison.night_tables import nights_tsv
from tests.comparison.night_tables import study as night_rows
from tests.reports.finished_studies import (
    A_NIGHT,
    ListedNight,
    failure,
    finished_study,
    flag,
    two_by_two,
)
from tests.reports.nights import WHOLE_NIGHT, spectrogram, staged_night
from tests.reports.test_study_page import HOSTILE
from tests.studies import CHECKOUT

BROWSER_TESTS = CHECKOUT / "tests" / "browser"
NAMES = ("chromium", "chromium-browser", "google-chrome")
PAGES = {
    "study": "report.html",
    "comparison": "comparison/report.html",
    "night": "nights/S1/base1/report.html",
    "night without REM": "nights/S3/n1/report.html",
    "blinded study": "../blinded/report.html",
    "night with an expert": "../beside.html",
    "hostile study": "../hostile/report.html",
    "hostile night": "../hostile.html",
    "hostile comparison": "../of-hostile/comparison/report.html",
}
HOSTILE_PAGES = [name for name in PAGES if name.startswith("hostile")]


def chromium():
    """The path of Chromium; skips the test where it, Node or a package of Node is absent."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    wanted = {
        "Chromium": found,
        "Node": shutil.which("node"),
        "npm ci in tests/browser": (BROWSER_TESTS / "node_modules" / "axe-core").is_dir(),
    }
    absent = [name for name, is_here in wanted.items() if not is_here]
    if absent:
        required = os.environ.get("PSGPIPE_REQUIRE_BROWSER") == "1"
        (pytest.fail if required else pytest.skip)(f"not here: {', '.join(absent)}")
    return found


def study(out):
    nights = [
        *(replace(n, runs=f"{A_NIGHT} R*{7 * number}") for number, n in enumerate(two_by_two(6))),
        ListedNight("S3", "n1", "followup", runs="W*20 N1*10 N2*300 N3*100 UNS*30"),
        ListedNight("S9", "n1", failure=failure("a flat line")),
        ListedNight("S9", "n2", "treatment", flags=(flag("mains", "strong mains"),)),
    ]
    finished_study(out, nights)
    assert exit_code(["report", str(out), "-q"]) == 0
    assert exit_code(["gather", str(out), "-q"]) == 8
    assert exit_code(["compare", str(out), "-q"]) == 0
    assert exit_code(["report", str(out), "-q"]) == 0


def hostile_study(out):
    finished_study(out, [
        night
        for number, text in enumerate(HOSTILE)
        for night in (
            ListedNight(f"{number}{text}", text, text, flags=(flag(text, text),)),
            ListedNight(f"x{number}", text, text, failure=failure(text, text, text)),
        )
    ])  # fmt: skip
    assert exit_code(["report", str(out), "-q"]) == 0


def hostile_comparison(out):
    """Of nights whose subjects and comedication are hostile texts."""
    words = ["".join(c for c in text if c.isprintable()) for text in HOSTILE]
    rows = [
        {**row, "subject": f"{words[n // 4 % len(words)]}{row['subject']}",
         "comedication": words[n // 4 % len(words)], "tst_min": 400 + n % 100}
        for n, row in enumerate(night_rows(12))
    ]  # fmt: skip
    out.mkdir()
    table = nights_tsv(out / "nights.tsv", rows)
    assert exit_code(["compare", str(table), "-q"]) == 0


def single_nights(folder):
    """A night with an expert's stages, and one whose every text is hostile."""
    text = "".join(HOSTILE)
    staged = {
        "beside": staged_night(expert=WHOLE_NIGHT.replace("N3*40", "N3*20 N1*20")),
        "hostile": staged_night(
            subject=text, night=HOSTILE[0], condition=text, derivations=(text, *HOSTILE[:3]),
            flags=(QualityFlag(text, text, text),), calibrated=True,
        ),
    }  # fmt: skip
    for name, night in staged.items():
        content = report_files(night, spectrogram(len(night.hypnogram)))["report.html"]
        (folder / f"{name}.html").write_bytes(content)


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """What the browser saw of each page."""
    program, folder = chromium(), tmp_path_factory.mktemp("pages")
    study(folder / "out")
    hostile_study(folder / "hostile")
    hostile_comparison(folder / "of-hostile")
    single_nights(folder)
    failed = ListedNight("S9", "n1", failure=failure("a flat line"))
    blinded = finished_study(folder / "blinded", [*two_by_two(3), failed], blind=True)
    assert exit_code(["report", str(blinded), "-q"]) == 0
    files = {name: str((folder / "out" / page).resolve()) for name, page in PAGES.items()}
    profile = folder / "profile"
    profile.mkdir()
    run = subprocess.run(
        ["node", "look.js", program, str(profile), *files.values()],
        cwd=BROWSER_TESTS, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    result = json.loads(run.stdout)
    return {name: result[file] for name, file in files.items()}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_no_error_and_asks_for_nothing(seen, page):
    assert seen[page]["console"] == []
    assert seen[page]["requests"] == []
    assert seen[page]["dialogs"] == 0


@pytest.mark.parametrize("page", PAGES)
def test_axe_finds_no_serious_fault(seen, page):
    serious = [found for found in seen[page]["axe"] if found["impact"] in ("serious", "critical")]
    assert serious == []


@pytest.mark.parametrize("page", PAGES)
def test_every_link_inside_a_page_has_its_target(seen, page):
    assert seen[page]["anchors"] == []


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_not_wider_than_a_phone_or_a_screen(seen, page):
    assert seen[page]["wider"] == {"400": 0, "1280": 0}


def test_a_click_on_a_head_sorts_numbers_as_numbers_and_blank_cells_last(seen):
    result = seen["study"]["sorted"]
    numbers = sorted(float(cell) for cell in result["before"] if cell)
    n_blank = result["before"].count("")
    assert n_blank == 1
    assert [float(cell) for cell in result["up"][:-n_blank]] == numbers
    assert [float(cell) for cell in result["down"][:-n_blank]] == numbers[::-1]
    assert result["up"][-1] == result["down"][-1] == ""
    assert result["said"] == "descending"


def test_the_filter_shows_the_rows_with_a_word_or_a_status(seen):
    result = seen["study"]["filtered"]
    assert set(result["words"]) == {"S2"}
    assert result["said"] == "4 of 27 nights"
    assert result["status"] == ["S9"]
    assert len(result["all"]) == 27


def test_the_pointer_shows_whose_line_it_is_and_what_an_epoch_was(seen):
    line = seen["comparison"]["pointed_at"]
    assert float(line["after"].removesuffix("px")) > float(line["before"].removesuffix("px"))
    assert line["words"].startswith("S1: ")
    assert "probabilities: W" in seen["night"]["pointed_at"]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_without_javascript_is_whole(seen, page):
    assert seen[page]["rows_without_script"] > 5
    assert seen[page]["filter_without_script"] == 0


@pytest.mark.parametrize("page", HOSTILE_PAGES)
def test_hostile_words_stand_there_as_text(seen, page):
    text = seen[page]["text"]
    for word in ("<svg/onload=alert(1)>", "{{ 7 * 7 }}", "javascript:alert(1)", "]]></script>"):
        assert word in text, word


def test_no_page_has_even_a_small_fault(seen):
    found = {page: sorted(f["id"] for f in seen[page]["axe"]) for page in PAGES}
    assert found == {page: [] for page in PAGES}
