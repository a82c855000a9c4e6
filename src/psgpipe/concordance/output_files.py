"""The files of a concordance: tables of measures and of nights, all of it in JSON, a picture."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from psgpipe._version import __version__
from psgpipe.actigraphy.measures import ENDPOINTS as ACTIGRAPHY_ENDPOINTS
from psgpipe.agreement.statistics.limits import LimitsOfAgreement
from psgpipe.agreement.statistics.resampling import LEVEL
from psgpipe.concordance.concord import Concordance
from psgpipe.concordance.epochs import epoch_measures
from psgpipe.concordance.measures import MEASURES, MeasureConcordance
from psgpipe.concordance.nights import SourceNight
from psgpipe.concordance.picture import concordance_svg
from psgpipe.diary.night import ENDPOINTS as DIARY_ENDPOINTS
from psgpipe.files.atomic import json_bytes
from psgpipe.results.night_writer import put_results
from psgpipe.results.replace_folder import CONCORDANCE
from psgpipe.tables.written_table import cell_text, table_line

ALL_NIGHTS = "all"
MEASURE_COLUMNS = (
    "source", "reference", "measure", "condition", "n_subjects", "n_nights", "n_absent",
    "bias", "bias_low", "bias_high", "sd", "sd_low", "sd_high", "sd_within",
    "lower", "lower_low", "lower_high", "upper", "upper_low", "upper_high",
    "slope", "slope_low", "slope_high", "slope_p",
)  # fmt: skip
PSG_ENDPOINTS = tuple(dict.fromkeys(m.psg for m in MEASURES if m.psg))
_EPOCHS = ("sensitivity", "specificity", "accuracy", "pabak")
NIGHT_COLUMNS = (
    "subject", "night", "date", "condition", "sources", *PSG_ENDPOINTS,
    *(f"diary_{name}" for name in DIARY_ENDPOINTS),
    *(f"actigraphy_{name}" for name in ACTIGRAPHY_ENDPOINTS),
    "start", "lights_off", "lights_on", "diary_begin", "diary_end", "actigraphy_window",
    "clock_offset_s", *_EPOCHS, "another_night", "diary_absent", "actigraphy_absent",
)  # fmt: skip


def write_concordance(found: Concordance, out: Path) -> Path:
    """Write the files into ``concordance/`` in `out`, as a whole; returns this folder.

    Raises
    ------
    psgpipe.errors.OutputConflict
        The folder cannot be written.
    psgpipe.errors.TryAgain
        The disk is full.
    """
    folder = out / CONCORDANCE
    rows = [row for one in found.measures for row in measure_rows(one)]
    extra = _extra_columns(found.nights)
    nights = [_night_row(night) for night in found.nights]
    files = {
        "concordance.tsv": _table(MEASURE_COLUMNS, rows),
        "nights.tsv": _table((*NIGHT_COLUMNS, *extra), nights),
        "concordance.svg": concordance_svg(found.nights, found.measures).encode(),
        "concordance.json": json_bytes(concordance_dict(found)),
    }
    put_results(folder, files, out)
    return folder


def concordance_dict(found: Concordance) -> dict[str, Any]:
    """The content of ``concordance.json``."""
    return {
        "psgpipe": __version__,
        "level": LEVEL,
        "measures": [dataclasses.asdict(one) for one in found.measures],
        "epochs": found.epochs and dataclasses.asdict(found.epochs),
        "clock_offset_unknown": [
            f"{night.subject} {night.date}: {night.epochs.why_unknown}"
            for night in found.nights
            if night.epochs is not None and night.epochs.offset_s is None
        ],
        "another_night": list(found.another_night),
        "not_joined": list(found.not_joined),
        "left_out": list(found.left_out),
        "failures": list(found.failures),
        "unused_files": list(found.unused_files),
        "notes": list(found.notes),
    }


def measure_rows(one: MeasureConcordance) -> Iterator[dict[str, object]]:
    """A row for all nights, then one for each condition."""
    line = one.proportional_bias
    head = {"source": one.source, "reference": one.reference, "measure": one.measure}
    slope = {} if line is None else {
        "slope": line.slope, "slope_low": line.slope_interval[0],
        "slope_high": line.slope_interval[1], "slope_p": line.p,
    }  # fmt: skip
    yield {**head, "condition": ALL_NIGHTS, "n_absent": one.n_absent, **slope,
           **_limits_cells(one.limits)}  # fmt: skip
    for condition, limits in one.by_condition.items():
        yield {**head, "condition": condition, **_limits_cells(limits)}


def _limits_cells(limits: LimitsOfAgreement | None) -> dict[str, object]:
    if limits is None:
        return {"n_subjects": 0, "n_nights": 0}
    cells: dict[str, object] = {
        "n_subjects": limits.n_subjects, "n_nights": limits.n_nights, "sd_within": limits.sd_within,
    }  # fmt: skip
    for name in ("bias", "sd", "lower", "upper"):
        low, high = getattr(limits, f"{name}_interval") or (None, None)
        cells |= {name: getattr(limits, name), f"{name}_low": low, f"{name}_high": high}
    return cells


def _extra_columns(nights: Sequence[SourceNight]) -> tuple[str, ...]:
    """Further columns of study table and diary, such as the dose."""
    names = dict.fromkeys(name for night in nights for name in _extra(night))
    taken = {column.casefold() for column in NIGHT_COLUMNS}
    return tuple(name for name in names if name.casefold() not in taken)


def _extra(night: SourceNight) -> Mapping[str, str]:
    from_diary = night.diary.extra if night.diary is not None else {}
    return {**from_diary, **(night.psg.extra if night.psg is not None else {})}


def _night_row(night: SourceNight) -> dict[str, object]:
    sources = [s for s in ("psg", "diary", "actigraphy") if night.has(s)]
    psg, diary, watch, epochs = night.psg, night.diary, night.actigraphy, night.epochs
    begin = psg.begin if psg is not None else None
    end = psg.end if psg is not None else None
    first = begin or (psg.start if psg is not None else None)
    first = first or (diary.begin if diary is not None else None)
    return {
        **_extra(night),
        "subject": night.subject,
        "night": psg.night if psg is not None else str(night.date),
        "date": night.date,
        "condition": night.condition,
        "sources": " ".join(sources),
        **{name: night.value("psg", name) for name in PSG_ENDPOINTS},
        **{f"diary_{name}": night.value("diary", name) for name in DIARY_ENDPOINTS},
        **{f"actigraphy_{n}": night.value("actigraphy", n) for n in ACTIGRAPHY_ENDPOINTS},
        "start": _time(first or (watch.window.begin if watch is not None else None)),
        "lights_off": _time(begin),
        "lights_on": _time(end),
        "diary_begin": _time(diary.begin if diary is not None else None),
        "diary_end": _time(diary.end if diary is not None else None),
        "actigraphy_window": watch.window.source if watch is not None else None,
        "clock_offset_s": epochs.offset_s if epochs is not None else None,
        **(epoch_measures(epochs.counts) if epochs is not None and any(epochs.counts) else {}),
        "another_night": night.doubt,
        "diary_absent": _reasons(diary.absent) if diary is not None else None,
        "actigraphy_absent": night.why_no_actigraphy
        or (_reasons(watch.absent) if watch is not None else None),
    }


def _reasons(absent: Mapping[str, str]) -> str:
    return "; ".join(dict.fromkeys(f"{name}: {reason}" for name, reason in absent.items()))


def _time(moment: Any) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")


def _table(columns: Sequence[str], rows: Sequence[Mapping[str, object]]) -> bytes:
    lines = [columns, *([cell_text(row.get(c), _six_decimals) for c in columns] for row in rows)]
    return b"".join(map(table_line, lines))


def _six_decimals(value: float) -> str:
    return repr(round(value, 6))
