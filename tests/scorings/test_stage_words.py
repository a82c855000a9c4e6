"""The words for sleep stages in seven languages, and words that are no stages."""

import tomllib
from importlib import resources

import pytest

from psgpipe.montage.label_table import shipped_tables
from psgpipe.scorings.stage_words import stage_word

STAGES = {
    "W": (
        "Sleep stage W", "Wake|0", "SRO:Wake", "SLEEP-S0", "Stage 0", "awake", "Éveil", "éveillé",
        "EVEIL", "Veille", "Wach", "Stadium Wach", "Vigilia", "Despierto", "Veglia", "Waak",
        "wakker", "Vigília", "Acordado", "sleep_wake",
    ),
    "N1": (
        "Sleep stage 1", "N1", "S1", "NREM 1", "non-REM 1", "Stage 1 sleep|1", "SRO:Stage1Sleep",
        "SLEEP-S1", "Stade 1", "Stade I", "Stadium 1", "Schlafstadium N1", "Estadio 1", "Fase N1",
        "Stadio 1", "Slaapstadium 1", "Estágio 1", "NonREM1", "sleep_N1", "sommeil N1",
    ),
    "N2": ("Sleep stage 2", "Stade II", "STADIUM_2", "NREM-2", "Estágio N2", "N2 sleep"),
    "N3": (
        "Sleep stage 3", "Sleep stage 4", "S4", "N3", "NonREM4", "Stage 3/4", "S3/S4", "Stade IV",
        "Stadium 4", "SWS", "slow wave sleep", "Sommeil lent profond", "Sueño de ondas lentas",
    ),
    "R": (
        "Sleep stage R", "REM", "REM sleep|5", "SLEEP-REM", "SRO:RapidEyeMovement", "REM-Schlaf",
        "Sommeil paradoxal", "Stade REM", "Sueño MOR", "Fase REM", "Sonno REM", "REM-slaap",
        "Sono REM", "paradoxical sleep",
    ),
    "ART": (
        "Movement time", "Sleep stage M", "SLEEP-MT", "Stage MT", "Temps de mouvement",
        "Tiempo de movimiento", "Tempo di movimento", "Bewegungszeit", "Bewegingstijd",
        "Tempo de movimento",
    ),
    "UNS": (
        "?", "Sleep stage ?", "Unscored|9", "SLEEP-UNSCORED", "NotScored", "Non classé",
        "nicht bewertet", "No clasificado", "Non classificato", "Niet gescoord",
        "Não classificado", "Stage U",
    ),
}  # fmt: skip

NO_STAGES = (
    "Rapide", "Micro-éveil", "Arousal", "REM density", "REM latency", "Sleep apnea", "Hypopnea",
    "Snore", "Spindle", "SLEEP-SPINDLE", "Ronflement", "Obstructive apnea", "A. Obstructive",
    "Stage shift", "Stage change", "sleep", "stage", "2", "4", "5", "Stage 5", "Stage 2.5", "S",
    "N4x", "light sleep", "Leichtschlaf", "N2?", "CAP phase A1", "delta", "Désat", "Dos",
    "RapidEyeMovementDensity", "awakening", "SRO:SignalArtifact", "Lights off", "", "-",
)  # fmt: skip


@pytest.mark.parametrize(
    ("stage", "text"), [(stage, text) for stage, texts in STAGES.items() for text in texts]
)
def test_a_stage_is_a_stage_in_every_language(stage, text):
    word = stage_word(text)
    assert word is not None
    assert (word.stage, word.certainty) == (stage, "sure")


@pytest.mark.parametrize("text", NO_STAGES)
def test_an_event_is_no_stage(text):
    assert stage_word(text) is None


@pytest.mark.parametrize("text", ["Phase 2", "fase 2", "Tiefschlaf", "deep sleep"])
def test_a_doubtful_text_is_a_stage_among_stages_alone(text):
    assert stage_word(text).certainty == "with_stages"


@pytest.mark.parametrize("text", ["movement", "artefact", "Bewegung", "unknown", "M", "WK", "NS"])
def test_an_event_of_seconds_is_a_stage_in_a_column_of_stages_alone(text):
    assert stage_word(text).certainty == "in_column"


def test_a_channel_behind_the_text_is_not_part_of_it():
    assert stage_word("Sleep stage 2@@EEG C4-M1").stage == "N2"


def test_the_label_table_of_psgpipe_and_the_words_agree():
    table = next(t for t in shipped_tables() if t.name == "generic")
    file = resources.files("psgpipe") / "montage" / "label_tables" / "generic.toml"
    spellings = tomllib.loads(file.read_text(encoding="utf-8"))["stages"]
    assert table.stages
    differing = [
        text
        for stage, texts in spellings.items()
        for text in texts
        if (word := stage_word(text)) is not None and word.stage != stage
    ]
    assert differing == []
