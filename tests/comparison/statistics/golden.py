"""The reference numbers of the project, and the small study that gave them."""

import csv
import json
from typing import Any

from tests.shared_files import shared


def golden(part: str) -> dict[str, Any]:
    expected = json.loads(shared("golden", "expected.json").read_text(encoding="utf-8"))
    return dict(expected[part])


def tiny_nights() -> list[dict[str, str]]:
    with shared("golden", "tiny.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
