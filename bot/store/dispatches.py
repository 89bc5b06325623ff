"""Work that was handed to a worker, found by the name of the effect that did it; read while a report waits."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy import and_, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.runs.codec import load_run
from bot.runs.model import PullKey, Run
from bot.store.database import Room
from bot.store.errors import StoreError
from bot.store.tables import deliveries, effects, pulls, runs


@dataclass(frozen=True, slots=True)
class Work:
    """What a dispatch was made for, as it stands now. `workflow_run_id` is what GitHub answered to the dispatch."""

    pull: PullKey
    installation_id: int
    full_name: str
    run: Run
    workflow_run_id: int | None


class Dispatches(Room):
    """Every method raises StoreError when the database cannot be read: then the report has to be sent again."""

    async def work_of(self, effect_key: str) -> Work | None:
        """The work behind the effect of that name, None when there is no such effect of a run."""
        query = (
            select(
                effects.c.repository_id,
                effects.c.number,
                effects.c.result,
                pulls.c.installation_id,
                pulls.c.full_name,
                runs.c.state,
            )
            .join(runs, runs.c.id == effects.c.run_id)
            .join(pulls, and_(pulls.c.repository_id == effects.c.repository_id, pulls.c.number == effects.c.number))
            .where(effects.c.key == effect_key)
        )
        async with self._asking() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            return None
        told = json.loads(row.result).get("workflow_run_id", "") if row.result else ""
        return Work(
            pull=PullKey(row.repository_id, row.number),
            installation_id=row.installation_id,
            full_name=row.full_name,
            run=load_run(row.state),
            workflow_run_id=int(told) if told else None,
        )

    async def knows_repository(self, repository_id: int) -> bool:
        """Whether any pull request of that repository was ever heard of."""
        query = select(pulls.c.number).where(pulls.c.repository_id == repository_id).limit(1)
        async with self._asking() as connection:
            return (await connection.execute(query)).one_or_none() is not None

    async def has_delivery(self, guid: str) -> bool:
        """Whether a delivery of that name was stored, handled or not."""
        async with self._asking() as connection:
            found = await connection.execute(select(deliveries.c.guid).where(deliveries.c.guid == guid))
            return found.one_or_none() is not None

    @asynccontextmanager
    async def _asking(self) -> AsyncIterator[AsyncConnection]:
        try:
            async with self._database.reading() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise StoreError(f"the database cannot be read: {str(error).splitlines()[0]}") from error
