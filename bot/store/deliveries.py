"""Deliveries after the inbox: which pull requests they concern, and what has been handled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import and_, delete, exists, func, or_, select, union, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.runs.model import PullKey
from bot.store.database import Room
from bot.store.delivery import Delivery
from bot.store.tables import deliveries, delivery_targets, effects, merge_groups, pulls

CONCERNS_NOBODY: Final = "concerns no pull request"
FORGOTTEN_AT_ONCE: Final = 500
REASON_LIMIT: Final = 500


class Deliveries(Room):
    """From `unrouted` to handled."""

    async def unrouted(self, limit: int) -> list[Delivery]:
        """Deliveries whose pull requests are not known yet, oldest first."""
        query = (
            select(deliveries.c.guid, deliveries.c.event, deliveries.c.body, deliveries.c.received_at)
            .where(deliveries.c.routed_at.is_(None))
            .order_by(deliveries.c.received_at, deliveries.c.guid)
            .limit(limit)
        )
        async with self._database.reading() as connection:
            return [_delivery(row) for row in await connection.execute(query)]

    async def route(self, guid: str, keys: Sequence[PullKey], now: datetime) -> None:
        """Say which pull requests a delivery concerns; with none it is ignored. Doing it twice changes nothing.

        Raises LookupError when a pull request was never remembered.
        """
        if not keys:
            await self.ignore({guid: CONCERNS_NOBODY}, now)
            return
        targets = [{"guid": guid, "repository_id": key.repository_id, "number": key.number} for key in set(keys)]
        try:
            async with self._database.writing() as connection:
                routed = await connection.execute(
                    update(deliveries)
                    .where(deliveries.c.guid == guid, deliveries.c.routed_at.is_(None))
                    .values(routed_at=now)
                )
                if routed.rowcount == 1:
                    await connection.execute(self._database.insert(delivery_targets), targets)
        except IntegrityError as error:
            raise LookupError(f"delivery {guid} concerns a pull request that was never remembered") from error

    async def ignore(self, reasons: Mapping[str, str], now: datetime) -> None:
        """Put deliveries aside for good: GUID -> reason. What is routed already stays as it is."""
        guids_by_reason: dict[str, list[str]] = {}
        for guid, reason in reasons.items():
            guids_by_reason.setdefault(reason[:REASON_LIMIT], []).append(guid)
        if not guids_by_reason:
            return
        async with self._database.writing() as connection:
            for reason, guids in guids_by_reason.items():
                await connection.execute(
                    update(deliveries)
                    .where(deliveries.c.guid.in_(guids), deliveries.c.routed_at.is_(None))
                    .values(routed_at=now, handled_at=now, ignored=reason)
                )

    async def deliveries_for(self, key: PullKey) -> list[Delivery]:
        """What waits for the next reaction of a pull request, oldest first."""
        query = (
            select(deliveries.c.guid, deliveries.c.event, deliveries.c.body, deliveries.c.received_at)
            .join(delivery_targets, delivery_targets.c.guid == deliveries.c.guid)
            .where(_target_of(key), delivery_targets.c.handled_at.is_(None))
            .order_by(deliveries.c.received_at, deliveries.c.guid)
        )
        async with self._database.reading() as connection:
            return [_delivery(row) for row in await connection.execute(query)]

    async def has_unrouted(self) -> bool:
        """Whether a delivery waits that nobody has looked into."""
        query = select(deliveries.c.guid).where(deliveries.c.routed_at.is_(None)).limit(1)
        async with self._database.reading() as connection:
            return (await connection.execute(query)).one_or_none() is not None

    async def is_waiting(self, key: PullKey, now: datetime) -> bool:
        """Whether a pull request is among those with something to do."""
        async with self._database.reading() as connection:
            query = pulls_waiting(now).where(pulls.c.repository_id == key.repository_id, pulls.c.number == key.number)
            return (await connection.execute(query)).one_or_none() is not None

    async def keys_waiting(self, now: datetime) -> list[PullKey]:
        """Pull requests with something to do: deliveries, merge groups, a wake-up, effects or a retry that is due.

        One that is backing off (`retry_at` ahead) is left out, whatever waits for it.
        """
        query = pulls_waiting(now).order_by(pulls.c.repository_id, pulls.c.number)
        async with self._database.reading() as connection:
            return [PullKey(row.repository_id, row.number) for row in await connection.execute(query)]

    async def forget_deliveries(self, before: datetime, limit: int = FORGOTTEN_AT_ONCE) -> int:
        """Delete deliveries handled before that moment, at most so many; how many. Unhandled ones are never deleted.

        A day's worth in one transaction would keep the inbox from writing for seconds.
        """
        old = select(deliveries.c.guid).where(deliveries.c.handled_at < before).limit(limit)
        async with self._database.writing() as connection:
            forgotten = await connection.execute(delete(deliveries).where(deliveries.c.guid.in_(old)))
            return forgotten.rowcount


async def mark_handled(connection: AsyncConnection, key: PullKey, guids: Sequence[str], now: datetime) -> None:
    """Within a reaction's transaction: these deliveries are done here, and done for good once every target is."""
    if not guids:
        return
    await connection.execute(
        update(delivery_targets)
        .where(delivery_targets.c.guid.in_(guids), _target_of(key), delivery_targets.c.handled_at.is_(None))
        .values(handled_at=now)
    )
    is_open = exists().where(delivery_targets.c.guid == deliveries.c.guid, delivery_targets.c.handled_at.is_(None))
    await connection.execute(
        update(deliveries)
        .where(deliveries.c.guid.in_(guids), deliveries.c.routed_at.is_not(None), deliveries.c.handled_at.is_(None))
        .where(~is_open)
        .values(handled_at=now)
    )


def oldest_of(pull: Any) -> Any:
    """The query for when the oldest delivery came in that waits for a pull request; null where none does."""
    return (
        select(func.min(deliveries.c.received_at))
        .join(delivery_targets, delivery_targets.c.guid == deliveries.c.guid)
        .where(
            delivery_targets.c.repository_id == pull.c.repository_id,
            delivery_targets.c.number == pull.c.number,
            delivery_targets.c.handled_at.is_(None),
        )
        .scalar_subquery()
    )


def pulls_waiting(now: Any) -> Any:
    """The query for the pull requests with something to do: see `keys_waiting`."""
    by_delivery = select(delivery_targets.c.repository_id, delivery_targets.c.number).where(
        delivery_targets.c.handled_at.is_(None)
    )
    by_effect = select(effects.c.repository_id, effects.c.number).where(
        effects.c.finished_at.is_(None), or_(effects.c.not_before.is_(None), effects.c.not_before <= now)
    )
    by_time = select(pulls.c.repository_id, pulls.c.number).where(or_(pulls.c.wake_at <= now, pulls.c.retry_at <= now))
    by_group = select(merge_groups.c.repository_id, merge_groups.c.number).where(merge_groups.c.answered_at.is_(None))
    waiting = union(by_delivery, by_effect, by_time, by_group).subquery()
    return (
        select(pulls.c.repository_id, pulls.c.number)
        .join(waiting, and_(waiting.c.repository_id == pulls.c.repository_id, waiting.c.number == pulls.c.number))
        .where(or_(pulls.c.retry_at.is_(None), pulls.c.retry_at <= now))
    )


def _target_of(key: PullKey) -> Any:
    return and_(delivery_targets.c.repository_id == key.repository_id, delivery_targets.c.number == key.number)


def _delivery(row: Any) -> Delivery:
    return Delivery(row.guid, row.event, bytes(row.body), row.received_at)
