"""The reaction: one pass of the bot over one pull request.

    observe -> decide -> record -> act -> show

A crash anywhere between two of these is healed by the next reaction; there is no other recovery. What each step
leaves behind: observe nothing; record, in one transaction, the new run, the ledger, the effects to do and the
deliveries handled; act one mark per effect; show what was last shown. Until it is shown the pull request stays due.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import structlog

from bot.github.app import GitHubApp
from bot.github.errors import NotFound
from bot.github.repos import Repo
from bot.github.webhooks import Concern
from bot.metrics import Metrics
from bot.runs.decide import Decision, decide
from bot.runs.effects import CloseIssue, CloseOut, Effect, PlanningIssue, Reply, Say, StartWorker
from bot.runs.events import ButtonPressed, ChecklistEdited, CommentCreated, Event, Rerequested, Woken
from bot.runs.facts import Facts
from bot.runs.ledger import Entry
from bot.runs.model import PullKey, Run
from bot.runs.needs import Needs, needs
from bot.service.handed_over import read_handed_over
from bot.service.log_context import bind_reaction, bind_run
from bot.service.merge_group import MergeQueue
from bot.service.observe import HeadMovedMeanwhile, Observer
from bot.service.overdue import heard_by_asking
from bot.service.perform import Performer
from bot.service.readings import Readings
from bot.service.reports import read_filed
from bot.service.show import Presenter
from bot.service.target import Target
from bot.service.workers import NOWHERE, Addresses
from bot.store.delivery import Delivery
from bot.store.errors import Conflict
from bot.store.merge_groups import StoredGroup
from bot.store.pulls import PullRow, PullUpdate
from bot.store.reactions import Reaction
from bot.store.runs import StoredRun
from bot.store.store import Store
from bot.store.views import ShownViews
from bot.views.brief import brief
from bot.views.notices import closeout_body, planning_body, worded
from bot.views.words import plain

PASSES: Final = 5
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a pass starts from: the stored state and the deliveries that wait."""

    row: PullRow
    deliveries: tuple[Delivery, ...]
    events: tuple[Event, ...]
    stored: StoredRun | None
    shown: ShownViews
    groups: tuple[StoredGroup, ...] = ()

    @property
    def run(self) -> Run | None:
        return self.stored.run if self.stored else None


class Reactor:
    """Reacts to one pull request at a time; whoever calls sees to it that no two reactions share a pull request."""

    def __init__(
        self,
        app: GitHubApp,
        app_id: int,
        store: Store,
        clock: Callable[[], datetime],
        metrics: Metrics,
        readings: Readings,
        addresses: Addresses = NOWHERE,
    ) -> None:
        self._app = app
        self._app_id = app_id
        self._store = store
        self._clock = clock
        self._readings = readings
        self.observer = Observer(app, app_id, store, clock)
        self._performer = Performer(store, app_id, clock, metrics, addresses, self.observer.plans.remember)
        self._presenter = Presenter(store, app_id, clock)
        self._queue = MergeQueue(store, app_id, clock)

    async def react(self, key: PullKey) -> None:
        """Pass over a pull request until nothing waits; more than once when acting changed what was decided on."""
        woken = False
        for _ in range(PASSES):
            try:
                woken = await self._pass(key, woken=woken)
            except (Conflict, HeadMovedMeanwhile):
                # Another process changed the run, or somebody pushed, since it was read: read and decide again.
                woken = True
            if not woken:
                return

    async def _pass(self, key: PullKey, *, woken: bool) -> bool:
        """One pass; whether another one has to follow because acting changed the run."""
        waiting = await self._waiting(key, woken)
        if waiting is None:
            return False
        bind_reaction(waiting.row, waiting.deliveries, waiting.run)
        _log.info("reacting", deliveries=[delivery.guid for delivery in waiting.deliveries])
        need = needs(
            waiting.events,
            has_run=waiting.run is not None,
            has_plan=waiting.shown.comment_id is not None,
            shown_head=next((head for head, _ in waiting.shown.checks), None),
        )
        target = self._target(waiting.row)
        await self._queue.begin(target, waiting.groups)
        if not need.look:
            handled = tuple(delivery.guid for delivery in waiting.deliveries)
            if handled:
                await self._store.record(Reaction(key, self._clock(), handled_guids=handled))
            acted = await self._performer.perform_due(target, waiting.run)
            return acted.changed_run
        try:
            return await self._look(target, waiting, need)
        except NotFound as error:
            if not await self._is_gone(target):
                raise
            _log.warning("pull request is gone", error=error.sentence())
            await self._store.remember_pull(
                key,
                installation_id=waiting.row.installation_id,
                full_name=waiting.row.full_name,
                now=self._clock(),
                is_open=False,
            )
            handled = tuple(delivery.guid for delivery in waiting.deliveries)
            await self._store.record(Reaction(key, self._clock(), handled_guids=handled))
            await self._store.set_wake_at(key, None)
            await self._store.drop_groups(key, self._clock())
            return False

    async def _is_gone(self, target: Target) -> bool:
        """Whether the pull request itself cannot be seen any more (the repository was deleted or taken away)."""
        try:
            await self.observer.pull(target)
        except NotFound:
            return True
        return False

    async def _waiting(self, key: PullKey, woken: bool) -> Waiting | None:
        row = await self._store.pull(key)
        if row is None:
            return None
        deliveries = tuple(await self._store.deliveries_for(key))
        events: list[Event] = []
        for delivery in deliveries:
            filed = read_filed(delivery)
            if filed is not None and filed.event is not None:
                events.append(filed.event)
                continue
            from_issue = read_handed_over(delivery)
            if from_issue is not None:
                events.append(from_issue)
                continue
            concern = self._readings.of(delivery)
            if isinstance(concern, Concern):
                events.append(concern.event)
        comment_ids = {event.store_id for event in events if isinstance(event, CommentCreated)}
        fresh = await self._store.unhandled_comments(key.repository_id, comment_ids)
        events = [event for event in events if not isinstance(event, CommentCreated) or event.store_id in fresh]
        is_due = row.wake_at is not None and row.wake_at <= self._clock()
        groups = tuple(await self._store.open_groups(key))
        if woken or is_due or row.attempts or groups:
            events.append(Woken("again" if woken else "due"))
        shown = await self._store.shown(key)
        events = [event for event in events if not _is_of_another_comment(event, shown)]
        # Noted before these events are marked as handled: whatever fails or dies on the way, it is written again.
        if any(isinstance(event, ChecklistEdited) for event in events):
            await self._store.distrust_comment(key)
        if any(isinstance(event, Rerequested | ButtonPressed) for event in events):
            await self._store.forget_checks(key)
        stored = await self._store.latest_run(key)
        return Waiting(row, deliveries, tuple(events), stored, await self._store.shown(key), groups)

    def _target(self, row: PullRow) -> Target:
        client = self._app.installation(row.installation_id, row.key.repository_id)
        return Target(row.key, row.installation_id, client, Repo.of(row.full_name))

    async def _look(self, target: Target, waiting: Waiting, need: Needs) -> bool:
        """The five steps."""
        facts = await self._observe(target, waiting, need)
        now = self._clock()
        events = (*waiting.events, *await heard_by_asking(target, waiting.run, facts, now))
        # Hundreds of blocks and files take too long for the event loop that acknowledges webhooks.
        decision = await asyncio.to_thread(decide, target.key, waiting.run, facts, events, now)
        bind_run(decision.run)
        culprits = await self.observer.culprits(target, decision.situation, facts)
        facts = replace(facts, brought_by=culprits)
        ledger = await self._record(target, waiting, facts, decision)
        acted = await self._performer.perform_due(target, decision.run)
        if acted.changed_run:
            return True
        await self._presenter.show(target, decision.run, decision.situation, facts, ledger, waiting.shown)
        await self._queue.answer(target)
        await self._store.set_wake_at(target.key, decision.wake_at)
        return False

    async def _observe(self, target: Target, waiting: Waiting, need: Needs) -> Facts:
        pull = await self.observer.pull(target)
        if pull.full_name != target.repo.full_name:
            # GitHub follows a renamed repository when it reads and not when it writes.
            await self._store.rename_repository(target.key.repository_id, pull.full_name)
            raise HeadMovedMeanwhile
        seen_at = await self._store.set_head(target.key, pull.head_sha, self._clock())
        outcomes = await self._store.outcomes(waiting.run.id) if waiting.run else {}
        return await self.observer.facts(
            target,
            pull,
            run=waiting.run,
            events=waiting.events,
            logins=need.logins,
            head_seen_at=seen_at,
            shown=waiting.shown.awaiting,
            outcomes=outcomes,
        )

    async def _record(self, target: Target, waiting: Waiting, facts: Facts, decision: Decision) -> list[Entry]:
        """Everything that was decided, in one transaction; the ledger as it stands then."""
        run, before = decision.run, waiting.stored
        is_new = run is not None and (before is None or before.run.id != run.id)
        known = [] if run is None or is_new else await self._store.ledger(run.id)
        ledger = [*known, *decision.entries]
        pull = facts.pull
        await self._store.record(
            Reaction(
                key=target.key,
                now=self._clock(),
                run=run if run is None or is_new or before is None or run != before.run or decision.entries else None,
                expected_version=None if is_new or before is None else before.version,
                entries=decision.entries,
                effects=_in_words(decision, facts, ledger),
                handled_guids=tuple(delivery.guid for delivery in waiting.deliveries),
                comment_ids=tuple(event.store_id for event in waiting.events if isinstance(event, CommentCreated)),
                # Due at once until it has been shown: after a crash nothing else would bring anybody back here.
                pull=PullUpdate(pull.is_open, pull.head_sha, pull.base_ref, pull.full_name, self._clock()),
            )
        )
        return ledger


def _is_of_another_comment(event: Event, shown: ShownViews) -> bool:
    """An edit of the bot's other comments: boxes in them are copies, and ticking those approves nothing."""
    if not isinstance(event, ChecklistEdited) or not event.comment_id:
        return False
    return shown.comment_id is not None and event.comment_id != shown.comment_id


def _in_words(decision: Decision, facts: Facts, ledger: Sequence[Entry]) -> tuple[Effect, ...]:
    """The effects with everything put into words that people will read."""
    effects: list[Effect] = []
    for effect in decision.effects:
        match effect:
            case Say():
                effects.append(Reply(effect.key, worded(effect, decision.run, decision.situation, facts, ledger)))
            case CloseOut() if decision.run is not None:
                effects.append(replace(effect, body=closeout_body(decision.run)))
            case StartWorker(block=block) if block and decision.run is not None:
                told = brief(decision.run, block, dict(effect.inputs).get("failure", ""))
                effects.append(replace(effect, inputs=(*effect.inputs, ("brief", told))))
            case CloseIssue():
                effects.append(replace(effect, body=plain(effect.body, 1000)))
            case PlanningIssue() if decision.run is not None:
                effects.append(replace(effect, body=planning_body(decision.run, facts)))
            case _:
                effects.append(effect)
    return tuple(effects)
