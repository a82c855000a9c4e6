"""What one night shows of slow waves and spindles: nights of the same people without any drug.

    python benchmarks/microstructure.py [FOLDER with SC4ssN*-PSG.edf and -Hypnogram.edf]

Only the first 5 s of each epoch of these nights are original, so the spectrum of an epoch is that
of one window of 4 s. Tables: reliability of each endpoint, how often the gain check flags such
pairs, what a change of gain does to the stager, distances between nights, and the cost.
"""

from __future__ import annotations

import argparse
import math
import os
import time
from pathlib import Path

import numpy as np

import psgpipe
from night_tables import table
from psgpipe.comparison.signal_level.unlike_eeg import (
    features_in,
    night_to_night_sds,
    z_of,
)
from psgpipe.comparison.statistics.reliability import one_night_reliability
from psgpipe.edf.reader import read_recording
from psgpipe.microstructure.measure import SpectralRules, microstructure
from psgpipe.microstructure.spectrum import Spectra, density, epoch_spectra, frequencies
from psgpipe.model.hypnogram import Hypnogram
from psgpipe.model.microstructure.names import GAIN_DEPENDENT, LEVEL
from psgpipe.model.microstructure.records import Microstructure
from psgpipe.model.recording import Recording
from psgpipe.model.staging import RoleSignal
from psgpipe.night.microstructure_files import microstructure_dict
from psgpipe.simulation.leads import MINIMAL
from psgpipe.simulation.night import simulate_night
from psgpipe.staging.stager import usable_stager

CHECKOUT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("PSGPIPE_SHARED") or CHECKOUT.parent / "shared")
FS_HZ, PER_EPOCH, ORIGINAL = 100.0, 3000, 500
FACTORS = (1.25, 1.4, 1.5, 2.0)
GAINS = (0.5, 0.8, 1.12, 1.18, 1.25, 2.0)

Night = dict[str, Microstructure]


def nights_of(folder: Path) -> dict[tuple[str, str], Night]:
    """By subject and night: the spectra by the expert's stages and by automatic ones."""
    nights = {}
    for path in sorted(folder.glob("SC4*-PSG.edf")):
        scored = psgpipe.read_scoring(path.with_name(path.name.replace("-PSG", "-Hypnogram")))
        automatic = psgpipe.run_night(path, "eeg-only").hypnogram
        label = psgpipe.read_header(path).labels[0]
        signal_uv = read_recording(path, [label]).signals_uv[0]
        n = min(len(signal_uv) // PER_EPOCH, len(scored), len(automatic))
        epochs_uv = signal_uv[: n * PER_EPOCH].reshape(n, PER_EPOCH)[:, :ORIGINAL]
        spectra = Spectra(frequencies(FS_HZ), density(np.ascontiguousarray(epochs_uv), FS_HZ))
        every = np.ones(n, bool)
        nights[path.name[3:5], path.name[5]] = {
            name: microstructure(
                "Fpz-Cz", FS_HZ, spectra, every, Hypnogram(stages[:n]), None,
                SpectralRules(no_high_slope="sampled at 100 Hz"),
            )
            for name, stages in (("expert", scored.stages), ("automatic", automatic.stages))
        }  # fmt: skip
    return nights


def pairs_of(
    nights: dict[tuple[str, str], Night], by: str, endpoint: str
) -> dict[str, tuple[float, float]]:
    """The values of both nights of each subject that has both."""
    pairs = {}
    for subject in sorted({s for s, _ in nights}):
        values = [
            nights[subject, n][by].endpoints[endpoint] for n in "12" if (subject, n) in nights
        ]
        if len(values) == 2 and None not in values:
            pairs[subject] = (float(values[0] or 0), float(values[1] or 0))
    return pairs


def reliability_rows(nights: dict[tuple[str, str], Night]) -> list[list[str]]:
    """One row for each endpoint: pairs, ICC, MDC95, and automatic against expert differences."""
    rows = []
    for endpoint in next(iter(nights.values()))["expert"].endpoints:
        expert = pairs_of(nights, "expert", endpoint)
        automatic = pairs_of(nights, "automatic", endpoint)
        found = one_night_reliability(list(expert.values()))
        if found is None:
            continue
        both = sorted(set(expert) & set(automatic))
        differences = [[b[s][1] - b[s][0] for s in both] for b in (expert, automatic)]
        r = np.corrcoef(differences)[0, 1] if len(both) > 3 else math.nan
        mdc = f"{found.mdc95:.2f}"
        if endpoint.endswith("_ln"):
            mdc += f" (x{math.exp(found.mdc95):.2f})"
        rows.append([
            f"`{endpoint}`", str(found.n_subjects),
            f"{found.icc:.2f} [{found.low:.2f}, {found.high:.2f}]", mdc, f"{r:.2f}",
            "yes" if endpoint in GAIN_DEPENDENT else "no",
        ])  # fmt: skip
    return rows


def level_rows(nights: dict[tuple[str, str], Night]) -> list[list[str]]:
    """How many drug-free pairs each factor flags, and what such a gain does to SWA."""
    pairs = pairs_of(nights, "automatic", LEVEL)
    apart = sorted(abs(b - a) for a, b in pairs.values())
    rows = [
        [f"{factor:g}", f"{sum(d > math.log(factor) for d in apart)} of {len(apart)}",
         f"{100 * (factor - 1):.0f} %"]
        for factor in FACTORS
    ]  # fmt: skip
    rows.append(["median pair", f"x{math.exp(float(np.median(apart))):.2f}", ""])
    return rows


def unlike_rows(nights: dict[tuple[str, str], Night]) -> list[list[str]]:
    """The distance of each second night from the first, by the SD of the other subjects."""
    features = {
        key: features_in(microstructure_dict(night["automatic"])) or {}
        for key, night in nights.items()
    }
    subjects = sorted({s for s, _ in nights})
    rows = []
    for subject in subjects:
        others = [[features[s, n] for n in "12"] for s in subjects if s != subject]
        z = z_of(features[subject, "2"], [features[subject, "1"]], night_to_night_sds(others))
        rows.append([subject, f"{math.sqrt(float(np.mean(np.square(list(z.values()))))):.2f}"])
    return rows


def stager_rows(folder: Path) -> list[list[str]]:
    """Share of the epochs that change where the whole night is `gain` times as large."""
    stager = usable_stager("fast", ("eeg",), with_demographics=False)
    changed: dict[float, list[float]] = {gain: [] for gain in GAINS}
    for path in sorted(folder.glob("SC4*-PSG.edf")):
        label = psgpipe.read_header(path).labels[0]
        signal_uv = read_recording(path, [label]).signals_uv[0]
        stages = {
            gain: stager.score([RoleSignal("eeg", gain * signal_uv, FS_HZ)], [], None)[0].argmax(1)
            for gain in (1.0, *GAINS)
        }
        for gain in GAINS:
            changed[gain].append(100 * float((stages[gain] != stages[1.0]).mean()))
    return [
        [f"x{gain:g}", f"x{gain**2:.2f}", f"{np.mean(c):.1f} %", f"{min(c):.1f} to {max(c):.1f} %"]
        for gain, c in changed.items()
    ]


def cost_rows() -> list[list[str]]:
    """CPU seconds of 8 h at 256 Hz."""
    night = simulate_night(1, hours=8, fs_hz=256, leads=MINIMAL[:1])
    measured = np.ones(len(night.hypnogram), bool)
    seconds = []
    for _ in range(5):
        began = time.process_time()
        _measured(night.recording, measured, night.hypnogram)
        seconds.append(time.process_time() - began)
    return [["spectra and endpoints of one derivation", f"{np.median(seconds):.2f} s"]]


def _measured(recording: Recording, measured: np.ndarray, hypnogram: Hypnogram) -> Microstructure:
    spectra = epoch_spectra(recording, measured)
    return microstructure("C4-M1", recording.fs_hz, spectra, measured, hypnogram)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "folder", nargs="?", type=Path, default=SHARED / "data" / "sleep-edf-stitched"
    )
    folder = parser.parse_args().folder
    nights = nights_of(folder)
    head = [
        "endpoint",
        "pairs",
        "ICC [95 %]",
        "MDC95",
        "r automatic, expert",
        "moves with the gain",
    ]
    print(table(head, reliability_rows(nights)), end="\n\n")
    print(table(["factor of power", "drug-free pairs flagged", "false change of SWA"],
                level_rows(nights)), end="\n\n")  # fmt: skip
    print(table(["amplitude", "power", "epochs that change", "range of nights"],
                stager_rows(folder)), end="\n\n")  # fmt: skip
    print(table(["subject", "distance of night 2 from night 1, SD"], unlike_rows(nights)),
          end="\n\n")  # fmt: skip
    print(table(["cost, 8 h at 256 Hz", "CPU"], cost_rows()))


if __name__ == "__main__":
    main()
