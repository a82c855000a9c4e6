"""The pictures of README and site, made again: ``python docs/images/make.py``; needs Chromium.

The pictures show simulated nights, so equal versions give equal pictures. It takes a few minutes.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

IMAGES = Path(__file__).parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
COLOURS = 128
SPEC = 'primary = "rem_pct"\nsecondary = ["n3_pct", "tst_min"]\nendpoints = []\n'


def psgpipe(*arguments: str | Path) -> None:
    """Run a command of this psgpipe."""
    subprocess.run([sys.executable, "-m", "psgpipe", *map(str, arguments), "-q"], check=True)


def photograph(page: Path, picture: Path, width: int, height: int) -> None:
    """Take a picture of the top of a page."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        sys.exit("docs/images/make.py needs Chromium; none was found.")
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(
            [
                browser,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--hide-scrollbars",
                f"--user-data-dir={profile}",
                f"--window-size={width},{height}",
                f"--screenshot={picture}",
                page.resolve().as_uri(),
            ],
            check=True,
            capture_output=True,
            timeout=120,
        )


def save(source: Path, name: str, box: tuple[int, int, int, int] | None = None) -> None:
    """Write a picture with few colours, so that it is small."""
    with Image.open(source) as picture:
        part = picture.convert("RGB").crop(box or (0, 0, *picture.size))
        part.quantize(COLOURS, dither=Image.Dither.NONE).save(IMAGES / name, optimize=True)


def main() -> None:
    """Simulate a night and the study of the README, and take the pictures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "rem-study.toml").write_text(SPEC, encoding="utf-8")
        psgpipe("simulate", "-o", folder / "night", "--subjects", "1")
        recording = folder / "night" / "recordings" / "sub-S01_ses-base1.edf"
        psgpipe("run", recording, "-o", folder / "out", "--condition", "baseline")
        night = folder / "out" / "nights" / "S01" / "base1"
        save(night / "hypnogram.png", "night.png")
        photograph(night / "report.html", folder / "night-page.png", 1000, 1500)
        save(folder / "night-page.png", "night-page.png")
        study = ["--subjects", "8", "--nights", "2", "--hours", "5", "--effect", "rem_pct=-5"]
        psgpipe("simulate", "-o", folder / "trial", *study)
        results = folder / "results"
        psgpipe("batch", folder / "trial" / "study.tsv", "-o", results)
        psgpipe("compare", results, "--spec", folder / "rem-study.toml")
        psgpipe("report", results)
        photograph(results / "report.html", folder / "study.png", 1000, 640)
        save(folder / "study.png", "study.png")
        photograph(results / "comparison" / "report.html", folder / "comparison.png", 1000, 1000)
        save(folder / "comparison.png", "comparison.png")


if __name__ == "__main__":
    main()
