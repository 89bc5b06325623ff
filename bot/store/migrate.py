"""Bringing a database to the revision that this version of Stepwise works with, and refusing every other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from bot.store import queue_tables
from bot.store.backends import backend_of
from bot.store.database import WRITES
from bot.store.errors import StoreError, WrongRevision

_MIGRATIONS: Final = Path(__file__).parent / "migrations"


def head_revision() -> str:
    """The revision that this version of Stepwise works with."""
    head = ScriptDirectory(str(_MIGRATIONS)).get_current_head()
    assert head is not None
    return head


def migrate(url: str, to: str = "head") -> tuple[str | None, str]:
    """Bring a database up to date, making the file if need be; the revision before and after.

    All steps are one transaction. Raises WrongRevision when a newer version made it, StoreError when it cannot be used.
    """
    backend = backend_of(url)
    if not backend.is_there(url):
        backend.make(url)
    target = head_revision() if to == "head" else to
    with _connected(url, writes=True) as connection:
        backend.take_migration_turn(connection)
        before = _revision(connection)
        _refuse_unknown(url, before)
        if before != target:
            config = Config()
            config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
            config.attributes["connection"] = connection
            command.upgrade(config, to)
        if connection.dialect.name == "postgresql":
            queue_tables.renew(connection)
    return before, target


def current_revision(url: str) -> str | None:
    """The revision of a database; None for one without tables. Raises StoreError when there is no such file."""
    _refuse_missing(url)
    with _connected(url, writes=False) as connection:
        return _revision(connection)


def check_revision(url: str) -> None:
    """Raise WrongRevision, with what to do, unless the database is exactly at the revision this version needs."""
    _refuse_missing(url)
    with _connected(url, writes=False) as connection:
        found = _revision(connection)
        has_queue = connection.dialect.name != "postgresql" or queue_tables.are_current(connection)
    _refuse_unknown(url, found)
    if found != head_revision():
        state = "has no tables yet" if found is None else f"is at revision {found}, not {head_revision()}"
        raise WrongRevision(f"the database {backend_of(url).named(url)} {state}: run `stepwise migrate`")
    if not has_queue:
        raise WrongRevision(f"the queue in {backend_of(url).named(url)} is another version's: run `stepwise migrate`")


def prepare(url: str) -> bool:
    """Check the database before serving; a file that is not there yet is made. Whether it was made."""
    if not backend_of(url).is_there(url):
        migrate(url)
        return True
    check_revision(url)
    return False


def _refuse_missing(url: str) -> None:
    backend = backend_of(url)
    if not backend.is_there(url):
        raise StoreError(f"there is no database file {backend.named(url)}: run `stepwise migrate`")


def _refuse_unknown(url: str, revision: str | None) -> None:
    if revision is None:
        return
    try:
        ScriptDirectory(str(_MIGRATIONS)).get_revision(revision)
    except CommandError as error:
        raise WrongRevision(
            f"the database {backend_of(url).named(url)} is at revision {revision}, which this version of Stepwise "
            "does not know: run the version that made it, or a newer one"
        ) from error


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


@contextmanager
def _connected(url: str, *, writes: bool) -> Iterator[Connection]:
    """One transaction. One that writes holds the write lock, so that two migrations at once follow each other."""
    backend = backend_of(url)
    engine = backend.migrating_engine(url)
    try:
        with engine.connect().execution_options(**{WRITES: writes}) as connection, connection.begin():
            yield connection
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise StoreError(f"the database {backend.named(url)} cannot be used: {reason}") from error
    finally:
        engine.dispose()
