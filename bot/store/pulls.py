"""Pull requests the bot has heard of: where they stand, when to look again, and how the last look failed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import and_, func, or_, select, update

from bot.runs.model import PullKey
from bot.store.database import Room
from bot.store.tables import effects, pulls, runs

ERROR_LIMIT: Final = 2000


@dataclass(frozen=True, slots=True)
class PullRow:
    """One pull request as last heard of; `head_seen_at` is when its present head was first seen."""

    key: PullKey
    installation_id: int
    full_name: str
    is_open: bool
    head_sha: str | None = None
    head_seen_at: datetime | None = None
    base_ref: str | None = None
    wake_at: datetime | None = None
    attempts: int = 0
    retry_at: datetime | None = None
    last_error: str | None = None


@dataclass(frozen=True, slots=True)
class PullUpdate:
    """What a reaction learnt about its pull request. `wake_at` replaces the one before, None takes it away."""

    is_open: bool
    head_sha: str
    base_ref: str
    full_name: str
    wake_at: datetime | None = None


class Pulls(Room):
    """Remembering, finding and waking pull requests."""

    async def remember_pull(
        self,
        key: PullKey,
        *,
        installation_id: int,
        full_name: str,
        now: datetime,
        is_open: bool | None = None,
        head_sha: str | None = None,
        base_ref: str | None = None,
    ) -> None:
        """Note what a delivery says about a pull request. None means it says nothing; what is known stays."""
        insert = self._database.insert(pulls).values(
            repository_id=key.repository_id,
            number=key.number,
            installation_id=installation_id,
            full_name=full_name,
            is_open=True if is_open is None else is_open,
            head_sha=head_sha,
            head_seen_at=None if head_sha is None else now,
            base_ref=base_ref,
        )
        changes: dict[str, Any] = {"installation_id": installation_id, "full_name": full_name}
        if is_open is not None:
            changes["is_open"] = is_open
        if base_ref is not None:
            changes["base_ref"] = base_ref
        async with self._database.writing() as connection:
            await connection.execute(
                insert.on_conflict_do_update(index_elements=["repository_id", "number"], set_=changes)
            )
            if head_sha is not None:
                await connection.execute(_move_head(key, head_sha, now))

    async def pull(self, key: PullKey) -> PullRow | None:
        async with self._database.reading() as connection:
            row = (await connection.execute(select(pulls).where(is_pull(key)))).one_or_none()
        return None if row is None else _pull(row)

    async def pulls_at_head(self, repository_id: int, head_sha: str) -> list[PullKey]:
        """Open pull requests whose head is this commit: there can be several, in GitHub's payloads often none."""
        return await self._keys(pulls.c.repository_id == repository_id, pulls.c.head_sha == head_sha, pulls.c.is_open)

    async def pulls_into(self, repository_id: int, base_ref: str) -> list[PullKey]:
        """Open pull requests into a branch."""
        return await self._keys(pulls.c.repository_id == repository_id, pulls.c.base_ref == base_ref, pulls.c.is_open)

    async def open_pulls(self) -> list[PullKey]:
        return await self._keys(pulls.c.is_open)

    async def open_pulls_with_live_run(self, repository_id: int | None = None) -> list[PullKey]:
        """Open pull requests, of one repository or of all, whose run is not over."""
        of = [] if repository_id is None else [pulls.c.repository_id == repository_id]
        return await self._keys(_live_run().exists(), pulls.c.is_open, *of)

    async def live_pulls(self) -> list[PullRow]:
        """The same of all repositories, with what is known of them."""
        query = select(pulls).where(_live_run().exists(), pulls.c.is_open)
        async with self._database.reading() as connection:
            rows = await connection.execute(query.order_by(pulls.c.repository_id, pulls.c.number))
            return [_pull(row) for row in rows]

    async def set_head(self, key: PullKey, head_sha: str, now: datetime) -> datetime:
        """Note the live head; when this head was first seen. LookupError for a pull request never remembered."""
        async with self._database.writing() as connection:
            await connection.execute(_move_head(key, head_sha, now))
            seen_at: datetime | None = (
                await connection.execute(select(pulls.c.head_seen_at).where(is_pull(key)))
            ).scalar_one_or_none()
        if seen_at is None:
            raise LookupError(f"pull request {key} was never remembered")
        return seen_at

    async def set_wake_at(self, key: PullKey, wake_at: datetime | None) -> None:
        async with self._database.writing() as connection:
            await connection.execute(update(pulls).where(is_pull(key)).values(wake_at=wake_at))

    async def rename_repository(
        self, repository_id: int, full_name: str, *, installation_id: int | None = None
    ) -> None:
        """The id survives a rename or transfer, the name does not; another owner has an installation of its own."""
        changes: dict[str, Any] = {"full_name": full_name}
        if installation_id is not None:
            changes["installation_id"] = installation_id
        async with self._database.writing() as connection:
            await connection.execute(update(pulls).where(pulls.c.repository_id == repository_id).values(**changes))

    async def note_failure(self, key: PullKey, error: str, retry_at: datetime) -> int:
        """A reaction failed: try again at `retry_at`, not before. Returns how many times in a row it has failed."""
        async with self._database.writing() as connection:
            await connection.execute(
                update(pulls)
                .where(is_pull(key))
                .values(attempts=pulls.c.attempts + 1, last_error=error[:ERROR_LIMIT], retry_at=retry_at)
            )
            attempts = await connection.execute(select(pulls.c.attempts).where(is_pull(key)))
            return int(attempts.scalar_one_or_none() or 0)

    async def clear_failure(self, key: PullKey) -> None:
        async with self._database.writing() as connection:
            await connection.execute(
                update(pulls)
                .where(is_pull(key), or_(pulls.c.attempts > 0, pulls.c.retry_at.is_not(None)))
                .values(attempts=0, last_error=None, retry_at=None)
            )

    async def next_due(self, now: datetime) -> datetime | None:
        """The next moment after `now` at which something becomes due by itself; what is due already is not told."""
        async with self._database.reading() as connection:
            found = (await connection.execute(select(*(query.scalar_subquery() for query in moments_ahead(now))))).one()
        return min((moment for moment in found if moment is not None), default=None)

    async def _keys(self, *conditions: Any) -> list[PullKey]:
        query = select(pulls.c.repository_id, pulls.c.number).where(*conditions)
        async with self._database.reading() as connection:
            rows = await connection.execute(query.order_by(pulls.c.repository_id, pulls.c.number))
            return [PullKey(row.repository_id, row.number) for row in rows]


def moments_ahead(now: Any) -> tuple[Any, ...]:
    """The queries for the moments after `now` at which something becomes due by itself."""
    return (
        select(func.min(pulls.c.wake_at)).where(pulls.c.wake_at > now),
        select(func.min(pulls.c.retry_at)).where(pulls.c.retry_at > now),
        select(func.min(effects.c.not_before)).where(effects.c.finished_at.is_(None), effects.c.not_before > now),
    )


def _live_run() -> Any:
    return select(runs.c.id).where(
        runs.c.repository_id == pulls.c.repository_id, runs.c.number == pulls.c.number, runs.c.is_live
    )


def is_pull(key: PullKey) -> Any:
    return and_(pulls.c.repository_id == key.repository_id, pulls.c.number == key.number)


def update_pull(key: PullKey, change: PullUpdate, now: datetime) -> list[Any]:
    """The statements by which a reaction writes down what it learnt."""
    changes = {
        "is_open": change.is_open,
        "base_ref": change.base_ref,
        "full_name": change.full_name,
        "wake_at": change.wake_at,
    }
    return [update(pulls).where(is_pull(key)).values(**changes), _move_head(key, change.head_sha, now)]


def _move_head(key: PullKey, head_sha: str, now: datetime) -> Any:
    return (
        update(pulls)
        .where(is_pull(key), or_(pulls.c.head_sha.is_(None), pulls.c.head_sha != head_sha))
        .values(head_sha=head_sha, head_seen_at=now)
    )


def _pull(row: Any) -> PullRow:
    fields = dict(row._mapping)
    key = PullKey(fields.pop("repository_id"), fields.pop("number"))
    return PullRow(key=key, **fields)
