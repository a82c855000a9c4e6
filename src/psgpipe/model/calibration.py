"""Calibration of automatic stages to the scorers of one laboratory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class StagerErrors:
    """Sensitivity and false positive rate for a stage, 0 to 1, with their SD between nights.

    An SD is None with one night.
    """

    sensitivity: float
    false_positive_rate: float
    sensitivity_sd: float | None = None
    false_positive_rate_sd: float | None = None


@dataclass(frozen=True)
class EndpointError:
    """The error of an endpoint of one night, automatic minus the scorer's.

    Attributes
    ----------
    bias, bias_se
        Mean error and its standard error.
    sd
        Of the error in one more night of one more subject.
    df
        Subjects less one.
    """

    bias: float
    bias_se: float
    sd: float
    df: int


@dataclass(frozen=True)
class Calibration:
    """What turns the probabilities of a stager into those of a laboratory's scorers.

    Attributes
    ----------
    sha256
        Hash of the content of the file, without comments and layout.
    file
        Its name.
    temperature, offsets
        ``p' ~ p ** (1 / temperature) * exp(offset)``, offsets in the order W N1 N2 N3 R.
    transitions
        Of a linear chain, the logarithmic weight of each step from the stage of an epoch (row) to
        that of the next (column); blank without a chain.
    classifier_sha256, derivations, age_and_sex, consensus, de_weight
        Of the nights on which it was fitted.
    recordings
        First 16 digits of the hash of each of their recordings.
    errors
        By ``rem`` and ``n3``; in nights of subjects on which it was not fitted.
    prediction
        By endpoint; likewise.
    """

    sha256: str
    file: str
    temperature: float
    offsets: tuple[float, ...]
    classifier_sha256: str
    derivations: tuple[str, ...]
    age_and_sex: bool
    consensus: tuple[str, ...] = ()
    de_weight: bool = False
    transitions: tuple[tuple[float, ...], ...] = ()
    recordings: tuple[str, ...] = ()
    errors: Mapping[str, StagerErrors] = field(default_factory=dict)
    prediction: Mapping[str, EndpointError] = field(default_factory=dict)

    @property
    def is_chain(self) -> bool:
        """Whether the stages of neighbouring epochs count, too."""
        return bool(self.transitions)
