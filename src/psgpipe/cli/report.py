"""The command ``psgpipe report``: the pages of nights, study and comparison."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import click

from psgpipe.cli.options import FILE, LOGGER, Command, log_to_stderr, output_options, print_json
from psgpipe.cli.printing import printable
from psgpipe.comparison.pages.comparison_page import write_comparison_page
from psgpipe.comparison.pages.read_comparison import read_comparison
from psgpipe.messages import count_of, have
from psgpipe.reports.study.comparisons import comparisons_in
from psgpipe.results.replace_folder import COMPARISON as FOLDER
from psgpipe.results.replace_folder import remove_abandoned
from psgpipe.results.status import require_results
from psgpipe.study.pages import is_blinded_now, write_night_pages, write_study_page


@click.command(name="report", cls=Command)
@click.argument("out", type=FILE)
@click.option("--open", "open_page", is_flag=True, help="Open the page of the study in a browser.")
@output_options
def command(out: Path, open_page: bool, verbose: bool, quiet: bool, as_json: bool) -> None:
    """Write the pages of OUT: its finished nights, the study and the comparison.

    Nothing is staged. A night keeps the page that it has. The page of a night that was staged
    without one has no spectrogram: the files of a night do not hold the signal.
    """
    log_to_stderr(verbose=verbose, quiet=quiet)
    require_results(out)
    remove_abandoned(out)
    try:
        nights: Counter[str] = Counter(state for _, state in write_night_pages(out))
    finally:
        remove_abandoned(out)
    linked = {held.page for held in comparisons_in(out)}
    study = write_study_page(out)
    comparisons, why_none = _comparison_pages(out)
    if linked != {held.page for held in comparisons_in(out)}:
        study = write_study_page(out)  # now with a link to each comparison
    comparison = comparisons.get(FOLDER)
    if as_json:
        pages = {"study": str(study), "comparison": str(comparison) if comparison else None}
        print_json({**pages, "nights": {s: nights[s] for s in ("there", "written", "unreadable")}})
    elif not quiet:
        for line in _lines(nights, comparisons.values(), why_none):
            click.echo(printable(line))
        click.echo(printable(f"The page of the study: {study}"))
    if open_page:
        _open(study)


def _comparison_pages(out: Path) -> tuple[dict[str, Path], list[str]]:
    """The page of each comparison by its folder, and why there is none of another."""
    if is_blinded_now(out):
        return {}, ["No page of a comparison: the study is blinded."]
    folders = [held.folder for held in comparisons_in(out)]
    if not folders:
        return {}, ["No page of a comparison: psgpipe compare makes one."]
    pages: dict[str, Path] = {}
    why_none = []
    for folder in folders:
        comparison = read_comparison(out / folder)
        if comparison is None:
            why_none.append(
                f"No page of a comparison: psgpipe cannot read {folder}/comparison.json, or an "
                "earlier version wrote it. Run psgpipe compare again."
            )
        else:
            pages[folder] = write_comparison_page(comparison, out)
    return pages, why_none


def _lines(nights: Counter[str], comparisons: Iterable[Path], why_none: Iterable[str]) -> list[str]:
    """What was written, for a person to read; the page of the study comes last."""
    n_written, n_there, n_unreadable = (nights[s] for s in ("written", "there", "unreadable"))
    lines = []
    if n_written:
        lines.append(f"{count_of(n_written, 'page')} of nights written, without spectrogram.")
    if n_there:
        lines.append(f"{count_of(n_there, 'night')} {have(n_there)} a page already.")
    if n_unreadable:
        lines.append(
            f"! {count_of(n_unreadable, 'night')} {have(n_unreadable)} damaged files and no new "
            "page; psgpipe verify names them."
        )
    return [*lines, *(f"The page of the comparison: {page}" for page in comparisons), *why_none]


def _open(page: Path) -> None:
    import webbrowser

    if not webbrowser.open(page.resolve().as_uri()):
        LOGGER.info("! no browser could be started; open the page yourself")
