"""The command ``psgpipe simulate``: a study of synthetic nights with known stages."""

from __future__ import annotations

from pathlib import Path

import click

from psgpipe.cli.options import FILE, LOGGER, Command, log_to_stderr, output_options, print_json
from psgpipe.messages import count_of


@click.command(name="simulate", cls=Command)
@click.option("-o", "--out", type=FILE, required=True, metavar="DIR", help="A new or empty folder.")
@click.option(
    "--subjects", type=int, default=2, show_default=True, metavar="N", help="How many subjects."
)
@click.option(
    "--nights",
    type=int,
    default=1,
    show_default=True,
    metavar="N",
    help="Nights of each subject in each condition.",
)
@click.option(
    "--hours",
    type=float,
    default=8,
    show_default=True,
    metavar="H",
    help="Length of a recording in hours.",
)
@click.option(
    "--seed",
    type=int,
    default=0,
    show_default=True,
    metavar="N",
    help="Start of the random numbers; another seed gives other nights.",
)
@click.option(
    "--montage", type=click.Choice(["minimal", "clinical"]), default="minimal", show_default=True,
    help="Five derivations, or 24 signals at mixed rates with electrodes recorded apart.",
)  # fmt: skip
@click.option(
    "--effect", "effects", multiple=True, metavar="NAME=VALUE[,...]",
    help="Change the treatment nights, e.g. rem_pct=-4 (points of TST), waso_min=20, or by "
    "a factor: swa=0.8,sigma=1.2 (power in N2 and N3), gain=1.25 (amplitude of EEG and EOG).",
)  # fmt: skip
@click.option(
    "--arms", is_flag=True,
    help="Two arms in the column arm: drug, and placebo without the effect.",
)  # fmt: skip
@click.option("--diary", is_flag=True, help="Also write diary.tsv, with a known bias.")
@click.option("--actigraphy", is_flag=True, help="Also write actigraphy/, with a known bias.")
@click.option(
    "--fs",
    "fs_hz",
    type=int,
    metavar="HZ",
    help="Sampling rate of EEG, EOG and EMG. Default: 128 (minimal), 256 (clinical).",
)
@click.option("--force", is_flag=True, help="Replace files of the same names in DIR.")
@output_options
def command(
    out: Path, subjects: int, nights: int, hours: float, seed: int, montage: str,
    effects: tuple[str, ...], arms: bool, diary: bool, actigraphy: bool, fs_hz: int | None,
    force: bool,
    verbose: bool, quiet: bool, as_json: bool,
) -> None:  # fmt: skip
    """Write recordings, their true stages and study.tsv into DIR.

    Every subject has baseline and treatment nights. The same options give the same files.
    """
    from psgpipe.simulation.study import simulate_study
    from psgpipe.simulation.study_design import StudyDesign, parse_effects

    log_to_stderr(verbose=verbose, quiet=quiet)
    design = StudyDesign(
        subjects,
        nights,
        hours,
        seed,
        montage,
        fs_hz,
        parse_effects(effects),
        arms,
        diary,
        actigraphy,
    )
    description = simulate_study(design, out, force=force)
    made = count_of(len(description["nights"]), "night")
    LOGGER.info(f"{made} in {out}: study.tsv, recordings/, scorings/")
    if as_json:
        print_json({"out": str(out), **description})
