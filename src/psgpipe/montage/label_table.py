"""Label tables: TOML files with the channel labels of a laboratory, vendor or data set."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from psgpipe.errors import LabelTableInvalid
from psgpipe.files.toml_file import parse_toml, read_toml, refuse_unknown_keys
from psgpipe.messages import did_you_mean, printable, unknown
from psgpipe.model.hypnogram import SleepStage
from psgpipe.model.montage import BIPOLAR, ELECTRODES, REFERENCES, LabelTable, Signature

KEYS = ("description", "match", "ignore", "electrodes", "derivations", "stages", "lights")
MATCH_KEYS = ("all_of", "any_of", "none_of")
REMEDY = "Correct the label table; its format is in docs/reference/label-tables.md."

_SEPARATORS = re.compile(r"[\u2010-\u2015\u2212:_/\\-]+")
_NO_MEANING = re.compile(r"[\s.,;'\"`´()\[\]{}<>\x00-\x1f\x7f-\x9f]+")


def fold(text: str) -> str:
    """`text` as labels are compared: without case, blanks, dots and brackets.

    Every dash, colon, slash and underscore is one hyphen: it separates an electrode from its
    reference, and ``1-2`` is not channel twelve.
    """
    bare = _NO_MEANING.sub("", unicodedata.normalize("NFKC", text))
    return _SEPARATORS.sub("-", bare).strip("-").casefold()


def fold_event(text: str) -> str:
    """`text` as stages and lights are compared: as :func:`fold`, and without hyphens.

    EDF+ appends ``@@`` and the channel that an annotation is about.
    """
    return fold(text.partition("@@")[0]).replace("-", "")


@cache
def shipped_tables() -> tuple[LabelTable, ...]:
    """Every label table that comes with psgpipe: data sets by name, ``generic`` last."""
    folder = resources.files("psgpipe") / "montage" / "label_tables"
    tables = [
        parse_label_table(file.read_text(encoding="utf-8"), file.name.removesuffix(".toml"))
        for file in folder.iterdir()
        if file.name.endswith(".toml")
    ]
    return tuple(sorted(tables, key=lambda t: (t.name == "generic", t.name)))


def read_label_table(file: str | Path) -> LabelTable:
    """A user's label table: a TOML file, or the name of a table that comes with psgpipe."""
    path = Path(file)
    shipped = {table.name: table for table in shipped_tables()}
    if str(file) in shipped and not path.is_file():
        return replace(shipped[str(file)], signatures=())
    if path.suffix != ".toml" and not path.exists():
        names = ", ".join(shipped)
        raise LabelTableInvalid(
            f"{printable(path.name)}: no such label table{did_you_mean(path.name, shipped)}",
            f"Give a TOML file, or one of {names}.",
        )
    # A table that is named applies whether its signature is found or not.
    content = read_toml(path, LabelTableInvalid)
    return replace(_label_table(content, path.stem), signatures=())


def parse_label_table(text: str, name: str) -> LabelTable:
    """The label table in the TOML `text`; `name` is used in messages and in what is printed."""
    content = parse_toml(text.encode(), f"label table {printable(name)}", LabelTableInvalid)
    return _label_table(content, name)


def _label_table(content: Mapping[str, Any], name: str) -> LabelTable:
    where = f"label table {printable(name)}"
    refuse_unknown_keys(content, KEYS, where, LabelTableInvalid)
    return LabelTable(
        name=name,
        electrodes=_meanings(content, "electrodes", where, _electrode, fold),
        derivations=_meanings(content, "derivations", where, _derivation, fold),
        ignore=frozenset(_folded(content.get("ignore", []), f"{where}: ignore", fold)),
        stages=_meanings(content, "stages", where, _one_of(list(SleepStage)), fold_event),
        lights=_meanings(content, "lights", where, _one_of(["off", "on", "ignore"]), fold_event),
        signatures=_signatures(content.get("match", []), where),
    )


def _meanings(
    content: Mapping[str, Any],
    section: str,
    where: str,
    meaning: Callable[[str, str], Any],
    folding: Callable[[str], str],
) -> dict[str, Any]:
    """The section inverted: from each normalised spelling to its meaning."""
    where = f"{where} [{section}]"
    found: dict[str, str] = {}
    for key, spellings in _mapping(content.get(section, {}), where).items():
        meaning(key, where)
        for spelling in _folded(spellings, f"{where} {key}", folding):
            if found.setdefault(spelling, key) != key:
                raise LabelTableInvalid(
                    f"{where}: the spelling {printable(spelling)!r} stands under "
                    f"{found[spelling]} and under {key}",
                    "Keep it in one place; spellings differ by more than case, blanks and dots.",
                )
    return {spelling: meaning(key, where) for spelling, key in found.items()}


def _electrode(key: str, where: str) -> str:
    if key not in ELECTRODES:
        raise _unknown(key, ELECTRODES, where, "electrode")
    return key


def _derivation(key: str, where: str) -> tuple[str, str]:
    if key in BIPOLAR:
        return key, key
    plus, hyphen, minus = key.partition("-")
    if not hyphen:
        raise _unknown(key, [*BIPOLAR, "C4-M1"], where, "derivation")
    if plus in REFERENCES or plus == minus:
        raise LabelTableInvalid(f"{where}: {printable(key)} is not a derivation", REMEDY)
    return _electrode(plus, where), _electrode(minus, where)


def _one_of(words: Collection[str]) -> Callable[[str, str], str]:
    def check(key: str, where: str) -> str:
        if key not in words:
            raise _unknown(key, words, where, "key")
        return next(word for word in words if word == key)

    return check


def _signatures(match: Any, where: str) -> tuple[Signature, ...]:
    where = f"{where} [match]"
    entries = [_mapping(e, where) for e in (match if isinstance(match, list) else [match])]
    for entry in entries:
        refuse_unknown_keys(entry, MATCH_KEYS, where, LabelTableInvalid)
        if not any(entry.get(key) for key in ("all_of", "any_of")):
            raise LabelTableInvalid(f"{where} names no label that must be there", REMEDY)
    return tuple(
        Signature(**{key: tuple(_folded(e[key], f"{where} {key}", fold)) for key in e})
        for e in entries
    )


def _folded(spellings: Any, where: str, folding: Callable[[str], str]) -> list[str]:
    if not isinstance(spellings, list) or not all(isinstance(s, str) for s in spellings):
        raise LabelTableInvalid(f"{where} is not a list of texts", REMEDY)
    folded = [folding(s) for s in spellings]
    if "" in folded:
        raise LabelTableInvalid(f"{where} holds a spelling without a letter or digit", REMEDY)
    return folded


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise LabelTableInvalid(f"{where} is not a table", REMEDY)
    return value


def _unknown(key: str, known: Collection[str], where: str, what: str) -> LabelTableInvalid:
    return LabelTableInvalid(f"{where}: {unknown(what, key, known)}", REMEDY)
