"""The command line of ``psgpipe submit`` in its scripts, and as it is typed again."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import Any

import click


def batch_arguments(
    pipeline: str,
    labels: Path | None,
    stages: str | None,
    scoring_map: str | None,
    timeout_s: float,
    thresholds_from: Path | None,
    flags: dict[str, bool],
) -> tuple[str, ...]:
    """The options of ``psgpipe batch``, with paths that hold in any folder."""
    values = {
        "--pipeline": _absolute_if_file(pipeline),
        "--labels": labels and os.fspath(labels.absolute()),
        "--stages": stages,
        "--scoring-map": scoring_map and _absolute_if_file(scoring_map),
        "--timeout": f"{timeout_s:g}",
        "--thresholds-from": thresholds_from and os.fspath(thresholds_from.absolute()),
    }
    given = [f"{name}={value}" for name, value in values.items() if value is not None]
    return (*given, *(name for name, is_given in flags.items() if is_given))


def _absolute_if_file(text: str) -> str:
    return os.fspath(Path(text).absolute()) if Path(text).is_file() else text


def command_again() -> str:
    """The command as it was given, to be typed in any folder to send what is missing."""
    context = click.get_current_context()
    words = [sys.executable, "-m", "psgpipe", "submit"]
    for parameter in context.command.params:
        name = parameter.name or ""
        source = context.get_parameter_source(name)
        if name in _NOT_AGAIN or source != click.core.ParameterSource.COMMANDLINE:
            continue
        value = context.params[name]
        for one in value if isinstance(value, tuple) else (value,):
            words += _words(parameter, one)
    return shlex.join(words)


_NOT_AGAIN = ("emit_only", "everything", "retry_failed", "verbose", "quiet", "as_json")


def _words(parameter: click.Parameter, value: Any) -> list[str]:
    option = parameter.opts[-1]
    if value is True:
        return [option]
    if isinstance(value, Path):
        text = os.fspath(value.absolute())
    elif parameter.name in ("pipeline", "scoring_map"):
        text = _absolute_if_file(value)
    else:
        text = str(value)
    return [text] if isinstance(parameter, click.Argument) else [f"{option}={text}"]
