"""The step *stage_sleep*: stage every epoch of the window, from unfiltered signals."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from psgpipe.errors import CalibrationUnlike, RateTooLow, TooShort
from psgpipe.model.calibration import Calibration
from psgpipe.model.derived_signal import DerivedSignal
from psgpipe.model.hypnogram import EPOCH_S, Hypnodensity, Hypnogram, SleepStage
from psgpipe.model.montage import Role
from psgpipe.model.night import Night
from psgpipe.model.opened_night import OpenedNight
from psgpipe.model.staging import Demographics, Engine, Requirements, RoleSignal, Staging
from psgpipe.model.summary import QualityReport
from psgpipe.night.steps.dose_of_night import sedation
from psgpipe.night.steps.reference import standard_derivation
from psgpipe.night.steps.step import Step
from psgpipe.signals.epoch_signal import epoch_signal
from psgpipe.signals.epochs import covered_epochs, epoch_count, in_bed
from psgpipe.sleep.sedation import SEDATION_WINDOW_H
from psgpipe.staging.consensus import de_weighted, disagreement, mean_probabilities
from psgpipe.staging.stager import Stager, usable_stager

RELIABLE_EPOCHS = 10


@dataclass(frozen=True)
class StageSleepParams:
    """How a night is staged.

    Attributes
    ----------
    stager
        ``yasa``, or ``expert`` where nothing is staged and the night has the stages of its scoring.
    engine
        ``fast`` is yasa's arithmetic without yasa, ``reference`` calls yasa itself, and stages in
        place of ``fast`` where a newer yasa has a classifier that ``fast`` does not know.
    consensus
        Stage from each of these EEG derivations that can be built and is fit, and take the mean
        probability; empty stages from the first of ``[reference] eeg`` alone.
    de_weight
        Take the class weights of training out of the probabilities first.
    age_and_sex
        Pass them on where both are known; the same choice for every night of a study.
    margin_min
        Staged before lights off and after lights on, as far as recorded.
    longest_without_lights_h
        A longer recording is refused where lights are not known.
    sedation_window_h
        Epochs within it after the end of a dose may be sedation, not sleep.
    calibration
        To the scorers of one laboratory; in the pipeline file the name of a file.
    """

    stager: Literal["yasa", "expert"] = "yasa"
    engine: Engine = "fast"
    consensus: tuple[str, ...] = ()
    de_weight: bool = False
    age_and_sex: bool = True
    margin_min: float = 30.0
    longest_without_lights_h: float = 14.0
    sedation_window_h: float = SEDATION_WINDOW_H
    calibration: Calibration | None = None

    def __post_init__(self) -> None:
        names = tuple(standard_derivation(name, "consensus") for name in self.consensus)
        object.__setattr__(self, "consensus", names)


def stager_for(roles: tuple[Role, ...], night: Night, params: StageSleepParams) -> Stager:
    """The stager that will stage `night` from these roles."""
    with_demographics = demographics(night, params) is not None
    return usable_stager(params.engine, roles, with_demographics=with_demographics)


def demographics(night: Night, params: StageSleepParams) -> Demographics | None:
    """Age and sex where both are known and wanted; a stager takes both or neither."""
    if not params.age_and_sex or night.age_y is None or night.sex is None:
        return None
    return Demographics(night.age_y, night.sex)


def stage_sleep(
    opened: OpenedNight,
    referenced: tuple[DerivedSignal, ...],
    quality: QualityReport,
    params: StageSleepParams,
) -> Staging:
    """Stages and probabilities of the night's epochs.

    Epochs without usable signal are left out of staging, so that they do not change the stager's
    smoothing and scaling, and are put back as UNS or ART.
    """
    stager = stager_for(tuple(r.derivation.role for r in referenced), opened.night, params)
    needs = stager.requirements()
    if params.calibration is not None:
        _require_recipe(params.calibration, needs, referenced, opened, params)
    usable = usable_epochs(referenced, quality, opened.window)
    _require(needs, referenced, usable, opened)
    eegs = _role_signals((r for r in referenced if r.derivation.role == "eeg"), usable)
    others = _role_signals((r for r in referenced if r.derivation.role != "eeg"), usable)
    scored = stager.score(eegs, others, demographics(opened.night, params))
    if params.de_weight:
        scored = [de_weighted(probabilities) for probabilities in scored]
    return _staging(scored, usable, quality, opened, needs, params)


def _role_signals(
    referenced: Iterable[DerivedSignal], usable: npt.NDArray[np.int_]
) -> Iterator[RoleSignal]:
    """One signal at a time, so that memory need not hold two."""
    for derived in referenced:
        yield RoleSignal(derived.derivation.role, epoch_signal(derived, 0, usable), derived.fs_hz)


def usable_epochs(
    referenced: tuple[DerivedSignal, ...], quality: QualityReport, window: range
) -> npt.NDArray[np.int_]:
    """The epochs of the window that every derivation covers with usable signal."""
    usable = np.logical_and.reduce([covered_epochs(recording) for recording in referenced])
    usable[list(quality.artefact_epochs)] = False
    epochs = np.flatnonzero(usable)
    return epochs[(epochs >= window.start) & (epochs < window.stop)]


def _require(
    needs: Requirements,
    referenced: tuple[DerivedSignal, ...],
    usable: npt.NDArray[np.int_],
    opened: OpenedNight,
) -> None:
    for recording in referenced:
        name = recording.derivations[0]
        if recording.fs_hz <= needs.min_fs_hz:
            raise RateTooLow(
                f"{opened.header.file}: {name} is sampled at {recording.fs_hz:g} Hz; staging needs "
                f"more than {needs.min_fs_hz:g} Hz",
                "Export the recording at its original rate, or list another derivation.",
            )
        if not recording.band_hz.covers(needs.band_hz):
            raise ValueError(f"{name} was filtered before staging")
    if len(usable) * EPOCH_S < needs.min_s:
        raise TooShort(
            f"{opened.header.file}: no whole 30-s epoch with usable signal in the staging window",
            "Check the recording's length and quality, and the lights-off and lights-on times.",
        )


def _require_recipe(
    calibration: Calibration,
    needs: Requirements,
    referenced: tuple[DerivedSignal, ...],
    opened: OpenedNight,
    params: StageSleepParams,
) -> None:
    """Refuse a night whose probabilities are not of the kind that the calibration was fitted to."""
    derivations = tuple(recording.derivations[0] for recording in referenced)
    age_and_sex = demographics(opened.night, params) is not None
    for name, wanted, found in (
        ("derivations", ", ".join(calibration.derivations), ", ".join(derivations)),
        ("age_and_sex", str(calibration.age_and_sex).lower(), str(age_and_sex).lower()),
        ("classifier", calibration.classifier_sha256[:12], needs.classifier_sha256[:12]),
    ):
        if wanted != found:
            raise CalibrationUnlike(
                f"{opened.header.file}: {calibration.file} [recipe] has {name} {wanted}, and this "
                f"night {found}",
                "Stage this night without the calibration, or calibrate on nights like it.",
            )


def _staging(
    scored: list[npt.NDArray[np.float64]],
    usable: npt.NDArray[np.int_],
    quality: QualityReport,
    opened: OpenedNight,
    needs: Requirements,
    params: StageSleepParams,
) -> Staging:
    n_epochs = epoch_count(opened.header.span_s)
    probabilities = _put_back(mean_probabilities(scored), usable, n_epochs)
    if params.calibration is not None:
        # Nights that are not calibrated need none of this.
        from psgpipe.staging.calibration.use import calibrated

        probabilities = calibrated(probabilities, params.calibration)
    hypnodensity = Hypnodensity(probabilities)
    stages = list(hypnodensity.stages())
    for epoch in quality.artefact_epochs:
        stages[epoch] = SleepStage.ART
    lights, window = opened.lights, opened.window
    hypnogram = Hypnogram(
        tuple(stages),
        in_bed(n_epochs, lights.off_s, lights.on_s),
        opened.header.start,
        opened.header.start_clock,
        sedation(n_epochs, opened, params.sedation_window_h),
    )
    apart = _put_back(disagreement(scored), usable, n_epochs) if len(scored) > 1 else None
    engine = _engine(needs, opened, params)
    notes = (*([needs.why] if needs.why else []), *_notes(usable, opened, params))
    is_chain = params.calibration is not None and params.calibration.is_chain
    return Staging(
        hypnogram, hypnodensity, window.start, window.stop, engine, notes, apart, is_chain
    )


def _put_back(
    values: npt.NDArray[np.float64], usable: npt.NDArray[np.int_], n_epochs: int
) -> npt.NDArray[np.float64]:
    """`values` of the staged epochs in their places among all epochs; NaN elsewhere."""
    everywhere = np.full((n_epochs, *values.shape[1:]), np.nan)
    # A rate that does not divide into 30 s can leave the stager a sample short of the last epoch.
    n_scored = min(len(values), len(usable))
    everywhere[usable[:n_scored]] = values[:n_scored]
    return everywhere


def _engine(needs: Requirements, opened: OpenedNight, params: StageSleepParams) -> dict[str, Any]:
    """What did the staging, for the manifest."""
    return {
        "stager": params.stager,
        "engine": needs.engine,
        **({"instead_of": params.engine, "why": needs.why} if needs.why else {}),
        "classifier": needs.classifier,
        "classifier_sha256": needs.classifier_sha256,
        "age_and_sex": demographics(opened.night, params) is not None,
        **_calibration_record(params.calibration),
        "versions": dict(needs.versions),
    }


def _calibration_record(calibration: Calibration | None) -> dict[str, Any]:
    if calibration is None:
        return {}
    return {
        "calibration": calibration.file,
        "calibration_sha256": calibration.sha256,
        "chain": calibration.is_chain,
    }


def _notes(
    usable: npt.NDArray[np.int_], opened: OpenedNight, params: StageSleepParams
) -> tuple[str, ...]:
    notes = []
    age_y, sex = opened.night.age_y, opened.night.sex
    if params.age_and_sex and (age_y is None) != (sex is None):
        known, unknown = ("sex", "age") if age_y is None else ("age", "sex")
        notes.append(
            f"{known} is known and {unknown} is not: the stager takes both, so neither is used"
        )
    if len(usable) < RELIABLE_EPOCHS:
        notes.append(
            f"only {len(usable) * EPOCH_S / 60:g} min were staged; stages of less than 5 min are "
            "unreliable"
        )
    tail_s = opened.header.span_s % EPOCH_S
    if min(tail_s, EPOCH_S - tail_s) > 1e-6:
        notes.append(f"the last {tail_s:g} s are less than an epoch and are unscored")
    return tuple(notes)


STEP = Step(
    "stage_sleep", "2", ("opened", "referenced", "quality"), "staged", StageSleepParams, stage_sleep
)
