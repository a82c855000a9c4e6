"""The derivations that can be built from a recording, and the best of each role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from psgpipe.errors import DerivationMissing
from psgpipe.messages import printable
from psgpipe.model.montage import ROLES, Candidates, ChannelSource, Derivation, Montage, Role
from psgpipe.montage.derivations import derive, why_not
from psgpipe.montage.remedy import remedy

LABELS_SHOWN = 12
REASONS_SHOWN = 3
NOT_DESCRIBED = ("is_numbered", "cure")


def candidates(
    sources: Sequence[ChannelSource],
    wanted: Mapping[Role, Sequence[str]],
    *,
    min_fs_hz: float = 0.0,
) -> Candidates:
    """Every wanted derivation that can be built from `sources`, by role, best first.

    Wanted are derivations by role in order of preference; a role that is absent or empty is not
    asked for. Channels sampled at `min_fs_hz` or below are not used.
    """
    built: dict[Role, tuple[Derivation, ...]] = {}
    reasons: dict[tuple[Role, str], str] = {}
    asked: dict[Role, tuple[str, ...]] = {r: tuple(wanted[r]) for r in ROLES if wanted.get(r)}
    for role, names in asked.items():
        found = {name: derive(name, role, sources, min_fs_hz=min_fs_hz) for name in names}
        built[role] = tuple(d for d in found.values() if d)
        for name in (n for n, d in found.items() if d is None):
            if reason := why_not(name, sources, min_fs_hz=min_fs_hz):
                reasons[role, name] = reason
    return Candidates(built, asked, reasons)


def best_montage(
    found: Candidates, *, refused: frozenset[str | None] = frozenset(), every_eeg: bool = False
) -> Montage:
    """The best derivation of each role that is not `refused`; a role without one stays empty.

    With `every_eeg` all EEG derivations are taken, for a consensus.
    """
    derivations: list[Derivation] = []
    for role in found.wanted:
        left = [d for d in found.of(role) if d.name not in refused]
        derivations += left if every_eeg and role == "eeg" else left[:1]
    return Montage(tuple(derivations))


def missing_derivation(
    found: Candidates,
    role: Role,
    sources: Sequence[ChannelSource],
    *,
    file: str = "",
    container: str = "",
    min_fs_hz: float = 0.0,
) -> DerivationMissing:
    """The error for a role without a derivation: what was wanted, what is there, what to do."""
    names = found.wanted[role]
    reasons = [f"{n}: {found.reasons[role, n]}" for n in names if (role, n) in found.reasons]
    numbered = [source.refused for source in sources if source.is_numbered and source.refused]
    reasons = (numbered[:1] + reasons)[:REASONS_SHOWN]
    subject = f"none of {', '.join(names)} can" if len(names) > 1 else f"{names[0]} cannot"
    where = f"{file}: " if file else ""
    because = f" ({'; '.join(reasons)})" if reasons else ""
    return DerivationMissing(
        f"{where}{subject} be built from {_listed(sources)}{because}",
        remedy(found, role, sources, container=container, min_fs_hz=min_fs_hz),
    )


def _listed(sources: Sequence[ChannelSource]) -> str:
    """The labels, understood ones first, cut short where they are many."""
    by_use = sorted(sources, key=lambda s: not s.understood)
    shown = ", ".join(printable(s.label) for s in by_use[:LABELS_SHOWN])
    more = len(by_use) - LABELS_SHOWN
    return (shown or "no channels") + (f" and {more} more" if more > 0 else "")


def describe(sources: Sequence[ChannelSource], found: Candidates) -> dict[str, Any]:
    """What each channel was understood as and which derivations can be built, as plain values."""
    return {
        "channels": [
            {key: value for key, value in asdict(source).items() if key not in NOT_DESCRIBED}
            | {"table": source.table if source.understood else None}
            for source in sources
        ],
        "derivations": [
            {**asdict(derivation), "terms": [asdict(term) for term in derivation.terms]}
            for role in ROLES
            for derivation in found.of(role)
        ],
        "missing": [
            {"name": name, "role": role, "reason": found.reasons.get((role, name))}
            for role, names in found.wanted.items()
            for name in names
            if name not in {d.name for d in found.of(role)}
        ],
    }
