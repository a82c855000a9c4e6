import os

import pytest

from tests.studies import make_study


def pytest_collection_modifyitems(items):
    """Modules with slow tests come first: at the end no process waits long for another."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def shared_temporary_folder(tmp_path_factory):
    """A folder of this run of the tests, the same for all of pytest-xdist's processes."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def templates(tmp_path_factory):
    return tmp_path_factory.mktemp("templates")


@pytest.fixture
def study(tmp_path, templates):
    """Make a study of these nights."""

    def make(*nights, folder="study", **more):
        return make_study(tmp_path / folder, nights, templates, **more)

    return make
