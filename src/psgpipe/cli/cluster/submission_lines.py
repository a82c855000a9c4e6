"""Lines about what was sent to a scheduler, and what to type where something is missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from psgpipe.messages import count_of

NAMES = {"array": "array", "gather": "gather", "compare": "comparison"}


def job_names(jobs: Mapping[str, str]) -> str:
    """``array job 12, gather job 13``."""
    return ", ".join(f"{NAMES.get(name, name)} job {job}" for name, job in jobs.items())


def submission_lines(submission: Mapping[str, Any]) -> list[str]:
    """What was sent, what is missing, and the lines to type, from files alone.

    Whether the scheduler still has a job stands in no file: the lines say how to ask.
    """
    if submission["at"] is None:
        return [
            f"  Scripts for {submission['engine']} are written and not sent. To send them:",
            f"    {submission['again']}",
        ]
    lines = [_sent_line(submission)]
    unsent = [name for name in submission["scripts"] if name not in submission["jobs"]]
    if unsent:
        lines.append(f"! The scheduler did not take: {', '.join(NAMES[name] for name in unsent)}.")
    if submission["elements_at_work"]:
        lines.append(f"  At work: elements {submission['elements_at_work']}.")
    if submission["missing_elements"]:
        return lines + _missing_lines(submission)
    if not (submission["gathered"] or submission["elements_at_work"]):
        return [*lines, "  nights.tsv is not up to date. To gather:", f"    {submission['gather']}"]
    return lines


def _sent_line(submission: Mapping[str, Any]) -> str:
    jobs = job_names(submission["jobs"]) or "no job"
    return f"  Sent to {submission['engine']} at {submission['at']}: {jobs}."


def _missing_lines(submission: Mapping[str, Any]) -> list[str]:
    begun, elements = submission["begun_elements"], submission["elements"]
    progress = f"{begun} of {count_of(elements, 'element')} have begun" if begun else ""
    lines = [
        f"  {progress or 'No element has begun'}. Not at work, with nights to stage: "
        f"{submission['missing_elements']}."
    ]
    if submission["look"] is None:
        return [*lines, "  To send what is missing:", f"    {submission['again']}"]
    return [
        *lines,
        "  Does the scheduler still have the array?",
        f"    {submission['look']}",
        "  If it is held there and does not start any more, cancel it:",
        f"    {submission['cancel']}",
        "  If the scheduler does not have it any more, send what is missing:",
        f"    {submission['again']}",
    ]
