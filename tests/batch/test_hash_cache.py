"""The hash cache of ``--trust-mtime``: a stored hash is used only if the times are reliable."""

import json
import os
import time

import pytest

from psgpipe.batch import hash_cache
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
    known.save()
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
    known = HashCache(tmp_path, ".hashes-2-of-3.json")
    known.add(recording, calm(recording))
    known.save()
    assert HashCache(tmp_path).get(recording) == SHA256


def recordings_in(folder, n):
    paths = [folder / f"r{i}.edf" for i in range(n)]
    for path in paths:
        path.write_bytes(b"night")
    return paths


def hashes_in(path):
    return len(json.loads(path.read_bytes()))


def test_each_shard_saves_the_hashes_of_its_own_recordings_only(tmp_path):
    recordings = recordings_in(tmp_path, 8)
    for round_ in ("first", "again"):
        for shard in range(4):
            cache = HashCache(tmp_path, f".hashes-{shard + 1}-of-4.json")
            for recording in recordings[shard::4]:
                assert (cache.get(recording) is None) == (round_ == "first")
                cache.add(recording, calm(recording))
            cache.save()
    assert [hashes_in(path) for path in sorted(tmp_path.glob(".hashes*"))] == [2, 2, 2, 2]


def test_a_shard_that_knows_its_recordings_reads_no_file_of_another(tmp_path, monkeypatch):
    own, other = recordings_in(tmp_path, 2)
    for name, recording in ((".hashes-1-of-2.json", own), (".hashes-2-of-2.json", other)):
        cache = HashCache(tmp_path, name)
        cache.add(recording, calm(recording))
        cache.save()
    read, open_file = [], hash_cache.open_file
    monkeypatch.setattr(
        hash_cache, "open_file", lambda path: (read.append(path.name), open_file(path))[1]
    )
    cache = HashCache(tmp_path, ".hashes-1-of-2.json")
    assert cache.get(own) == SHA256
    assert read == [".hashes-1-of-2.json"]
    assert cache.get(other) == SHA256  # divided in another way, it is now this shard's
    cache.save()
    assert hashes_in(tmp_path / ".hashes-1-of-2.json") == 2


def test_of_a_large_file_of_another_run_only_the_own_hashes_are_kept(tmp_path):
    """A shard of 1000 of a million nights must not hold a million hashes."""
    recordings = recordings_in(tmp_path, 50)
    everything = HashCache(tmp_path)
    for recording in recordings:
        everything.add(recording, calm(recording))
    everything.save()
    shard = HashCache(tmp_path, ".hashes-1-of-25.json", recordings[:2])
    assert [shard.get(recording) for recording in recordings] == [SHA256] * 2 + [None] * 48


def test_the_hashes_of_an_earlier_psgpipe_are_read(tmp_path, recording):
    remembered(tmp_path, recording, calm(recording))
    path = tmp_path / ".hashes.json"
    path.write_text(json.dumps(json.loads(path.read_bytes()), indent=0), encoding="ascii")
    assert HashCache(tmp_path).get(recording) == SHA256
