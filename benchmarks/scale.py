"""Large studies: CPU and memory of compare, of a shard's start, and of a batch that is done.

    python benchmarks/scale.py                                     # this checkout
    python benchmarks/scale.py --before ../other --rows 1000 10000 # beside another checkout

`--before` is a worktree of an earlier commit, run by the same interpreter; each command of one is
followed by that of the other. The recordings are links to four nights of two minutes, and the
stand-in of the tests (tests/cheap_nights.py) replaces samples and stager. A shard is the last of so
many that each has ten nights, which do not exist. CPU seconds count, not the time on the clock.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

CHECKOUT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(CHECKOUT))

from tests.recordings import write_night  # noqa: E402

from night_tables import table  # noqa: E402

NIGHTS_EACH = 4
LONGEST_CPU_S = 400


def made_up_night(rng: np.random.Generator, level: float, *, treated: bool) -> dict[str, object]:
    """A night whose numbers can be true together; treatment takes 2 % of REM."""
    tib, sol, waso = 480.0, round(rng.uniform(4, 20) * 2) / 2, round(rng.uniform(20, 60) * 2) / 2
    tst = tib - sol - waso
    shares = np.array([0.08, 0.5, 0.2, 0.22 + level - 0.02 * treated]) + rng.normal(0, 0.01, 4)
    n1, _, n3, rem = (round(float(s) * tst * 2) / 2 for s in shares / shares.sum())
    n2 = tst - n1 - n3 - rem
    minutes = {"n1": n1, "n2": n2, "n3": n3, "rem": rem, "nrem": n1 + n2 + n3}
    return {
        "tib_min": tib, "tst_min": tst, "sol_min": sol, "waso_min": waso, "wake_min": sol + waso,
        "spt_min": tst + waso, "se_pct": round(100 * tst / tib, 4),
        **{f"{stage}_min": value for stage, value in minutes.items()},
        **{f"{stage}_pct": round(100 * value / tst, 4) for stage, value in minutes.items()},
        "rem_latency_min": round(rng.uniform(50, 130) * 2) / 2,
        "awakenings": int(rng.integers(10, 40)), "stage_shifts": int(rng.integers(80, 200)),
        "cycles": int(rng.integers(3, 6)), "mean_confidence": round(rng.uniform(0.6, 0.9), 6),
    }  # fmt: skip


def nights_of(path: Path, n_subjects: int) -> Path:
    """A table of nights, half of each subject's under treatment."""
    rng, first = np.random.default_rng(n_subjects), True
    # Line by line: a child's peak memory is never below what its parent had when it started.
    with path.open("w", encoding="utf-8") as file:
        for subject, level in enumerate(rng.normal(0, 0.03, n_subjects)):
            for night in range(NIGHTS_EACH):
                treated = night >= NIGHTS_EACH // 2
                condition = "treatment" if treated else "baseline"
                row: dict[str, object] = {
                    "subject": f"S{subject:05d}", "night": f"n{night}", "condition": condition,
                    **made_up_night(rng, level, treated=treated),
                }  # fmt: skip
                lines = [row.keys(), row.values()] if first else [row.values()]
                file.writelines("\t".join(map(str, line)) + "\n" for line in lines)
                first = False
    return path


def study_of(folder: Path, n_rows: int, recordings: Sequence[Path] = ()) -> Path:
    """A study table; its recordings are links to these files, and absent where there are none."""
    (folder / "recordings").mkdir(parents=True)
    with (folder / "study.tsv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, delimiter="\t", lineterminator="\n")
        rows.writerow(["subject", "night", "condition", "recording", "lights_off", "age", "sex"])
        for i in range(n_rows):
            name = f"recordings/S{i:07d}.edf"
            if recordings:
                os.link(recordings[i % len(recordings)], folder / name)
            condition = ("baseline", "treatment")[i % 2]
            rows.writerow([f"S{i:07d}", "n1", condition, name, "", 20 + i % 60, "FM"[i % 2]])
    return folder / "study.tsv"


@dataclass(frozen=True)
class Cost:
    """CPU seconds and peak memory of a command, workers included; seconds are None if it failed."""

    seconds: float | None
    memory_mib: float = 0.0
    failure: str = ""


def cost(checkout: Path, *arguments: str, module: str = "psgpipe") -> Cost:
    """The cost of a command of this checkout."""
    environment = {**os.environ, "PYTHONPATH": f"{checkout / 'src'}", "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments, "--quiet"],
        cwd=checkout, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (LONGEST_CPU_S, LONGEST_CPU_S)),
    )  # fmt: skip
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode < 0:
        return Cost(None, failure=f"not finished in {LONGEST_CPU_S} s")
    if process.returncode not in (0, 8):
        return Cost(None, failure=f"exit {process.returncode}")
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def words(costs: Sequence[Cost | int]) -> str:
    """The costs of the repeats of a command; the numbers of bytes are the same in each."""
    found = [c for c in costs if isinstance(c, Cost)]
    seconds = [c.seconds for c in found if c.seconds is not None]
    if not found:
        return " ".join(f"{n} bytes" for n in sorted({*costs}))  # type: ignore[type-var]
    if len(seconds) < len(found):
        return next(c.failure for c in found if c.failure)
    low, high = f"{min(seconds):.1f}", f"{max(seconds):.1f}"
    span = low if low == high else f"{low} to {high}"
    return f"{span} s, {max(c.memory_mib for c in found):.0f} MiB"


Costs = dict[str, list[list["Cost | int"]]]
"""By the name of a row: for each checkout the costs of all repeats."""


def comparisons(
    found: Costs, folder: Path, checkouts: Sequence[Path], subjects: Sequence[int]
) -> None:
    """A row for each number of subjects."""
    for n in subjects:
        nights, out = str(nights_of(folder / f"nights{n}.tsv", n)), str(folder / f"compared{n}")
        for number, checkout in enumerate(checkouts):
            name = f"compare, {n} subjects x {NIGHTS_EACH} nights"
            costs = found.setdefault(name, [[] for _ in checkouts])
            costs[number].append(cost(checkout, "compare", nights, "-o", out))


def shards(found: Costs, folder: Path, checkouts: Sequence[Path], rows: Sequence[int]) -> None:
    """Rows for each size of the study table: its preparation, and a shard of ten nights."""
    for n in rows:
        study = str(study_of(folder / f"study{n}", n))
        for number, checkout in enumerate(checkouts):
            batch = ("batch", study, "-o", str(folder / f"shards{n}-{number}"), "-j1")
            for name, more in (
                (f"prepare, {n} rows", ("--prepare",)),
                (f"a shard of 10 nights, {n} rows", ("--shard", f"{n // 10}/{n // 10}")),
            ):
                costs = found.setdefault(name, [[] for _ in checkouts])
                costs[number].append(cost(checkout, *batch, *more))


def finished_study(found: Costs, folder: Path, checkouts: Sequence[Path], n: int) -> None:
    """Rows for a batch of `n` nights, and for the commands on them when all are finished."""
    good = [write_night(folder / f"r{i}.edf", seconds=120, start=dt.time(22, i)) for i in range(4)]
    study = str(study_of(folder / "finished", n, good))
    outs = [folder / f"finished-out{number}" for number in range(len(checkouts))]
    options = ("-j2", "--no-figures")
    for name, command, more in (
        ("batch", "batch", ()), ("status", "status", ()), ("gather", "gather", ()),
        ("verify", "verify", ()), ("the same batch again", "batch", ()),
        ("again with --trust-mtime", "batch", ("--trust-mtime",)),
    ):  # fmt: skip
        for number, (checkout, out) in enumerate(zip(checkouts, outs, strict=True)):
            asked = (study, "-o", str(out), *options, *more) if command == "batch" else (str(out),)
            before = journal_bytes(out)
            costs = found.setdefault(f"{n} nights: {name}", [[] for _ in checkouts])
            costs[number].append(cost(checkout, command, *asked, module="tests.cheap_nights"))
            if name == "the same batch again":
                row = f"{n} nights: what that adds to the journal"
                grown = found.setdefault(row, [[] for _ in checkouts])
                grown[number].append(journal_bytes(out) - before)


def journal_bytes(out: Path) -> int:
    """The size of the journals."""
    return sum(path.stat().st_size for path in out.glob("journal*.jsonl"))


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--before", type=Path, help="a worktree of an earlier commit")
    parser.add_argument("--subjects", type=int, nargs="*", default=[200, 1000, 10_000])
    parser.add_argument("--rows", type=int, nargs="*", default=[1000, 10_000, 100_000, 1_000_000])
    parser.add_argument("--nights", type=int, default=2000, help="of the finished study; 0: none")
    parser.add_argument("--repeats", type=int, default=2)
    given = parser.parse_args()
    checkouts = [*([given.before.resolve()] if given.before else []), CHECKOUT]
    found: Costs = {}
    for _ in range(given.repeats):
        with tempfile.TemporaryDirectory(prefix="psgpipe-scale-") as name:
            folder = Path(name)
            comparisons(found, folder, checkouts, given.subjects)
            shards(found, folder, checkouts, given.rows)
            if given.nights:
                finished_study(found, folder, checkouts, given.nights)
    rows = [[name, *map(words, costs)] for name, costs in found.items()]
    print(table(["", *(["before"] if given.before else []), "now"], rows))


if __name__ == "__main__":
    main()
