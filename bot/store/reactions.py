"""The one transaction of a reaction: everything that was decided, or nothing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.runs.effects import Effect
from bot.runs.ledger import Entry
from bot.runs.model import PullKey, Run
from bot.store.database import Room
from bot.store.deliveries import mark_handled
from bot.store.effects import add_effects
from bot.store.errors import Conflict
from bot.store.pulls import PullUpdate, is_pull, update_pull
from bot.store.runs import append_entries, write_run
from bot.store.tables import handled_comments, pulls


@dataclass(frozen=True, slots=True)
class Reaction:
    """What one pass over a pull request decided.

    `run` None: no run is changed, then there are no entries either. `expected_version` is the version that the run
    was read at, None for a new run. `comment_ids` are those whose commands were obeyed or refused: each once.
    `pull` None leaves the pull request's row as it is, with its wake-up.
    """

    key: PullKey
    now: datetime
    run: Run | None = None
    expected_version: int | None = None
    entries: tuple[Entry, ...] = ()
    effects: tuple[Effect, ...] = ()
    handled_guids: tuple[str, ...] = ()
    comment_ids: tuple[int, ...] = ()
    pull: PullUpdate | None = None


class Reactions(Room):
    """Recording what was decided."""

    async def record(self, reaction: Reaction) -> None:
        """Write a whole reaction in one transaction.

        Raises Conflict, with nothing written, when the run has moved on, another run went live on this pull request,
        or one of the comments was handled already. Raises LookupError for a pull request never remembered.
        """
        if reaction.run is None and reaction.entries:
            raise ValueError("ledger entries belong to a run")
        if reaction.run is not None and reaction.run.pull != reaction.key:
            raise ValueError("the run belongs to another pull request")
        async with self._database.writing() as connection:
            await self._write(connection, reaction)

    async def unhandled_comments(self, repository_id: int, comment_ids: Collection[int]) -> set[int]:
        """Those of the comments whose commands nobody has handled yet."""
        asked = set(comment_ids)
        if not asked:
            return set()
        query = select(handled_comments.c.comment_id).where(
            handled_comments.c.repository_id == repository_id, handled_comments.c.comment_id.in_(asked)
        )
        async with self._database.reading() as connection:
            return asked - {row.comment_id for row in await connection.execute(query)}

    async def _write(self, connection: AsyncConnection, reaction: Reaction) -> None:
        key, run, now = reaction.key, reaction.run, reaction.now
        if (await connection.execute(select(pulls.c.number).where(is_pull(key)))).one_or_none() is None:
            raise LookupError(f"pull request {key} was never remembered")
        if reaction.pull is not None:
            for statement in update_pull(key, reaction.pull, now):
                await connection.execute(statement)
        try:
            if run is not None:
                await write_run(connection, run, reaction.expected_version, now)
                await append_entries(connection, run.id, reaction.entries)
            for comment_id in sorted(set(reaction.comment_ids)):
                await connection.execute(
                    insert(handled_comments).values(
                        repository_id=key.repository_id, comment_id=comment_id, handled_at=now
                    )
                )
        except IntegrityError as error:
            raise Conflict(f"pull request {key} was changed by somebody else meanwhile") from error
        await add_effects(self._database, connection, key, run.id if run else None, reaction.effects, now)
        await mark_handled(connection, key, reaction.handled_guids, now)
