"""What helps where a derivation cannot be built: a label table, or another reference."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from psgpipe.messages import listed
from psgpipe.model.montage import (
    COMMON,
    EYES,
    LINKED,
    MASTOIDS,
    SCALP,
    Candidates,
    ChannelSource,
    Role,
)
from psgpipe.montage.derivations import derive, unusable_channel

# Where sleep is scored first, then the rest of the head.
BEST_SCALP = ("C4", "C3", "F4", "F3", "Cz", "Fz", "O2", "O1")
MOST_NAMES = 4
LABELS_SHOWN = 6
# What words of a role's labels often begin with, the most telling first.
LOOKS_LIKE: dict[Role, tuple[str, ...]] = {
    "eeg": ("eeg", "pol"),
    "eog": ("eog", "eye", "loc", "roc", "pol"),
    "emg": ("chin", "subm", "ment", "kinn", "emg", "pol"),
}
ARRAYS = "arrays"
OF_LABELS = 'in labels, as a recorder does: labels=["EEG C4-M1", "EOG E1-M2", "EMG chin"]'
OF_FS_HZ = "Correct fs_hz, or give the signals at the rate of the recorder"
OF_RATE = "Give the recording at the rate of the recorder, not a copy at a lower one"
ANOTHER = "List another derivation under [reference] of a pipeline"
OF_NUMBERS = (
    "Give a number for every sample of it: interpolate, or cut the recording there (a filter would "
    "spread one NaN over the whole night)"
)
COST = "12 of 50 epochs of a real recording had another stage that way"


def remedy(
    found: Candidates,
    role: Role,
    sources: Sequence[ChannelSource],
    *,
    container: str = "",
    min_fs_hz: float = 0.0,
) -> str:
    """What to do about a role without a derivation: a label table, another reference, less.

    `container` is that of the header: what arrays tell wrongly is corrected where they are given.
    """
    without = "" if role == "eeg" else ", or take a pipeline that needs none (-p eeg-only)"
    if cure := _by_channel(found, role, sources, container, min_fs_hz):
        return f"{cure}{without}."
    by_reference = _by_reference(found, role, sources, min_fs_hz)
    other = by_reference or ANOTHER
    by_table = _by_label_table(found, role, sources, container, min_fs_hz)
    if by_table and not by_reference:
        other = other[0].lower() + other[1:]
        return f"{by_table}, or {other}{without}."
    return f"{by_table}. {other}{without}." if by_table else f"{other}{without}."


def _by_channel(
    found: Candidates,
    role: Role,
    sources: Sequence[ChannelSource],
    container: str,
    min_fs_hz: float,
) -> str:
    """What would help the first channel that would serve and cannot be used; or nothing."""
    unusable = (unusable_channel(n, sources, min_fs_hz=min_fs_hz) for n in found.wanted[role])
    source = next((s for s in unusable if s), None)
    if source is None:
        return ""
    if source.cure == "numbers":
        return OF_NUMBERS
    if source.cure == "unit":
        unit = f'{json.dumps(source.label, ensure_ascii=False)} = "uV"'
        return (
            f"Say which unit it is under [reference] of a pipeline: declared_units = {{ {unit} }}"
        )
    if source.refused or source.fs_hz is None:
        return ""
    return OF_FS_HZ if container == ARRAYS else f"{OF_RATE}. {ANOTHER}"


def _by_label_table(
    found: Candidates,
    role: Role,
    sources: Sequence[ChannelSource],
    container: str,
    min_fs_hz: float,
) -> str:
    """What a label table should say; nothing where every label was understood and used."""
    table = OF_LABELS if container == ARRAYS else "in a label table (--labels FILE)"
    if any(source.is_numbered for source in sources):
        return f"Name the channels that are C4, M1 and so on {table}"
    unread = [
        source.label
        for source in sorted(sources, key=lambda s: _rank(role, s.label))
        if not source.understood
        and source.refused is None
        and (source.fs_hz or 0.0) > min_fs_hz
        and (_rank(role, source.label) < len(LOOKS_LIKE[role]) or not _is_ecg(source.label))
    ]
    if unread:
        shown = listed(unread, LABELS_SHOWN)
        return f"Not understood: {shown}. Name them {table}"
    is_recorded = any((role, name) in found.reasons for name in found.wanted[role])
    return "" if is_recorded else f"Name the site's channels {table}"


def _rank(role: Role, label: str) -> int:
    """How far down the words of a role stands one that a word of `label` begins with."""
    words = LOOKS_LIKE[role]
    said = re.findall(r"[^\W\d_]+", label.casefold())
    return next((n for n, w in enumerate(words) if any(x.startswith(w) for x in said)), len(words))


def _is_ecg(label: str) -> bool:
    return label.strip().casefold().startswith(("ecg", "ekg"))


def _by_reference(
    found: Candidates, role: Role, sources: Sequence[ChannelSource], min_fs_hz: float
) -> str:
    """The lines of a pipeline that take the channels as recorded, where there is no mastoid."""
    usable = [s for s in sources if s.understood and s.refused is None]
    has_mastoid = any(MASTOIDS & {s.plus, s.minus} for s in usable)
    if role == "emg" or has_mastoid or any(source.is_numbered for source in sources):
        return ""
    roles: tuple[Role, ...] = ("eeg", "eog") if role == "eeg" else ("eog",)
    missing = [each for each in roles if found.wanted.get(each) and not found.of(each)]
    names = {each: _as_recorded(each, usable, min_fs_hz) for each in missing}
    if not names.get(role):
        return ""
    lines = " and ".join(f"{each} = {json.dumps(names[each])}" for each in names if names[each])
    is_linked = all(name.endswith(f"-{LINKED}") for each in names for name in names[each])
    cost = "" if is_linked else f" ({COST})"
    return f"If no mastoid was recorded, write {lines} under [reference] of a pipeline{cost}"


def _as_recorded(role: Role, sources: Sequence[ChannelSource], min_fs_hz: float) -> list[str]:
    """Derivations of a role that can be taken as they were recorded, best first."""
    if role == "eog":
        names = ["horizontal", *(f"{s.plus}-{s.minus}" for s in sources if s.plus in EYES)]
    else:
        scalp = [s for s in sources if s.plus in SCALP]
        scalp.sort(key=lambda s: (*BEST_SCALP, s.plus).index(s.plus))
        names = [f"{s.plus}-{s.minus}" for s in scalp]
    built = [
        name
        for name in dict.fromkeys(names)
        if derive(name.removesuffix(f"-{COMMON}"), role, sources, min_fs_hz=min_fs_hz)
    ]
    return built[:MOST_NAMES]
