"""A study: its nights, from a study table or a folder of recordings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from psgpipe.errors import StudyTableInvalid, TryAgain
from psgpipe.files.file_state import sha256_of_file
from psgpipe.files.regular import file_name
from psgpipe.model.hypnogram import SleepStage
from psgpipe.model.ids import night_order
from psgpipe.model.scoring import GivenScoring
from psgpipe.model.study_table_row import StudyTableRow
from psgpipe.results.study_file import STUDY, renew_study_head, write_study_file
from psgpipe.study import blinding
from psgpipe.study.discovery import is_recording, nights_in_folder
from psgpipe.study.study_table import study_table
from psgpipe.tables.columns import CONDITIONS


@dataclass(frozen=True)
class StudyPart:
    """How many nights the whole of a study has that was read in part."""

    included: int
    excluded: int


@dataclass(frozen=True)
class Study:
    """The nights of a study, excluded ones too, sorted by subject and night.

    `name` is that of the table or the folder. `table_sha256` is None for a folder. `passed_over`
    counts the scorings among the recordings of a folder. `sealed` has the conditions of a blinded
    study, which `nights` do not have; it is None for an open study. `part` is None where `nights`
    are all nights. `folder` is that of the table.
    """

    name: str
    nights: tuple[StudyTableRow, ...]
    table_sha256: str | None = None
    passed_over: int = 0
    sealed: blinding.Sealed | None = None
    part: StudyPart | None = None
    folder: Path | None = None

    @property
    def n_included(self) -> int:
        """The number of nights of the whole study that are not excluded."""
        return self.part.included if self.part else len(self.included)

    @property
    def n_excluded(self) -> int:
        """The number of nights that the whole study leaves out."""
        return self.part.excluded if self.part else len(self.excluded)

    @property
    def included(self) -> tuple[StudyTableRow, ...]:
        """The nights that are not excluded."""
        return tuple(listed for listed in self.nights if not listed.excluded)

    @property
    def excluded(self) -> tuple[StudyTableRow, ...]:
        """The nights that the study leaves out."""
        return tuple(listed for listed in self.nights if listed.excluded)


def read_study(source: Path, out: Path | None = None) -> Study:
    """The study in a table, or in a folder of recordings; the output folder is not searched."""
    if source.is_dir():
        nights, passed_over = nights_in_folder(source, out)
        return Study(source.name, _sorted(nights), passed_over=passed_over)
    if source.is_file() and is_recording(source):
        raise StudyTableInvalid(
            f"{source.name}: this is a recording, wanted a study table or a folder of recordings",
            "Use psgpipe run for one night.",
        )
    listed = _sorted(study_table(source))
    return Study(source.name, listed, sha256_of_file(source), folder=source.parent)


def unnamed_conditions(nights: Iterable[StudyTableRow]) -> tuple[str, ...]:
    """Words of the condition column that are none of the usual five, each once."""
    words = dict.fromkeys(listed.night.condition for listed in nights)
    return tuple(word for word in words if word and word not in CONDITIONS)


def with_scoring_map(study: Study, mapping: Mapping[str, SleepStage], *, by_expert: bool) -> Study:
    """The study with a mapping for the scorings of its nights.

    With `by_expert`, a night without a scoring has its recording as one.
    """
    return replace(
        study, nights=tuple(_with_mapping(n, mapping, by_expert=by_expert) for n in study.nights)
    )


def _with_mapping(
    listed: StudyTableRow, mapping: Mapping[str, SleepStage], *, by_expert: bool
) -> StudyTableRow:
    given = listed.night.scoring or (GivenScoring(listed.recording) if by_expert else None)
    if given is None or given.use == "correction":
        return listed
    return replace(listed, night=replace(listed.night, scoring=replace(given, mapping=mapping)))


def blinded(study: Study) -> Study:
    """The study with the conditions of its nights sealed."""
    if study.sealed is not None:
        return study
    sealed = {
        (n.night.subject, n.night.night): blinding.cells_to_seal(n.night) for n in study.nights
    }
    nights = tuple(map(blinding.blinded_row, study.nights))
    return replace(study, nights=nights, sealed=sealed)


def _sorted(nights: Sequence[StudyTableRow]) -> tuple[StudyTableRow, ...]:
    return tuple(sorted(nights, key=lambda n: night_order(n.night.subject, n.night.night)))


def write_study(
    out: Path,
    study: Study,
    pipeline: Mapping[str, Any],
    labels_sha256: str | None,
    versions: Mapping[str, str],
) -> None:
    """Write ``study.json`` and the sealed conditions of a blinded study.

    A part of a study changes nothing but the request: its nights are listed already.

    Raises
    ------
    psgpipe.errors.TryAgain
        The nights of a part are listed no more.
    """
    facts = {
        "study": study.name,
        "study_table_sha256": study.table_sha256,
        "labels_sha256": labels_sha256,
        "versions": dict(versions),
    }
    blind = study.sealed is not None
    if study.part is not None:
        if not renew_study_head(out, pipeline, facts, blind=blind):
            raise TryAgain(
                f"{STUDY} was removed while this shard began", "Run the same command again."
            )
        return
    if study.sealed is not None:
        blinding.seal(out, study.sealed)
    write_study_file(out, pipeline, facts, _ListedNights(study.nights), blind=blind)


@dataclass(frozen=True)
class _ListedNights:
    """The nights as ``study.json`` lists them, one by one: there may be very many."""

    nights: Sequence[StudyTableRow]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return map(_night_dict, self.nights)


def _night_dict(listed: StudyTableRow) -> dict[str, Any]:
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
