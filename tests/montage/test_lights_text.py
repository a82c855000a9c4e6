"""What technicians write when the lights go off or on, and what only looks like it."""

import tomllib
import unicodedata
from importlib import resources

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from psgpipe.montage.event_labels import lights_in
from psgpipe.montage.label_table import parse_label_table
from psgpipe.montage.lights_words import lights_words
from tests.lights_words import read_lights

# One sentence of each language as its speakers write it, off and on.
LANGUAGES = {
    "English": ("Lights off", "Lights on"),
    "German": ("Licht aus", "Licht an"),
    "French": ("Extinction des lumières", "Lumières allumées"),
    "Spanish": ("Luces apagadas", "Luces encendidas"),
    "Italian": ("Spegnimento luci", "Luci accese"),
    "Dutch": ("Licht uit", "Licht aan"),
    "Portuguese": ("Luzes apagadas", "Acender luzes"),
    "Polish": ("Zgaszenie światła", "Światło włączone"),
    "Swedish": ("Ljuset släckt", "Lampan tänd"),
    "Japanese": ("消灯", "点灯"),
    "Chinese": ("关灯", "开灯"),
    "Chinese, traditional": ("熄燈", "開燈"),
    "Korean": ("소등", "점등"),
    "Russian": ("Свет выключен", "Включение света"),
    "Danish": ("Lys slukket", "Lys tændt"),
    "Finnish": ("Valot pois", "Valot päälle"),
    "Czech": ("Zhasnuto", "Rozsvíceno"),
    "Turkish": ("Işıklar kapalı", "Işıklar açık"),
}
AROUND = [
    "{}", "*{}*", "<<{}>>", "[{}]", " {}!! ", "{}.", "--- {} ---", "\u201c{}\u201d", "#3 {}",
    "Event: {}", "Marker - {}", "Note: {}", "user event: {}", "{} (Technician)", "{} marker",
    "{} 22:41", "{} @ 22:41:30", "22:41 {}", "{} 22.41", "{} 10:41 pm", "{} 22h41", "{} (22:41)",
    "{}@@EEG C4-A1", "{}\u200b",
]  # fmt: skip


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("language", LANGUAGES)
def test_lights_are_read_in_every_language_whatever_stands_around(language, around):
    off, on = LANGUAGES[language]
    assert read_lights(around.format(off)) == "off"
    assert read_lights(around.format(on)) == "on"


@pytest.mark.parametrize(
    "text",
    [
        "Lights Out", "Lights Off Time", "Lights are out", "The lights are off", "LightsOff",
        "LIGHTSOFF", "EventLightsOff", "lights_off", "Light(s) off", "Turned the lights off",
        "22:41:30 - Lights Off - JB", "Lights off / KM", "lights off by AS", "Licht aus!",
        "Licht OFF", "Luz OFF", "Licht um 22:41 Uhr ausgeschaltet", "Das Licht ist aus",
        "extinction des feux", "se apagan las luces", "luci spente alle ore 22:41",
        "swiatlo zgaszone", "lumieres eteintes", "ljuset ar slackt", "выкл. свет", "消灯時刻",
        "消灯しました", "電気を消した", "ライトオフ", "照明 OFF", "关灯时间 22:41", "关闭灯光",
        "불을 껐음", "조명 오프", "소등 22시 41분", "消灯 22時41分", "ＬＩＧＨＴＳ　ＯＦＦ",
    ],
)  # fmt: skip
def test_other_ways_to_say_lights_off(text):
    assert read_lights(text) == "off"
    assert read_lights(unicodedata.normalize("NFD", text)) == "off"


@pytest.mark.parametrize(
    ("off", "on"),
    [
        ("Släckning", "Tändning"), ("Släckt", "Tänt"), ("Släcker ljuset", "Tänder ljuset"),
        ("Light extinguished", "Lights came on"), ("Licht gelöscht", "Licht wieder an"),
        ("Ausschalten des Lichts", "Einschalten des Lichts"), ("Licht geht aus", "Licht geht an"),
        ("on éteint la lumière", "on allume la lumière"), ("Extinction des feux", "Rallumage"),
        ("se apagó la luz", "se encendió la luz"), ("Apagado de luces", "Encendido de luces"),
        ("si spegne la luce", "si accende la luce"), ("licht werd uitgedaan", "doet licht aan"),
        ("apagam-se as luzes", "acendem-se as luzes"), ("Luzes apagadas", "Luzes acesas"),
        ("zgasiła światło", "zaświecono światło"), ("gasimy światło", "włącz światło"),
        ("выключаю свет", "включаю свет"), ("свет погас", "свет зажёгся"),
        ("消灯する", "点灯する"), ("部屋消灯", "室内点灯"), ("灯关了", "灯开了"),
        ("開始關燈", "燈開了"),
        ("소등했음", "점등했음"), ("소등합니다", "점등합니다"), ("불을 껐습니다", "불을 켰습니다"),
    ],
)  # fmt: skip
def test_nouns_and_verbs_that_scorers_write(off, on):
    assert (read_lights(off), read_lights(on)) == ("off", "on")


@pytest.mark.parametrize(
    "text",
    ["свет не выключен", "światło nie zgaszone", "não apagam as luzes", "소등 안함", "没关灯",
     "消灯予定", "ljuset släcks inte", "on n'éteint pas la lumière", "Licht soll ausgehen"],
)  # fmt: skip
def test_lights_that_are_not_off_yet_are_never_read(text):
    assert read_lights(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "Lights off?", "patient asks for lights off later", "Lights off in 10 min", "no lights off",
        "licht uit in 10", "lights not off yet", "bathroom lights off", "消灯10分前",
        "lights on/off", "red light on", "lights off 22:15 - 06:30", "灯开关", "Licht im Bad aus",
        "LIGHTS OFF/ON", "lights on all the time", "Please turn lights off soon",
        "luz del baño encendida",
    ],
)  # fmt: skip
def test_lights_among_other_words_are_not_read_but_are_noticed(text):
    assert read_lights(text) is None
    assert lights_in(text).certainty == "likely"


@pytest.mark.parametrize(
    "text", ["lights", "lights dimmed", "Lihgts off", "Ligts out", "lights of", "Licht gedimmt"]
)
def test_a_word_for_the_lights_alone_or_misspelled_is_noticed_faintly(text):
    mention = lights_in(text)
    assert (mention.side, mention.certainty) == (None, "faint")


@pytest.mark.parametrize(
    "text",
    [
        "", "flashlight on", "Highlights on", "Spotlight off", "light snoring", "light sleep",
        "light snoring on back", "leichtes Schnarchen", "Sleep stage N2",
        "Arousal", "mask off", "TV on", "patient out of bed", "cannula off", "CPAP on",
        "불편함", "체온 36.5", "off", "on", "22:41", "Position - Left", "電極", "打开 CPAP",
    ],
)  # fmt: skip
def test_what_has_nothing_to_do_with_the_lights_is_passed_over(text):
    assert lights_in(text) is None


def words_of(kind):
    return [
        (words, light, state)
        for words in lights_words()
        for light in sorted(words.light)
        for state in sorted(getattr(words, kind))
    ]


OTHER = {"off": "on", "on": "off"}


@settings(deadline=None, max_examples=600)
@given(
    side_and_pair=st.sampled_from([(side, pair) for side in OTHER for pair in words_of(side)]),
    around=st.sampled_from(AROUND),
    is_light_first=st.booleans(),
    case=st.sampled_from([str, str.upper, str.title]),
    form=st.sampled_from(["NFC", "NFD", "NFKC"]),
)
def test_every_word_for_the_lights_with_every_word_for_off_or_on_is_read_or_noticed(
    side_and_pair, around, is_light_first, case, form
):
    side, (words, light, state) = side_and_pair
    both = [light, state] if is_light_first else [state, light]
    text = case((" " if words.has_blanks else "").join(both))
    mention = lights_in(unicodedata.normalize(form, around.format(text)))
    assert mention is not None
    assert mention.side != OTHER[side]


def phrases():
    file = resources.files("psgpipe") / "montage" / "lights_words.toml"
    languages = tomllib.loads(file.read_text(encoding="utf-8")).values()
    return [
        (side, text)
        for words in languages
        for side in OTHER
        for text in words.get(f"says_{side}", [])
    ]


@pytest.mark.parametrize("around", AROUND)
def test_every_whole_phrase_is_read_whatever_stands_around(around):
    read = {(side, text): read_lights(around.format(text)) for side, text in phrases()}
    assert {key: side for key, side in read.items() if side != key[0]} == {}


@settings(deadline=None, max_examples=400)
@given(
    pair=st.sampled_from(words_of("off")),
    other=st.sampled_from(["later", "not", "nicht", "peut-être", "хочет", "前", "안", "after"]),
    is_before=st.booleans(),
)
def test_with_a_word_that_psgpipe_does_not_know_the_lights_are_never_read(pair, other, is_before):
    words, light, state = pair
    text = (" " if words.has_blanks else "").join([light, state])
    text = f"{other} {text}" if is_before else f"{text} {other}"
    assert read_lights(text) is None
    assert lights_in(text) is not None


@settings(deadline=None)
@given(text=st.text(max_size=60))
def test_no_text_is_too_odd(text):
    lights_in(text)
    lights_in(f"lights off {text}")


def ours(lights):
    return parse_label_table(f"[lights]\n{lights}", "ours")


@pytest.mark.parametrize(
    "text", ["Gute Nacht", "*gute nacht*", "Event: Gute Nacht", "Gute Nacht 22:41"]
)
def test_a_laboratorys_own_words_are_read_with_what_stands_around_them(text):
    assert read_lights(text, ours('off = ["Gute Nacht"]')) == "off"


def test_a_laboratorys_own_words_among_others_are_noticed():
    mention = lights_in("Patient sagt gute Nacht", ours('off = ["Gute Nacht"]'))
    assert mention.certainty == "likely"


def test_a_laboratory_may_mean_something_else_or_nothing():
    assert read_lights("Lights off", ours('on = ["Lights off"]')) == "on"
    assert lights_in("Lights dimmed", ours('ignore = ["lights dimmed"]')) is None
    assert lights_in("Night light on 23:10", ours('ignore = ["night light on"]')) is None


def test_the_clock_time_of_a_text_is_known():
    assert lights_in("Lights off 22:41:30").clock.time.isoformat() == "22:41:30"
    assert lights_in("Lights off 10:41 PM").clock.time.isoformat() == "22:41:00"
    assert lights_in("Lights off 10:41").clock.is_12_h
    assert not lights_in("Lights off 22:41").clock.is_12_h
    assert lights_in("Lights off").clock is None
