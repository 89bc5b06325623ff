from __future__ import annotations

import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect

from bot.store import tables
from bot.store.backends import backend_of
from bot.store.errors import StoreError, WrongRevision
from bot.store.migrate import check_revision, current_revision, head_revision, migrate, prepare
from bot.store.tables import metadata
from tests.databases import query


def test_migrations_build_exactly_the_tables_that_the_code_uses(url: str) -> None:
    engine = backend_of(url).migrating_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_partial_indexes_are_those_that_the_code_names(url: str) -> None:
    engine = backend_of(url).migrating_engine(url)
    dialect = engine.dialect.name
    found = {index["name"]: index for table in metadata.tables for index in inspect(engine).get_indexes(table)}
    named = {index.name: index for table in metadata.tables.values() for index in table.indexes}
    assert set(found) == set(named)
    for name, index in named.items():
        condition = index.dialect_options[dialect]["where"]
        assert (f"{dialect}_where" in found[name].get("dialect_options", {})) == (condition is not None)
        assert bool(found[name]["unique"]) == bool(index.unique)
    engine.dispose()


def test_migrating_twice_changes_nothing(url: str) -> None:
    assert migrate(url) == (head_revision(), head_revision())
    check_revision(url)


def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    migrate(f"sqlite:///{tmp_path / 'new.db'}")
    assert stat.S_IMODE((tmp_path / "new.db").stat().st_mode) == 0o600


def test_two_migrations_at_once_follow_each_other(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new.db'}"
    (tmp_path / "new.db").touch()
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(migrate, [url] * 4))
    assert sorted(before or "" for before, _ in results) == ["", *[head_revision()] * 3]


def test_an_interrupted_migration_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from alembic.operations import Operations

    real, calls = Operations.create_table, []

    def breaks_at_the_third(self: Operations, name: str, *columns: object, **options: object) -> object:
        calls.append(name)
        if len(calls) == 3:
            raise RuntimeError("the power went")
        return real(self, name, *columns, **options)  # type: ignore[arg-type]

    url = f"sqlite:///{tmp_path / 'new.db'}"
    with monkeypatch.context() as patch:
        patch.setattr(Operations, "create_table", breaks_at_the_third)
        with pytest.raises(RuntimeError):
            migrate(url)
    assert len(calls) == 3
    with sqlite3.connect(tmp_path / "new.db") as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == []
    assert migrate(url) == (None, head_revision())


def test_serving_makes_a_database_that_is_not_there(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new.db'}"
    assert prepare(url) is True
    assert prepare(url) is False


def test_serving_refuses_a_database_without_tables(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    with pytest.raises(WrongRevision, match="has no tables yet: run `stepwise migrate`"):
        prepare(f"sqlite:///{tmp_path / 'empty.db'}")


def test_a_database_of_a_newer_version_is_refused(url: str) -> None:
    query(url, "UPDATE alembic_version SET version_num = '9999'")
    for use in (prepare, check_revision, migrate):
        with pytest.raises(WrongRevision, match="9999, which this version of Stepwise does not know") as refusal:
            use(url)
        assert "\n" not in str(refusal.value)


def test_a_database_of_an_older_version_is_refused_until_migrated(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    query(url, "DELETE FROM alembic_version")
    assert current_revision(url) is None
    with pytest.raises(WrongRevision, match="run `stepwise migrate`"):
        check_revision(url)


def test_a_file_that_is_no_database_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "notes.db").write_text("these are notes, not a database, and long enough to be read as one" * 20)
    with pytest.raises(StoreError, match=r"notes\.db cannot be used: file is not a database"):
        prepare(f"sqlite:///{tmp_path / 'notes.db'}")


def test_a_folder_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be made: No such file or directory"):
        prepare(f"sqlite:///{tmp_path / 'no' / 'such.db'}")


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///", "sqlite:///:memory:", "mysql://x/y", "sqlite:///a?b=c"])
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(StoreError, match="sqlite:///path"):
        prepare(url)


def test_times_are_stored_with_their_zone() -> None:
    from sqlalchemy.dialects import sqlite

    from tests.store.examples import NOON

    kind, dialect = tables.UtcDateTime(), sqlite.dialect()
    assert kind.process_result_value(kind.process_bind_param(NOON, dialect), dialect) == NOON
    with pytest.raises(ValueError, match="without a zone"):
        kind.process_bind_param(NOON.replace(tzinfo=None), dialect)
