"""Fixtures for servers, and the switch between the everyday tests and the long ones."""

import psycopg
import pytest

from differential.postgres import PostgreSQL
from streamhouse import Streamhouse


def pytest_addoption(parser):
    parser.addoption("--long", action="store_true", help="also run the tests marked long")


def pytest_configure(config):
    config.addinivalue_line("markers", "long: takes minutes; runs with --long or -m long")


def pytest_collection_modifyitems(config, items):
    """Leaves the long tests out unless --long or a marker expression asks for them."""
    if config.getoption("--long") or "long" in config.option.markexpr:
        return
    long_ones = [item for item in items if item.get_closest_marker("long")]
    if long_ones:
        config.hook.pytest_deselected(items=long_ones)
        items[:] = [item for item in items if item not in long_ones]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Shows what the servers of a failed test wrote to stderr."""
    report = yield
    if report.failed:
        for server in servers_of(item):
            report.sections.append((f"stderr of {server.directory}", server.stderr_tail()))
    return report


def servers_of(item):
    """The servers that the fixtures of a test made."""
    found = set()
    for value in item.funcargs.values():
        if isinstance(value, Streamhouse):
            found.add(value)
        elif isinstance(value, Spawner):
            found.update(value.servers)
    return sorted(found, key=lambda server: server.directory)


class Spawner:
    """Starts servers for one test, each on a directory of its own, and ends what it leaves."""

    def __init__(self, directory):
        self.directory = directory
        self.servers = []

    def __call__(self, *arguments, **options):
        server = Streamhouse(self.directory / f"server-{len(self.servers)}", arguments, **options)
        self.servers.append(server)
        return server.start()


@pytest.fixture(scope="module")
def postgres():
    """A PostgreSQL 15 of its own, to compare with."""
    server = PostgreSQL()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def module_server(tmp_path_factory):
    """The process behind `server`; when the module is done it must end as an operator's would."""
    shared = Streamhouse(tmp_path_factory.mktemp("server")).start()
    yield shared
    shared.stop()


@pytest.fixture
def server(module_server):
    """A running server that the tests of one module share; each uses names of its own.

    One test that crashes it fails alone: the next finds it started again.
    """
    if not module_server.is_running():
        module_server.restart()
    return module_server


@pytest.fixture
def spawn(tmp_path):
    """A function that starts a server with the given flags."""
    spawner = Spawner(tmp_path)
    yield spawner
    for server in spawner.servers:
        server.discard()


@pytest.fixture
def fresh(spawn):
    """A running server for one test that needs it empty, or stops it."""
    return spawn()


@pytest.fixture
def connection(server):
    """A connection to the module's server, closed when the test ends."""
    with server.connect() as opened:
        yield opened


@pytest.fixture
def name(request):
    """An identifier no other test of the module uses, made from the test's own name."""
    text = "".join(c if c.isalnum() else "_" for c in request.node.name.lower())
    return text.removeprefix("test_")[:60].rstrip("_")


@pytest.fixture(params=["streamhouse", "postgresql"])
def connect(request):
    """Makes connections to one of the two servers; all of them are closed at the end."""
    opened = []
    if request.param == "streamhouse":
        make = request.getfixturevalue("server").connect
    else:
        conninfo = request.getfixturevalue("postgres").conninfo

        def make(**options):
            return psycopg.connect(conninfo, **{"autocommit": True, **options})

    def connect(**options):
        opened.append(make(**options))
        return opened[-1]

    yield connect
    for connection in opened:
        connection.close()
