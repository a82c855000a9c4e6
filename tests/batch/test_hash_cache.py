"""The hash cache of ``--trust-mtime``: a stored hash is used only if the times are reliable."""

import os
import time

import pytest

from psgpipe.batch.hash_cache import HashCache
from psgpipe.files.file_state import FileState, hash_file

# sha256 of the word "night", by sha256sum
SHA256 = "176473d7313395b6e209bc6b1d57aa160b628706860aa0554d7af60a1d40ab87"


@pytest.fixture
def recording(tmp_path):
    path = tmp_path / "zebrowski.edf"
    path.write_bytes(b"night")
    return path


def remembered(out, recording, hashed):
    """The hash cache of the next run."""
    known = HashCache(out)
    known.add(recording, hashed)
    known.save(out)
    return HashCache(out).get(recording)


def calm(recording):
    """The hash of a recording as if it had been made long ago."""
    hashed = hash_file(recording)
    return type(hashed)(hashed.sha256, hashed.state, calm=True)


def test_a_hash_is_remembered_until_the_file_changes(tmp_path, recording):
    assert remembered(tmp_path, recording, calm(recording)) == SHA256
    recording.write_bytes(b"NIGHT")
    assert HashCache(tmp_path).get(recording) is None


def test_a_file_that_has_just_been_written_may_be_written_again_within_the_same_tick(
    tmp_path, recording
):
    hashed = hash_file(recording)
    assert not hashed.calm
    assert remembered(tmp_path, recording, hashed) is None


def test_a_file_from_the_future_is_read_again(tmp_path, recording):
    os.utime(recording, (4102444800, 4102444800))
    assert not FileState.of(recording).is_calm(time.time())


def test_a_copy_of_the_same_size_and_date_is_another_file(tmp_path, recording):
    known = remembered(tmp_path, recording, calm(recording))
    assert known is not None
    was = recording.stat()
    other = tmp_path / "other"
    other.write_bytes(b"NIGHT")
    os.utime(other, ns=(was.st_atime_ns, was.st_mtime_ns))
    other.replace(recording)
    assert HashCache(tmp_path).get(recording) is None


def test_no_name_of_a_recording_is_kept(tmp_path, recording):
    remembered(tmp_path, recording, calm(recording))
    (kept,) = tmp_path.glob(".hashes*")
    assert "zebrowski" not in kept.read_text(encoding="utf-8")
    assert str(tmp_path) not in kept.read_text(encoding="utf-8")


@pytest.mark.parametrize("damage", ["", "[]", '{"a": 1}', '{"a": [1, 2, 3, 4, 5]}', "\0"])
def test_damaged_memory_is_no_memory(tmp_path, recording, damage):
    (tmp_path / ".hashes.json").write_text(damage, encoding="utf-8")
    assert HashCache(tmp_path).get(recording) is None


def test_shards_share_what_they_know(tmp_path, recording):
    known = HashCache(tmp_path)
    known.add(recording, calm(recording))
    known.save(tmp_path, ".hashes-2-of-3.json")
    assert HashCache(tmp_path).get(recording) == SHA256
