"""The two stagers: the fast engine, and yasa itself as the reference."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from psgpipe.errors import ClassifierNewer
from psgpipe.files.file_state import FileState
from psgpipe.model.montage import Role
from psgpipe.model.staging import Demographics, Engine, Requirements, RoleSignal
from psgpipe.staging.fast.engine import FeatureTable, derivation_features, stage_features
from psgpipe.staging.fast.forest import TreeClassifier
from psgpipe.staging.installed_yasa import (
    YASA_VERSION,
    classifier_name,
    newest_classifier,
    yasa_folder,
)
from psgpipe.staging.reference import ReferenceStager
from psgpipe.staging.shipped_classifiers import SHIPPED, load_classifier


class Stager(Protocol):
    """Anything that stages sleep."""

    def requirements(self) -> Requirements:
        """What it needs, and exactly what will stage."""

    def score(
        self,
        eegs: Iterable[RoleSignal],
        others: Iterable[RoleSignal],
        demographics: Demographics | None,
    ) -> list[npt.NDArray[np.float64]]:
        """Probabilities of W N1 N2 N3 R from each EEG, each of shape (n_epochs, 5).

        Both may be iterators that make each signal when it is asked for.
        """


@dataclass(frozen=True)
class FastStager:
    """YASA's features and trees computed by psgpipe; yasa is not imported."""

    roles: tuple[Role, ...]
    with_demographics: bool = False

    @cached_property
    def _classifier(self) -> TreeClassifier:
        name = classifier_name(self.roles, with_demographics=self.with_demographics)
        file = newest_classifier(yasa_folder(), name)
        return _loaded(name, file, FileState.of(file))

    def requirements(self) -> Requirements:
        """The classifier and the packages that have a part in the result."""
        name = self._classifier.name
        return Requirements(
            # The hash, checked above, is that of the file of this name in yasa 0.8.1; and 0.8.1's
            # is the arithmetic, whichever yasa is installed.
            classifier=f"clf_{name}_lgb_0.5.0.joblib",
            classifier_sha256=SHIPPED[name].file_sha256,
            versions={"yasa": YASA_VERSION, "numpy": np.__version__},
            engine="fast",
        )

    def score(
        self,
        eegs: Iterable[RoleSignal],
        others: Iterable[RoleSignal],
        demographics: Demographics | None,
    ) -> list[npt.NDArray[np.float64]]:
        """See :class:`Stager`; EOG and EMG are worked out once for all EEG derivations."""
        # map releases each signal before it asks for the next; a loop variable would not.
        shared = list(map(derivation_features, others))
        return [
            stage_features(_of_one_length([features, *shared]), self._classifier, demographics)
            for features in map(derivation_features, eegs)
        ]


@lru_cache(maxsize=2)  # a night asks for it in its fingerprint, and to be staged
def _loaded(name: str, _file: Path, _state: FileState | None) -> TreeClassifier:
    """The classifier of a file that has not changed since it was loaded."""
    return load_classifier(name)


def _of_one_length(tables: list[FeatureTable]) -> list[FeatureTable]:
    """The epochs that all signals have: at some rates one can end a sample early."""
    n_epochs = min(len(row) for table in tables for row in table.values())
    return [{name: row[:n_epochs] for name, row in table.items()} for table in tables]


def stager_of(engine: Engine, roles: Sequence[Role], *, with_demographics: bool) -> Stager:
    """The stager of an engine for these roles; it may turn out to be unusable."""
    stager = FastStager if engine == "fast" else ReferenceStager
    return stager(tuple(dict.fromkeys(roles)), with_demographics)


def usable_stager(engine: Engine, roles: Sequence[Role], *, with_demographics: bool) -> Stager:
    """The stager of an engine; the reference where a newer yasa has an unknown classifier."""
    stager = stager_of(engine, roles, with_demographics=with_demographics)
    if not isinstance(stager, FastStager):
        return stager
    try:
        stager.requirements()
    except ClassifierNewer as error:
        why = f'{error.problem}: engine = "reference" stages this night in place of "fast"'
        return ReferenceStager(stager.roles, with_demographics, why)
    return stager
