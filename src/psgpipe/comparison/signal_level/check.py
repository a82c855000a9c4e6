"""What the spectra of the nights say about a comparison, before anything absolute is believed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from psgpipe.comparison.contrasts import EndpointAnalysis
from psgpipe.comparison.selection import NightSelection
from psgpipe.comparison.signal_level.gain import (
    gain_warnings,
    level_differences,
    without_gain_changes,
    without_gain_verdicts,
)
from psgpipe.comparison.signal_level.unlike_eeg import unlike_eeg_warnings
from psgpipe.model.comparison import Contrast, SubjectChange
from psgpipe.model.comparison_spec import ComparisonSpec


class CheckedResults(NamedTuple):
    """Contrasts and changes without verdicts on absolute power of another gain, and warnings."""

    contrasts: tuple[Contrast, ...]
    changes: tuple[SubjectChange, ...]
    warnings: tuple[str, ...]


def check_signal_level(
    selection: NightSelection,
    analyses: Sequence[EndpointAnalysis],
    results: CheckedResults,
    spec: ComparisonSpec,
    out: Path,
) -> CheckedResults:
    """The results after the gain check, with the warnings on nights unlike the baseline."""
    levels, factor = level_differences(selection), spec.gain_factor
    return CheckedResults(
        without_gain_verdicts(results.contrasts, analyses, levels, factor),
        tuple(without_gain_changes(results.changes, levels, factor)),
        (*gain_warnings(levels, factor), *unlike_eeg_warnings(selection, out)),
    )
