"""How long transactions take, told by SQLAlchemy's own events."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from sqlalchemy import Connection, event

from bot.store.database import WRITES, Database

_BEGAN: Final = "stepwise_began"


def measure(database: Database, tell: Callable[[str, float], None]) -> None:
    """Tell of every transaction of this database its kind (`read` or `write`) and its seconds, from begin to end."""
    engine = database.engine.sync_engine

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        connection.info[_BEGAN] = time.perf_counter()

    def ended(connection: Connection) -> None:
        began = connection.info.pop(_BEGAN, None)
        if began is not None:
            kind = "write" if connection.get_execution_options().get(WRITES) else "read"
            tell(kind, time.perf_counter() - began)

    event.listen(engine, "commit", ended)
    event.listen(engine, "rollback", ended)
