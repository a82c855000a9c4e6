"""What a file is called and what its channels are called, where that is odd."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

from psgpipe.edf.findings import Notes
from psgpipe.edf.header import Layout
from psgpipe.edf.source import Source
from psgpipe.messages import quoted

_GZIPPED_NAMES = (".gz", ".edfz", ".bdfz", ".recz")


def note_file_name(
    path: str | os.PathLike[str], source: Source, layout: Layout, notes: Notes
) -> None:
    """The bytes decide what a file is; say so where its name says something else."""
    name = Path(os.fsdecode(path)).name.lower()
    named_gzip = name.endswith(_GZIPPED_NAMES)
    if source.gzipped and not named_gzip:
        notes.add("gzip-named-plain", "the file is gzipped, though its name does not say so")
    if named_gzip and not source.gzipped:
        notes.add("plain-named-gzip", "the file is not gzipped, though its name says so")
    stem = name.removesuffix(".gz")
    if layout.is_bdf and stem.endswith((".edf", ".edfz")):
        notes.add("bdf-named-edf", "the file is BDF (24-bit) by its bytes, though named EDF")
    if not layout.is_bdf and stem.endswith((".bdf", ".bdfz")):
        notes.add("edf-named-bdf", "the file is EDF (16-bit) by its bytes, though named BDF")


def note_labels(layout: Layout, notes: Notes) -> None:
    """A label that stands twice cannot be asked for."""
    counts = Counter(s.channel.label for s in layout.ordinary_signals)
    for label, count in counts.items():
        if count > 1:
            message = f"label {quoted(label)} stands {count} times: ambiguous, cannot be used"
            notes.add("label-twice", message, label)
