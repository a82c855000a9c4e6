"""psgpipe: from an EDF sleep-study recording to sleep stages, architecture and comparison.

>>> import psgpipe
>>> header = psgpipe.read_header("night.edf")                        # doctest: +SKIP
>>> recording = psgpipe.read_recording("night.edf", ["EEG C4-M1"])   # doctest: +SKIP
>>> night = psgpipe.run_night("night.edf", lights_off="22:41")       # doctest: +SKIP

What is listed in ``__all__`` is imported when it is first used: ``import psgpipe`` is light.
"""

from __future__ import annotations

import importlib

from psgpipe._version import __version__ as __version__

# Nothing more is imported here: ``python -m psgpipe`` would search the working folder for it.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from psgpipe import errors
    from psgpipe.comparison.compare import compare
    from psgpipe.edf.reader import read_header
    from psgpipe.model.header import Header
    from psgpipe.model.hypnogram import Hypnodensity, Hypnogram, SleepStage
    from psgpipe.model.night import Lights, Night, StagedNight
    from psgpipe.model.recording import Recording
    from psgpipe.model.summary import ArchitectureSummary, QualityReport
    from psgpipe.night.run_night import run_night
    from psgpipe.recordings.read import read_recording
    from psgpipe.scorings.hypnogram import read_scoring
    from psgpipe.sleep.architecture import summarize


_HOMES = {
    "read_header": "psgpipe.edf.reader",
    "read_recording": "psgpipe.recordings.read",
    "read_scoring": "psgpipe.scorings.hypnogram",
    "run_night": "psgpipe.night.run_night",
    "compare": "psgpipe.comparison.compare",
    "summarize": "psgpipe.sleep.architecture",
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

__all__ = [
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
    "compare",
    "errors",
    "read_header",
    "read_recording",
    "read_scoring",
    "run_night",
    "summarize",
]


def __getattr__(name: str) -> Any:
    if name == "errors":
        return importlib.import_module("psgpipe.errors")
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'psgpipe' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
