"""What commands say of a folder of recordings: each problem once, and scorings beside them."""

import shutil

from psgpipe.cli.app import exit_code
from tests import cheap_nights
from tests.recordings import write_night
from tests.scorings.scoring_files import edf_scoring
from tests.shared_files import CHECKOUT

STAGES = [(30 * n, 30, "Sleep stage 2") for n in range(20)]


def three_recordings(folder, labels=("Flow",)):
    folder.mkdir()
    first = write_night(folder / "sub-1_ses-1.edf", labels=labels)
    for number in (2, 3):
        shutil.copy(first, folder / f"sub-{number}_ses-1.edf")
    return folder


def test_a_check_of_a_folder_says_a_shared_problem_and_its_remedy_once(tmp_path, capsys):
    folder = three_recordings(tmp_path / "recordings")
    write_night(folder / "sub-4_ses-1.edf", labels=("EEG C4-M1",))
    assert exit_code(["check", str(folder)]) == 5
    printed = capsys.readouterr().out
    assert printed.count("can be built from Flow") == 1
    assert printed.count("Not understood: Flow") == 1
    assert printed.count("like sub-1_ses-1.edf") == 2
    assert "  sub-1_ses-1.edf and 2 recordings like it: Not understood: Flow." in printed
    assert "  sub-4_ses-1.edf: Name the site's channels" in printed
    # Each name in its own line; the first one again, with the remedy and in what is like it.
    assert [printed.count(f"sub-{n}_ses-1.edf") for n in (2, 3, 4)] == [1, 1, 2]
    assert printed.splitlines()[-1] == "4 recordings: 4 unsuitable"


def test_a_quiet_check_of_a_folder_still_says_what_is_wrong(tmp_path, capsys):
    folder = three_recordings(tmp_path / "recordings")
    assert exit_code(["check", str(folder), "-q"]) == 5
    printed = capsys.readouterr().out
    assert printed.count("can be built from Flow") == 1
    assert printed.count("sub-2_ses-1.edf") == 1


def test_a_batch_of_a_folder_names_the_commands_that_use_the_scorings_beside(tmp_path, capsys):
    folder = three_recordings(tmp_path / "my recordings", labels=("EEG C4-M1",))
    (folder / "notes.txt").write_text("nothing of note\n", encoding="utf-8")
    plan = ["batch", str(folder), "-o", str(tmp_path / "out"), "--dry-run"]
    assert exit_code(plan) == 0
    assert "scoring" not in capsys.readouterr().err
    scoring = edf_scoring(STAGES, date="01.03.24", time="22.00.00")
    (folder / "sub-2_ses-1-hypnogram.edf").write_bytes(scoring)
    assert exit_code(plan) == 0
    (line,) = (s for s in capsys.readouterr().err.splitlines() if "scoring" in s)
    assert "such as sub-2_ses-1-hypnogram.edf" in line
    assert f"psgpipe table '{folder}' -o study.tsv" in line
    assert "psgpipe batch study.tsv" in line
    # The commands do what is said.
    table = tmp_path / "study.tsv"
    assert exit_code(["table", str(folder), "-o", str(table), "-q"]) == 0
    assert "hypnogram.edf" in table.read_text(encoding="utf-8")


def test_a_scoring_that_belongs_to_no_recording_is_counted(tmp_path, capsys):
    folder = three_recordings(tmp_path / "recordings", labels=("EEG C4-M1",))
    scoring = edf_scoring(STAGES, date="01.03.24", time="22.00.00")
    (folder / "other-hypnogram.edf").write_bytes(scoring)
    assert exit_code(["batch", str(folder), "-o", str(tmp_path / "out"), "--dry-run"]) == 0
    assert "1 file holds scored stages and no recording: not staged" in capsys.readouterr().err


def test_gather_names_every_table_that_it_writes(tmp_path, capsys):
    out = tmp_path / "out"
    study = CHECKOUT / "data" / "sample" / "study.tsv"
    assert cheap_nights.main(["batch", str(study), "-o", str(out), "-q", "--jobs", "1"]) == 0
    capsys.readouterr()
    assert exit_code(["gather", str(out)]) == 0
    named = {line.partition(": ")[0] for line in capsys.readouterr().out.splitlines()}
    written = {str(p) for p in out.iterdir() if p.suffix in (".tsv", ".html")}
    assert named == written
