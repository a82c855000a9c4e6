"""The comparison spec: a TOML file becomes a `ComparisonSpec`."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from psgpipe.comparison.stager_accuracy import errors_for
from psgpipe.errors import ComparisonSpecInvalid
from psgpipe.files.toml_file import is_pipeline, parse_toml, refuse_unknown_keys, shipped_pipelines
from psgpipe.files.typed_values import field_types, typed
from psgpipe.model.comparison.spec import ComparisonSpec
from psgpipe.model.ids import one_spelling

MOST_SECONDARIES = 5
_STAGER_ERRORS = (
    "rem_sensitivity", "rem_false_positive_rate", "n3_sensitivity", "n3_false_positive_rate",
)  # fmt: skip
_LARGEST = 1e15
ESTIMAND = ("population", "treatment", "intercurrent_events", "strategy", "summary")
_LONGEST_TEXT = 500
# Keys of each table of the file; those of no table come first.
_KEYS: Mapping[str, tuple[str, ...]] = {
    "": (
        "name", "description", "primary", "secondary", "endpoints", "design", "washout_days",
        "composition", "max_t", "blind", "seed",
    ),
    "conditions": ("baseline", "treatment"),
    "arms": ("column", "treatment", "control"),
    "nights": (
        "hours_since_dose", "sedation_window_h", "first_night", "missing_lights", "incomplete",
        "minimum",
    ),
    "strata": ("dose", "hours_since_dose", "days"),
    "multiplicity": ("secondary",),
    "tipping_point": _STAGER_ERRORS,
    "estimand": ESTIMAND,
    "gain": ("factor",),
}  # fmt: skip
# Fields of ComparisonSpec that are not called like their key.
_FIELDS = {("nights", "minimum"): "minimum_nights",
           **{("arms", key): f"arm_{key}" for key in ("column", "treatment", "control")},
           **{("estimand", key): f"estimand_{key}" for key in ESTIMAND},
           ("gain", "factor"): "gain_factor", ("strata", "dose"): "dose_strata",
           ("strata", "hours_since_dose"): "hours_strata", ("strata", "days"): "day_strata",
           ("multiplicity", "secondary"): "secondary_rule"}  # fmt: skip
# Tables that are one field, with a value for each endpoint.
_BY_ENDPOINT = ("transform", "equivalence", "population")
_SHARE = "a number from 0 to 1"
# Fields that hold words of a column.
_WORDS = ("baseline", "treatment", "arm_treatment", "arm_control")
_CONDITION = "a word of the condition column, or a list of them"
_ARM = "a word of the arm column, or a list of them"
_WANTED = {
    "name": "a text",
    "description": "a text",
    "primary": "an endpoint",
    "secondary": "a list of endpoints",
    "endpoints": "a list of endpoints",
    "baseline": _CONDITION,
    "treatment": _CONDITION,
    "arm_treatment": _ARM,
    "arm_control": _ARM,
    "arm_column": "the name of a column",
    "design": "one of auto, before-after, crossover (parallel arms: name them in [arms])",
    "washout_days": "a number of days, not negative",
    "hours_since_dose": "[low, high] in hours",
    "sedation_window_h": "a number of hours, not negative",
    "first_night": "one of rule, drop, keep",
    "missing_lights": "one of warn, withhold, drop",
    "incomplete": "one of withhold, warn",
    "transform": "for each endpoint one of log, rank, none",
    "equivalence": "for each endpoint a number above 0",
    "population": "for each endpoint { mean = ..., icc = 0 to 1 }",
    "secondary_rule": "one of hierarchical, supportive",
    "hours_strata": "rising hours, two or more",
    "minimum_nights": "a whole number of nights, 1 or more",
    **dict.fromkeys(
        (f"estimand_{key}" for key in ESTIMAND), f"a text, at most {_LONGEST_TEXT} characters"
    ),
    **dict.fromkeys(_STAGER_ERRORS, _SHARE),
    "gain_factor": "a factor of power above 1",
    "seed": "a whole number, not negative",
}


def parse_spec(content: bytes, source: str) -> ComparisonSpec:
    """The ComparisonSpec in the bytes of a TOML file; `source` names it in errors.

    Raises
    ------
    psgpipe.errors.ComparisonSpecInvalid
        Not TOML, or anything in it unknown, of the wrong type or impossible.
    """
    document = parse_toml(content, source, ComparisonSpecInvalid)
    if is_pipeline(document):
        raise ComparisonSpecInvalid(
            f"{source}: this is a pipeline, wanted a comparison spec",
            "Give it to psgpipe run or psgpipe batch (-p); a spec declares endpoints and "
            "conditions.",
        )
    tables = sorted([*(name for name in _KEYS if name), *_BY_ENDPOINT])
    refuse_unknown_keys(document, [*_KEYS[""], *tables], source, ComparisonSpecInvalid)
    values: dict[str, Any] = {}
    for name in _KEYS:
        table = document.get(name, {}) if name else document
        if not isinstance(table, Mapping):
            raise _wrong(f"{source}: {name}", table, f"a table [{name}]")
        if name:
            refuse_unknown_keys(table, _KEYS[name], f"{source}: [{name}]", ComparisonSpecInvalid)
        prefix = f"{source}: [{name}] " if name else f"{source}: "
        for key in _KEYS[name]:
            if key in table:
                field = _FIELDS.get((name, key), key)
                values[field] = _value(field, table[key], prefix + key)
    for name in _BY_ENDPOINT:
        if name in document:
            values[name] = _value(name, document[name], f"{source}: [{name}]")
    values.pop("description", None)
    spec = ComparisonSpec(**values)
    _check_roles(spec, source)
    _check_arms(spec, source)
    _check_numbers(spec, source)
    return spec


def spec_lines(
    primary: str | None,
    baseline: Sequence[str],
    treatment: Sequence[str],
    arms: Mapping[str, Sequence[str]] = {},
) -> str:
    """The lines of a spec file that declare a primary endpoint, conditions and arms."""
    lines = [f"primary = {json.dumps(primary, ensure_ascii=False)}"] if primary else []
    tables = {"conditions": {"baseline": baseline, "treatment": treatment}, "arms": arms}
    for table, words in tables.items():
        if any(words.values()):
            lines.append(f"[{table}]")
            lines += [f"{name} = {json.dumps([*given], ensure_ascii=False)}"
                      for name, given in words.items() if given]  # fmt: skip
    return "".join(f"{line}\n" for line in lines)


def _value(field: str, value: Any, where: str) -> Any:
    """The value of a field from plain TOML; an error where it is not what the field wants."""
    hint = str if field == "description" else field_types(ComparisonSpec)[field]
    is_condition = field in _WORDS
    if field == "population" and isinstance(value, Mapping):
        for endpoint, population in value.items():
            if isinstance(population, Mapping):
                known = ("mean", "icc")
                refuse_unknown_keys(population, known, f"{where} {endpoint}", ComparisonSpecInvalid)
    try:
        plain = [value] if is_condition and isinstance(value, str) else value
        checked = typed(plain, hint, where)
    except TypeError as error:
        raise _wrong(where, value, _WANTED.get(field, "true or false")) from error
    if not _is_allowed(field, checked):
        raise _wrong(where, value, _WANTED[field])
    return tuple(one_spelling(word) for word in checked) if is_condition else checked


def _is_allowed(field: str, value: Any) -> bool:
    """Whether a value of the right type is in the range of its field."""
    if field in _STAGER_ERRORS:
        return bool(0 <= value <= 1)
    if field == "gain_factor":
        return bool(1 < value < _LARGEST)
    if field == "minimum_nights":
        return bool(1 <= value < _LARGEST)
    if field.startswith("estimand_"):
        return bool(value.strip()) and len(value) <= _LONGEST_TEXT
    if field in ("washout_days", "sedation_window_h", "seed"):
        return bool(0 <= value < _LARGEST)
    if field in ("hours_since_dose", "hours_strata"):
        rising = all(low < high for low, high in itertools.pairwise(value))
        enough = len(value) == 2 if field == "hours_since_dose" else len(value) >= 2
        return enough and rising and all(abs(hours) < _LARGEST for hours in value)
    if field == "equivalence":
        return all(abs(margin) < _LARGEST for margin in value.values())
    if field == "population":
        return all(abs(p.mean) < _LARGEST and 0 <= p.icc <= 1 for p in value.values())
    if field in _WORDS and not value:
        return False
    return all(value) if isinstance(value, tuple) else value != ""


def _wrong(where: str, value: Any, wanted: str) -> ComparisonSpecInvalid:
    return ComparisonSpecInvalid(
        f"{where} is {str(value)[:60]!r}, wanted {wanted}", "Correct the value."
    )


def find_spec(spec: str | Path) -> Path:
    """The file meant by a path or by the name of a shipped spec."""
    path = Path(spec)
    if path.suffix == ".toml" or path.is_file():
        return path
    shipped = shipped_pipelines() / f"{path.name}.toml"
    if path.name == str(spec) and shipped.is_file():
        return shipped
    raise ComparisonSpecInvalid(
        f"no comparison spec is called {str(spec)!r}", "Give a .toml file or treatment-comparison."
    )


def _check_roles(spec: ComparisonSpec, source: str) -> None:
    declared = [e for e in (spec.primary, *spec.secondary) if e]
    twice = sorted({e for e in declared if declared.count(e) > 1})
    both = sorted({*spec.baseline} & {*spec.treatment})
    problems = {
        f"{', '.join(twice)} is declared twice": bool(twice),
        "secondary endpoints without a primary one": bool(spec.secondary) and not spec.primary,
        f"{len(spec.secondary)} secondary endpoints, wanted at most {MOST_SECONDARIES}": (
            len(spec.secondary) > MOST_SECONDARIES
        ),
        f"{', '.join(both)} is baseline and treatment": bool(both),
        "adaptation nights never enter a comparison": "adaptation"
        in {*spec.baseline, *spec.treatment},
    }
    for problem, wrong in problems.items():
        if wrong:
            raise ComparisonSpecInvalid(f"{source}: {problem}", "Correct the spec.")


def _check_arms(spec: ComparisonSpec, source: str) -> None:
    has_arms = bool(spec.arm_treatment and spec.arm_control)
    both = sorted({*spec.arm_treatment} & {*spec.arm_control})
    problems = {
        f"[arms] names one arm ({', '.join((*spec.arm_treatment, *spec.arm_control))})": (
            not has_arms and bool(spec.arm_treatment or spec.arm_control)
        ),
        f"[arms] {', '.join(both)} is treatment and control": bool(both),
    }
    for problem, wrong in problems.items():
        if wrong:
            raise ComparisonSpecInvalid(
                f"{source}: {problem}",
                'Name both: [arms] treatment = "...", control = "..." (words of the column arm).',
            )
    if has_arms and spec.design in ("before-after", "crossover"):
        raise ComparisonSpecInvalid(
            f"{source}: [arms] compares arms, and design = {spec.design!r} compares conditions",
            "Leave out one of the two.",
        )


def _check_numbers(spec: ComparisonSpec, source: str) -> None:
    for endpoint, margin in spec.equivalence.items():
        if spec.transform.get(endpoint) == "rank":
            raise ComparisonSpecInvalid(
                f"{source}: [equivalence] {endpoint} is analysed by ranks, which have no margin",
                "Leave out the margin or the ranks.",
            )
        ratio = spec.transform.get(endpoint) == "log"
        if margin <= (1 if ratio else 0):
            wanted = "a ratio above 1, because it is log-transformed" if ratio else "above 0"
            raise ComparisonSpecInvalid(
                f"{source}: [equivalence] {endpoint} is {margin:g}, wanted {wanted}",
                "Correct the margin.",
            )
    for stage, sensitivity, rate in (
        ("rem", spec.rem_sensitivity, spec.rem_false_positive_rate),
        ("n3", spec.n3_sensitivity, spec.n3_false_positive_rate),
    ):
        usual, _ = errors_for(stage, None)
        lowest = usual.sensitivity if sensitivity is None else sensitivity
        if lowest <= (usual.false_positive_rate if rate is None else rate):
            raise ComparisonSpecInvalid(
                f"{source}: [tipping_point] {stage}: the sensitivity is not above the false "
                "positive rate",
                "Correct the figures.",
            )
