"""Quality limits: the numbers that decide whether a derivation may be staged, by pipeline key."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class QualityLimits:
    """Limits of signal quality, and what makes an epoch an artefact.

    The names are the keys of ``[check_quality]``. Beyond ``refuse_*`` a derivation, or the night,
    is not staged; beyond ``flag_*`` the result carries a flag (:mod:`psgpipe.quality.rules`).
    What is measured: :class:`psgpipe.quality.measures.DerivationQuality`. How the limits were
    calibrated: ``docs/reference/quality.md``.

    Attributes
    ----------
    refuse_emg_sd_above_uv
        There is no lower limit: atonia is quiet.
    slope_high_share
        A slope counts as flat only where 20-47 Hz holds more than this share: under pure tones lies
        nothing but the noise of digitizing, which is white and means nothing.
    flag_noise_pct
        Share of epochs whose slope or high share alone would be refused.
    refuse_heartbeat, refuse_heartbeat_kurtosis
        A derivation beyond both is an ECG.
    flag_heartbeat
        ECG artefact in an EEG.
    flag_held_pct
        Of EEG and EOG, in the epochs that are staged.
    flag_step_above, refuse_step_above
        Step of the samples over the median epoch SD; EOG and EMG have their own.
    flag_gain_change, flag_eog_gain_change
        Between one hour and the next.
    flag_eeg_in_emg, refuse_eeg_in_emg
        Share of an EMG's power that is that of EEG and EOG.
    flag_spread_below
        Of EEG of a whole night.
    flag_eog_margin
        By how much the EOG's EEG-likeness may exceed that of the EEG.
    flag_copy_above
        Correlation of two derivations, of either sign.
    refuse_fs_hz
        A rate must be above it.
    flag_night_below_h
        Less time in bed is no whole night.
    flag_night_above_h
        More time in bed is more than a night.
    flag_stage_changes_per_h
        In the sleep period.
    refuse_one_stage_pct
        Share of one stage in the scored epochs of a whole night.
    flag_unscored_pct
        Share of the time in bed that cannot be staged.
    incomplete_above_pct, incomplete_above_min
        A night is incomplete where more of its time in bed, or more minutes on end, cannot be
        staged.
    flat_run_s
        A value that stands still for longer is flat.
    held_run_s
        The same for lost samples in an epoch that is staged.
    flat_sd_uv
        An epoch of EEG or EOG below it is flat.
    artefact_flat_pct, artefact_railed_pct, artefact_sd_uv
        An epoch beyond one of them is an artefact.
    """

    refuse_sd_below_uv: float = 2.0
    refuse_sd_above_uv: float = 150.0
    flag_sd_below_uv: float = 5.0
    flag_sd_above_uv: float = 60.0
    refuse_eog_sd_below_uv: float = 1.0
    refuse_eog_sd_above_uv: float = 1000.0
    refuse_emg_sd_above_uv: float = 1000.0
    refuse_not_finite_samples: int = 0
    refuse_flat_pct: float = 20.0
    refuse_clipped_pct: float = 5.0
    flag_clipped_pct: float = 0.5
    refuse_dropout_pct: float = 20.0
    flag_dropout_pct: float = 0.1
    refuse_repeated_pct: float = 20.0
    flag_repeated_pct: float = 0.0
    refuse_slope_above: float = -0.5
    slope_high_share: float = 0.05
    refuse_likeness_below: float = -3.0
    refuse_high_share: float = 0.4
    flag_noise_pct: float = 20.0
    refuse_heartbeat: float = 0.5
    refuse_heartbeat_kurtosis: float = 12.0
    flag_heartbeat: float = 0.4
    flag_mains_share: float = 0.5
    flag_held_pct: float = 2.0
    flag_step_above: float = 0.2
    refuse_step_above: float = 0.3
    flag_eog_step_above: float = 0.3
    refuse_eog_step_above: float = 0.5
    flag_emg_step_above: float = 0.5
    refuse_emg_step_above: float = 1.0
    flag_gain_change: float = 1.5
    flag_eog_gain_change: float = 2.0
    flag_eeg_in_emg: float = 0.4
    refuse_eeg_in_emg: float = 0.6
    flag_spread_below: float = 1.6
    flag_artefact_pct: float = 20.0
    flag_eog_margin: float = 0.15
    flag_copy_above: float = 0.995
    refuse_fs_hz: float = 80.0
    flag_night_below_h: float = 4.0
    flag_night_above_h: float = 14.0
    flag_stage_changes_per_h: float = 40.0
    refuse_one_stage_pct: float = 95.0
    flag_unscored_pct: float = 2.0
    incomplete_above_pct: float = 5.0
    incomplete_above_min: float = 10.0
    flat_run_s: float = 1.0
    held_run_s: float = 0.25
    flat_sd_uv: float = 1.0
    artefact_flat_pct: float = 50.0
    artefact_railed_pct: float = 10.0
    artefact_sd_uv: float = 500.0


QUALITY_LIMITS = QualityLimits()
