"""``psgpipe compare``: treatment against baseline."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from psgpipe.cli.options import FILE, LOGGER, Command, log_to_stderr, output_options, print_json
from psgpipe.cli.printing import printable
from psgpipe.comparison.compare import compare
from psgpipe.comparison.comparison_json import comparison_dict
from psgpipe.comparison.output_files import write_comparison
from psgpipe.errors import UsageError
from psgpipe.model.comparison.measured_night import MeasuredBy
from psgpipe.model.comparison.spec import ComparisonSpec
from psgpipe.results.study_file import STUDY


@click.command(name="compare", cls=Command)
@click.argument("source", type=FILE, required=False, metavar="OUT|NIGHTS.tsv")
@click.option(
    "-p", "--spec", "--pipeline", "spec", metavar="FILE|NAME",
    help="The comparison spec: endpoints and tests, declared before you see results.",
)  # fmt: skip
@click.option(
    "--baseline", multiple=True, metavar="WORD",
    help="Condition of the baseline nights, in the words of your table. Default: baseline.",
)  # fmt: skip
@click.option(
    "--treatment",
    multiple=True,
    metavar="WORD",
    help="Condition of the treatment nights. Default: treatment.",
)
@click.option(
    "--treatment-arm",
    multiple=True,
    metavar="WORD",
    help="Two arms: the arm with the treatment (column arm).",
)
@click.option(
    "--control-arm", multiple=True, metavar="WORD", help="Two arms: the arm to compare it with."
)
@click.option(
    "--primary",
    metavar="ENDPOINT",
    help="The endpoint that decides, such as rem_pct, if you give no spec.",
)
@click.option(
    "-o", "--out", type=FILE, metavar="DIR",
    help="Results go to DIR/comparison/. Default: OUT, or the folder of the table.",
)  # fmt: skip
@click.option(
    "--allow-unlike",
    multiple=True,
    metavar="FIELD",
    help="Compare nights of a subject although they were processed with another FIELD, such as "
    "derivations; may be repeated.",
)
@click.option(
    "--exploratory",
    is_flag=True,
    help="Accept a spec that was edited after its lock; every table says so.",
)
@click.option("--no-figures", is_flag=True, help="Write no page and no pictures.")
@click.option(
    "--lock",
    type=FILE,
    metavar="SPEC",
    help="Record the spec and the time before you see any result; compares nothing.",
)
@click.option(
    "--stages", type=click.Choice(["auto", "expert"]), metavar="auto|expert",
    help="expert: take the nights as a person scored them. Default: as they were staged.",
)  # fmt: skip
@click.option(
    "--source", "measured_by", type=click.Choice(["psg", "diary", "actigraphy"]), default="psg",
    show_default=True, metavar="psg|diary|actigraphy",
    help="The nights of the polysomnography, or of a diary or actigraphy (run psgpipe concord "
    "first).",
)  # fmt: skip
@click.option(
    "--agreement", type=FILE, metavar="FILE",
    help="agreement.json of psgpipe agree: is the difference larger than the stager's error?",
)  # fmt: skip
@output_options
def command(
    source: Path | None, spec: str | None, baseline: tuple[str, ...], treatment: tuple[str, ...],
    treatment_arm: tuple[str, ...], control_arm: tuple[str, ...], primary: str | None,
    out: Path | None, allow_unlike: tuple[str, ...],
    exploratory: bool, stages: Literal["auto", "expert"] | None, measured_by: MeasuredBy,
    no_figures: bool,
    lock: Path | None, agreement: Path | None,
    verbose: bool, quiet: bool, as_json: bool,
) -> None:  # fmt: skip
    """Compare treatment nights with baseline nights, subject by subject; or two arms.

    OUT is a folder that psgpipe wrote; NIGHTS.tsv is any table with the columns subject, night,
    condition and endpoints. Results go to comparison/ in OUT or beside the table.
    """
    log_to_stderr(verbose=verbose, quiet=quiet)
    if lock is not None:
        _lock(lock, source, quiet=quiet, as_json=as_json)
        return
    if source is None:
        raise UsageError(
            "wanted a folder or a table of nights, found none", "Name OUT or NIGHTS.tsv."
        )
    arms = {"treatment": treatment_arm, "control": control_arm}
    by_options = bool(primary or baseline or treatment or treatment_arm or control_arm)
    if spec is not None and by_options:
        raise UsageError(
            "--spec declares the analysis; --primary, --baseline, --treatment, --treatment-arm and "
            "--control-arm do so without one",
            "Write them into the spec, or leave out --spec.",
        )
    declared: str | ComparisonSpec | None = spec
    lines = ""
    if by_options:
        from psgpipe.comparison.spec import parse_spec, spec_lines

        lines = spec_lines(primary, baseline, treatment, arms)
        declared = parse_spec(lines.encode(), "the options")
    comparison = compare(
        source,
        declared,
        allow_unlike=allow_unlike,
        exploratory=exploratory,
        stages=stages,
        agreement=agreement,
        measured_by=measured_by,
    )
    out = out or (source if source.is_dir() else source.parent)
    folder = write_comparison(comparison, out, pages=not no_figures)
    if (out / STUDY).is_file() and (out / "report.html").is_file():
        # An older page of the study has no link to this comparison, or one to a page that is gone.
        from psgpipe.study.pages import write_study_page

        write_study_page(out)
    if as_json:
        print_json(comparison_dict(comparison))
    elif not quiet:
        from psgpipe.cli.text.compare_text import comparison_text

        click.echo(comparison_text(comparison))
        if lines:
            heading = "The same as a spec file, to lock before the next results:"
            click.echo(printable(f"\n{heading}\n{lines}"))
    page = "" if no_figures else "report.html, "
    files = f"{page}comparison.md, contrasts.tsv, subjects.tsv, reliability.tsv, comparison.json"
    LOGGER.info(f"{folder}: {files}")


def _lock(spec: Path, source: Path | None, *, quiet: bool, as_json: bool) -> None:
    if source is not None:
        raise UsageError(
            "--lock declares an analysis before there are results to compare",
            "Lock the spec alone; then compare with --spec.",
        )
    from psgpipe.comparison.spec_lock import lock_spec

    locked = lock_spec(spec)
    if as_json:
        print_json(locked)
    elif not quiet:
        locked_at, sha256 = locked["locked_at"], locked["sha256"]
        click.echo(printable(f"{spec.name} locked {locked_at}, sha256 {sha256}"))
