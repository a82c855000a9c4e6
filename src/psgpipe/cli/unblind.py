"""``psgpipe unblind``: lift the blind of a study, on record."""

from __future__ import annotations

from pathlib import Path

import click

from psgpipe.cli.options import FILE
from psgpipe.errors import UsageError
from psgpipe.study.blinding import unblind


@click.command(name="unblind")
@click.argument("out", type=FILE)
def command(out: Path) -> None:
    """Allow comparisons of the blinded study in OUT; the journal records when."""
    if not out.is_dir():
        raise UsageError(f"{out.name}: no such folder", "Name the folder of the study.")
    is_new = unblind(out)
    click.echo("unblinded; the journal says so" if is_new else "unblinded before; nothing changed")
