"""What ``psgpipe submit`` says."""

from __future__ import annotations

from psgpipe.batch.cluster import scripts, size
from psgpipe.batch.night_cost import NightCost
from psgpipe.cli.cluster.submission_lines import job_names
from psgpipe.cli.printing import printable
from psgpipe.cli.text.progress import duration
from psgpipe.messages import count_of
from psgpipe.results.cluster.submission import Submission


def submit_text(
    submission: Submission,
    study: scripts.ClusterStudy,
    array: size.ArraySize,
    cost: NightCost,
    n_nights: int,
) -> str:
    """What was sent, for a person to read."""
    basis = "by the nights that are finished" if cost.measured else "a guess; no night is finished"
    nights, elements = count_of(n_nights, "night"), count_of(submission.elements, "element")
    each = count_of(array.nights_each, "night")
    lines = [
        f"{nights} in {elements} of at most {each}; a night takes about {duration(cost.seconds)} "
        f"({basis}).",
        f"  Wall time {scripts.clock(study.element.time_s)}, memory "
        f"{study.element.memory_bytes / 2**30:.1f} GiB, "
        f"{count_of(study.jobs, 'processor')} for each element.",
        f"  The scripts are in {study.folder}.",
    ]
    if scripts.ARRAY not in submission.scripts:
        lines.append("  No night is missing: no element is sent (--all sends them all).")
    elif submission.sent != f"1-{submission.elements}" and submission.elements > 1:
        lines.append(f"  Elements with missing nights: {submission.sent}. Others are not sent.")
    if submission.at is None:
        lines.append("  Nothing was sent. Without --emit-only the same command sends them.")
    else:
        lines += [f"  Sent: {job_names(submission.jobs)}.", f"  psgpipe status {study.out}"]
    return printable("\n".join(lines))
