"""The bot orchestrates: whatever the dialect, it commits its own records and never anybody's work."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.runs.effects import Say, StartWorker, WriteRecord
from bot.runs.messages import Notice, NoticeKind
from tests.promises.worlds import executed, finished, memory_bank, session, spec_plan
from tests.runs.plans import PROGRESS, SESSION, session_files
from tests.runs.work import policy_of, with_workflow
from tests.runs.world import PLAN, World, planned, validating

PLANS: dict[str, tuple[Callable[[], World], Callable[[str], bool]]] = {
    "exec-plan": (validating, lambda path: path in {PLAN, PLAN.replace("/active/", "/completed/")}),
    "memory-bank": (lambda: executed(memory_bank()), lambda path: path.startswith("memory-bank/execute/")),
    "spec-plan": (lambda: executed(spec_plan()), lambda path: path == PROGRESS),
    "team-session": (lambda: executed(session(session_files(completion="auto_keep"))), lambda path: path == SESSION),
}


@pytest.mark.parametrize("dialect", PLANS)
def test_the_bot_writes_its_records_and_nothing_else(dialect: str) -> None:
    begun, is_record = PLANS[dialect]
    world = begun()
    finished(world)
    written = [path for below, commit in zip(world.line, world.line[1:], strict=False) if commit.by_bot
               for path in {*below.tree, *commit.tree} if below.tree.get(path) != commit.tree.get(path)]  # fmt: skip
    assert written
    assert [path for path in written if not is_record(path)] == []


@pytest.mark.parametrize("waiting", [planned, memory_bank, spec_plan, session])
@pytest.mark.parametrize("mention", [False, True])
def test_the_record_is_written_before_any_worker_is_asked(waiting: Callable[..., World], mention: bool) -> None:
    policy = policy_of(b"workers: {default: {mention: '@coder'}}\n") if mention else with_workflow()
    answer = waiting(policy=policy).comment("/execute")
    kinds = ["record" if isinstance(effect, WriteRecord) else "work" for effect in answer.effects
             if isinstance(effect, WriteRecord | StartWorker) or is_handover(effect)]  # fmt: skip
    assert kinds == ["record", "work"]


def is_handover(effect: object) -> bool:
    return isinstance(effect, Say) and effect.message == Notice(NoticeKind.HANDOVER, effect.message.values)
