"""Secondary endpoints: what may be claimed if the primary endpoint shows no change."""

import pytest

from psgpipe.comparison.compare import compare
from psgpipe.errors import ComparisonSpecInvalid
from tests.comparison.night_tables import night, nights_tsv

SPEC = 'primary = "rem_pct"\nsecondary = ["n3_pct", "tst_min"]\nendpoints = []\n'
SUPPORTIVE = SPEC + '[multiplicity]\nsecondary = "supportive"\n'


def contrasts(tmp_path, spec, *, rem_changes):
    """Eight subjects: N3 rises in all by 3 points or more, REM in `rem_changes`, TST in none."""
    rows = []
    for s in range(8):
        rem = 20 + s + (4 if s < rem_changes else -4)
        rows += [night(f"S{s}", 0, "baseline", rem_pct=20 + s, n3_pct=15, tst_min=400),
                 night(f"S{s}", 1, "treatment", rem_pct=rem, n3_pct=18 + s, tst_min=399 + s % 3),
        ]  # fmt: skip
    (tmp_path / "spec.toml").write_text(spec, encoding="utf-8")
    comparison = compare(nights_tsv(tmp_path / "n.tsv", rows), tmp_path / "spec.toml")
    return {c.endpoint: c for c in comparison.contrasts}, " ".join(comparison.sentences)


def test_a_secondary_change_is_not_claimed_where_the_primary_endpoint_shows_none(tmp_path):
    c, said = contrasts(tmp_path, SPEC, rem_changes=4)
    assert c["rem_pct"].p_sign_flip == 1
    # All eight rise: p 2/256, times two endpoints by Holm; the primary endpoint has p 1.
    assert c["n3_pct"].p_sign_flip == 2 / 256
    assert (c["n3_pct"].p_adjusted, c["n3_pct"].adjustment) == (1, "hierarchical-holm")
    assert c["n3_pct"].direction is None
    assert c["n3_pct"].finding == "not claimed: the primary endpoint failed"
    assert "Holm among the secondary endpoints gives p 0.016" in c["n3_pct"].note
    assert c["tst_min"].finding == "no evidence of change"
    assert "without its change no secondary change is claimed" in said


def test_a_secondary_change_is_claimed_after_the_primary_endpoint_s(tmp_path):
    c, _ = contrasts(tmp_path, SPEC, rem_changes=8)
    assert c["n3_pct"].p_adjusted == 4 / 256
    assert c["n3_pct"].verdict == "preliminary: higher under treatment"


def test_supportive_changes_are_called_so(tmp_path):
    c, said = contrasts(tmp_path, SUPPORTIVE, rem_changes=4)
    assert "secondary changes are supportive if it shows none" in said
    assert (c["n3_pct"].p_adjusted, c["n3_pct"].adjustment) == (4 / 256, "holm")
    assert c["n3_pct"].verdict == "preliminary, supportive: higher under treatment"
    c, _ = contrasts(tmp_path, SUPPORTIVE, rem_changes=8)
    assert c["n3_pct"].verdict == "preliminary: higher under treatment"


def test_in_a_crossover_the_primary_endpoint_needs_hills_and_armitage_too(tmp_path):
    # Twelve treated first, one treated last: a rise of 3 between periods looks like -3.
    rows = []
    for s in range(13):
        for period in (1, 2):
            treated = (s < 12) == (period == 1)
            rem = 20 + s + 3 * (period == 2) + 0.1 * (s % 3) * period
            rows.append(night(f"S{s:02}", period, "treatment" if treated else "baseline",
                              period=period, rem_pct=round(rem, 2),
                              n3_pct=15 + (4 + 0.1 * s) * treated))  # fmt: skip
    spec = tmp_path / "spec.toml"
    spec.write_text('primary = "rem_pct"\nsecondary = ["n3_pct"]\n', encoding="utf-8")
    rem, n3 = compare(nights_tsv(tmp_path / "n.tsv", rows), spec).contrasts
    assert rem.p_sign_flip < 0.01
    assert rem.finding == "no evidence of change"
    assert n3.p_sign_flip < 0.01
    assert n3.p_adjusted > 0.05


def test_another_rule_is_refused(tmp_path):
    with pytest.raises(ComparisonSpecInvalid, match="one of hierarchical, supportive"):
        contrasts(tmp_path, SPEC + '[multiplicity]\nsecondary = "both"\n', rem_changes=8)


def test_a_sure_change_inside_the_margin_is_both(tmp_path):
    # Changes of 0.9 to 1.4 points: all twelve rise, and none comes near 3.
    rows = []
    for s in range(12):
        rise = 0.9 + 0.05 * (s % 11)
        rows += [night(f"S{s:02}", 0, "baseline", rem_pct=20),
                 night(f"S{s:02}", 1, "treatment", rem_pct=20 + rise)]  # fmt: skip
    spec = tmp_path / "spec.toml"
    spec.write_text('primary = "rem_pct"\n[equivalence]\nrem_pct = 3\n', encoding="utf-8")
    (c,) = compare(nights_tsv(tmp_path / "n.tsv", rows), spec).contrasts
    assert c.p_sign_flip == 2 / 2**12
    assert c.verdict == "higher, but inside the margin of 3 %"
    assert c.direction == "higher"


def test_a_primary_endpoint_that_nobody_has_in_both_conditions_opens_nothing(tmp_path):
    rows = []
    for s in range(8):
        rows += [night(f"S{s}", 0, "baseline", rem_pct=20 + s, n3_pct=15),
                 night(f"S{s}", 1, "treatment", n3_pct=18 + s)]  # fmt: skip
    spec = tmp_path / "spec.toml"
    spec.write_text('primary = "rem_pct"\nsecondary = ["n3_pct"]\n', encoding="utf-8")
    rem, n3 = compare(nights_tsv(tmp_path / "n.tsv", rows), spec).contrasts
    assert rem.finding == "not analysed"
    assert n3.finding == "not claimed: the primary endpoint failed"
