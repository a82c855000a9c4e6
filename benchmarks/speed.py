"""Cost of a night, compared with the scripts of a YASA user: one table with goals.

    python benchmarks/speed.py                        all of it, about half an hour on two cores
    python benchmarks/speed.py --only cold,warm       some of it
    python benchmarks/speed.py --work DIR             keep the recordings for the next time
    python benchmarks/speed.py --nights 4 --study-nights 40 --flat 20      less of it

The recordings are made by ``psgpipe simulate --montage clinical``: 8 h, 24 signals, 225 MB. Each
run is its own process, paired with a run of the other program in the same minute. The script
compares CPU time (user and system, children included) and peak memory of the pair. Ratios are
medians over the pairs, with the smallest and the largest. Needs a POSIX system (``wait4``).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
PYTHON = sys.executable
PSGPIPE = (PYTHON, "-m", "psgpipe")
SCRIPT = (PYTHON, str(HERE / "yasa_script.py"))
WARM = (PYTHON, str(HERE / "warm.py"))
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")


class Cost(NamedTuple):
    """CPU time and memory of a process and its children."""

    cpu_s: float
    wall_s: float
    peak_mib: float


@dataclass(frozen=True)
class Row:
    """One line of the table: `values` against a goal that they must reach or not exceed."""

    what: str
    goal: float
    unit: str
    values: tuple[float, ...]
    at_least: bool = True

    @property
    def measured(self) -> float:
        """The median."""
        return statistics.median(self.values)

    @property
    def passes(self) -> bool:
        """Whether the median reaches the goal."""
        return self.measured >= self.goal if self.at_least else self.measured <= self.goal

    def __str__(self) -> str:
        sign = ">=" if self.at_least else "<="
        spread = f"{min(self.values):.3g} to {max(self.values):.3g}"
        verdict = "pass" if self.passes else "short"
        return (
            f"| {self.what} | {sign} {self.goal:g} {self.unit} | {self.measured:.3g} {self.unit} "
            f"| {spread}, n = {len(self.values)} | {verdict} |"
        )


class Bench:
    """The folder of the recordings and the number of repetitions."""

    def __init__(self, work: Path, given: argparse.Namespace) -> None:
        self.work = work
        self.given = given
        self.environment = {**os.environ, **ONE_THREAD, "PSGPIPE_CACHE": str(work / "cache")}
        # Without byte code files, every run would compile the modules again.
        self.environment.pop("PYTHONDONTWRITEBYTECODE", None)

    def cost(self, command: tuple[str, ...]) -> Cost:
        """Run a command to its end; a failure ends the benchmark with the output."""
        began = time.perf_counter()
        with tempfile.TemporaryFile() as said:
            process = subprocess.Popen(
                command, stdout=said, stderr=subprocess.STDOUT, env=self.environment
            )
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                said.seek(0)
                sys.exit(f"{' '.join(command)} failed:\n{said.read().decode()}")
        unit = 2**20 if sys.platform == "darwin" else 2**10
        cpu_s = used.ru_utime + used.ru_stime
        return Cost(cpu_s, time.perf_counter() - began, used.ru_maxrss / unit)

    def told(self, *command: str) -> dict[str, list[float]]:
        """The JSON output of a command."""
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=True
        )
        found: dict[str, list[float]] = json.loads(done.stdout.splitlines()[-1])
        return found

    def recordings(self) -> list[Path]:
        """Clinical recordings, made once."""
        folder = self.work / "clinical"
        if not (folder / "study.tsv").exists():
            self.cost((*PSGPIPE, "simulate", "-o", str(folder), "--subjects", "1",
                       "--montage", "clinical", "--quiet"))  # fmt: skip
        return sorted((folder / "recordings").glob("*.edf"))

    def run_one(self, *, pictures: bool = False) -> tuple[str, ...]:
        """The command for a whole night into an empty folder, with or without its figures."""
        out = self.work / "out"
        shutil.rmtree(out, ignore_errors=True)
        night = str(self.recordings()[0])
        return (*PSGPIPE, "run", night, "-o", str(out), "--age", "40", "--sex", "F", "--quiet",
                *(() if pictures else ("--no-figures",)))  # fmt: skip


def cold(bench: Bench) -> Iterator[Row]:
    """One night in a fresh process against both scripts."""
    night = str(bench.recordings()[0])
    bench.cost(bench.run_one())
    ours, including, whole = [], [], []
    for _ in range(bench.given.repeats):
        ours.append(bench.cost(bench.run_one()))
        including.append(bench.cost((*SCRIPT, night, "--include")))
        whole.append(bench.cost((*SCRIPT, night)))
    yield Row("cold run, CPU, against the include= script", 12, "x", over(including, ours))
    yield Row("cold run, CPU, against the whole-file script", 35, "x", over(whole, ours))
    memory = tuple(w.peak_mib / o.peak_mib for w, o in zip(whole, ours, strict=True))
    yield Row("cold run, memory, against the whole-file script", 15, "x", memory)
    peaks = tuple(cost.peak_mib for cost in ours)
    yield Row("peak memory of a night", 350, "MiB", peaks, at_least=False)


def over(theirs: list[Cost], ours: list[Cost]) -> tuple[float, ...]:
    """Ratio of CPU time of each pair, other program over psgpipe."""
    return tuple(t.cpu_s / o.cpu_s for t, o in zip(theirs, ours, strict=True))


def warm(bench: Bench) -> Iterator[Row]:
    """Staging only, after imports and compilation."""
    night = str(bench.recordings()[0])
    found = bench.told(*WARM, "staging", night, str(bench.given.repeats + 2))
    yasa, fast, extra = found["yasa"], found["fast"], found["extra"]
    ratios = tuple(y / f for y, f in zip(yasa, fast, strict=True))
    yield Row("warm staging against yasa.SleepStaging", 5, "x", ratios)
    ratios = tuple(y / e for y, e in zip(yasa, extra, strict=True))
    yield Row("an extra EEG derivation against yasa", 12, "x", ratios)


def pictures(bench: Bench) -> Iterator[Row]:
    """Cost of the pictures and the page of a night, cold and warm."""
    night = str(bench.recordings()[0])
    bench.cost(bench.run_one(pictures=True))
    ours, bare, yasa = [], [], []
    for _ in range(bench.given.repeats):
        ours.append(bench.cost(bench.run_one(pictures=True)))
        bare.append(bench.cost(bench.run_one()))
        yasa.append(bench.cost((*SCRIPT, night, "--include", "--pictures")))
    what = "cold run with pictures and page, CPU,"
    yield Row(f"{what} over one without", 1.35, "x", over(ours, bare), at_least=False)
    added = tuple(o.peak_mib - b.peak_mib for o, b in zip(ours, bare, strict=True))
    yield Row("memory of pictures and page", 60, "MiB", added, at_least=False)
    yield Row(f"{what} against the include= script with its pictures", 11, "x", over(yasa, ours))
    found = bench.told(*WARM, "pictures", night, str(bench.given.repeats))
    added = tuple(w - o for w, o in zip(found["with"], found["without"], strict=True))
    yield Row("pictures and page of a night, warm", 0.3, "s CPU", added, at_least=False)


def memory(bench: Bench) -> Iterator[Row]:
    """Whether a worker grows, night after night."""
    found = bench.told(*WARM, "memory", str(bench.recordings()[0]), str(bench.given.flat))
    settled, end = float(found["settled"]), float(found["end"])  # type: ignore[arg-type]
    what = f"growth of a worker over {bench.given.flat} nights"
    yield Row(what, 5, "% of its peak", (100 * (end / settled - 1),), at_least=False)


def throughput(bench: Bench) -> Iterator[Row]:
    """Many nights on two cores against a pool of YASA processes: nights per minute."""
    yield _throughput(bench, "", ("--no-figures",), ())


def throughput_pictures(bench: Bench) -> Iterator[Row]:
    """The same with pictures and pages, against a pool that draws its pictures."""
    yield _throughput(bench, " with pictures", (), ("--pictures",))


def _throughput(bench: Bench, what: str, ours: tuple[str, ...], theirs: tuple[str, ...]) -> Row:
    nights = many(bench, bench.given.nights)
    out = bench.work / "batch"
    files = [str(path) for path in sorted(nights.glob("*.edf"))]
    ratios = []
    for _ in range(max(bench.given.repeats // 2, 1)):
        shutil.rmtree(out, ignore_errors=True)
        batch = bench.cost((*PSGPIPE, "batch", str(nights), "-o", str(out), "--jobs", "2",
                            "--quiet", *ours))  # fmt: skip
        pool = bench.cost((*SCRIPT, *files, "--include", "--jobs", "2", *theirs))
        ratios.append(pool.wall_s / batch.wall_s)
    about = f"{bench.given.nights} nights{what} on 2 cores, nights per minute, against a YASA pool"
    return Row(about, 5, "x", tuple(ratios))


def many(bench: Bench, n: int) -> Path:
    """A folder of `n` recordings: the same two under as many names, each a file of its own."""
    folder = bench.work / f"many-{n}"
    folder.mkdir(exist_ok=True)
    made = bench.recordings()
    for number in range(n):
        path = folder / f"sub-S{number // 2 + 1:02d}_ses-night{number % 2 + 1}.edf"
        if not path.exists():
            shutil.copyfile(made[number % len(made)], path)
    return folder


def small(bench: Bench) -> Iterator[Row]:
    """Commands that must start quickly: CPU over the bare interpreter."""
    study = bench.work / f"study-{bench.given.study_nights}"
    out = study / "out"
    if not (out / "nights.tsv").exists():
        shutil.rmtree(study, ignore_errors=True)
        bench.cost((*PSGPIPE, "simulate", "-o", str(study), "--hours", "0.5", "--subjects",
                    str(bench.given.study_nights // 2), "--quiet"))  # fmt: skip
        bench.cost((*PSGPIPE, "batch", str(study / "study.tsv"), "-o", str(out),
                    "--no-figures", "--quiet"))  # fmt: skip
    for command, goal in ((("--help",), 0.25), (("status", str(out)), 0.5),
                          (("compare", str(out)), 2.0)):  # fmt: skip
        added = []
        for _ in range(bench.given.repeats):
            bare = bench.cost((PYTHON, "-c", "pass"))
            added.append(bench.cost((*PSGPIPE, *command)).cpu_s - bare.cpu_s)
        about = f" of {bench.given.study_nights} nights" if len(command) > 1 else ""
        what = f"psgpipe {command[0]}{about}, over the bare interpreter"
        yield Row(what, goal, "s CPU", tuple(added), at_least=False)


PARTS: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "cold": cold,
    "warm": warm,
    "throughput": throughput,
    "throughput-pictures": throughput_pictures,
    "memory": memory,
    "small": small,
    "pictures": pictures,
}


def main() -> int:
    """Measure, print the table, leave with 1 if a goal was missed."""
    parser = argparse.ArgumentParser(description="What a night costs, beside YASA scripts.")
    parser.add_argument("--only", default=",".join(PARTS), help="which parts, of: %(default)s")
    parser.add_argument("--repeats", type=int, default=3, help="pairs of runs")
    parser.add_argument("--nights", type=int, default=16, help="of the throughput part")
    parser.add_argument("--study-nights", type=int, default=200, help="of the small commands")
    parser.add_argument("--flat", type=int, default=100, help="nights of the memory part")
    parser.add_argument("--work", type=Path, help="keep recordings here")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as throwaway:
        work = given.work or Path(throwaway)
        work.mkdir(parents=True, exist_ok=True)
        bench = Bench(work, given)
        print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}")
        print("\n| | goal | measured | spread | |\n|---|---|---|---|---|", flush=True)
        passed = True
        for part in given.only.split(","):
            for row in PARTS[part](bench):
                print(row, flush=True)
                passed &= row.passes
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
