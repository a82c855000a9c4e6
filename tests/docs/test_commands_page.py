"""The page of the site with the help of every command."""

import runpy
from pathlib import Path

import click

from psgpipe.cli.app import COMMANDS, psgpipe

CONF = Path(__file__).parents[2] / "docs" / "conf.py"
PAGE = CONF.parent / "reference" / "commands.md"


def test_the_page_of_commands_has_every_command_and_every_option():
    source = [PAGE.read_text(encoding="utf-8")]
    runpy.run_path(str(CONF))["fill_in_help"](None, "reference/commands", source)
    sections = {
        heading.strip(): text
        for heading, _, text in (part.partition("\n") for part in source[0].split("\n## ")[1:])
    }
    assert list(sections) == [f"psgpipe {name}" for name in COMMANDS]
    for name in COMMANDS:
        command = psgpipe.get_command(click.Context(psgpipe), name)
        text = sections[f"psgpipe {name}"].replace(",", " ").split()
        missing = {o for p in command.params if isinstance(p, click.Option) for o in p.opts}
        assert missing - set(text) == set()
