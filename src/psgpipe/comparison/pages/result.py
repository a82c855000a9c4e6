"""A comparison with its pictures."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from psgpipe.errors import UsageError
from psgpipe.messages import did_you_mean, quoted
from psgpipe.model.comparison.contrast import Contrast
from psgpipe.model.comparison.results import Comparison
from psgpipe.model.conversions.html_table import html_table
from psgpipe.model.conversions.rows import Rows

if TYPE_CHECKING:
    import pandas as pd

    from psgpipe.reports.notebook.picture import Picture

FOREST = "forest"


@dataclass(frozen=True, repr=False)
class ComparisonResult(Comparison):
    """A comparison that can be drawn, and whose records become tables.

    ``contrasts``, ``subjects``, ``flow``, ``nights`` and ``reliability`` have ``to_frame()``.
    """

    def __post_init__(self) -> None:
        for name in ("contrasts", "subjects", "flow", "nights", "reliability"):
            object.__setattr__(self, name, Rows(getattr(self, name)))

    def to_frame(self) -> pd.DataFrame:
        """A row for each endpoint: the contrasts."""
        return Rows(self.contrasts).to_frame()

    def plot(self, endpoint: str | None = None) -> Picture:
        """The picture of an endpoint, or of all of them.

        Parameters
        ----------
        endpoint
            Its name; ``forest`` for the standardised differences of all; without it the primary
            endpoint, as in ``estimation.svg``.

        Raises
        ------
        psgpipe.errors.UsageError
            The comparison has no such endpoint, or no numbers of it.
        """
        from psgpipe.comparison.pages.pictures import endpoint_svg, first_svg, forest_svg
        from psgpipe.reports.notebook.picture import Picture

        if endpoint == FOREST:
            svg = forest_svg(self)
        elif endpoint is None:
            svg = first_svg(self)
        else:
            svg = endpoint_svg(self._contrast(endpoint), self)
        if not svg:
            of = "this comparison" if endpoint in (None, FOREST) else quoted(str(endpoint))
            raise UsageError(
                f"plot: no subject has numbers of {of}", "Look at comparison.to_frame()."
            )
        return Picture(svg)

    def _contrast(self, endpoint: str) -> Contrast:
        names = [contrast.endpoint for contrast in self.contrasts]
        if endpoint not in names:
            raise UsageError(
                f"plot: {quoted(str(endpoint))} is no endpoint of this comparison"
                f"{did_you_mean(str(endpoint), [*names, FOREST])}",
                "comparison.to_frame() lists them.",
            )
        return self.contrasts[names.index(endpoint)]

    def _repr_html_(self) -> str:
        from psgpipe.comparison.pages.pictures import first_svg
        from psgpipe.comparison.words.contrast_table import contrast_head, contrast_row, short_table
        from psgpipe.comparison.words.primary_sentence import primary_sentence, title_of

        rows = [contrast_row(contrast) for contrast in short_table(self)]
        title = f"{title_of(self)}: {primary_sentence(self)}"
        return f"{html_table(rows, contrast_head(self), title)}{first_svg(self)}"


def comparison_result(comparison: Comparison) -> ComparisonResult:
    """The comparison with its pictures and tables."""
    return ComparisonResult(**{f.name: getattr(comparison, f.name) for f in fields(Comparison)})
