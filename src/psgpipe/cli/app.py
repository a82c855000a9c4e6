"""The command line: it finds the command and turns failures into exit codes.

It imports a command when it is called, so that ``--help`` is fast.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import logging
import os
import signal
import sys
from pathlib import Path
from typing import Any

import click

from psgpipe._version import __version__
from psgpipe.cli.printing import guard_streams, printable
from psgpipe.cli.process.stop_at_once import EXIT_CODES, STOPPED, StopAtOnce
from psgpipe.errors import Interrupted, PsgpipeError, TryAgain, UsageError

COMMANDS = {
    "check": "What a recording holds, and whether it can be staged; stages nothing.",
    "table": "A first study table from a folder of recordings, for you to complete.",
    "run": "Stage one night.",
    "batch": "Stage all nights of a study; again, only those that are missing or changed.",
    "submit": "The same by the scheduler of your cluster.",
    "gather": "Collect the finished nights in nights.tsv; lists what is missing.",
    "status": "How many nights are done, failed, missing or running.",
    "verify": "Check that no result has changed since it was written.",
    "doubts": "List the epochs that the stager doubted most.",
    "agree": "Compare automatic stages with a person's.",
    "calibrate": "Fit the stages to the scorers of one laboratory.",
    "concord": "Compare diary and actigraphy with polysomnography.",
    "actigraphy": "Sleep and wake from the activity counts of a watch.",
    "export": "Scorings and summaries in the formats of other programs.",
    "compare": "Compare treatment nights with baseline nights, or two arms.",
    "report": "Write the pages of nights, study and comparison again.",
    "plan": "How many subjects and nights a study needs.",
    "unblind": "Lift the blind of a study; the journal records it.",
    "simulate": "Make a study of simulated nights with known stages.",
    "demo": "Simulate a small study, stage its nights and compare them.",
}
TASKS = {
    "Recordings": ("check", "table"),
    "Stages": ("run", "batch", "submit"),
    "Results": ("status", "gather", "verify", "report", "export"),
    "A person's stages": ("agree", "doubts", "calibrate"),
    "Diary and actigraphy": ("actigraphy", "concord"),
    "Comparison": ("plan", "compare", "unblind"),
    "Simulated nights": ("demo", "simulate"),
}
"""The commands in the help, by what they are for."""
FOLDERS = {
    "table": "tables.",
    "actigraphy": "sources.",
    "concord": "sources.",
    "submit": "cluster.",
}
"""Commands that do not lie in ``psgpipe.cli`` itself, because it holds many files."""
OBJECTS_BETWEEN_COLLECTIONS = 50_000
LOGGER = logging.getLogger("psgpipe")


class LazyCommands(click.Group):
    """A group whose commands live in ``psgpipe.cli.<name>`` as ``command``; see `FOLDERS`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now."""
        if cmd_name not in COMMANDS:
            return None
        with StopAtOnce():
            module = f"psgpipe.cli.{FOLDERS.get(cmd_name, '')}{cmd_name}"
            command = importlib.import_module(module).command
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands by task, without importing them."""
        width = max(map(len, COMMANDS))
        for task, names in TASKS.items():
            with formatter.section(task):
                formatter.write_dl([(name.ljust(width), COMMANDS[name]) for name in names])


@click.group(
    cls=LazyCommands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="psgpipe COMMAND --help shows examples and all options of a command.",
)
@click.version_option(__version__, prog_name="psgpipe", message="%(prog)s %(version)s")
def psgpipe() -> None:
    """From an EDF sleep-study recording to sleep stages, architecture and comparison.

    Automatic stages are not AASM scoring and not for diagnosis.
    """
    try:
        Path.cwd()
    except FileNotFoundError as error:
        raise UsageError(
            "the working folder of this terminal does not exist any more",
            "Change to another folder (cd) and run the command again.",
        ) from error


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and leave with its exit code: docs/reference/exit-codes.md."""
    # Imports make a hundred thousand objects that stay. Searching them for garbage again and
    # again, and once more when Python ends, takes longer than reading a header.
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    guard_streams()
    code = exit_code(arguments)
    _ignore_stop_signals()  # the result is out; Python only cleans up
    gc.freeze()
    sys.exit(code)


def exit_code(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code; only a bug shows a traceback."""
    _escape_unprintable()
    _stop_on_sigterm()
    try:
        code = psgpipe.main(args=arguments, prog_name="psgpipe", standalone_mode=False)
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except click.ClickException as error:
        from psgpipe.cli.help.usage import usage_text

        click.echo(printable(usage_text(error, COMMANDS, arguments or sys.argv[1:])), err=True)
        return 2
    except PsgpipeError as error:
        click.echo(f"psgpipe: {printable(str(error))}", err=True)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort) as stop:
        _ignore_stop_signals()
        click.echo(STOPPED, err=True)
        cause = stop.__cause__ or stop  # click wraps it
        return EXIT_CODES["SIGTERM" if isinstance(cause, TerminationRequest) else "SIGINT"]
    except BrokenPipeError:
        _stop_printing()  # the program that read the results has ended, or nobody can read them
        return Interrupted.exit_code
    except OSError as error:
        from psgpipe.files.atomic import is_disk_full

        if not is_disk_full(error):
            return _bug(error)
        _stop_printing()
        click.echo(
            "psgpipe: the disk is full: the output cannot be written\n"
            "  Free some space and run the same command again.",
            err=True,
        )
        return TryAgain.exit_code
    except Exception as error:
        return _bug(error)
    # Click hands back the code of ctx.exit(), and whatever else a command returns.
    return code if isinstance(code, int) else 0


def _bug(error: Exception) -> int:
    LOGGER.exception("a bug in psgpipe")
    click.echo(
        f"psgpipe: a bug: {type(error).__name__}\n"
        "  Please report it with the traceback above; it holds no recording data.",
        err=True,
    )
    return 1


def _stop_printing() -> None:
    """Send stdout nowhere; Python would try again when it ends, and complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class TerminationRequest(KeyboardInterrupt):
    """SIGTERM: nothing on the way takes it for a fault of a recording, as with Ctrl-C."""


def _stop_on_sigterm() -> None:
    def stop(*_: Any) -> None:
        raise TerminationRequest

    # Signals belong to the main thread.
    if signal.getsignal(signal.SIGTERM) != signal.SIG_IGN:
        with contextlib.suppress(ValueError):
            signal.signal(signal.SIGTERM, stop)


def _ignore_stop_signals() -> None:
    for name in EXIT_CODES:
        with contextlib.suppress(ValueError):
            signal.signal(getattr(signal, name), signal.SIG_IGN)


def _escape_unprintable() -> None:
    """Escape characters that the console cannot show: labels and names may hold any."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


if __name__ == "__main__":
    main()
