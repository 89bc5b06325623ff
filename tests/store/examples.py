"""Runs, pull requests and reactions as the tests need them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.plans.model import Dialect, Level, Mode
from bot.runs.effects import Reply
from bot.runs.ledger import Entry, EntryKind
from bot.runs.model import Approval, BlockRun, BlockState, PullKey, Run, RunState, ScopeException, Verdict, VerdictWord
from bot.store.reactions import Reaction
from bot.store.store import Store

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
PULL = PullKey(77, 5)
HEAD = "a" * 40


def later(**span: float) -> datetime:
    return NOON + timedelta(**span)


def a_run(run_id: str = "run-1", key: PullKey = PULL, **changes: Any) -> Run:
    run = Run(
        id=run_id,
        pull=key,
        plan_path="docs/exec-plans/active/plan.md",
        dialect=Dialect.EXEC_PLAN,
        title="A plan",
        state=RunState.RUNNING,
        mode=Mode.STEPWISE,
        level=Level.MEDIUM,
        contract="c" * 64,
        terms={"objective": "Zoë's plan", "blocks": [{"id": "B01"}], "mode": None},
        branch="feature",
        base_branch="main",
        started_by="maria",
        started_at=NOON,
        rollback=HEAD,
        boundary=HEAD,
        blocks=(
            BlockRun(
                "B01", "First", "d1", BlockState.DONE, HEAD, approval=Approval("B01", HEAD, "c", 9, "maria", NOON)
            ),
            BlockRun("B02", "Second", "d2"),
        ),
        exceptions=(ScopeException("docs/**", "needed", "maria", 10),),
        verdict=Verdict(VerdictWord.PASS_WITH_NOTES, "fine", "maria", NOON, HEAD, 11, Level.MEDIUM),
        before_pause=RunState.VALIDATING,
        own_blobs=(("plan.md", "b" * 40),),
    )
    return replace(run, **changes)


def an_entry(text: str = "maria started the plan", kind: EntryKind = EntryKind.STARTED) -> Entry:
    return Entry(NOON, kind, "maria", text, HEAD, "B01", 9)


def a_reply(key: str = "reply-1", body: str = "Hello") -> Reply:
    return Reply(key, body)


def a_reaction(**parts: Any) -> Reaction:
    return Reaction(**{"key": PULL, "now": NOON, **parts})


async def remember(store: Store, key: PullKey = PULL, **known: Any) -> None:
    await store.remember_pull(key, **{"installation_id": 1, "full_name": "acme/shop", "now": NOON, **known})
