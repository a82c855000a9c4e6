"""The tables of an agreement, for the terminal and for ``agreement.md``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from psgpipe.agreement.agree import StudyAgreement
from psgpipe.agreement.endpoints import COMPARED
from psgpipe.agreement.statistics.by_stage import PooledAgreement
from psgpipe.agreement.statistics.calibration import Calibration
from psgpipe.agreement.statistics.resampling import FEWEST_SUBJECTS
from psgpipe.messages import are, count_of, listed, markdown_text
from psgpipe.model.hypnogram import SCORED
from psgpipe.sleep.agreement import Agreement

MAIN_ENDPOINTS = (
    "tst_min", "se_pct", "sol_min", "waso_min", "rem_latency_min", "n1_min", "n2_min", "n3_min",
    "rem_min", "n3_pct", "rem_pct",
)  # fmt: skip
FEW_SUBJECTS = 10
ALIKE = ("pipeline", "stager", "classifier", "derivations", "calibration")
"""Nights that differ in one of these were staged differently: pooled, they are of no one stager."""


@dataclass(frozen=True)
class Table:
    """A table with its title; the first row has the heads."""

    title: str
    rows: tuple[tuple[str, ...], ...]


def head_line(found: StudyAgreement) -> str:
    """How much was compared."""
    both = found.pooled
    return (
        f"{count_of(both.n_nights, 'night')} of {count_of(both.n_subjects, 'subject')}, "
        f"{count_of(both.agreement.n_epochs, 'epoch')} that both have staged"
    )


def tables(found: StudyAgreement) -> list[Table]:
    """Stages, confusion, every endpoint, calibration and nights."""
    return [
        Table("Stages, all epochs together [95 %]", _stage_rows(found)),
        Table("Epochs: expert in rows, automatic in columns", _confusion_rows(found)),
        Table("Endpoints: automatic minus expert [95 %]", _endpoint_rows(found, COMPARED)),
        Table("Probabilities", _calibration_rows(found)),
        Table("Nights", _night_rows(found)),
    ]


def narrow_tables(found: StudyAgreement) -> list[Table]:
    """The same for a terminal: the main endpoints, and no night alone."""
    stages = [_without_interval(row, first=4) for row in _stage_rows(found)]
    endpoints = [row[:5] for row in _endpoint_rows(found, MAIN_ENDPOINTS)]
    return [
        Table("Stages, all epochs together [95 %]", tuple(stages)),
        Table("Epochs: expert in rows, automatic in columns", _confusion_rows(found)),
        Table("Endpoints: automatic minus expert [95 %]", tuple(endpoints)),
        Table("Probabilities", tuple(row[:4] for row in _calibration_rows(found))),
    ]


def _without_interval(row: tuple[str, ...], first: int) -> tuple[str, ...]:
    """The cells from `first` on without the interval behind the value."""
    return (*row[:first], *(cell.partition(" [")[0] for cell in row[first:]))


def _unlike(found: StudyAgreement) -> list[str]:
    """A line for each field of the recipe in which the nights differ, with a night of each."""
    lines = []
    for name in ALIKE:
        night_of = {night.origin.recipe.get(name, ""): night for night in reversed(found.nights)}
        if len(night_of) > 1:
            nights = listed((f"{n.subject} {n.night}" for n in reversed(night_of.values())), 3)
            lines.append(
                f"{name} differs between the nights ({nights}): all nights together are of no one "
                "way of staging; agree on a folder of each"
            )
    return lines


def notes(found: StudyAgreement) -> list[str]:
    """What a reader of the tables must know."""
    both = found.pooled
    lines = []
    if both.n_subjects < FEWEST_SUBJECTS:
        lines.append(
            f"{count_of(both.n_subjects, 'subject')}: intervals over subjects need at least "
            f"{FEWEST_SUBJECTS}"
        )
    elif both.n_subjects < FEW_SUBJECTS:
        lines.append(
            f"{count_of(both.n_subjects, 'subject')} {are(both.n_subjects)} few: "
            "intervals that resample them are too short"
        )
    cropped = [night for night in found.nights if night.n_not_scored]
    if cropped:
        names = listed((f"{n.subject} {n.night}" for n in cropped), 3)
        lines.append(
            f"in {count_of(len(cropped), 'night')} the expert did not score the whole time in bed: "
            f"endpoints are those of the part that both have ({names})"
        )
    unknown = sum(not night.lights_known for night in found.nights)
    if unknown:
        lines.append(
            f"lights off or lights on is not known in {count_of(unknown, 'night')}: both scorings "
            "count from the start to the end of the recording"
        )
    fitted = sum(night.origin.is_fitted for night in found.nights)
    if fitted:
        lines.append(
            f"the calibration was fitted to {count_of(fitted, 'night')} of these: their agreement "
            "looks better than that of other nights; lab.toml has that of subjects left out"
        )
    lines += _unlike(found)
    if found.unused_files:
        n_files = count_of(len(found.unused_files), "file")
        lines.append(f"no night has the name of {n_files}: {listed(found.unused_files, 3)}")
    return lines


def agreement_markdown(found: StudyAgreement) -> str:
    """The content of ``agreement.md``."""
    parts = ["# Automatic stages against the expert's", f"{markdown_text(head_line(found))}."]
    for table in tables(found):
        heads, *rows = table.rows
        lines = [heads, ("---",) * len(heads), *rows]
        text = "\n".join("| " + " | ".join(map(markdown_text, line)) + " |" for line in lines)
        parts += [f"## {table.title}", text]
    parts.append("\n".join(f"- {markdown_text(note)}" for note in notes(found)))
    return "\n\n".join(filter(None, parts)) + "\n"


def _stage_rows(found: StudyAgreement) -> tuple[tuple[str, ...], ...]:
    heads = ("", "nights", "accuracy", "kappa", "MCC", *(f"F1 {stage}" for stage in SCORED))
    conditions = found.by_condition if len(found.by_condition) > 1 else {}
    rows = [("all", found.pooled), *conditions.items()]
    return (heads, *(_stage_row(name, one) for name, one in rows))


def _stage_row(name: str, one: PooledAgreement) -> tuple[str, ...]:
    found = one.agreement
    return (
        name,
        str(one.n_nights),
        _rate(found.accuracy, one.accuracy_interval),
        _rate(found.kappa, one.kappa_interval),
        _rate(found.mcc, one.mcc_interval),
        *(_rate(value, one.f1_intervals[stage]) for stage, value in found.f1.items()),
    )


def _confusion_rows(found: StudyAgreement) -> tuple[tuple[str, ...], ...]:
    confusion = found.pooled.agreement.confusion
    heads = ("", *map(str, SCORED))
    rows = [(str(s), *map(str, row)) for s, row in zip(SCORED, confusion.tolist(), strict=True)]
    return (heads, *rows)


def _endpoint_rows(found: StudyAgreement, names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    heads = ("endpoint", "nights", "bias", "lower limit", "upper limit", "slope", "r of changes")
    rows = []
    for name in names:
        one = found.by_endpoint[name]
        if one.limits is None:
            continue
        limits, line, changes = one.limits, one.proportional_bias, one.changes
        rows.append(
            (
                name,
                str(limits.n_nights),
                _value(limits.bias, limits.bias_interval),
                _value(limits.lower, limits.lower_interval),
                _value(limits.upper, limits.upper_interval),
                "-" if line is None else _rate(line.slope, line.slope_interval),
                "-" if changes is None else _rate(changes.r, changes.r_interval),
            )
        )
    return (heads, *rows)


def _calibration_rows(found: StudyAgreement) -> tuple[tuple[str, ...], ...]:
    heads = ("", "epochs", "Brier", "ECE", *(f"mean p {s} / scored" for s in SCORED))
    kinds = (("as stored", found.raw), ("without class weights", found.without_weights))
    return (heads, *(_calibration_row(name, one) for name, one in kinds if one is not None))


def _calibration_row(name: str, one: Calibration) -> tuple[str, ...]:
    return (
        name,
        str(one.n_epochs),
        _rate(one.brier, one.brier_interval),
        _rate(one.ece, one.ece_interval),
        *(f"{s.mean_probability:.3f} / {s.frequency:.3f}" for s in one.stages.values()),
    )


def _night_rows(found: StudyAgreement) -> tuple[tuple[str, ...], ...]:
    heads = ("subject", "night", "epochs", "accuracy", "kappa", *(f"F1 {s}" for s in SCORED))
    return (
        heads,
        *(
            (night.subject, night.night, *_night_cells(one))
            for night, one in zip(found.nights, found.agreements, strict=True)
        ),
    )


def _night_cells(one: Agreement) -> tuple[str, ...]:
    return (
        str(one.n_epochs),
        _rate(one.accuracy),
        _rate(one.kappa),
        *(_rate(value) for value in one.f1.values()),
    )


def _rate(value: float | None, interval: tuple[float, float] | None = None) -> str:
    """Three digits, with the interval where there is one."""
    if value is None:
        return "-"
    return f"{value:.3f}" + (f" [{interval[0]:.2f}, {interval[1]:.2f}]" if interval else "")


def _value(value: float | None, interval: tuple[float, float] | None) -> str:
    """One digit behind the point: minutes, percent, counts."""
    if value is None:
        return "-"
    return f"{value:+.1f}" + (f" [{interval[0]:+.1f}, {interval[1]:+.1f}]" if interval else "")
