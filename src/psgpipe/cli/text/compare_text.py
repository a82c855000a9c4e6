"""A comparison as text for the terminal: one sentence, a short table, what limits it."""

from __future__ import annotations

import textwrap

from psgpipe.cli.printing import printable, table
from psgpipe.comparison.endpoints.testability import is_compared
from psgpipe.comparison.words.contrast_table import (
    contrast_head,
    contrast_row,
    note_of,
    short_table,
)
from psgpipe.comparison.words.primary_sentence import estimand_sentence, primary_sentence
from psgpipe.comparison.words.sections import STAGER_ERROR_HEAD, stager_error_row
from psgpipe.messages import count_of
from psgpipe.model.comparison.contrast import Contrast
from psgpipe.model.comparison.results import Comparison

WIDTH = 100
# Statements that the terminal shows; all are in the files.
_SHOWN_STATEMENTS = (
    "source", "sample", "arms", "sample size", "declaration", "causality", "tipping point rem",
    "tipping point n3", "tipping point spread", "trust", "stages",
)  # fmt: skip


def comparison_text(comparison: Comparison) -> str:
    """The primary endpoint in one sentence, at most eight contrasts, warnings and statements."""
    shown = short_table(comparison)
    declared = {c.endpoint for c in shown if c.role != "exploratory"}
    estimand = estimand_sentence(comparison)
    _, *columns, _ = contrast_head(comparison)
    head = ("", "", *columns, "")
    parts = [
        _wrapped(estimand, "") if estimand else "",
        _wrapped(primary_sentence(comparison), ""),
        "\n".join([table([head, *_rows(shown)]), *_notes(comparison, shown)]),
        _further(comparison, shown),
        _stager_error(comparison, shown),
        "\n".join(_wrapped(f"! {warning}") for warning in comparison.warnings),
        "\n".join(
            _wrapped(text)
            for topic, text in comparison.statements.items()
            if topic in _SHOWN_STATEMENTS and _concerns(topic, declared)
        ),
    ]
    return "\n\n".join(part for part in parts if part)


def _concerns(topic: str, declared: set[str]) -> bool:
    """Whether a statement concerns the declared endpoints; without any, every one does."""
    if not topic.startswith("tipping point") or not declared:
        return True
    stages = [s for s in ("rem", "n3") if any(e.startswith(f"{s}_") for e in declared)]
    return bool(stages) if topic.endswith("spread") else topic.split()[-1] in stages


def _rows(shown: tuple[Contrast, ...]) -> list[tuple[str, ...]]:
    """The rows with their roles; a hedge that all rows share is in the sentence above."""
    hedges = {tuple(h for h in c.hedges if h != "exploratory") for c in shown if is_compared(c)}
    in_full = len(hedges) > 1
    rows = []
    for c in shown:
        *cells, verdict = contrast_row(c)
        words = "descriptive" if "descriptive" in c.hedges else c.finding
        role = "" if c.role == "exploratory" else c.role
        rows.append((role, *cells, verdict if in_full else words))
    return rows


def _notes(comparison: Comparison, shown: tuple[Contrast, ...]) -> list[str]:
    """Notes of declared endpoints and of claimed changes; all are in the files."""
    return [
        _wrapped(f"{c.endpoint}: {note}", "    ")
        for c in shown
        if (c.role != "exploratory" or c.direction is not None) and (note := note_of(comparison, c))
    ]


def _stager_error(comparison: Comparison, shown: tuple[Contrast, ...]) -> str:
    """The shown endpoints against the error of the stager, where an agreement was given."""
    names = {c.endpoint for c in shown}
    rows = [r for r in comparison.stager_error if r.endpoint in names]
    if not rows:
        return ""
    judged = [_narrow(stager_error_row(row)) for row in rows if row.error is not None]
    reasons = [
        _wrapped(f"{row.endpoint}: not judged, because {row.reason}", "    ")
        for row in rows
        if row.reason
    ]
    head = _narrow(STAGER_ERROR_HEAD)
    title = "Against the error of the stager (sensitivity, not in the verdict):"
    return "\n".join([title, *([table([head, *judged])] if judged else []), *reasons])


def _narrow(row: tuple[str, ...]) -> tuple[str, ...]:
    """A row without unit and corrected difference, which comparison.md has."""
    endpoint, _, difference, error, judgement, _ = row
    return ("", endpoint, difference, error, judgement)


def _further(comparison: Comparison, shown: tuple[Contrast, ...]) -> str:
    """What the short table leaves out."""
    rest = [c for c in comparison.contrasts if c not in shown]
    if not rest:
        return ""
    changed = [f"{c.endpoint} {c.direction}" for c in rest if c.direction]
    claims = (
        f"with a change after adjustment (exploratory): {', '.join(changed)}"
        if changed
        else "none with a change after adjustment"
    )
    return _wrapped(f"{count_of(len(rest), 'further endpoint')} in comparison.md; {claims}.", "")


def _wrapped(text: str, indent: str = "  ") -> str:
    return textwrap.fill(
        printable(text), WIDTH, initial_indent=indent if text[0] != " " else "",
        subsequent_indent=indent + "  " if indent else "", break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip
