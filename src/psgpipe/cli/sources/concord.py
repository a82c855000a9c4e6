"""``psgpipe concord``: the three sources of the same nights."""

from __future__ import annotations

from pathlib import Path

import click

from psgpipe.cli.options import FILE, LOGGER, Command, log_to_stderr, output_options, print_json
from psgpipe.cli.printing import printable, table
from psgpipe.cli.sources.actigraphy import algorithm_option, any_maker_option, nonwear_option
from psgpipe.comparison.pages.older import mark_older_comparisons
from psgpipe.concordance.concord import Concordance, concord
from psgpipe.concordance.measures import MeasureConcordance
from psgpipe.concordance.output_files import concordance_dict, write_concordance
from psgpipe.errors import NightsIncomplete
from psgpipe.messages import count_of
from psgpipe.study.pages import keep_study_page

MOST_SHOWN = 10


@click.command(name="concord", cls=Command)
@click.argument("out", type=FILE)
@click.option(
    "--diary", type=FILE, metavar="FILE", help="The diary: a table with a row for each night."
)
@click.option(
    "--actigraphy", type=FILE, metavar="DIR",
    help="The folder of the activity counts: files called <subject>.* or <subject>_<anything>.*.",
)  # fmt: skip
@algorithm_option
@any_maker_option
@nonwear_option
@output_options
def command(
    out: Path, diary: Path | None, actigraphy: Path | None, algorithm: str | None, any_maker: bool,
    nonwear_min: float, verbose: bool, quiet: bool, as_json: bool,
) -> None:  # fmt: skip
    """Compare diary and actigraphy with the polysomnography of the nights in OUT.

    Nights are joined by subject and date. Results go to OUT/concordance/: bias, SD and limits of
    agreement of each measure with their intervals, proportional bias and conditions; sleep and wake
    of each epoch where the clocks can be aligned; a table of nights and a picture. Nights whose
    times in bed differ by more than an hour are listed: they are probably another night.

    The exit code is 8 if a file of counts cannot be used; the others are compared nevertheless.
    """
    log_to_stderr(verbose=verbose, quiet=quiet)
    found = concord(
        out, diary, actigraphy, algorithm=algorithm, any_maker=any_maker, nonwear_min=nonwear_min
    )
    folder = write_concordance(found, out)
    mark_older_comparisons(out)
    keep_study_page(out, figures=False)
    if as_json:
        print_json(concordance_dict(found))
    elif not quiet:
        click.echo(printable(_text(found)))
    LOGGER.info(f"{folder}: concordance.tsv, nights.tsv, concordance.svg, concordance.json")
    if found.failures:
        raise NightsIncomplete(
            f"{count_of(len(found.failures), 'file')} of counts cannot be used",
            "The reasons stand above and in concordance.json; correct these files.",
        )


def _text(found: Concordance) -> str:
    pairs = dict.fromkeys((one.source, one.reference) for one in found.measures)
    parts = []
    for source, reference in pairs:
        rows = [_row(one) for one in found.measures if (one.source, one.reference) ==
                (source, reference) and one.limits is not None]  # fmt: skip
        heads = ("measure", "nights", "subjects", "bias", "SD", "lower limit", "upper limit")
        parts.append(f"{source} minus {reference} [95 %]\n{table([heads, *rows])}")
    if found.epochs is not None:
        parts.append(_epochs_text(found))
    for title, lines in (
        ("Probably another night", found.another_night),
        ("Not joined", found.not_joined),
        ("Left out", found.left_out),
        ("Files that cannot be used", found.failures),
        ("Files of no subject", found.unused_files),
        ("Notes", found.notes),
    ):
        if lines:
            shown = [*lines[:MOST_SHOWN], *([f"{len(lines) - MOST_SHOWN} more"]
                                            if len(lines) > MOST_SHOWN else [])]  # fmt: skip
            parts.append("\n".join([title, *(f"  {line}" for line in shown)]))
    return "\n\n".join(parts)


def _row(one: MeasureConcordance) -> tuple[str, ...]:
    limits = one.limits
    if limits is None:
        return (one.measure, "0", "0", "-", "-", "-", "-")
    return (
        one.measure, str(limits.n_nights), str(limits.n_subjects),
        _value(limits.bias, limits.bias_interval), _value(limits.sd, limits.sd_interval, sign=""),
        _value(limits.lower, limits.lower_interval), _value(limits.upper, limits.upper_interval),
    )  # fmt: skip


def _value(value: float | None, interval: tuple[float, float] | None, sign: str = "+") -> str:
    if value is None:
        return "-"
    low_high = f" [{interval[0]:{sign}.1f}, {interval[1]:{sign}.1f}]" if interval else ""
    return f"{value:{sign}.1f}{low_high}"


def _epochs_text(found: Concordance) -> str:
    pooled = found.epochs
    if pooled is None:
        return ""
    names = {"sensitivity": "sensitivity for sleep", "specificity": "specificity for wake",
             "accuracy": "accuracy", "pabak": "PABAK"}  # fmt: skip
    rows = []
    for name, words in names.items():
        value, interval = pooled.values[name], pooled.intervals[name]
        behind = f" [{interval[0]:.3f}, {interval[1]:.3f}]" if interval else ""
        rows.append((words, "-" if value is None else f"{value:.3f}{behind}"))
    head = (
        f"Epochs by actigraphy against polysomnography: {count_of(pooled.n_epochs, 'epoch')}, "
        f"{count_of(pooled.n_nights, 'night')}"
    )
    unknown = sum(n.epochs is not None and n.epochs.offset_s is None for n in found.nights)
    note = (
        f"\n  {count_of(unknown, 'night')}: the offset of the clocks is not known"
        if unknown
        else ""
    )
    return f"{head}\n{table(rows)}{note}"
