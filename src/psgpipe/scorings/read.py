"""The reader of scorings: it recognises the format of a file by its bytes, and says why."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from psgpipe.errors import ScoringInvalid, UsageError
from psgpipe.files.regular import NotRegular, file_name, open_file
from psgpipe.messages import listed, quoted, unknown
from psgpipe.model.header import Finding
from psgpipe.model.hypnogram import SleepStage
from psgpipe.model.montage import LabelTable
from psgpipe.model.scoring import Scoring
from psgpipe.scorings.formats.catalogue import FORMATS
from psgpipe.scorings.formats.scoring_format import ReadOptions, ScoringFormat
from psgpipe.scorings.unknown_epochs import with_unknown_epochs

HEAD_BYTES = 1 << 16
_GZIP_MAGIC = b"\x1f\x8b"


def read_scoring(
    path: str | Path,
    *,
    mapping: Mapping[str, SleepStage] | None = None,
    scorer: str | None = None,
    scoring_format: str | None = None,
    label_table: LabelTable | None = None,
) -> Scoring:
    """The stages of a scoring file, in its own times.

    Parameters
    ----------
    mapping
        The stage of each spelling (:func:`psgpipe.scorings.mapping.read_mapping`).
    scorer
        The one whose stages are wanted, where the file has several.
    scoring_format
        The name of the format; None recognises it.
    label_table
        Its ``[stages]`` and ``[lights]`` go before those of psgpipe.

    Raises
    ------
    psgpipe.errors.ScoringInvalid
        The file cannot be read, is of no known format, is malformed, names no stage, or does not
        have this scorer.
    psgpipe.errors.UsageError
        `scoring_format` is no format.
    """
    path = Path(path)
    head = _head(path)
    if scoring_format is None:
        chosen, why = _recognised(head, path)
    else:
        chosen, why = _named(scoring_format), "it was given as that"
    scoring = chosen.read(path, ReadOptions(mapping, label_table, why))
    if not scoring.stages:
        raise ScoringInvalid(
            f"{scoring.file}: nothing in it names a sleep stage (read as {chosen.title})",
            "Give the scoring with --scoring FILE; or name its spellings: --scoring-map, or "
            "[stages] in a label table.",
        )
    scoring = with_unknown_epochs(scoring)
    return scoring if scorer is None else _by(scorer, scoring)


def _head(path: Path) -> bytes:
    """The first bytes, inflated where the file is gzipped."""
    name = file_name(path)
    try:
        with open_file(path) as file:
            head = file.read(HEAD_BYTES)
    except NotRegular as error:
        raise ScoringInvalid(
            f"{name}: a scoring was wanted, this is {error.kind}", "Give the path of a file."
        ) from error
    except (OSError, ValueError) as error:  # ValueError: a NUL character in the name
        reason = getattr(error, "strerror", None) or "the name is not valid"
        raise ScoringInvalid(
            f"{name}: the scoring cannot be read: {reason}", "Check the path and its permissions."
        ) from error
    if head.startswith(_GZIP_MAGIC):
        try:
            return zlib.decompressobj(wbits=31).decompress(head, HEAD_BYTES)
        except zlib.error:
            return head
    return head


def _recognised(head: bytes, path: Path) -> tuple[ScoringFormat, str]:
    for candidate in FORMATS:
        why = candidate.recognise(head, path.name)
        if why is not None:
            return candidate, why
    what = "an empty file" if not head else "text" if _is_text(head) else "no text"
    raise ScoringInvalid(
        f"{file_name(path)}: not a scoring in a format that psgpipe knows; this is {what}",
        f"Export it as one of: {', '.join(f.title for f in FORMATS)}.",
    )


def _is_text(head: bytes) -> bool:
    return head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" not in head


def _named(name: str) -> ScoringFormat:
    by_name = {f.name: f for f in FORMATS}
    if name not in by_name:
        raise UsageError(unknown("scoring format", name, by_name), f"Give {', '.join(by_name)}.")
    return by_name[name]


def _by(scorer: str, scoring: Scoring) -> Scoring:
    """The scoring with one scorer's stages alone."""
    if not scoring.scorers:
        unnamed = Finding(
            "scoring-scorer-unnamed", "the scoring does not say who scored it: all of it is used"
        )
        return replace(scoring, findings=(*scoring.findings, unnamed))
    wanted = scorer.strip().casefold()
    stages = tuple(s for s in scoring.stages if (s.scorer or "").strip().casefold() == wanted)
    if not stages:
        raise ScoringInvalid(
            f"{scoring.file}: no stage is by scorer {quoted(scorer)}; its scorers are "
            f"{listed(scoring.scorers)}",
            "Give one of them with --scorer.",
        )
    return replace(scoring, stages=stages)
