"""Conversion of a hypnogram to YASA."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psgpipe.errors import StagerUnavailable
from psgpipe.matplotlib_import import import_matplotlib

if TYPE_CHECKING:
    import yasa

    from psgpipe.model.hypnogram import Hypnogram


YASA_NAMES = {
    "W": "WAKE",
    "N1": "N1",
    "N2": "N2",
    "N3": "N3",
    "R": "REM",
    "ART": "ART",
    "UNS": "UNS",
}
"""yasa's name of each :class:`~psgpipe.model.hypnogram.SleepStage`."""


def import_yasa() -> Any:
    """The package yasa, imported when first needed."""
    try:
        import_matplotlib()  # yasa imports it, and must not fail on the user's settings for it
        import yasa
    except ImportError as error:
        raise StagerUnavailable(
            f"yasa cannot be imported: {error}", "Install psgpipe again, with its dependencies."
        ) from error
    return yasa


def to_yasa_hypnogram(hypnogram: Hypnogram) -> yasa.Hypnogram:
    """The same stages, epoch by epoch, as :class:`yasa.Hypnogram`."""
    import pandas as pd

    return import_yasa().Hypnogram(
        values=[YASA_NAMES[stage] for stage in hypnogram.stages],
        n_stages=5,
        freq="30s",
        start=None if hypnogram.start is None else pd.Timestamp(hypnogram.start),
    )
