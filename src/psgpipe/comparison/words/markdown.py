"""The content of ``comparison.md``: every table, warning and statement."""

from __future__ import annotations

import re
from collections.abc import Iterable

from psgpipe.comparison.words.contrast_table import shared_remarks
from psgpipe.comparison.words.primary_sentence import estimand_sentence, primary_sentence, title_of
from psgpipe.comparison.words.sections import Section, sections
from psgpipe.model.comparison.results import Comparison


def markdown(comparison: Comparison) -> str:
    """The content of ``comparison.md``: every table, warning and statement."""
    parts = [
        f"# {title_of(comparison)}",
        _markdown(estimand_sentence(comparison)),
        primary_sentence(comparison),
    ]
    for section in sections(comparison):
        parts += [f"## {section.title}", *_markdown_table(section), _list(section.notes)]
    if comparison.warnings:
        parts += ["## Warnings", _list(comparison.warnings)]
    shared = (
        [] if comparison.declaration.exploratory
        else [f"Every endpoint with a mean difference: {r}." for r in shared_remarks(comparison)]
    )  # fmt: skip
    parts += ["## What belongs to every table", _list([*comparison.sentences, *shared])]
    return "\n\n".join(part for part in parts if part) + "\n"


def _markdown_table(section: Section) -> list[str]:
    if not section.rows:
        return []
    head, *rows = ([_markdown(cell) for cell in row] for row in section.rows)
    lines = [head, ["---"] * len(head), *rows]
    return ["\n".join(f"| {' | '.join(line)} |" for line in lines)]


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {_markdown(line)}" for line in lines)


def _markdown(text: str) -> str:
    """Text on one line whose characters mean nothing to Markdown."""
    plain = "".join(c if c.isprintable() else " " for c in text)
    return re.sub(r"([\\|*`<]|(?<!\w)_|_(?!\w))", r"\\\1", plain)
