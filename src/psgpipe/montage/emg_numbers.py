"""EMG1 and EMG2: the chin's, unless other labels of the file say EMG of something else."""

from __future__ import annotations

import re
from collections.abc import Mapping

from psgpipe.model.montage import CHIN, LabelTable
from psgpipe.montage.label_form import Meaning
from psgpipe.montage.label_table import fold

_NUMBER = re.compile(r"emg-?([0-9]+)(?=-|$)")
_PAIR = {"emg1-2": ("chin", "chin")}
_TWO_CHIN_ELECTRODES = LabelTable(
    "generic",
    electrodes={"emg1": "chin1", "emg-1": "chin1", "emg2": "chin2", "emg-2": "chin2"},
    derivations=_PAIR,
)
_ONE_EMG = LabelTable(
    "generic",
    derivations=_PAIR | dict.fromkeys(("emg1", "emg-1", "emg2", "emg-2"), ("EMG", "EMG")),
)


def emg_table(meanings: Mapping[str, Meaning | None]) -> LabelTable | None:
    """What EMG1 and EMG2 mean in a file, by what its labels were understood as; None if nothing.

    Two are chin electrodes. One alone is as EMG without a number. They mean nothing beside a third,
    beside EMG of the chin that says so, beside EMG of other muscles (EMG RAT), and where a table
    says what one of them is.
    """
    numbered = {label for label in meanings if _NUMBER.search(fold(label))}
    numbers = {number for label in numbered for number in _NUMBER.findall(fold(label))}
    if not numbers or not numbers <= {"1", "2"} or any(meanings[label] for label in numbered):
        return None
    if any(_is_emg(label, meanings[label]) for label in meanings.keys() - numbered):
        return None
    return _TWO_CHIN_ELECTRODES if len(numbers) == 2 else _ONE_EMG


def _is_emg(label: str, meaning: Meaning | None) -> bool:
    if meaning is None:
        return fold(label).startswith("emg")
    return not {*CHIN, "chin", "EMG"}.isdisjoint(meaning[:2])
