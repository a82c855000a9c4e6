"""Byte code of templates lies beside that of Python's modules, and is used only where it fits."""

import sys
from pathlib import Path

import pytest

from psgpipe.files.byte_code import keep_code, read_code

CODE = compile("answer = 6 * 7", "night.svg", "exec")


@pytest.fixture
def template(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    return tmp_path / "templates" / "night.svg"


def kept_files(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def answer_of(code):
    names = {}
    exec(code, names)  # noqa: S102
    return names["answer"]


def test_code_that_was_kept_is_read_again_from_the_folder_of_python(template, tmp_path):
    assert read_code(template, "first") is None
    keep_code(template, "first", CODE)
    assert answer_of(read_code(template, "first")) == 42
    assert [path.parent.name for path in kept_files(tmp_path)] == ["__pycache__"]


def test_a_template_and_a_page_of_one_name_do_not_share_a_file(template):
    keep_code(template, "first", CODE)
    assert read_code(template.with_suffix(".html"), "first") is None


def test_code_of_another_template_or_jinja_is_not_used(template):
    keep_code(template, "first", CODE)
    assert read_code(template, "second") is None
    keep_code(template, "second", CODE)
    assert answer_of(read_code(template, "second")) == 42


@pytest.mark.parametrize("damage", ["cut", "changed", "empty"])
def test_a_damaged_file_counts_as_absent(template, tmp_path, damage):
    keep_code(template, "first", CODE)
    (file,) = kept_files(tmp_path)
    content = file.read_bytes()
    middle = len(content) // 2
    damaged = {
        "cut": content[:middle],
        "changed": content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
        "empty": b"",
    }
    file.write_bytes(damaged[damage])
    assert read_code(template, "first") is None


def test_nothing_is_written_where_python_writes_no_byte_code(template, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    keep_code(template, "first", CODE)
    assert kept_files(tmp_path) == []


def test_the_folder_that_python_is_told_to_use_is_used(template, tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    monkeypatch.setattr(sys, "pycache_prefix", str(elsewhere))
    keep_code(template, "first", CODE)
    assert answer_of(read_code(template, "first")) == 42
    assert [elsewhere in path.parents for path in kept_files(tmp_path)] == [True]


def test_a_folder_that_cannot_be_written_is_no_error(template, tmp_path):
    template.parent.mkdir()
    (template.parent / "__pycache__").write_text("a file in the place of the folder", "utf-8")
    keep_code(template, "first", CODE)
    assert read_code(template, "first") is None
    assert [Path(path).name for path in kept_files(tmp_path)] == ["__pycache__"]


def test_a_python_without_byte_code_files_keeps_none(template, tmp_path, monkeypatch):
    monkeypatch.setattr(sys.implementation, "cache_tag", None)
    keep_code(template, "first", CODE)
    assert read_code(template, "first") is None
    assert kept_files(tmp_path) == []
