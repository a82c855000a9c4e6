"""The text of ``lab.toml``: a calibration, and its performance on subjects left out."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

from psgpipe._version import __version__
from psgpipe.agreement.calibrating.calibrate import LabCalibration
from psgpipe.agreement.calibrating.left_out_subjects import Performance
from psgpipe.errors import FileTaken, PsgpipeError
from psgpipe.files.atomic import output_errors, write_file
from psgpipe.files.temporary_files import remove_abandoned_files
from psgpipe.staging.calibration.lab_file import STAGES, VERSION, read_calibration

_HEAD = """\
# Automatic stages calibrated to the scorers of one laboratory, written by psgpipe calibrate.
# In a pipeline file: [stage_sleep] calibration = "<this file>". It holds for nights of this
# laboratory that are staged by the same recipe, and for no others.
"""


def write_lab_toml(found: LabCalibration, path: Path) -> None:
    """Write the file; an older calibration is replaced, another file is not.

    Raises
    ------
    psgpipe.errors.FileTaken
        The file is there and is no calibration.
    psgpipe.errors.OutputConflict
        The folder cannot be written.
    """
    refuse_other_file(path)
    with output_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    remove_abandoned_files(path.parent)
    write_file(path, lab_toml(found).encode("utf-8"))


def refuse_other_file(path: Path) -> None:
    """Refuse a path at which another file lies, before anything is computed."""
    if not path.exists():
        return
    try:
        read_calibration(path)
    except PsgpipeError as error:
        raise FileTaken(
            f"{path.name}: there is a file of this name that is no calibration",
            "Give another name with -o, or remove this file.",
        ) from error


def lab_toml(found: LabCalibration) -> str:
    """The text of the file."""
    return _HEAD + "\n".join(_lines(found)) + "\n"


def _lines(found: LabCalibration) -> Iterator[str]:
    origin = found.origin
    conditions = ", ".join(f"{json.dumps(c)} = {n}" for c, n in found.conditions.items())
    yield from (f"version = {VERSION}", f"psgpipe = {_text(__version__)}")
    yield from (
        "",
        "[fitted_on]",
        f"subjects = {found.n_subjects}",
        f"nights = {len(found.after.nights)}",
        f"epochs = {found.n_epochs}",
        *([f"conditions = {{ {conditions} }}  # nights of each"] if conditions else []),
        "# The recordings, by the first digits of their hash.",
        f"recordings = {_texts(found.recordings)}",
        "",
        "[recipe]",
        f"classifier_sha256 = {_text(origin.classifier_sha256 or '')}",
        f"derivations = {_texts(origin.derivations)}",
        f"age_and_sex = {str(origin.age_and_sex).lower()}",
        f"consensus = {_texts(origin.consensus)}",
        f"de_weight = {str(found.de_weighted).lower()}",
        "",
        "[probabilities]",
        "# p ** (1 / temperature) * exp(offset), then divided by the sum over the stages.",
        f"temperature = {_number(found.temperature)}",
        "offsets = {{ {} }}".format(
            ", ".join(
                f"{s} = {_number(v)}" for s, v in zip(STAGES, found.weights.offsets, strict=True)
            )
        ),
    )
    if found.transitions is not None:
        yield from (
            "",
            "[chain]",
            "# Logarithmic weight of the step from the stage of an epoch to the next one's, in the",
            f"# order {' '.join(STAGES)}.",
        )
        for stage, row in zip(STAGES, found.transitions, strict=True):
            yield f"{stage} = [{', '.join(map(_number, row))}]"
    yield from ("", "# All below: in nights of subjects on which it was not fitted.", "[errors]")
    for name, errors in found.errors.items():
        yield from ("", f"[errors.{name}]", *_fields(errors))
    yield from (
        "",
        "# Error of one night's percentage, automatic minus the scorer's, for its interval.",
        "[prediction]",
    )
    for name, error in found.prediction.items():
        yield from ("", f"[prediction.{name}]", *_fields(error))
    yield from _left_out_lines(found)


def _left_out_lines(found: LabCalibration) -> Iterator[str]:
    """Before and after, for a reader: psgpipe does not use them."""
    after = _figures(found.after)
    yield from ("", "[leave_one_subject_out]", "# [without the calibration, with it]")
    for name, value in _figures(found.before).items():
        other = after[name]
        if value is not None and other is not None:
            yield f"{name} = [{_number(value)}, {_number(other)}]"
    yield from ("", "[leave_one_subject_out.bias]")
    for name, limits in found.before.bias.items():
        later = found.after.bias.get(name)
        if later is not None:
            yield f"{name} = [{_number(limits.bias)}, {_number(later.bias)}]"


def _figures(found: Performance) -> dict[str, float | None]:
    one = found.agreement
    return {
        "kappa": one.kappa,
        "accuracy": one.accuracy,
        "macro_f1": found.macro_f1,
        **{f"f1_{stage.lower()}": value for stage, value in one.f1.items()},
        "brier": found.brier,
        "ece": found.ece,
    }


def _fields(record: object) -> list[str]:
    values = dataclasses.asdict(record)  # type: ignore[call-overload]
    return [f"{name} = {_number(value)}" for name, value in values.items() if value is not None]


def _number(value: float) -> str:
    """A number with six decimals, as TOML writes it; a whole number as it is."""
    return str(value) if isinstance(value, int) else f"{value + 0.0:.6f}"


def _text(value: str) -> str:
    return json.dumps(value)


def _texts(values: tuple[str, ...]) -> str:
    return f"[{', '.join(map(_text, values))}]"
