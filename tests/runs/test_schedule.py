"""Which blocks are open at once: in order, after what they wait for, side by side only where the plan lets them."""

from __future__ import annotations

import pytest

from tests.runs.plans import FOLDER, Task, session_files
from tests.runs.worlds import (
    exec_plan,
    execute,
    finish,
    finish_all,
    memory_bank,
    opened,
    session,
    spec_plan,
    states,
    with_files,
    work_on,
)

FREE = {"1": Task(independent=True), "2": Task(independent=True), "3": Task(independent=True)}


def test_blocks_are_opened_one_at_a_time_and_in_order() -> None:
    world = exec_plan()
    assert opened(world) == ["B01"]
    finish(world, "B01")
    assert opened(world) == ["B02"]
    finish(world, "B02")
    assert opened(world) == ["B03"]


def test_a_task_without_files_of_its_own_is_opened_like_any_other() -> None:
    world = memory_bank({"T001": Task(), "T002": Task()})
    assert opened(world) == ["T001"]
    finish(world, "T001")
    assert opened(world) == ["T002"]


def test_a_task_that_waits_for_a_later_one_is_overtaken_by_it() -> None:
    world = memory_bank({"T001": Task(after=("T002",)), "T002": Task(after=())})
    assert opened(world) == ["T002"]
    finish(world, "T002")
    assert opened(world) == ["T001"]


def test_a_skipped_block_holds_nothing_back() -> None:
    world = memory_bank()
    assert world.comment("/skip T001 somebody else did it").is_accepted
    assert states(world) == {"T001": "skipped", "T002": "active"}


# -- spec-plans ------------------------------------------------------------------------------------------------------


def test_tasks_of_a_spec_plan_are_done_one_after_the_other_by_default() -> None:
    world = spec_plan()
    assert opened(world) == ["1"]
    finish(world, "1")
    assert opened(world) == ["2"]


def test_independent_tasks_with_files_of_their_own_are_open_side_by_side() -> None:
    assert opened(spec_plan(FREE)) == ["1", "2", "3"]


def test_different_files_alone_set_no_tasks_side_by_side() -> None:
    assert opened(spec_plan({"1": Task(("src/a.py",)), "2": Task(("src/b.py",))})) == ["1"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("src/a.py", "src/a.py"),
        ("src/", "src/a.py"),
        ("src/**", "src/deep/a.py"),
        ("src/*.py", "src/a.py"),
        ("src/{a,b}.py", "src/b.py"),
    ],
)
def test_independent_tasks_that_may_change_one_file_are_done_one_after_the_other(one: str, other: str) -> None:
    world = spec_plan({"1": Task((one,), independent=True), "2": Task((other,), independent=True)})
    assert opened(world) == ["1"]


def test_a_task_that_is_not_marked_waits_for_the_independent_ones_before_it() -> None:
    world = spec_plan({"1": Task(independent=True), "2": Task(), "3": Task(independent=True)})
    assert opened(world) == ["1"]
    finish(world, "1")
    assert opened(world) == ["2"]
    finish(world, "2")
    assert opened(world) == ["3"]


def test_an_independent_task_that_waits_for_another_is_opened_after_it() -> None:
    world = spec_plan({"1": Task(independent=True), "2": Task(after=("1",), independent=True), "3": Task()})
    assert opened(world) == ["1"]
    finish(world, "1")
    assert opened(world) == ["2"]


def test_side_by_side_blocks_are_approved_each_for_itself() -> None:
    world = spec_plan(FREE)
    work_on(world, "2")
    assert states(world) == {"1": "active", "2": "awaiting_approval", "3": "active"}
    assert world.comment("/approve 2").is_accepted
    assert states(world) == {"1": "active", "2": "done", "3": "active"}
    finish(world, "1", "3")
    assert world.state() == "validating"


def test_a_commit_that_names_no_block_belongs_to_none_of_several() -> None:
    world = spec_plan(FREE)
    world.push("src/t1.py", message="Work on something")
    world.ci("green")
    assert set(states(world).values()) == {"active"}


def test_the_files_of_one_block_are_not_recorded_for_the_one_beside_it() -> None:
    world = spec_plan(FREE)
    work_on(world, "1", ci=None)
    work_on(world, "2")
    world.comment("/approve 2")
    block = world.run.block("2") if world.run else None
    assert block is not None and block.files == ("src/t2.py",)
    assert len(block.commits) == 1


# -- team sessions ---------------------------------------------------------------------------------------------------

DIAMOND = {"A-1": (), "B-1": ("A-1",), "C-1": ("A-1",), "D-1": ("B-1", "C-1")}


def test_a_graph_opens_everything_that_it_leaves_free() -> None:
    world = session(DIAMOND)
    assert opened(world) == ["A-1"]
    finish(world, "A-1")
    assert opened(world) == ["B-1", "C-1"]
    finish(world, "C-1")
    assert opened(world) == ["B-1"]
    finish(world, "B-1")
    assert opened(world) == ["D-1"]


def test_tasks_without_dependencies_are_all_open_from_the_start() -> None:
    assert opened(session({"A-1": (), "B-1": (), "C-1": ()})) == ["A-1", "B-1", "C-1"]


def test_what_a_session_completed_before_is_done_and_opens_what_waited_for_it() -> None:
    world = session(DIAMOND, completed=["A-1", "B-1"])
    assert states(world) == {"A-1": "done", "B-1": "done", "C-1": "active", "D-1": "pending"}


def test_tasks_that_were_interrupted_are_to_be_done_again() -> None:
    world = session(DIAMOND, completed=["A-1"], in_progress=["B-1"], workers=["B-1"])
    assert states(world)["B-1"] == "active"
    assert "B-1" in next(entry.text for entry in world.ledger if entry.kind == "reconciled")


def test_in_progress_without_a_worker_for_more_than_five_minutes_is_an_orphan() -> None:
    world = session(DIAMOND, completed=["A-1"], in_progress=["B-1", "C-1"], workers=["C-1"])
    said = next(entry.text for entry in world.ledger if entry.kind == "reconciled")
    assert "orphans reset to pending: B-1" in said


def test_a_session_that_was_completed_before_goes_straight_to_its_validation() -> None:
    assert session({"A-1": ()}, completed=["A-1"]).state() == "validating"


@pytest.mark.parametrize("make", [exec_plan, memory_bank, spec_plan, session])
def test_every_dialect_reaches_its_validation(make: object) -> None:
    world = finish_all(make())  # type: ignore[operator]
    assert world.state() == "validating"


def test_a_role_with_an_inner_loop_does_one_task_after_another_and_the_others_go_on_beside_it() -> None:
    files = session_files({"IMPL-1": (), "IMPL-2": (), "TEST-1": ()})
    spec = f"{FOLDER}/role-specs/developer.md"
    files[spec] = files[spec].replace("inner_loop: false", "inner_loop: true")
    world = execute(with_files(f"{FOLDER}/team-session.json", files))
    assert world.run is not None and world.run.inner_loops == ("developer",)
    assert opened(world) == ["IMPL-1", "TEST-1"]
    finish(world, "IMPL-1")
    assert opened(world) == ["IMPL-2", "TEST-1"]
