"""The check of an assumed length of epochs against the length of the recording."""

from __future__ import annotations

from psgpipe.errors import ScoringInvalid
from psgpipe.messages import count_of
from psgpipe.model.hypnogram import EPOCH_S
from psgpipe.model.scoring import Scoring
from psgpipe.scorings.tables.table_rows import NO_EPOCH_LENGTH

OTHER_LENGTHS_S = (5.0, 6.0, 10.0, 15.0, 20.0, 60.0)
MOST_BEYOND = 1.1
LEAST_EPOCHS = 20


def refuse_wrong_length(scoring: Scoring, span_s: float) -> None:
    """Refuse epochs of an assumed 30 s that do not fit the recording.

    Raises
    ------
    psgpipe.errors.ScoringInvalid
        The epochs fill the recording with another length, or last over 10 % longer than it.
    """
    if NO_EPOCH_LENGTH not in scoring.findings or scoring.start_clock is not None:
        return
    n_epochs = round(max(stage.onset_s for stage in scoring.stages) / EPOCH_S) + 1
    if n_epochs < LEAST_EPOCHS or abs(n_epochs * EPOCH_S - span_s) < EPOCH_S:
        return
    fitting = [s for s in OTHER_LENGTHS_S if abs(n_epochs * s - span_s) < s]
    if not fitting and n_epochs * EPOCH_S <= MOST_BEYOND * span_s:
        return
    fit = f"; they fit it with {fitting[0]:g} s" if fitting else ""
    raise ScoringInvalid(
        f"{scoring.file}: {count_of(n_epochs, 'epoch')} of 30 s: {n_epochs / 2:g} min, the "
        f"recording lasts {span_s / 60:.1f} min{fit}",
        "Give the scoring of this recording, or a table with columns onset, duration and stage.",
    )
