"""Reports of workers: whose they are, whether anybody waits for them, and how they reach the reaction.

A report goes the way that deliveries go: it is stored before it is acknowledged, under a GUID made of its token's id.
So a crash between acknowledgement and reaction loses nothing, and a token that comes a second time is told from one
that comes first. Refusals that concern a known dispatch go the same way into the ledger, a few per hour at most: who
has seen the id of a dispatch needs no valid token to be refused.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from pydantic import TypeAdapter, ValidationError

from bot.github import repos
from bot.github.app import GitHubApp
from bot.github.oidc import Identity
from bot.runs.events import ReportRefused, ReportStatus, WorkerReported
from bot.runs.model import BlockRun, BlockState, Dispatch, DispatchState, PullKey, Run, WorkerKind
from bot.runs.workers import effect_key
from bot.store.delivery import OWN_EVENT, OWN_GUIDS, Delivery
from bot.store.dispatches import Work
from bot.store.inbox import Inbox
from bot.store.store import Store

MOST_NOTED: Final = 3
"""How many refusals of one dispatch the ledger takes in an hour."""
DefaultBranch = Callable[[Work], Awaitable[str]]
"""The default branch of the repository that the work is in, as it is now; raises GitHubError."""
# Its gates can be green before its worker has said that it is done, when GitHub's word that it began came late.
_AT_WORK: Final = frozenset({BlockState.ACTIVE, BlockState.AWAITING_APPROVAL})
_LONGEST_ID: Final = 100
USED: Final = "The token was used before: each report needs a new one"


class ReportUnwanted(Exception):  # noqa: N818 - named after what happened
    """A report that nobody can use, whoever it comes from; `reason` is a sentence for the worker's author."""

    def __init__(self, status: Literal[403, 409], reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class ReportRepeated(ReportUnwanted):
    """The same report once more, from the same workflow run: the answer to the first one never reached it."""

    def __init__(self, block: str) -> None:
        super().__init__(409, f"{block} is reported as done already, by this very run")


@dataclass(frozen=True, slots=True)
class Report:
    """What a worker says became of one dispatch, checked for its form only."""

    dispatch: str
    block: str
    status: ReportStatus
    commit: str | None
    notes: str
    signal: str | None


@dataclass(frozen=True, slots=True)
class Filed:
    """What the inbox holds of a report: the pull request, and either the report or why it was refused."""

    pull: PullKey
    reported: WorkerReported | None = None
    refused: ReportRefused | None = None

    @property
    def event(self) -> WorkerReported | ReportRefused | None:
        return self.reported or self.refused


_FILED: Final = TypeAdapter(Filed)


def read_filed(delivery: Delivery) -> Filed | None:
    """The report that a delivery holds; None for the deliveries of GitHub, and for one that cannot be read."""
    if delivery.event != OWN_EVENT:
        return None
    try:
        return _FILED.validate_json(delivery.body)
    except ValidationError:
        return None


def default_branch_on(app: GitHubApp) -> DefaultBranch:
    """Asks GitHub, by the repository's id: after a rename its name may be another's."""

    async def ask(work: Work) -> str:
        client = app.installation(work.installation_id, work.pull.repository_id)
        return (await repos.by_id(client, work.pull.repository_id)).default_branch

    return ask


class ReportDesk:
    """Takes the reports whose tokens are verified. Everything here may raise StoreError or InboxUnavailable."""

    def __init__(
        self, store: Store, inbox: Inbox, default_branch: DefaultBranch, clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._inbox = inbox
        self._default_branch = default_branch
        self._clock = clock
        self._hour = ""
        self._noted: Counter[str] = Counter()

    async def take(self, report: Report, identity: Identity) -> None:
        """Store a report of this workflow run for the next reaction.

        Raises ReportRepeated, ReportUnwanted, TokenRefused (403) for another workflow, branch or run than the one that
        was started, and GitHubError when the default branch cannot be asked for.
        """
        work = await self._work_for(report, identity)
        guid = _guid(identity)
        if await self._store.has_delivery(guid):
            raise ReportUnwanted(409, USED)
        if (block := _taken_before(work.run, report, identity)) is not None:
            raise ReportRepeated(block.id)
        dispatch = awaited(work.run, report)
        identity.expect(
            repository_id=work.pull.repository_id,
            default_branch=await self._default_branch(work),
            workflow_file=dispatch.worker,
            # GitHub's answer to the dispatch may be known before a reaction has brought it into the run.
            workflow_run_id=dispatch.workflow_run_id or work.workflow_run_id,
        )
        event = WorkerReported(
            token_id=identity.token_id,
            dispatch=report.dispatch,
            block=report.block,
            status=report.status,
            commit=report.commit,
            notes=report.notes,
            signal=report.signal,
            workflow_run_id=identity.workflow_run_id,
            at=self._clock(),
        )
        if not await self._file(guid, Filed(work.pull, reported=event)):
            raise ReportUnwanted(409, USED)

    async def note_refusal(self, dispatch: str, reason: str) -> bool:
        """Tell the ledger that a report was refused, if the dispatch is known; whether something was stored."""
        now = self._clock()
        hour = now.strftime("%Y-%m-%dT%H")
        if hour != self._hour:
            self._hour, self._noted = hour, Counter()
        if self._noted[dispatch] >= MOST_NOTED:
            return False
        work = await self._store.work_of(effect_key(dispatch))
        if work is None:
            return False
        block = _block_of(work.run, dispatch)
        refused = ReportRefused(dispatch, block.id if block else "", reason, now)
        while self._noted[dispatch] < MOST_NOTED:
            self._noted[dispatch] += 1
            # The number is in the GUID: what was noted before a restart counts too.
            guid = f"{OWN_GUIDS}refused:{dispatch}:{hour}:{self._noted[dispatch]}"
            if await self._file(guid, Filed(work.pull, refused=refused)):
                return True
        return False

    async def _work_for(self, report: Report, identity: Identity) -> Work:
        """The work in the token's own repository: of what goes on in others its holder learns nothing."""
        work = await self._store.work_of(effect_key(report.dispatch))
        if work is not None and work.pull.repository_id == identity.repository_id:
            return work
        if not await self._store.knows_repository(identity.repository_id):
            raise ReportUnwanted(403, f"The token belongs to {identity.repository}, where Stepwise started no worker")
        raise ReportUnwanted(409, f"No worker was started in {identity.repository} with this dispatch id")

    async def _file(self, guid: str, filed: Filed) -> bool:
        return await self._inbox.accept(guid, OWN_EVENT, _FILED.dump_json(filed))


def awaited(run: Run, report: Report) -> Dispatch:
    """The dispatch that a report is awaited for. Raises ReportUnwanted (409) when it is not awaited any more."""
    block = _block_of(run, report.dispatch)
    if block is None:
        raise ReportUnwanted(409, "The dispatch was made for no block")
    if not run.is_live:
        raise ReportUnwanted(409, f"The run is {run.state}: nobody waits for a report on {block.id}")
    if block.dispatch is None or block.dispatch.id != report.dispatch:
        raise ReportUnwanted(409, f"Another attempt at {block.id} was started or asked for since")
    if block.id.casefold() != report.block.casefold():
        raise ReportUnwanted(409, f"The dispatch was made for {block.id}, not for the block that the report names")
    if block.dispatch.kind is not WorkerKind.WORKFLOW:
        raise ReportUnwanted(409, f"{block.id} was handed over in a comment, and is reported on with commands")
    if block.state not in _AT_WORK:
        raise ReportUnwanted(409, f"{block.id} is {block.state}: nobody waits for a report on it")
    if block.dispatch.is_over:
        raise ReportUnwanted(409, f"{block.id} is reported on already: nobody waits for another report")
    return block.dispatch


def _taken_before(run: Run, report: Report, identity: Identity) -> BlockRun | None:
    """The block that this very workflow run reported as done before, with this commit; None when it did not."""
    block = _block_of(run, report.dispatch)
    if block is None or block.dispatch is None or block.id.casefold() != report.block.casefold():
        return None
    known = block.dispatch
    is_same = (
        report.status == "done"
        and (known.id, known.state) == (report.dispatch, DispatchState.DONE)
        and known.workflow_run_id == identity.workflow_run_id
        and (known.commit or "").startswith((report.commit or "").lower())
    )
    return block if is_same else None


def _block_of(run: Run, dispatch: str) -> BlockRun | None:
    """The block that a worker was started for, now or before."""
    for block in run.blocks:
        if dispatch in block.earlier or (block.dispatch is not None and block.dispatch.id == dispatch):
            return block
    return None


def _guid(identity: Identity) -> str:
    """GitHub's ids are UUIDs; one that would not fit a GUID is stored by its digest."""
    name = identity.token_id
    if len(name) > _LONGEST_ID or not name.isascii() or " " in name:
        name = hashlib.sha256(name.encode()).hexdigest()
    return OWN_GUIDS + name
