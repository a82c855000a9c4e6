"""Tables of nights for tests, from a few words."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np


def nights_tsv(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    """Write rows as a table; missing cells are blank."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    lines = [columns, *([str(row.get(c, "")) for c in columns] for row in rows)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join("\t".join(line) + "\n" for line in lines), encoding="utf-8")
    return path


def night(subject: str, number: int, condition: str, **values: Any) -> dict[str, Any]:
    return {"subject": subject, "night": f"n{number}", "condition": condition, **values}


def study(
    n: int, *, effect: float = 0.0, nights: int = 2, seed: int = 1, endpoint: str = "rem_pct"
) -> list[dict[str, Any]]:
    """`n` subjects with `nights` in each condition; a night SD of 1, a subject SD of 2."""
    rng = np.random.default_rng(seed)
    rows = []
    for s in range(n):
        level = 20 + rng.normal(0, 2)
        for k in range(2 * nights):
            treated = k >= nights
            value = level + effect * treated + rng.normal(0, 1)
            rows.append(
                night(
                    f"S{s:02d}", k, "treatment" if treated else "baseline",
                    **{endpoint: round(value, 2)},
                )
            )  # fmt: skip
    return rows
