"""The electrodes that a label names: by the tables that list it, else by its own form."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from psgpipe.model.montage import (
    CHIN,
    COMMON,
    ELECTRODES,
    EYES,
    MASTOIDS,
    REFERENCES,
    LabelTable,
)
from psgpipe.montage.electrode_numbers import ElectrodeNumbers
from psgpipe.montage.label_table import fold

GENERIC = "generic"
_KIND = re.compile(r"^(eeg|eog|emg)-?(?=.)")
# A kind before a label that says its own (EMG EMG Chin, EEG EOG1), or POL (Nihon Kohden).
_OUTER_KIND = re.compile(r"^(?:pol-?(?=.)|(?:eeg|eog|emg|ecg|ekg)-?(?=(?:eeg|eog|emg)-?[^-]))")
_OTHER_KIND = re.compile(r"^(eog|emg|ecg|ekg)-?(?=.)")
# EMG C1 may be a channel's number, and ECG C4 is a lead on the chest.
_NAMES_OF_10_20 = frozenset(
    {"Fp1", "Fpz", "Fp2", "F7", "F3", "Fz", "F4", "F8", "T7", "C3", "Cz", "C4", "T8", "P7", "P3"}
    | {"Pz", "P4", "P8", "O1", "Oz", "O2"}
)


class Meaning(NamedTuple):
    """The electrodes that a label names, and the table that says so."""

    plus: str
    minus: str
    table: str


class _Name(NamedTuple):
    name: str
    table: str


def read_label(
    label: str, tables: Sequence[LabelTable], numbers: ElectrodeNumbers | None = None
) -> Meaning | None:
    """The electrodes that `label` names by these `tables`, first table first; None if none.

    A spelling that a table lists goes before what the label's own form says
    (``EEG C4-A1``, ``C4:M1``, ``C4M1``). Where two data sets' tables apply and read it
    differently, it is not understood. `numbers` are not read as names of 10-20.
    """
    return _read(fold(label), tuple(tables), numbers)


def _read(
    folded: str, tables: tuple[LabelTable, ...], numbers: ElectrodeNumbers | None
) -> Meaning | None:
    listed: list[tuple[LabelTable, Meaning]] = []
    for table in tables:
        if folded in table.ignore:
            return None
        if meaning := _listed(folded, table):
            listed.append((table, meaning))
    if listed:
        of_data_sets = {meaning[:2] for table, meaning in listed if table.signatures}
        table, meaning = listed[0]
        return None if table.signatures and len(of_data_sets) > 1 else meaning
    names = _electrode_names(tables, numbers)
    if by_form := _parse(folded, names) or _with_other_kind(folded, names):
        return by_form
    outer = _OUTER_KIND.match(folded)
    return _read(folded[outer.end() :], tables, numbers) if outer else None


def _listed(folded: str, table: LabelTable) -> Meaning | None:
    """The meaning that `table` lists for a label."""
    if pair := table.derivations.get(folded):
        return Meaning(*pair, table.name)
    name = table.electrodes.get(folded)
    return Meaning(name, COMMON, table.name) if name and name not in REFERENCES else None


@lru_cache(maxsize=64)
def _electrode_names(
    tables: tuple[LabelTable, ...], numbers: ElectrodeNumbers | None
) -> dict[str, _Name]:
    """Every spelling of an electrode by these tables, and the table that says so."""
    spellings = {fold(name): name for name in ELECTRODES - REFERENCES}
    names = {
        spelling: _Name(name, GENERIC)
        for spelling, name in spellings.items()
        if numbers is None or not numbers.covers(spelling)
    }
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


def _with_other_kind(folded: str, names: Mapping[str, _Name]) -> Meaning | None:
    """One electrode of the scalp or a mastoid behind a kind that is not its own: ``EMG M2``.

    Only a name that nothing else has: EMG A1 may be on an arm, EMG T3 on the back.
    """
    kind = _OTHER_KIND.match(folded)
    meaning = _split(folded[kind.end() :], names) if kind else None
    if kind is None or meaning is None or meaning.minus != COMMON:
        return None
    written = folded[kind.end() :].partition("-")[0]
    has_own_name = written == fold(meaning.plus) or "mast" in written
    known = MASTOIDS if kind[1] in ("ecg", "ekg") else MASTOIDS | _NAMES_OF_10_20
    return meaning if has_own_name and meaning.plus in known else None


def has_other_kind(label: str, meaning: Meaning | None) -> bool:
    """Whether `label` begins with EOG, EMG or ECG, and names an electrode of the scalp."""
    kind = _OTHER_KIND.match(fold(label))
    if kind is None or meaning is None or meaning.minus != COMMON:
        return False
    return meaning.plus in _NAMES_OF_10_20 or (meaning.plus in MASTOIDS and kind[1] != "eog")


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
    if kind == "eog":  # some exporters write EOG before the mastoids of the EOG
        is_mastoid = meaning.plus in MASTOIDS and meaning.minus == COMMON
        return is_mastoid or not EYES.isdisjoint(pair)
    return True  # recorders write "EEG" before eyes, ears and chins too
