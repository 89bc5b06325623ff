"""Act: do each effect once, however often the process dies on the way.

An effect is marked as started before it is done. One that is found started may have happened: then the bot looks for
what it would have left behind (the marker in a comment, a commit whose SHA was noted before the branch moved, a pull
request from the branch) before it does it again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, assert_never

import structlog

from bot.github import comments, reviews
from bot.github.errors import GitHubError, HeadMoved, Moved, NotFound, RateLimited
from bot.metrics import Metrics
from bot.runs.effects import (
    CancelWorker,
    CloseIssue,
    CloseOut,
    Effect,
    PlanningIssue,
    React,
    Reply,
    RollBack,
    StartWorker,
    WriteRecord,
)
from bot.runs.model import Run
from bot.runs.workers import is_awaited
from bot.service.closeout import close_out
from bot.service.issues import close_issue, open_planning_issue
from bot.service.record import OnWritten, Result, write_record
from bot.service.rolling_back import roll_back
from bot.service.target import Target
from bot.service.workers import NOWHERE, Addresses, cancel_worker, start_worker
from bot.store.effects import EffectState, StoredEffect
from bot.store.store import Store

ATTEMPTS: Final = 300
"""With the longest wait between them that is three days, as long as GitHub keeps deliveries."""
LONGEST_WAIT: Final = timedelta(minutes=15)
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Performed:
    """What acting changed: whether the branch or the run's outcomes are other than before."""

    changed_run: bool


class Performer:
    def __init__(
        self,
        store: Store,
        app_id: int,
        clock: Callable[[], datetime],
        metrics: Metrics,
        addresses: Addresses = NOWHERE,
        on_written: OnWritten = lambda _path, _content: None,
    ) -> None:
        self._store = store
        self._on_written = on_written
        self._addresses = addresses
        self._app_id = app_id
        self._clock = clock
        self._metrics = metrics

    async def perform_due(self, target: Target, run: Run | None) -> Performed:
        """Do every effect of this pull request that is due, in the order in which they were decided."""
        changed = False
        for stored in await self._store.due_effects(target.key, self._clock()):
            changed |= await self._perform(target, stored, run)
        return Performed(changed)

    async def _perform(self, target: Target, stored: StoredEffect, run: Run | None) -> bool:
        """Do one effect; whether the run has to be looked at again."""
        key, effect = stored.key, stored.effect
        changes_run = isinstance(effect, WriteRecord | CloseOut | StartWorker | PlanningIssue | RollBack)
        if isinstance(effect, WriteRecord) and run is not None and run.record_key != key:
            # A newer record says everything that this one says. What it may have committed already stays noted.
            await self._store.finish_effect(key, {**stored.result, "superseded": "yes"}, self._clock())
            return False
        if isinstance(effect, StartWorker) and run is not None and not is_awaited(run, effect.dispatch):
            # Where it was sent and the answer was lost, its run is cancelled as soon as it is heard of.
            await self._store.finish_effect(key, {**stored.result, "superseded": "yes"}, self._clock())
            return False
        may_have_happened = stored.state is EffectState.STARTED
        attempt = await self._store.start_effect(key, self._clock())
        try:
            result = await self._do(target, effect, stored, may_have_happened)
        except GitHubError as error:
            return await self._failed(effect, attempt, error) and changes_run
        await self._store.finish_effect(key, result, self._clock())
        self._metrics.effects.labels(effect.kind, "done").inc()
        return changes_run and "superseded" not in result

    async def _do(self, target: Target, effect: Effect, stored: StoredEffect, may_have_happened: bool) -> Result:
        async def note(progress: Result) -> None:
            await self._store.note_progress(stored.key, progress)

        match effect:
            case React():
                return await self._react(target, effect)
            case Reply():
                return await self._reply(target, effect, may_have_happened)
            case WriteRecord():
                return await write_record(target, effect, stored.result, note, self._on_written)
            case CloseOut():
                return await close_out(target, effect, stored.result, note)
            case StartWorker():
                return await start_worker(target, effect, self._addresses, may_have_happened=may_have_happened)
            case CancelWorker():
                return await cancel_worker(target, effect)
            case PlanningIssue():
                return await open_planning_issue(target, effect, self._app_id, may_have_happened=may_have_happened)
            case CloseIssue():
                return await close_issue(target, effect, self._app_id, may_have_happened=may_have_happened)
            case RollBack():
                return await roll_back(target, effect, stored.result, note)
        assert_never(effect)

    async def _react(self, target: Target, effect: React) -> Result:
        try:
            if effect.on_diff:
                await reviews.react(target.client, target.repo, effect.comment_id, effect.content)
            else:
                await comments.react(target.client, target.repo, effect.comment_id, effect.content)
        except NotFound:
            return {"gone": "yes"}
        return {}

    async def _reply(self, target: Target, effect: Reply, may_have_happened: bool) -> Result:
        marker = f"<!-- stepwise:{effect.key} -->"
        if may_have_happened:
            found = await comments.find_own(
                target.client, target.repo, target.key.number, marker=marker, app_id=self._app_id
            )
            if found is not None:
                return {"comment": str(found.id)}
        body = f"{effect.body}\n\n{marker}"
        created = await comments.create(target.client, target.repo, target.key.number, body)
        return {"comment": str(created.id)}

    async def _failed(self, effect: Effect, attempt: int, error: GitHubError) -> bool:
        """Postpone what may work later; give up on the rest, in GitHub's words. Whether it was given up."""
        self._metrics.errors.labels(type(error).__name__).inc()
        _log.warning("effect failed", effect=effect.key, attempt=attempt, error=error.sentence())
        # A repository that was renamed answers writes with a redirect; the next look learns its new name.
        is_passing = error.is_transient or isinstance(error, HeadMoved | Moved)
        if is_passing and (attempt < ATTEMPTS or isinstance(error, RateLimited)):
            wait = min(LONGEST_WAIT, timedelta(seconds=2**attempt))
            not_before = error.retry_at if isinstance(error, RateLimited) else self._clock() + wait
            await self._store.postpone_effect(effect.key, not_before, error.sentence())
            return False
        await self._store.fail_effect(effect.key, error.sentence(), self._clock())
        self._metrics.effects.labels(effect.kind, "failed").inc()
        return True
