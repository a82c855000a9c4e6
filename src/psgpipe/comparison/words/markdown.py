"""The content of ``comparison.md``: every table, warning and statement."""

from __future__ import annotations

from collections.abc import Iterable

from psgpipe.comparison.words.contrast_table import shared_remarks
from psgpipe.comparison.words.primary_sentence import estimand_sentence, primary_sentence, title_of
from psgpipe.comparison.words.sections import Section, sections
from psgpipe.messages import markdown_text
from psgpipe.model.comparison.results import Comparison


def markdown(comparison: Comparison) -> str:
    """The content of ``comparison.md``: every table, warning and statement."""
    parts = [
        f"# {title_of(comparison)}",
        markdown_text(estimand_sentence(comparison)),
        markdown_text(primary_sentence(comparison)),
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
    head, *rows = ([markdown_text(cell) for cell in row] for row in section.rows)
    lines = [head, ["---"] * len(head), *rows]
    return ["\n".join(f"| {' | '.join(line)} |" for line in lines)]


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {markdown_text(line)}" for line in lines)
