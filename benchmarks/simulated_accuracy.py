"""Accuracy of YASA on the planted stages of simulated nights.

    python benchmarks/simulated_accuracy.py              # the default study, and other rates
    python benchmarks/simulated_accuracy.py --seeds 0 1 2 --fs 100 --subjects 4

The script calls YASA itself with EEG, EOG, EMG and age and sex, and with the EEG alone. Treatment
nights have a planted effect; the script prints the effect in YASA's stages. It ends with 1 if the
accuracy of all epochs together, or of the worst night, is below 0.80.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections import defaultdict
from collections.abc import Iterator
from itertools import chain
from statistics import fmean

import numpy as np

from psgpipe.model.hypnogram import SCORED, Hypnogram, SleepStage
from psgpipe.simulation.night import CONDITIONS, SimulatedNight, simulate_night
from psgpipe.simulation.study_design import parse_effects
from psgpipe.sleep.architecture import summarize

GOAL = 0.80
YASA_NAMES = {"WAKE": "W", "REM": "R"}
NAMES = [str(stage) for stage in SCORED]


def yasa_stages(night: SimulatedNight, *, eeg_alone: bool) -> list[str]:
    """The stages that YASA gives to a simulated night."""
    import mne
    import yasa

    labels = ["EEG C4-M1"] if eeg_alone else ["EEG C4-M1", "EOG E1-M2", "EMG chin"]
    picked = night.recording.pick(*labels)
    info = mne.create_info(labels, picked.fs_hz, list(picked.kinds))
    raw = mne.io.RawArray(picked.signals_uv * 1e-6, info, verbose="ERROR")
    traits = night.plan.traits
    staging = yasa.SleepStaging(
        raw,
        eeg_name=labels[0],
        eog_name=None if eeg_alone else labels[1],
        emg_name=None if eeg_alone else labels[2],
        metadata={"age": traits.age_y, "male": traits.sex == "M"},
    )
    return [YASA_NAMES.get(stage, stage) for stage in staging.predict().hypno]


def confusion(truth: list[str], found: list[str]) -> np.ndarray:
    """Epochs, planted stage by row, YASA's by column."""
    counts = np.zeros((5, 5), int)
    rows, columns = ([NAMES.index(stage) for stage in stages] for stages in (truth, found))
    np.add.at(counts, (rows, columns), 1)
    return counts


def accuracy(counts: np.ndarray) -> float:
    """Share of epochs with the planted stage."""
    return float(np.trace(counts) / counts.sum())


def kappa(counts: np.ndarray) -> float:
    """Cohen's kappa."""
    chance = float(counts.sum(0) @ counts.sum(1)) / counts.sum() ** 2
    return (accuracy(counts) - chance) / (1 - chance)


def f1(counts: np.ndarray) -> dict[str, float]:
    """F1 of each stage."""
    both = counts.sum(0) + counts.sum(1)
    return {n: round(float(2 * counts[i, i] / max(both[i], 1)), 2) for i, n in enumerate(NAMES)}


def nights(options: argparse.Namespace) -> Iterator[tuple[str, SimulatedNight]]:
    """The nights of the study."""
    for seed in options.seeds:
        for subject in range(1, options.subjects + 1):
            for condition in CONDITIONS:
                name = f"seed {seed} S{subject:02} {condition} {options.fs} Hz"
                yield name, simulate_night(
                    seed, hours=options.hours, fs_hz=options.fs, subject=subject,
                    condition=condition, effects=options.effects,
                )  # fmt: skip


def other_rates(options: argparse.Namespace) -> Iterator[tuple[str, SimulatedNight]]:
    """The first night at other sampling rates."""
    for fs_hz in options.other_fs:
        night = simulate_night(options.seeds[0], hours=options.hours, fs_hz=fs_hz)
        yield f"seed {options.seeds[0]} S01 baseline {fs_hz} Hz", night


def endpoint(night: SimulatedNight, stages: list[str], name: str) -> float:
    """An endpoint of the simulated night with these stages."""
    hypnogram = Hypnogram(tuple(map(SleepStage, stages)), night.hypnogram.in_bed)
    return float(getattr(summarize(hypnogram), name) or 0.0)


def print_effect(name: str, planted: float, values: dict[tuple[str, str], list[float]]) -> None:
    """The planted effect beside that in the true stages and that in YASA's."""
    change = {
        whose: fmean(values[whose, "treatment"]) - fmean(values[whose, "baseline"])
        for whose in ("true", "yasa")
    }
    found = f"true stages {change['true']:+.1f}, YASA's stages {change['yasa']:+.1f}"
    print(f"{name}: planted {planted:+g}, {found}")


def main() -> int:
    """Print a row for each night, then the sums; 1 if the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--subjects", type=int, default=2)
    parser.add_argument("--hours", type=float, default=8.0)
    parser.add_argument("--fs", type=int, default=128)
    parser.add_argument("--other-fs", type=int, nargs="*", default=[100, 256, 512])
    parser.add_argument("--effect", default="rem_pct=-4")
    options = parser.parse_args()
    options.effects = parse_effects([options.effect])
    ((effect, planted),) = options.effects.items()
    warnings.simplefilter("ignore")
    sums = {"EEG+EOG+EMG": np.zeros((5, 5), int), "EEG alone": np.zeros((5, 5), int)}
    values: dict[tuple[str, str], list[float]] = defaultdict(list)
    worst = 1.0
    print(f"{'night':34} {'made in s':>9} {'accuracy':>9} {'EEG alone':>10}")
    started = time.perf_counter()
    for name, night in chain(nights(options), other_rates(options)):
        seconds = time.perf_counter() - started
        truth = [str(stage) for stage in night.hypnogram.stages]
        staged = [yasa_stages(night, eeg_alone=alone) for alone in (False, True)]
        found = [confusion(truth, stages) for stages in staged]
        for key, counts in zip(sums, found, strict=True):
            sums[key] += counts
        if f" {options.fs} Hz" in name:
            condition = CONDITIONS[night.plan.key.condition - 1]
            values["true", condition].append(endpoint(night, truth, effect))
            values["yasa", condition].append(endpoint(night, staged[0], effect))
        worst = min(worst, accuracy(found[0]))
        print(f"{name:34} {seconds:9.1f} {accuracy(found[0]):9.3f} {accuracy(found[1]):10.3f}")
        started = time.perf_counter()
    for key, counts in sums.items():
        print(f"\n{key}: accuracy {accuracy(counts):.3f} kappa {kappa(counts):.3f} F1 {f1(counts)}")
        print("planted \\ YASA", *(f"{name:>6}" for name in NAMES))
        for name, row in zip(NAMES, counts, strict=True):
            print(f"{name:>14}", *(f"{n:6}" for n in row))
    print()
    print_effect(effect, planted, values)
    passed = min(worst, accuracy(sums["EEG+EOG+EMG"])) >= GOAL
    print(f"worst night {worst:.3f}; goal {GOAL}: {'met' if passed else 'MISSED'}")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
