"""Values of the options of ``psgpipe submit`` that no script can hold are refused."""

from __future__ import annotations

import shlex
from pathlib import Path

from psgpipe.errors import UsageError


def refuse_folder(study: Path) -> None:
    """Refuse a folder of recordings in the place of a study table."""
    if study.is_dir():
        raise UsageError(
            f"{study.name} is a folder, wanted a study table: a file that is added to a folder "
            "would give every shard other nights",
            "Write a study table (psgpipe table), and give that.",
        )


def refuse_unusual(**values: str | None) -> None:
    """Refuse values that would be two words in a script."""
    for name, value in values.items():
        if value is not None and (not value.isprintable() or not value or " " in value):
            raise UsageError(f"--{name} is {value!r}, wanted one word", "Correct it.")


def refuse_option(text: str) -> None:
    """Refuse what is no option of a scheduler, or would be more than one line of a script."""
    _refuse_lines(text)
    if not text.startswith("-"):
        raise UsageError(
            f"--option is {text!r}, wanted an option of the scheduler, as in --option=--qos=low",
            "Correct it.",
        )


def refuse_command(text: str) -> None:
    """Refuse what does not start one program: a script could not pass signals on to it."""
    _refuse_lines(text)
    words = shlex.shlex(text, posix=True, punctuation_chars=True)
    words.whitespace_split, words.commenters = True, ""
    try:
        parts = [*words]
    except ValueError:  # a quote that is not closed
        parts = []
    if not parts or any(not set(part) - set("();<>|&") for part in parts):
        raise UsageError(
            f"--command is {text!r}, wanted one command of a shell, without ; & | < > ( )",
            'Write what else is needed into a script that ends with: exec psgpipe "$@"',
        )


def _refuse_lines(text: str) -> None:
    """Refuse a text that would be more than one line of a script."""
    if not text.isprintable():
        raise UsageError(
            f"{text!r} holds a line break or another control character, wanted one line",
            "Correct it.",
        )


def read_per_task(text: str) -> int | None:
    """A number of nights; None for ``auto``."""
    if text == "auto":
        return None
    if not (text.isascii() and text.isdigit() and 1 <= int(text) < 10**9):
        raise UsageError(f"--per-task is {text!r}, wanted a number from 1, or auto", "Correct it.")
    return int(text)


def require_spec(spec: Path) -> None:
    """Refuse a wrong spec now, and not when all nights are staged."""
    from psgpipe.comparison.spec_lock import load_spec

    load_spec(spec)
