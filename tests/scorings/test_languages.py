"""EDF+ scorings of seven languages, with the events that stand among their stages."""

import pytest

from psgpipe.scorings.read import read_scoring
from tests.scorings.scoring_files import edf_scoring

NIGHTS = {
    "English": ("Sleep stage W", "Sleep stage 1", "Sleep stage 4", "Sleep stage R", "Arousal"),
    "French": ("Éveil", "Stade 1", "Stade IV", "Sommeil paradoxal", "Micro-éveil"),
    "German": ("Wach", "Stadium 1", "Stadium 4", "REM-Schlaf", "Weckreaktion"),
    "Spanish": ("Vigilia", "Fase 1", "Fase 4", "Fase REM", "Despertar"),
    "Italian": ("Veglia", "Stadio 1", "Stadio 4", "Sonno REM", "Risveglio"),
    "Dutch": ("Waak", "Slaapstadium 1", "Slaapstadium 4", "REM-slaap", "Ontwaakreactie"),
    "Portuguese": ("Vigília", "Estágio 1", "Estágio 4", "Sono REM", "Despertar"),
}


@pytest.mark.parametrize("language", NIGHTS)
def test_a_night_is_read_in_every_language(tmp_path, language):
    *stages, arousal = NIGHTS[language]
    notes = [(30 * i, 30, text) for i, text in enumerate(stages)]
    path = tmp_path / "night.edf"
    path.write_bytes(edf_scoring([*notes, (40, 5, arousal), (65, 4.2, "Rapide"), (120, 30, "?")]))
    scoring = read_scoring(path)
    assert [str(s.stage) for s in scoring.stages] == ["W", "N1", "N3", "R", "UNS"]
    assert [a.text for a in scoring.annotations] == [arousal, "Rapide"]


def test_phases_of_a_study_are_no_stages(tmp_path):
    path = tmp_path / "night.edf"
    notes = [(0, None, "Phase 1"), (600, None, "Phase 2"), (900, 30, "Sleep stage W")]
    path.write_bytes(edf_scoring(notes))
    assert [s.text for s in read_scoring(path).stages] == ["Sleep stage W"]
