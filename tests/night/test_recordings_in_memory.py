"""A night gives the same stages as a file, as an mne.io.Raw, as a Recording and as arrays."""

import datetime as dt
import warnings

import mne
import numpy as np
import pytest

import psgpipe
from psgpipe.errors import DerivationMissing, HeaderInvalid, QualityRefused, UsageError
from tests.edf_files import Signal, annotations, keeping_time, write_edf
from tests.recordings import brain_noise, write_night
from tests.shared_files import CHECKOUT

SAMPLE = CHECKOUT / "data" / "sample" / "recordings" / "sub-S01_ses-base1.edf"
LIGHTS = {"lights_off": "22:56:29", "lights_on": "23:15:59"}
LABELS = ("EEG C4-M1", "EOG E1-M2", "EMG chin")


def arrays_of(path):
    """What a user has who read a file himself: rows, rates, labels, start."""
    header = psgpipe.read_header(path)
    recordings = [psgpipe.read_recording(path, [label]) for label in header.labels]
    return {
        "signals_uv": [r.signals_uv[0] for r in recordings],
        "fs_hz": [r.fs_hz for r in recordings],
        "labels": list(header.labels),
        "start": header.start,
    }


def raw_of(path):
    return mne.io.read_raw_edf(path, verbose="error")


def noise(seconds=600, fs_hz=128, rows=3):
    return np.array([brain_noise(seconds, fs_hz, seed=row) for row in range(rows)])


def night_with_a_gap(path):
    """An EDF+D of two stretches of 300 s, the second 90 s after the end of the first."""
    onsets_s = [*range(300), *range(390, 690)]
    channels = [
        Signal(
            label=label,
            digital=np.round(brain_noise(600, 100, seed=row) * 65.5).astype(np.int16),
        )
        for row, label in enumerate(LABELS)
    ]
    signals = [*channels, annotations(keeping_time(onsets_s))]
    return write_edf(path, signals, len(onsets_s), reserved="EDF+D")


@pytest.fixture(scope="module")
def from_file():
    return psgpipe.run_night(SAMPLE, **LIGHTS)


@pytest.mark.parametrize("given", ["arrays", "Raw", "Recording"])
def test_a_sample_night_has_the_stages_of_its_file(from_file, given):
    night = {
        "arrays": lambda: psgpipe.run_night(**arrays_of(SAMPLE), **LIGHTS),
        "Raw": lambda: psgpipe.run_night(raw_of(SAMPLE), **LIGHTS),
        "Recording": lambda: psgpipe.run_night(psgpipe.read_recording(SAMPLE), **LIGHTS),
    }[given]()
    assert night.hypnogram.stages == from_file.hypnogram.stages
    assert night.hypnogram.start == from_file.hypnogram.start
    assert list(night.hypnogram.in_bed) == list(from_file.hypnogram.in_bed)
    assert [f.code for f in night.quality.flags] == [f.code for f in from_file.quality.flags]
    assert night.summary.tst_min == from_file.summary.tst_min


def test_channels_of_two_rates_have_the_stages_of_their_file(tmp_path):
    study = psgpipe_simulated(tmp_path)
    from_file = psgpipe.run_night(study)
    given = arrays_of(study)
    assert len(set(given["fs_hz"])) == 2
    lights = from_file.lights
    night = psgpipe.run_night(
        **given, lights_off=f"+{lights.off_s:g}", lights_on=f"+{lights.on_s:g}"
    )
    assert night.hypnogram.stages == from_file.hypnogram.stages


def psgpipe_simulated(folder):
    """A simulated night as EDF, with an EMG of twice the rate."""
    import edfio

    from psgpipe.simulation.leads import MINIMAL
    from psgpipe.simulation.night import simulate_night

    night = simulate_night(5, hours=1.5, fs_hz=100, leads=MINIMAL).recording
    signals = [
        edfio.EdfSignal(
            np.clip(np.repeat(row, 2) if kind == "emg" else row, -999, 999),
            200 if kind == "emg" else 100,
            label=label, physical_dimension="uV", physical_range=(-1000, 1000),
        )
        for row, label, kind in zip(night.signals_uv, night.derivations, night.kinds, strict=True)
    ]  # fmt: skip
    notes = [edfio.EdfAnnotation(a.onset_s, None, a.text) for a in night.annotations]
    edfio.Edf(signals, annotations=notes, starttime=dt.time(22, 30)).write(folder / "night.edf")
    return folder / "night.edf"


def test_the_annotations_of_a_raw_place_the_lights(tmp_path):
    notes = [(60, "Lights off"), (540, "Lights on")]
    raw = raw_of(write_night(tmp_path / "night.edf", annotations=notes))
    cropped = raw.copy().crop(tmin=30)
    assert psgpipe.run_night(raw).lights.off_s == 60
    night = psgpipe.run_night(cropped)
    assert (night.lights.off_s, night.lights.on_s) == (30, 510)
    assert night.hypnogram.start == dt.datetime(2024, 3, 1, 22, 0, 30)


def test_a_gap_stays_a_gap_on_the_way_through_mne(tmp_path):
    path = night_with_a_gap(tmp_path / "gap.edf")
    recording = psgpipe.read_recording(path)
    from_file = psgpipe.run_night(path)
    assert len(recording.segments) == 2
    assert psgpipe.run_night(recording).hypnogram.stages == from_file.hypnogram.stages
    assert psgpipe.run_night(recording.to_mne()).hypnogram.stages == from_file.hypnogram.stages


def test_a_raw_of_a_file_with_gaps_is_refused(tmp_path):
    path = night_with_a_gap(tmp_path / "gap.edf")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        raw = raw_of(path)
    with pytest.raises(psgpipe.errors.RecordingUnreadable, match="gaps"):
        psgpipe.run_night(raw)


def test_a_rate_that_mne_raised_is_not_taken_for_the_recorded_one(tmp_path):
    path = psgpipe_simulated(tmp_path)
    raw = raw_of(path)
    assert raw.info["sfreq"] == 200
    with pytest.raises(DerivationMissing, match="100 Hz and MNE raised it to 200 Hz"):
        psgpipe.run_night(raw)


def test_a_raised_rate_is_seen_when_the_channel_was_renamed(tmp_path):
    raw = raw_of(psgpipe_simulated(tmp_path))
    low = next(name for name in raw.ch_names if "C4" in name)
    raw.rename_channels({low: "C4-M1"})
    with pytest.raises(DerivationMissing, match="MNE raised it"):
        psgpipe.run_night(raw)


def test_a_raw_that_was_filtered_too_narrowly_is_doubtful(tmp_path):
    raw = raw_of(write_night(tmp_path / "night.edf")).load_data()
    raw.filter(0.3, 35, verbose="error")
    codes = [flag.code for flag in psgpipe.run_night(raw).quality.flags]
    assert "raw-filtered" not in codes
    raw.filter(None, 20, verbose="error")
    codes = [flag.code for flag in psgpipe.run_night(raw).quality.flags]
    assert "raw-filtered" in codes


def test_a_channel_marked_as_bad_is_not_staged(tmp_path):
    raw = raw_of(write_night(tmp_path / "night.edf", ("EEG C4-M1", "EEG C3-M2", *LABELS[1:])))
    raw.info["bads"] = ["EEG C4-M1"]
    derivations = psgpipe.run_night(raw).provenance["derivations"]
    assert derivations[0]["name"] == "C3-M2"


def test_a_stand_in_for_a_removed_date_is_no_date(tmp_path):
    raw = mne.io.RawArray(noise() * 1e-6, mne.create_info(list(LABELS), 128, "eeg"), verbose=False)
    raw.set_meas_date(dt.datetime(2000, 1, 1, tzinfo=dt.UTC))
    night = psgpipe.run_night(raw)
    assert night.hypnogram.start is None
    assert any("date-unknown" in warning for warning in night.provenance["warnings"])


def test_a_fif_file_does_not_tell_its_local_time(tmp_path):
    raw = raw_of(write_night(tmp_path / "night.edf"))
    raw.save(tmp_path / "night_raw.fif", verbose="error")
    path = tmp_path / "night_raw.fif"
    assert psgpipe.run_night(path, reader="mne").hypnogram.start is None
    raw = mne.io.read_raw_fif(path, verbose="error")
    night = psgpipe.run_night(raw, start="2024-03-01T22:00", lights_off="22:01")
    assert night.lights.off_s == 60


def test_a_file_of_another_format_is_read_by_mne_where_that_is_asked(tmp_path):
    raw = raw_of(write_night(tmp_path / "night.edf"))
    raw.save(tmp_path / "night_raw.fif", verbose="error")
    path = tmp_path / "night_raw.fif"
    for read in (psgpipe.read_recording, psgpipe.run_night):
        with pytest.raises(HeaderInvalid) as error:
            read(path)
        assert 'reader="mne"' in error.value.remedy
    recording = psgpipe.read_recording(path, ["EEG C4-M1"], reader="mne")
    from_file = psgpipe.read_recording(tmp_path / "night.edf", ["EEG C4-M1"])
    assert np.allclose(recording.signals_uv, from_file.signals_uv, atol=1e-3)
    assert recording.kinds == ("eeg",)


GOOD = {"fs_hz": 128, "labels": list(LABELS)}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"fs_hz": None}, "fs_hz was wanted"),
        ({"fs_hz": 0}, "found 0"),
        ({"fs_hz": "128"}, "found '128'"),
        ({"fs_hz": [128, 128]}, "one rate for each of 3 channels"),
        ({"fs_hz": [128, 128, 64]}, "one duration"),
        ({"labels": None}, "labels were wanted"),
        ({"labels": ["EEG C4-M1"]}, "found 3 rows and 1 label"),
        ({"labels": ["EEG C4-M1", "EEG C4-M1", "chin"]}, "stands twice"),
        ({"labels": ["EEG C4-M1", 2, "chin"]}, "found 2"),
        ({"labels": "EEG C4-M1"}, "a list of texts was wanted"),
        ({"pipeline": 256}, "found int"),
        ({"units": "degC"}, "a voltage was wanted for 'EEG C4-M1', found 'degC'"),
        ({"units": {"EEG C4-M1": "uV"}}, "a voltage was wanted for 'EOG E1-M2', found none"),
        ({"start": "yesterday"}, "a local date and time was wanted, found 'yesterday'"),
        ({"start": "2024-03-01"}, "a local date and time"),
        ({"start": dt.datetime(2024, 3, 1, 22, tzinfo=dt.UTC)}, "without a time zone"),
        ({"lights_off": 300}, "lights_off is 300"),
        ({"lights_off": "22:41"}, "22:41"),
        ({"age": "old"}, "age is 'old'"),
        ({"fs": 128}, "unknown keyword 'fs'; did you mean 'fs_hz'?"),
        ({"ligths_off": "22:41"}, "did you mean 'lights_off'?"),
    ],
)  # fmt: skip
def test_what_arrays_do_not_tell_is_asked_for(wrong, said):
    with pytest.raises(psgpipe.errors.PsgpipeError) as error:
        psgpipe.run_night(noise(), **{**GOOD, **wrong})
    assert said in error.value.problem
    assert error.value.remedy


@pytest.mark.parametrize(
    ("signals", "said"),
    [
        (noise().T, "signals_uv.T"),
        (noise()[0], "signals_uv[None, :]"),
        (noise()[None], "shape (1, 3, 76800)"),
        (noise() + 1j, "complex128"),
        ([["a"] * 9] * 3, "values of type"),
        (b"edf", "found bytes"),
        (42, "found int"),
        ({"EEG C4-M1": [1.0]}, "found dict"),
        (np.empty((3, 0)), "less than one 30-s epoch"),
    ],
)
def test_an_array_of_the_wrong_shape_is_refused(signals, said):
    with pytest.raises(psgpipe.errors.PsgpipeError) as error:
        psgpipe.run_night(signals, **GOOD)
    assert said in str(error.value)


def test_two_recordings_or_none_are_refused():
    for given in ({}, {"recording": SAMPLE, "signals_uv": noise()}):
        with pytest.raises(UsageError, match="one recording was wanted"):
            psgpipe.run_night(**given)
    with pytest.raises(UsageError, match="fs_hz: given for a file"):
        psgpipe.run_night(SAMPLE, fs_hz=100)


def test_samples_that_are_no_numbers_are_refused_with_their_place():
    signals = noise()
    signals[0, 1280] = np.nan
    with pytest.raises(
        DerivationMissing, match=r"1 sample of 'EEG C4-M1' is not a number .*10.0 s"
    ):
        psgpipe.run_night(signals, **GOOD)


def test_another_channel_is_staged_where_one_has_samples_that_are_no_numbers():
    signals = noise(rows=4)
    signals[0, 1280:1290] = np.inf
    labels = ["EEG C4-M1", "EEG C3-M2", "EOG E1-M2", "EMG chin"]
    night = psgpipe.run_night(signals, fs_hz=128, labels=labels)
    assert night.provenance["derivations"][0]["name"] == "C3-M2"
    (warning,) = (w for w in night.provenance["warnings"] if w.startswith("not-finite"))
    assert "10 samples of 'EEG C4-M1' are not numbers" in warning
    assert warning.endswith("it is not used")


def test_volts_given_as_microvolts_are_refused_by_quality():
    with pytest.raises(QualityRefused) as error:
        psgpipe.run_night(noise() * 1e-6, **GOOD)
    assert "uV" in error.value.problem
    night = psgpipe.run_night(noise() * 1e-6, units="V", **GOOD)
    assert night.hypnogram.stages == psgpipe.run_night(noise(), **GOOD).hypnogram.stages


def test_a_rate_too_low_for_staging_is_refused():
    with pytest.raises(psgpipe.errors.RecordingUnsuitable, match="64"):
        psgpipe.run_night(noise(fs_hz=64), fs_hz=64, labels=list(LABELS))


def test_the_arrays_of_the_user_stay_as_they_are():
    signals = noise()
    before = signals.copy()
    psgpipe.run_night(signals, **GOOD)
    assert np.array_equal(signals, before)
    signals[0, 0] = 1.0  # still writable


def test_single_precision_and_whole_numbers_are_taken():
    wanted = psgpipe.run_night(noise(), **GOOD).hypnogram.stages
    assert psgpipe.run_night(noise().astype(np.float32), **GOOD).hypnogram.stages == wanted
    nanovolts = np.round(noise() * 1000).astype(np.int32)
    assert psgpipe.run_night(nanovolts, units="nV", **GOOD).hypnogram.stages == wanted


FILE = str(SAMPLE)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: psgpipe.run_night(FILE, night=3), "night is 3, wanted text"),
        (lambda: psgpipe.run_night(FILE, timezone=5), "timezone is 5, wanted text"),
        (lambda: psgpipe.run_night(FILE, sleep_period="a"), "wanted a whole number"),
        (lambda: psgpipe.run_night(FILE, stages="experts"), "wanted 'auto' or 'expert'"),
        (lambda: psgpipe.run_night(FILE, scoring=5), "scoring is 5, wanted text or a path"),
        (lambda: psgpipe.read_header(5), "path is 5, wanted a path"),
        (lambda: psgpipe.read_scoring(5), "wanted text or a path"),
        (lambda: psgpipe.open(5), "wanted text or a path"),
        (lambda: psgpipe.check(FILE, header_only="no"), "wanted True or False"),
        (lambda: psgpipe.batch("study.tsv"), "missing a required argument: 'out'"),
        (lambda: psgpipe.batch("study.tsv", "out", jobs="many"), "'auto'"),
        (lambda: psgpipe.compare("out", allow_unlke=["lights"]), "did you mean 'allow_unlike'"),
    ],
)
def test_an_argument_of_a_wrong_type_is_explained(call, said):
    with pytest.raises(UsageError) as error:
        call()
    assert said in error.value.problem
