"""yasa's classifiers: psgpipe finds, checks and caches them without importing yasa."""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from psgpipe.errors import ClassifierNewer, StagerUnavailable
from psgpipe.staging.fast.forest import raw_scores
from psgpipe.staging.installed_yasa import classifier_name
from psgpipe.staging.shipped_classifiers import (
    CACHE_VARIABLE,
    SHIPPED,
    cache_folders,
    load_classifier,
    read_kept,
)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setenv(CACHE_VARIABLE, str(folder))
    return folder


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A copy of the files that psgpipe reads from yasa, which a test may change."""
    import importlib.util

    real = Path(importlib.util.find_spec("yasa").origin).parent
    copy = tmp_path / "site" / "yasa"
    (copy / "classifiers").mkdir(parents=True)
    shutil.copy(real / "__init__.py", copy)
    shutil.copy(real / "classifiers" / "clf_eeg_lgb_0.5.0.joblib", copy / "classifiers")
    spec = importlib.util.spec_from_file_location("yasa", copy / "__init__.py")
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *more: spec if name == "yasa" else find(name, *more),
    )
    return copy


def set_version(installed, version):
    code = installed / "__init__.py"
    text = code.read_text(encoding="utf-8").replace('"0.8.1"', f'"{version}"')
    code.write_text(text, encoding="utf-8")


def same(one, other):
    features = np.random.default_rng(0).normal(size=(len(one.feature_names), 50)).astype("f4")
    return np.array_equal(raw_scores(one, features), raw_scores(other, features))


def test_the_name_says_what_goes_in():
    assert classifier_name(("eeg",), with_demographics=False) == "eeg"
    assert classifier_name(("emg", "eeg"), with_demographics=True) == "eeg+emg+demo"
    names = {
        classifier_name(("eeg", *others), with_demographics=with_demographics)
        for others in ((), ("eog",), ("emg",), ("eog", "emg"))
        for with_demographics in (False, True)
    }
    assert names == set(SHIPPED)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_kept_classifier_is_the_one_that_was_read(name, cache):
    read = load_classifier(name)
    (kept,) = cache.iterdir()
    written = kept.stat().st_mtime_ns
    again = load_classifier(name)
    assert same(read, again)
    assert read.sha256 == again.sha256 == SHIPPED[name].file_sha256
    assert read.depth == 5
    assert kept.stat().st_mtime_ns == written


def test_a_classifier_of_another_hash_is_refused(installed, cache):
    file = installed / "classifiers" / "clf_eeg_lgb_0.5.0.joblib"
    file.write_bytes(file.read_bytes()[:-1] + b"!")
    with pytest.raises(StagerUnavailable, match="SHA-256") as refused:
        load_classifier("eeg")
    assert refused.value.exit_code == 6
    assert "reference" in refused.value.remedy


def test_a_hash_is_checked_even_if_the_classifier_is_kept(installed, cache):
    load_classifier("eeg")
    file = installed / "classifiers" / "clf_eeg_lgb_0.5.0.joblib"
    file.write_bytes(b"something else")
    with pytest.raises(StagerUnavailable):
        load_classifier("eeg")


@pytest.mark.parametrize("version", ["0.8.0", "0.8.2", "0.8.10", "0.9.0", "0.7.1"])
def test_a_known_classifier_is_accepted_from_any_version_of_yasa(version, installed, cache):
    known = load_classifier("eeg")
    set_version(installed, version)
    assert same(load_classifier("eeg"), known)


@pytest.mark.parametrize("version", ["0.8.2", "0.8.10", "0.8.2rc1", "0.9.0", "0.10.0", "1.0"])
def test_an_unknown_classifier_of_a_newer_yasa_is_told_from_a_spoilt_one(version, installed, cache):
    set_version(installed, version)
    (installed / "classifiers" / "clf_eeg_lgb_0.5.0.joblib").write_bytes(b"trained anew")
    with pytest.raises(ClassifierNewer, match=rf"yasa {version} .*SHA-256") as refused:
        load_classifier("eeg")
    assert refused.value.exit_code == 6


@pytest.mark.parametrize("version", ["0.8.1", "0.8.1rc1", "0.8.0", "0.7.1"])
def test_an_unknown_classifier_of_a_yasa_that_is_not_newer_is_spoilt(version, installed, cache):
    set_version(installed, version)
    (installed / "classifiers" / "clf_eeg_lgb_0.5.0.joblib").write_bytes(b"spoilt")
    with pytest.raises(StagerUnavailable, match="SHA-256") as refused:
        load_classifier("eeg")
    assert not isinstance(refused.value, ClassifierNewer)


def test_of_two_classifiers_the_newest_counts_as_in_yasa(installed, cache):
    folder = installed / "classifiers"
    (folder / "clf_eeg_lgb_0.10.0.joblib").write_bytes(b"trained anew")
    set_version(installed, "0.8.2")
    with pytest.raises(ClassifierNewer):
        load_classifier("eeg")
    (folder / "clf_eeg_lgb_0.10.0.joblib").rename(folder / "clf_eeg_lgb_0.4.0.joblib")
    assert load_classifier("eeg").depth == 5


def test_a_yasa_without_the_classifier_is_refused(installed, cache):
    with pytest.raises(StagerUnavailable, match="none is there"):
        load_classifier("eeg+eog")


def test_no_yasa_at_all_is_refused(monkeypatch, cache):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(StagerUnavailable, match="no yasa is installed"):
        load_classifier("eeg")


@pytest.mark.parametrize("spoil", [b"", b"PK\x03\x04 not an archive", None])
def test_a_spoilt_cache_is_read_anew_and_mended(spoil, cache):
    good = load_classifier("eeg")
    (kept,) = cache.iterdir()
    content = kept.read_bytes()
    kept.write_bytes(content[: len(content) // 2] if spoil is None else spoil)
    assert same(load_classifier("eeg"), good)
    assert kept.read_bytes() == content


def test_arrays_that_somebody_changed_in_the_cache_are_not_believed(cache):
    good = load_classifier("eeg")
    (kept,) = cache.iterdir()
    with np.load(kept) as arrays:
        changed = dict(arrays)
    changed["leaf_value"] = changed["leaf_value"] + 0.001
    np.savez(kept, **changed)
    assert same(load_classifier("eeg"), good)


def test_a_classifier_kept_under_anothers_name_is_not_believed(cache):
    load_classifier("eeg+eog")
    (other,) = cache.iterdir()
    other.rename(cache / f"classifier-{SHIPPED['eeg'].arrays_sha256[:16]}.npz")
    assert load_classifier("eeg").feature_names[0].startswith("eeg")
    assert not any(name.startswith("eog") for name in load_classifier("eeg").feature_names)


def test_a_cache_that_cannot_be_written_is_no_loss(tmp_path, monkeypatch):
    in_the_way = tmp_path / "file"
    in_the_way.write_text("a file, not a folder")
    monkeypatch.setenv(CACHE_VARIABLE, str(in_the_way / "cache"))
    assert load_classifier("eeg").depth == 5
    assert in_the_way.read_text() == "a file, not a folder"


def test_nothing_half_written_is_left_in_the_cache(cache, monkeypatch):
    def disk_full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", disk_full)
    assert load_classifier("eeg").depth == 5
    assert list(cache.iterdir()) == []


def test_the_cache_lies_where_the_user_said_or_where_caches_lie(monkeypatch, tmp_path):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    assert cache_folders() == (tmp_path,)
    monkeypatch.delenv(CACHE_VARIABLE)
    monkeypatch.setenv("SLURM_TMPDIR", str(tmp_path / "job"))
    job, users, scratch = cache_folders()
    assert job == tmp_path / "job" / "psgpipe-cache"
    assert users.name in ("psgpipe", "cache")
    assert scratch.name == "psgpipe-cache"


@pytest.fixture
def home_that_cannot_be_written(monkeypatch, tmp_path):
    """A home folder that is a file; the temporary files lie elsewhere."""
    (tmp_path / "home").write_text("a file, not a folder")
    (tmp_path / "scratch").mkdir()
    for name in (CACHE_VARIABLE, "SLURM_TMPDIR", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    return tmp_path


def test_without_a_home_that_can_be_written_the_cache_lies_in_the_scratch_folder(
    home_that_cannot_be_written,
):
    folder = home_that_cannot_be_written
    load_classifier("eeg")
    assert len(list((folder / "scratch" / "psgpipe-cache").iterdir())) == 1
    assert (folder / "home").read_text() == "a file, not a folder"


def test_a_job_reads_the_users_cache_and_writes_to_its_scratch_folder(
    home_that_cannot_be_written, monkeypatch
):
    folder = home_that_cannot_be_written
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "users"))
    monkeypatch.setenv("SLURM_TMPDIR", str(folder / "job"))
    load_classifier("eeg")
    (kept,) = (folder / "job" / "psgpipe-cache").iterdir()
    (folder / "users" / "psgpipe").mkdir(parents=True)
    kept.rename(folder / "users" / "psgpipe" / kept.name)
    load_classifier("eeg")
    assert list((folder / "job" / "psgpipe-cache").iterdir()) == []


def test_any_damage_to_a_cache_is_a_miss_that_is_mended(cache):
    good = load_classifier("eeg")
    (kept,) = cache.iterdir()
    content = kept.read_bytes()
    random = np.random.default_rng(12)
    # The headers of the archive and of its arrays, where damage is worst, and any other places.
    ends = [*range(0, 400, 7), *range(len(content) - 700, len(content), 11)]
    anywhere = random.integers(0, len(content), 40).tolist()
    for at in [*ends, *anywhere]:
        damaged = bytearray(content)
        damaged[at] ^= int(random.integers(1, 256))
        kept.write_bytes(damaged)
        assert read_kept(kept, "eeg") is None, at
    for size in (0, 1, 31, 32, 33, 100, len(content) - 1):
        kept.write_bytes(content[:size])
        assert read_kept(kept, "eeg") is None, size
    assert same(load_classifier("eeg"), good)
    assert kept.read_bytes() == content


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes of POSIX")
def test_a_pipe_in_place_of_the_cache_is_a_miss(cache):
    good = load_classifier("eeg")
    (kept,) = cache.iterdir()
    kept.unlink()
    os.mkfifo(kept)
    assert same(load_classifier("eeg"), good)


def test_staging_imports_nothing_heavy(tmp_path):
    program = """
import sys
import numpy as np
from psgpipe.model.staging import RoleSignal
from psgpipe.staging.stager import FastStager

noise = np.random.default_rng(0).normal(size=256 * 2000) * 30
FastStager(("eeg",)).score([RoleSignal("eeg", noise, 256.0)], [], None)
heavy = {"yasa", "mne", "antropy", "numba", "sklearn", "pandas", "lightgbm", "matplotlib",
         "scipy", "joblib"}
print(sorted(heavy & set(sys.modules)))
"""
    out = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, CACHE_VARIABLE: str(tmp_path)},
    )
    assert out.stdout.strip() == "[]"
