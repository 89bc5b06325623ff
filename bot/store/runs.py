"""Runs and their ledgers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.runs.codec import dump_run, load_run
from bot.runs.ledger import Entry, EntryKind
from bot.runs.model import PullKey, Run
from bot.store.database import Room
from bot.store.errors import Conflict
from bot.store.tables import ledger, runs


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run and the version it was read at: whoever records a change names that version."""

    run: Run
    version: int


class Runs(Room):
    """Reading runs; they are written by `record` only."""

    async def live_run(self, key: PullKey) -> StoredRun | None:
        """The run that is not over yet; at most one per pull request."""
        return await self._one(_of(key), runs.c.is_live)

    async def latest_run(self, key: PullKey) -> StoredRun | None:
        """The run started last on this pull request, over or not."""
        return await self._one(_of(key))

    async def run(self, run_id: str) -> StoredRun | None:
        return await self._one(runs.c.id == run_id)

    async def ledger(self, run_id: str) -> list[Entry]:
        """What happened in a run, in the order in which it was recorded."""
        async with self._database.reading() as connection:
            rows = await connection.execute(select(ledger).where(ledger.c.run_id == run_id).order_by(ledger.c.seq))
            return [
                Entry(row.at, EntryKind(row.kind), row.actor, row.text, row.commit_sha, row.block, row.comment_id)
                for row in rows
            ]

    async def live_run_count(self) -> int:
        async with self._database.reading() as connection:
            query = select(func.count()).select_from(runs).where(runs.c.is_live)
            return (await connection.execute(query)).scalar_one()

    async def _one(self, *conditions: Any) -> StoredRun | None:
        query = select(runs.c.state, runs.c.version).where(*conditions).order_by(runs.c.ordinal.desc()).limit(1)
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else StoredRun(load_run(row.state), row.version)


async def write_run(connection: AsyncConnection, run: Run, expected_version: int | None, now: datetime) -> None:
    """Within a reaction's transaction: a new run (`expected_version` None) or the next version of a known one."""
    state = {"state": dump_run(run), "is_live": run.is_live, "updated_at": now}
    if expected_version is None:
        last = select(func.coalesce(func.max(runs.c.ordinal), 0)).where(_of(run.pull))
        ordinal = (await connection.execute(last)).scalar_one() + 1
        pull = {"repository_id": run.pull.repository_id, "number": run.pull.number}
        await connection.execute(
            insert(runs).values(id=run.id, **pull, ordinal=ordinal, version=1, created_at=now, **state)
        )
        return
    written = await connection.execute(
        update(runs)
        .where(runs.c.id == run.id, runs.c.version == expected_version)
        .values(version=expected_version + 1, **state)
    )
    if written.rowcount != 1:
        raise Conflict(f"run {run.id} is no longer at version {expected_version}")


async def append_entries(connection: AsyncConnection, run_id: str, entries: Sequence[Entry]) -> None:
    """Within a reaction's transaction: the next lines of a run's ledger."""
    if not entries:
        return
    last = select(func.coalesce(func.max(ledger.c.seq), 0)).where(ledger.c.run_id == run_id)
    start = (await connection.execute(last)).scalar_one() + 1
    await connection.execute(
        insert(ledger),
        [
            {
                "run_id": run_id,
                "seq": seq,
                "at": entry.at,
                "kind": entry.kind.value,
                "actor": entry.actor,
                "text": entry.text,
                "commit_sha": entry.commit,
                "block": entry.block,
                "comment_id": entry.comment_id,
            }
            for seq, entry in enumerate(entries, start)
        ],
    )


def _of(key: PullKey) -> Any:
    return (runs.c.repository_id == key.repository_id) & (runs.c.number == key.number)
