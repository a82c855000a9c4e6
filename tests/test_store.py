"""A night is finished if and only if its manifest is there; files appear whole."""

import json

import pytest

from psgpipe.errors import OutputConflict, TryAgain
from psgpipe.pipeline import store


def finish(folder, **outputs):
    contents = {name.replace("_", "."): text.encode() for name, text in outputs.items()}
    store.finish_night(folder, contents, {"fingerprint": "f"})


def files(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_finished_night_lists_its_outputs_with_bytes_and_hash(tmp_path):
    finish(tmp_path / "night", summary_json="{}")
    manifest = json.loads((tmp_path / "night" / "manifest.json").read_text(encoding="utf-8"))
    # sha256 of the two bytes {}, by sha256sum
    sha256 = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    assert manifest["outputs"] == [{"name": "summary.json", "bytes": 2, "sha256": sha256}]


def test_the_manifest_is_written_last(tmp_path, monkeypatch):
    written = []
    original = store.write_file
    monkeypatch.setattr(store, "write_file", lambda p, c: (written.append(p.name), original(p, c)))
    finish(tmp_path / "night", summary_json="{}", hypnogram_tsv="epoch")
    assert written == ["summary.json", "hypnogram.tsv", "manifest.json"]


def test_a_night_whose_writing_broke_off_is_not_finished(tmp_path, monkeypatch):
    folder = tmp_path / "night"
    finish(folder, summary_json="old", hypnogram_tsv="old")
    original = store.write_file

    def full_after_the_first(path, content):
        if path.name == "hypnogram.tsv":
            raise TryAgain("the disk is full", "Free some space.")
        original(path, content)

    monkeypatch.setattr(store, "write_file", full_after_the_first)
    with pytest.raises(TryAgain):
        finish(folder, summary_json="new", hypnogram_tsv="new")
    assert store.read_manifest(folder) is None


def test_a_failure_stands_alone(tmp_path):
    finish(tmp_path / "night", summary_json="{}")
    store.fail_night(tmp_path / "night", {"kind": "NoData"})
    assert files(tmp_path / "night") == ["failure.json"]


def test_a_night_finished_after_a_failure_has_none(tmp_path):
    store.fail_night(tmp_path / "night", {"kind": "NoData"})
    finish(tmp_path / "night", summary_json="{}")
    assert files(tmp_path / "night") == ["manifest.json", "summary.json"]


def test_what_somebody_else_put_there_is_left_alone(tmp_path):
    finish(tmp_path / "night", summary_json="{}")
    (tmp_path / "night" / "notes.txt").write_text("slept badly", encoding="utf-8")
    finish(tmp_path / "night", summary_json="{}")
    assert "notes.txt" in files(tmp_path / "night")


def test_a_manifest_cannot_make_us_delete_elsewhere(tmp_path):
    precious = tmp_path / "precious.txt"
    precious.write_text("mine", encoding="utf-8")
    folder = tmp_path / "night"
    folder.mkdir()
    outputs = [{"name": "../precious.txt", "bytes": 1, "sha256": "0"}]
    (folder / "manifest.json").write_text(json.dumps({"outputs": outputs}), encoding="utf-8")
    finish(folder, summary_json="{}")
    assert precious.exists()


def test_a_changed_byte_is_noticed(tmp_path):
    folder = tmp_path / "night"
    finish(folder, summary_json="{}")
    manifest = store.read_manifest(folder)
    assert store.outputs_intact(folder, manifest)
    (folder / "summary.json").write_text("[]", encoding="utf-8")
    assert not store.outputs_intact(folder, manifest)


def test_no_temporary_file_is_left_when_writing_fails(tmp_path):
    (tmp_path / "summary.json").mkdir()  # a folder in the way of the rename
    with pytest.raises(OutputConflict):
        store.write_file(tmp_path / "summary.json", b"{}")
    assert files(tmp_path) == ["summary.json"]


def test_an_output_folder_that_is_a_file_is_a_conflict(tmp_path):
    (tmp_path / "out").write_text("", encoding="utf-8")
    with pytest.raises(OutputConflict) as caught:
        store.write_file(tmp_path / "out" / "summary.json", b"{}")
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
        ("睡眠", "unnamed"),
    ],
)
def test_an_id_is_safe_in_every_path(name, in_a_path):
    assert store.slug(name) == in_a_path


def test_numbers_that_are_not_finite_never_reach_a_file():
    with pytest.raises(ValueError, match="not JSON compliant"):
        store.json_bytes({"tst_min": float("nan")})
