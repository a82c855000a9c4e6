"""``study.json``: what was asked for in an output folder."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from psgpipe._version import __version__
from psgpipe.errors import OutputConflict
from psgpipe.files.atomic import bytes_of, json_bytes, read_json, write_file
from psgpipe.files.regular import NotRegular, refuse_special

STUDY = "study.json"


def read_study_file(out: Path) -> dict[str, Any] | None:
    """What ``study.json`` in `out` says; None where there is no readable one."""
    try:
        refuse_special(out / STUDY)
    except NotRegular as error:
        raise OutputConflict(
            f"{STUDY}: a file was wanted, this is {error.kind}",
            "Move it away; psgpipe batch writes the file again.",
        ) from error
    except OSError:
        return None
    return read_json(out / STUDY)


def lists_nights(out: Path) -> bool:
    """Whether a batch has listed the nights of a whole study in `out`."""
    return bool((read_study_file(out) or {}).get("nights"))


def write_study_file(
    out: Path,
    pipeline: Mapping[str, Any],
    study: Mapping[str, Any],
    nights: Sequence[Mapping[str, Any]] | None = None,
    *,
    blind: bool,
) -> None:
    """Write ``study.json``, unless it already has this content: every shard writes the same bytes.

    `study` has what is known of the study as a whole; `nights` is None for a single night.
    """
    head = {
        "psgpipe": __version__,
        "pipeline": dict(pipeline),
        **study,
        **({"blind": True} if blind else {}),
    }
    content = json_bytes(head)
    if nights is not None:
        lines = ",\n    ".join(json.dumps(night, ensure_ascii=False) for night in nights)
        start = content.decode().removesuffix("\n}\n")
        text = f'{start},\n  "nights": [\n    {lines}\n  ]\n}}\n'
        content = text.encode("utf-8", "backslashreplace")
    if bytes_of(out / STUDY) != content:
        write_file(out / STUDY, content)
