"""What the spectra of the nights say about a comparison, before anything absolute is believed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from psgpipe.comparison.endpoints.analysis import EndpointAnalysis
from psgpipe.comparison.nights.selection import NightSelection
from psgpipe.comparison.signal_level.event_thresholds import (
    threshold_warnings,
    unlike_thresholds,
    without_threshold_changes,
    without_threshold_verdicts,
)
from psgpipe.comparison.signal_level.gain import (
    gain_warnings,
    level_differences,
    without_gain_changes,
    without_gain_verdicts,
)
from psgpipe.comparison.signal_level.unlike_eeg import unlike_eeg_warnings
from psgpipe.model.comparison.contrast import Contrast
from psgpipe.model.comparison.results import SubjectChange
from psgpipe.model.comparison.spec import ComparisonSpec


class CheckedResults(NamedTuple):
    """Contrasts and changes without verdicts on what another gain or threshold moves; warnings."""

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
    """The results after the checks of gain and thresholds, with their warnings.

    The warnings also name nights whose EEG is unlike the baseline.
    """
    levels, factor = level_differences(selection), spec.gain_factor
    unlike = unlike_thresholds(selection, out)
    contrasts = without_gain_verdicts(results.contrasts, analyses, levels, factor)
    changes = without_gain_changes(results.changes, levels, factor)
    return CheckedResults(
        without_threshold_verdicts(contrasts, analyses, unlike),
        tuple(without_threshold_changes(changes, unlike)),
        (
            *gain_warnings(levels, factor),
            *threshold_warnings(unlike),
            *unlike_eeg_warnings(selection, out),
        ),
    )
