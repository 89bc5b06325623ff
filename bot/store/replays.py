"""One delivery, looked at and handled again on request.

What was handled is marked as waiting again; the next reaction takes it like any other. That is safe because nothing
rests on a delivery coming once: comments are handled by their ids, effects are done by their keys, and everything else
that a delivery says is read from GitHub again. Clicks alone have no id that would hold for good; they are left handled,
and their pull request is looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, select, update

from bot.runs.model import PullKey
from bot.store.database import Room
from bot.store.delivery import Delivery
from bot.store.tables import deliveries, delivery_targets, pulls


@dataclass(frozen=True, slots=True)
class Concerned:
    """A pull request that a delivery was routed to; `handled_at` is None while it waits there."""

    key: PullKey
    full_name: str
    handled_at: datetime | None
    retry_at: datetime | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Kept:
    """A stored delivery and what became of it; `ignored` is why nothing was done."""

    delivery: Delivery
    routed_at: datetime | None
    handled_at: datetime | None
    ignored: str | None
    pulls: tuple[Concerned, ...]


class Replays(Room):
    """Looking a delivery up, and having it handled once more."""

    async def kept(self, guid: str) -> Kept | None:
        """The delivery with that GUID; None where it never arrived, or was forgotten since."""
        query = (
            select(delivery_targets, pulls.c.full_name, pulls.c.retry_at, pulls.c.last_error)
            .join(
                pulls,
                and_(
                    pulls.c.repository_id == delivery_targets.c.repository_id,
                    pulls.c.number == delivery_targets.c.number,
                ),
            )
            .where(delivery_targets.c.guid == guid)
            .order_by(delivery_targets.c.repository_id, delivery_targets.c.number)
        )
        async with self._database.snapshot() as connection:
            row = (await connection.execute(select(deliveries).where(deliveries.c.guid == guid))).one_or_none()
            if row is None:
                return None
            concerned = tuple(
                Concerned(
                    PullKey(one.repository_id, one.number), one.full_name, one.handled_at, one.retry_at, one.last_error
                )
                for one in await connection.execute(query)
            )
        delivery = Delivery(row.guid, row.event, bytes(row.body), row.received_at)
        return Kept(delivery, row.routed_at, row.handled_at, row.ignored, concerned)

    async def replay(self, guid: str, now: datetime, *, only_look: bool = False) -> bool:
        """Have a handled delivery handled again; False, and nothing changes, where it waits already or is not there.

        One that was routed goes to the same pull requests, which are due at once whatever the delivery says: routing it
        anew would take its old head for news. One that concerned nobody is looked into again, by what is known now.
        With `only_look` the delivery stays handled, and its pull requests are due all the same.
        """
        handled = and_(deliveries.c.guid == guid, deliveries.c.handled_at.is_not(None))
        concerned = (
            select(delivery_targets.c.guid)
            .where(delivery_targets.c.guid == guid)
            .where(delivery_targets.c.repository_id == pulls.c.repository_id)
            .where(delivery_targets.c.number == pulls.c.number)
        )
        async with self._database.writing() as connection:
            if (await connection.execute(select(deliveries.c.guid).where(handled))).one_or_none() is None:
                return False
            await connection.execute(update(pulls).where(concerned.exists()).values(wake_at=now, retry_at=None))
            if not only_look:
                targets = await connection.execute(
                    update(delivery_targets).where(delivery_targets.c.guid == guid).values(handled_at=None)
                )
                again = {"handled_at": None, "ignored": None} | ({} if targets.rowcount else {"routed_at": None})
                await connection.execute(update(deliveries).where(handled).values(again))
            return True
