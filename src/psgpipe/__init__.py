"""psgpipe: from an EDF sleep-study recording to sleep stages, architecture and comparison.

One night:

>>> import psgpipe
>>> psgpipe.check("night.edf")                                       # doctest: +SKIP
>>> night = psgpipe.run_night("night.edf", lights_off="22:41")       # doctest: +SKIP
>>> night.summary.rem_pct, night.hypnogram.stages                    # doctest: +SKIP
>>> night.plot().save("night.svg")                                   # doctest: +SKIP
>>> psgpipe.write_night(night, "out")                                # doctest: +SKIP

Many nights, and treatment against baseline:

>>> study = psgpipe.batch("study.tsv", "out")                        # doctest: +SKIP
>>> study = psgpipe.open("out")                                      # doctest: +SKIP
>>> study.nights.to_frame()                                          # doctest: +SKIP
>>> comparison = psgpipe.compare("out", "my-study.toml")             # doctest: +SKIP
>>> comparison.to_frame(), comparison.plot()                         # doctest: +SKIP

Files:

>>> header = psgpipe.read_header("night.edf")                        # doctest: +SKIP
>>> recording = psgpipe.read_recording("night.edf", ["EEG C4-M1"])   # doctest: +SKIP
>>> hypnogram = psgpipe.read_scoring("night.xml")                    # doctest: +SKIP

Every explainable failure is a `psgpipe.errors.PsgpipeError` with `problem` and `remedy`. Each name
is imported when it is first used: ``import psgpipe`` is light. The page docs/reference/python.md
has examples.
"""

from __future__ import annotations

import importlib

from psgpipe._version import __version__ as __version__

# Nothing more is imported here: ``python -m psgpipe`` would search the working folder for it.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from psgpipe import errors
    from psgpipe.actigraphy.counts import ActivityCounts
    from psgpipe.actigraphy.score import ActigraphyScore
    from psgpipe.model.header import Header
    from psgpipe.model.hypnogram import Hypnodensity, Hypnogram, SleepStage
    from psgpipe.model.night import Lights, Night, StagedNight
    from psgpipe.model.recording import Recording
    from psgpipe.model.summary import ArchitectureSummary, QualityReport
    from psgpipe.night.in_memory.write import write_night
    from psgpipe.night.run_night import run_night
    from psgpipe.python.batch import batch
    from psgpipe.python.check import check
    from psgpipe.python.compare import compare
    from psgpipe.python.finished import open  # noqa: F401
    from psgpipe.python.functions import (
        read_actigraphy,
        read_header,
        score_actigraphy,
        summarize,
    )
    from psgpipe.recordings.read import read_recording
    from psgpipe.scorings.hypnogram import read_scoring


_HOMES = {
    "check": "psgpipe.python.check",
    "read_header": "psgpipe.python.functions",
    "read_recording": "psgpipe.recordings.read",
    "read_scoring": "psgpipe.scorings.hypnogram",
    "read_actigraphy": "psgpipe.python.functions",
    "score_actigraphy": "psgpipe.python.functions",
    "ActivityCounts": "psgpipe.actigraphy.counts",
    "ActigraphyScore": "psgpipe.actigraphy.score",
    "run_night": "psgpipe.night.run_night",
    "write_night": "psgpipe.night.in_memory.write",
    "compare": "psgpipe.python.compare",
    "summarize": "psgpipe.python.functions",
    "Header": "psgpipe.model.header",
    "Recording": "psgpipe.model.recording",
    "Hypnogram": "psgpipe.model.hypnogram",
    "Hypnodensity": "psgpipe.model.hypnogram",
    "SleepStage": "psgpipe.model.hypnogram",
    "Night": "psgpipe.model.night",
    "Lights": "psgpipe.model.night",
    "StagedNight": "psgpipe.model.night",
    "ArchitectureSummary": "psgpipe.model.summary",
    "QualityReport": "psgpipe.model.summary",
}

# `open` is missing here: ``from psgpipe import *`` would hide Python's own.
__all__ = [
    "ActigraphyScore",
    "ActivityCounts",
    "ArchitectureSummary",
    "Header",
    "Hypnodensity",
    "Hypnogram",
    "Lights",
    "Night",
    "QualityReport",
    "Recording",
    "SleepStage",
    "StagedNight",
    "batch",
    "check",
    "compare",
    "errors",
    "read_actigraphy",
    "read_header",
    "read_recording",
    "read_scoring",
    "run_night",
    "score_actigraphy",
    "summarize",
    "write_night",
]


def __getattr__(name: str) -> Any:
    if name in ("errors", "batch"):  # the package `batch` can be called
        return importlib.import_module(f"psgpipe.{name}")
    if name == "open":
        return importlib.import_module("psgpipe.python.finished").open
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'psgpipe' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__", "open"]
