"""From stored deliveries to the pull requests that they concern."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy.exc import DataError

from bot.github.webhooks import Concern, Ignored, MergeGroup
from bot.runs.command_lines import command_lines
from bot.runs.events import CommentCreated, Rerequested, Woken
from bot.runs.model import PullKey
from bot.runs.workers import effect_key
from bot.service.readings import Readings
from bot.service.reports import read_filed
from bot.store.deliveries import CONCERNS_NOBODY
from bot.store.delivery import Delivery
from bot.store.issue_commands import IssueCommand
from bot.store.store import Store

BATCH: Final = 200
# What a payload's own values can lead to: a form that nobody thought of, text that no database takes.
_FAULTS_OF_DATA: Final = (DataError, ValueError, TypeError, LookupError, AttributeError, RecursionError)
_log = structlog.get_logger()


class Router:
    def __init__(self, store: Store, readings: Readings, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._readings = readings
        self._clock = clock

    async def route_waiting(self) -> None:
        """Route every delivery that nobody has looked into yet."""
        while batch := await self._store.unrouted(BATCH):
            ignored = {
                delivery.guid: reason for delivery in batch if (reason := await self._route_or_put_aside(delivery))
            }
            await self._store.ignore(ignored, self._clock())
            if len(batch) < BATCH:
                return  # What came meanwhile woke the dispatcher.

    async def _route_or_put_aside(self, delivery: Delivery) -> str | None:
        """Route one; a delivery that nobody can make sense of must not hold up all that come after it.

        `stepwise replay` brings it back. Whatever else is raised, as by a database that is away, is no fault of its.
        """
        try:
            return await self._route(delivery)
        except _FAULTS_OF_DATA as error:
            reason = f"it could not be routed: {type(error).__name__}"
            _log.exception("delivery put aside", delivery=delivery.guid, event_name=delivery.event, reason=reason)
            return reason

    async def _route(self, delivery: Delivery) -> str | None:
        """Route one; the reason if it concerns nobody. Most do, and one transaction puts all of those aside."""
        filed = read_filed(delivery)
        if filed is not None:
            await self._store.route(delivery.guid, [filed.pull], self._clock())
            return None
        concern = self._readings.of(delivery)
        if isinstance(concern, Concern) and concern.is_issue:
            command = _issue_command(concern)
            if isinstance(command, IssueCommand):
                await self._store.add_issue_command(delivery.guid, command, self._clock())
                return None
            concern = command
        keys = concern if isinstance(concern, Ignored) else await self._keys(concern)
        if isinstance(keys, Ignored):
            _log.debug("delivery ignored", delivery=delivery.guid, event_name=delivery.event, reason=keys.reason)
            return keys.reason
        if not keys:
            return CONCERNS_NOBODY
        await self._store.route(delivery.guid, keys, self._clock())
        return None

    async def _keys(self, concern: Concern | MergeGroup) -> list[PullKey] | Ignored:
        if isinstance(concern, MergeGroup):
            return await self._of_group(concern)
        if isinstance(concern.event, Woken):
            await self._store.policy_changed(concern.repository_id)
            if concern.base_branch is not None:
                return await self._store.pulls_into(concern.repository_id, concern.base_branch)
            return await self._renamed(concern)
        if concern.dispatch is not None:
            # The effect is stored before the dispatch is sent: a webhook that overtakes the answer finds it already.
            key = await self._store.pull_of_effect(concern.repository_id, effect_key(concern.dispatch))
            return Ignored("the workflow run names a dispatch that the bot did not make here") if key is None else [key]
        if concern.number is None:
            return await self._at_head(concern)
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

    async def _at_head(self, concern: Concern) -> list[PullKey]:
        """The pull requests with that head, and the one that answers for the merge group with that head."""
        keys = await self._store.pulls_at_head(concern.repository_id, concern.sha or "")
        if isinstance(concern.event, Rerequested):
            key = await self._store.reopen_group(concern.repository_id, concern.sha or "")
            keys += [] if key is None or key in keys else [key]
        return keys

    async def _renamed(self, concern: Concern) -> list[PullKey]:
        """The name is written down for every pull request of the repository; those with a run are looked at."""
        await self._store.rename_repository(
            concern.repository_id, concern.full_name, installation_id=concern.installation_id
        )
        return await self._store.open_pulls_with_live_run(concern.repository_id)

    async def _of_group(self, group: MergeGroup) -> list[PullKey] | Ignored:
        """The pull request that answers for a merge group: the one that GitHub named it after, else any into there."""
        number = group.last_number
        if number is None:
            into = await self._store.pulls_into(group.repository_id, group.base_ref)
            number = next((key.number for key in into), None)
        if number is None:
            return Ignored("the merge group names no pull request, and none is known into that branch")
        key = PullKey(group.repository_id, number)
        await self._store.remember_pull(
            key, installation_id=group.installation_id, full_name=group.full_name, now=self._clock()
        )
        await self._store.add_group(key, group.head_sha, group.base_ref, self._clock())
        return [key]


def _issue_command(concern: Concern) -> IssueCommand | Ignored:
    """A comment on an issue is no pull request's: only `/execute` is for the bot there."""
    event = concern.event
    if not isinstance(event, CommentCreated) or concern.number is None:
        return Ignored("nothing follows from what happens on an issue")
    if event.author.is_bot:
        return Ignored("a bot commands nothing on an issue")
    if not any(line.word == "execute" for line in command_lines(event.body)):
        return Ignored("the comment on the issue does not say /execute")
    return IssueCommand(
        key=PullKey(concern.repository_id, concern.number),
        comment_id=event.comment_id,
        installation_id=concern.installation_id,
        full_name=concern.full_name,
        author=event.author.login,
        author_id=event.author.id,
        body=event.body,
        written_at=event.at,
    )
