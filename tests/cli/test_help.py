"""What ``--help`` shows and what a misspelt command line gets, read as a user reads it."""

import shlex

import click
import pytest

from psgpipe.cli.app import COMMANDS, TASKS, exit_code, psgpipe
from psgpipe.cli.help.page import help_pages, long_name

OF_EVERY_COMMAND = {"--verbose", "--quiet", "--json", "--help"}


def command_named(name):
    return psgpipe.get_command(click.Context(psgpipe), name)


def options_of(name):
    command = command_named(name)
    params = command.get_params(click.Context(command))
    return [param for param in params if isinstance(param, click.Option)]


def help_of(name, capsys):
    assert exit_code([name, "--help"]) == 0
    return capsys.readouterr().out


def test_the_help_of_the_program_lists_every_command_under_one_task(capsys):
    assert sorted(name for names in TASKS.values() for name in names) == sorted(COMMANDS)
    assert exit_code(["--help"]) == 0
    starts = [line.split()[0] for line in capsys.readouterr().out.splitlines() if line[:3] != "   "
              and line.startswith("  ")]  # fmt: skip
    assert [name for name in starts if name in COMMANDS] == [n for ns in TASKS.values() for n in ns]


def test_every_command_has_a_help_page():
    assert set(help_pages()) == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_shows_every_option_once_with_its_meaning(name, capsys):
    lines = [line.strip() for line in help_of(name, capsys).split("\n")]
    spelled = [line.split("  ")[0].replace(",", "").split() for line in lines if line[:1] == "-"]
    for option in options_of(name):
        assert sum(long_name(option) in words for words in spelled) == 1, long_name(option)
        assert option.help, long_name(option)


@pytest.mark.parametrize("name", COMMANDS)
def test_no_option_asks_for_a_word_of_a_programmer(name, capsys):
    shown = help_of(name, capsys)
    assert [w for w in ("FLOAT", "INTEGER", "TEXT", "PATH", "RANGE") if f" {w} " in shown] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_many_options_are_in_groups_and_each_is_in_one(name):
    groups = help_pages()[name].groups
    own = [n for n in map(long_name, options_of(name)) if n not in OF_EVERY_COMMAND]
    if groups:
        assert sorted(n for names in groups.values() for n in names) == sorted(own)
    else:
        assert len(own) <= 6


@pytest.mark.parametrize(
    ("name", "example"),
    [(name, example) for name, page in help_pages().items() for example in page.examples],
    ids=lambda value: value if " " in value else None,
)
def test_an_example_of_the_help_is_a_command_line_that_psgpipe_takes(name, example):
    program, typed, *arguments = shlex.split(example)
    assert (program, typed) == ("psgpipe", name)
    command = command_named(name)
    command.make_context(name, arguments)  # raises where the command line is refused


def refused(capsys, *arguments):
    assert exit_code(list(arguments)) == 2
    problem, *remedy = capsys.readouterr().err.splitlines()
    assert len(remedy) <= 2
    return problem, remedy


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "a.edf", "-o", "x", "--age", "old"], "--age is 'old', wanted a number"),
        (["run", "a.edf", "-o", "x", "--sex", "X"], "--sex is 'X', wanted one of F, M"),
        (["run", "a.edf", "-o", "x", "--lightsoff", "1"], "did you mean '--lights-off'?"),
        (["run", "a.edf"], "--out is missing: the folder of the results"),
        (["run", "a.edf", "-o"], "'-o' needs a value"),
        (["run", "-o", "x"], "RECORDING... is missing"),
        (["check"], "RECORDING|FOLDER... is missing"),
        (["doubts", "x", "-n", "0"], "-n is '0', wanted a whole number from 1"),
        (["plan", "--difference", "1", "--icc", "2"], "wanted a number above 0 and below 1"),
        (["plan", "--difference", "1", "--power", "0"], "wanted a number from 0.05 to 0.99"),
        (["export", "x"], "--to is missing, wanted one of edf, luna, bids, yasa, nsrr"),
        (["compare", "x", "--source", "dairy"], "actigraphy; did you mean 'diary'?"),
        (["batch", "my", "study.tsv", "-o", "x"], "unexpected: 'study.tsv'; quote a path"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_a_wrong_command_line_gets_what_was_wanted_and_an_example(arguments, said, capsys):
    problem, (example, where) = refused(capsys, *arguments)
    assert said in problem
    assert example == f"  For example: {help_pages()[arguments[0]].examples[0]}"
    assert where == f"  psgpipe {arguments[0]} --help lists all options."


def test_a_misspelt_command_gets_the_likely_one(capsys):
    problem, remedy = refused(capsys, "stauts", "out")
    assert problem == "psgpipe: there is no command 'stauts'; did you mean 'status'?"
    assert remedy == ["  psgpipe --help lists the commands."]


def test_the_program_alone_shows_its_help(capsys):
    exit_code([])
    said = "".join(capsys.readouterr())
    assert "Usage: psgpipe" in said
    assert all(name in said for name in COMMANDS)
