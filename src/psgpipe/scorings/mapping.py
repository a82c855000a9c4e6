"""The user's mapping from the spellings of a scoring to stages: pairs, a file, or a name."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from psgpipe.errors import UsageError
from psgpipe.files.toml_file import read_toml
from psgpipe.messages import quoted
from psgpipe.model.hypnogram import SleepStage
from psgpipe.montage.label_table import fold_event
from psgpipe.scorings.bids_levels import codes_of_stages
from psgpipe.scorings.sources.number_text import whole_number

JSON = ".json"
EXAMPLE = "0=W,1=N1,2=N2,3=N3,5=R"
HOW_TO_MAP = (
    f"Name each: --scoring-map {EXAMPLE}; or use --scoring-map aasm (REM is 4) or --scoring-map rk "
    "(stage 4 is 4, REM is 5)."
)


def read_mapping(text: str) -> Mapping[str, SleepStage]:
    """The stage of each spelling, by its folded form.

    Parameters
    ----------
    text
        ``SPELLING=STAGE`` pairs with commas between them, such as ``0=W,1=N1``; the path of a TOML
        file with a list of spellings for each stage, as under ``[stages]`` in a label table; the
        path of a BIDS JSON file whose ``Levels`` say what codes mean; or ``aasm`` or ``rk``, for
        two usual ways to write stages as numbers.

    Raises
    ------
    psgpipe.errors.UsageError
        A pair without ``=``, a word that is no stage, or a spelling with two stages.
    """
    named = _named_maps().get(text.strip().casefold())
    if named is not None:
        return named
    is_file = text.lower().endswith(".toml") or ("=" not in text and Path(text).is_file())
    if text.lower().endswith(JSON):
        pairs: Iterable[tuple[str, str]] = codes_of_stages(Path(text))
    else:
        pairs = _pairs_of_file(Path(text)) if is_file else _pairs_of_text(text)
    mapping: dict[str, SleepStage] = {}
    for spelling, word in pairs:
        stage, folded = _stage(word), spelling_key(spelling)
        if not folded:
            raise _wrong("a stage has no spelling before it")
        if mapping.setdefault(folded, stage) != stage:
            raise _wrong(f"{quoted(spelling)} has two stages, {mapping[folded]} and {stage}")
    if not mapping:
        raise _wrong("it names no stage")
    return mapping


def spelling_key(text: str) -> str:
    """A spelling as mappings compare it: a number as such, a word folded."""
    value = whole_number(text)
    return str(value) if value is not None else fold_event(text) or text.strip()


@cache
def _named_maps() -> Mapping[str, Mapping[str, SleepStage]]:
    file = resources.files("psgpipe") / "scorings" / "named_maps.toml"
    table = tomllib.loads(file.read_text(encoding="utf-8"))
    return {
        name: {
            key: SleepStage(stage) for stage in stages if stage != "about" for key in stages[stage]
        }
        for name, stages in table.items()
    }


def _pairs_of_text(text: str) -> Iterable[tuple[str, str]]:
    for pair in filter(None, (piece.strip() for piece in text.replace(";", ",").split(","))):
        spelling, equals, word = pair.rpartition("=")
        if not equals:
            raise _wrong(f"{quoted(pair)} is no SPELLING=STAGE")
        yield spelling.strip(), word.strip()


def _pairs_of_file(path: Path) -> Iterable[tuple[str, str]]:
    content: Mapping[str, Any] = read_toml(path, UsageError)
    stages = content.get("stages", content)
    for word, spellings in stages.items() if isinstance(stages, dict) else ():
        for spelling in spellings if isinstance(spellings, list) else [spellings]:
            yield str(spelling), word


def _stage(word: str) -> SleepStage:
    wanted = {stage.value.casefold(): stage for stage in SleepStage}
    if word.casefold() not in wanted:
        raise _wrong(f"{quoted(word)} is no stage")
    return wanted[word.casefold()]


def _wrong(what: str) -> UsageError:
    stages = ", ".join(SleepStage)
    return UsageError(
        f"the mapping of a scoring: {what}",
        f"Write it like {EXAMPLE}, or give aasm, rk, a TOML or BIDS JSON file; stages: {stages}.",
    )
