"""Messages in the words of Python: ``label_table="FILE"`` in the place of ``--labels FILE``.

Messages are written in the words of the command line, which the files of a night keep. They are
changed in one place, where they reach a Python user: `called_from_python` in ``keywords.py`` and
the values of ``psgpipe.open``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import resources
from typing import Any

from psgpipe.errors import PsgpipeError


@contextmanager
def errors_in_python_words() -> Iterator[None]:
    """Errors that leave this block, or a function that this decorates, are in words of Python."""
    try:
        yield
    except PsgpipeError as error:
        error.problem = in_python_words(error.problem)
        error.remedy = in_python_words(error.remedy)
        error.args = (error.problem, error.remedy)
        raise


def in_python_words(message: str) -> str:
    """The message with keyword arguments and functions in the place of options and commands."""
    if "-" not in message and "psgpipe " not in message:
        return message
    return _typed_words().sub(_in_python, message)


@cache
def _table() -> dict[str, Any]:
    text = resources.files("psgpipe").joinpath("python_words.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def _typed_words() -> re.Pattern[str]:
    """An option with its value, or a command with the options that follow it."""
    short = "|".join(name for name in _table()["options"] if not name.startswith("--"))
    words = "|".join(_table()["values"])
    value = rf"[A-Z]{{2,}}[\w=,.]*|\d[\w=,.]*|'[^']*'|(?:{words})(?![\w-])|[\w-]+\.[a-z]+"
    option = rf"(?<![\w-])(?:--[a-z][a-z-]*|{short})(?![\w-])(?: (?:{value}))?"
    argument = r"(?:'[^']*'|[^\s;:,()]+)"
    commands = "|".join(_table()["commands"])
    return re.compile(
        rf"pip install .*|psgpipe (?P<command>{commands})(?![\w-])"
        rf"(?P<options>(?: (?:{argument} )?{option})*)(?: \(in a shell\))?"
        rf"|(?P<option>{option})(?: in a shell)?"
    )


def _in_python(match: re.Match[str]) -> str:
    """A command becomes a call and an option a keyword, where Python has them."""
    typed, end = _without_stop(match[0])
    if typed.startswith("pip ") or typed.endswith(("in a shell", "in a shell)")):
        return match[0]
    if match["option"]:
        return (_keyword(typed) or f"{typed} in a shell") + end
    keywords = [_keyword(option) for option in _options_of(match["options"])]
    function = _table()["commands"][match["command"]]
    if not function or None in keywords:
        return f"{typed} (in a shell){end}"
    return f"{function}({', '.join(['...', *filter(None, keywords)])}){end}"


def _options_of(typed: str) -> list[str]:
    """The options that follow a command, each with its value."""
    return re.findall(r"--?[a-z].*?(?= --?[a-z]|$)", _without_stop(typed)[0])


def _keyword(option: str) -> str | None:
    """``--labels FILE`` as ``label_table="FILE"``; None where Python has no such keyword."""
    name, _, value = option.partition(" ")
    form: str | None = _table()["options"].get(name)
    if form is None or "{}" not in form:
        return form
    return form.format(value.strip("'")) if value else form.partition("=")[0] + "="


def _without_stop(typed: str) -> tuple[str, str]:
    """The words, and the full stop or comma that ends them; dots at the end of a list stay."""
    has_stop = typed.endswith((".", ",")) and not typed.endswith("...")
    return (typed[:-1], typed[-1]) if has_stop else (typed, "")
