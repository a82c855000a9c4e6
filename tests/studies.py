"""Small studies for batch tests: recordings of two minutes, a study table, and its results."""

import csv
import datetime as dt
import hashlib
import json
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from psgpipe.batch.worker_pool import TaskResult
from tests import cheap_nights
from tests.recordings import write_night

CHECKOUT = Path(__file__).resolve().parents[1]
PROGRAM = [sys.executable, "-m", "tests.cheap_nights"]


@cache
def template(folder, minute):
    """A recording of two minutes, made once per test session for each starting minute."""
    return write_night(
        folder / f"template{minute}.edf", seconds=120, start=dt.time(22, minute)
    ).read_bytes()


@dataclass
class StudyFolder:
    """A study of nights with the name of their failure, or a number for nights without failure.

    Subject is S1, S2, ... in the order given; the recording of S1 is recordings/S1.edf.
    """

    folder: Path
    nights: list

    @property
    def table(self):
        return self.folder / "study.tsv"

    @property
    def out(self):
        return self.folder / "out"

    def recording(self, number):
        return self.folder / "recordings" / f"S{number}.edf"

    def night(self, number):
        return self.out / "nights" / f"S{number}" / str(self.nights[number - 1])

    def arguments(self, *options, source=None):
        return ["batch", str(source or self.table), "-o", str(self.out), "--no-figures", *options]

    def run(self, *options, jobs=1):
        """Run in this process; the exit code."""
        return cheap_nights.main(self.arguments("--quiet", f"-j{jobs}", *options))

    def start(self, *options, env=None, **more):
        """Run in a process of its own."""
        return subprocess.Popen(
            [*PROGRAM, *self.arguments(*options)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=CHECKOUT,
            env=env,
            **more,
        )

    def rows(self):
        with (self.out / "nights.tsv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file, delimiter="\t"))

    def states(self):
        """State of each night, by subject."""
        return {row["subject"]: row["state"] for row in self.rows()}

    def kinds(self):
        """Kind of failure of each night that has one, by subject."""
        return {row["subject"]: row["kind"] for row in self.rows() if row["kind"]}


def make_study(folder, nights, template_folder, columns="", cells=None):
    """A study table and its recordings; `cells` are the further columns' cells, night by night."""
    (folder / "recordings").mkdir(parents=True)
    study = StudyFolder(folder, list(nights))
    lines = ["subject\tnight\tcondition\trecording" + columns]
    for number, night in enumerate(nights, start=1):
        study.recording(number).write_bytes(template(template_folder, number % 60))
        condition = ("baseline", "treatment")[number % 2]
        more = cells[number - 1] if cells else ""
        lines.append(f"S{number}\t{night}\t{condition}\trecordings/S{number}.edf{more}")
    study.table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return study


def in_this_process(tasks, function, **_):
    """What `run_tasks` yields, without workers."""
    for task in tasks:
        yield TaskResult(task, "done", function(task, lambda fact: None), None, 0.0)


def tree(out, *, journals=False, besides=lambda name: False):
    """Hash of every file by its path in `out`, without times: journals, seconds, hash cache."""
    found = {}
    for path in sorted(p for p in out.rglob("*") if not p.is_dir()):
        name = path.relative_to(out).as_posix()
        if besides(name) or (name.startswith((".hashes", "journal")) and not journals):
            continue
        found[name] = hashlib.sha256(_timeless(path)).hexdigest()
    return found


def _timeless(path):
    if path.name != "manifest.json":
        return path.read_bytes()
    manifest = json.loads(path.read_bytes())
    for step in manifest["steps"]:
        del step["seconds"]
    del manifest["manifest_sha256"]
    return json.dumps(manifest).encode()


def read_json(path):
    return json.loads(path.read_text(encoding="utf-8"))


def flip_a_bit(path, at=0.5):
    content = bytearray(path.read_bytes())
    content[int(len(content) * at)] ^= 1
    path.write_bytes(content)


def assert_old_or_new(out):
    """Every finished night is complete: all files are those of its manifest."""
    from psgpipe.results.manifest import read_manifest
    from psgpipe.results.output_check import outputs_intact

    for manifest in (out / "nights").glob("*/*/manifest.json"):
        said = read_manifest(manifest.parent)
        assert said is not None, manifest
        assert said.is_intact, manifest
        assert outputs_intact(manifest.parent, said), manifest
