"""A batch of 10 000 nights: cost of the work around the stager, and a check that no night is lost.

    python benchmarks/batch_10000.py --corpus MAKE_CORPUS.py [--nights 10000] [--jobs 2] [--real]

Recordings are hard links to a few short nights; one in a hundred is a defective file of the corpus
that the script MAKE_CORPUS.py writes. Without ``--real``, the stand-in of the tests
(tests/cheap_nights.py) replaces the samples and the stager; the benchmark then measures the rest of
the work. With it, psgpipe stages the nights.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(CHECKOUT))

from tests.recordings import write_night  # noqa: E402

MEMORY_GOAL_MIB, BOOKKEEPING_GOAL_MS, RESUME_GOAL_S = 20.0, 20.0, 10.0


def rss_mib() -> float:
    """Resident memory of this process, MiB (Linux)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def make_study(folder: Path, corpus_script: Path, n_nights: int) -> dict[str, str]:
    """Write the study; returns the defective recordings' subject and corpus id."""
    corpus, nights = folder / "corpus", folder / "recordings"
    command = [sys.executable, str(corpus_script), str(corpus), "--no-special"]
    subprocess.run(command, check=True, capture_output=True)
    entries = json.loads((corpus / "manifest.json").read_text(encoding="utf-8"))
    # The reader recognises a BDF file under another suffix.
    unfit = [e for e in entries if e["expect"] == "CLEAR_ERROR" and "READ_OK as" not in e["why"]]
    good = [
        write_night(folder / f"good{i}.edf", seconds=120, start=dt.time(22, i)) for i in range(4)
    ]
    nights.mkdir()
    defective = {}
    with (folder / "study.tsv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, delimiter="\t")
        table.writerow(["subject", "night", "condition", "recording"])
        for i in range(n_nights):
            source = good[i % len(good)]
            subject = f"S{i:06d}"
            if i % 100 == 50:
                entry = unfit[i // 100 % len(unfit)]
                source, defective[subject] = corpus / entry["file"], entry["id"]
            os.link(source, nights / f"{subject}.edf")
            condition = ("baseline", "treatment")[i % 2]
            table.writerow([subject, "n1", condition, f"recordings/{subject}.edf"])
    return defective


def command_line(folder: Path, jobs: int, *, real: bool) -> list[str]:
    """The command that a user would type."""
    module = "psgpipe" if real else "tests.cheap_nights"
    study, out = str(folder / "study.tsv"), str(folder / "out")
    options = ["--no-figures", "--trust-mtime", f"-j{jobs}"]
    return [sys.executable, "-m", module, "batch", study, "-o", out, *options]


def rows(folder: Path) -> Iterator[dict[str, str]]:
    """The rows of nights.tsv."""
    with (folder / "out" / "nights.tsv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file, delimiter="\t")


def cpu_s() -> float:
    """CPU of this process and of its children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def measure(folder: Path, defective: dict[str, str], jobs: int, *, real: bool) -> dict[str, str]:
    """Run the batch here and resume it by the command line; the table's rows."""
    from tests.cheap_nights import cheap_night

    from psgpipe.batch.options import BatchOptions
    from psgpipe.batch.run import run_batch
    from psgpipe.night.compute import compute_night
    from psgpipe.night.recipe import recipe_from
    from psgpipe.results.nights_tsv import gather
    from psgpipe.study.study import read_study

    recipe = recipe_from("standard-night", None, pictures=False)
    study, options = read_study(folder / "study.tsv"), BatchOptions(jobs)
    compute = compute_night if real else cheap_night
    out, memory_mib, n_ended = folder / "out", {}, 0
    began_s, began_cpu_s, own_cpu_s = time.monotonic(), cpu_s(), time.process_time()
    for progress in run_batch(study, recipe, out, options, compute):
        if progress.night is not None:
            n_ended += 1
            if n_ended == 100 or n_ended % 1000 == 0:
                memory_mib[n_ended] = rss_mib()
    gather(out)
    wall_s, used_s = time.monotonic() - began_s, cpu_s() - began_cpu_s
    own_cpu_s = time.process_time() - own_cpu_s
    n = progress.result.nights
    memory_mib[n] = rss_mib()
    failed = {row["subject"]: row["kind"] for row in rows(folder) if row["state"] != "done"}
    began_s = time.monotonic()
    resumed = subprocess.run(
        command_line(folder, jobs, real=real), cwd=CHECKOUT, capture_output=True, text=True
    )
    resumed_s = time.monotonic() - began_s
    began_s = time.monotonic()
    status = [sys.executable, "-m", "psgpipe", "status", str(out)]
    subprocess.run(status, cwd=CHECKOUT, capture_output=True, check=True)
    status_s = time.monotonic() - began_s
    return {
        "nights, of which defective": f"{n}, {len(defective)}",
        "failed: exactly the defective ones": f"{failed.keys() == defective.keys()}",
        "reasons": ", ".join(
            f"{k} {[*failed.values()].count(k)}" for k in sorted({*failed.values()})
        ),
        "wall time": f"{wall_s:.0f} s",
        "CPU a night, workers and parent": f"{1000 * used_s / n:.1f} ms",
        "CPU a night, parent alone": f"{1000 * own_cpu_s / n:.2f} ms "
        f"(goal for the bookkeeping: {BOOKKEEPING_GOAL_MS:g})",
        "parent's memory at night 100": f"{memory_mib[100]:.1f} MiB",
        f"parent's memory at night {n}, gathered": f"{memory_mib[n]:.1f} MiB "
        f"(grown by {memory_mib[n] - memory_mib[100]:.1f}, goal {MEMORY_GOAL_MIB:g})",
        "the same command again, --trust-mtime": f"{resumed_s:.1f} s, exit {resumed.returncode} "
        f"(goal {RESUME_GOAL_S:g})",
        "status": f"{status_s:.1f} s",
    }


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True, help="the script make_corpus.py")
    parser.add_argument("--nights", type=int, default=10_000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--real", action="store_true", help="stage for real, slowly")
    parser.add_argument("--folder", type=Path, help="where to work; it is kept")
    given = parser.parse_args()
    folder = given.folder or Path(tempfile.mkdtemp(prefix="psgpipe-batch-"))
    folder.mkdir(exist_ok=True)
    try:
        defective = make_study(folder, given.corpus, given.nights)
        table = measure(folder, defective, given.jobs, real=given.real)
    finally:
        if given.folder is None:
            shutil.rmtree(folder, ignore_errors=True)
    print("| | |\n|---|---|")
    for name, value in table.items():
        print(f"| {name} | {value} |")


if __name__ == "__main__":
    main()
