"""The page of a night: ``report.html``."""

from __future__ import annotations

from typing import Any

import numpy as np

from psgpipe.model.hypnogram import SCORED
from psgpipe.model.night import StagedNight
from psgpipe.model.summary import QualityFlag
from psgpipe.reports import night_words as words
from psgpipe.reports.colours import CONVENTIONAL_ORDER
from psgpipe.reports.night_facts import choices, derivation_rows, night_flags, provenance_facts
from psgpipe.reports.night_measures import (
    NightValues,
    measure_groups,
    measure_table,
    quarter_rows,
)
from psgpipe.reports.page import page

PAGE = "report.html"


def night_page(staged: StagedNight, figure: str, *, has_spectrogram: bool) -> bytes:
    """The page as bytes; equal input, equal bytes.

    Parameters
    ----------
    figure
        The picture as an SVG element, as :func:`psgpipe.reports.night_picture.night_picture`
        makes it.
    """
    from markupsafe import Markup

    return page(
        "night.html",
        words.night_title(staged.night),
        script="night.js",
        recorded=words.recorded_from(staged),
        derivations=words.derivation_names(staged),
        whose_stages=words.whose_stages(staged),
        doubts=words.doubts(staged.quality.flags),
        notes=_notes(staged),
        key_numbers=words.key_numbers(staged),
        absent=words.absent_key_numbers(staged),
        has_spectrogram=has_spectrogram,
        figure=Markup(figure),  # noqa: S704  # its own template escaped every text
        groups=measure_groups(staged),
        quarters=quarter_rows(staged),
        reasons=NightValues.of(staged).reasons,
        quarters_title=measure_table()["quarters"]["title"],
        derivation_rows=derivation_rows(staged.quality),
        night_flags=night_flags(staged.quality),
        unstaged=words.unstaged_words(staged.hypnogram),
        choices=choices(staged),
        not_scored=measure_table()["not_scored"],
        provenance=provenance_facts(staged),
        epochs=_epochs(staged),
    )


def _notes(staged: StagedNight) -> list[str]:
    """The warnings that are no doubt of the quality check."""
    said = {_warning(flag) for flag in staged.quality.flags if flag.effect != "none"}
    return [warning for warning in staged.provenance["warnings"] if warning not in said]


def _warning(flag: QualityFlag) -> str:
    """A flag as the manifest's warnings say it."""
    return f"{flag.code}: {flag.message}"


def _epochs(staged: StagedNight) -> dict[str, Any]:
    """What the page's script says about each epoch: clock, stage, probabilities in percent."""
    columns = [SCORED.index(stage) for stage in CONVENTIONAL_ORDER]
    percent = np.round(100 * np.nan_to_num(staged.hypnodensity.probabilities[:, columns]))
    clock, beside = words.clock_of(staged), words.beside(staged)
    return {
        "names": [str(stage) for stage in CONVENTIONAL_ORDER],
        "clock": [clock.clock_at(30.0 * epoch) or "" for epoch in range(len(staged.hypnogram))],
        "stage": [str(stage) for stage in staged.hypnogram.stages],
        "percent": percent.astype(int).tolist(),
        "whose": beside and beside.whose,
        "beside": beside and [str(stage) for stage in beside.hypnogram.stages],
    }
