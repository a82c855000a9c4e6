"""How often the 95 % interval of concord's bias holds the bias that a simulated study has.

    python benchmarks/concordance_coverage.py [STUDIES]

Diary rows and counts of watches are compared with the true stages of their nights; nothing is
staged. The counts are scored by the algorithm of Oakley in the time in bed of the diary, as concord
does it.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from psgpipe.actigraphy.measures import measure_night
from psgpipe.actigraphy.read import read_actigraphy
from psgpipe.actigraphy.score import score_actigraphy
from psgpipe.actigraphy.windows import SleepWindow
from psgpipe.agreement.statistics.limits import limits_of_agreement
from psgpipe.diary.night import DiaryNight
from psgpipe.diary.read import read_diary
from psgpipe.simulation.other_sources import SimulatedWatch, diary_table, planted_bias, watch
from psgpipe.simulation.study_design import StudyDesign
from psgpipe.simulation.study_plan import nights_by_subject, plan_study
from psgpipe.sleep.architecture import summarize

DESIGN = StudyDesign(subjects=8, nights=2, diary=True, actigraphy=True)
PAIRS = (
    ("diary_sol_min", "sol_min", "sol_min"),
    ("diary_waso_min", "waso_min", "waso_spt_min"),
    ("diary_tst_min", "tst_min", "tst_min"),
    ("actigraphy_tst_min", "tst_min", "tst_min"),
)


def main(studies: int) -> None:
    """Print the coverage of each measure and the mean width of its interval."""
    subjects = nights_by_subject(plan_study(DESIGN))
    truth = [summarize(plan.hypnogram).endpoints() for one in subjects for _, plan in one.nights]
    held = dict.fromkeys((name for name, *_ in PAIRS), 0)
    width, error = dict.fromkeys(held, 0.0), dict.fromkeys(held, 0.0)
    with tempfile.TemporaryDirectory() as name_of_folder:
        folder = Path(name_of_folder)
        for seed in range(studies):
            (folder / "diary.tsv").write_bytes(diary_table(subjects, seed))
            nights = read_diary(folder / "diary.tsv").nights
            watches = [watch(one, number, seed) for number, one in enumerate(subjects)]
            planted = planted_bias(watches, diary=True)
            by_source = {
                "diary": [night.values for night in nights],
                "actigraphy": list(_by_actigraphy(nights, watches, folder / "watch.AWD")),
            }
            for name, endpoint, true in PAIRS:
                found = by_source[name.partition("_")[0]]
                differences = [
                    float(values[endpoint] or 0) - float(t[true] or 0)
                    for values, t in zip(found, truth, strict=True)
                ]
                limits = limits_of_agreement(differences, [n.subject for n in nights])
                low, high = limits.bias_interval or (0.0, 0.0)
                held[name] += low <= planted[name] <= high
                width[name] += (high - low) / studies
                error[name] += (limits.bias - planted[name]) / studies
    print(f"{studies} studies of {DESIGN.subjects} subjects, {len(truth)} nights each")
    for name, n in held.items():
        print(
            f"{name:19} coverage {100 * n / studies:5.1f} %   mean width {width[name]:4.1f} min   "
            f"mean error {error[name]:+.2f} min"
        )


def _by_actigraphy(
    nights: Sequence[DiaryNight], watches: Sequence[SimulatedWatch], path: Path
) -> Iterator[dict[str, float | None]]:
    """The measures of each diary night by the watch of its subject."""
    subjects = list(dict.fromkeys(night.subject for night in nights))
    for subject, one in zip(subjects, watches, strict=True):
        path.write_bytes(one.content)
        score = score_actigraphy(read_actigraphy(path))
        for night in nights:
            if night.subject == subject and night.begin and night.end:
                window = SleepWindow(night.begin, night.end, "diary")
                yield dict(measure_night(score, window).values)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
