"""A check of recordings from Python: what they hold, and whether they can be staged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from psgpipe.keywords import called_from_python
from psgpipe.messages import count_of
from psgpipe.montage.label_table import read_label_table
from psgpipe.night.check import check_recording
from psgpipe.night.definition import DEFAULT_PIPELINE, Definition, given_definition
from psgpipe.python_words import in_python_words


class Check(dict[str, Any]):
    """The content of ``psgpipe check --json`` for one recording."""

    @property
    def can_be_staged(self) -> bool:
        """Whether nothing speaks against it."""
        return self["error"] is None

    def __repr__(self) -> str:
        error = self["error"]
        why = "" if error is None else f": {error['problem'][:100]}"
        return (
            f"<check of {self['file'][:50]}: {self['state']}, "
            f"{count_of(len(self['channels']), 'channel')}, "
            f"{count_of(len(self['findings']), 'finding')}{why}>"
        )


@called_from_python
def check(
    recording: str | Path,
    pipeline: str | Path | Definition = DEFAULT_PIPELINE,
    *,
    label_table: str | Path | None = None,
    header_only: bool = False,
) -> Check:
    """Header, derivations and signal quality of a recording; nothing is staged.

    A fault of the recording is no exception: it is in ``["error"]``, with ``problem`` and
    ``remedy``, and ``["state"]`` is ``ok``, ``warning``, ``unsuitable`` or ``unreadable``.

    Parameters
    ----------
    recording
        The path of an EDF or BDF file.
    pipeline
        A TOML file, the name of one shipped with psgpipe, or a Definition.
    label_table
        A label table that goes before those shipped with psgpipe.
    header_only
        Read no sample.

    Raises
    ------
    psgpipe.errors.DefinitionError
        The pipeline or the label table is wrong.
    """
    definition = given_definition(pipeline)
    table = read_label_table(label_table) if label_table else None
    checked = check_recording(Path(recording), definition, table, header_only=header_only)
    if error := checked["error"]:
        words = {name: in_python_words(error[name]) for name in ("problem", "remedy")}
        checked["error"] = {**error, **words}
    return Check(checked)
