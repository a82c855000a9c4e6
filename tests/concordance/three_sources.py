"""A simulated study whose true stages are its nights, with diary and actigraphy."""

from psgpipe.cli.app import exit_code
from psgpipe.edf.writer import write_scoring
from psgpipe.files.atomic import write_file
from psgpipe.simulation.other_sources import ACTIGRAPHY, DIARY
from psgpipe.simulation.study import _write_other_sources
from psgpipe.simulation.study_description import describe
from psgpipe.simulation.study_design import StudyDesign
from psgpipe.simulation.study_plan import plan_study


def write_study(folder, **design):
    """The study without its recordings, staged by its true stages; returns its description."""
    design = StudyDesign(diary=True, actigraphy=True, **design)
    nights = plan_study(design)
    rows = []
    for night in nights:
        write_file(folder / night.scoring, write_scoring(night.plan.hypnogram))
        rows.append({k: v for k, v in night.row().items() if k != "recording"})
    _write_other_sources(folder, design, nights)
    text = "".join("\t".join(line) + "\n" for line in ([*rows[0]], *(r.values() for r in rows)))
    (folder / "study.tsv").write_text(text, "utf-8")
    command = ["batch", str(folder / "study.tsv"), "-o", str(folder / "out"), "--stages", "expert"]
    assert exit_code([*command, "--no-figures", "-j", "1", "-q"]) == 0
    return describe(design, nights)


def concord(folder, *options):
    command = ["concord", str(folder / "out"), "--diary", str(folder / DIARY)]
    return exit_code([*command, "--actigraphy", str(folder / ACTIGRAPHY), "-q", *options])
