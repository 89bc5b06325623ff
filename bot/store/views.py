"""What was last shown on a pull request, so that only what differs is written again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import and_, delete, select, update

from bot.runs.facts import Shown
from bot.runs.model import PullKey
from bot.store.database import Room
from bot.store.tables import checklists, checks


@dataclass(frozen=True, slots=True)
class ShownCheck:
    check_run_id: int
    digest: str


@dataclass(frozen=True, slots=True)
class ShownViews:
    """The checklist comment (None until there is one) and the checks by (head, name)."""

    comment_id: int | None = None
    comment_digest: str | None = None
    run_id: str | None = None
    awaiting: Shown | None = None
    checks: Mapping[tuple[str, str], ShownCheck] = field(default_factory=dict)


class Views(Room):
    """The checklist and the checks as GitHub has them, as far as the bot knows."""

    async def shown(self, key: PullKey) -> ShownViews:
        of_comment = and_(checklists.c.repository_id == key.repository_id, checklists.c.number == key.number)
        of_checks = and_(checks.c.repository_id == key.repository_id, checks.c.number == key.number)
        async with self._database.snapshot() as connection:
            comment = (await connection.execute(select(checklists).where(of_comment))).one_or_none()
            rows = await connection.execute(select(checks).where(of_checks).order_by(checks.c.saved_at))
            posted = {(row.head_sha, row.name): ShownCheck(row.check_run_id, row.digest) for row in rows}
        if comment is None:
            return ShownViews(checks=posted)
        awaiting = None
        if comment.awaiting_head is not None:
            awaiting = Shown(comment.awaiting_head, comment.awaiting_block, comment.awaiting_at)
        return ShownViews(comment.comment_id, comment.digest, comment.run_id, awaiting, posted)

    async def newest_checks(self, repository_id: int, head_sha: str) -> dict[str, ShownCheck]:
        """The newest check run of each name on a commit, whichever pull request it was posted for."""
        query = select(checks).where(checks.c.repository_id == repository_id, checks.c.head_sha == head_sha)
        async with self._database.reading() as connection:
            rows = await connection.execute(query.order_by(checks.c.check_run_id))
            return {row.name: ShownCheck(row.check_run_id, row.digest) for row in rows}

    async def save_comment(
        self, key: PullKey, comment_id: int, digest: str, awaiting: Shown | None, run_id: str | None = None
    ) -> None:
        """The checklist now reads like `digest` and shows `awaiting` as waiting for a person."""
        values = {
            "run_id": run_id,
            "comment_id": comment_id,
            "digest": digest,
            "awaiting_head": awaiting.head if awaiting else None,
            "awaiting_block": awaiting.block if awaiting else None,
            "awaiting_at": awaiting.at if awaiting else None,
        }
        statement = self._database.insert(checklists).values(
            repository_id=key.repository_id, number=key.number, **values
        )
        async with self._database.writing() as connection:
            await connection.execute(
                statement.on_conflict_do_update(index_elements=["repository_id", "number"], set_=values)
            )

    async def forget_comment(self, key: PullKey) -> None:
        """The checklist comment is gone on GitHub (anyone who may write can delete it): the next one is a new one."""
        async with self._database.writing() as connection:
            await connection.execute(
                delete(checklists).where(
                    checklists.c.repository_id == key.repository_id, checklists.c.number == key.number
                )
            )

    async def distrust_comment(self, key: PullKey) -> None:
        """Somebody touched the checklist comment: what it says now is not known, and it is written again."""
        async with self._database.writing() as connection:
            await connection.execute(
                update(checklists)
                .where(checklists.c.repository_id == key.repository_id, checklists.c.number == key.number)
                .values(digest="")
            )

    async def forget_checks(self, key: PullKey) -> None:
        """Somebody asked for the checks again: GitHub wants new check runs then, the old ones stay as they are."""
        async with self._database.writing() as connection:
            await connection.execute(
                delete(checks).where(checks.c.repository_id == key.repository_id, checks.c.number == key.number)
            )

    async def save_check(
        self, key: PullKey, head_sha: str, name: str, check_run_id: int, digest: str, now: datetime
    ) -> None:
        """The check of that name on that head is this check run and reads like `digest`."""
        values = {"check_run_id": check_run_id, "digest": digest, "saved_at": now}
        statement = self._database.insert(checks).values(
            repository_id=key.repository_id, number=key.number, head_sha=head_sha, name=name, **values
        )
        async with self._database.writing() as connection:
            await connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["repository_id", "number", "head_sha", "name"], set_=values
                )
            )

    async def forget_old_checks(self, key: PullKey, keep_head: str) -> int:
        """Forget the checks of every other head: GitHub asks for them on the newest one only. How many."""
        async with self._database.writing() as connection:
            forgotten = await connection.execute(
                delete(checks).where(
                    checks.c.repository_id == key.repository_id,
                    checks.c.number == key.number,
                    checks.c.head_sha != keep_head,
                )
            )
            return forgotten.rowcount
