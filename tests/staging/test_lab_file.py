"""The file of a calibration: a value that cannot be right is refused with its line."""

import pytest

from psgpipe.errors import PipelineInvalid
from psgpipe.staging.calibration.lab_file import read_calibration

LAB = """\
version = 1
psgpipe = "0.1.0"
[fitted_on]
recordings = ["0123456789abcdef"]
[recipe]
classifier_sha256 = "abc"
derivations = ["C4-M1"]
age_and_sex = false
consensus = []
de_weight = false
[probabilities]
temperature = 1.5
offsets = { W = 0.1, N1 = -0.2, N2 = 0.3, N3 = 0, R = -0.2 }
[chain]
W = [1, 0, 0, 0, 0]
N1 = [0, 1, 0, 0, 0]
N2 = [0, 0, 1, 0, 0]
N3 = [0, 0, 0, 1, 0]
R = [0, 0, 0, 0, 1.5]
[errors.rem]
sensitivity = 0.8
false_positive_rate = 0.05
sensitivity_sd = 0.1
[prediction.n3_pct]
bias = -1.0
bias_se = 1.0
sd = 4.0
df = 7
"""


@pytest.fixture
def lab(tmp_path):
    """Read the file with one text in place of another."""

    def read(old="", new=""):
        path = tmp_path / "lab.toml"
        assert old in LAB
        path.write_text(LAB.replace(old, new, 1) if old else LAB, encoding="utf-8")
        return read_calibration(path)

    return read


def test_a_file_is_read_with_all_its_numbers(lab):
    found = lab()
    assert (found.temperature, found.offsets) == (1.5, (0.1, -0.2, 0.3, 0.0, -0.2))
    assert found.transitions[4] == (0, 0, 0, 0, 1.5)
    assert found.errors["rem"].sensitivity_sd == 0.1
    assert found.errors["rem"].false_positive_rate_sd is None
    assert found.prediction["n3_pct"].df == 7


def test_a_comment_does_not_change_the_hash_and_a_number_does(lab):
    plain = lab().sha256
    assert lab("[chain]", "# by hand\n[chain]").sha256 == plain
    assert lab("temperature = 1.5", "temperature = 1.50").sha256 == plain
    assert lab("temperature = 1.5", "temperature = 1.51").sha256 != plain


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("version = 1", "version = 2", "line 1: version is 2, wanted 1"),
        ("version = 1", "", "version is None, wanted 1"),
        ("temperature = 1.5", "temperature = nan", "line 12: temperature is nan, wanted a number"),
        ("temperature = 1.5", "temperature = inf", "line 12: temperature is inf"),
        ("temperature = 1.5", "temperature = -1", "line 12: temperature is -1"),
        ("temperature = 1.5", "temperature = true", "line 12: temperature is True"),
        ("temperature = 1.5", "", "line 11: wanted probabilities.temperature, found none"),
        ("N1 = -0.2,", "", "line 13: wanted probabilities.offsets.N1, found none"),
        ("N3 = 0,", "N4 = 0,", "line 13: unknown key 'N4'"),
        ("N3 = 0,", "N3 = 99,", "line 13: N3 is 99, wanted a number from -50 to 50"),
        ("R = [0, 0, 0, 0, 1.5]", "R = [0, 0, 0, 1.5]", "line 19: wanted 5 numbers"),
        ("R = [0, 0, 0, 0, 1.5]", "R = [0, 0, 0, 0, nan]", "line 19: R is nan"),
        ("sensitivity = 0.8", "sensitivity = 1.8", "line 21: sensitivity is 1.8"),
        ("sensitivity = 0.8", "sensitivity = 0.04", "line 21: the sensitivity is not above"),
        ("[errors.rem]", "[errors.n2]", "line 20: unknown key 'n2'"),
        ("[errors.rem]", "[errorss.rem]", "line 20: unknown key 'errorss'; did you mean 'errors'?"),
        ("df = 7", "df = 0", "line 28: df is 0, wanted a whole number from 1"),
        ("sd = 4.0", "sd = -4.0", "line 27: sd is -4.0"),
        ('["C4-M1"]', '"C4-M1"', "line 7: derivations is 'C4-M1', wanted a list of texts"),
        ("de_weight = false", 'de_weight = "no"', "line 10: de_weight is 'no', wanted true or"),
        ("bias = -1.0", "bias = 1979-05-27", "a value has no type of this file"),
        ("sd = 4.0", "sd = ", "not valid TOML"),
    ],
)
def test_a_mistake_is_refused_with_its_line(lab, old, new, said):
    with pytest.raises(PipelineInvalid, match=r"lab\.toml") as caught:
        lab(old, new)
    assert said in caught.value.problem
    assert caught.value.exit_code == 3
