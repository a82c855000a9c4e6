"""A planted effect, and no effect, through simulation, staging and comparison.

    python benchmarks/planted_effect.py                    # seeds 0 to 4
    python benchmarks/planted_effect.py --seeds 0 --fs 100

The script prints for each study the difference in REM (% of TST) of the true stages, and that of
the automatic stages with interval and verdict. Then it prints the stager's sensitivity and false
positive rate for REM.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from night_tables import contrast_of, endpoints, staged_row, table, with_interval, write_nights
from psgpipe import compare, read_scoring, run_night, summarize
from psgpipe.model.comparison.contrast import Contrast
from psgpipe.model.comparison.results import Comparison
from psgpipe.model.hypnogram import SLEEP, Hypnogram, SleepStage
from psgpipe.simulation.study import simulate_study
from psgpipe.simulation.study_design import StudyDesign

ENDPOINT = "rem_pct"
EFFECT = -5.0
SPEC = f'name = "planted effect"\nprimary = "{ENDPOINT}"\n'


@dataclass(frozen=True)
class Outcome:
    """One simulated study, by its true and by its automatic stages.

    Attributes
    ----------
    true, found : comparisons of the same nights.
    rem : by condition, epochs of sleep: truly REM, of these staged REM, truly not, of these
        staged REM.
    """

    true: Comparison
    found: Comparison
    rem: Mapping[str, tuple[int, int, int, int]]


def study_outcome(folder: Path, design: StudyDesign) -> Outcome:
    """Simulate a study in `folder`, stage all of its nights, compare; recordings are not kept."""
    simulate_study(design, folder / "study")
    nights = list(_nights(folder / "study"))
    spec = folder / "planted.toml"
    spec.write_text(SPEC, encoding="utf-8")
    true = write_nights(folder / "true.tsv", [row for row, _, _ in nights])
    found = write_nights(folder / "nights.tsv", [row for _, row, _ in nights])
    counts: dict[str, tuple[int, int, int, int]] = {}
    for row, _, seen in nights:
        so_far = counts.get(str(row["condition"]), (0, 0, 0, 0))
        counts[str(row["condition"])] = tuple(np.add(so_far, seen).tolist())
    return Outcome(compare(true, spec), compare(found, spec), counts)


def _nights(
    study: Path,
) -> Iterator[tuple[dict[str, object], dict[str, object], tuple[int, int, int, int]]]:
    """Every night: its row by the true stages, by the automatic ones, and its epochs of REM."""
    with (study / "study.tsv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            identity = {k: row[k] for k in ("subject", "night", "condition", "night_in_lab")}
            staged = run_night(
                study / row["recording"], lights_off=row["lights_off"], lights_on=row["lights_on"],
                age=float(row["age"]), sex=row["sex"],
            )  # fmt: skip
            (study / row["recording"]).unlink()
            scored = read_scoring(study / row["scoring"]).stages[: len(staged.hypnogram)]
            truth = Hypnogram(scored, staged.hypnogram.in_bed)
            yield (
                {**identity, **endpoints(summarize(truth))},
                staged_row(staged, **identity),
                rem_epochs(truth, staged.hypnogram),
            )


def rem_epochs(truth: Hypnogram, staged: Hypnogram) -> tuple[int, int, int, int]:
    """Epochs of true sleep in bed: REM, of these staged REM, not REM, of these staged REM."""
    asleep = truth.is_any(SLEEP) & truth.in_bed
    is_rem, called_rem = truth.is_any([SleepStage.R]), staged.is_any([SleepStage.R])
    rem, other = asleep & is_rem, asleep & ~is_rem
    return (
        int(rem.sum()), int((rem & called_rem).sum()),
        int(other.sum()), int((other & called_rem).sum()),
    )  # fmt: skip


def holds(contrast: Contrast, value: float) -> bool:
    """Whether the 95 % interval of a contrast contains `value`."""
    low, high = contrast.ci_low, contrast.ci_high
    return low is not None and high is not None and low <= value <= high


def row_of(seed: int, planted: float, outcome: Outcome) -> list[str]:
    """One study as a line of the table."""
    true, found = (contrast_of(c, ENDPOINT) for c in (outcome.true, outcome.found))
    return [
        str(seed), f"{planted:+g}", f"{true.difference or 0:+.2f}", with_interval(found),
        "yes" if holds(found, planted) else "no", f"{found.p_sign_flip or 1:.4f}", found.verdict,
        str(claims(outcome.found)),
    ]  # fmt: skip


def claims(comparison: Comparison) -> int:
    """Endpoints with a claimed change."""
    return sum(c.direction is not None for c in comparison.contrasts)


def stager_rows(outcomes: Sequence[Outcome]) -> list[list[str]]:
    """The stager's sensitivity and false positive rate for REM, by condition."""
    rows = []
    for condition in ("baseline", "treatment"):
        rem, seen, other, false = np.sum([o.rem[condition] for o in outcomes], axis=0)
        sensitivity = 100 * seen / rem
        rows.append([condition, f"{rem}", f"{sensitivity:.1f} %", f"{100 * false / other:.2f} %"])
    return rows


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--subjects", type=int, default=8)
    parser.add_argument("--nights", type=int, default=2)
    parser.add_argument("--hours", type=float, default=8.0)
    parser.add_argument("--fs", type=int, default=128)
    options = parser.parse_args()
    rows, planted = [], []
    for effect in (EFFECT, 0.0):
        for seed in options.seeds:
            started = time.perf_counter()
            design = StudyDesign(
                options.subjects, options.nights, options.hours, seed, fs_hz=options.fs,
                effects={ENDPOINT: effect} if effect else {},
            )  # fmt: skip
            with tempfile.TemporaryDirectory() as folder:
                outcome = study_outcome(Path(folder), design)
            rows.append(row_of(seed, effect, outcome))
            planted += [outcome] if effect else []
            print(rows[-1], f"{time.perf_counter() - started:.0f} s", flush=True)
    head = ["seed", "planted", "true stages", "automatic stages [95 %]", "contains it",
            "sign-flip p", "verdict", "claims, all endpoints"]  # fmt: skip
    print(table(head, rows))
    print()
    print(
        table(
            ["nights", "true REM epochs", "recognised", "other sleep scored as REM"],
            stager_rows(planted),
        )
    )


if __name__ == "__main__":
    main()
