"""A command line that click refuses, in words: what was wanted, what was found, what to type."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import click

from psgpipe.cli.help.page import help_pages
from psgpipe.messages import did_you_mean, quoted

_VALUE = re.compile(r"'(.*)' is not |(\S+) is not in the range", re.DOTALL)


def usage_text(error: click.ClickException, commands: Iterable[str], typed: Iterable[str]) -> str:
    """The refusal, an example of the command, and where its options are listed.

    Parameters
    ----------
    commands
        Names of all commands.
    typed
        The words of the command line.
    """
    if error.message.startswith("Usage:"):
        return error.message  # psgpipe alone: the help
    command = next(iter(typed), "")
    page = help_pages().get(command)
    path = f"psgpipe {command}" if page else "psgpipe"
    lines = [f"psgpipe: {_problem(error, commands)}"]
    lines += [f"  For example: {page.examples[0]}"] if page else []
    about = "lists all options" if page else "lists the commands"
    return "\n".join([*lines, f"  {path} --help {about}."])


def _problem(error: click.ClickException, commands: Iterable[str]) -> str:
    if isinstance(error, click.NoSuchOption):
        near = (error.possibilities or [""])[0]
        suggestion = f"; did you mean '{near}'?" if near else ""
        return f"there is no option {quoted(error.option_name)}{suggestion}"
    if isinstance(error, click.MissingParameter) and error.param is not None:
        return f"{_named(error.param)} is missing{_meaning(error.param)}"
    if isinstance(error, click.BadParameter) and error.param is not None:
        return _bad_value(error.param, error.message)
    message = " ".join(error.format_message().split()).removesuffix(".")
    if isinstance(error, click.BadOptionUsage):
        return message.replace("requires an argument", "needs a value")
    unknown = re.fullmatch(r"No such command '(.*?)'.*", message)
    if unknown:
        word = unknown[1]
        return f"there is no command {quoted(word)}{did_you_mean(word, commands)}"
    extra = re.fullmatch(r"Got unexpected extra arguments? \((.*)\)", message)
    return f"unexpected: {quoted(extra[1])}; quote a path that has blanks" if extra else message


def _bad_value(param: click.Parameter, message: str) -> str:
    """``--age is 'old', wanted a number``, where the message of click names the value."""
    found = _VALUE.match(message)
    wanted = _wanted(param.type)
    if found is None or wanted is None:
        return f"{_named(param)}: {message.removesuffix('.')}"
    value = found[1] or found[2]
    known = param.type.choices if isinstance(param.type, click.Choice) else ()
    return f"{_named(param)} is {quoted(value)}, wanted {wanted}{did_you_mean(value, known)}"


def _wanted(kind: click.ParamType[Any]) -> str | None:
    if isinstance(kind, click.Choice):
        return f"one of {', '.join(map(str, kind.choices))}"
    if isinstance(kind, click.types.IntParamType):
        return f"a whole number{_limits(kind)}"
    if isinstance(kind, click.types.FloatParamType):
        return f"a number{_limits(kind)}"
    return None


def _limits(kind: click.ParamType[Any]) -> str:
    """`` from 0.05 to 0.99``, `` above 0``; nothing where there are none."""
    if not isinstance(kind, click.IntRange | click.FloatRange):
        return ""
    low, high = kind.min, kind.max
    at_least = "" if low is None else f"above {low:g}" if kind.min_open else f"from {low:g}"
    at_most = "" if high is None else f"below {high:g}" if kind.max_open else f"to {high:g}"
    join = " and " if at_most.startswith("below") and at_least else " "
    return f" {at_least}{join if at_least else ''}{at_most}".rstrip()


def _named(param: click.Parameter) -> str:
    """What the user types for a parameter: the longest spelling of an option."""
    if isinstance(param, click.Option):
        return max(param.opts, key=len) if len(param.opts) < 3 else param.opts[0]
    return param.make_metavar(click.Context(click.Command(None)))


def _meaning(param: click.Parameter) -> str:
    """The help of an option that is missing, or the words to choose from."""
    if isinstance(param.type, click.Choice):
        return f", wanted {_wanted(param.type)}"
    first = (getattr(param, "help", None) or "").partition(".")[0]
    return f": {first[0].lower()}{first[1:]}" if first else ""
