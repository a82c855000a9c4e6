"""A comparison, read from its ``comparison.json``."""

from __future__ import annotations

from pathlib import Path

from psgpipe.comparison.pages.result import ComparisonResult
from psgpipe.files.atomic import read_json
from psgpipe.files.typed_values import typed_record
from psgpipe.results.replace_folder import COMPARISON_JSON


def read_comparison(folder: Path) -> ComparisonResult | None:
    """The comparison in a folder; None where no ``comparison.json`` of this version is in it."""
    content = read_json(folder / COMPARISON_JSON)
    if content is None or "statements" not in content:
        return None
    try:
        return typed_record(ComparisonResult, {**content, "slopes": content.get("dose_slopes", [])})
    except TypeError:
        return None
