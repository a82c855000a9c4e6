"""After a stop signal a batch ends soon and cleanly, and the same command completes it."""

import os
import signal
import subprocess
import time

import pytest

from tests.studies import assert_old_or_new, tree

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")


def wait_for(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert condition()


def journal(study):
    path = study.out / "journal.jsonl"
    return path.read_text(encoding="utf-8") if path.exists() else ""


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)], ids=["TERM", "INT"]
)
@pytest.mark.parametrize("to_all", [False, True], ids=["parent", "whole group"])
def test_a_batch_asked_to_stop(study, number, code, to_all):
    three = study("n1", "hang", "n1")
    process = three.start("-j2", start_new_session=True)
    wait_for(lambda: journal(three).count('"finished"') == 2)
    began = time.monotonic()
    if to_all:
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    _, said = process.communicate(timeout=20)
    assert process.returncode == code
    assert time.monotonic() - began < 10
    assert "stopped by SIG" in said
    assert "with 2 of 3 nights finished" in said
    assert "Traceback" not in said
    wait_for(lambda: not children_of_session(process.pid), 3)
    assert_old_or_new(three.out)
    assert not three.night(2).exists()
    assert not list(three.out.glob(".psgpipe-*"))
    assert '"batch stopped"' in journal(three)


def children_of_session(session):
    """Processes left in a session."""
    found = subprocess.run(
        ["ps", "-eo", "sid,stat,args"], capture_output=True, text=True, check=True
    )
    rows = (line.split(None, 2) for line in found.stdout.splitlines()[1:])
    return [row for row in rows if row[0] == str(session) and not row[1].startswith("Z")]


def test_what_was_stopped_is_completed_by_the_same_command(study):
    four = study("n1", "slow", "slow", "slow")
    process = four.start("-j1")
    wait_for(lambda: journal(four).count('"finished"') == 1)
    process.terminate()
    process.communicate(timeout=20)
    assert process.returncode == 143
    assert four.run() == 0
    whole = tree(four.out)
    other = study("n1", "slow", "slow", "slow", folder="other")
    assert other.run() == 0
    assert tree(other.out) == whole


def test_near_the_end_of_the_wall_time_the_night_in_hand_is_finished(study):
    three = study("slow", "slow", "slow")
    process = three.start("-j1")
    wait_for(lambda: '"started"' in journal(three))
    process.send_signal(signal.SIGUSR1)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 75
    assert "the wall time is nearly over: stopped with 1 of 3 nights finished" in said
    assert (three.night(1) / "manifest.json").exists()
    assert not three.night(2).exists()


def test_the_wall_time_can_still_end_at_once(study):
    one = study("hang")
    process = one.start("-j1")
    wait_for(lambda: '"started"' in journal(one))
    process.send_signal(signal.SIGUSR1)
    time.sleep(0.5)
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode == 143
    assert time.monotonic() - began < 10


def test_a_batch_under_nohup_does_not_hear_ctrl_c(study):
    one = study("slow")
    process = one.start(
        "-j1", "--quiet", preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN)
    )
    wait_for(lambda: '"started"' in journal(one))
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 0


def test_killed_outright_it_leaves_no_process_behind(study):
    two = study("hang", "hang")
    process = two.start("-j2", start_new_session=True)
    wait_for(lambda: journal(two).count('"started"') == 2)
    time.sleep(0.5)
    assert len(children_of_session(process.pid)) >= 3
    process.kill()
    process.communicate(timeout=20)
    wait_for(lambda: not children_of_session(process.pid), 5)


def test_status_tells_of_a_run_that_ended_without_a_word(study, capsys):
    import json

    from psgpipe.cli.app import exit_code

    two = study("n1", "hang")
    process = two.start("-j1")
    wait_for(lambda: journal(two).count('"started"') == 2)
    assert exit_code(["status", str(two.out), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["done"], said["running"], said["missing"]) == (1, 1, 0)
    (run,) = said["runs"]
    assert run["alive"]
    assert run["in_hand"] == [{"subject": "S2", "night": "hang"}]
    process.kill()
    process.communicate(timeout=20)
    path = two.out / "journal.jsonl"
    long_ago = path.read_text(encoding="utf-8").replace('{"at": "20', '{"at": "19')
    path.write_text(long_ago, encoding="utf-8")
    assert exit_code(["status", str(two.out)]) == 0
    said = capsys.readouterr().out
    assert said.startswith("1 done, 1 missing")
    assert "ended without a word; run the batch again" in said


def test_status_on_the_same_machine_knows_at_once_that_a_run_was_killed(study, capsys):
    from psgpipe.cli.app import exit_code

    one = study("hang")
    process = one.start("-j1")
    wait_for(lambda: '"started"' in journal(one))
    assert exit_code(["status", str(one.out)]) == 0
    assert "is at work" in capsys.readouterr().out
    process.kill()
    process.communicate(timeout=20)
    assert exit_code(["status", str(one.out)]) == 0
    said = capsys.readouterr().out
    assert said.startswith("1 missing")
    assert "ended without a word" in said
