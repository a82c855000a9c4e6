"""Pages of comparisons that are older than the table of nights: they say so."""

from __future__ import annotations

from pathlib import Path

from psgpipe.reports.study.comparisons import comparisons_in


def mark_older_comparisons(out: Path) -> None:
    """Write the page of each comparison in `out` that is older than its table again."""
    for held in comparisons_in(out):
        if held.is_older and held.page:
            # Where nothing has changed, none of this is needed.
            from psgpipe.comparison.pages.comparison_page import write_comparison_page
            from psgpipe.comparison.pages.read_comparison import read_comparison

            comparison = read_comparison(out / held.folder)
            if comparison is not None:
                write_comparison_page(comparison, out)
