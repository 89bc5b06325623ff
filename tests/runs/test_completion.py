"""How a finished run ends in each dialect: team sessions ask or act, plans that do not move stay where they are."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.plans.model import Dialect
from bot.runs.effects import CloseOut
from bot.runs.events import Woken
from bot.runs.messages import Notice, NoticeKind, Problem
from bot.runs.model import RunState
from tests.runs.plans import PROGRESS, SESSION, SPEC, SPEC_PLAN
from tests.runs.refusals import refused
from tests.runs.work import policy_of
from tests.runs.world import World
from tests.runs.worlds import finish_all, memory_bank, session, spec_plan

GRAPH = {"A-1": (), "B-1": ("A-1",)}


def judged(world: World) -> World:
    assert finish_all(world).comment("/verdict PASS").is_accepted
    return world


def done(completion: str = "interactive", **more: Any) -> World:
    """A session whose tasks are approved and whose verdict is given; not merged yet."""
    return judged(session(GRAPH, completion=completion, **more))


def merged(completion: str = "interactive") -> World:
    world = done(completion)
    world.merge()
    return world


def closeouts(world: World) -> list[CloseOut]:
    return [effect for effect in world.effects.values() if isinstance(effect, CloseOut)]


def notices(world: World) -> list[NoticeKind]:
    return [m.kind for e in world.effects.values() if isinstance(m := getattr(e, "message", None), Notice)]


def test_an_interactive_session_asks_what_is_to_become_of_it() -> None:
    world = merged()
    assert world.state() is RunState.COMPLETED
    assert notices(world).count(NoticeKind.CHOOSE_COMPLETION) == 1
    assert closeouts(world) == []
    assert "/archive" in world.checklist() and "/keep" in world.checklist()
    world.react(Woken("again"))
    assert notices(world).count(NoticeKind.CHOOSE_COMPLETION) == 1


@pytest.mark.parametrize(
    ("command", "status"), [("/archive", "completed"), ("/keep", "paused"), ("/export out/shop", "completed")]
)
def test_the_choice_is_carried_out(command: str, status: str) -> None:
    world = merged()
    assert world.comment(command).is_accepted
    (effect,) = closeouts(world)
    assert effect.dialect is Dialect.TEAM_SESSION and effect.path == SESSION
    assert effect.record.status == status  # type: ignore[union-attr]
    assert effect.export_to == ("out/shop" if "export" in command else None)
    assert world.state() is RunState.CLOSED


@pytest.mark.parametrize(("action", "status"), [("auto_archive", "completed"), ("auto_keep", "paused")])
def test_a_session_that_says_so_itself_is_not_asked_about(action: str, status: str) -> None:
    world = merged(action)
    assert notices(world).count(NoticeKind.CHOOSE_COMPLETION) == 0
    (effect,) = closeouts(world)
    assert effect.record.status == status  # type: ignore[union-attr]
    assert world.state() is RunState.CLOSED


def test_a_choice_before_the_merge_is_kept_for_it() -> None:
    world = done()
    assert world.comment("/archive").is_accepted
    assert closeouts(world) == []
    world.merge()
    assert len(closeouts(world)) == 1 and NoticeKind.CHOOSE_COMPLETION not in notices(world)


def test_who_chooses_again_before_the_merge_has_the_last_word() -> None:
    world = done()
    world.comment("/archive")
    assert world.comment("/keep", by="coda").is_accepted
    world.merge()
    assert closeouts(world)[0].record.status == "paused"  # type: ignore[union-attr]


@pytest.mark.parametrize("command", ["/archive", "/keep", "/export out"])
def test_nothing_is_finished_before_the_verdict(command: str) -> None:
    world = finish_all(session(GRAPH))
    refused(world.comment(command), Problem.NOT_READY_TO_CLOSE)
    assert closeouts(world) == []


def test_a_second_choice_while_the_first_is_carried_out_is_refused() -> None:
    world = merged()
    world.lands_by_itself = False
    world.comment("/archive")
    refused(world.comment("/keep"), Problem.NOT_READY_TO_CLOSE)
    assert len(closeouts(world)) == 1


@pytest.mark.parametrize(
    "folder", ["../out", "/etc", "out/../..", ".git", ".git/hooks", ".github/workflows", "a\\b", "a//b", "~/x", ".GIT"]
)
def test_nothing_is_exported_to_a_folder_that_is_not_the_repositorys_own(folder: str) -> None:
    refused(merged().comment(f"/export {folder}"), Problem.BAD_FOLDER)


@pytest.mark.parametrize("folder", ["out", "docs/shop/", "`out`", "deep/er/out"])
def test_folders_of_the_repository_are_taken(folder: str) -> None:
    world = merged()
    assert world.comment(f"/export {folder}").is_accepted
    assert closeouts(world)[0].export_to == folder.strip("`").rstrip("/")


def test_export_needs_a_folder() -> None:
    refused(merged().comment("/export"), Problem.BAD_ARGUMENTS)


@pytest.mark.parametrize("command", ["/archive", "/export out"])
def test_a_completion_that_fails_keeps_the_session(command: str) -> None:
    world = merged()
    world.lands_by_itself = False
    world.comment(command)
    world.fail(closeouts(world)[0].key, "GitHub answered 403: Resource not accessible")
    world.react(Woken("it failed"))
    assert world.run is not None and world.run.completion == "keep"
    assert closeouts(world)[-1].record.status == "paused"  # type: ignore[union-attr]
    assert closeouts(world)[-1].export_to is None


def test_only_team_session_json_is_written_in_the_sessions_folder() -> None:
    world = session(GRAPH)
    before = dict(world.tree)
    judged(world)
    world.comment("/archive")
    changed = {path for path in {*before, *world.tree} if before.get(path) != world.tree.get(path)}
    assert {path for path in changed if path.startswith(".workflow/")} == {SESSION}


def test_with_closeout_commit_a_session_is_finished_before_the_merge() -> None:
    world = done("auto_archive", policy=policy_of(b"closeout: commit"))
    assert world.state() is RunState.CLOSED and world.is_open
    assert json.loads(world.tree[SESSION])["status"] == "completed"


def test_with_closeout_commit_an_interactive_session_is_asked_before_the_merge() -> None:
    world = done(policy=policy_of(b"closeout: commit"))
    assert notices(world).count(NoticeKind.CHOOSE_COMPLETION) == 1
    assert world.state() is RunState.COMPLETED
    assert "/archive" in world.checklist()
    assert world.comment("/archive").is_accepted
    assert world.state() is RunState.CLOSED


def test_an_interactive_session_that_was_asked_early_is_asked_only_once() -> None:
    world = done(policy=policy_of(b"closeout: commit"))
    world.merge()
    assert notices(world).count(NoticeKind.CHOOSE_COMPLETION) == 1


def test_a_closed_session_takes_no_further_choice() -> None:
    world = merged("auto_keep")
    refused(world.comment("/archive"), Problem.RUN_OVER)


# -- other dialects --------------------------------------------------------------------------------------------------


def test_a_finished_spec_plan_loses_its_progress_file_and_its_spec_follows() -> None:
    world = judged(spec_plan())
    assert PROGRESS in world.tree
    world.merge()
    (effect,) = closeouts(world)
    assert (effect.path, effect.spec_path, effect.plan_path) == (PROGRESS, SPEC, SPEC_PLAN)
    assert effect.moved_path == SPEC_PLAN, "the plan stays where it is"
    assert effect.new_branch == "stepwise/closeout/cart"


def test_a_finished_memory_bank_run_finishes_its_log() -> None:
    world = judged(memory_bank())
    world.merge()
    (effect,) = closeouts(world)
    assert effect.path.startswith("memory-bank/execute/")
    assert dict(effect.record.success)["Execution log saved"] is True  # type: ignore[union-attr]
    assert effect.record.end_commit  # type: ignore[union-attr]


def test_with_closeout_commit_the_progress_file_goes_before_the_merge() -> None:
    world = judged(spec_plan(policy=policy_of(b"closeout: commit")))
    assert PROGRESS not in world.tree
    assert world.state() is RunState.CLOSED
    world.merge()
    assert world.state() is RunState.CLOSED
