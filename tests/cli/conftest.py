import pytest

from tests.batch.shim import compile_shim
from tests.command_server import CommandServer


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    started = CommandServer(compile_shim(tmp_path_factory.mktemp("shim")))
    yield started
    started.close()
