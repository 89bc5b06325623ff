"""What several processes on one database have to agree on."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from bot.store.database import Room
from bot.store.tables import chores, repositories


class Agreements(Room):
    """Whether what a process remembers still holds, and whose turn a chore is."""

    async def policy_generation(self, repository_id: int) -> int:
        """A number that is another one once the policy of that repository may have changed."""
        query = select(repositories.c.policy_generation).where(repositories.c.repository_id == repository_id)
        async with self._database.reading() as connection:
            return (await connection.execute(query)).scalar_one_or_none() or 0

    async def policy_changed(self, repository_id: int) -> None:
        """Whatever any process remembers of the policy of that repository holds no more."""
        statement = self._database.insert(repositories).values(repository_id=repository_id, policy_generation=1)
        async with self._database.writing() as connection:
            await connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["repository_id"],
                    set_={"policy_generation": repositories.c.policy_generation + 1},
                )
            )

    async def begin_chore(self, name: str, now: datetime, not_since: datetime) -> bool:
        """Begin a chore, unless somebody began it after `not_since`; of several who ask at once one is told yes."""
        statement = self._database.insert(chores).values(name=name, begun_at=now)
        async with self._database.writing() as connection:
            begun = await connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["name"], set_={"begun_at": now}, where=chores.c.begun_at <= not_since
                ).returning(chores.c.name)
            )
            # The row itself: how many rows an insert has touched PostgreSQL's driver does not keep.
            return begun.one_or_none() is not None
