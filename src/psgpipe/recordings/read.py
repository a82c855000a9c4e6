"""The reading of a recording: EDF and BDF by psgpipe, other formats by MNE where that is asked."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from psgpipe.edf import reader as edf_reader
from psgpipe.edf.reader import PathLike
from psgpipe.errors import (
    ChannelMissing,
    HeaderInvalid,
    NoData,
    ReadFailed,
    RecordingUnreadable,
    UnsafeFile,
    UsageError,
)
from psgpipe.files.regular import file_name
from psgpipe.keywords import called_from_python
from psgpipe.messages import listed, quoted, safe_text
from psgpipe.model.recording import Recording
from psgpipe.montage.channel_labels import kind_of, understand
from psgpipe.recordings.from_arrays import require_known_labels
from psgpipe.recordings.from_mne import from_raw

if TYPE_CHECKING:
    import mne.io

Reader = Literal["edf", "mne"]
READERS = ("edf", "mne")
MNE_SUFFIXES = (
    ".vhdr", ".eeg", ".vmrk", ".ahdr", ".fif", ".set", ".fdt", ".cnt", ".gdf", ".mff", ".egi",
    ".raw", ".lay", ".nedf", ".mefd", ".xdf", ".mat",
)  # fmt: skip
"""Ends of names of formats with EEG that MNE or its add-ons read."""


@called_from_python
def read_recording(
    path: PathLike,
    labels: Sequence[str] | None = None,
    *,
    units: Mapping[str, str] | None = None,
    reader: Reader = "edf",
) -> Recording:
    """Samples of the wanted channels in microvolt, at their own rate, unmodified.

    Parameters
    ----------
    path
        An EDF or BDF file, plain or gzipped; with ``reader="mne"`` any file that MNE reads.
    labels
        Channels as the file labels them; None means every channel that is a voltage.
    units
        Unit of channels whose unit is blank or unknown, by label, e.g. ``{"C4": "uV"}``.
    reader
        ``mne`` reads the file with MNE, which gives all channels one rate.

    Returns
    -------
    Recording
        ``signals_uv`` has shape (n_labels, n_samples); ``kinds`` are those that the labels name.

    Raises
    ------
    psgpipe.errors.RecordingUnreadable
        The file cannot be read; the remedy names ``reader="mne"`` where MNE may read it.
    psgpipe.errors.RecordingUnsuitable
        ``ChannelMissing`` (absent, or the label stands twice), ``UnitUnknown``, ``ScaleInvalid``
        or ``RatesDiffer``.
    """
    if checked_reader(reader) == "mne":
        if units:
            raise UsageError("units are read by MNE with this reader", "Leave out units.")
        return _with_mne(path, labels)
    if units is not None and not isinstance(units, Mapping):
        raise UsageError(
            f"units: the unit of each channel was wanted, found {safe_text(repr(units))}",
            'Write units={"EEG C4-M1": "uV"}; it counts where the file states no unit.',
        )
    try:
        if units:
            require_known_labels(units, edf_reader.read_header(path).labels)
        return edf_reader.read_recording(path, labels, units=units)
    except (HeaderInvalid, NoData) as error:
        raise with_mne_named(error, path) from error


def checked_reader(reader: str) -> str:
    """The reader; an unknown word is refused."""
    if reader not in READERS:
        raise UsageError(
            f"reader is {safe_text(repr(reader))}, wanted 'edf' or 'mne'", "Correct reader."
        )
    return reader


def with_mne_named(error: RecordingUnreadable, path: PathLike) -> RecordingUnreadable:
    """The error with the sentence that says how MNE reads the file, where it may."""
    suffix = Path(path).suffix.lower()
    if suffix not in MNE_SUFFIXES:
        return error
    return type(error)(
        error.problem,
        f'psgpipe reads EDF and BDF. MNE may read {quoted(suffix)}: add reader="mne".',
    )


def read_raw(path: PathLike) -> mne.io.BaseRaw:
    """The file as MNE reads it; no sample is read.

    Raises
    ------
    psgpipe.errors.ReadFailed
        MNE cannot read it.
    """
    import mne

    name = file_name(path)
    if not Path(path).exists():
        raise UnsafeFile(f"{name}: there is no such file", "Correct the path.")
    try:
        return mne.io.read_raw(os.fspath(path), preload=False, verbose="error")
    except Exception as error:  # a reader of MNE may fail in any way
        # MNE's own words may hold text of the header.
        raise ReadFailed(
            f"{name}: MNE cannot read it ({type(error).__name__})",
            "Give the header file (.vhdr, .fif, .set), with its other files beside it.",
        ) from error


def _with_mne(path: PathLike, labels: Sequence[str] | None) -> Recording:
    given = from_raw(read_raw(path))
    channels = given.header.channels
    usable = [c.label for c in channels if c.uv_per_unit and c.problem is None]
    if isinstance(labels, str):
        raise UsageError("a list of channel labels was wanted", 'Write ["EEG C4-M1"], or None.')
    wanted = usable if labels is None else list(labels)
    absent = next((label for label in wanted if label not in usable), None)
    if absent is not None or not wanted:
        problem = next((c.problem for c in channels if c.label == absent and c.problem), None)
        reason = problem.message if problem else (
            f"{quoted(absent or '')} is not among its channels of voltage: {listed(usable)}"
        )  # fmt: skip
        raise ChannelMissing(f"{given.header.file}: {reason}", "Ask for a label of the file.")
    (digital,) = given.read(wanted)
    kinds = {s.label: kind_of(s) for s in understand(channels)}
    return replace(digital.to_recording(), kinds=tuple(kinds[label] for label in wanted))
