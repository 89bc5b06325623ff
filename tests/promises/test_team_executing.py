"""What happens to a team session: validated, reconciled, handed out along its graph, brought to an end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from bot.runs.effects import CloseOut, StartWorker
from bot.runs.facts import Outcome, OutcomeState
from bot.runs.messages import NoticeKind, Problem
from bot.runs.model import BlockState, RunState
from tests.promises.worlds import do, executed, finished, recorded_paths, session, words
from tests.runs.plans import FOLDER, SESSION, session_files
from tests.runs.work import policy_of, report, run_moves, with_workflow, workers_started
from tests.runs.world import World

FORK: Mapping[str, tuple[str, ...]] = {"IMPL-001": (), "IMPL-002": (), "TEST-001": ("IMPL-001", "IMPL-002")}


def handed_out(files: Mapping[str, str] | None = None) -> World:
    """A session whose tasks are done by a workflow."""
    return executed(session(files or session_files(FORK), policy=with_workflow()))


def registry(world: World) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(world.tree[SESSION])
    return found


def at_work(world: World) -> set[str]:
    """The tasks that the session's own file has a worker for."""
    return {one["task_id"] for one in registry(world)["active_workers"]}


def done(world: World, block: str) -> str:
    """A worker pushes its task, reports it, and a person approves."""
    sha = world.push(f"src/{block.lower()}.py", message=f"{block}: work")
    report(world, block, "done", sha)
    world.ci("green")
    answer = world.comment(f"/approve {block} @{sha[:7]}")
    assert answer.is_accepted, answer.said
    return sha


def test_nothing_of_a_session_that_is_not_valid_is_executed_and_the_way_out_is_said() -> None:
    files = session_files()
    del files[f"{FOLDER}/role-specs/tester.md"]
    world = session(files)
    answer = world.comment("/execute")
    assert answer.problem is Problem.PLAN_REFUSED
    assert "role-specs/tester.md" in words(world, answer)
    assert world.run is None
    findings = world.reading(SESSION).errors
    assert any("team-coordinate" in (finding.hint or "") for finding in findings)


def test_what_the_session_has_completed_is_completed_and_what_was_interrupted_is_pending_again() -> None:
    world = executed(session(session_files(completed=["IMPL-001"], in_progress=["IMPL-002"], workers=["IMPL-002"])))
    assert world.block("IMPL-001") is BlockState.DONE
    assert world.block("IMPL-002") is BlockState.ACTIVE
    (entry,) = [entry for entry in world.ledger if entry.kind.value == "reconciled"]
    assert "completed before: IMPL-001" in entry.text
    assert "reset to pending: IMPL-002" in entry.text


def test_a_task_in_progress_without_a_worker_for_five_minutes_is_an_orphan() -> None:
    world = executed(session(session_files(in_progress=["IMPL-001"], updated_at="2026-01-12T08:00:00Z")))
    (entry,) = [entry for entry in world.ledger if entry.kind.value == "reconciled"]
    assert "orphans reset to pending: IMPL-001" in entry.text


def test_every_task_of_the_analysis_is_a_block_of_the_run() -> None:
    world = handed_out()
    assert world.run is not None
    assert [block.id for block in world.run.blocks] == list(FORK)


def test_the_first_workers_are_started_for_every_task_that_is_ready_and_the_graph_is_shown() -> None:
    world = session(session_files(FORK), policy=with_workflow())
    answer = world.comment("/execute")
    assert [one.block for one in answer.effects if isinstance(one, StartWorker)] == ["IMPL-001", "IMPL-002"]
    said = words(world, answer)
    assert "🔵 `IMPL-001` [developer]" in said
    assert "⚪ `TEST-001` [tester]" in said
    assert "← `IMPL-001`, `IMPL-002`" in said


def test_the_reconciled_state_is_written_to_the_sessions_own_file_and_nothing_else_is() -> None:
    world = handed_out()
    assert at_work(world) == {"IMPL-001", "IMPL-002"}
    done(world, "IMPL-001")
    assert registry(world)["completed_tasks"] == ["IMPL-001"]
    assert at_work(world) == {"IMPL-002"}
    assert recorded_paths(world) == {SESSION}


def test_a_workers_callback_moves_the_pipeline_on() -> None:
    world = handed_out()
    done(world, "IMPL-001")
    assert [one.block for one in workers_started(world)] == ["IMPL-001", "IMPL-002"]
    done(world, "IMPL-002")
    assert [one.block for one in workers_started(world)] == ["IMPL-001", "IMPL-002", "TEST-001"]


def test_the_worker_of_a_task_is_the_one_of_its_role() -> None:
    policy = policy_of(b"workers: {default: person, roles: {developer: {workflow: dev.yml}}}\n")
    world = executed(session(policy=policy))
    assert [(one.block, one.workflow) for one in workers_started(world)] == [("IMPL-001", "dev.yml")]


@pytest.mark.parametrize("word", ["check", "status"])
def test_a_check_shows_state_icons_and_graph_and_advances_nothing(word: str) -> None:
    world = handed_out()
    before = world.run
    answer = world.comment(f"/{word}", by="otto")
    assert world.run == before
    said = words(world, answer)
    assert "🔵 `IMPL-001`" in said
    assert "```mermaid" in said


@pytest.mark.parametrize("word", ["resume", "continue"])
def test_a_resume_goes_on_with_what_was_stopped(word: str) -> None:
    world = handed_out()
    world.comment("/pause for lunch")
    done_meanwhile = world.push("src/impl-001.py", message="IMPL-001: work")
    report(world, "IMPL-001", "done", done_meanwhile)
    world.ci("green")
    assert world.comment(f"/{word}").is_accepted
    assert world.state() is RunState.RUNNING


def test_a_resume_while_everybody_is_at_work_reports_who_and_suggests_to_check_later() -> None:
    world = handed_out()
    before = len(workers_started(world))
    answer = world.comment("/resume")
    said = words(world, answer)
    assert "`IMPL-001`" in said
    assert "`IMPL-002`" in said
    assert "`/check`" in said
    assert len(workers_started(world)) == before


def test_a_capability_gap_warns_and_makes_up_no_role() -> None:
    world = handed_out()
    roles = registry(world)["roles"]
    answer = world.comment("/gap designer nobody can draw the icons")
    assert answer.notice.kind is NoticeKind.GAP
    assert "no role is made up" in words(world, answer)
    assert world.state() is RunState.RUNNING
    done(world, "IMPL-001")
    assert registry(world)["roles"] == roles
    assert not [path for path in world.tree if "designer" in path]


def test_a_report_of_a_gap_goes_on_too() -> None:
    world = handed_out()
    report(world, "IMPL-001", "gap", notes="designer: nobody can draw the icons")
    assert world.block("IMPL-001") is BlockState.ACTIVE
    assert "designer" in world.checklist()


@pytest.mark.parametrize("status", ["blocked", "done"])
def test_a_consensus_that_is_blocked_with_high_severity_waits_for_a_person_even_in_an_autonomous_run(
    status: str,
) -> None:
    world = session(session_files(FORK), policy=with_workflow())
    world.comment("/execute autonomous")
    run_moves(world, "IMPL-001", "in_progress")
    sha = world.push("src/impl-001.py", message="IMPL-001: work")
    world.ci("green")
    notes = "consensus_blocked: severity HIGH, two of three reviewers reject the schema"
    report(world, "IMPL-001", status, sha if status == "done" else None, notes)  # type: ignore[arg-type]
    world.wait(60)
    assert world.block("IMPL-001") is BlockState.BLOCKED
    assert world.block("TEST-001") is BlockState.PENDING
    assert "two of three reviewers" in words(world)


def test_a_consensus_that_is_blocked_with_less_severity_is_no_obstacle() -> None:
    world = handed_out()
    sha = world.push("src/impl-001.py", message="IMPL-001: work")
    report(world, "IMPL-001", "done", sha, "consensus_blocked: severity LOW, one reviewer would name it otherwise")
    world.ci("green")
    assert world.block("IMPL-001") is BlockState.AWAITING_APPROVAL


def test_a_task_that_times_out_is_logged_marked_as_failed_and_people_choose() -> None:
    world = handed_out()
    for _ in range(3):
        world.wait(61)
    assert world.block("IMPL-001") is BlockState.FAILED
    assert any(entry.kind.value == "failed" for entry in world.ledger)
    said = words(world)
    assert "/retry IMPL-001" in said
    assert "/skip IMPL-001" in said


def test_a_worker_that_crashed_is_started_anew_on_the_same_task() -> None:
    world = handed_out()
    report(world, "IMPL-001", "failed", notes="out of memory")
    assert [one.block for one in workers_started(world, "IMPL-001")] == ["IMPL-001", "IMPL-001"]
    assert world.block("IMPL-001") is BlockState.ACTIVE


def test_no_task_is_ever_handed_to_two_workers() -> None:
    world = handed_out()
    for _ in range(3):
        world.answer()
        world.comment("/check")
        world.comment("/resume")
    assert [one.block for one in workers_started(world)] == ["IMPL-001", "IMPL-002"]


def test_a_pipeline_with_nothing_ready_and_nobody_at_work_is_reported() -> None:
    world = executed(session(session_files(FORK)))
    world.comment("/blocked IMPL-001 the price list is missing")
    sha = world.push("src/impl-002.py", message="IMPL-002: work")
    world.ci("green")
    answer = world.comment(f"/approve IMPL-002 @{sha[:7]}")
    assert answer.notice.kind is NoticeKind.STALLED
    said = words(world, answer)
    assert "IMPL-001 is blocked: the price list is missing" in said
    assert "`/retry <block>`" in said


def test_interactive_asks_what_is_to_become_of_the_session() -> None:
    world = executed(session())
    answer = finished(world)
    assert answer.notice.kind is NoticeKind.CHOOSE_COMPLETION
    said = words(world, answer)
    for choice in ("/archive", "/keep", "/export <dir>"):
        assert choice in said
    assert world.state() is RunState.COMPLETED
    assert world.comment("/archive").is_accepted
    assert world.state() is RunState.CLOSED


@pytest.mark.parametrize(("action", "chosen"), [("auto_archive", "archived"), ("auto_keep", "kept active")])
def test_without_a_question_where_the_session_says_what_is_to_become_of_it(action: str, chosen: str) -> None:
    world = executed(session(session_files(completion=action)))
    answer = finished(world)
    assert world.state() is RunState.CLOSED
    assert f"The session is {chosen}" in words(world, answer)


def test_a_completion_action_that_fails_leaves_the_session_active_and_says_so() -> None:
    world = executed(session())
    finished(world)
    world.lands_by_itself = False
    world.comment("/export docs/out")
    (key,) = world.waiting_effects()
    world.outcomes[key] = Outcome(OutcomeState.FAILED, {}, "docs/out/plan.md is there already and is another file")
    world.lands_by_itself = True
    answer = world.answer()
    assert world.state() is RunState.CLOSED
    assert world.run is not None
    assert world.run.completion == "keep"
    said = words(world, answer)
    assert "is there already" in said
    assert "kept active" in said
    last = [one for one in world.effects.values() if isinstance(one, CloseOut)][-1]
    assert last.export_to is None


def test_the_closing_report_has_the_form_of_the_document() -> None:
    files = session_files(completion="auto_keep") | {f"{FOLDER}/artifacts/plan.md": "A plan\n"}
    world = executed(session(files))
    said = words(world, finished(world))
    for line in (
        "[executor] ============================================", "[executor] TASK COMPLETE",
        "[executor] Deliverables:", f"[executor] - plan.md ({FOLDER}/artifacts/plan.md)",
        "[executor] Pipeline: 3/3 tasks", "[executor] Roles: developer, tester", "[executor] Duration: 0h",
        f"[executor] Session: {FOLDER}",
    ):  # fmt: skip
        assert line in said, line


def test_what_workers_left_is_theirs() -> None:
    artifact = f"{FOLDER}/artifacts/plan.md"
    world = executed(session(session_files() | {artifact: "A plan\n"}))
    do(world, "IMPL-001", artifact)
    mine = world.tree[artifact]
    do(world, "IMPL-002")
    do(world, "TEST-001")
    finished(world)
    world.comment("/archive")
    assert world.tree[artifact] == mine


def test_what_workers_noted_with_their_tasks_stands_in_the_report() -> None:
    world = handed_out(session_files(FORK, completion="auto_keep"))
    sha = world.push("src/impl-001.py", message="IMPL-001: work")
    report(world, "IMPL-001", "done", sha, "reviewers agreed on whole cents; rounding late is what breaks totals")
    world.ci("green")
    world.comment(f"/approve IMPL-001 @{sha[:7]}")
    done(world, "IMPL-002")
    done(world, "TEST-001")
    said = words(world, finished(world))
    assert "`IMPL-001` Work on IMPL-001: done, reviewers agreed on whole cents; rounding late is what breaks" in said
