"""What an execution session does with a plan of the template: blocks, scope, validation, escalation, report."""

from __future__ import annotations

import pytest

from bot.plans.exec_plan_record import CloseoutRecord, ExecPlanRecord
from bot.runs.effects import CloseOut, PlanningIssue, StartWorker, WriteRecord
from bot.runs.messages import Problem
from bot.runs.model import BlockState, RunState
from tests.promises.worlds import finished, words
from tests.runs.work import policy_of
from tests.runs.world import PLAN, TITLES, World, awaiting, do_block, plan_text, planned, started, validating

GROUPED = plan_text().replace("- **Stop Conditions", "- **Block Grouping (Optional):** B01-B02\n- **Stop Conditions")
HIGH = b"validation: {level: high, workflow: gates.yml}\n"


def test_every_block_is_restated_before_anything_is_executed() -> None:
    shown = planned().checklist()
    for block, title in TITLES.items():
        assert block in shown
        assert title in shown


def test_the_default_mode_stops_after_each_block_for_as_long_as_nobody_confirms() -> None:
    world = awaiting()
    world.wait(60 * 24 * 7)
    assert (world.block("B01"), world.block("B02")) == (BlockState.AWAITING_APPROVAL, BlockState.PENDING)
    assert world.comment("/approve B01").is_accepted
    assert (world.block("B01"), world.block("B02")) == (BlockState.DONE, BlockState.ACTIVE)


def test_an_approved_group_is_worked_on_and_confirmed_as_one() -> None:
    world = started(GROUPED)
    assert (world.block("B01"), world.block("B02"), world.block("B03")) == (
        BlockState.ACTIVE, BlockState.ACTIVE, BlockState.PENDING,
    )  # fmt: skip
    do_block(world, "src/both.py")
    assert world.comment("/approve").is_accepted
    assert (world.block("B01"), world.block("B02"), world.block("B03")) == (
        BlockState.DONE, BlockState.DONE, BlockState.ACTIVE,
    )  # fmt: skip


def test_autonomous_runs_all_blocks_without_a_stop_in_between_and_only_when_it_was_said() -> None:
    world = planned()
    world.comment("/execute autonomous")
    for block in TITLES:
        assert world.block(block) is BlockState.ACTIVE
        world.push(f"src/{block.lower()}.py", message=f"{block}: work")
        world.ci("green")
        assert world.block(block) is BlockState.DONE
    assert world.state() is RunState.VALIDATING

    world = started()
    world.push("src/b01.py", message="B01: work")
    world.ci("green")
    assert world.block("B01") is BlockState.AWAITING_APPROVAL


def test_one_block_is_open_at_a_time() -> None:
    world = started()
    assert [block.id for block in world.run.open_blocks] == ["B01"]  # type: ignore[union-attr]
    assert world.comment("/approve B02").problem is Problem.NOT_THE_OPEN_BLOCK


@pytest.mark.parametrize("path", ["docs/other.md", "infra/main.tf", "src/payments.py"])
def test_a_file_out_of_scope_stops_the_block_and_can_be_given_back_to_planning(path: str) -> None:
    world = started()
    do_block(world, "src/b01.py", path)
    assert world.block("B01") is BlockState.ACTIVE
    assert world.comment(f"/approve @{world.head[:7]}").problem is Problem.SCOPE_VIOLATED
    answer = world.comment(f"/escalate {path} has to change and the plan does not let it")
    assert world.state() is RunState.ESCALATED
    assert any(isinstance(effect, PlanningIssue) for effect in answer.effects)


def test_scope_drift_stops_an_autonomous_run_by_itself() -> None:
    world = planned()
    world.comment("/execute autonomous")
    world.push("src/b01.py", "infra/main.tf", message="B01: work")
    assert world.state() is RunState.PAUSED
    assert "stop condition" in (world.run.reason or "")  # type: ignore[union-attr]
    assert "The autonomous run stopped" in words(world)


def test_an_exception_to_the_scope_is_never_silent() -> None:
    world = validating()
    do_block(world, "infra/main.tf")
    world.comment("/allow infra/main.tf the region moved")
    answer = finished(world)
    assert "the region moved" in world.tree[PLAN]
    assert "`infra/main.tf` by `maria`: the region moved" in words(world, answer)


def test_the_checks_that_the_plan_defines_are_run_at_level_high() -> None:
    world = planned(policy=policy_of(HIGH))
    world.comment("/execute")
    for block in TITLES:
        do_block(world, f"src/{block.lower()}.py")
        world.comment(f"/approve {block}")
    (asked,) = [effect for effect in world.effects.values() if isinstance(effect, StartWorker)]
    assert (asked.workflow, dict(asked.inputs)["commands"]) == ("gates.yml", '["python -m unittest"]')
    assert world.comment("/verdict PASS").problem is Problem.VALIDATION_RUNNING


def test_what_a_block_changed_and_how_its_checks_went_stands_in_the_execution_record() -> None:
    world = awaiting()
    world.comment("/approve B01")
    record = world.tree[PLAN].split("## 10.")[1].split("## 12.")[0]
    assert "B01" in record
    assert "`src/b01.py`" in record
    assert "tests: success" in record
    assert "done" in record


@pytest.mark.parametrize(
    "changed",
    [
        plan_text(objective="Customers see a rounded total."),
        plan_text({"B01": "Another architecture", "B02": TITLES["B02"], "B03": TITLES["B03"]}),
        plan_text(include=("src/...", "tests/...", "lib/...")),
        plan_text(branch="feature/other"),
    ],
    ids=["objective", "architecture", "scope", "branch"],
)
def test_a_plan_that_changes_while_it_is_executed_stops_everything_until_people_lock_it(changed: str) -> None:
    world = awaiting()
    world.push(plan=changed, message="Change the plan")
    assert world.comment(f"/approve B01 @{world.head[:7]}").problem is Problem.CONTRACT_CHANGED
    assert world.block("B02") is BlockState.PENDING


def test_an_escalated_run_does_nothing_until_people_have_decided() -> None:
    world = awaiting()
    world.comment("/escalate the architecture has to change")
    assert world.comment("/approve B01").problem is Problem.RUN_ESCALATED
    assert world.comment("/resume").is_accepted
    assert world.state() is RunState.RUNNING


def test_the_completion_report_says_blocks_files_validations_and_risks() -> None:
    world = started()
    do_block(world, "src/b01.py")
    world.comment("/approve B01")
    world.comment("/skip B02 the campaign was called off")
    report = words(world, finished(world, "/verdict PASS_WITH_NOTES large carts are slow"))
    assert "| `B01` Amounts are whole cents | done |" in report
    assert "| `B02` Discounts | skipped |" in report
    assert "- `src/b01.py`" in report
    assert "- tests: success" in report
    assert "**Remaining risks**\n\n- large carts are slow" in report


def test_code_that_changes_without_its_documentation_is_said_in_report_and_record() -> None:
    world = validating()
    assert "No documentation was changed with the code" in words(world, finished(world))
    assert "no documentation was changed with the code" in world.tree[PLAN]

    world = started(plan_text(include=("src/...", "docs/...")))
    for block in TITLES:
        do_block(world, f"src/{block.lower()}.py", "docs/totals.md")
        world.comment(f"/approve {block}")
    assert "No documentation" not in words(world, finished(world))


def test_tenant_isolation_and_its_like_have_to_be_confirmed_by_a_person_at_level_high() -> None:
    world = validating(policy=policy_of(b"validation: {level: high}\n"))
    assert world.comment("/verdict PASS").problem is Problem.NOT_CONFIRMED
    for name in ("Tenant isolation/authz", "Migrations/indexes", "Docs updated"):
        world.tick_box(name)
    assert world.comment("/verdict PASS").is_accepted
    assert "- Tenant isolation/authz: pass, confirmed by maria" in world.tree[PLAN].replace("`", "")


def test_only_a_person_who_may_approve_starts_a_plan() -> None:
    world = planned()
    for login in ("toni", "otto", "eve"):
        assert world.comment("/execute", by=login).reaction == "-1"
    assert world.run is None


def test_the_closeout_moves_the_plan_under_its_own_name_and_updates_the_indexes() -> None:
    world = validating()
    finished(world)
    (effect,) = [one for one in world.effects.values() if isinstance(one, CloseOut)]
    assert effect.moved_path == PLAN.replace("/active/", "/completed/")
    assert isinstance(effect.record, ExecPlanRecord)
    assert effect.record.closeout == CloseoutRecord(True, (), effect.moved_path, True, True)


def test_fields_that_planning_filled_in_stay_as_they_are() -> None:
    before = plan_text()
    world = validating(before)
    finished(world)
    records = ("## 10.", "## 12.", "## 13.")
    for part in before.split("\n## ")[1:]:
        if not any(f"## {part}".startswith(one) for one in records):
            assert f"## {part.strip()}" in world.tree[PLAN]


def test_the_bot_writes_records_and_nothing_else() -> None:
    world = validating()
    finished(world)
    assert {one.path for one in world.effects.values() if isinstance(one, WriteRecord)} == {PLAN}
    assert {path for commit in _own(world) for path in commit} == {PLAN}


def _own(world: World) -> list[set[str]]:
    """The files that each of the bot's commits changed."""
    found = []
    for below, commit in zip(world.line, world.line[1:], strict=False):
        if commit.by_bot:
            names = {*below.tree, *commit.tree}
            found.append({path for path in names if below.tree.get(path) != commit.tree.get(path)})
    return found
