"""Units of voltage: the table of their spellings. A unit outside the table is never assumed."""

from __future__ import annotations

# How the letter micro arrives: U+00B5 and U+03BC after decoding; the byte of code pages 437/850
# (0xE6) and of ISO 8859-7 (0xEC) read as Latin-1; Shift-JIS, GBK, EUC-KR the same way; UTF-8 that
# was encoded twice.
_MICRO_SIGNS = (
    *("\u00b5", "\u03bc", "\u00e6", "\u00ec"),
    *("\x83\xca", "\xa6\xcc", "\xa5\xec"),
    *("\u00c2\u00b5", "\u00ce\u00bc"),
)

# Cyrillic: UTF-8, then the bytes of Windows-1251, KOI8-R and code page 866 read as Latin-1.
_CYRILLIC_UV = ("мкВ", "\xec\xea\xc2", "\xcd\xcb\xf7", "\xac\xaa\x82")
_CYRILLIC_MV = ("мВ", "\xec\xc2", "\xcd\xf7", "\xac\x82")

_VOLT_WORDS = ("V", "v", "volt", "volts")
_MICRO_WORDS = ("u", "U", *_MICRO_SIGNS, "micro", "mk", "mc")
_MILLI_WORDS = ("m", "milli")
_NANO_WORDS = ("n", "N", "nano")


def _spellings(prefixes: tuple[str, ...], uv: float) -> dict[str, float]:
    return {prefix + volt: uv for prefix in prefixes for volt in _VOLT_WORDS}


# The field is 8 characters wide: "microvolts" arrives as "microvol".
_CUT_SHORT = {
    "microvol": 1.0,
    "microvo": 1.0,
    "millivol": 1e3,
    "millivo": 1e3,
    "nanovolt": 1e-3,
}

UV_PER_UNIT: dict[str, float] = {
    **_spellings(_MICRO_WORDS, 1.0),
    **_spellings(_MILLI_WORDS, 1e3),
    **_spellings(_NANO_WORDS, 1e-3),
    **_spellings(("",), 1e6),
    **dict.fromkeys(_CYRILLIC_UV, 1.0),
    **dict.fromkeys(_CYRILLIC_MV, 1e3),
    **_CUT_SHORT,
}


def uv_per_unit(unit: str) -> float | None:
    """Microvolts in one `unit`, or None where it is no voltage, blank, unknown or ambiguous.

    Words are tolerant of case; symbols are not: ``mV`` is millivolt, ``MV`` might be megavolt.
    """
    bare = unit.strip(" \0[](){}").replace(" ", "").replace("-", "").replace("\xa0", "")
    if bare in UV_PER_UNIT:
        return UV_PER_UNIT[bare]
    # "MVolt" stays unknown: only words that spell the prefix out may change case.
    lowered = bare.lower()
    may_change_case = bare.startswith(("m", *_MICRO_SIGNS)) or lowered.startswith(
        ("micro", "milli", "nano", "volt", "u", "n")
    )
    return UV_PER_UNIT.get(lowered) if may_change_case else None


def looks_like_voltage(unit: str) -> bool:
    """Whether a unit outside the table may be a voltage after all (``?V``, ``MV``, blank)."""
    return not unit.strip(" \0") or unit.strip(" \0.])").lower().endswith(("v", "volt", "volts"))
