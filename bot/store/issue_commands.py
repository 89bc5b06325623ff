"""Commands given on issues, where no pull request is yet that could react to them.

An issue is no pull request, so that nothing here is remembered as one. A command waits here until a pull request is
found or opened; then it is handed over, in one transaction, as a delivery of the bot's own making.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, or_, select, update

from bot.runs.model import PullKey
from bot.store.database import Room
from bot.store.delivery import Delivery
from bot.store.tables import deliveries, delivery_targets, issue_commands

ERROR_LIMIT: Final = 2000


@dataclass(frozen=True, slots=True)
class IssueCommand:
    """A comment on an issue; `key` is the repository and the issue's number, `attempts` how often it was begun."""

    key: PullKey
    comment_id: int
    installation_id: int
    full_name: str
    author: str
    author_id: int
    body: str
    written_at: datetime
    attempts: int = 0


class IssueCommands(Room):
    """From routed to handed over or refused."""

    async def add_issue_command(self, guid: str, command: IssueCommand, now: datetime) -> None:
        """Take a delivery as a command on an issue; a comment that was taken before changes nothing."""
        values = {
            "repository_id": command.key.repository_id,
            "comment_id": command.comment_id,
            "number": command.key.number,
            "installation_id": command.installation_id,
            "full_name": command.full_name,
            "author": command.author,
            "author_id": command.author_id,
            "body": command.body,
            "written_at": command.written_at,
        }
        async with self._database.writing() as connection:
            await connection.execute(
                self._database.insert(issue_commands)
                .values(**values)
                .on_conflict_do_nothing(index_elements=["repository_id", "comment_id"])
            )
            await connection.execute(
                update(deliveries)
                .where(deliveries.c.guid == guid, deliveries.c.routed_at.is_(None))
                .values(routed_at=now, handled_at=now)
            )

    async def issue_commands_waiting(self, now: datetime) -> list[IssueCommand]:
        """What is to be done now, oldest first; what is backing off (`retry_at` ahead) is left out."""
        query = (
            select(issue_commands)
            .where(issue_commands.c.handled_at.is_(None))
            .where(or_(issue_commands.c.retry_at.is_(None), issue_commands.c.retry_at <= now))
            .order_by(issue_commands.c.written_at, issue_commands.c.comment_id)
        )
        async with self._database.reading() as connection:
            return [_command(row) for row in await connection.execute(query)]

    async def next_issue_retry(self, now: datetime) -> datetime | None:
        """The next moment after `now` at which a command is to be tried again."""
        query = select(func.min(issue_commands.c.retry_at)).where(
            issue_commands.c.handled_at.is_(None), issue_commands.c.retry_at > now
        )
        async with self._database.reading() as connection:
            moment: datetime | None = (await connection.execute(query)).scalar_one()
        return moment

    async def begin_issue_command(self, command: IssueCommand) -> None:
        """Note, before anything is done, that it is being done."""
        await self._change_command(command, attempts=issue_commands.c.attempts + 1)

    async def postpone_issue_command(self, command: IssueCommand, error: str, retry_at: datetime) -> None:
        await self._change_command(command, last_error=error[:ERROR_LIMIT], retry_at=retry_at)

    async def finish_issue_command(self, command: IssueCommand, now: datetime, error: str | None = None) -> None:
        """Nothing is left to do; `error` is why nothing came of it."""
        await self._change_command(command, handled_at=now, retry_at=None, last_error=error and error[:ERROR_LIMIT])

    async def hand_over(self, command: IssueCommand, delivery: Delivery, pull: PullKey, now: datetime) -> None:
        """The pull request, which was remembered, reacts from here: its delivery is stored as routed, once per GUID."""
        async with self._database.writing() as connection:
            made = await connection.execute(
                self._database.insert(deliveries)
                .values(
                    guid=delivery.guid,
                    event=delivery.event,
                    body=delivery.body,
                    received_at=delivery.received_at,
                    routed_at=now,
                )
                .on_conflict_do_nothing(index_elements=["guid"])
                .returning(deliveries.c.guid)
            )
            if made.one_or_none() is not None:
                target = {"guid": delivery.guid, "repository_id": pull.repository_id, "number": pull.number}
                await connection.execute(self._database.insert(delivery_targets), [target])
            await connection.execute(_of(command).values(handled_at=now, retry_at=None, last_error=None))

    async def _change_command(self, command: IssueCommand, **values: Any) -> None:
        async with self._database.writing() as connection:
            await connection.execute(_of(command).values(**values))


def _of(command: IssueCommand) -> Any:
    return update(issue_commands).where(
        issue_commands.c.repository_id == command.key.repository_id, issue_commands.c.comment_id == command.comment_id
    )


def _command(row: Any) -> IssueCommand:
    return IssueCommand(
        key=PullKey(row.repository_id, row.number),
        comment_id=row.comment_id,
        installation_id=row.installation_id,
        full_name=row.full_name,
        author=row.author,
        author_id=row.author_id,
        body=row.body,
        written_at=row.written_at,
        attempts=row.attempts,
    )
