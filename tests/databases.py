"""Migrated databases for tests: the migrations run once per process, every test gets a copy of what they made."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from bot.store import sqlite
from bot.store.migrate import migrate


def migrated(url: str) -> None:
    """Make the database of a URL, as `stepwise migrate` does; what migrating itself does is tested elsewhere."""
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
