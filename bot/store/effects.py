"""The outbox: what the bot has decided to do once, and how far each of it got."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.runs.codec import dump_effect, load_effect
from bot.runs.effects import Effect
from bot.runs.facts import Outcome, OutcomeState
from bot.runs.model import PullKey
from bot.store.database import Database, Room
from bot.store.tables import effects

ERROR_LIMIT: Final = 2000


class EffectState(StrEnum):
    """`started` says that the act may have happened: whoever takes it up again looks before doing it."""

    PENDING = "pending"
    STARTED = "started"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class StoredEffect:
    key: str
    effect: Effect
    state: EffectState
    attempts: int
    result: Mapping[str, str]
    run_id: str | None = None
    error: str | None = None


class Effects(Room):
    """Pending, started, then done or failed; a crash leaves `started`, which is due again."""

    async def due_effects(self, key: PullKey, now: datetime) -> list[StoredEffect]:
        """What is to be done on a pull request now, in the order decided. A postponed one holds nothing else back."""
        query = (
            select(effects)
            .where(effects.c.repository_id == key.repository_id, effects.c.number == key.number)
            .where(effects.c.finished_at.is_(None))
            .where(or_(effects.c.not_before.is_(None), effects.c.not_before <= now))
            .order_by(effects.c.seq)
        )
        async with self._database.reading() as connection:
            return [_stored(row) for row in await connection.execute(query)]

    async def start_effect(self, key: str, now: datetime) -> int:
        """Note, before the act, that it is being done; the number of this attempt."""
        await self._change(key, state=EffectState.STARTED, attempts=effects.c.attempts + 1, started_at=now)
        async with self._database.reading() as connection:
            attempt: int = (
                await connection.execute(select(effects.c.attempts).where(effects.c.key == key))
            ).scalar_one()
        return attempt

    async def note_progress(self, key: str, progress: Mapping[str, str]) -> None:
        """Note, in the middle of the act, what finds it again after a crash; added to what was noted before."""
        async with self._database.writing() as connection:
            query = select(effects.c.result).where(effects.c.key == key)
            known = (await connection.execute(query)).scalar_one_or_none()
            text = json.dumps(_result(known) | dict(progress), sort_keys=True)
            await connection.execute(
                update(effects).where(effects.c.key == key, effects.c.finished_at.is_(None)).values(result=text)
            )

    async def finish_effect(self, key: str, result: Mapping[str, str], now: datetime) -> None:
        """It is done; `result` is what later decisions need of it (a commit, a comment's id)."""
        text = json.dumps(dict(result), sort_keys=True)
        await self._change(key, state=EffectState.DONE, result=text, error=None, finished_at=now)

    async def fail_effect(self, key: str, error: str, now: datetime) -> None:
        """It will not be tried again; `error` in GitHub's own words."""
        await self._change(key, state=EffectState.FAILED, error=error[:ERROR_LIMIT], finished_at=now)

    async def postpone_effect(self, key: str, not_before: datetime, error: str) -> None:
        """It did not work out and is tried again, not before that moment."""
        await self._change(key, not_before=not_before, error=error[:ERROR_LIMIT])

    async def outcomes(self, run_id: str) -> dict[str, Outcome]:
        """How every effect of a run went, by its key; one that was only started counts as pending."""
        query = select(effects.c.key, effects.c.state, effects.c.result, effects.c.error)
        async with self._database.reading() as connection:
            rows = await connection.execute(query.where(effects.c.run_id == run_id).order_by(effects.c.seq))
            return {row.key: Outcome(_outcome(row.state), _result(row.result), row.error) for row in rows}

    async def pull_of_effect(self, repository_id: int, key: str) -> PullKey | None:
        """The pull request of that repository for which an effect was decided, whatever became of it."""
        query = select(effects.c.number).where(effects.c.key == key, effects.c.repository_id == repository_id)
        async with self._database.reading() as connection:
            number: int | None = (await connection.execute(query)).scalar_one_or_none()
        return None if number is None else PullKey(repository_id, number)

    async def _change(self, key: str, **values: Any) -> None:
        async with self._database.writing() as connection:
            changed = await connection.execute(
                update(effects).where(effects.c.key == key, effects.c.finished_at.is_(None)).values(**values)
            )
            if changed.rowcount != 1:
                raise LookupError(f"there is no open effect {key}")


async def add_effects(
    database: Database,
    connection: AsyncConnection,
    key: PullKey,
    run_id: str | None,
    new: Sequence[Effect],
    now: datetime,
) -> None:
    """Within a reaction's transaction: what is to be done next. An effect whose key is known is left as it is."""
    if not new:
        return
    last = select(func.coalesce(func.max(effects.c.seq), 0)).where(
        effects.c.repository_id == key.repository_id, effects.c.number == key.number
    )
    start = (await connection.execute(last)).scalar_one() + 1
    for seq, effect in enumerate(new, start):
        await connection.execute(
            database.insert(effects)
            .values(
                key=effect.key,
                repository_id=key.repository_id,
                number=key.number,
                seq=seq,
                run_id=run_id,
                kind=effect.kind,
                payload=dump_effect(effect),
                state=EffectState.PENDING,
                created_at=now,
            )
            .on_conflict_do_nothing(index_elements=["key"])
        )


def _stored(row: Any) -> StoredEffect:
    return StoredEffect(
        key=row.key,
        effect=load_effect(row.payload),
        state=EffectState(row.state),
        attempts=row.attempts,
        result=_result(row.result),
        run_id=row.run_id,
        error=row.error,
    )


def _result(text: str | None) -> dict[str, str]:
    return {} if text is None else {str(name): str(value) for name, value in json.loads(text).items()}


def _outcome(state: str) -> OutcomeState:
    match EffectState(state):
        case EffectState.PENDING | EffectState.STARTED:
            return OutcomeState.PENDING
        case EffectState.DONE:
            return OutcomeState.DONE
        case EffectState.FAILED:
            return OutcomeState.FAILED
