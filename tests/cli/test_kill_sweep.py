"""Every command that writes is killed at each of its writes, and given again.

After the kill every file is the old or the new one, whole. The same command then completes what
was asked, and leaves no temporary file. `psgpipe batch` has workers and is swept in
tests/batch/test_kill9.py.
"""

import datetime as dt
import os
import shutil
from dataclasses import dataclass, field

import pytest

from psgpipe.cli.app import COMMANDS
from psgpipe.edf.writer import write_scoring
from psgpipe.model.hypnogram import Hypnogram
from psgpipe.results import journal
from tests.actigraphy.count_files import table
from tests.recordings import write_night
from tests.studies import assert_old_or_new, make_study, tree

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="runs commands in forked processes"),
]

WRITES_NOTHING = {"status", "verify", "plan", "doubts"}
MADE_OF_OTHERS = {"demo"}  # simulate, batch and compare
SWEPT_ELSEWHERE = {"batch"}
# calibrate writes one file, as compare --lock does; concord replaces its folder as agree does.
WRITES_LIKE_ANOTHER = {"calibrate", "concord"}


@dataclass(frozen=True)
class Sweep:
    """A command, and the folder in which it works.

    `prepare` makes the folder `work` as it is before the command; `setup` are commands that are run
    in it first. `code` is the exit code of a whole run, `code_when_complete` of the next one.
    """

    name: str
    arguments: tuple
    prepare: object = None
    setup: tuple = ()
    code: int = 0
    code_when_complete: int = 0
    at_least: int = 2
    whole: tuple = field(default=())  # folders whose files change together

    @property
    def command(self):
        return self.arguments[0]


def study_of_two(work, templates):
    make_study(
        work / "study", ["n1", "n2"], templates, columns="\tlights_off", cells=["\t22:01:30", "\t"]
    )


def scored_study(work, templates):
    made = make_study(
        work / "study", ["n1", "n2"], templates, columns="\tscoring", cells=["\texpert.edf", "\t"]
    )
    expert = Hypnogram(("W", "N2", "N2", "R"), start=dt.datetime(2024, 3, 1, 22, 1))
    (made.folder / "expert.edf").write_bytes(write_scoring(expert))


def comparable_nights(work, templates, change=-8):
    rows = [
        f"S{subject}\t{condition}1\t{condition}\t{20 + subject + added}"
        for subject in range(1, 5)
        for condition, added in (("baseline", 0), ("treatment", change))
    ]
    table = "\n".join(["subject\tnight\tcondition\trem_pct", *rows]) + "\n"
    work.mkdir(exist_ok=True)
    (work / "nights.tsv").write_text(table, encoding="utf-8")
    (work / "spec.toml").write_text('primary = "rem_pct"\n', encoding="utf-8")


def recordings(work, templates):
    (work / "in").mkdir(parents=True)
    for subject in (1, 2):
        write_night(work / "in" / f"S{subject}.edf", seconds=120, seed=subject)


def activity_counts(work, templates):
    work.mkdir()
    table(work / "counts.csv", [0, 0, 500] * 100)


def empty(work, templates):
    work.mkdir()


RUN = ("run", "study/recordings/S1.edf", "-o", "out", "--no-figures", "--subject", "S1")
BATCH = ("batch", "study/study.tsv", "-o", "out", "--no-figures", "-j1", "-q")
NIGHT = "out/nights/S1/n1"

SWEEPS = (
    Sweep("run", (*RUN, "--night", "n1"), study_of_two, at_least=20, whole=(NIGHT,)),
    Sweep(
        "run over an old night", (*RUN, "--night", "n1", "--lights-off", "22:01:00"), study_of_two,
        setup=((*RUN, "--night", "n1"),), at_least=20, whole=(NIGHT,),
    ),
    Sweep("gather", ("gather", "out"), study_of_two, setup=(BATCH,), at_least=4),
    Sweep(
        "compare", ("compare", "nights.tsv", "-q"), comparable_nights, at_least=15,
        whole=("comparison",),
    ),
    Sweep(
        "compare over an old one", ("compare", "nights.tsv", "-q", "--spec", "spec.toml"),
        comparable_nights, setup=(("compare", "nights.tsv", "-q"),), at_least=15,
        whole=("comparison",),
    ),
    Sweep("compare --lock", ("compare", "--lock", "spec.toml", "-q"), comparable_nights),
    Sweep(
        "check --anonymise", ("check", "in", "--anonymise", "copies", "-q"), recordings, at_least=9
    ),
    Sweep(
        "simulate",
        ("simulate", "-o", "made", "--subjects", "1", "--hours", "0.1", "--fs", "64", "-q"), empty,
        code_when_complete=7, at_least=20,
    ),
    Sweep(
        "agree", ("agree", "out", "-q"), scored_study, setup=(BATCH,), at_least=10,
        whole=("out/agreement",),
    ),
    Sweep(
        "table", ("table", "study/recordings", "-o", "new.tsv", "-q"), study_of_two,
        code_when_complete=7,
    ),
    Sweep(
        "submit",
        ("submit", "study/study.tsv", "-o", "out", "--engine", "sge", "--emit-only", "-q"),
        study_of_two, at_least=6,
    ),
    Sweep(
        "actigraphy",
        ("actigraphy", "counts.csv", "-o", "out", "--algorithm", "cole-kripke", "-q"),
        activity_counts,
    ),
    Sweep("export", ("export", "out", "--to", "edf"), study_of_two, setup=(BATCH,)),
    Sweep("report", ("report", "out"), study_of_two, setup=(BATCH,), whole=(NIGHT,)),
    Sweep("unblind", ("unblind", "out"), study_of_two, setup=((*BATCH, "--blind"),)),
)  # fmt: skip


def test_every_command_that_writes_is_swept():
    swept = {sweep.command for sweep in SWEEPS}
    others = WRITES_NOTHING | MADE_OF_OTHERS | SWEPT_ELSEWHERE | WRITES_LIKE_ANOTHER
    assert swept | others == set(COMMANDS)


def in_folder(arguments, work):
    """The arguments with the paths of a folder."""
    names = ("out", "study/", "nights.tsv", "spec.toml", "in", "copies", "made")
    names += ("new.tsv", "counts.csv")
    return [str(work / a) if a.startswith(names) else a for a in arguments]


def state(work):
    """The files by path, as far as they hold no moment, and how often the study was unblinded."""
    files = {
        name: "a lock" if name.endswith(".lock") else sha256
        for name, sha256 in tree(work, besides=is_temporary).items()
        if "journal" not in name and ".hashes" not in name
    }
    names = (path.relative_to(work).as_posix() for path in work.rglob("*"))
    files |= {name: "temporary" for name in names if is_temporary(name)}
    events = [e for j in journal.journals(work / "out") for e in journal.events(j)]
    return files | {"unblinded": sum(e["event"] == "unblinded" for e in events)}


def is_temporary(name):
    return any(part.startswith(".psgpipe-") for part in name.split("/"))


def assert_each_old_or_new(sweep, old, now, new):
    """Every file is the old or the new one, and the files of a folder change together."""
    held = {name: sha for name, sha in now.items() if not is_temporary(name)}
    for name in {*old, *new, *held}:
        assert held.get(name) in (old.get(name), new.get(name)), name
    for folder in sweep.whole:
        versions = [{n: s for n, s in v.items() if n.startswith(folder)} for v in (old, held, new)]
        assert versions[1] in (versions[0], versions[2]), folder


@pytest.mark.parametrize("sweep", SWEEPS, ids=lambda sweep: sweep.name)
def test_a_kill_at_any_write_leaves_old_or_new_and_the_next_run_completes(
    sweep, server, tmp_path, templates
):
    work, start, counted = tmp_path / "work", tmp_path / "start", tmp_path / "changes.txt"
    sweep.prepare(work, templates)
    for arguments in sweep.setup:
        assert server.run(in_folder(arguments, work)) == 0
    shutil.copytree(work, start)
    old, command = state(work), in_folder(sweep.arguments, work)
    assert server.run(command) == sweep.code
    new = state(work)
    assert "temporary" not in new.values()

    def killed_at(at):
        shutil.rmtree(work)
        shutil.copytree(start, work)
        return server.killed_at(command, work, at, counted)

    code, changes = killed_at(10**9)
    assert (code, state(work)) == (sweep.code, new)
    assert len(changes) >= sweep.at_least, changes
    for at in (*range(1, len(changes) + 1), -len(changes)):
        what = f"killed at change {at}: {changes[abs(at) - 1]}"
        assert killed_at(at)[0] == -9, what
        now = state(work)
        assert_each_old_or_new(sweep, old, now, new)
        if (work / "out").exists():
            assert_old_or_new(work / "out")
        again = server.run(command, under="/nowhere")
        assert again in {sweep.code, sweep.code_when_complete if now == new else sweep.code}, what
        assert state(work) == new, what
