"""The meaning of channel labels: electrodes, kinds and standard names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from psgpipe.model.header import Channel
from psgpipe.model.montage import (
    BIPOLAR,
    CHIN,
    COMMON,
    ELECTRODES,
    EYES,
    ChannelSource,
    Cure,
    LabelTable,
)
from psgpipe.montage.electrode_numbers import electrode_numbers
from psgpipe.montage.emg_numbers import emg_table
from psgpipe.montage.label_form import Meaning, has_other_kind, read_label
from psgpipe.montage.label_table import fold, shipped_tables

_SAID_KIND = re.compile(r"eeg|eog|emg|ecg|ekg")


def tables_for(
    labels: Iterable[str], user_table: LabelTable | None = None
) -> tuple[LabelTable, ...]:
    """The label tables that apply to a file with these `labels`, most specific first.

    The user's own table, then every shipped table whose signature is found, then the generic one.
    """
    folded = frozenset(map(fold, labels))
    matched = (
        table
        for table in shipped_tables()
        if not table.signatures or any(s.found_in(folded) for s in table.signatures)
    )
    return (*([user_table] if user_table else []), *(t for t in matched if t is not user_table))


def understand(
    channels: Sequence[Channel],
    user_table: LabelTable | None = None,
    declared_units: Mapping[str, str] | None = None,
) -> tuple[ChannelSource, ...]:
    """What each channel of a file measures, in file order.

    `declared_units` has the unit, by label, of channels whose header leaves it blank.
    """
    labels = [channel.label for channel in channels]
    tables = tables_for(labels, user_table)
    numbers = electrode_numbers(channels)
    if numbers:
        tables = tuple(t if t is user_table else numbers.without(t) for t in tables)
    meanings = {label: read_label(label, tables, numbers) for label in labels}
    potentials = [c.label for c in channels if c.uv_per_unit is not None or not c.unit]
    emg = emg_table({label: meanings[label] for label in potentials})
    if emg:
        tables = (*tables[:-1], emg, tables[-1])
        meanings = {label: read_label(label, tables, numbers) for label in labels}
    meanings = _without_doubles(meanings)
    times = Counter(map(fold, labels))
    sources = []
    for channel in channels:
        meaning = meanings[channel.label]
        is_numbered = meaning is None and bool(numbers and numbers.covers(fold(channel.label)))
        refusal, cure = _refusal(channel, times, declared_units or {})
        sources.append(
            ChannelSource(
                label=channel.label,
                plus=meaning.plus if meaning else None,
                minus=meaning.minus if meaning else None,
                table=meaning.table if meaning else "",
                fs_hz=channel.fs_hz,
                refused=numbers.reason if numbers and is_numbered else refusal,
                cure=cure,
                is_numbered=is_numbered,
            )
        )
    return tuple(sources)


def _without_doubles(meanings: Mapping[str, Meaning | None]) -> dict[str, Meaning | None]:
    """`meanings`; ``EMG M2`` means nothing in a file that has another M2."""
    own = {m[:2] for label, m in meanings.items() if m and not has_other_kind(label, m)}
    return {
        label: None if m and m[:2] in own and has_other_kind(label, m) else m
        for label, m in meanings.items()
    }


def _refusal(
    channel: Channel, times: Counter[str], declared: Mapping[str, str]
) -> tuple[str | None, Cure | None]:
    """Why no derivation may be built from `channel`, and what would help; or None."""
    if times[fold(channel.label)] > 1:
        return f"its label stands {times[fold(channel.label)]} times in the file", None
    if channel.problem is not None:
        cure: Cure | None = "numbers" if channel.problem.code == "not-finite" else None
        return channel.problem.message, cure
    if channel.uv_per_unit is None and channel.label not in declared:
        if channel.unit.strip():
            return "its unit is no known voltage", None
        return "its unit is blank", "unit"
    return None, None


def kind_of(source: ChannelSource) -> str:
    """``eeg``, ``eog``, ``emg``, ``ecg`` or ``misc``: what a channel is to other programs.

    By what its label was understood as, else by the kind that the label begins with.
    """
    pair = {source.plus, source.minus} - {None}
    if source.is_numbered:
        return "eeg"
    if role := next((role for name, role in BIPOLAR.items() if name in pair), None):
        return role
    for electrodes, kind in ((EYES, "eog"), (CHIN, "emg"), (ELECTRODES, "eeg")):
        if not electrodes.isdisjoint(pair):
            return kind
    match = _SAID_KIND.match(fold(source.label))
    return match[0].replace("ekg", "ecg") if match else "misc"


def standard_name(wanted: str) -> str | None:
    """A derivation asked for, in standard electrode names: ``C4:A1`` is ``C4-M1``; or None.

    ``chin`` and ``horizontal`` stay as they are; a bare electrode is the channel as recorded
    against the common reference.
    """
    word = next((w for w in BIPOLAR if w.casefold() == wanted.strip().casefold()), None)
    if word:
        return word
    meaning = read_label(wanted, [t for t in shipped_tables() if not t.signatures])
    if meaning is None:
        return None
    if meaning.plus == meaning.minus:
        return meaning.plus
    return meaning.plus if meaning.minus == COMMON else f"{meaning.plus}-{meaning.minus}"
