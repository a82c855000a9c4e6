"""``psgpipe plan``: subjects and nights that a study needs."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import click

from psgpipe.cli.options import FILE, log_to_stderr, output_options, print_json
from psgpipe.cli.printing import table
from psgpipe.comparison.compare import compare
from psgpipe.comparison.spec import parse_spec, spec_lines
from psgpipe.comparison.statistics.planning import StudyPlan, StudyVariance, plan_of
from psgpipe.errors import UsageError
from psgpipe.messages import did_you_mean

POSITIVE = click.FloatRange(min=0, min_open=True)


@click.command(name="plan")
@click.argument("source", type=FILE, required=False, metavar="OUT|NIGHTS.tsv")
@click.option("--difference", type=float, required=True, help="The change to find, in its unit.")
@click.option("--endpoint", metavar="ENDPOINT", help="Endpoint of OUT or NIGHTS.tsv.")
@click.option("--sd-within", type=POSITIVE, help="SD between nights of one subject.")
@click.option("--sd-subject", type=POSITIVE, help="SD between subjects; with --icc.")
@click.option(
    "--icc", type=click.FloatRange(0, 1, min_open=True, max_open=True), help="Of one night."
)
@click.option(
    "--sd-response", type=click.FloatRange(min=0), help="SD between the subjects' true changes."
)
@click.option(
    "--nights", type=click.IntRange(1, 30), multiple=True, metavar="N",
    help="Nights in each condition; may be repeated.  [default: 1, 2, 3]",
)  # fmt: skip
@click.option("--subjects", type=click.IntRange(6, 500), help="The power of so many subjects.")
@click.option(
    "--power", type=click.FloatRange(0.05, 0.99), default=0.8, show_default=True, help="Wanted."
)
@click.option("--baseline", multiple=True, metavar="WORD", help="Condition of the baseline nights.")
@click.option(
    "--treatment", multiple=True, metavar="WORD", help="Condition of the treatment nights."
)
@click.option("--simulations", type=click.IntRange(100, 100_000), default=2000, show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=20250101, show_default=True)
@output_options
def command(
    source: Path | None, difference: float, endpoint: str | None, sd_within: float | None,
    sd_subject: float | None, icc: float | None, sd_response: float | None,
    nights: tuple[int, ...], subjects: int | None, power: float, baseline: tuple[str, ...],
    treatment: tuple[str, ...], simulations: int, seed: int,
    verbose: bool, quiet: bool, as_json: bool,
) -> None:  # fmt: skip
    """Subjects and nights that a paired study needs to find a difference.

    The SDs are given, or come from a study that compare can read.
    """
    log_to_stderr(verbose=verbose, quiet=quiet)
    if difference == 0 or not math.isfinite(difference):
        raise UsageError(
            "wanted --difference other than 0", "Name the smallest change that counts."
        )
    if source is None:
        variance = _given(sd_within, sd_subject, icc, sd_response)
    elif sd_within or sd_subject or icc or sd_response is not None:
        raise UsageError(
            "the SDs are given, and a study that has its own", "Leave out one of the two."
        )
    else:
        variance = _of_study(source, endpoint, baseline, treatment)
    plans = [
        plan_of(
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
                "wanted_power": power,
                "simulations": simulations,
                "plans": [dataclasses.asdict(plan) for plan in plans],
            }
        )
    elif not quiet:
        click.echo(_text(difference, variance, plans, simulations))


def _given(
    within: float | None, subject: float | None, icc: float | None, response: float | None
) -> StudyVariance:
    """The variance from options: ICC = subject^2 / (subject^2 + within^2)."""
    if within is None and subject is not None and icc is not None:
        within = subject * math.sqrt((1 - icc) / icc)
    elif within is None or icc is not None:
        raise UsageError(
            "wanted --sd-within, or --sd-subject and --icc, or a study",
            "The SD between nights of one subject decides how many subjects are needed.",
        )
    return StudyVariance(within, response or 0.0)


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
    return StudyVariance(row.within_sd, response)


def _text(
    difference: float, variance: StudyVariance, plans: list[StudyPlan], simulations: int
) -> str:
    head = ("nights in each condition", "SD of changes", "subjects", "power", "power of t")
    rows = [
        (str(p.n_baseline), f"{p.change_sd:.3g}", str(p.n_subjects), f"{p.power:.3f} (MC error "
         f"{p.power_se:.3f})", f"{p.power_t:.3f}")
        if p.n_subjects is not None and p.power is not None
        else (str(p.n_baseline), f"{p.change_sd:.3g}", "more than 500", "-", "-")
        for p in plans
    ]  # fmt: skip
    lines = [
        f"Mean change of {difference:g}; SD between nights of one subject "
        f"{variance.within_sd:.3g}, between true changes of subjects {variance.response_sd:.3g}.",
        table([head, *rows]),
        f"Power of the two-sided sign-flip test at 0.05, from {simulations} simulated studies with "
        "normal changes; of t, exact.",
    ]
    if variance.response_sd == 0:
        lines.append(
            "All subjects are taken to change by the same amount: where they do not "
            "(--sd-response), more are needed, and nights do not replace them."
        )
    return "\n".join([*lines, "Add the subjects that you expect to lose."])
