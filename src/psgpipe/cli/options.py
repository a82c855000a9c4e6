"""Options that several commands share, and what they do to log and output."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from psgpipe.cli.printing import printable

LOGGER = logging.getLogger("psgpipe")
F = TypeVar("F", bound=Callable[..., Any])


class _Path(click.Path):
    """A path as the disk spells it."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        if str(path).isascii():
            return path
        from psgpipe.files.composed_name import as_stored

        return as_stored(path)


class Command(click.Command):
    """A command whose help has examples, and its options in groups."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples and the options; only ``--help`` imports what that needs."""
        from psgpipe.cli.help.page import write_help

        write_help(self, ctx, formatter)


FILE = _Path(path_type=Path)

pipeline_option = click.option(
    "-p", "--pipeline", default="standard-night", show_default=True, metavar="FILE|NAME",
    help="How nights are staged: standard-night, eeg-only, or your own pipeline file.",
)  # fmt: skip
labels_option = click.option(
    "--labels", type=FILE, metavar="FILE",
    help="Your site's label table: how its channels are called.",
)  # fmt: skip
blind_option = click.option(
    "--blind", is_flag=True, help="Show no condition and no dose until psgpipe unblind."
)
stages_option = click.option(
    "--stages", type=click.Choice(["auto", "expert"]), metavar="auto|expert",
    help="expert: take the stages of the scoring, and stage nothing. Default: what the pipeline "
    "says, normally auto.",
)  # fmt: skip
microstructure_option = click.option(
    "--microstructure", is_flag=True,
    help="Detect spindles, slow waves and rapid eye movements, too (yasa; some seconds a night).",
)  # fmt: skip
thresholds_option = click.option(
    "--thresholds-from", type=FILE, metavar="OUT",
    help="Detect spindles and slow waves with the limits of the subject's baseline nights in OUT, "
    "staged with --microstructure.",
)  # fmt: skip
scoring_map_option = click.option(
    "--scoring-map", metavar="0=W,1=N1,...|FILE|aasm|rk",
    help="What the words or numbers of the scoring mean: pairs, a file, or a known set.",
)  # fmt: skip
_scorings_option = click.option(
    "--scorings", type=FILE, metavar="DIR",
    help="A folder with scorings called <subject>_<night>.* or as the recordings; instead of those "
    "of the study table.",
)  # fmt: skip
_scorer_option = click.option(
    "--scorer", metavar="NAME", help="Whose stages to use, if the files have several scorers."
)
_verbose_option = click.option(
    "-v", "--verbose", is_flag=True, help="Say more: what is done, and how long it takes."
)
_quiet_option = click.option("-q", "--quiet", is_flag=True, help="Print errors only.")
_json_option = click.option("--json", "as_json", is_flag=True, help="The result as JSON on stdout.")


def scorings_options(function: F) -> F:
    """``--scorings --scorer``, of commands that read the scorings of a study."""
    return _scorings_option(_scorer_option(function))


def output_options(function: F) -> F:
    """``-v -q --json``."""
    return _verbose_option(_quiet_option(_json_option(function)))


class _PrintableFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return printable(super().format(record))


def log_to_stderr(*, verbose: bool, quiet: bool) -> None:
    """Send psgpipe's log to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_PrintableFormatter("%(message)s"))
    LOGGER.handlers[:] = [handler]
    LOGGER.setLevel(logging.DEBUG if verbose else logging.ERROR if quiet else logging.INFO)
    LOGGER.propagate = False


def print_json(value: Any) -> None:
    """Print `value` on stdout, and nothing else; a number that is not finite is a bug."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=True, allow_nan=False))
