"""The page of a study: ``report.html`` in its folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from psgpipe.files.atomic import write_file
from psgpipe.messages import count_of
from psgpipe.model.ids import night_order
from psgpipe.reports.page import page
from psgpipe.reports.study.comparisons import OLDER, comparisons_in
from psgpipe.reports.study.overview import (
    columns_of,
    failure_groups,
    flow,
    stages_sentence,
    subject_rows,
    warnings,
)
from psgpipe.reports.study.page_night import PAGE, SHOWN_ENDPOINTS, page_nights
from psgpipe.results.status import study_nights

MOST_DRAWN = 2000
"""Nights with a small hypnogram: a page with more of them would open slowly."""
HEADS = {
    "tib_min": "TIB", "tst_min": "TST", "se_pct": "SE", "sol_min": "SOL", "waso_min": "WASO",
    "rem_latency_min": "REM latency", "n1_pct": "N1", "n2_pct": "N2", "n3_pct": "N3",
    "rem_pct": "REM",
}  # fmt: skip
UNITS = {
    "se_pct": "% of TIB",
    **dict.fromkeys(("n1_pct", "n2_pct", "n3_pct", "rem_pct"), "% of TST"),
}

Conditions = Mapping[tuple[str, str], str | None]


def write_study_page(out: Path, conditions: Conditions | None, *, blinded: bool) -> Path:
    """Write the page of the study in `out` from the files of its nights.

    Parameters
    ----------
    conditions
        By subject and night, in place of those that the study lists.
    blinded
        The page says that it shows no condition; `conditions` has none.
    """
    path = out / PAGE
    write_file(path, study_page(out, conditions, blinded=blinded))
    return path


def study_page(out: Path, conditions: Conditions | None, *, blinded: bool) -> bytes:
    """The page as bytes; equal files give equal bytes."""
    listed = study_nights(out)
    are_drawn = len(listed) <= MOST_DRAWN
    in_order = sorted(listed, key=lambda n: night_order(n.subject, n.night))
    nights = tuple(page_nights(in_order, out, conditions, hypnograms=are_drawn))
    columns = columns_of(nights)
    subjects = len({n.subject for n in nights})
    return page(
        "study.html",
        f"Study: {count_of(subjects, 'subject')}, {count_of(len(nights), 'night')}",
        "table.js",
        ("nights.css",),
        nights=nights,
        subjects=subjects,
        flow=flow(nights),
        failures=failure_groups(nights),
        columns=columns,
        rows=subject_rows(nights, columns) if any(n.hypnogram for n in nights) else (),
        most_drawn=None if are_drawn else MOST_DRAWN,
        stages=stages_sentence(nights),
        warnings=warnings(nights),
        has_conditions=any(n.condition for n in nights),
        endpoints=[(name, HEADS[name], UNITS.get(name, "min")) for name in SHOWN_ENDPOINTS],
        blinded=blinded,
        comparisons=() if blinded else comparisons_in(out),
        older=OLDER,
    )
