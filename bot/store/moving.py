"""Everything from one database into another, such as from a file into PostgreSQL when a team grows."""

from __future__ import annotations

from typing import Final

from sqlalchemy import func, insert, select
from sqlalchemy.exc import SQLAlchemyError

from bot.store.backends import backend_of
from bot.store.database import WRITES
from bot.store.errors import StoreError
from bot.store.migrate import check_revision
from bot.store.tables import deliveries, metadata, pulls

ROWS: Final = 500


def move(source: str, target: str) -> int:
    """Copy every row, in one transaction; how many. The source stays as it is.

    Both have to be at this version's revision, and the target has to be empty. Raises StoreError otherwise, and then
    nothing was copied.
    """
    for url in (source, target):
        check_revision(url)
    engines = [backend_of(url).migrating_engine(url) for url in (source, target)]
    moved = 0
    try:
        with (
            engines[0].connect() as reading,
            engines[1].connect().execution_options(**{WRITES: True}) as writing,
            reading.begin(),
            writing.begin(),
        ):
            for table in (deliveries, pulls):
                if writing.execute(select(func.count()).select_from(table)).scalar_one():
                    raise StoreError(f"{backend_of(target).named(target)} is not empty: nothing was copied")
            for table in metadata.sorted_tables:
                for rows in reading.execute(select(table)).mappings().partitions(ROWS):
                    writing.execute(insert(table), [dict(row) for row in rows])
                    moved += len(rows)
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise StoreError(f"nothing was copied: {reason}") from error
    finally:
        for engine in engines:
            engine.dispose()
    return moved
