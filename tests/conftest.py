"""On which database the tests run: on SQLite all of them, on PostgreSQL those that touch a database.

What goes in and out of every sandbox is held to GitHub's published description by `tests/fidelity/plugin.py`.
"""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import databases
from tests.clusters import MEMORY, Cluster, cluster
from tests.fidelity import plugin

ENOUGH = 2 * 1024**3


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=["sqlite", "postgresql"], default="sqlite", help="what the bot stores in")
    parser.addoption("--fidelity", action="store_true", help="print what was compared with GitHub's description")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "sqlite: about SQLite itself; left out on PostgreSQL")
    config.addinivalue_line("markers", "postgresql: about PostgreSQL itself; left out on SQLite")
    config.pluginmanager.register(plugin)
    _write_to_memory()


def _write_to_memory() -> None:
    """Every commit is synced: on a disk, tests wait longer for that than for all the rest. TMPDIR chooses a place."""
    if "TMPDIR" not in os.environ and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ENOUGH:
        os.environ["TMPDIR"] = str(MEMORY)
        tempfile.tempdir = None


def pytest_collection_finish() -> None:
    """What was imported stays: Python's collector need not look at all of that again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    on_postgresql = config.getoption("--database") == "postgresql"
    chosen = [item for item in items if _belongs(item, on_postgresql)]
    if len(chosen) < len(items):
        config.hook.pytest_deselected(items=[item for item in items if not _belongs(item, on_postgresql)])
        items[:] = chosen


def _belongs(item: pytest.Item, on_postgresql: bool) -> bool:
    if item.get_closest_marker("sqlite" if on_postgresql else "postgresql") is not None:
        return False
    return not on_postgresql or "database" in getattr(item, "fixturenames", [])


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> Iterator[Cluster | None]:
    """The PostgreSQL of this test process; None where tests run on SQLite."""
    if request.config.getoption("--database") == "sqlite":
        yield None
        return
    with cluster() as made:
        databases.use(made)
        yield made
        databases.use(None)


@pytest.fixture
def database(server: Cluster | None, tmp_path: Path) -> Iterator[str]:
    """The address of this test's database, with all tables in it. Whatever touches a database asks for this."""
    yield databases.url_for(tmp_path)
    databases.forget(tmp_path)
