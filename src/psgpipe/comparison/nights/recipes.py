"""Recipes of nights: nights of one subject are compared only if they were made alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from psgpipe.comparison.nights.selection import NightSelection
from psgpipe.errors import NightsNotComparable, UsageError
from psgpipe.messages import count_of, quoted
from psgpipe.model.comparison.measured_night import EEG_ONLY, RECIPE_FIELDS, MeasuredNight

KNOWN_LIGHTS = ("option", "table", "annotation", "scoring")
"""Sources of lights off and on that state when they were; the others stand in for them."""
MOST_NAMED = 20


def with_manifests(nights: Sequence[MeasuredNight], out: Path) -> tuple[MeasuredNight, ...]:
    """The nights with the recipe and the start that their manifests in `out` state.

    A recipe in a manifest takes precedence over the table; a start in the table over the manifest.
    """
    # A table from elsewhere has no manifests and needs none of this.
    from psgpipe.results.manifest import read_manifest, recipe_of, stager_errors_of
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
                replace(
                    night,
                    recipe=recipe,
                    start=start,
                    pipeline_name=name,
                    by_psgpipe=True,
                    stager_errors=stager_errors_of(manifest),
                )
            )
        else:
            completed.append(night)
    return tuple(completed)


def refuse_unlike(
    nights: Mapping[str, Sequence[MeasuredNight]], allowed: Iterable[str] = ()
) -> dict[str, str]:
    """The subjects whose nights have different recipes, each with the reason to leave it out.

    Raises
    ------
    psgpipe.errors.NightsNotComparable
        These are more than half of the subjects. Names the field, a subject and the values.
    psgpipe.errors.UsageError
        `allowed` names an unknown field.
    """
    fields = _fields_without(allowed)
    unlike = {name: _unlike_subjects(nights, name) for name in fields}
    subjects = {subject for of_field in unlike.values() for subject in of_field}
    if len(subjects) * 2 > len(nights):
        name = next(name for name in fields if unlike[name])
        raise _not_comparable(name, unlike[name])
    reasons: dict[str, list[str]] = {}
    for name in fields:
        for subject, values in unlike[name].items():
            reasons.setdefault(subject, []).append(
                f"{_label(name)} differs between its nights: {_values_with_nights(values)}"
            )
    return {subject: "; ".join(reasons[subject]) for subject in nights if subject in reasons}


def unlike_subjects(
    nights: Mapping[str, Sequence[MeasuredNight]], allowed: Iterable[str]
) -> set[str]:
    """The subjects whose nights differ in a field that may not differ."""
    fields = _fields_without(allowed)
    return {s for s, group in nights.items() if any(_unlike_values(group, name) for name in fields)}


def warnings_of_unlike(
    nights: Mapping[str, Sequence[MeasuredNight]],
    left_out: Mapping[str, str],
    allowed: Sequence[str],
) -> tuple[str, ...]:
    """Warnings of subjects who were left out, of allowed differences and of those between subjects.

    `nights` are those that are analysed.
    """
    warnings = []
    if left_out:
        named = [f"{subject} ({reason})" for subject, reason in left_out.items()]
        more = [f"{len(named) - MOST_NAMED} more"] if len(named) > MOST_NAMED else []
        warnings.append(
            f"{count_of(len(named), 'subject')} left out, whose nights were made by different "
            f"recipes: {', '.join([*named[:MOST_NAMED], *more])}"
        )
    for name in (name for name in RECIPE_FIELDS if name in allowed):
        unlike = _unlike_subjects(nights, name)
        if unlike:
            warnings.append(
                f"{_label(name)} differs between nights of {len(unlike)} of "
                f"{count_of(len(nights), 'subject')}, allowed by --allow-unlike {name}"
            )
    return (*warnings, *_differences_between_subjects(nights))


def _fields_without(allowed: Iterable[str]) -> list[str]:
    """The fields that may not differ within a subject."""
    may_differ = {*allowed}
    for name in sorted(may_differ - {*RECIPE_FIELDS}):
        raise UsageError(
            f"--allow-unlike {quoted(name)}: there is no such field",
            f"The fields are {', '.join(RECIPE_FIELDS)}.",
        )
    return [name for name in RECIPE_FIELDS if name not in may_differ]


def _unlike_subjects(
    nights: Mapping[str, Sequence[MeasuredNight]], name: str
) -> dict[str, dict[str, str]]:
    return {s: values for s, group in nights.items() if (values := _unlike_values(group, name))}


def _unlike_values(nights: Sequence[MeasuredNight], name: str) -> dict[str, str]:
    """A night for each value of a field, where the nights differ in it; else empty."""
    night_of: dict[str, str] = {}
    for night in nights:
        night_of.setdefault(_value(night, name), night.night)
    return night_of if len(night_of) > 1 else {}


def _value(night: MeasuredNight, name: str) -> str:
    """The value of a field that counts: lights that are known are known, whoever gave them."""
    value = night.recipe.get(name, "not stated")
    if name != "lights_source":
        return value
    ends = ["known" if end in KNOWN_LIGHTS else end for end in value.split("/")]
    return ends[0] if len({*ends}) == 1 else "/".join(ends)


def _not_comparable(name: str, unlike: Mapping[str, Mapping[str, str]]) -> NightsNotComparable:
    subject, values = next(iter(unlike.items()))
    more = f"; {count_of(len(unlike) - 1, 'more subject')}" if len(unlike) > 1 else ""
    return NightsNotComparable(
        f"{_label(name)} differs between nights of subject {subject}: "
        f"{_values_with_nights(values)}{more}",
        f"Run all nights of a subject by one recipe, or add --allow-unlike {name}.",
    )


def _values_with_nights(values: Mapping[str, str]) -> str:
    pairs = [f"{_cut_hash(value)} (night {night})" for value, night in [*values.items()][:3]]
    return " and ".join(pairs)


def _differences_between_subjects(
    nights: Mapping[str, Sequence[MeasuredNight]],
) -> list[str]:
    """A warning for each field that differs between subjects but not within them."""
    warnings = []
    for name in RECIPE_FIELDS:
        alike = [group for group in nights.values() if not _unlike_values(group, name)]
        values = {_value(group[0], name) for group in alike}
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


def with_like_cohort(selection: NightSelection, allowed: Sequence[str]) -> NightSelection:
    """The selection without subjects not analysed whose baseline nights have different recipes.

    Such nights differ by more than sleep does from night to night.
    """
    unlike = unlike_subjects(selection.cohort_baseline, allowed)
    if not unlike:
        return selection
    warning = (
        f"the baseline nights of {count_of(len(unlike), 'subject')} outside the comparison were "
        "made by different recipes: left out of the night-to-night SD"
    )
    return replace(
        selection,
        cohort_baseline={s: n for s, n in selection.cohort_baseline.items() if s not in unlike},
        warnings=(*selection.warnings, warning),
    )
