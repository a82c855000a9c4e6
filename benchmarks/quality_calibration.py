"""Quality limits on real nights, without change and with one artificial fault each.

    python benchmarks/quality_calibration.py FOLDER

FOLDER has the nights, one EEG each (``*-PSG.edf``). With ``--clinical FILE``, the ECG, chin EMG and
EOG of a real polysomnography also replace the EEG. For every fault, the script prints the number of
refused nights and of flagged nights, with the codes. For harmless changes these are false alarms.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import signal

from psgpipe.edf.reader import read_header, read_recording
from psgpipe.model.recording import Recording
from psgpipe.quality.flags import judge, judge_eog_against_eeg
from psgpipe.quality.measure import measure

Signal = npt.NDArray[np.float64]
Fault = Callable[[Signal, float, np.random.Generator], Signal]

SENTINEL_UV = -320.0


def gain(factor: float) -> Fault:
    """A wrong gain or unit."""
    return lambda eeg, fs_hz, rng: eeg * factor


def white(low_pass_hz: float | None = None, sd_uv: float = 15.0) -> Fault:
    """White noise, with an optional low-pass filter."""

    def noise(eeg: Signal, fs_hz: float, rng: np.random.Generator) -> Signal:
        made = rng.normal(0, sd_uv, len(eeg))
        return filtered(low_pass_hz, "lowpass")(made, fs_hz, rng) if low_pass_hz else made

    return noise


def brown(eeg: Signal, fs_hz: float, rng: np.random.Generator) -> Signal:
    """An open input with a drift."""
    walk = filtered(0.3, "highpass")(np.cumsum(rng.normal(0, 1, len(eeg))), fs_hz, rng)
    return 15 * walk / walk.std()


def filtered(edge_hz: float, kind: str) -> Fault:
    """The amplifier's own filter."""

    def apply(eeg: Signal, fs_hz: float, rng: np.random.Generator) -> Signal:
        return signal.sosfilt(signal.butter(4, edge_hz, kind, fs=fs_hz, output="sos"), eeg)

    return apply


def off(share: float, instead: Fault) -> Fault:
    """The electrode comes off in the middle of the night, for `share` of it."""

    def apply(eeg: Signal, fs_hz: float, rng: np.random.Generator) -> Signal:
        first = round(len(eeg) * (1 - share) / 2)
        stretch = slice(first, first + round(len(eeg) * share))
        made = eeg.copy()
        made[stretch] = instead(eeg[stretch], fs_hz, rng)
        return made

    return apply


def mains(amplitude_uv: float, hz: float = 50.0) -> Fault:
    """Mains hum added to the signal."""

    def apply(eeg: Signal, fs_hz: float, rng: np.random.Generator) -> Signal:
        time_s = np.arange(len(eeg)) / fs_hz
        return eeg + amplitude_uv * np.sin(2 * np.pi * hz * time_s + 0.25 * np.pi)

    return apply


def clip(level_sd: float) -> Fault:
    """Clipping at this many SD of the night."""
    return lambda eeg, fs_hz, rng: np.clip(eeg, -level_sd * eeg.std(), level_sd * eeg.std())


def dropouts(share: float) -> Fault:
    """Drop-outs of 0.1 to 2 s."""

    def apply(eeg: Signal, fs_hz: float, rng: np.random.Generator) -> Signal:
        made = eeg.copy()
        lost = 0
        while lost < share * len(eeg):
            first, length = rng.integers(len(eeg)), int(rng.uniform(0.1, 2.0) * fs_hz)
            made[first : first + length] = SENTINEL_UV
            lost += length
        return made

    return apply


def stuck(buffer_s: float, for_s: float | None = None) -> Fault:
    """The recorder writes the same seconds again and again, for `for_s` or the whole night."""

    def apply(eeg: Signal, fs_hz: float, rng: np.random.Generator) -> Signal:
        first = 0 if for_s is None else len(eeg) // 3
        end = len(eeg) if for_s is None else first + round(for_s * fs_hz)
        made = eeg.copy()
        made[first:end] = np.resize(eeg[first : first + round(buffer_s * fs_hz)], end - first)
        return made

    return apply


def instead_of_eeg(other: Recording, factor: float = 1.0) -> Fault:
    """The signal of another lead in the place of the EEG."""

    def apply(eeg: Signal, fs_hz: float, rng: np.random.Generator) -> Signal:
        return factor * tiled(other, fs_hz, len(eeg))

    return apply


def added_to_eeg(other: Recording, sd_ratio: float) -> Fault:
    """Another lead on top of the EEG, its SD as a multiple of that of the EEG."""

    def apply(eeg: Signal, fs_hz: float, rng: np.random.Generator) -> Signal:
        more = tiled(other, fs_hz, len(eeg))
        return eeg + sd_ratio * np.median(np.abs(eeg)) / 0.67 * more / more.std()

    return apply


def tiled(other: Recording, fs_hz: float, n_samples: int) -> Signal:
    """Another lead at the night's rate, repeated for as long as the night is.

    Each time it is a little louder, so that the recorder does not look stuck.
    """
    slower = signal.resample_poly(other.signals_uv[0], round(fs_hz), round(other.fs_hz))
    return np.resize(slower, n_samples) * (1 + 1e-3 * (np.arange(n_samples) // len(slower)))


def resampled(fs_hz: float) -> Callable[[Recording], Recording]:
    """The night at another rate."""

    def apply(night: Recording) -> Recording:
        up, down = round(fs_hz), round(night.fs_hz)
        made = signal.resample_poly(night.signals_uv, up, down, axis=1)
        return Recording(made, night.derivations, fs_hz, kinds=night.kinds)

    return apply


HARMLESS: dict[str, Fault] = {
    "as recorded": gain(1.0),
    "low-pass 30 Hz": filtered(30.0, "lowpass"),
    "low-pass 35 Hz": filtered(35.0, "lowpass"),
    "high-pass 0.5 Hz": filtered(0.5, "highpass"),
    "gain x2": gain(2.0),
    "electrode offset 5 mV and drift": lambda eeg, fs_hz, rng: (
        eeg + 5000 + 300 * np.sin(2 * np.pi * np.arange(len(eeg)) / (fs_hz * 97))
    ),
    "steps of 0.5 uV": lambda eeg, fs_hz, rng: 0.5 * np.round(eeg / 0.5),
    "flat for 10 % of the night": off(0.1, gain(0.0)),
    "50 Hz, 10 uV": mains(10.0),
    "clipped at 6 SD": clip(6.0),
}
FAULTS: dict[str, Fault] = {
    "unit x1e3": gain(1e3),
    "unit x1e6": gain(1e6),
    "unit x1e-3": gain(1e-3),
    "gain x0.2": gain(0.2),
    "gain x5": gain(5.0),
    "gain x20": gain(20.0),
    "all zero": gain(0.0),
    "white noise": white(),
    "white noise to 30 Hz": white(30.0),
    "brown noise (1/f^2)": brown,
    "flat for 30 % of the night": off(0.3, gain(0.0)),
    "white noise for 30 % of the night": off(0.3, white()),
    "white noise for 60 % of the night": off(0.6, white()),
    "50 Hz, 100 uV": mains(100.0),
    "60 Hz aliased to 40 Hz, 50 uV": mains(50.0, 40.0),
    "nothing but 50 Hz": lambda eeg, fs_hz, rng: mains(50.0)(0.05 * eeg, fs_hz, rng),
    "clipped at 3 SD": clip(3.0),
    "clipped at 2 SD": clip(2.0),
    "clipped at 1 SD": clip(1.0),
    "clipped at 0.5 SD": clip(0.5),
    "drop-outs, 1 % of the time": dropouts(0.01),
    "drop-outs, 10 % of the time": dropouts(0.1),
    "drop-outs, 30 % of the time": dropouts(0.3),
    "stuck for 10 min, buffer of 1 s": stuck(1.0, 600.0),
    "stuck for 10 min, buffer of 7.3 s": stuck(7.3, 600.0),
    "stuck for 10 min, buffer of 45 s": stuck(45.0, 600.0),
    "30 s again and again": stuck(30.0),
    "15 min again and again": stuck(900.0),
    "1 NaN": lambda eeg, fs_hz, rng: np.where(np.arange(len(eeg)) == 4711, np.nan, eeg),
}


def leads(clinical: Path) -> dict[str, Recording]:
    """ECG, chin EMG and breathing of a polysomnography, by kind."""
    wanted = {"ECG": "ECG", "chin EMG": "EMG chin R-ref"}
    found = {name: read_recording(clinical, [label]) for name, label in wanted.items()}
    slow = {"nasal pressure": "Resp nasal", "breathing belt": "Resp abdomen"}
    return found | {
        name: read_recording(clinical, [label], units={label: "uV"}) for name, label in slow.items()
    }


def clinical_faults(other: dict[str, Recording]) -> dict[str, Fault]:
    """Other real signals of the same person in place of the EEG."""
    return {
        "ECG as EEG": instead_of_eeg(other["ECG"]),
        "ECG as EEG, x4": instead_of_eeg(other["ECG"], 4.0),
        "ECG artefact, SD 0.3 of the EEG": added_to_eeg(other["ECG"], 0.3),
        "ECG artefact, SD 1 of the EEG": added_to_eeg(other["ECG"], 1.0),
        "ECG artefact, SD 3 of the EEG": added_to_eeg(other["ECG"], 3.0),
        "chin EMG as EEG": instead_of_eeg(other["chin EMG"]),
        "chin EMG as EEG, x4": instead_of_eeg(other["chin EMG"], 4.0),
        "nasal pressure as EEG": instead_of_eeg(other["nasal pressure"], 0.1),
        "breathing belt as EEG": instead_of_eeg(other["breathing belt"]),
    }


def verdicts(nights: list[Recording], fault: Fault) -> Iterator[tuple[str, list[str]]]:
    """Refused, flagged or passed, and by which codes, for each night."""
    for number, night in enumerate(nights):
        rng = np.random.default_rng(number)
        made = fault(night.signals_uv[0], night.fs_hz, rng)[None]
        flags = judge(measure(replace(night, signals_uv=made)))
        worst = "refused" if any(f.refused for f in flags) else "flagged" if flags else "passed"
        yield worst, [f.code + ("!" if f.refused else "") for f in flags]


def table(title: str, nights: list[Recording], faults: dict[str, Fault]) -> None:
    """One row for each fault."""
    print(f"\n| {title} | refused | only flagged | passed | codes (! refuses) |")
    print("|---|---|---|---|---|")
    for name, fault in faults.items():
        found = list(verdicts(nights, fault))
        states = Counter(state for state, _ in found)
        codes = Counter(code for _, codes in found for code in codes)
        said = ", ".join(f"{code} {n}" for code, n in codes.most_common())
        counts = " | ".join(str(states[s]) for s in ("refused", "flagged", "passed"))
        print(f"| {name} | {counts} | {said} |", flush=True)


def ranges(nights: list[Recording]) -> None:
    """The measures of the nights without change."""
    print("\n| measure | lowest | median | highest |\n|---|---|---|---|")
    measured = [measure(night).measures() for night in nights]
    for name in measured[0]:
        values = [m[name] for m in measured if m[name] is not None]
        print(f"| {name} | {min(values):.3g} | {np.median(values):.3g} | {max(values):.3g} |")


def swaps(clinical: Path) -> None:
    """EEG and EOG of one real polysomnography, correct and swapped."""
    labels = ["EEG C4-Cz", "EEG F4-Cz", "EEG O2-Cz", "EOG E1-Cz", "EOG E2-Cz", "EEG M1-Cz"]
    read = read_recording(clinical, labels)
    *sites, mastoid = read.signals_uv
    names = tuple(f"{label.split()[1].split('-')[0]}-M1" for label in labels[:-1])
    night = Recording(
        np.array(sites) - mastoid, names, read.fs_hz, kinds=("eeg",) * 3 + ("eog",) * 2
    )
    rows = [measure(night, row) for row in range(len(names))]
    print("\n| EEG, EOG | in place | swapped |\n|---|---|---|")
    for eeg in rows[:3]:
        for eog in rows[3:]:
            said = (judge_eog_against_eeg(*pair) for pair in ((eeg, eog), (eog, eeg)))
            place, swapped = ("flagged" if flags else "passed" for flags in said)
            print(f"| {eeg.derivation}, {eog.derivation} | {place} | {swapped} |")


def main() -> None:
    """Print every table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--clinical", type=Path, help="EDF with ECG, EMG, EOG and EEG against Cz")
    arguments = parser.parse_args()
    nights = []
    for path in sorted(arguments.folder.glob("*-PSG.edf")):
        label = next(c.label for c in read_header(path).channels if "EEG" in c.label)
        nights.append(replace(read_recording(path, [label]), kinds=("eeg",)))
    print(f"{len(nights)} real nights")
    ranges(nights)
    table("harmless: must not be refused", nights, HARMLESS)
    at_256_hz = resampled(256.0)
    table("harmless, at 256 Hz", [at_256_hz(n) for n in nights[:4]], {"as recorded": gain(1.0)})
    table("fault", nights, FAULTS)
    if arguments.clinical:
        table("another lead", nights, clinical_faults(leads(arguments.clinical)))
        swaps(arguments.clinical)


if __name__ == "__main__":
    main()
