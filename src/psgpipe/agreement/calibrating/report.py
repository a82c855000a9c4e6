"""The report of a calibration: what it changes in subjects on which it was not fitted."""

from __future__ import annotations

import dataclasses
from typing import Any

from psgpipe.agreement.calibrating.calibrate import LabCalibration
from psgpipe.agreement.calibrating.left_out_subjects import Performance
from psgpipe.agreement.report import FEW_SUBJECTS, MAIN_ENDPOINTS, Table
from psgpipe.messages import are, count_of
from psgpipe.sleep.changes_of_stage import CHANGES_OF_STAGE
from psgpipe.staging.calibration.lab_file import STAGES


def head_line(found: LabCalibration) -> str:
    """On what it was fitted, and what was fitted."""
    offsets = ", ".join(
        f"{stage} {offset:+.2f}"
        for stage, offset in zip(STAGES, found.weights.offsets, strict=True)
    )
    chain = ", and a chain over the night" if found.transitions is not None else ""
    return (
        f"Fitted to {count_of(len(found.after.nights), 'night')} of "
        f"{count_of(found.n_subjects, 'subject')}: temperature {found.temperature:.2f}, offsets "
        f"{offsets}{chain}."
    )


def tables(found: LabCalibration) -> list[Table]:
    """Stages, probabilities and endpoints before and after, and errors for REM and N3."""
    return [
        Table("Each subject by what was fitted to all others", _stage_rows(found)),
        Table("Bias: automatic minus the scorer's", _bias_rows(found)),
        Table("Errors of the stager, for the tipping points [SD between nights]", _errors(found)),
    ]


def _stage_rows(found: LabCalibration) -> tuple[tuple[str, ...], ...]:
    heads = ("", "kappa", "accuracy", *(f"F1 {s}" for s in STAGES), "mean F1", "Brier", "ECE")
    return heads, _stage_row("before", found.before), _stage_row("after", found.after)


def _stage_row(name: str, found: Performance) -> tuple[str, ...]:
    one = found.agreement
    values = (one.kappa, one.accuracy, *one.f1.values(), found.macro_f1, found.brier, found.ece)
    return (name, *(_rate(value) for value in values))


def _bias_rows(found: LabCalibration) -> tuple[tuple[str, ...], ...]:
    rows = []
    for name in (*MAIN_ENDPOINTS, "awakenings_per_h", "stage_shifts_per_h"):
        before, after = found.before.bias.get(name), found.after.bias.get(name)
        if before is not None:
            rows.append(
                (name, f"{before.bias:+.1f}", f"{after.bias:+.1f}" if after else "withheld")
            )
    return (("endpoint", "before", "after"), *rows)


def _errors(found: LabCalibration) -> tuple[tuple[str, ...], ...]:
    heads = ("", "sensitivity", "false positive rate")
    return (
        heads,
        *(
            (
                name.upper(),
                _with_sd(errors.sensitivity, errors.sensitivity_sd),
                _with_sd(errors.false_positive_rate, errors.false_positive_rate_sd),
            )
            for name, errors in found.errors.items()
        ),
    )


def notes(found: LabCalibration) -> list[str]:
    """What a reader must know."""
    lines = []
    if found.n_subjects < FEW_SUBJECTS:
        lines.append(
            f"{count_of(found.n_subjects, 'subject')} {are(found.n_subjects)} few: "
            "what is said of subjects left out may be "
            "chance, and holds for people like these"
        )
    before, after = found.before.agreement.kappa, found.after.agreement.kappa
    if before is not None and after is not None and after <= before:
        lines.append(
            "kappa is not higher with the calibration: plain stages are as good for these scorers"
        )
    if found.transitions is not None:
        lines.append(
            "with the chain these endpoints are withheld, because it finds too few changes of "
            f"stage: {', '.join(CHANGES_OF_STAGE[:5])} and the others like them"
        )
    return lines


def calibration_dict(found: LabCalibration) -> dict[str, Any]:
    """The report as plain values."""
    return {
        "n_subjects": found.n_subjects,
        "n_nights": len(found.after.nights),
        "n_epochs": found.n_epochs,
        "conditions": dict(found.conditions),
        "temperature": found.temperature,
        "offsets": dict(zip(STAGES, map(float, found.weights.offsets), strict=True)),
        "transitions": None if found.transitions is None else found.transitions.tolist(),
        "before": _plain(found.before),
        "after": _plain(found.after),
        "errors": {name: dataclasses.asdict(one) for name, one in found.errors.items()},
        "prediction": {name: dataclasses.asdict(one) for name, one in found.prediction.items()},
        "left_out": [dataclasses.asdict(night) for night in found.left_out],
    }


def _plain(found: Performance) -> dict[str, Any]:
    one = found.agreement
    return {
        "kappa": one.kappa,
        "accuracy": one.accuracy,
        "f1": one.f1,
        "macro_f1": found.macro_f1,
        "brier": found.brier,
        "ece": found.ece,
        "confusion": one.confusion.tolist(),
        "bias": {name: limits.bias for name, limits in found.bias.items()},
    }


def _rate(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _with_sd(value: float, sd: float | None) -> str:
    return f"{value:.3f}" + ("" if sd is None else f" [{sd:.3f}]")
