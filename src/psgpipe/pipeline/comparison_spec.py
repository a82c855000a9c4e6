"""A comparison spec: TOML becomes a ComparisonSpec; locked before the results are seen."""

from __future__ import annotations

import datetime as dt
import difflib
import hashlib
import itertools
import json
import tomllib
from collections.abc import Callable, Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from psgpipe.errors import ComparisonSpecInvalid, OutputConflict, SpecChanged
from psgpipe.model.comparison import ComparisonSpec, Declaration, Population
from psgpipe.pipeline.store import json_bytes, write_file

MOST_SECONDARIES = 5


def load_spec(
    spec: str | Path | None, *, exploratory: bool = False
) -> tuple[ComparisonSpec, Declaration]:
    """The spec in a TOML file or shipped under a name, and what its lock says.

    Without a spec: the defaults, and a Declaration that says that nothing was declared.

    Raises
    ------
    psgpipe.errors.ComparisonSpecInvalid
        No such file, not TOML, or anything in it unknown, of the wrong type or impossible.
    psgpipe.errors.SpecChanged
        Edited after it was locked, and not `exploratory`.
    """
    if spec is None:
        return ComparisonSpec(), Declaration()
    path = find_spec(spec)
    content = _content(path)
    try:
        table = tomllib.loads(content.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ComparisonSpecInvalid(
            f"{path.name}: not valid TOML: {error}", "Correct it."
        ) from error
    return spec_from(table, path.name), _declaration(path, content, exploratory=exploratory)


def find_spec(spec: str | Path) -> Path:
    """The file meant by a path or by the name of a shipped spec."""
    path = Path(spec)
    if path.suffix == ".toml" or path.is_file():
        return path
    shipped = _shipped(f"{path.name}.toml")
    if path.name == str(spec) and shipped.is_file():
        return shipped
    raise ComparisonSpecInvalid(
        f"no comparison spec is called {str(spec)!r}", "Give a .toml file or treatment-comparison."
    )


def _shipped(name: str) -> Path:
    installed = Path(str(resources.files("psgpipe"))) / "pipelines" / name
    # In a development install the files stay where they are edited, at the top of the checkout.
    in_checkout = Path(__file__).resolve().parents[3] / "pipelines" / name
    return installed if installed.is_file() else in_checkout


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ComparisonSpecInvalid(
            f"{path.name}: cannot be read: {error.strerror}", "Check the path and its permissions."
        ) from error


def lock_path(spec: Path) -> Path:
    """Where the lock of a spec file lies: beside it."""
    return spec.with_name(spec.name + ".lock")


def lock_spec(spec: str | Path) -> dict[str, Any]:
    """Write a spec's SHA-256 and the time beside it, once; returns what the lock says.

    Raises
    ------
    psgpipe.errors.ComparisonSpecInvalid : the spec is wrong, or is the shipped one.
    psgpipe.errors.OutputConflict : another content of this spec was locked before.
    """
    path = find_spec(spec)
    if path.resolve() == _shipped(path.name).resolve():
        raise ComparisonSpecInvalid(
            f"{path.name} is the example that comes with psgpipe, not a study's own declaration",
            "Copy it to your study, edit it, and lock the copy.",
        )
    load_spec(path, exploratory=True)  # a spec that is wrong must not be locked
    sha256 = hashlib.sha256(_content(path)).hexdigest()
    lock = _read_lock(path)
    if lock is not None and lock["sha256"] != sha256:
        raise OutputConflict(
            f"{path.name} was locked on {lock['locked_at']} with other content",
            "Restore that content, or declare the new analysis in a file of another name.",
        )
    if lock is None:
        now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        lock = {"spec": path.name, "sha256": sha256, "locked_at": now}
        write_file(lock_path(path), json_bytes(lock))
    return lock


def _read_lock(spec: Path) -> dict[str, Any] | None:
    path = lock_path(spec)
    if not path.exists():
        return None
    try:
        lock = json.loads(path.read_text(encoding="utf-8"))
        return {"sha256": str(lock["sha256"]), "locked_at": str(lock["locked_at"])}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SpecChanged(
            f"{path.name}: the lock cannot be read", "Restore it as it was written."
        ) from error


def _declaration(path: Path, content: bytes, *, exploratory: bool) -> Declaration:
    sha256 = hashlib.sha256(content).hexdigest()
    lock = _read_lock(path)
    if lock is None:
        return Declaration(path.name, sha256)
    if lock["sha256"] == sha256:
        return Declaration(path.name, sha256, lock["locked_at"])
    if not exploratory:
        raise SpecChanged(
            f"{path.name} was edited after it was locked on {lock['locked_at']}",
            "Restore it, or add --exploratory: every table then says so.",
        )
    return Declaration(path.name, sha256, None, exploratory=True)


def spec_from(table: Mapping[str, Any], source: str) -> ComparisonSpec:
    """The ComparisonSpec in a parsed TOML table; `source` names it in errors.

    Raises
    ------
    psgpipe.errors.ComparisonSpecInvalid
    """
    read = _Reader(table, source)
    read.refuse_unknown()
    spec = ComparisonSpec(**dict(read.fields()))
    _check_roles(spec, source)
    _check_numbers(spec, source)
    return spec


_Kind = tuple[str, Callable[[Any], Any]]


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError
    return value


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError
    return tuple(_text(item) for item in value)


def _words(value: Any) -> tuple[str, ...]:
    words = (value,) if isinstance(value, str) else value
    found = tuple(" ".join(_text(word).casefold().split()) for word in words)
    if not found:
        raise ValueError
    return found


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e15:
        raise ValueError
    return float(value)


def _not_negative(value: Any) -> float:
    number = _number(value)
    if number < 0:
        raise ValueError
    return number


def _share(value: Any) -> float:
    number = _number(value)
    if not 0 <= number <= 1:
        raise ValueError
    return number


def _seed(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError
    return value


def _rising(value: Any) -> tuple[float, ...]:
    edges = tuple(_number(edge) for edge in value)
    if len(edges) < 2 or any(a >= b for a, b in itertools.pairwise(edges)):
        raise ValueError
    return edges


def _low_high(value: Any) -> tuple[float, ...]:
    edges = _rising(value)
    if len(edges) != 2:
        raise ValueError
    return edges


def _one_of(*words: str) -> _Kind:
    def read(value: Any) -> str:
        if value not in words:
            raise ValueError
        return str(value)

    return "one of " + ", ".join(words), read


def _by_endpoint(kind: _Kind) -> _Kind:
    def read(value: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise ValueError
        return {endpoint: kind[1](item) for endpoint, item in value.items()}

    return f"for each endpoint {kind[0]}", read


def _population(value: Any) -> Population:
    if set(value) != {"mean", "icc"}:
        raise ValueError
    return Population(_number(value["mean"]), _share(value["icc"]))


_NAME: _Kind = ("a text", _text)
_FLAG: _Kind = ("true or false", _flag)
_ENDPOINTS: _Kind = ("a list of endpoints", _texts)
_CONDITION: _Kind = ("a word of the condition column, or a list of them", _words)
_HOURS: _Kind = ("a number of hours, not negative", _not_negative)
_SHARE: _Kind = ("a number from 0 to 1", _share)

# (table, key) in the file -> field of ComparisonSpec, and what it takes.
_KEYS: dict[tuple[str, str], tuple[str, _Kind]] = {
    ("", "name"): ("name", _NAME),
    ("", "description"): ("", _NAME),
    ("", "primary"): ("primary", ("an endpoint", _text)),
    ("", "secondary"): ("secondary", _ENDPOINTS),
    ("", "endpoints"): ("endpoints", _ENDPOINTS),
    ("", "design"): ("design", _one_of("auto", "before-after", "crossover")),
    ("", "washout_days"): ("washout_days", ("a number of days, not negative", _not_negative)),
    ("", "composition"): ("composition", _FLAG),
    ("", "max_t"): ("max_t", _FLAG),
    ("", "blind"): ("blind", _FLAG),
    ("", "seed"): ("seed", ("a whole number, not negative", _seed)),
    ("conditions", "baseline"): ("baseline", _CONDITION),
    ("conditions", "treatment"): ("treatment", _CONDITION),
    ("nights", "hours_since_dose"): ("hours_since_dose", ("[low, high] in hours", _low_high)),
    ("nights", "sedation_window_h"): ("sedation_window_h", _HOURS),
    ("nights", "first_night"): ("first_night", _one_of("rule", "drop", "keep")),
    ("nights", "missing_lights"): ("missing_lights", _one_of("warn", "withhold", "drop")),
    ("strata", "dose"): ("dose_strata", _FLAG),
    ("strata", "hours_since_dose"): ("hours_strata", ("rising hours, two or more", _rising)),
    ("tipping_point", "rem_sensitivity"): ("rem_sensitivity", _SHARE),
    ("tipping_point", "rem_false_positive_rate"): ("rem_false_positive_rate", _SHARE),
}
_WHOLE_TABLES: dict[str, _Kind] = {
    "transform": _by_endpoint(_one_of("log", "none")),
    "equivalence": _by_endpoint(("a number above 0", _number)),
    "population": _by_endpoint(("{ mean = ..., icc = 0 to 1 }", _population)),
}


class _Reader:
    """Reads the fields of one parsed file."""

    def __init__(self, table: Mapping[str, Any], source: str) -> None:
        self._table = table
        self._source = source

    def refuse_unknown(self) -> None:
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

    def _read(self, where: str, value: Any, kind: _Kind) -> Any:
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
                    f"{self._source}: {where}unknown key {key!r}{likely(key, known)}",
                    f"Known are {', '.join(known)}.",
                )


def likely(word: str, known: Iterable[str]) -> str:
    """``; did you mean ...?`` where a known word is near, else nothing."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""


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
