"""The picture of a night shows what its files say, whatever the night is like."""

import base64
import re
import zlib
from dataclasses import replace

import numpy as np
import pytest
from defusedxml.ElementTree import fromstring

from psgpipe.model.hypnogram import SCORED, Hypnodensity
from psgpipe.model.summary import QualityFlag
from psgpipe.reports.colours import CONVENTIONAL_ORDER
from psgpipe.reports.night_picture import night_picture
from psgpipe.reports.night_words import recorded_from
from psgpipe.reports.spectrogram_image import Spectrogram, spectrogram_image
from psgpipe.reports.time_axis import MOST_TICKS, TimeAxis
from psgpipe.sleep.local_clock import LocalClock
from tests.reports.nights import START, WHOLE_NIGHT, spectrogram, staged_night

SVG = "{http://www.w3.org/2000/svg}"
NIGHTS = {
    "usual": {"lights": (30, 930)},
    "without REM": {"runs": "W*60 N1*20 N2*300 N3*300 N2*180 W*40"},
    "without sleep": {"runs": "W*900"},
    "with a gap": {"runs": "W*60 N2*200 UNS*150 N2*100 R*80 W*60"},
    "20 minutes": {"runs": "W*10 N1*5 N2*25"},
    "90 seconds": {"runs": "W N1 N2"},
    "14 hours": {"runs": f"{WHOLE_NIGHT} W*200 N2*300 R*100 W*136"},
    "artefacts": {"runs": " ".join("N2*5 ART*3 R*4 ART" for _ in range(70))},
    "without a stage": {"runs": "UNS*500 ART*40"},
    "blinded": {"condition": None},
    "without a date": {"start": None},
}


def picture_of(**night):
    staged = staged_night(**night)
    return night_picture(staged, spectrogram(len(staged.hypnogram)))


def steps_of(path):
    """The y of a line of H and V steps at every x where a step begins, and its end."""
    words = re.findall(r"([MHV])([-\d.]+)(?: ([-\d.]+))?", path)
    pieces, x, y = [], None, None
    for command, first, second in words:
        if command == "M":
            x, y = float(first), float(second)
        elif command == "V":
            y = float(first)
        else:
            pieces.append((x, float(first), y))
            x = float(first)
    return pieces


def group(svg, kind):
    return next(g for g in fromstring(svg).iter(f"{SVG}g") if g.get("class") == kind)


def stages_read_back(svg, kind="hypnogram"):
    """The stage of each epoch as the picture shows it; None where it shows none."""
    root, panel = fromstring(svg), group(svg, kind)
    left, step = float(root.get("data-left")), float(root.get("data-step"))
    stage_at = {float(t.get("data-y")): t.text for t in panel.iter(f"{SVG}text")
                if t.get("class") == "level"}  # fmt: skip
    shown = [None] * int(root.get("data-epochs"))
    line = next(path for path in panel.iter(f"{SVG}path") if path.get("class") == "line")
    for begin, end, y in steps_of(line.get("d")):
        first, last = round((begin - left) / step), round((end - left) / step)
        shown[first:last] = [stage_at[y]] * (last - first)
    return shown


@pytest.mark.parametrize("night", NIGHTS.values(), ids=NIGHTS)
def test_the_hypnogram_has_the_stages_of_the_night(night):
    staged = staged_night(**night)
    expected = [str(stage) if stage in SCORED else None for stage in staged.hypnogram.stages]
    assert stages_read_back(picture_of(**night).svg) == expected


STAGED = {name: night for name, night in NIGHTS.items() if name != "without a stage"}


@pytest.mark.parametrize("night", STAGED.values(), ids=STAGED)
def test_the_hypnodensity_has_the_probabilities_of_the_night(night):
    staged, svg = staged_night(**night), picture_of(**night).svg
    root, panel = fromstring(svg), group(svg, "hypnodensity")
    left, step = float(root.get("data-left")), float(root.get("data-step"))
    height = float(panel.findall(f"{SVG}rect")[-1].get("height"))
    for stage in CONVENTIONAL_ORDER:
        area = next(p for p in panel.iter(f"{SVG}path") if p.get("class") == stage)
        thickness = np.full(len(staged.hypnogram), np.nan)
        for part in filter(None, area.get("d").split("Z")):
            for begin, end, y in steps_of(part):
                upwards = 1 if end > begin else -1  # back along the lower edge
                first, last = sorted(round((x - left) / step) for x in (begin, end))
                known = np.nan_to_num(thickness[first:last])
                thickness[first:last] = known - upwards * y
        shown = thickness / height
        expected = staged.hypnodensity.probabilities[:, SCORED.index(stage)]
        np.testing.assert_allclose(shown, expected, atol=3e-4)


def test_an_expert_has_a_panel_of_their_own():
    staged = staged_night("W*30 N2*60 R*30", expert="W*40 N1*20 N3*40 R*20")
    svg = night_picture(staged).svg
    expert = staged.expert.hypnogram.stages
    assert stages_read_back(svg, "expert") == [str(stage) for stage in expert]
    assert stages_read_back(svg) == [str(stage) for stage in staged.hypnogram.stages]


def test_corrected_stages_stand_above_the_automatic_ones():
    staged = staged_night("W*30 N2*60 R*30")
    before = staged_night("W*120").hypnogram
    svg = night_picture(replace(staged, stages_by="corrected", automatic=before)).svg
    assert stages_read_back(svg, "automatic") == ["W"] * 120
    assert "Hypnogram: automatic stages, corrected by hand; the bar is REM" in words_in(svg)


def test_a_night_scored_by_a_person_has_no_probabilities():
    staged = staged_night("W*30 N2*60 R*30", derivations=())
    unknown = Hypnodensity(np.full((120, 5), np.nan))
    svg = night_picture(replace(staged, stages_by="expert", hypnodensity=unknown)).svg
    assert "Probability of each stage" not in words_in(svg)
    assert "Hypnogram: stages scored by a person; the bar is REM" in words_in(svg)
    assert stages_read_back(svg) == [str(stage) for stage in staged.hypnogram.stages]


@pytest.mark.parametrize("night", NIGHTS.values(), ids=NIGHTS)
def test_equal_nights_have_equal_pictures(night):
    first, second = picture_of(**night).files(), picture_of(**night).files()
    assert first == second
    assert set(first) == {"hypnogram.svg", "hypnogram.png"}
    assert len(first["hypnogram.svg"]) < 450_000


def words_in(svg):
    return [text.text or "".join(text.itertext()) for text in fromstring(svg).iter(f"{SVG}text")]


def test_lights_are_labelled():
    words = words_in(picture_of(lights=(30, 930)).svg)
    assert "lights off 22:45" in words
    assert "lights on 06:15" in words


def test_lights_that_are_not_known_are_called_so():
    words = words_in(picture_of().svg)
    assert "lights off not known: start of the recording counts" in words
    assert "lights on not known: end of the recording counts" in words


def test_a_dose_and_its_sedation_window_are_labelled():
    svg = picture_of(
        runs=f"W*60 {WHOLE_NIGHT}", lights=(80, 960), dose_end="2026-11-27T22:50:00",
        sedation=range(40, 760),
    ).svg  # fmt: skip
    assert {"dose ends 22:50", "shaded: may be sedation after a dose, not sleep"} <= set(
        words_in(svg)
    )
    shaded = next(p for p in fromstring(svg).iter(f"{SVG}path") if p.get("class") == "sedation")
    root = fromstring(svg)
    left, step = float(root.get("data-left")), float(root.get("data-step"))
    begin, end, _ = steps_of(shaded.get("d").split("Z")[0])[0]
    assert (round((begin - left) / step), round((end - left) / step)) == (40, 760)


def test_the_shade_of_a_sedation_window_changes_no_colour_of_a_stage():
    svg = picture_of(lights=(80, 930), dose_end="2026-11-27T22:50:00", sedation=range(40, 760)).svg
    root = fromstring(svg)
    shade = next(p for p in root.iter(f"{SVG}path") if p.get("class") == "sedation-shade")
    (y,) = {y for *_, y in steps_of(shade.get("d").split("Z")[0])[:1]}
    frame = group(svg, "hypnogram").findall(f"{SVG}rect")[-1]
    assert y == float(frame.get("y"))
    assert shade.get("d").count("Z") == 1  # of the hypnogram alone


def test_the_line_of_lights_off_crosses_no_caption():
    svg = picture_of(lights=(30, 930)).svg
    captions = [float(t.get("y")) for t in fromstring(svg).iter(f"{SVG}text")
                if (t.text or "").startswith(("Spectro", "Probability", "Hypno"))]  # fmt: skip
    line = next(p for p in fromstring(svg).iter(f"{SVG}path") if p.get("class") == "lights")
    pieces = re.findall(r"M[\d.]+ ([\d.]+)V([\d.]+)", line.get("d"))
    assert len(captions) == 3
    assert len(pieces) == 4  # beside the label, and through each panel
    for caption in captions:
        assert not any(float(top) < caption < float(bottom) for top, bottom in pieces)


def test_the_picture_of_a_calibrated_night_says_so():
    words = words_in(picture_of(calibrated=True).svg)
    calibrated = "automatic stages, calibrated to a laboratory, not AASM scoring"
    assert f"Hypnogram: {calibrated}; the bar is REM" in words
    assert "calibrated" not in " ".join(words_in(picture_of().svg))


def test_a_night_without_a_dose_says_nothing_of_one():
    assert "dose" not in picture_of().svg
    assert "sedation" not in picture_of().svg


def test_flags_stand_in_words_those_that_withhold_first():
    flags = (
        QualityFlag("flat", "5 % of $C4 <flat>"),
        QualityFlag("incomplete", "60 of 480 min", None, effect="withhold"),
        QualityFlag("mains", "not said", effect="none"),
    )
    words = [w for w in words_in(picture_of(flags=flags).svg) if "(" in w]
    assert words[:2] == [
        "Comparisons leave this night out (incomplete): 60 of 480 min",
        "Doubtful (flat): 5 % of $C4 <flat>",
    ]
    assert not any("not said" in word for word in words)


def test_many_flags_do_not_push_the_picture_away():
    flags = tuple(QualityFlag(f"code{n}", "x" * 500, f"C{n}") for n in range(30))
    words = words_in(picture_of(flags=flags).svg)
    assert "and 27 more doubts: see report.html" in words


def test_key_numbers_stand_above_the_picture_and_absent_ones_have_a_reason():
    words = words_in(picture_of(runs="W*20 N2*60 R*20 N3*20", lights=(0, 120)).svg)
    assert {"TST 50.0 min", "SE 83.3 % of TIB", "REM 20.0 % of TST", "N3 20.0 % of TST"} <= set(
        words
    )
    words = words_in(picture_of(runs="W*900").svg)
    assert {"REM –", "no REM, N3: no sleep"} <= set(words)


def test_a_short_recording_looks_short():
    svg = picture_of(runs="W N1 N2").svg
    assert float(fromstring(svg).get("data-step")) * 3 < 0.05 * 1000
    assert "the recording ends here" in words_in(svg)
    assert "the recording ends here" not in words_in(picture_of().svg)


def test_a_night_has_its_date_and_derivations():
    words = words_in(picture_of().svg)
    assert words[0] == "S01 · base1 · baseline"
    assert words[1] == (
        "2026-11-27, 22:30:00, 7 h 57 min recorded · automatic stages, not AASM scoring"
    )
    assert words[2] == "Derivations: C4-M1, E1-M2, chin1-chin2"


def test_a_recording_with_a_gap_tells_how_much_of_its_time_was_recorded():
    staged = staged_night("N2*840 UNS*120")
    recording = {**staged.provenance["recording"], "duration_s": 7 * 3600}
    staged = replace(staged, provenance={**staged.provenance, "recording": recording})
    assert recorded_from(staged) == "2026-11-27, 22:30:00, 7 h 00 min recorded within 8 h 00 min"


def test_a_blinded_night_shows_no_condition():
    assert words_in(picture_of(condition=None).svg)[0] == "S01 · base1"


@pytest.mark.parametrize(
    "label",
    [
        "<svg/onload=alert(1)>",
        "$C4^$",
        "a\x00b\u202e",
        "a" * 300,
        "javascript:alert(1)",
        "שינה",
        "睡眠",
    ],
)
def test_hostile_ids_and_derivations_are_text(label):
    night = {"subject": label, "night": label, "condition": label, "derivations": (label,)}
    usual, svg = picture_of(), picture_of(**night)
    tags = [element.tag for element in fromstring(svg.svg).iter()]
    assert len(tags) - len(list(fromstring(usual.svg).iter())) <= 1  # a second title line
    assert not re.search("[\x00\u202e]", svg.svg)
    assert len(svg.files()["hypnogram.png"]) > 10_000


def pixels_of(uri):
    png = base64.b64decode(uri.removeprefix("data:image/png;base64,"))
    width, height = (int.from_bytes(png[at : at + 4], "big") for at in (16, 20))
    rows = zlib.decompress(png[png.index(b"IDAT") + 4 : png.index(b"IEND") - 8])
    return np.frombuffer(rows, np.uint8).reshape(height, width + 1)[:, 1:]


def test_the_image_of_a_spectrogram_has_two_frequencies_a_row_and_the_highest_on_top():
    power_db = np.zeros((120, 954))
    power_db[118:] = 30.0  # the two highest frequencies
    shown = spectrogram_image(Spectrogram(np.linspace(0.5, 30.25, 120), power_db, "C4-M1"))
    pixels = pixels_of(shown.uri)
    assert pixels.shape == (60, 954)
    assert (pixels[0] == pixels.max()).all()
    assert (pixels[1:] == pixels.min()).all()


def test_without_signal_there_is_no_spectrogram():
    assert "Spectrogram" not in night_picture(staged_night()).svg
    no_signal = spectrogram(954)._replace(power_db=np.full((121, 954), np.nan))
    assert "<image" not in night_picture(staged_night(), no_signal).svg


@pytest.mark.parametrize("n_epochs", [1, 3, 40, 120, 960, 1680, 2880, 9000])
def test_ticks_are_at_whole_minutes_of_the_clock_and_not_too_many(n_epochs):
    axis = TimeAxis(n_epochs, 50.0, 900.0)
    ticks = axis.ticks(LocalClock(START.replace(second=17), START.replace(second=17).time()))
    assert 1 <= len(ticks) <= MOST_TICKS + 1
    assert all(50 <= float(tick.x) <= 950 for tick in ticks)
    assert all(re.fullmatch(r"\d\d:\d\d", tick.label) for tick in ticks)


def test_the_first_tick_and_midnight_have_a_date():
    ticks = TimeAxis(960, 0.0, 960.0).ticks(LocalClock(START, START.time()))
    days = [(tick.label, tick.day, tick.x) for tick in ticks if tick.day]
    assert days == [("23:00", "2026-11-27", "60"), ("00:00", "2026-11-28", "180")]
