"""``psgpipe unblind``: lift the blind of a study, on record."""

from __future__ import annotations

from pathlib import Path

import click

from psgpipe.cli.options import FILE, Command
from psgpipe.comparison.spec_lock import load_spec
from psgpipe.errors import UsageError
from psgpipe.study.blinding import unblind
from psgpipe.study.pages import keep_study_page


@click.command(name="unblind", cls=Command)
@click.argument("out", type=FILE)
@click.option("--spec", metavar="SPEC", help="The comparison spec, where it says blind = true.")
def command(out: Path, spec: str | None) -> None:
    """Allow comparisons of the blinded study in OUT; the journal records when."""
    if not out.is_dir():
        raise UsageError(f"{out.name}: no such folder", "Name the folder of the study.")
    blind_by_spec = spec is not None and load_spec(spec, exploratory=True)[0].blind
    is_new = unblind(out, blind_by_spec=blind_by_spec)
    keep_study_page(out, figures=False)
    click.echo("unblinded; the journal says so" if is_new else "unblinded before; nothing changed")
