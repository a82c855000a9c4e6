"""``psgpipe plan``: subjects and nights that a study needs."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import click

from psgpipe.cli.options import FILE, Command, log_to_stderr, output_options, print_json
from psgpipe.cli.printing import table
from psgpipe.comparison.compare import compare
from psgpipe.comparison.spec import parse_spec, spec_lines
from psgpipe.comparison.statistics.arms.planning import FEWEST_IN_ARM, MOST_IN_ARM, plan_of_arms
from psgpipe.comparison.statistics.planning import (
    FEWEST_SUBJECTS,
    MOST_SUBJECTS,
    StudyPlan,
    StudyVariance,
    plan_of,
)
from psgpipe.errors import UsageError
from psgpipe.messages import did_you_mean

POSITIVE = click.FloatRange(min=0, min_open=True)


@click.command(name="plan", cls=Command)
@click.argument("source", type=FILE, required=False, metavar="OUT|NIGHTS.tsv")
@click.option(
    "--difference",
    type=float,
    required=True,
    metavar="CHANGE",
    help="The change to find, in the unit of the endpoint: -5 for 5 points less REM sleep.",
)
@click.option(
    "--endpoint",
    metavar="ENDPOINT",
    help="The endpoint, such as rem_pct, where OUT or NIGHTS.tsv is given.",
)
@click.option(
    "--sd-within",
    type=POSITIVE,
    metavar="SD",
    help="SD between nights of one subject, in the same unit.",
)
@click.option(
    "--sd-subject",
    type=POSITIVE,
    metavar="SD",
    help="SD between subjects; with --icc, or with --arms.",
)
@click.option(
    "--icc",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    metavar="ICC",
    help="Intraclass correlation of one night, in place of --sd-within.",
)
@click.option(
    "--sd-response",
    type=click.FloatRange(min=0),
    metavar="SD",
    help="SD between the true changes of the subjects. Default: 0.",
)
@click.option(
    "--nights", type=click.IntRange(1, 30), multiple=True, metavar="N",
    help="Nights in each condition; may be repeated.  [default: 1, 2, 3]",
)  # fmt: skip
@click.option(
    "--arms", is_flag=True, help="Two parallel arms; numbers of subjects are those of each arm."
)
@click.option(
    "--subjects",
    type=click.IntRange(4, 500),
    metavar="N",
    help="Give the power of so many subjects, in place of the number that is needed.",
)
@click.option(
    "--power",
    type=click.FloatRange(0.05, 0.99),
    default=0.8,
    show_default=True,
    metavar="POWER",
    help="The wanted power.",
)
@click.option(
    "--baseline",
    multiple=True,
    metavar="WORD",
    help="Condition of the baseline nights. Default: baseline.",
)
@click.option(
    "--treatment",
    multiple=True,
    metavar="WORD",
    help="Condition of the treatment nights. Default: treatment.",
)
@click.option(
    "--simulations",
    type=click.IntRange(100, 100_000),
    default=2000,
    show_default=True,
    metavar="N",
    help="Simulated studies for each power.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=20250101,
    show_default=True,
    metavar="N",
    help="Start of the random numbers; the same seed gives the same power.",
)
@output_options
def command(
    source: Path | None, difference: float, endpoint: str | None, sd_within: float | None,
    sd_subject: float | None, icc: float | None, sd_response: float | None,
    nights: tuple[int, ...], arms: bool, power: float, baseline: tuple[str, ...],
    subjects: int | None,
    treatment: tuple[str, ...], simulations: int, seed: int,
    verbose: bool, quiet: bool, as_json: bool,
) -> None:  # fmt: skip
    """Subjects and nights that a study needs to find a difference, paired or with two arms.

    The SDs are given, or come from a study that compare can read.
    """
    log_to_stderr(verbose=verbose, quiet=quiet)
    if difference == 0 or not math.isfinite(difference):
        raise UsageError(
            "wanted --difference other than 0", "Name the smallest change that counts."
        )
    if source is None:
        variance = _given(sd_within, sd_subject, icc, sd_response, arms=arms)
    elif sd_within or sd_subject or icc or sd_response is not None:
        raise UsageError(
            "the SDs are given, and a study that has its own", "Leave out one of the two."
        )
    else:
        variance = _of_study(source, endpoint, baseline, treatment)
    _check_subjects(subjects, arms=arms)
    planned = plan_of_arms if arms else plan_of
    plans = [
        planned(
            difference, variance, (n, n), power=power, n_subjects=subjects,
            simulations=simulations, seed=seed,
        )
        for n in nights or (1, 2, 3)
    ]  # fmt: skip
    if as_json:
        print_json(
            {
                "difference": difference,
                **dataclasses.asdict(variance),
                "arms": arms,
                "wanted_power": power,
                "simulations": simulations,
                "plans": [dataclasses.asdict(plan) for plan in plans],
            }
        )
    elif not quiet:
        click.echo(_text(difference, variance, plans, simulations, arms=arms))


def _check_subjects(subjects: int | None, *, arms: bool) -> None:
    lowest, highest = (FEWEST_IN_ARM, MOST_IN_ARM) if arms else (FEWEST_SUBJECTS, MOST_SUBJECTS)
    if subjects is not None and not lowest <= subjects <= highest:
        where = " in each arm" if arms else ""
        raise UsageError(
            f"--subjects is {subjects}, wanted {lowest} to {highest}{where}", "Correct --subjects."
        )


def _given(
    within: float | None,
    subject: float | None,
    icc: float | None,
    response: float | None,
    *,
    arms: bool,
) -> StudyVariance:
    """The variance from options: ICC = subject^2 / (subject^2 + within^2)."""
    if arms and subject is None:
        raise UsageError(
            "wanted --sd-subject, or a study: two arms differ by the subjects in them, too",
            "Give the SD between subjects, with --sd-within or --icc.",
        )
    if within is None and subject is not None and icc is not None:
        within = subject * math.sqrt((1 - icc) / icc)
    elif within is None or icc is not None:
        raise UsageError(
            "wanted --sd-within, or --sd-subject and --icc, or a study",
            "The SD between nights of one subject decides how many subjects are needed.",
        )
    return StudyVariance(within, response or 0.0, subject or 0.0)


def _of_study(
    source: Path, endpoint: str | None, baseline: tuple[str, ...], treatment: tuple[str, ...]
) -> StudyVariance:
    """The variance of an endpoint in a study: what the nights do not explain is response."""
    lines = spec_lines(None, baseline, treatment)
    comparison = compare(source, parse_spec(lines.encode(), "the options") if lines else None)
    rows = {r.endpoint: r for r in comparison.reliability}
    if endpoint not in rows:
        known = ", ".join(list(rows)[:12]) or "none: it takes three subjects"
        raise UsageError(
            f"wanted --endpoint of {source.name}, found {endpoint}"
            f"{did_you_mean(endpoint or '', rows)}",
            f"There are {known}.",
        )
    row = rows[endpoint]
    if row.within_sd is None or row.sd_change is None:
        raise UsageError(
            f"{source.name} shows no SD between nights of {endpoint}: {row.note}",
            "Give --sd-within, and no study.",
        )
    changes = [c for c in comparison.subjects if c.endpoint == endpoint]
    nights = sum(1 / c.n_baseline + 1 / c.n_treatment for c in changes) / len(changes)
    response = math.sqrt(max(0.0, row.sd_change**2 - row.within_sd**2 * nights))
    return StudyVariance(row.within_sd, response, row.between_sd or 0.0)


def _text(
    difference: float,
    variance: StudyVariance,
    plans: list[StudyPlan],
    simulations: int,
    *,
    arms: bool,
) -> str:
    head = ("nights in each condition", "SD of changes", "subjects", "power", "power of t")
    if arms:
        head = (head[0], "SD around the baseline line", "subjects in each arm", *head[3:])
    most = MOST_IN_ARM if arms else MOST_SUBJECTS
    rows = [
        (str(p.n_baseline), f"{p.change_sd:.3g}", str(p.n_subjects), f"{p.power:.3f} (MC error "
         f"{p.power_se:.3f})", f"{p.power_t:.3f}")
        if p.n_subjects is not None and p.power is not None
        else (str(p.n_baseline), f"{p.change_sd:.3g}", f"more than {most}", "-", "-")
        for p in plans
    ]  # fmt: skip
    effect = "Difference of the arms" if arms else "Mean change"
    levels = f", between subjects {variance.between_sd:.3g}" if arms else ""
    test = "permutation test of the arms" if arms else "sign-flip test"
    lines = [
        f"{effect} of {difference:g}; SD between nights of one subject "
        f"{variance.within_sd:.3g}, between true changes of subjects {variance.response_sd:.3g}"
        f"{levels}.",
        table([head, *rows]),
        f"Power of the two-sided {test} at 0.05, from {simulations} simulated studies with "
        f"normal changes; of t, {'at the usual imbalance at baseline' if arms else 'exact'}.",
    ]
    if variance.response_sd == 0:
        lines.append(
            "All subjects are taken to change by the same amount: where they do not "
            "(--sd-response), more are needed, and nights do not replace them."
        )
    return "\n".join([*lines, "Add the subjects that you expect to lose."])
