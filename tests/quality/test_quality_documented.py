"""The page on signal quality has every limit with its value, and every flag with its effect."""

import re
from dataclasses import asdict

import pytest

from psgpipe.quality.limits import QUALITY_LIMITS
from psgpipe.quality.rules import MONOTONOUS, RULES, SLOPE_FLAT
from tests.shared_files import CHECKOUT

TEXT = (CHECKOUT / "docs" / "reference" / "quality.md").read_text(encoding="utf-8")
LIMITS = asdict(QUALITY_LIMITS)
# Flags that no rule makes, and their effects.
OTHERS = {
    "eog-like": "doubt", "copy": "doubt", "sedation": "doubt", "sedation-unknown": "doubt",
    "long-night": "doubt", "short-night": "doubt", "stage-changes": "doubt",
    "incomplete": "withhold", "unscored": "doubt", "heartbeat": "doubt", "rate-low": "",
    "too-short": "", "one-stage": "",
}  # fmt: skip


def effects_documented() -> dict[str, str]:
    table = TEXT[TEXT.index("| code | refuses if ") : TEXT.index("### Incomplete nights")]
    rows = re.findall(r"^\| `([a-z-]+)` \|[^|\n]*\|[^|\n]*\|([^|\n]*)\|", table, re.MULTILINE)
    return {code: effect.strip() for code, effect in rows}


def effects_of_rules() -> dict[str, str]:
    rules = [*(rule for rules in RULES.values() for rule in rules), MONOTONOUS, SLOPE_FLAT]
    refusals = dict.fromkeys((rule.code for rule in rules if rule.severity == "refuse"), "")
    return refusals | {rule.code: rule.effect for rule in rules if rule.severity == "flag"}


def test_every_flag_is_explained_with_its_effect():
    assert effects_documented() == effects_of_rules() | OTHERS


@pytest.mark.parametrize("name", LIMITS)
def test_every_limit_is_explained_with_its_value(name):
    assert f"`{name}`" in TEXT
    values = re.findall(rf"`{name}` (?:\()?(-?\d+(?:\.\d+)?)", TEXT)
    assert {float(value) for value in values} <= {float(LIMITS[name])}
