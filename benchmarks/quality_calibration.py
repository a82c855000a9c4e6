"""Quality limits on real nights, without change and with one artificial fault each.

    python benchmarks/quality_calibration.py FOLDER

FOLDER has the nights, one EEG each (``*-PSG.edf``). With ``--clinical FILE``, the ECG, chin EMG and
EOG of a real polysomnography also replace the EEG. For every fault, the script prints the number of
refused nights and of flagged nights, with the codes. For harmless changes these are false alarms.

With ``--simulated FOLDER`` (of ``psgpipe simulate --montage clinical``), the same for EOG and EMG,
and for a chin electrode against the reference of the EEG. With ``--stages``, what coarse steps, a
change of gain and lost samples do to the stages: the limits stand where stages begin to move.
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
from psgpipe.model.montage import Role
from psgpipe.model.recording import Recording
from psgpipe.model.staging import RoleSignal
from psgpipe.quality.eeg_in_emg import explained_share
from psgpipe.quality.flags import judge, judge_eog_against_eeg
from psgpipe.quality.measure import measure
from psgpipe.staging.stager import usable_stager

Signal = npt.NDArray[np.float64]
Fault = Callable[[Signal, float, np.random.Generator], Signal]

SENTINEL_UV = -320.0
LOST = (0.03, 0.07, 0.15)


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


def steps_of(step_uv: float) -> Fault:
    """A coarse digital resolution."""
    return lambda eeg, fs_hz, rng: step_uv * np.round(eeg / step_uv)


def steps_of_sd(share: float) -> Fault:
    """A digital resolution of this share of the median epoch SD."""

    def apply(eeg: Signal, fs_hz: float, rng: np.random.Generator) -> Signal:
        sd_uv = measure(Recording(eeg[None], ("x",), fs_hz, kinds=("eeg",))).median_epoch_sd_uv
        return steps_of(share * (sd_uv or 1.0))(eeg, fs_hz, rng)

    return apply


def gain_from_mid_night(factor: float, for_s: float | None = None) -> Fault:
    """Another gain from the middle of the recording on, for `for_s` or to the end."""

    def apply(eeg: Signal, fs_hz: float, rng: np.random.Generator) -> Signal:
        first = len(eeg) // 2
        end = len(eeg) if for_s is None else first + round(for_s * fs_hz)
        made = eeg.copy()
        made[first:end] *= factor
        return made

    return apply


def lost_seconds(share: float, *, held: bool) -> Fault:
    """Single seconds are lost: the last value is held, or zeros are filled in."""

    def apply(eeg: Signal, fs_hz: float, rng: np.random.Generator) -> Signal:
        second = round(fs_hz)
        made = eeg.copy()
        offset = int(rng.integers(1, second))
        numbers = rng.choice(
            len(eeg) // second - 1, round(share * len(eeg) / second), replace=False
        )
        for first in offset + second * np.sort(numbers):
            made[first : first + second] = made[first - 1] if held else 0.0
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
    "steps of 0.5 uV": steps_of(0.5),
    "steps of 1 uV": steps_of(1.0),
    "gain x1.25 from mid-night": gain_from_mid_night(1.25),
    "1 % lost, held": lost_seconds(0.01, held=True),
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
    **{f"steps of {step:g} uV": steps_of(step) for step in (2.5, 5.0, 10.0, 15.0)},
    **{f"gain x{g:g} from mid-night": gain_from_mid_night(g) for g in (1.5, 2.0, 3.0, 0.5)},
    "gain x2 for two hours": gain_from_mid_night(2.0, 7200.0),
    **{f"{share:.0%} lost, held": lost_seconds(share, held=True) for share in LOST},
    **{f"{share:.0%} lost, zeros": lost_seconds(share, held=False) for share in LOST},
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


MOVING: dict[str, Fault] = {
    **{f"steps of {share:g} SD": steps_of_sd(share) for share in (0.1, 0.2, 0.3, 0.5, 0.7, 1.0)},
    **{f"gain x{g:g} from mid-night": gain_from_mid_night(g) for g in (1.25, 1.5, 2.0, 3.0)},
    **{f"{share:.0%} lost, held": lost_seconds(share, held=True) for share in (0.01, *LOST)},
}


def stages_of(role_signals: dict[Role, Signal], fs_hz: float) -> npt.NDArray[np.int_]:
    """The stages of a night, as numbers from W to R."""
    stager = usable_stager("fast", tuple(role_signals), with_demographics=False)
    eeg, *others = (RoleSignal(role, uv, fs_hz) for role, uv in role_signals.items())
    (probabilities,) = stager.score(iter([eeg]), iter(others), None)
    return probabilities.argmax(axis=1)


def points(stages: npt.NDArray[np.int_]) -> npt.NDArray[np.float64]:
    """REM and N3 in percent of TST, and TST in minutes."""
    asleep = max(1, int((stages > 0).sum()))
    return np.array(
        [100 * (stages == 4).sum() / asleep, 100 * (stages == 3).sum() / asleep, asleep / 2]
    )


def moved(
    title: str, nights: list[dict[Role, Signal]], fs_hz: float, role: Role, faults: dict[str, Fault]
) -> None:
    """What faults of one role do to the stages: a row for each fault."""
    print(f"\n| {title} | epochs that change, % | REM, points | N3, points | TST, min |")
    print("|---|---|---|---|---|")
    sound = [stages_of(night, fs_hz) for night in nights]
    for name, fault in faults.items():
        rows = []
        for number, (night, stages) in enumerate(zip(nights, sound, strict=True)):
            rng = np.random.default_rng(number)
            other = stages_of(night | {role: fault(night[role], fs_hz, rng)}, fs_hz)
            rows.append([100 * np.mean(other != stages), *(points(other) - points(stages))])
        changed, *shifts = np.array(rows).T
        cells = [f"{np.sqrt(np.mean(s**2)):.3g} ({np.abs(s).max():.3g})" for s in shifts]
        print(
            f"| {name} | {np.median(changed):.1f} ({changed.max():.1f}) | {' | '.join(cells)} |",
            flush=True,
        )


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


def of_role(title: str, nights: list[Recording], kind: str, faults: dict[str, Fault]) -> None:
    """Faults of EOG or EMG."""
    table(title, [replace(night, kinds=(kind,)) for night in nights], faults)


def chins(name: str, emgs: dict[str, Signal], others: list[Signal], fs_hz: float) -> None:
    """How much of a chin derivation is EEG and EOG, by reference."""

    def one(signal_uv: Signal) -> Recording:
        return Recording(signal_uv[None], ("x",), fs_hz, kinds=("emg",))

    n_epochs = len(others[0]) // round(30 * fs_hz)
    for reference, emg in emgs.items():
        share = explained_share((one(emg), 0), [(one(o), 0) for o in others], np.arange(n_epochs))
        quality = replace(measure(one(emg)), eeg_in_emg=share)
        codes = [f"{flag.code}{'!' if flag.refused else ''}" for flag in judge(quality)]
        sd_uv, high = quality.median_epoch_sd_uv or 0.0, quality.high_share or 0.0
        numbers = f"{share or 0:.2f} | {sd_uv:.1f} | {high:.2f}"
        print(f"| {name} | {reference} | {numbers} | {', '.join(codes)} |")


def chin_references(clinical: Path | None, simulated: Path | None) -> None:
    """Chin electrodes against each other and against electrodes of the EEG."""
    print("\n| recording | chin | EEG and EOG in it | SD, uV | share above 20 Hz | codes |")
    print("|---|---|---|---|---|---|")
    if clinical:
        labels = ["EEG C4-Cz", "EEG M1-Cz", "EOG E2-Cz", "EMG chin R-ref", "EMG chin L-ref"]
        read = read_recording(clinical, labels)
        c4, m1, e2, right, left = read.signals_uv
        emgs = {"R - L": right - left, "R": right, "R - C4": right - c4}
        emgs |= {f"R - {part:g} M1": right - part * m1 for part in (0.1, 0.2, 1.0)}
        chins("clinical", emgs, [c4, m1, e2], read.fs_hz)
    for path in sorted(simulated.glob("*.edf")) if simulated else ():
        read = read_recording(path, ["C4", "M1", "E1", "M2", "Chin1", "Chin2", "ChinZ"])
        c4, m1, e1, m2, chin1, chin2, middle = read.signals_uv
        emgs = {"1 - 2": chin1 - chin2, "1 - Z": chin1 - middle, "1": chin1, "1 - M1": chin1 - m1,
                "1 - C4": chin1 - c4}  # fmt: skip
        chins(path.stem, emgs, [c4, m1, e1, m2], read.fs_hz)


def ranges(nights: list[Recording]) -> None:
    """The measures of the nights without change."""
    print("\n| measure | lowest | median | highest |\n|---|---|---|---|")
    measured = [measure(night).measures() for night in nights]
    for name in measured[0]:
        values = [m[name] for m in measured if m[name] is not None]
        if values:
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


def polygraphs(folder: Path) -> Iterator[dict[Role, Signal]]:
    """EEG, EOG and EMG of simulated nights."""
    for path in sorted(folder.glob("*.edf")):
        read = read_recording(path, ["C4", "M1", "E1", "M2", "Chin1", "Chin2"])
        c4, m1, e1, m2, chin1, chin2 = read.signals_uv
        yield {"eeg": c4 - m1, "eog": e1 - m2, "emg": chin1 - chin2}


def main() -> None:
    """Print every table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--clinical", type=Path, help="EDF with ECG, EMG, EOG and EEG against Cz")
    parser.add_argument("--simulated", type=Path, help="recordings of psgpipe simulate, clinical")
    parser.add_argument("--stages", action="store_true", help="also stage nights with a fault")
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
    chin_references(arguments.clinical, arguments.simulated)
    simulated = [*polygraphs(arguments.simulated)] if arguments.simulated else []
    coarse = {f"steps of {s:g} SD": steps_of_sd(s) for s in (0.1, 0.25, 0.35, 0.5, 0.75, 1.0, 1.5)}
    fs_hz = 256.0
    for role in ("eog", "emg") if simulated else ():
        found = [Recording(n[role][None], ("x",), fs_hz) for n in simulated]
        of_role(f"{role.upper()}, simulated", found, role, {"as recorded": gain(1.0), **coarse})
    if arguments.stages:
        eegs: list[dict[Role, Signal]] = [{"eeg": night.signals_uv[0]} for night in nights]
        moved("EEG alone, real", eegs, nights[0].fs_hz, "eeg", MOVING)
        for role in ("eog", "emg") if simulated else ():
            moved(f"{role.upper()}, simulated", simulated, fs_hz, role, coarse)


if __name__ == "__main__":
    main()
