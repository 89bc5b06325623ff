"""From stored deliveries to the pull requests that they concern."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

import structlog

from bot.github.webhooks import Concern, Ignored, MergeGroup, read_delivery
from bot.runs.events import Woken
from bot.runs.model import PullKey
from bot.service.reports import read_filed
from bot.store.delivery import Delivery
from bot.store.store import Store

BATCH: Final = 200
_log = structlog.get_logger()


class Router:
    def __init__(
        self, store: Store, app_id: int, clock: Callable[[], datetime], forget_policy: Callable[[int], None]
    ) -> None:
        self._store = store
        self._app_id = app_id
        self._clock = clock
        self._forget_policy = forget_policy

    async def route_waiting(self) -> None:
        """Route every delivery that nobody has looked into yet."""
        while batch := await self._store.unrouted(BATCH):
            for delivery in batch:
                await self._route(delivery)

    async def _route(self, delivery: Delivery) -> None:
        filed = read_filed(delivery)
        if filed is not None:
            await self._store.route(delivery.guid, [filed.pull], self._clock())
            return
        concern = read_delivery(delivery.event, delivery.body, self._app_id)
        if isinstance(concern, MergeGroup):
            concern = Ignored("a merge group: nobody looks at it yet")
        if isinstance(concern, Ignored):
            _log.debug("delivery ignored", delivery=delivery.guid, event_name=delivery.event, reason=concern.reason)
            await self._store.ignore(delivery.guid, concern.reason, self._clock())
            return
        keys = await self._keys(concern)
        await self._store.route(delivery.guid, keys, self._clock())

    async def _keys(self, concern: Concern) -> list[PullKey]:
        if isinstance(concern.event, Woken):
            self._forget_policy(concern.repository_id)
            return await self._store.pulls_into(concern.repository_id, concern.base_branch or "")
        if concern.number is None:
            return await self._store.pulls_at_head(concern.repository_id, concern.sha or "")
        key = PullKey(concern.repository_id, concern.number)
        await self._store.remember_pull(
            key,
            installation_id=concern.installation_id,
            full_name=concern.full_name,
            now=self._clock(),
            is_open=concern.is_open,
            head_sha=concern.head_sha,
            base_ref=concern.base_ref,
        )
        return [key]
