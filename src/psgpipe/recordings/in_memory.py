"""A recording in memory, whatever it is: an ``mne.io.Raw``, a Recording, or arrays."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psgpipe.errors import UsageError
from psgpipe.messages import listed
from psgpipe.model.recording import Recording
from psgpipe.model.sampled_signal import ALL_HZ
from psgpipe.recordings.from_arrays import NAME, from_arrays
from psgpipe.recordings.from_mne import from_raw, is_raw
from psgpipe.recordings.given_recording import GivenRecording
from psgpipe.recordings.given_start import given_start


@dataclass(frozen=True)
class ArrayFacts:
    """What arrays do not tell about themselves; None where it was not given."""

    fs_hz: Any = None
    labels: Any = None
    start: Any = None
    units: str | Mapping[str, str] | None = None

    def refuse_for_file(self) -> None:
        """Refuse facts about a file, which tells them itself."""
        self._refuse(("fs_hz", "labels", "start", "units"), "a file")

    def refuse_for_object(self, what: str) -> None:
        """Refuse facts that an object tells itself; its start may be corrected."""
        self._refuse(("fs_hz", "labels", "units"), what)

    def _refuse(self, names: Sequence[str], what: str) -> None:
        given = [name for name in names if getattr(self, name) is not None]
        if given:
            raise UsageError(
                f"{listed(given)}: given for {what}, which tells that itself", "Leave it out."
            )


def given_recording(source: Any, facts: ArrayFacts) -> GivenRecording:
    """The recording in `source`.

    Raises
    ------
    psgpipe.errors.UsageError
        `source` is nothing that psgpipe takes, or `facts` do not fit it.
    """
    if is_raw(source):
        facts.refuse_for_object("an mne.io.Raw")
        return from_raw(source, None if facts.start is None else given_start(facts.start))
    if isinstance(source, Recording):
        facts.refuse_for_object("a Recording")
        return _from_recording(source, facts.start)
    if isinstance(source, bytes | os.PathLike | Mapping | bool | int | float):
        raise UsageError(
            f"a recording was wanted, found {type(source).__name__}",
            "Give the path of a file, an mne.io.Raw, a Recording, or signals_uv.",
        )
    return from_arrays(
        source, fs_hz=facts.fs_hz, labels=facts.labels, start=facts.start,
        units=facts.units or "uV",
    )  # fmt: skip


def _from_recording(recording: Recording, start: Any) -> GivenRecording:
    if recording.band_hz != ALL_HZ:
        raise UsageError(
            "a recording as it was recorded was wanted, found one that psgpipe has filtered",
            "Give the recording before the filter: the steps of the pipeline filter it.",
        )
    known = recording.start if recording.start is not None else recording.start_clock
    return from_arrays(
        recording.signals_uv,
        fs_hz=recording.fs_hz,
        labels=recording.derivations,
        start=known if start is None else start,
        annotations=recording.annotations,
        segments=recording.segments,
        name=recording.file or NAME,
        container="Recording",
        findings=recording.findings,
    )
