"""An agreement counts for a comparison whose nights were staged by the same recipe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from psgpipe.comparison.stager_accuracy import was_scored_by_a_person
from psgpipe.comparison.stager_error.agreement_file import StudyErrors
from psgpipe.errors import NightsNotComparable, UsageError
from psgpipe.messages import count_of
from psgpipe.model.comparison.measured_night import MeasuredNight

ALIKE = ("calibration", "pipeline", "stager", "classifier", "derivations", "demographics")


def refuse_another_recipe(
    errors: StudyErrors, nights: Sequence[MeasuredNight], recipe: Mapping[str, Sequence[str]]
) -> None:
    """Refuse an agreement that says nothing of these nights.

    Raises
    ------
    psgpipe.errors.UsageError
        A person scored the nights, or one of the two does not state its recipe.
    psgpipe.errors.NightsNotComparable
        The recipes differ, or the agreement is of nights to which the stages were fitted.
    """
    if any(was_scored_by_a_person(night) for night in nights):
        raise UsageError(
            "--agreement is about automatic stages, and a person scored these nights",
            "Leave it out.",
        )
    if not errors.recipe:
        raise UsageError(
            f"{errors.file} does not state how its nights were staged",
            "Run psgpipe agree again, with this version.",
        )
    for name in ALIKE:
        theirs, ours = {*errors.recipe.get(name, ())}, {*recipe.get(name, ())}
        if not ours:
            raise UsageError(
                f"the table of nights does not state {name}, so {errors.file} may be of another "
                "recipe",
                "Compare the folder that psgpipe wrote.",
            )
        if theirs != ours:
            raise NightsNotComparable(
                f"{errors.file} is of another recipe: {name} {_shown(theirs)}, and these nights "
                f"have {_shown(ours)}",
                "Run psgpipe agree on scored nights of this recipe.",
            )
    if errors.n_fitted_nights:
        fitted = count_of(errors.n_fitted_nights, "night")
        raise NightsNotComparable(
            f"{errors.file} has {fitted} to which the calibration was fitted: it looks better than "
            "other nights are",
            "Leave it out; the tipping points use the figures of the calibration.",
        )


def _shown(values: set[str]) -> str:
    return " and ".join(v[:12] if len(v) == 64 else v for v in sorted(values)) or "not stated"
