"""The time and disk space of a night, measured on finished nights where there are some."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from psgpipe.night.recipe import Recipe
from psgpipe.results import journal
from psgpipe.results.manifest import Manifest, read_manifest
from psgpipe.results.night_folder import night_folder

SAMPLED_NIGHTS = 200
# Guesses for a night of 8 h, used until there are finished nights to go by.
NIGHT_S = {"fast": 2.0, "reference": 5.0}
SCORED_NIGHT_S = 0.2
PICTURES_S = 1.0
NIGHT_BYTES, PICTURES_BYTES = 200_000, 500_000


@dataclass(frozen=True)
class NightCost:
    """Seconds of a worker and bytes on the disk; `measured` on finished nights, or a guess."""

    seconds: float
    bytes: float
    measured: bool


def night_cost(nights: Sequence[tuple[str, str]], recipe: Recipe, out: Path) -> NightCost:
    """What a night costs, by the finished ones among the first `nights`, or by a guess."""
    sampled = nights[:SAMPLED_NIGHTS]
    read = (read_manifest(night_folder(out, *night)) for night in sampled)
    finished = [manifest for manifest in read if manifest is not None]
    if not finished:
        return _guess(recipe)
    seconds = _seconds_in_journals(out, set(sampled)) or [_step_seconds(m) for m in finished]
    sizes = [sum(output.bytes for output in m.outputs) for m in finished]
    return NightCost(statistics.median(seconds), statistics.median(sizes), measured=True)


def _guess(recipe: Recipe) -> NightCost:
    seconds = SCORED_NIGHT_S if recipe.definition.by_expert else NIGHT_S[recipe.engine_name]
    if not recipe.pictures:
        return NightCost(seconds, NIGHT_BYTES, measured=False)
    return NightCost(seconds + PICTURES_S, NIGHT_BYTES + PICTURES_BYTES, measured=False)


def _step_seconds(manifest: Manifest) -> float:
    """The steps alone: a single run notes no other time."""
    return sum(step.seconds or 0.0 for step in manifest.steps)


def _seconds_in_journals(out: Path, nights: set[tuple[str, str]]) -> list[float]:
    """How long workers had these nights in hand, from reading the recording to the last file."""
    events = (event for path in journal.journals(out) for event in journal.events(path))
    seconds = (
        float(event["seconds"])
        for event in events
        if event["event"] == "finished"
        and isinstance(event.get("seconds"), int | float)
        and (event.get("subject"), event.get("night")) in nights
    )
    return [*islice(seconds, SAMPLED_NIGHTS)]
