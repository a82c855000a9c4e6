"""The meaning of channel labels: electrodes, kinds and standard names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from psgpipe.model.header import Channel
from psgpipe.model.montage import (
    BIPOLAR,
    CHIN,
    COMMON,
    ELECTRODES,
    EYES,
    MASTOIDS,
    REFERENCES,
    ChannelSource,
    LabelTable,
)
from psgpipe.montage.label_table import fold, shipped_tables

_KIND = re.compile(r"^(eeg|eog|emg)-?(?=.)")
_SAID_KIND = re.compile(r"eeg|eog|emg|ecg|ekg")
GENERIC = "generic"


class Meaning(NamedTuple):
    """The electrodes that a label names, and the table that says so."""

    plus: str
    minus: str
    table: str


class _Name(NamedTuple):
    name: str
    table: str


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
    tables = tables_for((channel.label for channel in channels), user_table)
    times = Counter(fold(channel.label) for channel in channels)
    sources = []
    for channel in channels:
        meaning = read_label(channel.label, tables)
        sources.append(
            ChannelSource(
                label=channel.label,
                plus=meaning.plus if meaning else None,
                minus=meaning.minus if meaning else None,
                table=meaning.table if meaning else "",
                fs_hz=channel.fs_hz,
                refused=_refusal(channel, times, declared_units or {}),
            )
        )
    return tuple(sources)


def _refusal(channel: Channel, times: Counter[str], declared: Mapping[str, str]) -> str | None:
    """Why no derivation may be built from `channel`, or None."""
    if times[fold(channel.label)] > 1:
        return f"its label stands {times[fold(channel.label)]} times in the file"
    if channel.problem is not None:
        return channel.problem.message
    if channel.uv_per_unit is None and channel.label not in declared:
        return "its unit is blank" if not channel.unit.strip() else "its unit is no known voltage"
    return None


def read_label(label: str, tables: Sequence[LabelTable]) -> Meaning | None:
    """The electrodes that `label` names by these `tables`, first table first; None if none.

    A spelling that a table lists goes before what the label's own form says
    (``EEG C4-A1``, ``C4:M1``, ``C4M1``). Where two data sets' tables apply and read it
    differently, it is not understood.
    """
    folded = fold(label)
    listed: list[tuple[LabelTable, Meaning]] = []
    for table in tables:
        if folded in table.ignore:
            return None
        if meaning := _listed(folded, table):
            listed.append((table, meaning))
    if not listed:
        return _parse(folded, _electrode_names(tuple(tables)))
    of_data_sets = {meaning[:2] for table, meaning in listed if table.signatures}
    table, meaning = listed[0]
    return None if table.signatures and len(of_data_sets) > 1 else meaning


def _listed(folded: str, table: LabelTable) -> Meaning | None:
    """The meaning that `table` lists for a label."""
    if pair := table.derivations.get(folded):
        return Meaning(*pair, table.name)
    name = table.electrodes.get(folded)
    return Meaning(name, COMMON, table.name) if name and name not in REFERENCES else None


@lru_cache(maxsize=64)
def _electrode_names(tables: tuple[LabelTable, ...]) -> dict[str, _Name]:
    """Every spelling of an electrode by these tables, and the table that says so."""
    names = {fold(name): _Name(name, GENERIC) for name in ELECTRODES - REFERENCES}
    for table in reversed(tables):
        names |= {s: _Name(name, table.name) for s, name in table.electrodes.items()}
    return names


def _parse(folded: str, names: Mapping[str, _Name]) -> Meaning | None:
    """Electrode and reference from the form of the label itself."""
    kind = _KIND.match(folded)
    for body in dict.fromkeys((folded, _KIND.sub("", folded))):
        meaning = _split(body, names) if len(body) > 1 or body == folded else None
        if meaning and (kind is None or _fits(meaning, kind[1])):
            return meaning
    return None


def _split(body: str, names: Mapping[str, _Name]) -> Meaning | None:
    """One electrode, or two with a hyphen or nothing between them."""
    if alone := names.get(body):
        return None if alone.name in REFERENCES else Meaning(alone.name, COMMON, alone.table)
    at_hyphens = {(body[: m.start()], body[m.end() :]) for m in re.finditer("-", body)}
    run_together = {(body[:i], body[i:]) for i in range(2, len(body) - 1)}
    for halves, apart in ((at_hyphens, True), (run_together, False)):
        read = [(_electrode(a, names), _electrode(b, names)) for a, b in halves]
        pairs = {(a, b) for a, b in read if a and b and _is_derivation(a, b)}
        pairs = {p for p in pairs if apart or not _both_mastoids(*p)}
        if len(pairs) == 1:
            ((plus, minus),) = pairs
            table = next((t for t in (plus.table, minus.table) if t != GENERIC), GENERIC)
            return Meaning(plus.name, minus.name, table)
    return None


def _electrode(half: str, names: Mapping[str, _Name]) -> _Name | None:
    """One side of a derivation; some recorders write EEG before both."""
    if half in names:
        return names[half]
    bare = _KIND.sub("", half)
    # "EEG 1" is a channel's number: what is left of a kind must be a name.
    return names.get(bare) if len(bare) > 1 else None


def _is_derivation(plus: _Name, minus: _Name) -> bool:
    return plus.name not in REFERENCES and plus.name != minus.name


def _both_mastoids(plus: _Name, minus: _Name) -> bool:
    # "M1M2" may be their difference or their mean: it is read as neither.
    return {plus.name, minus.name} <= MASTOIDS


def _fits(meaning: Meaning, kind: str) -> bool:
    """Whether a label that says EEG, EOG or EMG may name these electrodes."""
    pair = {meaning.plus, meaning.minus}
    if kind == "emg":
        return meaning.plus in CHIN
    if kind == "eog":
        return not EYES.isdisjoint(pair)
    return True  # recorders write "EEG" before eyes, ears and chins too


def kind_of(source: ChannelSource) -> str:
    """``eeg``, ``eog``, ``emg``, ``ecg`` or ``misc``: what a channel is to other programs.

    By what its label was understood as, else by the kind that the label begins with.
    """
    pair = {source.plus, source.minus} - {None}
    if role := next((role for name, role in BIPOLAR.items() if name in pair), None):
        return role
    for electrodes, kind in ((EYES, "eog"), (CHIN, "emg"), (ELECTRODES, "eeg")):
        if not electrodes.isdisjoint(pair):
            return kind
    said = _SAID_KIND.match(fold(source.label))
    return said[0].replace("ekg", "ecg") if said else "misc"


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
