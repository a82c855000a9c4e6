"""How nights were made: like may only be compared with like."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from psgpipe.errors import NightsNotComparable, UsageError
from psgpipe.model.comparison import RECIPE_FIELDS, MeasuredNight
from psgpipe.results.manifest import read_manifest, recipe_of
from psgpipe.results.night_folder import night_folder


def with_manifests(nights: Sequence[MeasuredNight], out: Path) -> tuple[MeasuredNight, ...]:
    """The nights with their recipe and start completed from the manifests in `out`.

    What a manifest says goes before what the table says.
    """
    return tuple(_with_manifest(night, out) for night in nights)


def _with_manifest(night: MeasuredNight, out: Path) -> MeasuredNight:
    manifest = read_manifest(night_folder(out, night.subject, night.night))
    if night.state != "finished" or manifest is None:
        return night
    return replace(
        night,
        recipe={**night.recipe, **recipe_of(manifest)},
        start=night.start or manifest.recording.start,
    )


def refuse_unlike(
    nights: Mapping[str, Sequence[MeasuredNight]], allowed: Iterable[str] = ()
) -> tuple[str, ...]:
    """Refuse subjects whose nights were made by different recipes; warnings for what is left.

    Parameters
    ----------
    nights
        The analysed nights of each subject.
    allowed
        Fields that may differ; each then gives a warning.

    Raises
    ------
    psgpipe.errors.NightsNotComparable
        Names the field, a subject and the two values.
    psgpipe.errors.UsageError
        `allowed` names something that is no field.
    """
    for name in allowed:
        if name not in RECIPE_FIELDS:
            raise UsageError(
                f"--allow-unlike {name}: there is no such field",
                f"The fields are {', '.join(RECIPE_FIELDS)}.",
            )
    warnings = []
    for name in RECIPE_FIELDS:
        unlike = {s: found for s, group in nights.items() if (found := _values(group, name))}
        if unlike and name not in allowed:
            raise _unlike(name, unlike)
        if unlike:
            warnings.append(
                f"{_called(name)} differs between nights of {len(unlike)} of {len(nights)} "
                f"subjects, allowed by --allow-unlike {name}"
            )
    return (*warnings, *_differences_between_subjects(nights))


def unlike_subjects(
    nights: Mapping[str, Sequence[MeasuredNight]], allowed: Iterable[str]
) -> set[str]:
    """The subjects whose nights differ in a field that is not allowed to."""
    fields = set(RECIPE_FIELDS) - {*allowed}
    return {s for s, group in nights.items() if any(_values(group, name) for name in fields)}


def _values(nights: Sequence[MeasuredNight], name: str) -> dict[str, str] | None:
    """Night by value where the nights differ in a field; None where they do not."""
    found: dict[str, str] = {}
    for night in nights:
        found.setdefault(night.recipe.get(name, "not stated"), night.night)
    return found if len(found) > 1 else None


def _unlike(name: str, unlike: Mapping[str, Mapping[str, str]]) -> NightsNotComparable:
    subject, values = next(iter(unlike.items()))
    pairs = [f"{_short(value)} (night {night})" for value, night in [*values.items()][:3]]
    found = " and ".join(pairs) + (f"; {len(unlike) - 1} more subjects" if len(unlike) > 1 else "")
    return NightsNotComparable(
        f"{_called(name)} differs between nights of subject {subject}: {found}",
        f"Run all nights of a subject by one recipe, or add --allow-unlike {name}.",
    )


def _differences_between_subjects(
    nights: Mapping[str, Sequence[MeasuredNight]],
) -> list[str]:
    """Fields alike within each subject and different between subjects: stated, not refused."""
    warnings = []
    for name in RECIPE_FIELDS:
        alike = [group for group in nights.values() if _values(group, name) is None]
        values = {group[0].recipe.get(name, "not stated") for group in alike}
        if len(values) > 1:
            warnings.append(f"{_called(name)} differs between subjects, not within them")
    return warnings


def recipe_summary(nights: Sequence[MeasuredNight]) -> dict[str, list[str]]:
    """Every value of every recipe field among the nights; empty where none is stated."""
    return {
        name: sorted({n.recipe[name] for n in nights if name in n.recipe}) for name in RECIPE_FIELDS
    }


def _called(name: str) -> str:
    return {"lights_source": "lights source", "derivations": "derivation set"}.get(name, name)


def _short(value: str) -> str:
    return f"{value[:12]}..." if len(value) == 64 else value
