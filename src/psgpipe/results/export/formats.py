"""The formats of an export: which files each of them makes of which nights."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from psgpipe.model.ids import slug
from psgpipe.results.export import bids, nsrr
from psgpipe.results.export.bids_labels import bids_labels
from psgpipe.results.export.edf import edf_scoring
from psgpipe.results.export.luna import luna_annot, luna_eannot
from psgpipe.results.export.yasa_json import yasa_json
from psgpipe.results.finished_night import FinishedNight
from psgpipe.results.manifest import Manifest
from psgpipe.results.status import StudyNight

Content = bytes | Iterable[bytes]
ReadNights = Callable[[], Iterable[tuple[StudyNight, FinishedNight]]]
"""Reads the files of the nights, one after the other; it may be called more than once."""


@dataclass(frozen=True)
class ExportedNight:
    """A night of an export, and whose stages are exported."""

    night: StudyNight
    manifest: Manifest
    stages_by: str


@dataclass(frozen=True)
class ExportedNights:
    """The nights of an export."""

    nights: Sequence[ExportedNight]
    read: ReadNights


def night_stem(subject: str, night: str) -> str:
    """The name of a night's file: ``<subject>_<night>``."""
    return f"{slug(subject)}_{slug(night)}"


def _edf(exported: ExportedNights) -> Iterator[tuple[str, Content]]:
    for listed, night in exported.read():
        yield f"{night_stem(listed.subject, listed.night)}.edf", edf_scoring(night)


def _luna(exported: ExportedNights) -> Iterator[tuple[str, Content]]:
    for listed, night in exported.read():
        stem = night_stem(listed.subject, listed.night)
        yield f"{stem}.annot", luna_annot(night)
        epochs = luna_eannot(night)
        if epochs is not None:
            yield f"{stem}.eannot", epochs


def _yasa(exported: ExportedNights) -> Iterator[tuple[str, Content]]:
    for listed, night in exported.read():
        yield f"{night_stem(listed.subject, listed.night)}.json", yasa_json(night)


def _nsrr(exported: ExportedNights) -> Iterator[tuple[str, Content]]:
    yield "nsrr.csv", nsrr.nsrr_csv(exported.read())
    yield "nsrr-variables.csv", nsrr.nsrr_dictionary()


def _bids(exported: ExportedNights) -> Iterator[tuple[str, Content]]:
    nights = [one.night for one in exported.nights]
    subjects = bids_labels((night.subject for night in nights), "sub")
    of_subject: dict[str, list[str]] = {subject: [] for subject in subjects}
    for night in nights:
        of_subject[night.subject].append(night.night)
    sessions = {s: bids_labels(of_subject[s], "ses", s) for s in subjects}
    manifests = [one.manifest for one in exported.nights if one.stages_by != "expert"]
    yield from bids.data_set_files(manifests, subjects, sessions).items()
    for listed, finished in exported.read():
        name = bids.events_name(
            subjects[listed.subject], sessions[listed.subject][listed.night], finished.stages_by
        )
        yield f"{name}.tsv", bids.events_tsv(finished)
        yield f"{name}.json", bids.events_json(finished)


FORMATS: dict[str, Callable[[ExportedNights], Iterator[tuple[str, Content]]]] = {
    "edf": _edf,
    "luna": _luna,
    "bids": _bids,
    "yasa": _yasa,
    "nsrr": _nsrr,
}
"""For each format, what yields the relative path and content of its files."""
