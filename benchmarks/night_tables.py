"""Nights as rows of a ``nights.tsv``, for the benchmarks that compare them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from psgpipe.model.comparison.contrast import Contrast
from psgpipe.model.comparison.results import Comparison
from psgpipe.model.night import StagedNight
from psgpipe.model.summary import ArchitectureSummary


def staged_row(staged: StagedNight, **identity: str) -> dict[str, object]:
    """A night by psgpipe: identity, recipe, every endpoint."""
    engine = staged.provenance["engine"]
    made = {
        "stager": f"{engine['stager']} {engine['versions'].get(engine['stager'], '')}".strip(),
        "classifier": engine["classifier"],
        "derivations": ", ".join(d["name"] for d in staged.provenance["derivations"]),
        "lights_source": staged.lights.source,
    }
    return {**identity, **made, **endpoints(staged.summary)}


def endpoints(summary: ArchitectureSummary) -> dict[str, object]:
    """The endpoints that are present in a night."""
    return {name: value for name, value in summary.endpoints().items() if value is not None}


def write_nights(path: Path, rows: Sequence[Mapping[str, object]]) -> Path:
    """Write rows as a table; missing cells are blank."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    lines = [columns, *([str(row.get(name, "")) for name in columns] for row in rows)]
    path.write_text("".join("\t".join(line) + "\n" for line in lines), encoding="utf-8")
    return path


def contrast_of(comparison: Comparison, endpoint: str) -> Contrast:
    """The row of one endpoint."""
    return next(c for c in comparison.contrasts if c.endpoint == endpoint)


def with_interval(contrast: Contrast) -> str:
    """``-4.2 [-5.9, -2.5]``; blank brackets without an interval."""
    if contrast.difference is None:
        return "-"
    if contrast.ci_low is None or contrast.ci_high is None:
        return f"{contrast.difference:+.2f}"
    return f"{contrast.difference:+.2f} [{contrast.ci_low:+.2f}, {contrast.ci_high:+.2f}]"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
