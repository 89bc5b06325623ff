"""Groups of the merge queue: which pull request answers for each, and which checks it has on its head."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, select, update

from bot.runs.model import PullKey
from bot.store.database import Room
from bot.store.tables import merge_groups


@dataclass(frozen=True, slots=True)
class StoredGroup:
    """One group; `key` is the pull request that answers for it, `check_runs` maps the names of checks to their runs.

    `was_begun` says that checks may have been posted whose runs are not noted here.
    """

    key: PullKey
    head_sha: str
    base_ref: str
    check_runs: Mapping[str, int]
    was_begun: bool


class MergeGroups(Room):
    """From asked for to answered."""

    async def add_group(self, key: PullKey, head_sha: str, base_ref: str, now: datetime) -> None:
        """The merge queue wants checks on this head; doing it twice changes nothing."""
        statement = self._database.insert(merge_groups).values(
            repository_id=key.repository_id, number=key.number, head_sha=head_sha, base_ref=base_ref, requested_at=now
        )
        async with self._database.writing() as connection:
            await connection.execute(statement.on_conflict_do_nothing(index_elements=["repository_id", "head_sha"]))

    async def open_groups(self, key: PullKey) -> list[StoredGroup]:
        """The groups that this pull request still has to answer for, oldest first."""
        query = (
            select(merge_groups)
            .where(merge_groups.c.repository_id == key.repository_id, merge_groups.c.number == key.number)
            .where(merge_groups.c.answered_at.is_(None))
            .order_by(merge_groups.c.requested_at, merge_groups.c.head_sha)
        )
        async with self._database.reading() as connection:
            return [_group(row) for row in await connection.execute(query)]

    async def groups_into(self, repository_id: int, base_ref: str) -> dict[str, int]:
        """The pull request that each known group into a branch was made for, by the group's head."""
        query = select(merge_groups.c.head_sha, merge_groups.c.number).where(
            merge_groups.c.repository_id == repository_id, merge_groups.c.base_ref == base_ref
        )
        async with self._database.reading() as connection:
            return {row.head_sha: row.number for row in await connection.execute(query)}

    async def begin_group(self, group: StoredGroup, now: datetime) -> None:
        """Note, before anything is posted, that it is being posted."""
        await self._change_group(group, begun_at=now)

    async def note_group_checks(self, group: StoredGroup, check_runs: Mapping[str, int]) -> None:
        """The check runs that stand on the group's head, by their names."""
        await self._change_group(group, check_runs=json.dumps(dict(check_runs), sort_keys=True))

    async def answer_group(self, group: StoredGroup, now: datetime) -> None:
        """Nothing is left to do for this group."""
        await self._change_group(group, answered_at=now)

    async def reopen_group(self, repository_id: int, head_sha: str) -> PullKey | None:
        """Somebody wants the checks of a group again, as new runs; whose group it is, None for no group's head."""
        of_head = and_(merge_groups.c.repository_id == repository_id, merge_groups.c.head_sha == head_sha)
        async with self._database.writing() as connection:
            number = (await connection.execute(select(merge_groups.c.number).where(of_head))).scalar_one_or_none()
            if number is None:
                return None
            await connection.execute(
                update(merge_groups).where(of_head).values(check_runs="{}", begun_at=None, answered_at=None)
            )
        return PullKey(repository_id, number)

    async def drop_groups(self, key: PullKey, now: datetime) -> None:
        """The pull request cannot be seen any more: nobody can answer for its groups."""
        async with self._database.writing() as connection:
            await connection.execute(
                update(merge_groups)
                .where(merge_groups.c.repository_id == key.repository_id, merge_groups.c.number == key.number)
                .where(merge_groups.c.answered_at.is_(None))
                .values(answered_at=now)
            )

    async def forget_groups(self, before: datetime) -> int:
        """Delete groups answered before that moment; how many."""
        async with self._database.writing() as connection:
            forgotten = await connection.execute(delete(merge_groups).where(merge_groups.c.answered_at < before))
            return forgotten.rowcount

    async def _change_group(self, group: StoredGroup, **values: Any) -> None:
        async with self._database.writing() as connection:
            await connection.execute(
                update(merge_groups)
                .where(
                    merge_groups.c.repository_id == group.key.repository_id, merge_groups.c.head_sha == group.head_sha
                )
                .values(**values)
            )


def _group(row: Any) -> StoredGroup:
    runs = {str(name): int(run) for name, run in json.loads(row.check_runs).items()}
    key = PullKey(row.repository_id, row.number)
    return StoredGroup(key, row.head_sha, row.base_ref, runs, row.begun_at is not None)
