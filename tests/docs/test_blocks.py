"""Every code block of README and docs does what the page says."""

import shutil
import tomllib

import pytest

from tests.docs.blocks import LANGUAGES, OF_THE_SITE, blocks_of, commands_of, is_shown
from tests.shared_files import CHECKOUT

PAGES = [
    CHECKOUT / "README.md",
    *sorted((CHECKOUT / "docs").rglob("*.md")),
    *sorted((CHECKOUT / "data").rglob("*.md")),
]
MOST_NOT_RUN = 1 / 5


def page_name(page):
    return page.relative_to(CHECKOUT).as_posix()


def pages_to_run():
    for page in PAGES:
        blocks = [block for block in blocks_of(page) if block.language not in OF_THE_SITE]
        if blocks:
            slow = [pytest.mark.slow] if any(block.is_slow for block in blocks) else []
            yield pytest.param(page, id=page_name(page), marks=slow)


@pytest.mark.skipif(shutil.which("bash") is None, reason="the pages show commands for bash")
@pytest.mark.parametrize("page", pages_to_run())
def test_the_code_of_a_page_does_what_the_page_says(
    page, tmp_path, put_files, run_command, python_session
):
    for block in blocks_of(page):
        if not block.is_run or block.language in OF_THE_SITE:
            continue
        place = f"{page_name(page)}, line {block.line}"
        put_files(block.comments.get("files", ""), tmp_path)
        if "file" in block.comments:
            (tmp_path / block.comments["file"]).write_text(block.text, encoding="utf-8")
        if block.language == "toml":
            tomllib.loads(block.text)
        elif block.language in ("bash", "console"):
            run_commands(block, place, run_command)
        elif block.language == "python":
            failed, printed = python_session.run(block.text)
            assert not failed, f"{place}:\n{printed}"


def run_commands(block, place, run_command):
    for command, wanted_code, output in commands_of(block):
        code, printed = run_command(command)
        assert code == wanted_code, f"{place}: {command}\nended with exit code {code}:\n{printed}"
        if output is not None:
            assert is_shown(output, printed), f"{place}: {command}\nprinted:\n{printed}"


def test_every_block_has_a_language():
    unknown = [
        f"{page_name(page)}, line {block.line}: {block.language or 'no language'}"
        for page in PAGES
        for block in blocks_of(page)
        if block.language not in LANGUAGES | OF_THE_SITE
    ]
    assert unknown == [], "tests/docs/blocks.py lists the languages"


def test_few_blocks_are_not_run_and_each_of_them_says_why():
    of_code = [
        block
        for page in PAGES
        for block in blocks_of(page)
        if block.language in LANGUAGES - {"text"}
    ]
    not_run = [block for block in of_code if not block.is_run]
    assert all(block.comments["not run"] for block in not_run)
    assert len(not_run) <= len(of_code) * MOST_NOT_RUN


def test_a_shown_output_that_differs_in_one_digit_is_found():
    printed = "REM 20.6 %\nN3 23.7 %  \n2 nights in 3.1 s\n"
    assert is_shown("REM 20.6 %\nN3 23.7 %\n2 nights in ... s\n", printed)
    assert is_shown("REM 20.6 %\n...\n", printed)
    assert not is_shown("REM 20.5 %\n...\n", printed)
    assert not is_shown("REM 20.6 %\n", printed)
    assert is_shown("...\nREM 20.6 %\n...\nN3 23.7 %\n2 nights in 3.1 s\n...\n", printed)
    assert not is_shown("REM ... s\n", printed)
