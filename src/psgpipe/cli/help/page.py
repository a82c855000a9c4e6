"""The help of a command: its examples, and its options in groups, the most used first."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import click


@dataclass(frozen=True)
class HelpPage:
    """What the help of a command shows beside its options.

    Parameters
    ----------
    examples
        Command lines to type.
    groups
        Title and options of each group; without groups the options are one list.
    """

    examples: tuple[str, ...]
    groups: dict[str, tuple[str, ...]]


@cache
def help_pages() -> dict[str, HelpPage]:
    """The help page of each command."""
    text = files("psgpipe.cli.help").joinpath("pages.toml").read_text(encoding="utf-8")
    return {
        command: HelpPage(
            tuple(page["examples"]),
            {title: tuple(names) for title, names in page.get("groups", {}).items()},
        )
        for command, page in tomllib.loads(text).items()
    }


def write_help(
    command: click.Command, context: click.Context, formatter: click.HelpFormatter
) -> None:
    """Write the examples of a command and its options."""
    page = help_pages()[str(command.name)]
    with formatter.section("Examples"):
        formatter.write("".join(f"  {example}\n" for example in page.examples))
    options = {
        long_name(option): option
        for option in command.get_params(context)
        if isinstance(option, click.Option)
    }
    named = {name for names in page.groups.values() for name in names}
    for title, names in page.groups.items():
        _write_options((options[name] for name in names), title, context, formatter)
    others = (option for name, option in options.items() if name not in named)
    _write_options(others, "Help and messages" if page.groups else "Options", context, formatter)


def _write_options(
    options: Iterable[click.Option],
    title: str,
    context: click.Context,
    formatter: click.HelpFormatter,
) -> None:
    records = [option.get_help_record(context) for option in options]
    with formatter.section(title):
        formatter.write_dl([record for record in records if record is not None])


def long_name(option: click.Option) -> str:
    """The first long spelling of an option; the short one where it has no other."""
    long = [name for name in option.opts if name.startswith("--")]
    return long[0] if long else option.opts[0]
