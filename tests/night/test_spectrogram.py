"""The spectrogram of a night's picture is that of the EEG that was staged."""

import numpy as np

from psgpipe.model.derived_signal import derive_signal
from psgpipe.model.digital_recording import DigitalRecording, Scale
from psgpipe.model.montage import Derivation, Term
from psgpipe.model.sampled_signal import Segment
from psgpipe.night.spectrogram import night_spectrogram

FS_HZ = 100.0
UV = Scale(-32768, 32767, 0.1, -3276.8, 1.0)


def derivation(signal_uv, segments, role="eeg"):
    row = np.round(np.asarray(signal_uv) * 10).astype(np.int16)
    channels = DigitalRecording(
        rows=(row,), scales=(UV,), labels=("C4-M1",), fs_hz=FS_HZ, segments=segments
    )
    return derive_signal(Derivation("C4-M1", role, (Term("C4-M1", 1.0),), ""), (channels,))


def test_a_wave_of_10_hz_is_a_line_at_10_hz_and_a_gap_has_no_power():
    t = np.arange(6000) / FS_HZ
    wave = 50 + 20 * np.sin(2 * np.pi * 10 * t)  # the offset is no slow activity
    # Two epochs, a minute without signal.
    segments = (Segment(0.0, 3000), Segment(90.0, 3000))
    eeg = derivation(wave, segments)
    shown = night_spectrogram([derivation(wave, segments, "emg"), eeg], 4)
    assert shown.derivation == "C4-M1"
    assert (shown.freqs_hz[0], shown.freqs_hz[-1]) == (0.5, 30.0)
    assert np.isnan(shown.power_db[:, 1:3]).all()
    for epoch in (0, 3):
        assert shown.freqs_hz[shown.power_db[:, epoch].argmax()] == 10.0
        # 20 uV: 200 uV^2, in a Hann window of 4 s over 1.5 bins of 0.25 Hz.
        assert abs(shown.power_db[:, epoch].max() - 10 * np.log10(200 / (1.5 * 0.25))) < 0.1
        assert shown.power_db[0, epoch] < -20


def test_without_an_eeg_there_is_no_spectrogram():
    assert night_spectrogram([], 4) is None
