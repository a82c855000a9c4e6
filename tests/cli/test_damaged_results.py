"""Files that somebody edited, or a disk damaged, end in an error that says so, never in a bug."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from psgpipe.cli.app import exit_code
from psgpipe.results.manifest import output_file, signed
from tests.cheap_nights import main
from tests.recordings import write_night
from tests.studies import make_study

DEEP = b"[" * 100_000 + b"]" * 100_000
NESTED = [DEEP, DEEP[99_800:100_200], b'{"a":' * 900 + b"1" + b"}" * 900]
GONE = [["check", "a.edf"], ["status", "."], ["batch", ".", "-o", "o"]]
VALUES = (None, True, -1, 1e308, "", "x", "2024-01-01T00:00:00", [], [[]], {}, {"a": {}}, [None])
NIGHT = "nights/S1/n1"


@pytest.fixture(scope="module")
def study(tmp_path_factory, templates):
    made = make_study(
        tmp_path_factory.mktemp("damaged") / "study", ["n1", "n1", "refused"], templates
    )
    assert made.run() == 8
    return made


def commands(study):
    out = str(study.out)
    yield from (["status", out], ["status", out, "--json"], ["gather", out, "-q"], ["verify", out])
    yield ["compare", out, "-q"]
    yield study.arguments("--dry-run", "-q")


def edits(value, path=()):
    """Every place in a JSON value, as the keys that lead there; of a list, the first item."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value[:1])
    if isinstance(value, dict | list):
        for key, item in items:
            yield from (
                edits(item, (*path, key)) if isinstance(item, dict | list) else [(*path, key)]
            )


def edited(value, path, new):
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else [*value]
    copy[path[0]] = edited(value[path[0]], path[1:], new)
    return copy


def assert_no_bug(study, what, capsys):
    for command in commands(study):
        assert exit_code(command) != 1, (what, command, capsys.readouterr().err[-1500:])
        assert "Traceback" not in capsys.readouterr().err


FILES = [
    "study.json", f"{NIGHT}/manifest.json", f"{NIGHT}/summary.json", f"{NIGHT}/quality.json",
    "nights/S3/refused/failure.json",
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_a_value_of_another_type_is_no_bug(study, capsys, name):
    path, manifest = study.out / name, study.out / NIGHT / "manifest.json"
    content, promised = path.read_bytes(), manifest.read_bytes()
    value = json.loads(content)
    for number, place in enumerate(edits(value)):
        new = VALUES[number % len(VALUES)]
        changed = edited(value, place, new)
        # Whoever writes the file back by hand may renew the hashes.
        if path == manifest and isinstance(changed, dict):
            changed = signed(changed)
        path.write_bytes(json.dumps(changed).encode())
        if path.parent == manifest.parent and path != manifest:
            _renew(manifest, path)
        assert_no_bug(study, (name, place, new), capsys)
        path.write_bytes(content)
        manifest.write_bytes(promised)


def _renew(manifest, path):
    document = json.loads(manifest.read_bytes())
    new = output_file(path.name, path.read_bytes())
    same = {"name": new.name, "bytes": new.bytes, "sha256": new.sha256}
    document["outputs"] = [same if o["name"] == path.name else o for o in document["outputs"]]
    manifest.write_bytes(json.dumps(signed(document)).encode())


@pytest.mark.parametrize("name", [*FILES, ".hashes.json", "journal.jsonl", "blind-key.json"])
@pytest.mark.parametrize(
    "content", [DEEP, DEEP[99_800:100_200], b'{"a":' * 900 + b"1" + b"}" * 900]
)
def test_a_file_that_is_nested_deeply_is_no_bug(study, capsys, tmp_path, name, content):
    shutil.copytree(study.out, tmp_path / "whole")
    (study.out / name).write_bytes(content)
    try:
        assert_no_bug(study, name, capsys)
        assert main(study.arguments("-q", "-j1")) in (7, 8)
    finally:
        shutil.rmtree(study.out)
        shutil.copytree(tmp_path / "whole", study.out)


@pytest.mark.parametrize("at", ["2026-01-01T00:00:00", "yesterday", 5, None, ["x"]])
def test_a_time_in_the_journal_that_has_no_zone_is_no_bug(study, capsys, at):
    path = study.out / "journal-9-of-9.jsonl"
    event = {"at": at, "event": "batch began", "run": ["r"], "nights": "many"}
    path.write_text(json.dumps(event) + "\n", encoding="utf-8")
    assert_no_bug(study, at, capsys)
    path.unlink()


@pytest.mark.parametrize("option", ["--pipeline", "--labels"])
def test_a_definition_that_is_nested_deeply_is_named(study, capsys, tmp_path, option):
    path = tmp_path / "deep.toml"
    path.write_bytes(b"x = " + DEEP)
    assert exit_code(study.arguments("-q", option, str(path))) == 3
    assert "nested too deeply" in capsys.readouterr().err


def test_a_spec_that_is_nested_deeply_is_named(study, capsys, tmp_path):
    path = tmp_path / "deep.toml"
    path.write_bytes(b"x = " + DEEP)
    assert exit_code(["compare", str(study.out), "--spec", str(path)]) == 3
    assert "nested too deeply" in capsys.readouterr().err


@pytest.mark.skipif(os.name != "posix", reason="Windows does not delete a folder in use")
@pytest.mark.parametrize(
    "command", [["check", "a.edf"], ["status", "."], ["batch", ".", "-o", "o"]]
)
def test_a_working_folder_that_was_deleted_is_named(tmp_path, command):
    gone = tmp_path / "gone"
    gone.mkdir()
    script = f"rmdir '{gone}'; exec {sys.executable} -m psgpipe {' '.join(command)}"
    done = subprocess.run(["sh", "-c", script], cwd=gone, capture_output=True, text=True)
    assert done.returncode == 2
    assert "does not exist any more" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="paths of POSIX")
def test_folders_in_folders_1200_deep_are_searched(tmp_path, capsys):
    here = os.open(tmp_path, os.O_RDONLY)
    try:
        for _ in range(1200):
            os.mkdir("d", dir_fd=here)
            deeper = os.open("d", os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = deeper
    finally:
        os.close(here)
    write_night(tmp_path / "night.edf", seconds=60)
    assert exit_code(["check", "--header-only", "-p", "eeg-only", str(tmp_path)]) == 0
    assert "1 recording" in capsys.readouterr().out
    subprocess.run(["rm", "-rf", str(tmp_path / "d")], check=True)  # Python's own would fail
