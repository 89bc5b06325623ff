"""What each dialect's record says at each stage, as bytes on the branch."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from bot.plans.execution_log_reading import read_log
from bot.plans.progress_file_reading import read_progress
from bot.runs.effects import WriteRecord
from bot.runs.facts import Deployment, GateReport, GateState
from tests.runs.plans import PROGRESS, SESSION, Task
from tests.runs.work import policy_of, run_moves, with_workflow
from tests.runs.world import PLAN, START, World, awaiting
from tests.runs.worlds import finish, finish_all, memory_bank, session, spec_plan, work_on

GRAPH = {"A-1": (), "B-1": ("A-1",), "C-1": ("A-1",)}


def records(world: World) -> list[WriteRecord]:
    return [effect for effect in world.effects.values() if isinstance(effect, WriteRecord)]


def log(world: World) -> str:
    (path,) = [path for path in world.tree if path.startswith("memory-bank/execute/")]
    return world.tree[path]


def kept(world: World) -> dict[str, object]:
    return dict(json.loads(world.tree[SESSION]))


def active(world: World) -> list[str]:
    """The tasks that team-session.json says somebody works on."""
    workers = kept(world)["active_workers"]
    assert isinstance(workers, list)
    return [str(worker.get("task_id") or worker.get("task")) for worker in workers]


def progress(world: World) -> dict[str, str]:
    found = read_progress(world.tree[PROGRESS])
    assert found is not None
    return {task.id: task.state for task in found.tasks}


# -- all of them -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [awaiting, memory_bank, spec_plan, session])
def test_the_first_entry_is_written_at_the_start_and_one_for_each_block(make: object) -> None:
    world = make()  # type: ignore[operator]
    assert len(records(world)) == 1
    assert world.run is not None
    total = len(world.run.blocks)
    finish_all(world)
    assert len(records(world)) == 1 + total


@pytest.mark.parametrize("make", [memory_bank, spec_plan, session])
def test_every_record_names_its_run_its_block_and_who_approved(make: object) -> None:
    world = make()  # type: ignore[operator]
    assert world.run is not None
    first = world.run.open_blocks[0].id
    finish(world, first)
    trailers = dict(records(world)[-1].trailers)
    assert trailers == {"Stepwise-Run": world.run.id, "Stepwise-Block": first, "Approved-by": "maria"}


@pytest.mark.parametrize(
    ("make", "path"), [(memory_bank, "memory-bank/execute/"), (spec_plan, PROGRESS), (session, SESSION)]
)
def test_a_record_commit_touches_its_own_file_alone(make: object, path: str) -> None:
    world = make()  # type: ignore[operator]
    finish_all(world)
    for above, below in zip(world.line[1:], world.line[:-1], strict=True):
        if above.by_bot:
            changed = {p for p in {*above.tree, *below.tree} if above.tree.get(p) != below.tree.get(p)}
            assert all(one.startswith(path) for one in changed), changed


@pytest.mark.parametrize("make", [memory_bank, spec_plan, session])
def test_record_off_writes_nothing(make: object) -> None:
    world = make(policy=policy_of(b"record: off"))  # type: ignore[operator]
    finish_all(world)
    world.comment("/verdict PASS")
    assert records(world) == []


@pytest.mark.parametrize("make", [memory_bank, spec_plan, session])
def test_record_end_writes_once_with_the_verdict(make: object) -> None:
    world = make(policy=policy_of(b"record: end"))  # type: ignore[operator]
    finish_all(world)
    assert records(world) == []
    world.comment("/verdict PASS")
    assert len(records(world)) == 1


@pytest.mark.parametrize("make", [memory_bank, spec_plan, session])
def test_forks_are_never_pushed_to(make: object) -> None:
    world = make(is_fork=True)  # type: ignore[operator]
    finish_all(world)
    assert records(world) == []


# -- exec-plan -------------------------------------------------------------------------------------------------------


def test_an_exec_plan_says_what_is_blocked_and_why() -> None:
    world = awaiting()
    world.comment("/blocked B01 no access to the mail server")
    world.comment("/escalate nobody can help")
    world.comment("/abort nobody can help")
    text = world.tree[PLAN]
    assert "**Status:** Aborted" in text


def test_what_a_worker_noted_stands_in_the_checkpoint() -> None:
    world = awaiting()
    world.comment("/done B01 rounding is half to even")
    world.comment("/approve")
    assert "rounding is half to even" in world.tree[PLAN]


# -- memory-bank -----------------------------------------------------------------------------------------------------


def test_the_log_is_there_from_the_start_with_its_front_matter_and_pre_flight() -> None:
    world = memory_bank()
    text = log(world)
    assert world.run is not None
    rollback = world.run.rollback
    for words in (
        'title: "Greeting – Execution Log"',
        "phase: Execute",
        'owner: "maria"',
        f'plan_path: "{world.plan_path}"',
        "- Branch: `feature/checkout`",
        f"- Rollback: `{rollback[:12]}`",
    ):
        assert words in text, text
    assert rollback.startswith(text.partition('start_commit: "')[2].partition('"')[0])
    assert "end_commit" not in text or 'end_commit: ""' in text or "end_commit: null" in text


def test_there_is_one_log_however_long_the_run_takes() -> None:
    world = finish_all(memory_bank())
    world.comment("/verdict PASS")
    assert len([path for path in world.tree if path.startswith("memory-bank/execute/")]) == 1


def test_each_task_has_a_section_once_it_is_begun() -> None:
    world = memory_bank()
    assert [task.id for task in read_log(log(world)).tasks] == ["T001"]
    finish(world, "T001")
    found = {task.id: task for task in read_log(log(world)).tasks}
    assert set(found) == {"T001", "T002"}
    commit = world.run.blocks[0].commits[-1] if world.run else ""
    section = log(world).partition("### T001")[2].partition("### T002")[0]
    for words in ("Status: completed", commit[:12], "`src/t001.py`", "tests: success", "approved by maria"):
        assert words in section, section


def test_a_skipped_task_has_its_reason_in_the_log() -> None:
    world = memory_bank()
    world.comment("/skip T001 somebody else did it")
    section = log(world).partition("### T001")[2].partition("### T002")[0]
    assert "Status: skipped" in section and "somebody else did it" in section
    assert "somebody else did it" in log(world).partition("## Issues & Resolutions")[2]


def test_gate_results_are_sorted_by_kind_with_their_evidence() -> None:
    world = memory_bank()
    world.push("src/t001.py", message="T001: work\n\nRefs: plan/x.md")
    world.reports[world.head] = [
        GateReport("pytest", "actions", GateState.GREEN, "success", "https://ci.example/1", "120 passed"),
        GateReport("mypy", "actions", GateState.GREEN, "success", "https://ci.example/2"),
        GateReport("coverage", "actions", GateState.GREEN, "success", None, "91 %"),
    ]
    world.react()
    world.comment("/approve")
    gates = log(world).partition("## Gate Results")[2].partition("\n## ")[0]
    lines = {line.partition(":")[0].strip("- "): line for line in gates.splitlines() if line.startswith("- ")}
    assert "120 passed" in lines["Tests"] and "pass" in lines["Tests"]
    assert "91 %" in lines["Coverage"]
    assert "mypy" in lines["Type checks"]
    assert "not reported" in lines["Security"] and "not reported" in lines["Linters"]


def test_permalinks_go_to_commits_and_checks() -> None:
    world = memory_bank(html_url="https://github.test/acme/shop/pull/12")
    finish(world, "T001")
    assert world.run is not None
    sha = world.run.blocks[0].commits[-1]
    assert f"https://github.test/acme/shop/commit/{sha}" in log(world)
    assert "https://ci.example/tests" in log(world)


def test_the_finished_log_has_the_end_commit_and_the_success_criteria() -> None:
    world = finish_all(memory_bank())
    head = world.content_head
    world.comment("/verdict PASS_WITH_NOTES watch the mail server")
    text = log(world)
    assert f'end_commit: "{head[:12]}"' in text
    assert "- [x] All planned gates passed" in text and "- [ ] KPIs/SLOs within thresholds" in text
    assert "watch the mail server" in text.partition("## Next Steps")[2]


@pytest.mark.parametrize(("state", "said"), [("success", "success"), ("failure", "fail")])
def test_deployments_stand_in_the_log(state: str, said: str) -> None:
    world = memory_bank()
    world.deployments = (Deployment("staging", state, "https://staging.example", START, START + timedelta(minutes=4)),)
    finish_all(world)
    world.comment("/verdict PASS")
    text = log(world).partition("## Deployment")[2]
    assert f"staging: {said}" in text.lower()
    assert ("- [x] Rollout completed or rolled back" in log(world)) == (state == "success")


def test_nothing_is_claimed_of_deployments_that_there_were_not() -> None:
    world = finish_all(memory_bank())
    world.comment("/verdict PASS")
    assert "## Deployment" not in log(world)
    assert "- [ ] Rollout completed or rolled back" in log(world)


# -- spec-plan -------------------------------------------------------------------------------------------------------


def test_the_progress_file_is_there_before_the_first_task_is_done() -> None:
    world = spec_plan(weight="light")
    assert progress(world) == {"1": "in_progress", "2": "pending", "3": "pending"}
    assert "light" in world.tree[PROGRESS]


def test_the_progress_file_follows_each_task_with_its_commit() -> None:
    world = finish(spec_plan(), "1")
    assert progress(world) == {"1": "done", "2": "in_progress", "3": "pending"}
    assert world.run is not None
    assert world.run.blocks[0].commits[-1][:7] in world.tree[PROGRESS]
    world.comment("/skip 2 not needed")
    assert progress(world) == {"1": "done", "2": "skipped", "3": "in_progress"}
    assert "not needed" in world.tree[PROGRESS]


def test_tasks_side_by_side_are_all_in_progress() -> None:
    world = spec_plan({"1": Task(independent=True), "2": Task(independent=True)})
    assert progress(world) == {"1": "in_progress", "2": "in_progress"}
    work_on(world, "2")
    world.comment("/approve 2")
    assert progress(world) == {"1": "in_progress", "2": "done"}


def test_every_task_done_leaves_the_final_verification() -> None:
    world = finish_all(spec_plan())
    assert set(progress(world).values()) == {"done"}
    assert "final verification" in world.tree[PROGRESS]


# -- team sessions ---------------------------------------------------------------------------------------------------


def test_a_session_knows_its_active_workers_and_completed_tasks() -> None:
    world = session(GRAPH)
    assert active(world) == ["A-1"]
    finish(world, "A-1")
    assert kept(world)["completed_tasks"] == ["A-1"]
    assert active(world) == ["B-1", "C-1"]


def test_interrupted_tasks_are_reset_in_the_file() -> None:
    world = session(GRAPH, in_progress=["B-1"], workers=["B-1"])
    assert kept(world)["in_progress"] == []
    assert active(world) == ["A-1"], "B-1 waits for A-1"


def test_a_skipped_task_is_no_longer_anybodys() -> None:
    world = session(GRAPH)
    world.comment("/skip A-1 done elsewhere")
    assert active(world) == ["B-1", "C-1"]


def test_a_session_that_is_aborted_has_no_active_workers() -> None:
    world = session(GRAPH, policy=with_workflow())
    run_moves(world, "A-1", "in_progress")
    world.comment("/abort enough")
    assert kept(world)["active_workers"] == []
    assert kept(world)["status"] == "paused"


def test_a_finished_session_is_still_active_until_it_is_archived_or_kept() -> None:
    world = finish_all(session(GRAPH))
    world.comment("/verdict PASS")
    assert kept(world)["status"] == "active"
    assert sorted(kept(world)["completed_tasks"]) == ["A-1", "B-1", "C-1"]  # type: ignore[call-overload]
    assert kept(world)["active_workers"] == []
