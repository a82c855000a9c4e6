"""What a Python user reads where something is wrong: keywords and functions, no options."""

import ast
import inspect
import pickle
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import mne
import numpy as np
import pytest

import psgpipe
from psgpipe.cli.app import COMMANDS, exit_code
from psgpipe.cli.app import psgpipe as command_line
from psgpipe.errors import PsgpipeError
from psgpipe.model.comparison.measured_night import RECIPE_FIELDS
from psgpipe.python_words import in_python_words
from tests.edf_files import Signal, write_edf
from tests.recordings import brain_noise, write_night
from tests.shared_files import CHECKOUT

SOURCE = Path(psgpipe.__file__).parent
TABLE = tomllib.loads((SOURCE / "python_words.toml").read_text(encoding="utf-8"))
SAMPLE = CHECKOUT / "data" / "sample"
NIGHT = SAMPLE / "recordings" / "sub-S01_ses-base1.edf"
LABELS = ["EEG C4-M1", "EOG E1-M2", "EMG chin"]
TYPED = re.compile(rf"(?<![\w-])--[a-z]|(?<![\w-])-[op]\b|psgpipe ({'|'.join(COMMANDS)})\b")


def noise(rows=3, seconds=600, fs_hz=128):
    return np.array([brain_noise(seconds, fs_hz, seed=row) for row in range(rows)])


def with_nan(*rows):
    signals = noise()
    for row in rows:
        signals[row, 5000] = np.nan
    return signals


def error_of(call, *arguments, **keywords):
    with pytest.raises(PsgpipeError) as caught:
        call(*arguments, **keywords)
    return caught.value


def typed_words(message):
    """What a person would type in a shell, where the message does not say that it is typed."""
    said = re.sub(r"(?:--|-[op] |psgpipe )[^;]{1,60}? \(?in a shell\)?|pip install .*", "", message)
    return TYPED.findall(said)


# Texts of the sources


def messages_of_the_sources():
    """Every text of the sources that names an option or a command and is no docstring."""
    for path in sorted(SOURCE.rglob("*.py")):
        if SOURCE / "cli" in path.parents:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        parts = {part for n in ast.walk(tree) if isinstance(n, ast.JoinedStr) for part in n.values}
        parts |= {n.value for n in ast.walk(tree) if isinstance(n, ast.Expr)}
        for node in ast.walk(tree):
            if node not in parts and (text := _text(node)) and TYPED.search(text):
                yield f"{path.relative_to(SOURCE)}:{node.lineno}", text


def _text(node):
    if isinstance(node, ast.JoinedStr):
        return "".join(p.value if isinstance(p, ast.Constant) else "X1" for p in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def test_no_message_of_the_sources_tells_a_python_user_to_type_something_without_saying_where():
    messages = dict(messages_of_the_sources())
    assert len(messages) > 50
    words = {where: in_python_words(text) for where, text in messages.items()}
    assert {where: text for where, text in words.items() if typed_words(text)} == {}


def test_words_of_python_stay_as_they_are():
    for _, text in messages_of_the_sources():
        once = in_python_words(text)
        assert in_python_words(once) == once


@pytest.mark.parametrize(
    ("typed", "passed"),
    [
        ("Name them in a label table (--labels FILE).", 'label_table="FILE"'),
        ("take a pipeline that needs none (-p eeg-only)", 'pipeline="eeg-only"'),
        ("Use psgpipe batch for a study table.", "Use psgpipe.batch(...) for a study table."),
        ("blind the whole study: psgpipe batch --blind.", "study: psgpipe.batch(..., blind=True)."),
        ("run all nights with --stages auto.", 'run all nights with stages="auto".'),
        ("Name the spellings: --scoring-map SPELLING=STAGE,...; or", "=\"SPELLING=STAGE,...\"; or"),
        ("or add --allow-unlike stager.", 'or add allow_unlike=["stager"].'),
        ("Give another -o folder, or --force.", "Give another out= folder, or force=True."),
        ("psgpipe verify names the files.", "psgpipe verify (in a shell) names the files."),
        ("psgpipe table 'my study' -o study.tsv makes one",
         "psgpipe table 'my study' -o study.tsv (in a shell) makes one"),
        ("Stage them: psgpipe batch --microstructure.",
         "Stage them: psgpipe batch --microstructure (in a shell)."),
        ("their folder (--scorings DIR).", "their folder (--scorings DIR in a shell)."),
        ("psgpipe reads no such file, and psgpipe run.", "file, and psgpipe.run_night(...)."),
        ("`gzip -t` tests the copy.", "`gzip -t` tests the copy."),
    ],
)  # fmt: skip
def test_an_option_becomes_a_keyword_and_a_command_a_call(typed, passed):
    assert passed in in_python_words(typed)


def test_the_table_of_words_is_that_of_the_commands_and_of_the_functions():
    assert sorted(TABLE["commands"]) == sorted(COMMANDS)
    functions = [getattr(psgpipe, name) for name in dir(psgpipe)]
    functions = [f for f in functions if inspect.isroutine(f) or f is psgpipe.batch]
    known = {keyword for f in functions for keyword in inspect.signature(f).parameters}
    assert {form.partition("=")[0] for form in TABLE["options"].values()} <= known
    assert set(RECIPE_FIELDS) <= set(TABLE["values"])


@pytest.mark.parametrize("command", ["run", "batch", "compare", "check"])
def test_every_option_that_is_a_keyword_of_the_function_is_in_the_table(command):
    function = getattr(psgpipe, TABLE["commands"][command].removeprefix("psgpipe."))
    keywords = set(inspect.signature(function).parameters)
    parameters = command_line.get_command(None, command).params
    shared = {max(p.opts, key=len) for p in parameters if p.param_type_name == "option"
              and p.name in keywords}  # fmt: skip
    assert shared - set(TABLE["options"]) == set()


# Errors of the functions


def wrong_calls(folder):
    """Wrong input of each kind for each function, and a part of what its user should read."""
    other = write_night(folder / "flow.edf", labels=("Flow",))
    blank = write_edf(folder / "blank.edf", [Signal(label="EEG C4-M1", unit="")], 60)
    numbers = folder / "numbers.txt"
    numbers.write_text("0\n1\n2\n7\n", encoding="utf-8")
    raw = mne.io.read_raw_edf(NIGHT, preload=True, verbose="error")
    microvolts, broken = raw.copy(), raw.copy()
    microvolts.apply_function(lambda row: row * 1e6, verbose="error")
    broken.apply_function(lambda row: row * np.nan, verbose="error")
    array = {"fs_hz": 128, "labels": LABELS}
    run, batch, read = psgpipe.run_night, psgpipe.batch, psgpipe.read_recording
    study, empty = SAMPLE / "study.tsv", folder / "empty"
    empty.mkdir()
    written = folder / "written"
    psgpipe.write_night(run(NIGHT), written, figures=False)
    return {
        "no EEG in a file": ((run, other), 'label_table="FILE"'),
        "no chin in a file": (
            (run, write_night(folder / "no-emg.edf", labels=("EEG C4-M1", "EOG E1-M2"))),
            'pipeline="eeg-only"',
        ),
        "a study table": ((run, study), "psgpipe.batch(...)"),
        "a recording as a study": ((batch, NIGHT, folder / "o"), "psgpipe.run_night(...)"),
        "NaN in the only EEG": ((run, with_nan(0), array), "interpolate"),
        "NaN in the chin": ((run, with_nan(2), array), 'pipeline="eeg-only"'),
        "a Raw of NaN": ((run, broken), "interpolate"),
        "volts given as microvolts": ((run, noise() * 1e-6, array), 'units="V"'),
        "microvolts given as volts": ((run, noise(), {**array, "units": "V"}), "units="),
        "microvolts in a Raw": ((run, microvolts), "volts"),
        "no unit": ((run, noise(), {**array, "units": "foo"}), "mV"),
        "a unit of no channel": (
            (run, noise(), {**array, "units": {**dict.fromkeys(LABELS, "uV"), "EMG chn": "uV"}}),
            "did you mean 'EMG chin'",
        ),
        "a rate too low": ((run, noise(), {**array, "fs_hz": 50}), "fs_hz"),
        "a Raw of a low rate": ((run, raw.copy().resample(50, verbose="error")), "rate"),
        "samples in rows": ((run, noise().T, array), "signals_uv.T"),
        "samples in rows, a label less": (
            (run, noise().T, {**array, "labels": LABELS[:2]}), "signals_uv.T"),
        "labels of no channel": ((run, noise(), {**array, "labels": ["a", "b", "c"]}), "labels=["),
        "a clock time alone": ((run, noise(), {**array, "lights_off": "22:41"}), "start="),
        "a misspelt keyword": ((run, NIGHT, {"light_off": "22:41"}), "did you mean 'lights_off'"),
        "a scorer without a scoring": ((run, NIGHT, {"scorer": "A"}), 'scoring="FILE"'),
        "an impossible age": ((run, NIGHT, {"age": 300, "sex": "F"}), "age="),
        "an impossible sex": ((run, NIGHT, {"sex": "X", "age": 30}), "sex="),
        "an impossible dose": ((run, NIGHT, {"dose_end": "noon"}), "dose_end="),
        "no jobs": ((batch, study, folder / "o", {"jobs": 0}), "jobs="),
        "an empty folder": ((batch, empty, folder / "o"), "study table"),
        "no folder of results": ((psgpipe.open, empty), "out="),
        "a misspelt keyword of open": ((psgpipe.open, {"folder": "x"}), "open: unknown keyword"),
        "a blank unit": ((read, blank), 'units={"EEG C4-M1": "uV"}'),
        "one unit for all": ((read, blank, {"units": "uV"}), 'units={"EEG C4-M1": "uV"}'),
        "a unit of no such channel": ((read, blank, {"units": {"C4": "uV"}}), "EEG C4-M1"),
        "no such channel": ((read, NIGHT, ["C4"]), "EEG C4-M1"),
        "stages by unknown numbers": ((psgpipe.read_scoring, numbers), 'scoring_map="aasm"'),
        "no night": ((psgpipe.write_night, "night", folder), "psgpipe.run_night"),
        "no table of nights": ((psgpipe.compare, folder / "o.tsv"), "path"),
        "nights not gathered": ((psgpipe.compare, written), "(in a shell)"),
        "a pipeline as a spec": ((psgpipe.compare, study, "eeg-only"), "psgpipe.run_night(...)"),
        "a source of nights": (
            (psgpipe.compare, study, {"measured_by": "watch"}), "'actigraphy'"),
        "no counts": ((psgpipe.score_actigraphy, noise()), "psgpipe.read_actigraphy"),
        "no hypnogram": ((psgpipe.summarize, "night"), "psgpipe.read_scoring"),
        "no recording to check": ((psgpipe.check, noise()), "a path"),
        "no such header": ((psgpipe.read_header, "nowhere.edf"), "path"),
        "no activity": ((psgpipe.read_actigraphy, NIGHT), "Give"),
    }  # fmt: skip


def test_every_function_says_what_to_pass(tmp_path):
    for kind, ((call, *arguments), wanted) in wrong_calls(tmp_path).items():
        keywords = arguments.pop() if arguments and isinstance(arguments[-1], dict) else {}
        error = error_of(call, *arguments, **keywords)
        assert wanted in str(error), kind
        assert typed_words(str(error)) == [], kind
        assert str(error) == f"{error.problem}\n  {error.remedy}"


def test_the_command_line_says_what_to_type(tmp_path, capsys):
    path = write_night(tmp_path / "n1.edf", labels=("EEG C4-M1",))
    assert exit_code(["run", str(path), "-o", str(tmp_path / "out")]) == 5
    printed = capsys.readouterr().err
    assert "(--labels FILE)" in printed
    assert "(-p eeg-only)" in printed


def test_a_check_and_a_failed_night_say_what_to_pass_and_their_files_what_to_type(tmp_path):
    recordings = tmp_path / "recordings"
    recordings.mkdir()
    path = write_night(recordings / "sub-1_ses-1.edf", labels=("Flow",))
    assert 'label_table="FILE"' in psgpipe.check(path)["error"]["remedy"]
    study = psgpipe.batch(recordings, tmp_path / "out", jobs=1, figures=False)
    error = error_of(lambda: study.nights[0].hypnogram)
    assert 'label_table="FILE"' in error.remedy
    (failure,) = (tmp_path / "out").rglob("failure.json")
    assert "--labels FILE" in failure.read_text(encoding="utf-8")


def test_an_allowed_difference_is_named_as_it_was_passed():
    warned = "stager differs, allowed by --allow-unlike stager"
    assert in_python_words(warned) == 'stager differs, allowed by allow_unlike=["stager"]'


def test_one_field_may_differ_without_a_list():
    error = error_of(psgpipe.compare, SAMPLE / "study.tsv", allow_unlike="stagr")
    assert 'allow_unlike=["stagr"]' in error.problem


# Scripts


def test_a_script_needs_no_main_guard_to_run_a_batch(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import sys, psgpipe\nprint('begins')\n"
        "print(psgpipe.batch(sys.argv[1], sys.argv[2], jobs=2, figures=False))\n",
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, script, SAMPLE / "study.tsv", tmp_path / "out"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.splitlines() == [
        "begins", "<study out: 4 nights (4 done), without a comparison>",
    ], done.stderr  # fmt: skip


def test_functions_can_be_sent_to_other_processes():
    functions = [getattr(psgpipe, n) for n in dir(psgpipe)]
    for function in filter(inspect.isfunction, functions):
        assert pickle.loads(pickle.dumps(function)) is function  # noqa: S301
