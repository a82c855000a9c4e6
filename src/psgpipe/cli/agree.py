"""``psgpipe agree``: automatic stages against the stages of experts."""

from __future__ import annotations

from pathlib import Path

import click

from psgpipe.agreement.agree import StudyAgreement, agree
from psgpipe.agreement.output_files import agreement_dict, write_agreement
from psgpipe.agreement.report import head_line, narrow_tables, notes
from psgpipe.cli.options import (
    FILE,
    LOGGER,
    Command,
    log_to_stderr,
    output_options,
    print_json,
    scoring_map_option,
    scorings_options,
)
from psgpipe.cli.printing import printable, table
from psgpipe.errors import NightsIncomplete
from psgpipe.messages import count_of
from psgpipe.scorings.mapping import read_mapping

MOST_SHOWN = 20


@click.command(name="agree", cls=Command)
@click.argument("out", type=FILE)
@scorings_options
@scoring_map_option
@output_options
def command(
    out: Path, scorings: Path | None, scorer: str | None, scoring_map: str | None,
    verbose: bool, quiet: bool, as_json: bool,
) -> None:  # fmt: skip
    """Compare the automatic stages of the nights in OUT with an expert's.

    The experts' scorings are those in the column scoring of the study table, or the files in DIR.
    Results go to OUT/agreement/: accuracy, kappa, MCC and F1 by stage for each night and for all,
    bias and limits of agreement of every endpoint, and the calibration of the probabilities.
    Nothing is staged.

    The exit code is 8 if a scoring cannot be used; the other nights are compared nevertheless.
    """
    log_to_stderr(verbose=verbose, quiet=quiet)
    mapping = read_mapping(scoring_map) if scoring_map is not None else None
    found = agree(out, scorings, mapping=mapping, scorer=scorer)
    folder = write_agreement(found, out)
    if as_json:
        print_json(agreement_dict(found))
    elif not quiet:
        click.echo(printable(_text(found)))
    LOGGER.info(f"{folder}: agreement.md, nights.tsv, epochs.tsv, agreement.json")
    n_failed = sum(night.is_failure for night in found.left_out)
    if n_failed:
        raise NightsIncomplete(
            f"{count_of(n_failed, 'scoring')} cannot be used",
            "The reasons stand above and in agreement.json; correct these scorings.",
        )


def _text(found: StudyAgreement) -> str:
    parts = [f"{head_line(found)}.", *(f"not {line}" for line in _left_out(found))]
    for one in narrow_tables(found):
        parts.append(f"\n{one.title}\n{table(one.rows)}")
    lines = notes(found)
    return "\n".join([*parts, *([""] if lines else []), *lines])


def _left_out(found: StudyAgreement) -> list[str]:
    """The nights that are not compared, those with a scoring first."""
    nights = sorted(found.left_out, key=lambda night: not night.is_failure)
    lines = [f"{n.subject} {n.night}: {n.reason}" for n in nights[:MOST_SHOWN]]
    more = len(nights) - len(lines)
    return [*lines, *([f"{more} more"] if more else [])]
