"""After a kill, a comparison, a simulation and a lock are whole, and files of the user stay."""

import shutil

import pytest

from tests.studies import tree

pytestmark = pytest.mark.slow


def killed_at(arguments, server, under, at):
    """Run with a kill before the n-th change (after it, if negative); how many there were."""
    code, changes = server.killed_at(arguments, under, at, under.parent / "changes.txt")
    return len(changes), code


def places(n_changes):
    return [at * sign for at in range(1, n_changes + 1, 3) for sign in (1, -1)]


def nights_table(path, treatment_rem_pct):
    rows = [
        f"S{subject}\t{condition}1\t{condition}\t{20 + subject + change}"
        for subject in range(1, 5)
        for condition, change in (("baseline", 0), ("treatment", treatment_rem_pct))
    ]
    path.write_text("\n".join(["subject\tnight\tcondition\trem_pct", *rows]) + "\n", "utf-8")


def temporary_files(folder):
    return list(folder.rglob(".psgpipe-*"))


@pytest.mark.parametrize("again", [False, True], ids=["first", "over an old one"])
def test_a_comparison_is_old_or_new_as_a_whole(tmp_path, server, again):
    results = tmp_path / "results"
    compare = ["compare", str(results / "nights.tsv"), "-q"]
    versions = []
    for change in (-3, -8):
        shutil.rmtree(results, ignore_errors=True)
        results.mkdir()
        nights_table(results / "nights.tsv", change)
        assert server.run(compare) == 0
        versions.append(tree(results / "comparison"))
    old, new = versions

    def start_anew():
        shutil.rmtree(results)
        results.mkdir()
        if again:
            nights_table(results / "nights.tsv", -3)
            assert server.run(compare) == 0
            (results / "comparison" / "notes.txt").write_text("mine", encoding="utf-8")
        nights_table(results / "nights.tsv", -8)

    start_anew()
    n_changes, _ = killed_at(compare, server, results, 10**9)
    assert n_changes > 15
    for at in places(n_changes):
        start_anew()
        _, code = killed_at(compare, server, results, at)
        assert code == -9
        folder = results / "comparison"
        held = tree(folder)
        held.pop("notes.txt", None)
        assert held in ([old, new] if again else [{}, new]), at
        assert server.run(compare) == 0
        held = tree(folder)
        assert bool(held.pop("notes.txt", None)) == again, at
        assert held == new
        assert temporary_files(results) == [], at


def test_a_stopped_simulation_goes_on(tmp_path, server):
    def simulate(out):
        return ["simulate", "-o", str(out), "--subjects", "1", "--hours", "0.25", "-q"]

    assert server.run(simulate(tmp_path / "whole")) == 0
    whole, out = tree(tmp_path / "whole"), tmp_path / "out"
    n_changes, _ = killed_at(simulate(out), server, out, 10**9)
    for at in places(n_changes)[::2]:
        shutil.rmtree(out, ignore_errors=True)
        _, code = killed_at(simulate(out), server, out, at)
        assert code == -9
        # A table names complete files only.
        assert not (out / "study.tsv").exists() or set(tree(out)) >= set(whole), at
        finished = {p: p.stat().st_ino for p in out.glob("recordings/*.edf")}
        if not (out / "study.tsv").exists():
            assert server.run(simulate(out)) == 0, at
        assert {p: p.stat().st_ino for p in finished} == finished
        assert {name: h for name, h in tree(out).items() if not name.startswith(".psg")} == whole


def test_a_stopped_simulation_of_another_design_is_not_mixed(tmp_path, server):
    out = tmp_path / "out"
    simulate = ["simulate", "-o", str(out), "--subjects", "1", "--hours", "0.25", "-q"]
    n_changes, _ = killed_at(simulate, server, out, 10**9)
    shutil.rmtree(out)
    killed_at(simulate, server, out, n_changes - 2)
    assert not (out / "study.tsv").exists()
    assert server.run([*simulate, "--seed", "5"]) == 7
    assert server.run([*simulate, "--seed", "5", "--force"]) == 0
    assert server.run([*simulate[:2], str(tmp_path / "five"), *simulate[3:], "--seed", "5"]) == 0
    assert tree(out) == tree(tmp_path / "five")


def test_what_a_killed_lock_left_is_removed(tmp_path, server):
    spec = tmp_path / "study" / "spec.toml"
    spec.parent.mkdir()
    spec.write_text('primary = "rem_pct"\n', encoding="utf-8")
    lock = ["compare", "--lock", str(spec), "-q"]
    n_changes, _ = killed_at(lock, server, spec.parent, 10**9)
    assert n_changes > 2
    for at in range(1, n_changes + 1):
        spec.with_name("spec.toml.lock").unlink(missing_ok=True)
        assert killed_at(lock, server, spec.parent, at)[1] == -9
        assert server.run(lock) == 0
        assert {p.name for p in spec.parent.iterdir()} == {"spec.toml", "spec.toml.lock"}
