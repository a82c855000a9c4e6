"""Subject and night of a recording, from options and from its file name."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any

from psgpipe.errors import UsageError
from psgpipe.messages import likely_word, quoted, without_controls
from psgpipe.model.ids import composed, one_spelling
from psgpipe.model.night import Night
from psgpipe.sleep.given_lights import read_time
from psgpipe.sleep.local_clock import read_zone

_BIDS = re.compile(r"(?:^|_)(sub|ses|run)-([A-Za-z0-9]+)")
_SUFFIXES = (".edf", ".bdf", ".rec", ".edfz", ".gz")


def night_from(
    path: Path, *, subject: str | None = None, night: str | None = None, **known: Any
) -> Night:
    """A night; the recording's file name gives subject and night where no option does.

    ``sub-01_ses-base1_task-sleep_eeg.edf`` is subject ``01``, night ``base1``. Any other name is
    the subject, and the night is ``1``.
    """
    named_subject, named_night = ids_from_name(path.name)
    for option, word in (
        ("subject", subject), ("night", night), ("condition", known.get("condition")),
    ):  # fmt: skip
        _require_printable(option, word)
    age_y, sex = known.get("age_y"), known.get("sex")
    if age_y is not None and not 0 < age_y < 120:
        raise UsageError(f"age is {age_y:g}, wanted years between 0 and 120", "Correct --age.")
    if sex not in (None, "F", "M"):
        raise UsageError(f"sex is {sex!r}, wanted F or M", "Correct --sex, or leave it out.")
    _refuse_misspelt(known.get("condition"))
    _require_date(known.get("dose_end"))
    if known.get("timezone") is not None:
        read_zone(known["timezone"])
    return Night(composed(subject or named_subject), composed(night or named_night), **known)


def _require_printable(option: str, word: str | None) -> None:
    """Refuse control characters, as in a study table."""
    if word is not None and (without_controls(word) != word or "\n" in word or "\t" in word):
        raise UsageError(
            f"{option} is {quoted(word)}, wanted printable characters", f"Correct --{option}."
        )


def _refuse_misspelt(condition: str | None) -> None:
    """Refuse a word that looks like one of the usual conditions, as a study table does."""
    if not condition:
        return
    # It imports what reads tables; a night without a condition does without.
    from psgpipe.tables.columns import CONDITIONS

    word = one_spelling(condition)
    likely = None if word in CONDITIONS else likely_word(word, CONDITIONS)
    if likely:
        raise UsageError(
            f"condition is {quoted(word)}, wanted {likely!r}, perhaps", "Correct --condition."
        )


def _require_date(dose_end: str | None) -> None:
    """Refuse a time of day without a date: a dose may have ended days before."""
    if dose_end is not None and not isinstance(read_time(dose_end), dt.datetime):
        raise UsageError(
            f"dose end is {dose_end!r}, wanted a local date and time such as 2024-03-01T10:15",
            "Correct --dose-end.",
        )


def ids_from_name(name: str) -> tuple[str, str]:
    """Subject and night according to a recording's file name."""
    stem = composed(stem_of(name))
    if without_controls(stem) != stem or "\n" in stem or "\t" in stem:
        stem = " ".join(without_controls(stem).split()) or "unnamed"
    parts = dict(_BIDS.findall(stem))
    if "sub" in parts:
        return parts["sub"], parts.get("ses") or parts.get("run") or "1"
    return stem, "1"


def stem_of(name: str) -> str:
    """A recording's file name without its suffixes: ``night07`` for ``night07.edf.gz``."""
    while Path(name).suffix.lower() in _SUFFIXES:
        name = name[: -len(Path(name).suffix)]
    return name
