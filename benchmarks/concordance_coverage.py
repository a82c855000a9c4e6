"""How often the 95 % interval of concord's bias holds the bias that a simulated study has.

    python benchmarks/concordance_coverage.py [STUDIES]

Diary rows are compared with the true stages of their nights; nothing is staged.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from psgpipe.agreement.statistics.limits import limits_of_agreement
from psgpipe.diary.read import read_diary
from psgpipe.simulation.other_sources import diary_table, planted_bias
from psgpipe.simulation.study import StudyDesign, _by_subject, plan_study
from psgpipe.sleep.architecture import summarize

DESIGN = StudyDesign(subjects=8, nights=2, diary=True)
PAIRS = (
    ("diary_sol_min", "sol_min", "sol_min"),
    ("diary_waso_min", "waso_min", "waso_spt_min"),
    ("diary_tst_min", "tst_min", "tst_min"),
)


def main(studies: int) -> None:
    """Print the coverage of each measure and the mean width of its interval."""
    subjects = _by_subject(plan_study(DESIGN))
    truth = [summarize(plan.hypnogram).endpoints() for one in subjects for _, plan in one.nights]
    planted = planted_bias([], diary=True)
    held = dict.fromkeys((name for name, *_ in PAIRS), 0)
    width = dict.fromkeys(held, 0.0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "diary.tsv"
        for seed in range(studies):
            path.write_bytes(diary_table(subjects, seed))
            nights = read_diary(path).nights
            for name, diary, true in PAIRS:
                differences = [
                    float(n.values[diary] or 0) - float(t[true] or 0)
                    for n, t in zip(nights, truth, strict=True)
                ]
                interval = limits_of_agreement(differences, [n.subject for n in nights])
                low, high = interval.bias_interval or (0.0, 0.0)
                held[name] += low <= planted[name] <= high
                width[name] += (high - low) / studies
    print(f"{studies} studies of {DESIGN.subjects} subjects, {len(truth)} nights each")
    for name, n in held.items():
        print(f"{name:16} coverage {100 * n / studies:5.1f} %   mean width {width[name]:.1f} min")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
