import pytest

from tests.studies import make_study


@pytest.fixture(scope="session")
def templates(tmp_path_factory):
    return tmp_path_factory.mktemp("templates")


@pytest.fixture
def study(tmp_path, templates):
    """Make a study of these nights."""

    def make(*nights, folder="study", **more):
        return make_study(tmp_path / folder, nights, templates, **more)

    return make
