"""Recipes of nights: nights of one subject are compared only if they were made alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from psgpipe.errors import NightsNotComparable, UsageError
from psgpipe.model.comparison import EEG_ONLY, RECIPE_FIELDS, MeasuredNight


def with_manifests(nights: Sequence[MeasuredNight], out: Path) -> tuple[MeasuredNight, ...]:
    """The nights with the recipe and the start that their manifests in `out` state.

    A recipe in a manifest takes precedence over the table; a start in the table over the manifest.
    """
    # A table from elsewhere has no manifests and needs none of this.
    from psgpipe.results.manifest import read_manifest, recipe_of
    from psgpipe.results.night_folder import night_folder

    completed = []
    for night in nights:
        manifest = read_manifest(night_folder(out, night.subject, night.night))
        if manifest is not None and night.state == "finished":
            recipe = {**night.recipe, **recipe_of(manifest)}
            start = night.start or manifest.recording.start
            roles = {derivation.role for derivation in manifest.derivations}
            name = EEG_ONLY if roles == {"eeg"} else manifest.pipeline.name
            completed.append(
                replace(night, recipe=recipe, start=start, pipeline_name=name, by_psgpipe=True)
            )
        else:
            completed.append(night)
    return tuple(completed)


def refuse_unlike(
    nights: Mapping[str, Sequence[MeasuredNight]], allowed: Iterable[str] = ()
) -> tuple[str, ...]:
    """Refuse subjects whose nights have different recipes; warnings for allowed differences.

    Raises
    ------
    psgpipe.errors.NightsNotComparable
        Names the field, a subject and the values.
    psgpipe.errors.UsageError
        `allowed` names an unknown field.
    """
    for name in allowed:
        if name not in RECIPE_FIELDS:
            raise UsageError(
                f"--allow-unlike {name}: there is no such field",
                f"The fields are {', '.join(RECIPE_FIELDS)}.",
            )
    warnings = []
    for name in RECIPE_FIELDS:
        unlike = {
            s: values for s, group in nights.items() if (values := _unlike_values(group, name))
        }
        if unlike and name not in allowed:
            raise _not_comparable(name, unlike)
        if unlike:
            warnings.append(
                f"{_label(name)} differs between nights of {len(unlike)} of {len(nights)} "
                f"subjects, allowed by --allow-unlike {name}"
            )
    return (*warnings, *_differences_between_subjects(nights))


def unlike_subjects(
    nights: Mapping[str, Sequence[MeasuredNight]], allowed: Iterable[str]
) -> set[str]:
    """The subjects whose nights differ in a field that may not differ."""
    fields = set(RECIPE_FIELDS) - {*allowed}
    return {s for s, group in nights.items() if any(_unlike_values(group, name) for name in fields)}


def _unlike_values(nights: Sequence[MeasuredNight], name: str) -> dict[str, str]:
    """A night for each value of a field, where the nights differ in it; else empty."""
    night_of: dict[str, str] = {}
    for night in nights:
        night_of.setdefault(night.recipe.get(name, "not stated"), night.night)
    return night_of if len(night_of) > 1 else {}


def _not_comparable(name: str, unlike: Mapping[str, Mapping[str, str]]) -> NightsNotComparable:
    subject, values = next(iter(unlike.items()))
    pairs = [f"{_cut_hash(value)} (night {night})" for value, night in [*values.items()][:3]]
    more = f"; {len(unlike) - 1} more subjects" if len(unlike) > 1 else ""
    return NightsNotComparable(
        f"{_label(name)} differs between nights of subject {subject}: {' and '.join(pairs)}{more}",
        f"Run all nights of a subject by one recipe, or add --allow-unlike {name}.",
    )


def _differences_between_subjects(
    nights: Mapping[str, Sequence[MeasuredNight]],
) -> list[str]:
    """A warning for each field that differs between subjects but not within them."""
    warnings = []
    for name in RECIPE_FIELDS:
        alike = [group for group in nights.values() if not _unlike_values(group, name)]
        values = {group[0].recipe.get(name, "not stated") for group in alike}
        if len(values) > 1:
            warnings.append(f"{_label(name)} differs between subjects, not within them")
    return warnings


def recipe_summary(nights: Sequence[MeasuredNight]) -> dict[str, list[str]]:
    """Every value of every recipe field among the nights; empty where none is stated."""
    return {
        name: sorted({n.recipe[name] for n in nights if name in n.recipe}) for name in RECIPE_FIELDS
    }


def _label(name: str) -> str:
    return {"lights_source": "lights source", "derivations": "derivation set"}.get(name, name)


def _cut_hash(value: str) -> str:
    return f"{value[:12]}..." if len(value) == 64 else value
