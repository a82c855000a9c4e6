"""Night 1 against night 2 of real people without a treatment, by psgpipe and by the experts.

    python benchmarks/night_one_two.py [FOLDER with SC4ssN*-PSG.edf and -Hypnogram.edf]

Night 1 is called baseline and night 2 treatment, but there was no treatment: every claim is false
or is the first-night effect. The script prints both comparisons side by side, and the influence of
the stager: automatic minus expert differences, subject by subject.
"""

from __future__ import annotations

import argparse
import os
import re
import tempfile
from pathlib import Path

import numpy as np

from night_tables import contrast_of, endpoints, staged_row, table, with_interval, write_nights
from psgpipe import compare, read_scoring, run_night, summarize
from psgpipe.comparison.statistics.paired import t_interval
from psgpipe.model.comparison.results import Comparison
from psgpipe.model.hypnogram import Hypnogram

CHECKOUT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("PSGPIPE_SHARED") or CHECKOUT.parent / "shared")
CONDITIONS = {"1": "baseline", "2": "treatment"}
HEAD = ["endpoint", "automatic [95 %]", "expert [95 %]", "automatic - expert [95 %]",
        "p automatic", "p expert", "verdict automatic", "verdict expert"]  # fmt: skip


def both_rows(path: Path) -> tuple[dict[str, object], dict[str, object]]:
    """A night by psgpipe and by the expert, as rows of two tables."""
    found = re.match(r"SC4(\d\d)([12])", path.name)
    if found is None:
        raise SystemExit(f"{path.name}: wanted a name such as SC4001E0-PSG.edf")
    subject, night = found.groups()
    identity = {"subject": subject, "night": night, "condition": CONDITIONS[night]}
    staged = run_night(path, "eeg-only")
    scored = read_scoring(path.with_name(path.name.replace("-PSG", "-Hypnogram")))
    # Both count the same epochs: an expert's scoring may end before the recording does, or after.
    length = min(len(scored), len(staged.hypnogram))
    expert = Hypnogram(scored.stages[:length], staged.hypnogram.in_bed[:length])
    return (
        staged_row(staged, **identity),
        {**identity, "lights_source": staged.lights.source, **endpoints(summarize(expert))},
    )


def difference_of(automatic: Comparison, expert: Comparison, endpoint: str) -> str:
    """Mean over subjects of (automatic change - expert's change), with its t interval."""
    changes = [
        {s.subject: s.difference for s in c.subjects if s.endpoint == endpoint}
        for c in (automatic, expert)
    ]
    shared = [
        a - e for s, a in changes[0].items() if None not in (a, e := changes[1].get(s))
    ]  # fmt: skip
    if len(shared) < 2:
        return "-"
    t = t_interval(np.array(shared))
    return f"{t.mean:+.2f}" + ("" if t.low is None else f" [{t.low:+.2f}, {t.high:+.2f}]")


def rows(automatic: Comparison, expert: Comparison) -> list[list[str]]:
    """One line for each endpoint in both tables."""
    both = {c.endpoint for c in expert.contrasts}
    lines = []
    for contrast in automatic.contrasts:
        if contrast.endpoint in both:
            pair = (contrast, contrast_of(expert, contrast.endpoint))
            lines.append([
                f"`{contrast.endpoint}`", *map(with_interval, pair),
                difference_of(automatic, expert, contrast.endpoint),
                *("-" if c.p_sign_flip is None else f"{c.p_sign_flip:.3f}" for c in pair),
                *(c.finding for c in pair),
            ])  # fmt: skip
    return lines


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "folder", nargs="?", type=Path, default=SHARED / "data" / "sleep-edf-stitched"
    )
    nights = [both_rows(path) for path in sorted(parser.parse_args().folder.glob("SC4*-PSG.edf"))]
    with tempfile.TemporaryDirectory() as folder:
        automatic, expert = (
            compare(write_nights(Path(folder) / f"{name}.tsv", list(lines)))
            for name, lines in zip(("automatic", "expert"), zip(*nights, strict=True), strict=True)
        )
    print(table(HEAD, rows(automatic, expert)))
    for name, comparison in (("automatic", automatic), ("expert", expert)):
        print(f"\n{name}:", *comparison.warnings, *comparison.sentences, sep="\n- ")


if __name__ == "__main__":
    main()
