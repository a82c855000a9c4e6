"""Agreement of automatic stages with the experts on real nights, and with yasa called directly.

    python benchmarks/agreement.py [FOLDER with *-PSG.edf and *-Hypnogram.edf]

Prints accuracy, Cohen's kappa and F1 by stage for each night and pooled, and in how many epochs the
stages differ from those of yasa.SleepStaging on the same file read by MNE.
"""

from __future__ import annotations

import argparse
import functools
import operator
import os
import warnings
from collections.abc import Iterable
from pathlib import Path

from psgpipe import read_scoring, run_night
from psgpipe.model.hypnogram import SCORED
from psgpipe.sleep.agreement import Agreement, agreement

CHECKOUT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("PSGPIPE_SHARED") or CHECKOUT.parent / "shared")
HEADS = ["night", "epochs", "accuracy", "kappa", *(f"F1 {s}" for s in SCORED), "differs from yasa"]


def yasa_stages(path: Path) -> list[str]:
    """Stages by MNE and yasa, without psgpipe."""
    import mne
    import yasa

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        raw = mne.io.read_raw_edf(path, preload=True, verbose="error")
        stages = yasa.SleepStaging(raw, raw.ch_names[0]).predict().hypno
    return [{"WAKE": "W", "REM": "R"}.get(stage, stage) for stage in stages]


def row(name: str, found: Agreement, differing: int) -> list[str]:
    """One line of the table."""
    figures = [found.accuracy, found.kappa, *found.f1.values()]
    shown = ("-" if value is None else f"{value:.3f}" for value in figures)
    return [name, str(found.n_epochs), *shown, str(differing)]


def nights(folder: Path) -> Iterable[tuple[str, Agreement, int]]:
    """Name, agreement and epochs that differ from yasa, of every scored night in `folder`."""
    for path in sorted(folder.glob("*-PSG.edf")):
        night = run_night(path, "eeg-only")
        expert = read_scoring(path.with_name(path.name.replace("-PSG", "-Hypnogram")))
        by_hand = yasa_stages(path)
        differing = sum(a != b for a, b in zip(night.hypnogram.stages, by_hand, strict=True))
        yield path.name.removesuffix("-PSG.edf"), agreement(expert, night.hypnogram), differing


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "folder", nargs="?", type=Path, default=SHARED / "data" / "sleep-edf-stitched"
    )
    folder = parser.parse_args().folder
    found = list(nights(folder))
    rows = [row(*night) for night in found]
    pooled = functools.reduce(operator.add, (one for _, one, _ in found))
    rows.append(row("all", pooled, sum(differing for *_, differing in found)))
    print("| " + " | ".join(HEADS) + " |")
    print("|" + "---|" * len(HEADS))
    for cells in rows:
        print("| " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
