"""A path on the command line is a file, however the disk composes its name."""

import json
from unicodedata import normalize

import pytest

from psgpipe.cli.app import exit_code
from tests.recordings import write_night


@pytest.mark.parametrize(("typed", "stored"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_a_recording_in_another_composition_of_its_name_is_found(tmp_path, capsys, typed, stored):
    folder = tmp_path / normalize(stored, "Schlaf für später")
    folder.mkdir()
    write_night(folder / normalize(stored, "nächte_é.edf"), seconds=60)
    path = tmp_path / normalize(typed, "Schlaf für später") / normalize(typed, "nächte_é.edf")
    assert exit_code(["check", str(path), "--header-only", "--json"]) == 0
    (checked,) = json.loads(capsys.readouterr().out)
    assert checked["duration_s"] == 60
