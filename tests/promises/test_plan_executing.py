"""What happens to a memory-bank plan: pre-flight, one log, tasks in order, gates, evidence, the hand-over."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.plans.execution_log import read_log
from bot.runs.effects import RollBack, StartWorker
from bot.runs.facts import Deployment, GateReport, GateState
from bot.runs.messages import NoticeKind, Problem
from bot.runs.model import BlockState, RunState
from bot.views.brief import brief
from tests.promises.worlds import (
    REFS,
    do,
    executed,
    files_below,
    finished,
    log_of,
    memory_bank,
    recorded_paths,
    to_the_verdict,
    words,
)
from tests.runs.plans import MEMORY_BANK, Task, memory_bank_text
from tests.runs.work import policy_of, with_workflow
from tests.runs.world import START

ENFORCED = b"commits: enforce\n"


def test_the_start_is_said_with_plan_branch_rollback_point_and_counts() -> None:
    world = memory_bank()
    head = world.head
    answer = world.comment("/execute")
    assert answer.notice.kind is NoticeKind.STARTED
    assert words(world, answer) == (
        f"Executing plan: `{MEMORY_BANK}`\nBranch: `feature/checkout`\nRollback point: `{head[:7]}`\n"
        "Tasks: 2\nMilestones: 2"
    )


def test_the_log_is_there_before_any_task_with_branch_rollback_point_and_readiness() -> None:
    boxes = {"Definition of ready holds": True, "Secrets are present": True, "Fixtures are ready": True}
    world = memory_bank(memory_bank_text(boxes=boxes))
    head = world.head
    executed(world)
    (path,) = files_below(world, "memory-bank/execute/")
    assert path.startswith(f"memory-bank/execute/{START:%Y-%m-%d}_")
    log = world.tree[path]
    for line in (
        'title: "Greeting – Execution Log"', "phase: Execute", f'plan_path: "{MEMORY_BANK}"', 'owner: "maria"',
        f'start_commit: "{head[:12]}"', "- Branch: `feature/checkout`", f"- Rollback: `{head[:12]}`",
        "- DoR: satisfied", "- Access/secrets: present", "- Fixtures/data: ready", "- Ready: yes",
    ):  # fmt: skip
        assert line in log, line
    assert "- Status: completed" not in log


def test_the_whole_plan_is_read_before_it_is_locked() -> None:
    plan = memory_bank().reading(MEMORY_BANK).plan
    assert plan is not None
    assert len(plan.milestones) == 2
    assert [block.id for block in plan.blocks] == ["T001", "T002"]


def test_a_readiness_box_that_is_not_ticked_aborts_and_brings_the_blockers_section() -> None:
    world = memory_bank(memory_bank_text(boxes={"Fixtures are ready": False}))
    answer = world.comment("/execute")
    assert answer.problem is Problem.PREFLIGHT_FAILED
    assert world.state() is RunState.ABORTED
    assert world.block("T001") is BlockState.PENDING
    log = log_of(world)
    assert "## Blockers" in log
    assert "Fixtures are ready" in log.split("## Blockers")[1]


def test_one_log_is_kept_from_the_first_task_to_the_end() -> None:
    world = executed(memory_bank())
    (path,) = files_below(world, "memory-bank/execute/")
    for block in ("T001", "T002"):
        do(world, block)
        assert f"### {block}" in log_of(world)
    finished(world)
    assert files_below(world, "memory-bank/execute/") == [path]
    assert recorded_paths(world) == {path}


def test_tasks_are_opened_in_the_plans_order_and_after_what_they_wait_for() -> None:
    tasks = {"T001": Task(after=("T003",)), "T002": Task(), "T003": Task()}
    world = executed(memory_bank(memory_bank_text(tasks)))
    assert world.run is not None
    assert [block.id for block in world.run.open_blocks] == ["T002"]
    do(world, "T002")
    assert [block.id for block in world.run.open_blocks] == ["T003"]


def test_every_task_is_logged_with_status_commit_files_tests_and_notes() -> None:
    world = executed(memory_bank())
    sha = do(world, "T001")
    world.comment("/skip T002 the campaign was called off")
    log = log_of(world)
    first, second = log.split("### T001")[1].split("### T002")
    for line in ("- Status: completed", f"- Commit: `{sha[:12]}`", "- Files: `src/t001.py`", "- Tests: tests: success",
                 "- Notes: approved by maria"):  # fmt: skip
        assert line in first, line
    assert "- Commands:" in first
    assert "- Coverage delta:" in first
    assert "- Status: skipped" in second
    assert "the campaign was called off" in second


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("Work on it", "does not begin with T001:"),
        (f"T002: another task\n\n{REFS}", "does not begin with T001:"),
        ("T001: no reference", "has no Refs: line"),
    ],
)
def test_a_commit_that_does_not_name_its_task_and_plan_is_refused_where_the_team_enforces_it(
    message: str, said: str
) -> None:
    world = executed(memory_bank(policy=policy_of(ENFORCED)))
    sha = world.push("src/t001.py", message=message)
    world.ci("green")
    answer = world.comment(f"/approve T001 @{sha[:7]}")
    assert answer.problem is Problem.COMMITS_UNDISCIPLINED
    assert any(said in item for item in answer.refusal.items)


def test_a_worker_is_told_how_commits_have_to_read() -> None:
    world = executed(memory_bank(policy=with_workflow()))
    assert world.run is not None
    said = brief(world.run, "T001")
    assert "The subject of each commit begins with `T001:`" in said
    assert f"`Refs: {MEMORY_BANK.removeprefix('memory-bank/')}`" in said


def test_every_gate_is_recorded_in_the_documents_order_with_its_evidence() -> None:
    world = executed(memory_bank())
    world.push("src/t001.py", message=f"T001: work\n\n{REFS}")
    world.ci("green", name="black --check")
    world.ci("green", name="mypy")
    world.reports[world.head].append(
        GateReport("coverage", "actions", GateState.GREEN, "success", "https://ci.example/c", "91% (target 90%)")
    )
    world.ci("green", name="pytest")
    assert world.comment("/approve").is_accepted
    gates = log_of(world).split("## Gate Results")[1].split("\n## ")[0]
    labels = [line[2:].partition(":")[0] for line in gates.splitlines() if line.startswith("- ")]
    assert labels == ["Tests", "Coverage", "Type checks", "Security", "Linters"]
    assert "- Tests: pass - pytest: success" in gates
    assert "91% (target 90%)" in gates
    assert "- Type checks: pass - mypy" in gates
    assert "- Linters: pass - black" in gates
    assert "- Security: not reported" in gates


def test_a_failed_gate_stops_the_task_and_nothing_is_rolled_back_before_somebody_confirms_it() -> None:
    world = executed(memory_bank())
    sha = world.push("src/t001.py", message=f"T001: work\n\n{REFS}")
    world.ci("red", name="mypy")
    world.wait(60 * 24)
    answer = world.comment(f"/approve T001 @{sha[:7]}")
    assert answer.problem is Problem.GATES_RED
    assert (world.block("T001"), world.block("T002")) == (BlockState.ACTIVE, BlockState.PENDING)
    assert "mypy" in words(world, answer)
    asked = world.comment("/rollback")
    assert asked.notice.kind is NoticeKind.ROLLBACK
    assert not [one for one in world.effects.values() if isinstance(one, RollBack)]
    assert world.tree["src/t001.py"]
    world.comment("/rollback confirm")
    assert "src/t001.py" not in world.tree


def test_a_gate_that_failed_stands_in_the_log_with_what_became_of_it() -> None:
    world = executed(memory_bank())
    failed = world.push("src/t001.py", message=f"T001: work\n\n{REFS}")
    world.ci("red", name="mypy")
    do(world, "T001")
    issues = log_of(world).split("## Issues & Resolutions")[1].split("\n## ")[0]
    assert "T001 – " in issues
    assert "mypy" in issues
    assert failed[:7] in issues


def test_commits_and_checks_are_linked() -> None:
    world = executed(memory_bank(html_url="https://github.test/acme/shop/pull/12"))
    sha = do(world, "T001")
    links = log_of(world).split("## Permalinks & Artifacts")[1].split("\n## ")[0]
    assert "<https://github.test/acme/shop/pull/12>" in links
    assert f"<https://github.test/acme/shop/commit/{sha}>" in links
    assert "<https://ci.example/tests>" in links


def test_deployments_are_recorded_and_metrics_are_not_made_up() -> None:
    world = executed(memory_bank())
    to_the_verdict(world)
    world.deployments = (
        Deployment("staging", "success", "https://staging.example", START, START + timedelta(minutes=3)),
        Deployment("prod", "failure", "", START + timedelta(minutes=5), START + timedelta(minutes=9)),
    )
    world.comment("/verdict PASS")
    log = log_of(world)
    deployed = log.split("## Deployment")[1].split("\n## ")[0].casefold()
    assert "- staging: success" in deployed
    assert "- prod: fail" in deployed
    assert "- timestamps: 2026-01-12t09:00:00z → 2026-01-12t09:09:00z" in deployed
    after = log.split("## Post-Deploy Verification")[1].split("\n## ")[0]
    assert "Dashboard links: <https://staging.example>" in after
    assert "- [ ] Rollout completed or rolled back" in log
    assert "- [ ] KPIs/SLOs within thresholds" in log


def test_the_end_is_said_with_report_log_and_the_next_command() -> None:
    world = executed(memory_bank())
    answer = finished(world, "/verdict PASS_WITH_NOTES the names of cats were not tried")
    (path,) = files_below(world, "memory-bank/execute/")
    said = words(world, answer)
    for line in (
        "Execution complete: Success", "Tasks completed: 2/2", f"Log: `{path}`",
        f'Next: `/use qa-from-execute "{path}"`', "# Execution Report – Greeting", f"**Plan:** `{MEMORY_BANK}`",
        "- Tasks attempted: 2", "- Final status: Success", "## Gate Results", "- `src/t001.py`",
        "- [ ] the names of cats were not tried",
    ):  # fmt: skip
        assert line in said, line


def test_the_finished_log_says_end_commit_success_criteria_and_next_steps() -> None:
    world = executed(memory_bank())
    finished(world, "/verdict PASS_WITH_NOTES the names of cats were not tried")
    log = log_of(world)
    found = read_log(log)
    assert found is not None
    assert "end_commit:" in log
    assert "- [x] All planned gates passed" in log
    assert "- [x] Execution log saved" in log
    assert "the names of cats were not tried" in log.split("## Next Steps")[1]


def test_tasks_that_are_added_removed_or_changed_stop_the_run() -> None:
    for tasks in (
        {"T001": Task(("src/t001.py",)), "T002": Task(("src/t002.py",), ("T001",)), "T003": Task()},
        {"T001": Task(("src/t001.py",))},
        {"T001": Task(("src/other.py",)), "T002": Task(("src/t002.py",), ("T001",))},
    ):
        world = executed(memory_bank())
        sha = world.push("src/t001.py", plan=memory_bank_text(tasks), message=f"T001: work\n\n{REFS}")
        world.ci("green")
        assert world.comment(f"/approve T001 @{sha[:7]}").problem is Problem.CONTRACT_CHANGED


def test_a_plan_that_leaves_something_open_is_refused_with_the_question() -> None:
    world = memory_bank(memory_bank_text({"T001": Task(after=("T009",))}))
    answer = world.comment("/execute")
    assert answer.problem is Problem.PLAN_REFUSED
    assert any("T009" in item for item in answer.refusal.items)


def test_a_file_that_no_task_touches_is_out_of_scope() -> None:
    world = executed(memory_bank())
    sha = world.push("src/t001.py", "src/unrelated.py", message=f"T001: work\n\n{REFS}")
    world.ci("green")
    assert world.comment(f"/approve T001 @{sha[:7]}").problem is Problem.SCOPE_VIOLATED


def test_each_task_is_handed_over_with_what_it_requires() -> None:
    world = executed(memory_bank(policy=with_workflow()))
    (asked,) = [one for one in world.effects.values() if isinstance(one, StartWorker)]
    assert asked.block == "T001"
    do(world, "T001")
    blocks = [one.block for one in world.effects.values() if isinstance(one, StartWorker)]
    assert blocks == ["T001", "T002"]
