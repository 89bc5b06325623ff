"""What there is to do, in one question: asked whenever a reaction ends or a delivery comes in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import BigInteger, Integer, bindparam, cast, func, literal_column, null, or_, select, union_all

from bot.runs.model import PullKey
from bot.store.database import Room
from bot.store.deliveries import oldest_of, pulls_waiting
from bot.store.pulls import moments_ahead
from bot.store.tables import UtcDateTime, deliveries, issue_commands

_LATEST: Final = datetime.max.replace(tzinfo=UTC)
_NOBODY: Final = (cast(null(), BigInteger), cast(null(), Integer))


@dataclass(frozen=True, slots=True)
class Agenda:
    """What is due now: deliveries nobody has looked into, pull requests, issues with commands; and what comes next.

    Of `pulls` those come first for which something was delivered, in the order in which it came in: what somebody has
    done must wait neither for a sweep nor for pull requests with lower numbers.

    `next_due` is the next moment at which something becomes due by itself, None when nothing will.
    """

    has_unrouted: bool
    pulls: tuple[PullKey, ...]
    issues: tuple[PullKey, ...]
    next_due: datetime | None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left to do now."""
        return not (self.has_unrouted or self.pulls or self.issues)


class Agendas(Room):
    """Asking for it."""

    async def agenda(self, now: datetime) -> Agenda:
        """What has to be done now; what is backing off (`retry_at` ahead) is left out."""
        async with self._database.reading() as connection:
            rows = (await connection.execute(_EVERYTHING, {"now": now})).all()
        return Agenda(
            has_unrouted=any(row.kind == "unrouted" for row in rows),
            pulls=_keys(row for row in rows if row.kind == "pull"),
            issues=_keys(row for row in rows if row.kind == "issue"),
            next_due=min((row.at for row in rows if row.kind == "due" and row.at is not None), default=None),
        )


def _keys(rows: Iterable[Any]) -> tuple[PullKey, ...]:
    """Each once: those with a time by it, then the others by their numbers."""
    ordered = sorted(rows, key=lambda row: (row.at is None, row.at or _LATEST, row.repository_id, row.number))
    return tuple(dict.fromkeys(PullKey(row.repository_id, row.number) for row in ordered))


def _everything(now: Any) -> Any:
    of_pulls = pulls_waiting(now).subquery()
    no_time = cast(null(), UtcDateTime)
    unrouted = select(deliveries.c.guid).where(deliveries.c.routed_at.is_(None)).limit(1).subquery()
    open_commands = issue_commands.c.handled_at.is_(None)
    retry_at = issue_commands.c.retry_at
    parts = [
        select(_kind("pull"), of_pulls.c.repository_id, of_pulls.c.number, oldest_of(of_pulls).label("at")),
        select(_kind("issue"), issue_commands.c.repository_id, issue_commands.c.number, no_time).where(
            open_commands, or_(retry_at.is_(None), retry_at <= now)
        ),
        select(_kind("unrouted"), *_NOBODY, no_time).select_from(unrouted),
        select(_kind("due"), *_NOBODY, func.min(retry_at)).where(open_commands, retry_at > now),
        *(select(_kind("due"), *_NOBODY, moment.scalar_subquery()) for moment in moments_ahead(now)),
    ]
    return union_all(*parts)


def _kind(name: str) -> Any:
    return literal_column(f"'{name}'").label("kind")


# Put together once: building the expression takes longer than asking it.
_EVERYTHING: Final = _everything(bindparam("now", type_=UtcDateTime))
