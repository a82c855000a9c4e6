"""TOML files of a laboratory: every mistake is an error that names the file and the likely word."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from psgpipe.errors import PsgpipeError
from psgpipe.files.regular import read_small_file
from psgpipe.files.typed_values import field_types, typed_record
from psgpipe.messages import printable, unknown

T = TypeVar("T")
MOST_BYTES = 1_000_000
_OF_COMPARISON = ("primary", "secondary", "endpoints", "conditions", "nights", "multiplicity")


def read_toml(path: Path, error_type: type[PsgpipeError]) -> dict[str, Any]:
    """The content of a TOML file; `error_type` is raised where it cannot be read."""
    return parse_toml(read_small_file(path, error_type, MOST_BYTES), path.name, error_type)


def shipped_pipelines() -> Path:
    """The folder of pipeline files and comparison specs that come with psgpipe."""
    installed = Path(str(resources.files("psgpipe"))) / "pipelines"
    # In a development install the files stay where they are edited, at the top of the checkout.
    return installed if installed.is_dir() else Path(__file__).resolve().parents[3] / "pipelines"


def parse_toml(content: bytes, name: str, error_type: type[PsgpipeError]) -> dict[str, Any]:
    """The content of a TOML file from its bytes; `name` stands in errors."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise error_type(
            f"{name}: wanted text in UTF-8, found another encoding (byte {error.start})",
            "Save the file as UTF-8.",
        ) from error
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise error_type(f"{name}: nested too deeply", "Correct the file.") from error
    except tomllib.TOMLDecodeError as error:
        cause = str(error).replace("end of document", f"line {text.count(chr(10)) + 1}, the last")
        raise error_type(
            f"{name}: not valid TOML: {printable(cause, 200)}", "Correct the file."
        ) from error


def is_pipeline(table: Mapping[str, Any]) -> bool:
    """Whether a TOML table is a pipeline, not a comparison spec: only a pipeline has steps."""
    return "steps" in table


def is_comparison_spec(table: Mapping[str, Any]) -> bool:
    """Whether a TOML table declares an analysis, and is not a pipeline."""
    return not is_pipeline(table) and any(key in table for key in _OF_COMPARISON)


def refuse_unknown_keys(
    table: Mapping[str, Any], known: Collection[str], where: str, error_type: type[PsgpipeError]
) -> None:
    """Refuse a key that is not known, with the likely one; `where` starts the message."""
    for key in table:
        if key not in known:
            raise error_type(
                f"{where}: {unknown('key', key, known)}",
                f"The keys here are {', '.join(known) or 'none'}.",
            )


def strict_record(cls: type[T], table: Any, where: str, error_type: type[PsgpipeError]) -> T:
    """The dataclass `cls` from a TOML table: no unknown key, no wrong type, no refused value.

    The dataclass refuses a value by ValueError.
    """
    if not isinstance(table, Mapping):
        raise error_type(f"{where} is not a table", f"Write {where.split()[-1]} on its own line.")
    refuse_unknown_keys(table, tuple(field_types(cls)), where, error_type)
    try:
        return typed_record(cls, table, where)
    except TypeError as error:
        raise error_type(str(error), "Correct the value.") from error
    except ValueError as error:
        raise error_type(f"{where}: {error}", "Correct the value.") from error
