"""What waits in the database, and since when: the answer to "is it keeping up", for metrics and for `stepwise doctor`.

Every process sees the same here, as it is the database's; none of it names a secret or the text of a delivery.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import and_, func, insert, or_, select, text
from sqlalchemy.exc import SQLAlchemyError

from bot.runs.model import PullKey
from bot.store.database import Room
from bot.store.effects import EffectState
from bot.store.errors import StoreError
from bot.store.queue_tables import SCHEMA
from bot.store.tables import deliveries, delivery_targets, effects, issue_commands, pulls, runs

MOST_TOLD: Final = 5


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many wait, and since when the oldest does (None where none waits)."""

    count: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Backlog:
    """One look at the queue.

    `unrouted`: deliveries nobody has looked into. `unhandled`: those of pull requests that could be reacted to now.
    `pulls`: pull requests that something is due for. `failing`: those whose last reaction failed and that are tried
    again later. `issue_commands`: commands on issues that are not done. `effects`: decided and not done, `since` when.
    """

    unrouted: Waiting
    unhandled: Waiting
    pulls: Waiting
    failing: int
    issue_commands: Waiting
    effects: Waiting
    live_runs: int

    @property
    def oldest(self) -> datetime | None:
        """When the oldest delivery came in that could be handled now; that of a failing pull request is not counted."""
        return min((one.since for one in (self.unrouted, self.unhandled) if one.since is not None), default=None)


@dataclass(frozen=True, slots=True)
class Failing:
    """A pull request whose reactions fail, with the last error in GitHub's words."""

    key: PullKey
    full_name: str
    attempts: int
    retry_at: datetime | None
    error: str


@dataclass(frozen=True, slots=True)
class Stuck:
    """An effect that was tried and is not done, or was given up."""

    key: PullKey
    full_name: str
    kind: str
    attempts: int
    error: str
    was_given_up: bool


class _TakenBack(Exception):  # noqa: N818 - named after what happens to the row
    """Ends a transaction that is not to stay."""


class Backlogs(Room):
    """Looking at the queue; nothing here changes anything, and every query has an index to go by."""

    async def backlog(self, now: datetime) -> Backlog:
        """One look, in one snapshot."""
        due = or_(pulls.c.retry_at.is_(None), pulls.c.retry_at <= now)
        of_target = and_(
            pulls.c.repository_id == delivery_targets.c.repository_id, pulls.c.number == delivery_targets.c.number
        )
        unrouted = select(func.count(), func.min(deliveries.c.received_at)).where(deliveries.c.routed_at.is_(None))
        open_targets = (
            select(delivery_targets.c.guid)
            .join(pulls, of_target)
            .where(delivery_targets.c.handled_at.is_(None), due)
            .distinct()
            .subquery()
        )
        unhandled = select(func.count(), func.min(deliveries.c.received_at)).join(
            open_targets, open_targets.c.guid == deliveries.c.guid
        )
        target_pulls = (
            select(delivery_targets.c.repository_id, delivery_targets.c.number, func.min(deliveries.c.received_at))
            .join(deliveries, deliveries.c.guid == delivery_targets.c.guid)
            .join(pulls, of_target)
            .where(delivery_targets.c.handled_at.is_(None), due)
            .group_by(delivery_targets.c.repository_id, delivery_targets.c.number)
        )
        woken = select(pulls.c.repository_id, pulls.c.number, pulls.c.wake_at).where(pulls.c.wake_at <= now, due)
        retried = select(pulls.c.repository_id, pulls.c.number, pulls.c.retry_at).where(pulls.c.retry_at <= now)
        failing = select(func.count()).select_from(pulls).where(pulls.c.retry_at.is_not(None), pulls.c.attempts > 0)
        asked = select(func.count(), func.min(issue_commands.c.written_at)).where(issue_commands.c.handled_at.is_(None))
        to_do = select(func.count(), func.min(effects.c.created_at)).where(effects.c.finished_at.is_(None))
        live = select(func.count()).select_from(runs).where(runs.c.is_live)
        async with self._database.snapshot() as connection:
            since: dict[PullKey, datetime] = {}
            for query in (target_pulls, woken, retried):
                for repository_id, number, moment in await connection.execute(query):
                    key = PullKey(repository_id, number)
                    since[key] = min(moment, since.get(key, moment))
            counted = [
                Waiting(*(await connection.execute(query)).one()) for query in (unrouted, unhandled, asked, to_do)
            ]
            return Backlog(
                unrouted=counted[0],
                unhandled=counted[1],
                pulls=Waiting(len(since), min(since.values(), default=None)),
                failing=(await connection.execute(failing)).scalar_one(),
                issue_commands=counted[2],
                effects=counted[3],
                live_runs=(await connection.execute(live)).scalar_one(),
            )

    async def try_to_write(self, now: datetime) -> None:
        """Write a row as the inbox would, and take it back. Raises StoreError with the database's reason."""
        row = insert(deliveries).values(guid="doctor", event="ping", body=b"{}", received_at=now)
        try:
            async with self._database.writing() as connection:
                await connection.execute(row)
                raise _TakenBack
        except _TakenBack:
            pass
        except SQLAlchemyError as error:
            raise StoreError(str(getattr(error, "orig", None) or error).splitlines()[0]) from error

    async def workers_alive(self) -> int:
        """On PostgreSQL: how many workers the queue has heard of in the last half minute; they call every ten s."""
        query = text(
            f"SELECT count(*) FROM {SCHEMA}.procrastinate_workers "  # noqa: S608 - a name of ours
            "WHERE last_heartbeat > now() - interval '30 seconds'"
        )
        async with self._database.reading() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def failing_pulls(self, limit: int = MOST_TOLD) -> list[Failing]:
        """Pull requests whose last reaction failed, the most often tried first."""
        query = select(pulls).where(pulls.c.attempts > 0).order_by(pulls.c.attempts.desc(), pulls.c.number).limit(limit)
        async with self._database.reading() as connection:
            return [
                Failing(
                    PullKey(row.repository_id, row.number),
                    row.full_name,
                    row.attempts,
                    row.retry_at,
                    row.last_error or "",
                )
                for row in await connection.execute(query)
            ]

    async def stuck_effects(self, given_up_since: datetime, limit: int = MOST_TOLD) -> list[Stuck]:
        """Effects of open pull requests that were tried in vain, and those that were given up since that moment."""
        tried = and_(effects.c.finished_at.is_(None), effects.c.attempts > 0, effects.c.error.is_not(None))
        given_up = and_(effects.c.state == EffectState.FAILED, effects.c.finished_at >= given_up_since)
        query = (
            select(effects, pulls.c.full_name)
            .join(pulls, and_(pulls.c.repository_id == effects.c.repository_id, pulls.c.number == effects.c.number))
            .where(or_(tried, given_up))
            .order_by(effects.c.created_at)
            .limit(limit)
        )
        async with self._database.reading() as connection:
            return [
                Stuck(
                    PullKey(row.repository_id, row.number),
                    row.full_name,
                    row.kind,
                    row.attempts,
                    row.error or "",
                    row.state == EffectState.FAILED,
                )
                for row in await connection.execute(query)
            ]
