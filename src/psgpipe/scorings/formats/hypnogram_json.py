"""Scorings as JSON: the hypnogram of YASA, and lists of stages such as Dreem's."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path
from typing import Any

from psgpipe.errors import ScoringInvalid
from psgpipe.files.regular import file_name
from psgpipe.model.hypnogram import EPOCH_S
from psgpipe.model.scoring import ScoredStage, Scoring
from psgpipe.scorings.formats.scoring_format import ReadOptions, ScoringFormat
from psgpipe.scorings.sources.clock_times import clock_times, read_moment
from psgpipe.scorings.sources.number_text import seconds
from psgpipe.scorings.sources.text_source import head_text, read_text
from psgpipe.scorings.stage_texts import StageText, stages_in_column
from psgpipe.scorings.tables.table_columns import columns_of
from psgpipe.scorings.tables.table_rows import NO_EPOCH_LENGTH

YASA_KEYS = ("values", "n_stages", "freq")
LIST_KEYS = ("hypnogram", "stages", "sleep_stages", "values", "hypno")
EPOCH_KEYS = ("freq", "epoch_s", "epoch_length", "epoch_duration", "epochLength", "step")
START_KEYS = ("start", "start_time", "startTime", "record_start", "recording_start")
SCORER_KEYS = ("scorer", "annotator")
STAGES_OF_YASA = 5
_FIRST_IS_VALUES = re.compile(r'\{\s*"values"\s*:')
_FREQUENCY = re.compile(r"(\d*(?:\.\d+)?)\s*(s|sec|min|t)", re.IGNORECASE)


def recognise_yasa(head: bytes, _name: str) -> str | None:
    """Whether the JSON begins with the values of a hypnogram, or has all keys of one of YASA."""
    text = _json_start(head) or ""
    if _FIRST_IS_VALUES.match(text):
        return "it is JSON that begins with the values of a hypnogram"
    has_keys = text.startswith("{") and all(f'"{key}"' in text for key in YASA_KEYS)
    return f"it is JSON with {', '.join(YASA_KEYS)}" if has_keys else None


def recognise(head: bytes, _name: str) -> str | None:
    """Whether the file is JSON: a list, or an object with a list of stages."""
    text = _json_start(head)
    if text is None:
        return None
    if text.startswith("["):
        return "it is a list in JSON"
    named = [key for key in LIST_KEYS if f'"{key}"' in text]
    return f"it is JSON with {named[0]}" if named else None


def read_yasa(path: Path, options: ReadOptions) -> Scoring:
    """The stages of a hypnogram of YASA with five stages."""
    return _read(path, options, YASA.name)


def read(path: Path, options: ReadOptions) -> Scoring:
    """The stages of a list; numbers need a mapping."""
    return _read(path, options, FORMAT.name)


def _read(path: Path, options: ReadOptions, name: str) -> Scoring:
    content = _content(path)
    if not isinstance(content, dict):
        return _scoring(path, content, {}, options, name)
    if content.get("n_stages", STAGES_OF_YASA) != STAGES_OF_YASA:
        raise ScoringInvalid(
            f"{file_name(path)}: a hypnogram that does not have five stages (n_stages)",
            "Light sleep is N1 or N2: export W, N1, N2, N3 and REM.",
        )
    values = next((content[k] for k in LIST_KEYS if isinstance(content.get(k), list)), None)
    return _scoring(path, values, content, options, name)


def _json_start(head: bytes) -> str | None:
    text = (head_text(head) or "").lstrip()
    return text if text.startswith(("{", "[")) else None


def _content(path: Path) -> Any:
    try:
        return json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise ScoringInvalid(
            f"{file_name(path)}: damaged JSON (line {error.lineno}, column {error.colno})",
            "Export the scoring again; the file may be cut.",
        ) from error
    except RecursionError as error:
        raise ScoringInvalid(
            f"{file_name(path)}: nested too deeply", "Give the hypnogram."
        ) from error
    except ValueError as error:  # a number of more than 4300 digits
        raise ScoringInvalid(
            f"{file_name(path)}: a number that is no stage", "Export the scoring again."
        ) from error


def _scoring(
    path: Path, values: Any, about: dict[str, Any], options: ReadOptions, name: str
) -> Scoring:
    file = file_name(path)
    if not isinstance(values, list) or not values:
        raise ScoringInvalid(f"{file}: no list of stages in the JSON", "Export the hypnogram.")
    texts = [StageText(i, _text(value, i, file)) for i, value in enumerate(values, start=1)]
    stages = stages_in_column(texts, options, file)
    declared_s = _epoch_s(about)
    epoch_s = declared_s or EPOCH_S
    for i, value in enumerate(values):
        _refuse_other_time(value, i, epoch_s, file)
    start = _start(about)
    scorer = next((str(about[k]) for k in SCORER_KEYS if isinstance(about.get(k), str)), None)
    return Scoring(
        file=file,
        format=name,
        recognised_by=options.recognised_by,
        stages=tuple(
            ScoredStage(epoch_s * i, epoch_s, stage, text.text, scorer)
            for i, (stage, text) in enumerate(zip(stages, texts, strict=True))
        ),
        start=start,
        start_clock=start.time() if start else _start_clock(about),
        epoch_s=declared_s,
        findings=() if declared_s else (NO_EPOCH_LENGTH,),
    )


def _refuse_other_time(value: Any, count: int, epoch_s: float, file: str) -> None:
    """Refuse an entry with a time of its own that is not the one of its place in the list."""
    if not isinstance(value, dict):
        return
    onset_s = epoch_s * count
    expected: dict[str, list[float]] = {
        **{key: [onset_s] for key in ("onset", "start", "time")},
        "duration": [epoch_s],
        "end": [onset_s + epoch_s],
        "epoch": [count, count + 1],
    }
    for role, place in columns_of(list(value)).place.items():
        if role in expected and list(value.values())[place] not in expected[role]:
            raise ScoringInvalid(
                f"{file}: entry {count + 1} of its list has a time of its own, which is not that "
                f"of epoch {count + 1} of {epoch_s:g} s",
                "Export a table with columns onset, duration and stage.",
            )


def _start_clock(about: dict[str, Any]) -> dt.time | None:
    """The time of day in a start that is no ISO date-time."""
    value = next((about[k] for k in START_KEYS if isinstance(about.get(k), str)), "")
    moment = read_moment(value)
    return None if moment is None else clock_times([moment], [0], "").start_clock


def _text(value: Any, count: int, file: str) -> str:
    if isinstance(value, dict):
        value = next((value[k] for k in ("stage", "label", "value") if k in value), value)
    if isinstance(value, bool) or not isinstance(value, str | int | float | None):
        raise ScoringInvalid(f"{file}: entry {count} is no stage", "Export the hypnogram.")
    return "n/a" if value is None else str(value)


def _epoch_s(about: dict[str, Any]) -> float | None:
    value = next((about[k] for k in EPOCH_KEYS if k in about), None)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value) if value > 0 else None
    match = _FREQUENCY.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        return None
    unit = "min" if match[2].casefold() in {"min", "t"} else "s"
    return seconds(match[1] or "1", unit) or None


def _start(about: dict[str, Any]) -> dt.datetime | None:
    """The local start; an offset from UTC is that of the local clock."""
    value = next((about[k] for k in START_KEYS if isinstance(about.get(k), str)), None)
    try:
        return dt.datetime.fromisoformat(value).replace(tzinfo=None) if value else None
    except ValueError:
        return None


YASA = ScoringFormat("yasa-json", "YASA JSON", recognise_yasa, read_yasa)
FORMAT = ScoringFormat("json", "JSON list of stages (Dreem)", recognise, read)
