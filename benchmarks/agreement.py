"""Automatic stages against the experts' on real nights, and against yasa called by hand.

    python benchmarks/agreement.py [FOLDER with *-PSG.edf and *-Hypnogram.edf] [--markdown]

Prints accuracy, Cohen's kappa and F1 by stage for each night and pooled, and in how many epochs the
stages differ from those of yasa.SleepStaging on the same file read by MNE.
"""

from __future__ import annotations

import argparse
import os
import warnings
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from psgpipe import run_night
from psgpipe.adapters.scorings import read_scoring
from psgpipe.model.hypnogram import SCORED, Hypnogram

CHECKOUT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("PSGPIPE_SHARED") or CHECKOUT.parent / "shared")
HEADS = ["night", "epochs", "accuracy", "kappa", *(f"F1 {s}" for s in SCORED), "differs from yasa"]


def confusion(expert: Hypnogram, automatic: Hypnogram) -> np.ndarray:
    """Epochs by the expert's stage (rows) and the automatic stage, shape (5, 5)."""
    counts = np.zeros((len(SCORED), len(SCORED)), dtype=int)
    for a, b in zip(expert.stages, automatic.stages, strict=False):
        if a in SCORED and b in SCORED:
            counts[SCORED.index(a), SCORED.index(b)] += 1
    return counts


def kappa(counts: np.ndarray) -> float:
    """Cohen's kappa (Cohen 1960)."""
    n = counts.sum()
    expected = (counts.sum(axis=0) * counts.sum(axis=1)).sum() / n**2
    return float((np.trace(counts) / n - expected) / (1 - expected))


def f1(counts: np.ndarray) -> list[float]:
    """F1 of each stage: 2 hits / (expert's + automatic)."""
    either = counts.sum(axis=0) + counts.sum(axis=1)
    return [2 * h / e if e else float("nan") for h, e in zip(np.diag(counts), either, strict=True)]


def yasa_stages(path: Path) -> list[str]:
    """Stages as a yasa user gets them: MNE reads the file, yasa stages it."""
    import mne
    import yasa

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        raw = mne.io.read_raw_edf(path, preload=True, verbose="error")
        stages = yasa.SleepStaging(raw, raw.ch_names[0]).predict().hypno
    return [{"WAKE": "W", "REM": "R"}.get(stage, stage) for stage in stages]


def row(name: str, counts: np.ndarray, differing: int) -> list[str]:
    """One line of the table."""
    accuracy = np.trace(counts) / counts.sum()
    figures = [accuracy, kappa(counts), *f1(counts)]
    return [name, str(counts.sum()), *(f"{value:.3f}" for value in figures), str(differing)]


def nights(folder: Path) -> Iterable[tuple[str, np.ndarray, int]]:
    """Name, confusion and epochs that differ from yasa, of every scored night in `folder`."""
    for path in sorted(folder.glob("*-PSG.edf")):
        night = run_night(path, "eeg-only")
        expert = read_scoring(path.with_name(path.name.replace("-PSG", "-Hypnogram")))
        by_hand = yasa_stages(path)
        differing = sum(a != b for a, b in zip(night.hypnogram.stages, by_hand, strict=True))
        yield path.name.removesuffix("-PSG.edf"), confusion(expert, night.hypnogram), differing


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "folder", nargs="?", type=Path, default=SHARED / "data" / "sleep-edf-stitched"
    )
    folder = parser.parse_args().folder
    rows, pooled, different = [], np.zeros((5, 5), dtype=int), 0
    for name, counts, differing in nights(folder):
        rows.append(row(name, counts, differing))
        pooled, different = pooled + counts, different + differing
    rows.append(row("all", pooled, different))
    print("| " + " | ".join(HEADS) + " |")
    print("|" + "---|" * len(HEADS))
    for cells in rows:
        print("| " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
