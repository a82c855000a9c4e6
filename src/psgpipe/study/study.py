"""A study: which nights there are, and what was asked for all of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from psgpipe._version import __version__
from psgpipe.files import atomic
from psgpipe.files.regular import file_name
from psgpipe.model.ids import night_order
from psgpipe.model.listed_night import ListedNight
from psgpipe.study import blinding
from psgpipe.study.discovery import nights_in_folder
from psgpipe.study.study_table import study_table

STUDY = "study.json"


@dataclass(frozen=True)
class Study:
    """The nights of a study.

    Attributes
    ----------
    name
        Of the table or the folder, without its path.
    nights
        Every listed night, excluded ones too, by subject and night.
    table_sha256
        Of the table's bytes; None for a folder.
    passed_over
        Files of stages found among the recordings of a folder.
    sealed
        Of a blinded study, what `nights` do not tell; None where nothing is kept back.
    """

    name: str
    nights: tuple[ListedNight, ...]
    table_sha256: str | None = None
    passed_over: int = 0
    sealed: blinding.Sealed | None = None

    @property
    def asked(self) -> tuple[ListedNight, ...]:
        """The nights that are not excluded."""
        return tuple(listed for listed in self.nights if not listed.excluded)

    @property
    def excluded(self) -> tuple[ListedNight, ...]:
        """The nights that the study leaves out."""
        return tuple(listed for listed in self.nights if listed.excluded)


def read_study(source: Path, out: Path | None = None) -> Study:
    """The study in a table, or in a folder of recordings.

    Parameters
    ----------
    out
        Where results go; recordings are not looked for in there.

    Raises
    ------
    psgpipe.errors.StudyTableInvalid
        Everything that is wrong, with row and column.
    """
    if source.is_dir():
        nights, passed_over = nights_in_folder(source, out)
        return Study(source.name, _sorted(nights), passed_over=passed_over)
    listed = study_table(source)
    sha256 = hashlib.sha256(source.read_bytes()).hexdigest()
    return Study(source.name, _sorted(listed), sha256)


def blinded(study: Study) -> Study:
    """The study without the conditions of its nights, which go under seal."""
    if study.sealed is not None:
        return study
    kept = {(n.night.subject, n.night.night): blinding.cells_of(n.night) for n in study.nights}
    return replace(study, nights=tuple(map(blinding.without_condition, study.nights)), sealed=kept)


def _sorted(nights: Sequence[ListedNight]) -> tuple[ListedNight, ...]:
    return tuple(sorted(nights, key=lambda n: night_order(n.night.subject, n.night.night)))


def write_study(
    out: Path,
    study: Study,
    pipeline: Mapping[str, Any],
    labels_sha256: str | None,
    versions: Mapping[str, str],
) -> None:
    """Write ``study.json``: what was asked; every shard writes the same bytes."""
    if study.sealed is not None:
        blinding.seal(out, study.sealed)
    head = {
        "psgpipe": __version__,
        "pipeline": dict(pipeline),
        "study": study.name,
        "study_table_sha256": study.table_sha256,
        "labels_sha256": labels_sha256,
        "versions": dict(versions),
        **({} if study.sealed is None else {"blind": True}),
    }
    content = b"".join(_study_json(head, study.nights))
    if not _holds(out / STUDY, content):
        atomic.write_file(out / STUDY, content)


def _study_json(head: Mapping[str, Any], nights: Sequence[ListedNight]) -> Iterator[bytes]:
    """A line for each night: readable, and comparable by the usual tools."""
    text = json.dumps(head, indent=2, ensure_ascii=False)
    lines = ",\n    ".join(json.dumps(_listed_dict(n), ensure_ascii=False) for n in nights)
    whole = f'{text[:-2]},\n  "nights": [\n    {lines}\n  ]\n}}\n'
    yield whole.encode("utf-8", "backslashreplace")


def _listed_dict(listed: ListedNight) -> dict[str, Any]:
    night = listed.night
    return {
        "subject": night.subject,
        "night": night.night,
        "condition": night.condition,
        "recording": file_name(listed.recording),
        "excluded": listed.excluded,
        "exclude_reason": listed.exclude_reason,
        "age": night.age_y,
        "sex": night.sex,
        "scoring": file_name(listed.scoring) if listed.scoring else None,
        "extra": dict(night.extra),
    }


def _holds(path: Path, content: bytes) -> bool:
    try:
        return path.read_bytes() == content
    except OSError:
        return False
