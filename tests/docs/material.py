"""Files that the pages name: a night, a study, results, recordings of other laboratories."""

import shutil

import numpy as np
import openpyxl

from psgpipe.cli.app import exit_code
from tests.actigraphy.count_files import agd, awd, table
from tests.shared_files import CHECKOUT

SAMPLE = CHECKOUT / "data" / "sample"


def psgpipe(*arguments):
    assert exit_code([*map(str, arguments), "-q"]) == 0


def night07(folder):
    """A night from 22:29 to 07:29, so that lights off at 22:41 and on at 06:52 lie in it."""
    made = folder / "made"
    psgpipe("simulate", "-o", made, "--subjects", 1, "--hours", 9, "--fs", 100)
    (made / "recordings" / "sub-S01_ses-treat1.edf").rename(folder / "night07.edf")
    (made / "scorings" / "sub-S01_ses-treat1.edf").rename(folder / "night07-scoring.edf")
    shutil.rmtree(made)


def sample(folder):
    """The small study of the checkout: its table, four recordings and their true stages."""
    for name in ("recordings", "scorings"):
        shutil.copytree(SAMPLE / name, folder / name)
    shutil.copy(SAMPLE / "study.tsv", folder)


def results(folder):
    """The small study, staged and compared."""
    sample(folder)
    psgpipe("batch", folder / "study.tsv", "-o", folder / "results")
    psgpipe("compare", folder / "results")


def trial(folder):
    """A parallel-arm trial, staged in results/."""
    simulated = folder / "simulated"
    psgpipe("simulate", "-o", simulated, "--subjects", 8, "--hours", 0.35, "--fs", 100, "--arms")
    psgpipe("batch", simulated / "study.tsv", "-o", folder / "results")
    shutil.rmtree(simulated)


def pilot(folder):
    """A pilot study of four subjects with two nights in each condition."""
    table = ["subject\tnight\tcondition\trem_pct"]
    rem_pct = (
        (20.1, 22.3, 18.4, 19.0),
        (25.0, 23.1, 21.7, 22.4),
        (19.2, 17.5, 18.8, 15.9),
        (23.3, 24.1, 20.8, 22.9),
    )
    for subject, rem in enumerate(rem_pct):
        nights = zip(("base1", "base2", "treat1", "treat2"), rem, strict=True)
        table += [f"S{subject}\t{night}\t{CONDITIONS[night[0]]}\t{pct}" for night, pct in nights]
    write_lines(folder / "pilot" / "nights.tsv", table)


CONDITIONS = {"b": "baseline", "t": "treatment"}


def clinic(folder):
    """Tables of nights from elsewhere: with the usual words, with a clinic's words, with arms."""
    head = "subject\tnight\tcondition"
    usual, rows, in_arms = [], [], []
    for subject in range(1, 9):
        for word, phase, rem in (("pre", "baseline", 21.5), ("post", "treatment", 18.5)):
            pct = rem + 0.7 * (subject % 4) - 0.3 * (subject % 3)
            usual.append(f"S{subject}\t{phase}\t{phase}\t{pct:.1f}")
            rows.append(f"S{subject}\t{word}\t{word}\t{pct:.1f}")
            arm = "drug" if subject % 2 else "placebo"
            in_arms.append(f"S{subject}\t{phase}\t{phase}\t{arm}\t{pct:.1f}")
    write_lines(folder / "nights.tsv", [f"{head}\trem_pct", *usual])
    write_lines(folder / "clinic.tsv", [f"{head}\trem_pct", *rows])
    write_lines(folder / "arms.tsv", [f"{head}\tarm\trem_pct", *in_arms])


def my_study(folder):
    """A comparison spec."""
    write_lines(folder / "my-study.toml", ['primary = "rem_pct"', 'secondary = ["tst_min"]'])


def write_lines(path, lines):
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def relabelled(folder, name, labels):
    """A recording of the small study with other channel labels."""
    header_and_samples = (SAMPLE / "recordings" / "sub-S01_ses-base1.edf").read_bytes()
    for usual, label in labels.items():
        header_and_samples = header_and_samples.replace(
            usual.ljust(16).encode(), label.ljust(16).encode(), 1
        )
    (folder / name).write_bytes(header_and_samples)


def numbered(folder):
    """A recording whose channels have numbers in place of names."""
    usual = ("EEG C4-M1", "EEG C3-M2", "EOG E1-M2", "EOG E2-M2", "EMG chin")
    relabelled(folder, "clinic7.edf", {label: f"Kanal {n}" for n, label in enumerate(usual, 1)})


def flat(folder):
    """A recording whose EEG electrodes were off."""
    path = folder / "flat.edf"
    recording = bytearray((SAMPLE / "recordings" / "sub-S01_ses-base1.edf").read_bytes())
    header = bytes(recording[:256])
    size, records, signals = (int(header[a:b]) for a, b in ((184, 192), (236, 244), (252, 256)))
    counts = [int(recording[256 + signals * 216 + 8 * n :][:8]) for n in range(signals)]
    samples = np.frombuffer(recording, "<i2", offset=size).reshape(records, sum(counts))
    samples[:, : counts[0] + counts[1]] = 0
    path.write_bytes(recording)


def brainvision(folder):
    """A recording in the format of BrainVision: six electrodes against a common reference."""
    electrodes = ("C4", "M1", "E1", "M2", "chin1", "chin2")
    rng = np.random.default_rng(7)
    fs_hz, seconds = 200, 600
    signals_uv = np.cumsum(rng.normal(0, 1, (len(electrodes), fs_hz * seconds)), axis=1)
    signals_uv -= sliding_mean(signals_uv, fs_hz)
    (folder / "night.eeg").write_bytes(
        (20 * signals_uv / signals_uv.std()).astype("<f4").T.tobytes()
    )
    write_lines(folder / "night.vhdr", [
        "Brain Vision Data Exchange Header File Version 1.0", "[Common Infos]", "Codepage=UTF-8",
        "DataFile=night.eeg", "MarkerFile=night.vmrk", "DataFormat=BINARY",
        "DataOrientation=MULTIPLEXED", f"NumberOfChannels={len(electrodes)}",
        f"SamplingInterval={1_000_000 // fs_hz}",
        "[Binary Infos]", "BinaryFormat=IEEE_FLOAT_32", "[Channel Infos]",
        *(f"Ch{n}={name},,1,uV" for n, name in enumerate(electrodes, 1)),
    ])  # fmt: skip
    write_lines(folder / "night.vmrk", [
        "Brain Vision Data Exchange Marker File, Version 1.0", "[Common Infos]", "Codepage=UTF-8",
        "DataFile=night.eeg", "[Marker Infos]", "Mk1=New Segment,,1,1,0,20240301224000000000",
    ])  # fmt: skip


def sliding_mean(signals, n_samples):
    """The mean over `n_samples`, so that what is left of a random walk has no drift."""
    kernel = np.ones(n_samples) / n_samples
    return np.stack([np.convolve(signal, kernel, "same") for signal in signals])


def recordings(folder):
    """Folders of recordings without a study table, named as archives and laboratories do."""
    shutil.copytree(SAMPLE / "recordings", folder / "recordings")
    for name, source in (
        ("cassettes/SC4001E0-PSG.edf", "sub-S01_ses-base1.edf"),
        ("cassettes/SC4002E0-PSG.edf", "sub-S01_ses-treat1.edf"),
        ("by-condition/baseline/P0011_a.edf", "sub-S01_ses-base1.edf"),
        ("by-condition/treatment/P0012_a.edf", "sub-S01_ses-treat1.edf"),
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(SAMPLE / "recordings" / source, folder / name)


def scored_study(folder):
    """A study of four subjects whose nights have scorings."""
    psgpipe("simulate", "-o", folder, "--subjects", 4, "--hours", 0.35, "--fs", 100, "--force")


def workbooks(folder):
    """A study table and a table of nights as workbooks."""
    sample(folder)
    clinic(folder)
    for name in ("study", "nights"):
        text = (folder / f"{name}.tsv").read_text(encoding="utf-8")
        workbook = openpyxl.Workbook()
        for line in text.splitlines():
            workbook.active.append(line.split("\t"))
        workbook.save(folder / f"{name}.xlsx")


def three_sources(folder):
    """A study with a diary and watches, staged in results/."""
    design = ("--subjects", 2, "--hours", 4, "--fs", 100, "--diary", "--actigraphy", "--force")
    psgpipe("simulate", "-o", folder, *design)
    psgpipe("batch", folder / "study.tsv", "-o", folder / "results", "--no-figures")


def watches(folder):
    """Two days of counts as three makers write them."""
    counts = [0 if hour % 24 < 8 else 180 for hour in range(48) for _ in range(60)]
    agd(folder / "watch.agd", counts)
    awd(folder / "watch.awd", counts)
    table(folder / "counts.csv", counts)


MAKERS = {
    "night07.edf": night07,
    "study.tsv": sample,
    "results": results,
    "trial": trial,
    "pilot": pilot,
    "nights.tsv": clinic,
    "my-study.toml": my_study,
    "clinic7.edf": numbered,
    "flat.edf": flat,
    "night.vhdr": brainvision,
    "watches": watches,
    "three-sources": three_sources,
    "recordings": recordings,
    "scored-study": scored_study,
    "workbooks": workbooks,
}
