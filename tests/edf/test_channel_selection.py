"""Units, scales and rates of the channels in use; a defect in another channel is a finding."""

import numpy as np
import pytest

from psgpipe.edf.reader import read_header, read_recording
from psgpipe.edf.units import uv_per_unit
from psgpipe.errors import (
    ChannelMissing,
    RatesDiffer,
    ScaleInvalid,
    UnitUnknown,
    UsageError,
)
from tests.edf_files import Signal, annotations, sine_uv, write_edf

EEG, CHIN = "EEG C4-M1", "EMG chin"


def codes(found) -> list[str]:
    return [finding.code for finding in found.findings]


@pytest.mark.parametrize(
    ("unit", "uv"),
    [
        *((unit, 1.0) for unit in ("uV", "UV", "uv", "Uv", "µV", "μV", "µv", "ÂµV", "u V", "[uV]")),
        *((unit, 1.0) for unit in ("microV", "MicroV", "microvolt", "Microvol", "uVolts", "mkV")),
        *((unit, 1.0) for unit in ("мкВ", "\xe6V", "\xecV", "micro-V", "µVolt")),
        *((unit, 1e3) for unit in ("mV", "mv", "millivolt", "mVolt", "mVOLT", "millivol", "мВ")),
        *((unit, 1e6) for unit in ("V", "v", "volt", "Volts", "VOLT")),
        *((unit, 1e-3) for unit in ("nV", "NV", "nanovolt", "nv")),
        *(
            (unit, None)
            for unit in ("", "MV", "Mv", "MVolt", "?V", "\ufffdV", "kV", "pV", "µ", "u")
        ),
        *((unit, None) for unit in ("%", "degC", "V/s", "uV/div", "mmHg", "10uV", "uV2", "dB")),
    ],
)
def test_the_table_of_voltages_is_closed(unit, uv):
    assert uv_per_unit(unit) == uv


@pytest.mark.parametrize(
    ("raw", "uv"),
    [
        (b"\xb5V", 1.0),
        ("µV".encode(), 1.0),
        ("μV".encode(), 1.0),
        (b"\xe6V", 1.0),
        (b"\xec\xea\xc2", 1.0),
        ("мкВ".encode(), 1.0),
        (b"uV\0\0", 1.0),
        (b"\xc2V", None),
    ],
)
def test_micro_in_every_encoding_seen(tmp_path, raw, uv):
    header = read_header(write_edf(tmp_path / "night.edf", [Signal(unit=raw)]))
    assert header.channels[0].uv_per_unit == uv


@pytest.mark.parametrize(("unit", "factor"), [("V", 1e-6), ("mV", 1e-3), ("uV", 1), ("nV", 1e3)])
def test_every_unit_gives_the_same_microvolts(tmp_path, unit, factor):
    limit = f"{500 * factor:.6g}"
    signal = Signal(unit=unit, physical_min=f"-{limit}", physical_max=limit)
    recording = read_recording(write_edf(tmp_path / "night.edf", [signal]), [EEG])
    np.testing.assert_allclose(recording.signals_uv[0], sine_uv(30000), atol=0.02)
    assert recording.findings == ()


def test_a_blank_unit_is_refused_for_a_channel_in_use_only(tmp_path):
    path = write_edf(tmp_path / "night.edf", [Signal(unit=""), Signal(label=CHIN)])
    with pytest.raises(UnitUnknown, match=r"'EEG C4-M1' is wanted in microvolt, its unit is blank"):
        read_recording(path, [EEG])
    assert codes(read_recording(path, [CHIN])) == ["unit-unknown"]
    assert read_recording(path).derivations == (CHIN,)


def test_a_declared_unit_stands_in_for_a_blank_one(tmp_path):
    path = write_edf(tmp_path / "night.edf", [Signal(unit="", physical_min=-0.5, physical_max=0.5)])
    recording = read_recording(path, [EEG], units={EEG: "mV"})
    np.testing.assert_allclose(recording.signals_uv[0], sine_uv(30000), atol=0.02)
    assert codes(recording) == ["unit-unknown", "unit-declared"]


def test_a_declared_unit_does_not_overrule_the_file(tmp_path):
    path = write_edf(tmp_path / "night.edf", [Signal()])
    recording = read_recording(path, [EEG], units={EEG: "mV"})
    assert np.abs(recording.signals_uv).max() < 100
    assert codes(recording) == ["unit-declared"]


def test_a_temperature_is_no_voltage_whatever_is_declared(tmp_path):
    path = write_edf(tmp_path / "night.edf", [Signal(label="Temp", unit="degC")])
    with pytest.raises(UnitUnknown, match="'degC'"):
        read_recording(path, ["Temp"], units={"Temp": "uV"})


def test_a_declared_unit_must_be_a_voltage(tmp_path):
    with pytest.raises(UsageError, match="is no voltage"):
        read_recording(write_edf(tmp_path / "n.edf", [Signal()]), [EEG], units={EEG: "kg"})


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("physical_max", -500, "physical minimum and maximum of 'EEG C4-M1' are equal"),
        ("digital_max", -32768, "digital minimum and maximum of 'EEG C4-M1' are equal"),
        ("digital_min", 32768, "is above its maximum"),
        ("digital_max", 40000, "does not fit 16-bit samples"),
        ("digital_max", "2047.5", "not a whole number"),
        ("digital_max", "32,767", "ambiguous"),
        ("physical_min", "", "physical min of 'EEG C4-M1' is blank"),
        ("physical_min", "nan", "is not finite"),
        ("physical_max", "Inf", "is not finite"),
        ("physical_max", "1.#INF", "is not finite"),
        ("physical_max", "500uV", "is not a number"),
        ("physical_max", "********", "is not a number"),
        ("physical_max", "1e301", "is out of range"),
        ("physical_max", "1e200", "is beyond anything measurable"),
        ("physical_max", "١٢٣".encode(), "is not a number"),
        ("physical_max", "5,00.0", "is not a number"),
    ],
)
def test_a_bad_scale_is_refused_for_a_channel_in_use_only(tmp_path, field, value, said):
    signals = [Signal(**{field: value}), Signal(label=CHIN)]
    path = write_edf(tmp_path / "night.edf", signals)
    with pytest.raises(ScaleInvalid) as refused:
        read_recording(path, [EEG])
    assert said in refused.value.problem
    assert codes(read_recording(path, [CHIN])) == ["scale-invalid"]


@pytest.mark.parametrize(
    ("physical", "digital"),
    [((-500, 500), (-32768, 32767)), ((500, -500), (-32768, 32767)), ((-200, 300), (-2048, 2047))],
)
def test_samples_follow_the_line_through_the_limits(tmp_path, physical, digital):
    stored = np.tile(np.arange(-2000, 2000, 4), 30)
    signal = Signal(
        physical_min=physical[0],
        physical_max=physical[1],
        digital_min=digital[0],
        digital_max=digital[1],
        digital=stored,
    )
    recording = read_recording(write_edf(tmp_path / "night.edf", [signal]), [EEG])
    expected = np.interp(stored, digital, physical)
    np.testing.assert_allclose(recording.signals_uv[0], expected, rtol=1e-9, atol=1e-9)
    assert recording.digital_limits_uv == (tuple(float(x) for x in sorted(physical)),)


@pytest.mark.parametrize(
    ("low", "high"), [("-5e2", "5E+2"), ("-500,0", "500,0"), ("-500.", "+500"), (" -500", "500.00")]
)
def test_physical_limits_may_be_written_in_many_ways(tmp_path, low, high):
    signal = Signal(physical_min=low, physical_max=high)
    recording = read_recording(write_edf(tmp_path / "night.edf", [signal]), [EEG])
    np.testing.assert_allclose(recording.signals_uv[0], sine_uv(30000), atol=0.02)
    assert codes(recording) == (["decimal-comma"] if "," in low else [])


def test_24_bit_samples_keep_their_sign(tmp_path):
    stored = np.tile([-8388608, -1, 0, 1, 8388607], 6000)
    signal = Signal(
        physical_min=-262144,
        physical_max=262144,
        digital_min=-8388608,
        digital_max=8388607,
        digital=stored,
    )
    recording = read_recording(write_edf(tmp_path / "night.bdf", [signal], is_bdf=True), [EEG])
    expected = np.interp(stored, (-8388608, 8388607), (-262144, 262144))
    np.testing.assert_allclose(recording.signals_uv[0], expected, rtol=1e-9, atol=1e-9)


def test_only_the_wanted_channels_are_read_in_the_order_wanted_at_their_own_rate(tmp_path):
    signals = [
        Signal(label="SpO2", unit="%", per_record=1, digital=np.full(300, 97)),
        Signal(label="E1-M2", per_record=64),
        Signal(label=EEG, per_record=128),
        Signal(label="C3-M2", per_record=128, digital=np.tile(np.arange(128), 300)),
        Signal(label=CHIN, per_record=256),
    ]
    path = write_edf(tmp_path / "night.edf", signals)
    recording = read_recording(path, ["C3-M2", EEG])
    assert recording.derivations == ("C3-M2", EEG)
    assert recording.fs_hz == 128.0
    np.testing.assert_allclose(recording.signals_uv[1], sine_uv(38400, 128), atol=0.02)
    first = np.interp(np.arange(128), (-32768, 32767), (-500, 500))
    np.testing.assert_allclose(recording.signals_uv[0, :128], first)


def test_two_rates_at_once_are_refused_with_the_rates(tmp_path):
    signals = [Signal(), Signal(label=CHIN, per_record=256), Signal(label="SpO2", unit="%")]
    path = write_edf(tmp_path / "night.edf", signals)
    with pytest.raises(RatesDiffer, match="100 Hz: EEG C4-M1; 256 Hz: EMG chin"):
        read_recording(path)
    assert read_recording(path, [CHIN]).fs_hz == 256.0


def test_a_channel_without_samples_can_be_left_aside(tmp_path):
    signals = [Signal(), Signal(label="EOG", per_record=0, digital=np.zeros(0))]
    path = write_edf(tmp_path / "night.edf", signals)
    assert read_recording(path).derivations == (EEG,)
    with pytest.raises(ScaleInvalid, match="'EOG' has no samples"):
        read_recording(path, ["EOG"])


def test_a_file_of_annotations_has_no_samples_to_give(tmp_path):
    path = write_edf(tmp_path / "stages.edf", [annotations()], reserved="EDF+C")
    with pytest.raises(ChannelMissing, match="annotations only"):
        read_recording(path)


@pytest.mark.parametrize("labels", ["EEG C4-M1", [], [EEG, EEG]])
def test_labels_are_a_list_of_different_names(tmp_path, labels):
    with pytest.raises(UsageError):
        read_recording(write_edf(tmp_path / "night.edf", [Signal()]), labels)


@pytest.mark.parametrize("records", [(1, 28800), (30, 960), (28800, 1)])
def test_records_of_any_length_give_the_same_samples(tmp_path, records):
    """A record may be the whole night: it is read in pieces."""
    record_s, n_records = records
    stored = np.random.default_rng(0).integers(-32768, 32767, 2_880_000)
    other = Signal(label=CHIN, per_record=10 * record_s, digital=np.zeros(288_000))
    eeg = Signal(per_record=100 * record_s, digital=stored)
    path = write_edf(tmp_path / "night.edf", [other, eeg], n_records, record_s=record_s)
    recording = read_recording(path, [EEG])
    expected = np.interp(stored, (-32768, 32767), (-500, 500))
    np.testing.assert_allclose(recording.signals_uv[0], expected, rtol=1e-9, atol=1e-9)


def test_far_apart_channels_of_a_wide_montage_are_sought_not_read_through(tmp_path):
    signals = [Signal(label=f"S{i}", per_record=500) for i in range(60)]
    signals[40] = Signal(per_record=500, digital=np.arange(-15000, 15000))
    path = write_edf(tmp_path / "night.edf", signals, 60, record_s=5)
    recording = read_recording(path, [EEG])
    expected = np.interp(np.arange(-15000, 15000), (-32768, 32767), (-500, 500))
    np.testing.assert_allclose(recording.signals_uv[0], expected, rtol=1e-9, atol=1e-9)
