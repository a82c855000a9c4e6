"""BIDS labels of subjects and nights: letters and digits only."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from psgpipe.errors import OutputConflict
from psgpipe.messages import quoted
from psgpipe.model.ids import slug


def bids_labels(ids: Iterable[str], entity: str, of: str = "") -> Mapping[str, str]:
    """The label of each id; `entity` is ``sub`` or ``ses``.

    ``S-01`` becomes S01; ``sub-01`` becomes 01, because BIDS writes the entity itself.

    Raises
    ------
    psgpipe.errors.OutputConflict
        Two ids give one label. Some disks do not tell upper case from lower case.
    """
    labels: dict[str, str] = {}
    taken: dict[str, str] = {}
    for name in dict.fromkeys(ids):
        labels[name] = _label(name, entity)
        other = taken.setdefault(labels[name].casefold(), name)
        if other != name:
            what = "subjects" if entity == "sub" else f"nights of {of}"
            raise OutputConflict(
                f"the {what} {quoted(other)} and {quoted(name)} both become "
                f"{entity}-{labels[name]}: a label of BIDS has only letters and digits",
                "Give one of them another id, or export them to two folders (--night, -o).",
            )
    return labels


def _label(name: str, entity: str) -> str:
    text = slug(name)
    return re.sub(r"[^A-Za-z0-9]", "", re.sub(rf"(?i)^{entity}-(?=.)", "", text)) or "unnamed"
