"""Short recordings for complete runs: noise that passes the quality check, written by edfio."""

import datetime as dt
from pathlib import Path

import edfio
import numpy as np

CANARIES = ("Zebrowski", "Quokkatown", "PSGX7731", "17-MAR-1944", "Tech-Wombat", "AmpSerial99")


def brain_noise(seconds, fs_hz, sd_uv=25.0, seed=0):
    """Noise with the 1/f spectrum of an EEG."""
    n_samples = round(seconds * fs_hz)
    spectrum = np.fft.rfft(np.random.default_rng(seed).normal(size=n_samples))
    freqs_hz = np.fft.rfftfreq(n_samples, 1 / fs_hz)
    spectrum *= 1 / np.maximum(freqs_hz, 0.5)
    noise = np.fft.irfft(spectrum, n_samples)
    return noise * sd_uv / noise.std()


def write_night(
    path,
    labels=("EEG C4-M1", "EOG E1-M2", "EMG chin"),
    *,
    seconds=600,
    fs_hz=128,
    unit="uV",
    start=dt.time(22, 0),
    date=dt.date(2024, 3, 1),
    annotations=(),
    seed=0,
):
    """An EDF+ recording with words in its header that must never appear in an output."""
    signals = [
        edfio.EdfSignal(
            np.clip(brain_noise(seconds, fs_hz, seed=seed + i), -499, 499),
            fs_hz,
            label=label,
            physical_dimension=unit,
            physical_range=(-500, 500),
            transducer_type="AmpSerial99",
            prefiltering="HP:0.1Hz LP:75Hz Tech-Wombat",
        )
        for i, label in enumerate(labels)
    ]
    edf = edfio.Edf(
        signals,
        patient=edfio.Patient(
            code="PSGX7731", sex="F", birthdate=dt.date(1944, 3, 17), name="Ana_Zebrowski"
        ),
        recording=edfio.Recording(
            startdate=date,
            hospital_administration_code="Quokkatown",
            investigator_technician_code="Tech-Wombat",
            equipment_code="AmpSerial99",
        ),
        starttime=start,
        data_record_duration=1,
        annotations=[
            edfio.EdfAnnotation(0, None, "Ana Zebrowski rang the bell"),
            *(edfio.EdfAnnotation(onset_s, None, text) for onset_s, text in annotations),
        ],
    )
    edf.write(path)
    return Path(path)
