"""A comparison from Python, with its tables and pictures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Literal

from psgpipe.comparison import compare as comparison_module
from psgpipe.comparison.pages.result import ComparisonResult, comparison_result
from psgpipe.keywords import called_from_python
from psgpipe.model.comparison.measured_night import MeasuredBy
from psgpipe.model.comparison.spec import ComparisonSpec
from psgpipe.python_words import in_python_words


@called_from_python
def compare(
    source: str | Path,
    spec: str | Path | ComparisonSpec | None = None,
    *,
    allow_unlike: str | Iterable[str] = (),
    exploratory: bool = False,
    stages: Literal["auto", "expert"] | None = None,
    measured_by: MeasuredBy = "psg",
) -> ComparisonResult:
    """Compare each subject's treatment nights with its baseline nights; nothing is written.

    With arms, compare the treatment arm with the control arm, each at the same baseline.

    Parameters
    ----------
    source
        A folder that psgpipe wrote, or any table with columns ``subject night condition`` and
        endpoints.
    spec
        A TOML file, the name of a shipped spec, or a `ComparisonSpec`; without it
        every endpoint is exploratory.
    allow_unlike
        Fields of the recipe that may differ within a subject:
        `psgpipe.model.comparison.measured_night.RECIPE_FIELDS`.
    exploratory
        Accept a spec that was edited after it was locked; every table then says so.
    stages
        ``expert`` takes the stages of the scorings that were given with the nights. Without it the
        nights count as they were run.
    measured_by
        The source of the nights: ``diary`` or ``actigraphy`` take those that ``psgpipe concord``
        wrote. Sources are never pooled.

    Raises
    ------
    psgpipe.errors.StudyTableInvalid
        The table is wrong; every mistake is listed.
    psgpipe.errors.ComparisonSpecInvalid
        The spec is wrong or names an absent endpoint.
    psgpipe.errors.NightsNotComparable
        A condition is missing, no subject has nights in both, the nights of most subjects were
        made by different recipes, or the study is still blinded.
    psgpipe.errors.SpecChanged
        The spec was edited after it was locked.
    """
    comparison = comparison_module.compare(
        source,
        spec,
        allow_unlike=(allow_unlike,) if isinstance(allow_unlike, str) else allow_unlike,
        exploratory=exploratory,
        stages=stages,
        measured_by=measured_by,
    )
    return with_python_words(comparison_result(comparison))


def with_python_words(comparison: ComparisonResult) -> ComparisonResult:
    """The comparison with warnings that say what to pass, not what to type."""
    return replace(comparison, warnings=tuple(map(in_python_words, comparison.warnings)))
