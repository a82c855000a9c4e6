"""Files of counts in a folder, by the names of subjects."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from psgpipe.actigraphy.read import ENDINGS, read_actigraphy
from psgpipe.actigraphy.score import ActigraphyScore, score_actigraphy
from psgpipe.errors import PsgpipeError, UsageError
from psgpipe.files.regular import file_name
from psgpipe.model.ids import one_spelling, slug


@dataclass
class ScoredFiles:
    """The scored files of each subject, and what could not be used."""

    scores: dict[str, list[ActigraphyScore]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def scored_files(
    folder: Path,
    subjects: Iterable[str],
    algorithm: str | None,
    *,
    any_maker: bool,
    nonwear_min: float,
) -> ScoredFiles:
    """Score the files called ``<subject>.*`` or ``<subject>_<anything>.*``.

    Raises
    ------
    psgpipe.errors.UsageError
        The folder cannot be read.
    """
    try:
        paths = sorted(path for path in folder.iterdir() if path.is_file())
    except OSError as error:
        raise UsageError(
            f"{file_name(folder)}: wanted a folder of activity counts: {error.strerror}",
            "Give the folder with --actigraphy.",
        ) from error
    result, known = ScoredFiles(), sorted(subjects, key=len, reverse=True)
    for path in (p for p in paths if p.suffix.casefold() in ENDINGS):
        subject = next((s for s in known if _is_of(path, s)), None)
        if subject is None:
            result.unused.append(file_name(path))
            continue
        try:
            score = score_actigraphy(
                read_actigraphy(path), algorithm, any_maker=any_maker, nonwear_min=nonwear_min
            )
        except PsgpipeError as error:
            name = file_name(path)
            problem = error.problem
            result.failures.append(problem if problem.startswith(name) else f"{name}: {problem}")
            continue
        result.scores.setdefault(subject, []).append(score)
        result.notes += [f"{file_name(path)}: {note}" for note in score.notes]
    return result


def _is_of(path: Path, subject: str) -> bool:
    stem = one_spelling(path.stem)
    return any(
        stem == name or stem.startswith((f"{name}_", f"{name}-", f"{name}."))
        for name in {one_spelling(subject), one_spelling(slug(subject))}
    )
