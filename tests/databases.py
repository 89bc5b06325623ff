"""A database for each test, migrated once per process and then copied: a file, or one on the tests' own server."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import text

from bot.store import sqlite
from bot.store.backends import backend_of
from bot.store.migrate import migrate
from tests.clusters import Cluster

_chosen: Cluster | None = None
_made: dict[Path, str] = {}


def use(cluster: Cluster | None) -> None:
    """Let databases be made on this server from now on; None: let them be files."""
    global _chosen
    _chosen = cluster


def url_for(folder: Path) -> str:
    """The database that belongs to a test's folder, migrated; the same one each time."""
    if folder not in _made:
        if _chosen is None:
            _made[folder] = f"sqlite:///{folder / 'stepwise.db'}"
            migrated(_made[folder])
        else:
            _made[folder] = _chosen.migrated()
    return _made[folder]


def forget(folder: Path) -> None:
    """The test is over."""
    url = _made.pop(folder, None)
    if url is not None and _chosen is not None:
        _chosen.drop(url)


def query(url: str, statement: str, **values: object) -> list[Any]:
    """What a database holds, asked past the store; a statement that changes something is committed."""
    engine = backend_of(url).migrating_engine(url)
    try:
        with engine.connect() as connection, connection.begin():
            found = connection.execute(text(statement), values)
            return list(found) if found.returns_rows else []
    finally:
        engine.dispose()


def migrated(url: str) -> None:
    """Make the database of a file's URL, as `stepwise migrate` does; what migrating itself does is tested elsewhere."""
    path = sqlite.file_of(url)
    sqlite.create_file(path)
    path.write_bytes(_template())


@cache
def _template() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "template.db"
        migrate(f"{sqlite.SCHEME}{path}")
        # The last connection that is closed brings everything into the one file.
        assert [beside.name for beside in path.parent.iterdir()] == [path.name]
        return path.read_bytes()
