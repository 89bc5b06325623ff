"""Workers: one per block and attempt, one retry, time-outs, and events in whatever order they come."""

from __future__ import annotations

import itertools

import pytest

from bot.runs.effects import Say, StartWorker
from bot.runs.events import Event, Woken
from bot.runs.messages import Notice, NoticeKind, Problem
from bot.runs.model import BlockState, DispatchState, RunState
from tests.runs.refusals import refused
from tests.runs.work import (
    block_of,
    dispatch_fails,
    dispatch_of,
    moved,
    policy_of,
    report,
    report_of,
    run_moves,
    with_workflow,
    workers_cancelled,
    workers_started,
)
from tests.runs.world import Answer, World, started
from tests.runs.worlds import session, states, work_on

MENTION = b"workers: {default: {mention: '@coder'}}\n"


def handed() -> World:
    """The first block was handed to a workflow, and nothing is known of it but that it was asked for."""
    return started(policy=with_workflow(), dispatches_land=False)


def at_work() -> World:
    """Its workflow run is in progress."""
    world = started(policy=with_workflow())
    run_moves(world, "B01", "in_progress")
    return world


def notices(answer: Answer) -> list[NoticeKind]:
    return [message.kind for message in answer.said if isinstance(message, Notice)]


# -- handing out -----------------------------------------------------------------------------------------------------


def test_a_person_is_not_dispatched() -> None:
    assert workers_started(started()) == []


def test_a_block_is_handed_to_the_workflow_with_its_dispatch_id() -> None:
    world = handed()
    (effect,) = workers_started(world)
    assert (effect.workflow, effect.block) == ("build.yml", "B01")
    assert dict(effect.inputs)["dispatch_id"] == effect.dispatch == dispatch_of(world, "B01").id
    assert dict(effect.inputs)["branch"] == "feature/checkout"


def test_the_dispatch_has_its_id_before_it_is_sent_and_keeps_it() -> None:
    assert dispatch_of(handed(), "B01").id == dispatch_of(handed(), "B01").id


def test_deciding_again_while_a_dispatch_is_out_starts_no_second_worker() -> None:
    world = handed()
    for _ in range(3):
        world.react(Woken("again"))
    assert len(workers_started(world)) == 1


def test_the_next_block_is_handed_out_when_the_one_before_is_approved() -> None:
    world = at_work()
    sha = work_on(world, "B01")
    report(world, "B01", "done", sha)
    assert world.comment("/approve").is_accepted
    assert [effect.block for effect in workers_started(world)] == ["B01", "B02"]


def test_each_role_has_its_own_worker() -> None:
    policy = policy_of(b"workers: {roles: {tester: {workflow: test.yml}, Developer: {mention: '@coder'}}}")
    world = session({"IMPL-1": (), "TEST-1": ()}, policy=policy)
    assert [(effect.block, effect.workflow) for effect in workers_started(world)] == [("TEST-1", "test.yml")]
    assert dispatch_of(world, "IMPL-1").worker == "@coder"


def test_an_agent_is_mentioned_in_a_comment_that_hands_the_block_over() -> None:
    world = started(policy=policy_of(MENTION))
    said = [e.message for e in world.effects.values() if isinstance(e, Say) and isinstance(e.message, Notice)]
    (handover,) = [notice for notice in said if notice.kind is NoticeKind.HANDOVER]
    assert handover.values["mention"] == "@coder" and handover.values["block"] == "B01"


def test_the_agent_may_report_and_nothing_else() -> None:
    world = started(policy=policy_of(MENTION))
    sha = work_on(world, "B01")
    for command in ("/approve", "/skip B01 why not", "/allow docs/... x", "/pause", "/abort x", "/rollback"):
        assert world.comment(command, by="coder[bot]", is_bot=True).reaction == "-1"
    assert world.comment(f"/done B01 {sha[:7]}", by="coder[bot]", is_bot=True).is_accepted
    assert world.comment("/gap designer nobody draws", by="coder").reaction == "-1", "a user of the App's name"


def test_somebody_who_is_neither_worker_nor_approver_reports_nothing() -> None:
    world = started(policy=policy_of(MENTION))
    work_on(world, "B01")
    before = world.run
    for command in ("/done", "/failed x", "/blocked x", "/kickback scope_creep x", "/escalate x", "/gap a b"):
        assert world.comment(command, by="otto").reaction == "-1"
        assert world.comment(command, by="other[bot]", is_bot=True).reaction == "-1"
    assert world.run == before


# -- what a worker reports -------------------------------------------------------------------------------------------


def test_done_with_a_commit_on_the_branch_waits_for_approval() -> None:
    world = at_work()
    sha = work_on(world, "B01")
    assert world.block("B01") is BlockState.ACTIVE, "while its workflow run is at it, it may push more"
    report(world, "B01", "done", sha)
    assert world.block("B01") is BlockState.AWAITING_APPROVAL


@pytest.mark.parametrize("commit", [None, "", "0" * 40, "f" * 7])
def test_done_without_a_commit_on_the_branch_is_failed_and_tried_once_more(commit: str | None) -> None:
    world = at_work()
    answer = report(world, "B01", "done", commit)
    assert "failed" in answer.kinds
    assert world.block("B01") is BlockState.ACTIVE
    first, second = workers_started(world)
    assert first.dispatch != second.dispatch
    assert dict(second.inputs)["attempt"] == "2" and "commit" in dict(second.inputs)["failure"]


def test_done_with_a_commit_of_an_approved_block_is_failed() -> None:
    world = at_work()
    sha = work_on(world, "B01")
    report(world, "B01", "done", sha)
    world.comment("/approve")
    answer = report(world, "B02", "done", sha)
    assert "failed" in answer.kinds


def test_a_commit_that_came_before_done_was_said_counts_by_its_beginning() -> None:
    world = at_work()
    sha = work_on(world, "B01")
    report(world, "B01", "done", sha[:8].upper())
    assert block_of(world, "B01").reported == sha


def test_failed_is_tried_once_more_with_the_failure() -> None:
    world = at_work()
    report(world, "B01", "failed", notes="the tests do not pass")
    assert world.block("B01") is BlockState.ACTIVE
    assert dict(workers_started(world)[1].inputs)["failure"] == "the tests do not pass"


def test_after_one_retry_the_choice_goes_to_people() -> None:
    world = at_work()
    report(world, "B01", "failed", notes="once")
    answer = report(world, "B01", "failed", notes="twice")
    assert world.block("B01") is BlockState.FAILED
    assert notices(answer) == [NoticeKind.WORKER_FAILED]
    assert len(workers_started(world)) == 2


def test_a_retry_by_a_person_counts_the_attempts_anew() -> None:
    world = at_work()
    for notes in ("once", "twice"):
        report(world, "B01", "failed", notes=notes)
    assert world.comment("/retry B01").is_accepted
    assert world.block("B01") is BlockState.ACTIVE and len(workers_started(world)) == 3
    report(world, "B01", "failed", notes="again")
    assert world.block("B01") is BlockState.ACTIVE and len(workers_started(world)) == 4
    report(world, "B01", "failed", notes="and again")
    assert world.block("B01") is BlockState.FAILED
    assert len({effect.dispatch for effect in workers_started(world)}) == 4


def test_the_retry_of_a_person_tells_the_worker_the_failure_too() -> None:
    world = at_work()
    for notes in ("once", "twice"):
        report(world, "B01", "failed", notes=notes)
    world.comment("/retry B01")
    assert dict(workers_started(world)[-1].inputs)["failure"] == "twice"


def test_blocked_asks_people_and_tries_nothing() -> None:
    world = at_work()
    answer = report(world, "B01", "blocked", notes="no access")
    assert world.block("B01") is BlockState.BLOCKED
    assert notices(answer) == [NoticeKind.BLOCKED]
    assert len(workers_started(world)) == 1


def test_a_kickback_of_a_worker_stops_everything() -> None:
    world = at_work()
    answer = report(world, "B01", "kickback", notes="it is twice the work", signal="scope_creep")
    assert world.state() is RunState.ESCALATED
    assert NoticeKind.KICKBACK in notices(answer)
    world.react(Woken("later"))
    assert len(workers_started(world)) == 1


def test_a_kickback_without_a_known_signal_stops_everything_too() -> None:
    world = at_work()
    report(world, "B01", "kickback", notes="I do not know", signal="dragons")
    assert world.state() is RunState.ESCALATED


def test_a_gap_is_a_warning_and_the_worker_goes_on() -> None:
    world = at_work()
    report(world, "B01", "gap", notes="designer: nobody draws")
    assert world.state() is RunState.RUNNING and world.block("B01") is BlockState.ACTIVE
    assert world.run is not None and world.run.gaps == ("designer: nobody draws",)


def test_a_gap_that_is_reported_twice_is_one_gap() -> None:
    world = at_work()
    report(world, "B01", "gap", notes="designer: nobody draws")
    report(world, "B01", "gap", notes="designer: nobody draws")
    report(world, "B01", "gap", notes="lawyer: nobody reads")
    assert world.run is not None
    assert world.run.gaps == ("designer: nobody draws", "lawyer: nobody reads")


def test_a_gap_that_a_worker_reports_is_said() -> None:
    world = at_work()
    answer = report(world, "B01", "gap", notes="designer: nobody draws")
    assert notices(answer) == [NoticeKind.GAP] or "Capability gap" in world.checklist()


@pytest.mark.parametrize("status", ["done", "failed", "blocked", "kickback", "gap"])
def test_every_report_leaves_an_entry_in_the_ledger(status: str) -> None:
    for world in (at_work(), handed()):
        dispatch = dispatch_of(world, "B01").id
        known = len(world.ledger)
        world.answer(report_of(world, dispatch, status, notes="said so"))  # type: ignore[arg-type]
        assert any(entry.kind == "reported" and entry.actor == dispatch for entry in world.ledger[known:])


@pytest.mark.parametrize("status", ["done", "failed", "blocked", "kickback"])
def test_a_report_of_an_earlier_attempt_is_noted_and_changes_nothing(status: str) -> None:
    world = at_work()
    old = dispatch_of(world, "B01").id
    report(world, "B01", "failed", notes="once")
    before = world.run
    answer = world.answer(report_of(world, old, status, notes="me again", signal="scope_creep"))  # type: ignore[arg-type]
    assert answer.kinds == ["reported"]
    assert world.run == before


def test_a_report_for_nobody_is_noted_and_changes_nothing() -> None:
    world = at_work()
    before = world.run
    assert world.answer(report_of(world, "sw-0000", "done")).kinds == ["reported"]
    assert world.run == before


def test_a_second_report_of_done_changes_nothing() -> None:
    world = at_work()
    sha = work_on(world, "B01")
    report(world, "B01", "done", sha)
    waits = world.run
    assert world.answer(report_of(world, dispatch_of(world, "B01").id, "done", sha)).kinds == ["reported"]
    assert world.run == waits


# -- workflow runs ---------------------------------------------------------------------------------------------------


def test_a_workflow_run_that_ends_well_with_a_commit_is_done() -> None:
    world = at_work()
    work_on(world, "B01")
    run_moves(world, "B01", "completed", "success")
    assert world.block("B01") is BlockState.AWAITING_APPROVAL


def test_a_workflow_run_that_ends_well_without_a_commit_is_failed() -> None:
    world = at_work()
    run_moves(world, "B01", "completed", "success")
    assert len(workers_started(world)) == 2


@pytest.mark.parametrize("conclusion", ["failure", "cancelled", "timed_out", "startup_failure", None])
def test_a_workflow_run_that_does_not_end_well_is_failed(conclusion: str | None) -> None:
    world = at_work()
    run_moves(world, "B01", "completed", conclusion)
    assert dispatch_of(world, "B01").attempt == 2
    assert (conclusion or "no conclusion") in dict(workers_started(world)[1].inputs)["failure"]


def test_the_run_of_an_earlier_attempt_that_ends_late_changes_nothing() -> None:
    world = at_work()
    old = dispatch_of(world, "B01").id
    report(world, "B01", "failed", notes="once")
    before = world.run
    world.answer(moved(old, "completed", "failure", run_id=9001))
    world.answer(moved(old, "completed", "success", run_id=9001))
    assert world.run == before


def test_another_workflow_run_of_the_repository_is_nobodys() -> None:
    world = at_work()
    before = world.run
    assert world.answer(moved("nothing of ours", "completed", "failure", run_id=1)) == Answer((), ())
    assert world.run == before


@pytest.mark.parametrize("status", ["requested", "queued", "waiting", "pending"])
def test_a_run_that_only_waits_is_not_at_work(status: str) -> None:
    world = handed()
    run_moves(world, "B01", status)
    assert dispatch_of(world, "B01").running_since is None


def test_a_dispatch_that_github_refuses_goes_to_people_at_once() -> None:
    world = handed()
    answer = dispatch_fails(world, dispatch_of(world, "B01").id)
    assert world.block("B01") is BlockState.FAILED
    assert "422" in (block_of(world, "B01").reason or "")
    assert notices(answer) == [NoticeKind.WORKER_FAILED]
    assert len(workers_started(world)) == 1


EVENTS = ("dispatched", "in_progress", "push", "report", "completed")
# A worker pushes before it says that it is done.
ORDERS = [
    order
    for order in itertools.permutations(EVENTS)
    if order.index("push") < min(order.index("report"), order.index("completed"))
]


@pytest.mark.parametrize("order", ORDERS, ids=" ".join)
def test_whatever_comes_first_one_worker_leads_to_a_block_that_waits(order: tuple[str, ...]) -> None:
    """Nothing is lost, nothing is started twice."""
    world = handed()
    dispatch = dispatch_of(world, "B01").id
    sha = ""
    for what in order:
        match what:
            case "dispatched":
                world.land(f"dispatch:{dispatch}")
                world.react(Woken("the dispatch was answered"))
            case "in_progress":
                world.answer(moved(dispatch, "requested"))
                world.answer(moved(dispatch, what))
            case "push":
                sha = work_on(world, "B01")
            case "report":
                world.answer(report_of(world, dispatch, "done", sha))
            case _:
                world.answer(moved(dispatch, "completed", "success"))
    assert world.block("B01") is BlockState.AWAITING_APPROVAL
    assert len(workers_started(world)) == 1
    assert workers_cancelled(world) == []
    assert any(entry.kind == "reported" for entry in world.ledger)
    assert dispatch_of(world, "B01").state is DispatchState.DONE


@pytest.mark.parametrize("order", list(itertools.permutations(("requested", "in_progress", "completed"))), ids=" ".join)
def test_the_events_of_a_failing_run_are_one_failure_in_any_order(order: tuple[str, ...]) -> None:
    world = handed()
    dispatch = dispatch_of(world, "B01").id
    for status in order:
        world.answer(moved(dispatch, status, "failure" if status == "completed" else None))
    assert len(workers_started(world)) == 2
    assert world.block("B01") is BlockState.ACTIVE
    for status in order:
        world.answer(moved(dispatch, status, "failure" if status == "completed" else None))
    assert len(workers_started(world)) == 2


def test_all_events_in_one_batch_are_taken_as_one_by_one() -> None:
    world = handed()
    dispatch = dispatch_of(world, "B01").id
    sha = work_on(world, "B01")
    events: list[Event] = [
        moved(dispatch, "requested"),
        moved(dispatch, "in_progress"),
        report_of(world, dispatch, "done", sha),
        moved(dispatch, "completed", "success"),
    ]
    world.answer(*events)
    assert world.block("B01") is BlockState.AWAITING_APPROVAL


# -- the clock -------------------------------------------------------------------------------------------------------


def test_a_dispatch_without_a_run_is_given_up_after_five_minutes_and_tried_again() -> None:
    world = handed()
    world.wait(4)
    assert len(workers_started(world)) == 1
    world.wait(2)
    assert dispatch_of(world, "B01").attempt == 2


def test_it_is_woken_for_that_even_if_nothing_is_delivered() -> None:
    world = handed()
    sent = dispatch_of(world, "B01").sent_at
    assert world.decision.wake_at is not None
    assert (world.decision.wake_at - sent).total_seconds() <= 5 * 60


def test_a_run_that_takes_longer_than_the_policy_lets_is_cancelled_and_tried_again() -> None:
    world = started(policy=with_workflow().model_copy(update={"workers": policy_of(
        b"workers: {default: {workflow: build.yml}, timeout_minutes: 30}").workers}))  # fmt: skip
    run_moves(world, "B01", "in_progress", run_id=9001)
    world.wait(29)
    assert len(workers_started(world)) == 1
    world.wait(2)
    assert len(workers_started(world)) == 2 and workers_cancelled(world) == [9001]


def test_an_agent_that_never_answers_is_given_up_after_the_policys_limit() -> None:
    world = started(policy=policy_of(b"workers: {default: {mention: '@coder'}, timeout_minutes: 30}"))
    world.wait(29)
    assert dispatch_of(world, "B01").attempt == 1
    world.wait(2)
    assert dispatch_of(world, "B01").attempt == 2
    world.wait(31)
    assert world.block("B01") is BlockState.FAILED


def test_a_run_that_died_after_its_first_push_is_given_up_all_the_same() -> None:
    """Its run never ends and it never reports: nobody may wait for it for ever."""
    world = at_work()
    work_on(world, "B01")
    world.wait(61)
    assert world.block("B01") is not BlockState.ACTIVE or dispatch_of(world, "B01").attempt == 2


def test_nobody_waits_for_a_worker_of_a_paused_run() -> None:
    world = handed()
    world.comment("/pause")
    world.wait(60)
    assert world.state() is RunState.PAUSED and len(workers_started(world)) == 1


def test_a_worker_that_started_while_the_run_was_paused_is_still_the_blocks_own() -> None:
    world = handed()
    world.comment("/pause")
    dispatch = dispatch_of(world, "B01").id
    world.answer(moved(dispatch, "in_progress"))
    world.wait(10)
    assert world.comment("/resume").is_accepted
    assert dispatch_of(world, "B01").id == dispatch and len(workers_started(world)) == 1


def test_a_report_to_a_paused_run_is_not_lost() -> None:
    world = at_work()
    sha = work_on(world, "B01")
    world.comment("/pause")
    report(world, "B01", "done", sha)
    world.comment("/resume")
    assert world.block("B01") is BlockState.AWAITING_APPROVAL


def test_a_kickback_to_a_paused_run_stops_it() -> None:
    world = at_work()
    world.comment("/pause")
    report(world, "B01", "kickback", notes="the plan is wrong", signal="needs_research")
    assert world.state() is RunState.ESCALATED


def looked_ready_too_early() -> World:
    """Nothing was heard of the run yet: only its push, on which CI was green."""
    world = handed()
    work_on(world, "B01")
    world.wait(6)
    assert world.block("B01") is BlockState.AWAITING_APPROVAL
    return world


def test_a_kickback_counts_although_the_block_looked_ready() -> None:
    world = looked_ready_too_early()
    report(world, "B01", "kickback", notes="this is not it", signal="scope_creep")
    assert world.state() is RunState.ESCALATED


def test_blocked_counts_although_the_block_looked_ready() -> None:
    world = looked_ready_too_early()
    report(world, "B01", "blocked", notes="no access")
    assert world.block("B01") is BlockState.BLOCKED


def test_failed_counts_although_the_block_looked_ready() -> None:
    world = looked_ready_too_early()
    report(world, "B01", "failed", notes="the tests do not pass")
    assert dispatch_of(world, "B01").attempt == 2


# -- nobody waits for it any more ------------------------------------------------------------------------------------

STOPPING = ["/skip B01 not needed", "/abort enough", "/escalate too large", "/blocked B01 no access", "/failed B01 x"]


@pytest.mark.parametrize("command", STOPPING)
def test_a_worker_that_nobody_waits_for_is_cancelled(command: str) -> None:
    world = at_work()
    assert world.comment(command).is_accepted
    assert workers_cancelled(world) == [9001]


@pytest.mark.parametrize("command", [command for command in STOPPING if "abort" not in command])
def test_a_worker_whose_run_is_seen_when_nobody_waits_for_it_any_more_is_cancelled(command: str) -> None:
    world = handed()
    dispatch = dispatch_of(world, "B01").id
    assert world.comment(command).is_accepted
    world.answer(moved(dispatch, "in_progress", run_id=9123))
    assert workers_cancelled(world) == [9123]


def test_a_worker_that_is_seen_after_its_time_is_cancelled() -> None:
    world = handed()
    old = dispatch_of(world, "B01").id
    world.wait(6)
    world.answer(moved(old, "requested", run_id=9123))
    world.answer(moved(old, "in_progress", run_id=9123))
    assert workers_cancelled(world) == [9123]


def test_a_second_run_of_one_dispatch_is_no_second_worker() -> None:
    world = at_work()
    dispatch = dispatch_of(world, "B01")
    world.answer(moved(dispatch.id, "in_progress", run_id=9555))
    assert workers_cancelled(world) == [9555]
    assert dispatch_of(world, "B01").workflow_run_id == 9001


def test_a_worker_is_not_retried_while_it_is_at_work() -> None:
    assert refused(at_work().comment("/retry B01"), Problem.WORKER_AT_WORK)["block"] == "B01"


def test_resuming_starts_a_worker_that_an_escalation_stopped() -> None:
    world = at_work()
    world.comment("/escalate too large")
    assert world.comment("/resume").is_accepted
    assert [effect.block for effect in workers_started(world)] == ["B01", "B01"]
    assert dispatch_of(world, "B01").state is DispatchState.SENT


def test_locking_a_changed_contract_stops_the_workers_of_the_old_one() -> None:
    from tests.runs.world import plan_text

    world = at_work()
    world.push(plan=plan_text(objective="Another objective."))
    assert world.comment("/execute").is_accepted
    assert workers_cancelled(world) == [9001]
    new = [effect for effect in world.effects.values() if isinstance(effect, StartWorker)]
    assert len({effect.dispatch for effect in new}) == len(new) == 2


# -- reports of people -----------------------------------------------------------------------------------------------


def test_done_by_a_person_needs_a_commit_that_exists_on_the_branch() -> None:
    world = started()
    refused(world.comment("/done"), Problem.NO_OWN_COMMIT)
    refused(world.comment("/done B01 1234567"), Problem.NO_SUCH_COMMIT)
    sha = world.push("src/b01.py")
    assert world.comment(f"/done B01 {sha[:7]} looks good").is_accepted
    assert block_of(world, "B01").reported == sha and block_of(world, "B01").notes == "looks good"


@pytest.mark.parametrize("body", ["/done", "/done B01", "/done {sha}", "/done B01 @{sha}", "/done b01 {sha} all good"])
def test_done_is_read_in_its_forms(body: str) -> None:
    world = started()
    sha = world.push("src/b01.py")
    assert world.comment(body.format(sha=sha[:9])).is_accepted
    assert block_of(world, "B01").reported == sha


def test_done_in_stepwise_mode_still_waits_for_an_approval() -> None:
    world = started()
    world.push("src/b01.py")
    world.ci("green")
    world.comment("/done")
    assert world.block("B01") is BlockState.AWAITING_APPROVAL


def test_failed_by_a_person_asks_people_what_to_do() -> None:
    world = started()
    answer = world.comment("/failed it does not compile")
    assert world.block("B01") is BlockState.FAILED
    assert notices(answer) == [NoticeKind.WORKER_FAILED]
    assert world.comment("/retry").is_accepted
    assert world.block("B01") is BlockState.ACTIVE


def test_a_failed_block_is_not_closed_by_a_push() -> None:
    world = started()
    world.comment("/failed it does not compile")
    world.push("src/b01.py")
    world.ci("green")
    assert world.block("B01") is BlockState.FAILED


def test_everything_that_waits_for_a_held_block_waits_and_is_told_once() -> None:
    world = session({"A-1": (), "B-1": ("A-1",)})
    answer = world.comment("/blocked A-1 no access")
    assert states(world) == {"A-1": "blocked", "B-1": "pending"}
    assert NoticeKind.BLOCKED in notices(answer)
    assert notices(world.answer(Woken("again"))) == []


def test_a_held_block_does_not_hold_what_is_free_of_it() -> None:
    world = session({"A-1": (), "B-1": (), "C-1": ("B-1",)})
    world.comment("/failed A-1 it does not compile")
    work_on(world, "B-1")
    assert world.comment("/approve B-1").is_accepted
    assert states(world) == {"A-1": "failed", "B-1": "done", "C-1": "active"}


def test_when_only_held_blocks_are_left_people_are_told_that_it_stalled() -> None:
    world = session({"A-1": (), "B-1": (), "C-1": ("A-1",)})
    world.comment("/failed A-1 it does not compile")
    work_on(world, "B-1")
    answer = world.comment("/approve B-1")
    assert NoticeKind.STALLED in notices(answer)


def test_the_worker_of_an_approved_block_is_stopped_and_what_is_heard_of_it_later_changes_nothing() -> None:
    world = started(policy=with_workflow())
    world.push("src/b01.py", message="B01: work")
    world.ci("green")
    assert world.comment("/approve B01").is_accepted
    before = world.run
    run_moves(world, "B01", "requested")
    assert world.block("B01") is BlockState.DONE and before is not None and world.run is not None
    assert world.run.blocks[0] == before.blocks[0]
    assert len(workers_cancelled(world)) == 1, "a run of it must not go on"


def test_no_words_of_the_plan_are_in_the_name_of_an_effect() -> None:
    world = started()
    for command in ("/failed it does not build", "/retry", "/blocked the supplier is away", "/retry", "/failed again"):
        assert world.comment(command).is_accepted
    assert len(world.effects) > 4
    assert [key for key in world.effects if "B01" in key] == []
