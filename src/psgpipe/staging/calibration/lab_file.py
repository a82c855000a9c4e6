"""The file of a calibration, ``lab.toml``: read and checked, every mistake with its line."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from psgpipe.errors import PipelineInvalid
from psgpipe.files.hashing import sha256_of
from psgpipe.files.regular import read_small_file
from psgpipe.files.toml_file import MOST_BYTES, parse_toml
from psgpipe.messages import printable, unknown
from psgpipe.model.calibration import Calibration, EndpointError, StagerErrors
from psgpipe.model.hypnogram import SCORED

VERSION = 1
STAGES = tuple(str(stage) for stage in SCORED)
LARGEST_WEIGHT = 50.0
TEMPERATURES = (0.05, 20.0)
ENDPOINTS = ("rem_pct", "n3_pct")
_TABLES = ("fitted_on", "recipe", "probabilities", "errors", "prediction")
_FURTHER = ("version", "psgpipe", "chain", "leave_one_subject_out")
_FIELDS = {
    "recipe": ("classifier_sha256", "derivations", "age_and_sex", "consensus", "de_weight"),
    "probabilities": ("temperature", "offsets"),
}
_REMEDY = "Write the file again with psgpipe calibrate."


def read_calibration(path: Path) -> Calibration:
    """The calibration in a file.

    Raises
    ------
    psgpipe.errors.PipelineInvalid
        It cannot be read, has another version, or has a value that cannot be right.
    """
    content = read_small_file(path, PipelineInvalid, MOST_BYTES)
    table = parse_toml(content, path.name, PipelineInvalid)
    return _File(path.name, content.decode("utf-8-sig"), table).calibration()


def line_of(text: str, *keys: str) -> int | None:
    """The line, from 1, of a key in a TOML text whose tables have heads of their own.

    `keys` are the names of the tables and the key, as ``"errors", "rem", "sensitivity"``.
    """
    head = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if found := re.match(r"\s*\[([^\]]+)\]", line):
            head = found[1].strip()
            if f"{head}.".startswith(f"{'.'.join(keys)}."):
                return number
        elif (found := re.match(r"\s*([\w\"'-]+)\s*=", line)) and (
            ".".join(filter(None, (head, found[1].strip("\"'")))) == ".".join(keys)
        ):
            return number
    return line_of(text, *keys[:-1]) if len(keys) > 1 else None


@dataclasses.dataclass(frozen=True)
class _File:
    """The text of a file and its content; every value is read with its type and its range."""

    name: str
    text: str
    table: Mapping[str, Any]

    def calibration(self) -> Calibration:
        version = self.table.get("version")
        if version != VERSION or isinstance(version, bool):
            self._refuse(f"version is {version!r}, wanted {VERSION}", "version")
        self._known(self.table, (*_TABLES, *_FURTHER))
        for name in _TABLES:
            self._part(name)
        for name, known in _FIELDS.items():
            self._known(self._part(name), known, name)
        return Calibration(
            sha256=self._hash(),
            file=self.name,
            temperature=self._number("probabilities", "temperature", between=TEMPERATURES),
            offsets=self._offsets(),
            transitions=self._transitions(),
            classifier_sha256=self._text_value("recipe", "classifier_sha256"),
            derivations=self._texts("recipe", "derivations"),
            age_and_sex=self._truth("recipe", "age_and_sex"),
            consensus=self._texts("recipe", "consensus"),
            de_weight=self._truth("recipe", "de_weight"),
            recordings=self._texts("fitted_on", "recordings"),
            errors={stage: self._errors(stage) for stage in self._named("errors", ("rem", "n3"))},
            prediction={name: self._error(name) for name in self._named("prediction", ENDPOINTS)},
        )

    def _hash(self) -> str:
        try:
            return sha256_of(self.table)
        except (TypeError, ValueError):  # a date, which no field of this file is
            self._refuse("a value has no type of this file")

    def _offsets(self) -> tuple[float, ...]:
        keys = ("probabilities", "offsets")
        self._known(self._part(*keys), STAGES, *keys)
        between = (-LARGEST_WEIGHT, LARGEST_WEIGHT)
        return tuple(self._number(*keys, stage, between=between) for stage in STAGES)

    def _transitions(self) -> tuple[tuple[float, ...], ...]:
        if "chain" not in self.table:
            return ()
        self._known(self._part("chain"), STAGES, "chain")
        return tuple(self._row(stage) for stage in STAGES)

    def _row(self, stage: str) -> tuple[float, ...]:
        row = self._value("chain", stage)
        if not isinstance(row, list) or len(row) != len(STAGES):
            self._refuse(f"wanted {len(STAGES)} numbers, found {_shown(row)}", "chain", stage)
        between = (-LARGEST_WEIGHT, LARGEST_WEIGHT)
        return tuple(self._checked(value, between, "chain", stage) for value in row)

    def _errors(self, stage: str) -> StagerErrors:
        keys = ("errors", stage)
        self._known(self._part(*keys), [f.name for f in dataclasses.fields(StagerErrors)], *keys)
        share = (0.0, 1.0)
        found = StagerErrors(
            self._number(*keys, "sensitivity", between=share),
            self._number(*keys, "false_positive_rate", between=share),
            self._optional(*keys, "sensitivity_sd", between=share),
            self._optional(*keys, "false_positive_rate_sd", between=share),
        )
        if found.sensitivity <= found.false_positive_rate:
            self._refuse(
                "the sensitivity is not above the false positive rate", *keys, "sensitivity"
            )
        return found

    def _error(self, endpoint: str) -> EndpointError:
        keys = ("prediction", endpoint)
        self._known(self._part(*keys), [f.name for f in dataclasses.fields(EndpointError)], *keys)
        df = self._value(*keys, "df")
        if not isinstance(df, int) or isinstance(df, bool) or df < 1:
            self._refuse(f"df is {_shown(df)}, wanted a whole number from 1", *keys, "df")
        return EndpointError(
            bias=self._number(*keys, "bias", between=(-100.0, 100.0)),
            bias_se=self._number(*keys, "bias_se", between=(0.0, 100.0)),
            sd=self._number(*keys, "sd", between=(0.0, 100.0)),
            df=df,
        )

    def _named(self, name: str, known: Sequence[str]) -> list[str]:
        part = self._part(name)
        self._known(part, known, name)
        return list(part)

    def _part(self, *keys: str) -> Mapping[str, Any]:
        part = self._value(*keys)
        if not isinstance(part, Mapping):
            self._refuse(f"{'.'.join(keys)} is not a table", *keys)
        return part

    def _value(self, *keys: str) -> Any:
        part: Any = self.table
        for number, key in enumerate(keys, start=1):
            if not isinstance(part, Mapping) or key not in part:
                self._refuse(f"wanted {'.'.join(keys[:number])}, found none", *keys[:number])
            part = part[key]
        return part

    def _number(self, *keys: str, between: tuple[float, float]) -> float:
        return self._checked(self._value(*keys), between, *keys)

    def _optional(self, *keys: str, between: tuple[float, float]) -> float | None:
        return self._number(*keys, between=between) if keys[-1] in self._part(*keys[:-1]) else None

    def _checked(self, value: Any, between: tuple[float, float], *keys: str) -> float:
        low, high = between
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not math.isfinite(value) or not low <= value <= high:
            wanted = f"a number from {low:g} to {high:g}"
            self._refuse(f"{keys[-1]} is {_shown(value)}, wanted {wanted}", *keys)
        return float(value)

    def _text_value(self, *keys: str) -> str:
        value = self._value(*keys)
        if not isinstance(value, str) or not value:
            self._refuse(f"{keys[-1]} is {_shown(value)}, wanted a text", *keys)
        return value

    def _texts(self, *keys: str) -> tuple[str, ...]:
        value = self._value(*keys)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self._refuse(f"{keys[-1]} is {_shown(value)}, wanted a list of texts", *keys)
        return tuple(value)

    def _truth(self, *keys: str) -> bool:
        value = self._value(*keys)
        if not isinstance(value, bool):
            self._refuse(f"{keys[-1]} is {_shown(value)}, wanted true or false", *keys)
        return value

    def _known(self, part: Mapping[str, Any], known: Sequence[str], *keys: str) -> None:
        for key in part:
            if key not in known:
                self._refuse(unknown("key", key, known), *keys, key)

    def _refuse(self, problem: str, *keys: str) -> NoReturn:
        line = line_of(self.text, *keys) if keys else None
        where = self.name if line is None else f"{self.name} line {line}"
        raise PipelineInvalid(f"{where}: {problem}", _REMEDY)


def _shown(value: Any) -> str:
    return printable(repr(value), 60)


def refuse_another_recipe(
    calibration: Calibration, *, consensus: Sequence[str], de_weight: bool, source: str
) -> None:
    """Refuse a calibration that was fitted to probabilities of another pipeline.

    Raises
    ------
    psgpipe.errors.PipelineInvalid
    """
    for name, wanted, found in (
        ("consensus", list(calibration.consensus), list(consensus)),
        ("de_weight", calibration.de_weight, de_weight),
    ):
        if wanted != found:
            raise PipelineInvalid(
                f"{calibration.file} [recipe] has {name} = {_toml(wanted)}, and {source} "
                f"{_toml(found)}",
                "Use the pipeline of the nights on which it was fitted, or calibrate again.",
            )


def _toml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
