"""What every page and picture rests on: text stays text, paths are steps, colours differ."""

import base64
import hashlib
import itertools
import re
import zlib
from html.parser import HTMLParser

import numpy as np
import pytest
from jinja2 import UndefinedError

from psgpipe.reports import page as page_module
from psgpipe.reports.colours import CONVENTIONAL_ORDER, STAGE_COLOURS
from psgpipe.reports.page import page
from psgpipe.reports.png import FONT, has_other_letters, palette_png, png_of
from psgpipe.reports.rendering import environment, render
from psgpipe.reports.shown_text import joined, shown_text, text_lines
from psgpipe.reports.svg_path import px, runs_of, step_area, step_path

HOSTILE = [
    "<svg/onload=alert(1)>", "$C4^$", "C4\x00M1", "S\u202e01\u202c", "javascript:alert(1)",
    "'\"><img src=x>", "{{ 7 * 7 }}", "]]>", "&lt;", "a" * 300, "\ud800", "\x1b[31m", "C4\nM1",
]  # fmt: skip


class TextOf(HTMLParser):
    """The text of a document, and its elements."""

    def __init__(self, html):
        super().__init__()
        self.text, self.elements = "", []
        self.feed(html)

    def handle_data(self, data):
        self.text += data

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))


@pytest.mark.parametrize("label", HOSTILE)
def test_a_hostile_label_is_text_in_an_element_and_in_an_attribute(label):
    template = environment().from_string('<p title="{{ label }}">{{ label }}</p>')
    html = template.render(label=label)
    parsed = TextOf(html)
    assert [tag for tag, _ in parsed.elements] == ["p"]
    assert parsed.text == shown_text(label) == parsed.elements[0][1]["title"]
    html.encode("utf-8")


def test_shown_text_has_no_character_without_a_shape():
    assert shown_text("C4\x00-M1\r\n\u202e\u2066\u200b\ufeff\uffff\x7f\x9b") == "C4-M1"
    assert shown_text("a\tb\n\nc") == "a b c"
    assert shown_text("Å μV → 睡眠") == "Å μV → 睡眠"


def test_text_from_right_to_left_is_isolated():
    assert shown_text("שינה") == "\u2068שינה\u2069"
    title = joined(["שינה", "base1"], " · ")
    assert title == "\u2068שינה\u2069 · base1"
    assert environment().from_string("{{ title }}").render(title=title) == title
    assert text_lines(title, 80, 1) == [title]


def test_long_text_ends_with_an_ellipsis():
    assert shown_text("a" * 300, 40) == "a" * 39 + "…"
    assert text_lines("one two three four", 9, 2) == ["one two", "three fo…"]
    assert text_lines("one two three four", 9, 3) == ["one two", "three", "four"]
    assert text_lines("a" * 30, 9, 1) == ["a" * 8 + "…"]
    assert text_lines("", 9, 1) == []


def test_a_missing_value_is_an_error_and_an_absent_one_a_dash():
    template = environment().from_string("{{ value }}")
    assert template.render(value=None) == "–"
    with pytest.raises(UndefinedError):
        template.render()


def test_a_page_lets_a_browser_load_nothing_and_run_only_its_own_script(tmp_path, monkeypatch):
    (tmp_path / "page.css").write_text("p { color: red; }", encoding="utf-8")
    (tmp_path / "own.js").write_text("let a = 1 < 2;", encoding="utf-8")
    monkeypatch.setattr(page_module, "FOLDER", tmp_path)
    html = page("page.html", "<S01>", "own.js").decode("utf-8")
    assert "<title>&lt;S01&gt;</title>" in html
    policy = next(a["content"] for t, a in TextOf(html).elements if "http-equiv" in a)
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert rules["img-src"] == "data:"
    for element in ("style", "script"):
        content = re.search(f"<{element}>(.*?)</{element}>", html, re.DOTALL)[1]
        digest = hashlib.sha256(content.encode("utf-8")).digest()
        assert rules[f"{element}-src"] == f"'sha256-{base64.b64encode(digest).decode()}'"


def test_a_page_without_a_script_runs_none():
    html = render("page.html", title="t", policy=page_module.policy("", ""), style="", script="")
    assert "script-src" not in html
    assert "<script" not in html


def test_the_path_of_a_hypnogram_has_steps_and_gaps():
    assert step_path([10, 10, 30, None, 20], 5, 2) == "M5 10H9V30H11M13 20H15"
    assert step_path([], 5, 2) == ""
    assert step_path([None, None], 5, 2) == ""


def test_the_area_of_a_stage_goes_forth_above_and_back_below():
    area = step_area([0, 0, 5, None], [9, 8, 8, None], 0, 1)
    assert area == "M0 0V0H2V5H3V8H1V9H0Z"


def test_coordinates_are_written_alike_everywhere():
    numbers = (1, 0.1 + 0.2, -0.001, 2 / 3, 1e6)
    assert [px(x) for x in numbers] == ["1", "0.3", "0", "0.67", "1000000"]
    assert runs_of([True, True, False, True]) == [(0, 2), (3, 4)]
    assert runs_of([]) == []


def test_a_palette_png_holds_its_pixels():
    indices = np.array([[0, 1, 2], [2, 1, 0]], np.uint8)
    png = palette_png(indices, np.array([[9, 9, 9], [1, 2, 3], [4, 5, 6]], np.uint8))
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    content = png[png.index(b"IDAT") + 4 : png.index(b"IEND") - 8]
    assert zlib.decompress(content) == bytes([0, 0, 1, 2, 0, 2, 1, 0])
    assert png[png.index(b"PLTE") + 4 :][:9] == bytes([9, 9, 9, 1, 2, 3, 4, 5, 6])


def test_the_same_svg_is_the_same_png_whatever_fonts_there_are():
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 20"><text y="15" '
        'font-family="{}">S01 ÅΩж →</text></svg>'
    )
    drawn = png_of(svg.format("DejaVu Sans"), 200)
    assert drawn == png_of(svg.format("No such font, sans-serif"), 200)
    assert drawn != png_of(svg.replace("S01", "S02").format("DejaVu Sans"), 200)
    assert FONT.stat().st_size < 300_000


@pytest.mark.parametrize("text", ["שינה", "نوم", "睡眠", "ねむり", "😀", "S01 ՙ"])
def test_letters_that_the_font_of_pngs_lacks_are_drawn_with_those_of_the_computer(text):
    assert has_other_letters(f"<text>{text}</text>")


def test_the_font_of_pngs_has_every_letter_for_which_no_other_font_is_asked():
    cmap = font_library().TTFont(FONT).getBestCmap()
    without_shape = {*range(0x20), *range(0x7F, 0xA0), 0x2068, 0x2069}
    lacking = [
        hex(code) for code in range(0x3000)
        if code not in cmap and code not in without_shape and not has_other_letters(chr(code))
    ]  # fmt: skip
    assert lacking == []
    assert not has_other_letters("S01 · Ångström µV² – “Ωж” → ≥ 5 … ●")


def font_library():
    """fontTools, which matplotlib brings with it."""
    return pytest.importorskip("fontTools.ttLib")


def lightness(colour):
    """CIE L* of a colour in grey, and as the three kinds of colour blindness see it."""
    r, g, b = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = np.array([c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
                       for c in (r, g, b)])  # fmt: skip
    return 116 * float(linear @ [0.2126, 0.7152, 0.0722]) ** (1 / 3) - 16


def test_stages_differ_in_grey():
    values = [lightness(STAGE_COLOURS[stage]) for stage in CONVENTIONAL_ORDER]
    pairs = itertools.combinations(values, 2)
    assert min(abs(a - b) for a, b in pairs) >= 15, values
