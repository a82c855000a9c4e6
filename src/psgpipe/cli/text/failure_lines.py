"""Lines about nights in many: a failure that they share, and nights that no table lists."""

from __future__ import annotations

from collections.abc import Sequence

from psgpipe.messages import count_of
from psgpipe.results.failure_groups import MOST_NAMES, FailureGroup

MOST_GROUPS = 20


def failure_lines(groups: Sequence[FailureGroup], what: str = "nights") -> list[str]:
    """Each reason with its nights and its remedy."""
    lines = [line for group in groups[:MOST_GROUPS] for line in group_lines(group, what)]
    rest = sum(group.count for group in groups[MOST_GROUPS:])
    return [*lines, f"  ... and {rest} more for other reasons"] if rest else lines


def remedy_lines(groups: Sequence[FailureGroup]) -> list[str]:
    """The remedy of each reason, by the first recording that has it."""
    lines = []
    for group in groups[:MOST_GROUPS]:
        like = count_of(group.count - 1, "recording")
        others = f" and {like} like it" if group.count > 1 else ""
        lines.append(f"  {group.names[0]}{others}: {group.remedy}")
    rest = sum(group.count for group in groups[MOST_GROUPS:])
    return (
        [*lines, f"  ... and {count_of(rest, 'recording')} with other problems"] if rest else lines
    )


def group_lines(group: FailureGroup, what: str = "nights") -> list[str]:
    """One reason, its remedy, and the nights that have it."""
    if group.count == 1:
        lines = [f"  {group.names[0]}: {group.first_problem}", f"    {group.remedy}"]
        return (
            [*lines, "    Its results of an earlier run are still there."] if group.kept else lines
        )
    example = "" if group.is_same else f", for example {group.names[0]}"
    lines = [f"  {group.count} {what}{example}: {group.problem}", f"    {group.remedy}"]
    if group.kept:
        lines.append(f"    Results of an earlier run are still there in {group.kept} of them.")
    more = ", ..." if group.count > len(group.names) else ""
    return [*lines, f"    {what.capitalize()}: {', '.join(group.names)}{more}"]


def unlisted_lines(nights: Sequence[tuple[str, str]]) -> list[str]:
    """Which nights of the folder the study no longer lists."""
    if not nights:
        return []
    names = ", ".join(f"{subject} {night}" for subject, night in nights[:MOST_NAMES])
    more = ", ..." if len(nights) > MOST_NAMES else ""
    return [
        f"! {count_of(len(nights), 'night')} in this folder, not in the study table: {names}{more}",
        "    Their files stay; nights.tsv and psgpipe compare leave them out. Move them, or list "
        "them in the table.",
    ]
