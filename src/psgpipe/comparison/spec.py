"""A comparison spec: TOML becomes a ComparisonSpec; every mistake is found before a night is."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from psgpipe.comparison.spec_values import (
    Kind,
    by_endpoint,
    flag,
    low_high,
    not_negative,
    number,
    one_of,
    population,
    rising,
    seed,
    share,
    text,
    texts,
    words,
)
from psgpipe.errors import ComparisonSpecInvalid
from psgpipe.model.comparison import ComparisonSpec

MOST_SECONDARIES = 5


def parse_spec(content: bytes, source: str) -> ComparisonSpec:
    """The ComparisonSpec in the bytes of a TOML file; `source` names it in errors.

    Raises
    ------
    psgpipe.errors.ComparisonSpecInvalid
        Not TOML, or anything in it unknown, of the wrong type or impossible.
    """
    try:
        table = tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ComparisonSpecInvalid(
            f"{source}: wanted text in UTF-8, found another encoding", "Save the file as UTF-8."
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise ComparisonSpecInvalid(f"{source}: not valid TOML: {error}", "Correct it.") from error
    read = _Reader(table, source)
    read.refuse_unknown()
    spec = ComparisonSpec(**dict(read.fields()))
    _check_roles(spec, source)
    _check_numbers(spec, source)
    return spec


def find_spec(spec: str | Path) -> Path:
    """The file meant by a path or by the name of a shipped spec."""
    path = Path(spec)
    if path.suffix == ".toml" or path.is_file():
        return path
    shipped = shipped_spec(f"{path.name}.toml")
    if path.name == str(spec) and shipped.is_file():
        return shipped
    raise ComparisonSpecInvalid(
        f"no comparison spec is called {str(spec)!r}", "Give a .toml file or treatment-comparison."
    )


def shipped_spec(name: str) -> Path:
    """Where the spec that comes with psgpipe under a file name lies, if there is one."""
    installed = Path(str(resources.files("psgpipe"))) / "pipelines" / name
    # In a development install the files stay where they are edited, at the top of the checkout.
    in_checkout = Path(__file__).resolve().parents[3] / "pipelines" / name
    return installed if installed.is_file() else in_checkout


def spec_content(path: Path) -> bytes:
    """The bytes of a spec file, or ComparisonSpecInvalid."""
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):  # a pipe would be waited for
            raise ComparisonSpecInvalid(f"{path.name}: not a regular file", "Give a .toml file.")
        return path.read_bytes()
    except OSError as error:
        raise ComparisonSpecInvalid(
            f"{path.name}: cannot be read: {error.strerror}", "Check the path and its permissions."
        ) from error


_NAME: Kind = ("a text", text)
_FLAG: Kind = ("true or false", flag)
_ENDPOINTS: Kind = ("a list of endpoints", texts)
_CONDITION: Kind = ("a word of the condition column, or a list of them", words)
_HOURS: Kind = ("a number of hours, not negative", not_negative)
_SHARE: Kind = ("a number from 0 to 1", share)

# (table, key) in the file -> field of ComparisonSpec, and what it takes.
_KEYS: dict[tuple[str, str], tuple[str, Kind]] = {
    ("", "name"): ("name", _NAME),
    ("", "description"): ("", _NAME),
    ("", "primary"): ("primary", ("an endpoint", text)),
    ("", "secondary"): ("secondary", _ENDPOINTS),
    ("", "endpoints"): ("endpoints", _ENDPOINTS),
    ("", "design"): ("design", one_of("auto", "before-after", "crossover")),
    ("", "washout_days"): ("washout_days", ("a number of days, not negative", not_negative)),
    ("", "composition"): ("composition", _FLAG),
    ("", "max_t"): ("max_t", _FLAG),
    ("", "blind"): ("blind", _FLAG),
    ("", "seed"): ("seed", ("a whole number, not negative", seed)),
    ("conditions", "baseline"): ("baseline", _CONDITION),
    ("conditions", "treatment"): ("treatment", _CONDITION),
    ("nights", "hours_since_dose"): ("hours_since_dose", ("[low, high] in hours", low_high)),
    ("nights", "sedation_window_h"): ("sedation_window_h", _HOURS),
    ("nights", "first_night"): ("first_night", one_of("rule", "drop", "keep")),
    ("nights", "missing_lights"): ("missing_lights", one_of("warn", "withhold", "drop")),
    ("strata", "dose"): ("dose_strata", _FLAG),
    ("strata", "hours_since_dose"): ("hours_strata", ("rising hours, two or more", rising)),
    ("tipping_point", "rem_sensitivity"): ("rem_sensitivity", _SHARE),
    ("tipping_point", "rem_false_positive_rate"): ("rem_false_positive_rate", _SHARE),
}
_WHOLE_TABLES: dict[str, Kind] = {
    "transform": by_endpoint(one_of("log", "none")),
    "equivalence": by_endpoint(("a number above 0", number)),
    "population": by_endpoint(("{ mean = ..., icc = 0 to 1 }", population)),
}


class _Reader:
    """Reads the fields of one parsed file."""

    def __init__(self, table: Mapping[str, Any], source: str) -> None:
        self._table = table
        self._source = source

    def refuse_unknown(self) -> None:
        """Refuse keys and tables that mean nothing."""
        tables = {place for place, _ in _KEYS if place} | set(_WHOLE_TABLES)
        top = [key for place, key in _KEYS if not place]
        self._only(self._table, [*top, *sorted(tables)], "")
        for place in tables:
            content = self._table.get(place, {})
            if not isinstance(content, Mapping):
                raise self._wrong(place, content, f"a table [{place}]")
            if place not in _WHOLE_TABLES:
                self._only(content, [key for p, key in _KEYS if p == place], f"[{place}] ")

    def fields(self) -> Iterable[tuple[str, Any]]:
        """Name and value of every field of ComparisonSpec that the file gives."""
        for (place, key), (name, kind) in _KEYS.items():
            content = self._table.get(place, {}) if place else self._table
            if key in content:
                value = self._read(f"[{place}] {key}" if place else key, content[key], kind)
                if name:
                    yield name, value
        for place, kind in _WHOLE_TABLES.items():
            if place in self._table:
                yield place, self._read(f"[{place}]", self._table[place], kind)

    def _read(self, where: str, value: Any, kind: Kind) -> Any:
        try:
            return kind[1](value)
        except (ValueError, TypeError) as error:
            raise self._wrong(where, value, kind[0]) from error

    def _wrong(self, where: str, value: Any, wanted: str) -> ComparisonSpecInvalid:
        return ComparisonSpecInvalid(
            f"{self._source}: {where} is {str(value)[:60]!r}, wanted {wanted}", "Correct the value."
        )

    def _only(self, table: Mapping[str, Any], known: list[str], where: str) -> None:
        for key in table:
            if key not in known:
                raise ComparisonSpecInvalid(
                    f"{self._source}: {where}unknown key {key[:60]!r}{likely(key, known)}",
                    f"Known are {', '.join(known)}.",
                )


def likely(word: str, known: Iterable[str]) -> str:
    """``; did you mean ...?`` where a known word is near, else nothing."""
    folded = {k.casefold(): k for k in known}
    close = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    return f"; did you mean {folded[close[0]]!r}?" if close else ""


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


def _check_numbers(spec: ComparisonSpec, source: str) -> None:
    for endpoint, margin in spec.equivalence.items():
        ratio = spec.transform.get(endpoint) == "log"
        if margin <= (1 if ratio else 0):
            wanted = "a ratio above 1, because it is log-transformed" if ratio else "above 0"
            raise ComparisonSpecInvalid(
                f"{source}: [equivalence] {endpoint} is {margin:g}, wanted {wanted}",
                "Correct the margin.",
            )
    if spec.rem_sensitivity <= spec.rem_false_positive_rate:
        raise ComparisonSpecInvalid(
            f"{source}: [tipping_point] the sensitivity is not above the false positive rate",
            "Correct the figures.",
        )
