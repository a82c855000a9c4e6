"""A night is finished if and only if its manifest exists; every file appears complete."""

import errno
import json
import os
import shutil
import stat
import subprocess
import sys

import pytest

from psgpipe.errors import OutputConflict, TryAgain
from psgpipe.files import atomic, owner_tag
from psgpipe.model.ids import slug
from psgpipe.results import night_writer, replace_folder
from psgpipe.results.manifest import Manifest, read_manifest
from psgpipe.results.night_folder import night_folder
from psgpipe.results.night_writer import fail_night, finish_night
from psgpipe.results.output_check import damaged_outputs, outputs_intact, outputs_untouched
from psgpipe.results.replace_folder import remove_abandoned


@pytest.fixture
def night(tmp_path):
    """The folder of a night below the output folder `tmp_path`."""
    return night_folder(tmp_path, "S1", "base1")


def finish(folder, **outputs):
    contents = {name.replace("_", "."): text.encode() for name, text in outputs.items()}
    finish_night(folder, contents, {"fingerprint": "f"})


def files(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_finished_night_lists_its_outputs_with_bytes_and_hash(night):
    finish(night, summary_json="{}")
    manifest = json.loads((night / "manifest.json").read_text(encoding="utf-8"))
    # sha256 of the two bytes {}, by sha256sum
    sha256 = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    assert manifest["outputs"] == [{"name": "summary.json", "bytes": 2, "sha256": sha256}]


def test_the_manifest_is_written_last(night, monkeypatch):
    written = []
    original = night_writer.write_new
    monkeypatch.setattr(
        night_writer, "write_new", lambda p, c: (written.append(p.name), original(p, c))
    )
    finish(night, summary_json="{}", hypnogram_tsv="epoch")
    assert written == ["summary.json", "hypnogram.tsv", "manifest.json"]


@pytest.mark.parametrize("can_exchange", [True, False])
def test_a_night_whose_writing_broke_off_is_as_it_was(night, monkeypatch, can_exchange):
    if not can_exchange:
        monkeypatch.setattr(replace_folder, "swap_folders", lambda a, b: False)
    finish(night, summary_json="old", hypnogram_tsv="old")
    original = night_writer.write_new

    def full_after_the_first(path, content):
        if path.name == "hypnogram.tsv":
            raise OSError(errno.ENOSPC, "No space left on device")
        original(path, content)

    with monkeypatch.context() as patched:
        patched.setattr(night_writer, "write_new", full_after_the_first)
        with pytest.raises(TryAgain):
            finish(night, summary_json="new", hypnogram_tsv="new")
    assert (night / "summary.json").read_text(encoding="utf-8") == "old"
    assert outputs_intact(night, read_manifest(night))
    assert nothing_but_nights(night)


def nothing_but_nights(night):
    """The output folder has nights and no temporary files."""
    remove_abandoned(night.parents[2])
    return files(night.parents[2]) == ["nights"]


@pytest.mark.parametrize("can_exchange", [True, False])
def test_a_night_is_replaced_whole(night, monkeypatch, can_exchange):
    if not can_exchange:
        monkeypatch.setattr(replace_folder, "swap_folders", lambda a, b: False)
    finish(night, summary_json="old", hypnogram_png="a picture")
    finish(night, summary_json="new")
    assert files(night) == ["manifest.json", "summary.json"]
    assert (night / "summary.json").read_text(encoding="utf-8") == "new"
    assert nothing_but_nights(night)


def test_a_night_put_aside_when_the_power_failed_comes_back_whole(night, monkeypatch):
    finish(night, summary_json="old")
    monkeypatch.setattr(replace_folder, "swap_folders", lambda a, b: False)
    program = (
        "import os, pathlib, sys\n"
        "from psgpipe.results import replace_folder\n"
        "from psgpipe.results.night_writer import finish_night\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "replace_folder.swap_folders = lambda a, b: False\n"
        "rename = pathlib.Path.rename\n"
        "def rename_and_die(path, target):\n"
        "    rename(path, target)\n"
        "    if path == folder:\n"
        "        os._exit(9)\n"
        "pathlib.Path.rename = rename_and_die\n"
        "finish_night(folder, {'summary.json': b'new'}, {})\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(night)], check=False)
    assert done.returncode == 9
    assert not night.exists()
    remove_abandoned(night.parents[2])
    assert (night / "summary.json").read_text(encoding="utf-8") == "new"
    assert outputs_intact(night, read_manifest(night))
    assert nothing_but_nights(night)


def test_what_a_living_run_is_writing_is_not_removed(tmp_path):
    being_made = tmp_path / replace_folder.NEW_FOLDERS / owner_tag.new_tag()
    being_made.mkdir(parents=True)
    remove_abandoned(tmp_path)
    assert being_made.exists()


def test_two_writers_of_one_night_leave_one_valid_night(night):
    program = (
        "import pathlib, sys\n"
        "from psgpipe.results.night_writer import finish_night\n"
        "for i in range(50):\n"
        "    outputs = {f'{n}.json': (sys.argv[2] * 1000).encode() for n in 'abcd'}\n"
        "    finish_night(pathlib.Path(sys.argv[1]), outputs, {'by': sys.argv[2]})\n"
    )
    writers = [subprocess.Popen([sys.executable, "-c", program, str(night), who]) for who in "xyz"]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    assert outputs_intact(night, read_manifest(night))
    assert files(night) == ["a.json", "b.json", "c.json", "d.json", "manifest.json"]
    assert nothing_but_nights(night)


def test_a_failure_stands_alone(night):
    finish(night, summary_json="{}")
    fail_night(night, {"kind": "NoData"})
    assert files(night) == ["failure.json"]


def test_a_night_finished_after_a_failure_has_none(night):
    fail_night(night, {"kind": "NoData"})
    finish(night, summary_json="{}")
    assert files(night) == ["manifest.json", "summary.json"]


def test_what_somebody_else_put_there_is_left_alone(night):
    finish(night, summary_json="{}")
    (night / "notes.txt").write_text("slept badly", encoding="utf-8")
    (night / "scans").mkdir()
    (night / "scans" / "page1.txt").write_text("22:41 lights off", encoding="utf-8")
    finish(night, summary_json="{}")
    assert files(night) == ["manifest.json", "notes.txt", "scans", "summary.json"]
    assert files(night / "scans") == ["page1.txt"]


def test_a_manifest_cannot_make_us_delete_elsewhere(tmp_path, night):
    precious = night.parent / "precious.txt"
    night.mkdir(parents=True)
    precious.write_text("mine", encoding="utf-8")
    outputs = [{"name": "../precious.txt", "bytes": 1, "sha256": "0"}]
    (night / "manifest.json").write_text(json.dumps({"outputs": outputs}), encoding="utf-8")
    finish(night, summary_json="{}")
    assert precious.exists()


def test_a_changed_byte_is_noticed(night):
    finish(night, summary_json="{}", hypnogram_tsv="epoch")
    manifest = read_manifest(night)
    assert outputs_intact(night, manifest)
    (night / "summary.json").write_text("[]", encoding="utf-8")
    (night / "hypnogram.tsv").unlink()
    assert damaged_outputs(night, manifest) == [
        "summary.json: its content has changed", "hypnogram.tsv: missing",
    ]  # fmt: skip


def test_a_changed_manifest_is_noticed(night):
    finish(night, summary_json="{}")
    assert read_manifest(night).is_intact
    text = (night / "manifest.json").read_text(encoding="utf-8")
    changed = text.replace('"fingerprint": "f"', '"fingerprint": "g"')
    (night / "manifest.json").write_text(changed, encoding="utf-8")
    assert not read_manifest(night).is_intact


def test_a_manifest_of_another_version_keeps_what_this_one_does_not_know(night):
    finish_night(night, {"summary.json": b"{}"}, {"fingerprint": "f", "later": {"key": [1]}})
    manifest = read_manifest(night)
    assert manifest.to_dict()["later"] == {"key": [1]}
    assert list(manifest.to_dict()) == ["fingerprint", "later", "outputs", "manifest_sha256"]


@pytest.mark.parametrize(
    "wrong", [{"engine": "fast"}, {"lights": [1, 2]}, {"outputs": [{"name": "a"}]}, {"steps": 3}]
)
def test_a_manifest_with_a_value_of_the_wrong_type_is_not_read(wrong):
    assert Manifest.from_dict({"outputs": [], **wrong}) is None


def test_outputs_newer_than_the_manifest_are_not_trusted(night):
    finish(night, summary_json="{}")
    manifest = read_manifest(night)
    assert outputs_untouched(night, manifest)
    written_ns = (night / "manifest.json").stat().st_mtime_ns
    os.utime(night / "summary.json", ns=(written_ns, written_ns + 1))
    assert not outputs_untouched(night, manifest)


def test_no_temporary_file_is_left_when_writing_fails(tmp_path):
    (tmp_path / "summary.json").mkdir()  # a folder in the way of the rename
    with pytest.raises(OutputConflict):
        atomic.write_file(tmp_path / "summary.json", b"{}")
    assert files(tmp_path) == ["summary.json"]


def test_an_output_folder_that_is_a_file_is_a_conflict(tmp_path):
    (tmp_path / "out").write_text("", encoding="utf-8")
    with pytest.raises(OutputConflict) as caught:
        atomic.write_file(tmp_path / "out" / "summary.json", b"{}")
    assert caught.value.exit_code == 7


@pytest.mark.parametrize(
    ("name", "in_a_path"),
    [
        ("S01", "S01"),
        ("../../etc/passwd", "etc-passwd"),
        ("..", "unnamed"),
        ("", "unnamed"),
        ("Müller, Jörg", "M-ller-J-rg"),
        ("=1+cmd|x!A0", "1-cmd-x-A0"),
        ("con", "_con"),
        ("LPT1.edf", "_LPT1.edf"),
        (".hidden", "hidden"),
        # The first 12 digits of `printf 睡眠 | sha256sum`.
        ("睡眠", "unnamed-01324e540d05"),
        ("Иванов", "unnamed-37f3ddd46f24"),
    ],
)
def test_an_id_is_safe_in_every_path(name, in_a_path):
    assert slug(name) == in_a_path


def test_an_id_is_one_folder_however_its_marks_are_written():
    assert slug("\u0419") == slug("\u0418\u0306")  # one letter, and a letter with a breve
    assert slug("Zoe\u0301-1") == slug("Zo\u00e9-1") == "Zo--1"


def test_numbers_that_are_not_finite_never_reach_a_file():
    with pytest.raises(ValueError, match="not JSON compliant"):
        atomic.json_bytes({"tst_min": float("nan")})


def vanish_while_writing(night, monkeypatch, times):
    """Somebody removes the new folder, when its second file is to be written, so many times."""
    original, left = night_writer.write_new, [times]

    def remove_and_write(path, content):
        if path.name == "hypnogram.tsv" and left[0]:
            left[0] -= 1
            shutil.rmtree(path.parents[1])
        original(path, content)

    monkeypatch.setattr(night_writer, "write_new", remove_and_write)
    return left


def test_a_night_that_vanished_while_it_was_written_is_written_again(night, monkeypatch):
    left = vanish_while_writing(night, monkeypatch, times=2)
    finish(night, summary_json="{}", hypnogram_tsv="epoch")
    assert left == [0]
    assert outputs_intact(night, read_manifest(night))
    assert nothing_but_nights(night)


def test_a_night_that_vanishes_every_time_can_be_tried_again(night, monkeypatch):
    finish(night, summary_json="old", hypnogram_tsv="old")
    vanish_while_writing(night, monkeypatch, times=1000)
    with pytest.raises(TryAgain) as caught:
        finish(night, summary_json="new", hypnogram_tsv="new")
    assert caught.value.exit_code == 75
    assert (night / "summary.json").read_text(encoding="utf-8") == "old"
    assert nothing_but_nights(night)


@pytest.mark.parametrize("harm", ["a file vanished", "a file was cut short"])
def test_no_night_takes_its_place_without_every_file_in_its_size(night, monkeypatch, harm):
    finish(night, summary_json="old")
    original = night_writer.write_new

    def write_and_harm(path, content):
        original(path, content)
        if path.name == "manifest.json":
            other = path.with_name("summary.json")
            other.unlink()
            if harm == "a file was cut short":
                other.write_bytes(b"ne")

    monkeypatch.setattr(night_writer, "write_new", write_and_harm)
    with pytest.raises(TryAgain):
        finish(night, summary_json="new")
    assert (night / "summary.json").read_text(encoding="utf-8") == "old"
    assert outputs_intact(night, read_manifest(night))


def test_a_file_whose_temporary_file_vanished_can_be_tried_again(tmp_path):
    def lines():
        yield b"subject"
        for path in tmp_path.glob(".psgpipe-*"):
            path.unlink()

    with pytest.raises(TryAgain) as caught:
        atomic.write_file(tmp_path / "nights.tsv", lines())
    assert caught.value.exit_code == 75
    assert files(tmp_path) == []


def names_in(night):
    """The files of a night that is still in its place after they are listed; None of another."""
    try:
        descriptor = os.open(night, os.O_RDONLY)
    except OSError:
        return None
    try:
        with os.scandir(descriptor) as entries:
            names = {entry.name for entry in entries}
        return names if os.fstat(descriptor).st_ino == night.stat().st_ino else None
    except OSError:
        return None
    finally:
        os.close(descriptor)


@pytest.mark.skipif(sys.platform != "linux", reason="owners are known by /proc")
@pytest.mark.parametrize("can_exchange", [True, False])
def test_a_cleaner_that_takes_every_owner_for_dead_tears_no_night(night, can_exchange):
    """Two writers and two cleaners: nights may be written again, and none is ever torn."""
    start = (
        "import contextlib, pathlib, sys\n"
        "from psgpipe.errors import TryAgain\n"
        "from psgpipe.files import owner_tag\n"
        "from psgpipe.results import replace_folder\n"
        "from psgpipe.results.night_writer import finish_night\n"
        "owner_tag.state_of = lambda owner: 'ended'\n"
        f"if not {can_exchange}:\n"
        "    replace_folder.swap_folders = lambda a, b: False\n"
        "folder = pathlib.Path(sys.argv[1])\n"
    )
    write = start + (
        "for i in range(50):\n"
        "    outputs = {f'{n}.json': (sys.argv[2] * 1000).encode() for n in 'abcd'}\n"
        "    with contextlib.suppress(TryAgain):\n"
        "        finish_night(folder, outputs, {'by': sys.argv[2]})\n"
    )
    clean = start + (
        "while True:\n"  # until it is killed
        "    replace_folder.remove_abandoned(folder.parents[2])\n"
    )
    cleaners = [subprocess.Popen([sys.executable, "-c", clean, str(night)]) for _ in range(2)]
    writers = [
        subprocess.Popen([sys.executable, "-c", write, str(night), who]) for who in ("x", "y")
    ]
    torn, seen = [], 0
    try:
        while any(writer.poll() is None for writer in writers):
            names = names_in(night)
            seen += names is not None
            if names not in (None, {"a.json", "b.json", "c.json", "d.json", "manifest.json"}):
                torn.append(names)
    finally:
        for cleaner in cleaners:
            cleaner.kill()
            cleaner.wait()
    assert [writer.returncode for writer in writers] == [0, 0]
    assert seen > 10
    assert torn == []
    remove_abandoned(night.parents[2])
    assert outputs_intact(night, read_manifest(night))


REFUSED = ("EINVAL", "ENOTSUP", "ENOSYS", "EACCES", "EPERM", "EBADF")


@pytest.mark.skipif(os.name != "posix", reason="folders are flushed on POSIX only")
@pytest.mark.parametrize("name", REFUSED)
def test_a_file_system_that_cannot_flush_folders_ends_nothing(night, monkeypatch, name):
    real = os.fsync

    def refuse_folders(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(getattr(errno, name), "not for folders")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", refuse_folders)
    finish(night, summary_json="{}")
    atomic.write_file(night.parents[2] / "nights.tsv", b"")
    assert outputs_intact(night, read_manifest(night))


@pytest.mark.skipif(os.name != "posix", reason="folders are flushed on POSIX only")
def test_a_share_that_does_not_let_folders_be_opened_ends_nothing(night, monkeypatch):
    real = os.open

    def refuse_folders(path, *more, **named):
        if os.path.isdir(path):  # noqa: PTH112
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path, *more, **named)

    monkeypatch.setattr(os, "open", refuse_folders)
    finish(night, summary_json="{}")
    assert outputs_intact(night, read_manifest(night))


def test_a_disk_that_fails_while_a_folder_is_flushed_is_reported(night, monkeypatch):
    real = os.fsync

    def fail(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EIO, "Input/output error")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OutputConflict):
        finish(night, summary_json="{}")


@pytest.mark.parametrize("swaps", [True, False], ids=["swap", "no swap"])
def test_files_of_the_user_with_names_of_psgpipe_are_kept(tmp_path, monkeypatch, swaps):
    if not swaps:
        monkeypatch.setattr(replace_folder, "swap_folders", lambda a, b: False)
    folder = night_folder(tmp_path, "S1", "n1")
    folder.mkdir(parents=True)
    (folder / "summary.json").write_text("my own summary", encoding="utf-8")
    finish_night(folder, {"summary.json": b"{}"}, {})
    (folder / "report.html").write_text("my own page", encoding="utf-8")
    (folder / "my photos").mkdir()
    (folder / "my photos" / "a.txt").write_text("a", encoding="utf-8")
    finish_night(folder, {"summary.json": b"[]", "power.tsv": b"p"}, {})
    fail_night(folder, {"kind": "TooShort"})
    (folder / "quality.json").write_text("my notes on quality", encoding="utf-8")
    finish_night(folder, {"quality.json": b"{}", "report.html": b"<p>"}, {})
    mine = {
        "summary.json.kept": "my own summary",
        "report.html.kept": "my own page",
        "my photos/a.txt": "a",
        "quality.json.kept": "my notes on quality",
    }
    files = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert files == {*mine, "manifest.json", "quality.json", "report.html"}
    assert {name: (folder / name).read_text(encoding="utf-8") for name in mine} == mine
    remove_abandoned(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["nights"]
