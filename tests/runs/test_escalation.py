"""Escalations and kickbacks: everything stops, an issue holds the discussion, and the run goes on from there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.runs.assess import assess
from bot.runs.effects import CloseIssue, PlanningIssue
from bot.runs.events import Woken
from bot.runs.facts import ChangedFile, Files
from bot.runs.messages import Notice, NoticeKind, Problem
from bot.runs.model import BlockState, RunState
from bot.views.notices import planning_body, worded
from tests.runs.plans import SPEC
from tests.runs.refusals import refused
from tests.runs.work import run_moves, with_workflow, workers_cancelled, workers_started
from tests.runs.world import World, awaiting, plan_text, started, validating
from tests.runs.worlds import session, spec_plan, states, work_on

SIGNALS = ["scope_creep", "missing_context", "needs_research"]


def issues(world: World) -> list[PlanningIssue]:
    return [effect for effect in world.effects.values() if isinstance(effect, PlanningIssue)]


def closed_issues(world: World) -> list[int]:
    return [effect.number for effect in world.effects.values() if isinstance(effect, CloseIssue)]


def test_an_escalation_stops_the_run_and_opens_a_planning_issue() -> None:
    world = awaiting()
    answer = world.comment("/escalate the architecture has to change")
    assert world.state() is RunState.ESCALATED
    assert [notice.kind for notice in answer.said if isinstance(notice, Notice)] == [NoticeKind.ESCALATED]
    assert [issue.number for issue in issues(world)] == [None]
    assert world.run is not None and world.run.planning_issue == 77


@pytest.mark.parametrize("signal", SIGNALS)
def test_a_kickback_says_its_signal_and_its_reason(signal: str) -> None:
    world = awaiting()
    answer = world.comment(f"/kickback {signal} it is twice the work")
    assert world.state() is RunState.ESCALATED
    assert world.run is not None and world.run.signal == signal and world.run.reason == "it is twice the work"
    decision = world.decision
    said = [effect for effect in answer.effects if getattr(effect, "message", None) is not None]
    body = worded(said[0], world.run, decision.situation, world.facts(), world.ledger)  # type: ignore[arg-type]
    assert "Executor flagged complexity issue on task `B01`: it is twice the work" in body and signal in body


def test_the_planning_issue_names_the_plan_the_pull_request_the_reason_and_the_signal() -> None:
    world = awaiting(html_url="https://github.test/acme/shop/pull/12")
    world.comment("/kickback needs_research nobody knows the rounding rules")
    assert world.run is not None
    body = planning_body(world.run, world.facts())
    for words in (world.plan_path, "acme/shop/pull/12", "nobody knows the rounding rules", "needs_research"):
        assert words in body


@pytest.mark.parametrize("signal", SIGNALS)
def test_each_signal_asks_for_something_else(signal: str) -> None:
    wanted = {"scope_creep": "full", "missing_context": "fill the gap in spec", "needs_research": "research it"}
    world = awaiting()
    world.comment(f"/kickback {signal} because")
    assert wanted[signal] in world.checklist()


def test_nothing_after_a_kickback_is_executed() -> None:
    world = session({"A-1": (), "B-1": (), "C-1": ("A-1",)}, policy=with_workflow())
    run_moves(world, "A-1", "in_progress")
    assert world.comment("/kickback scope_creep too much").is_accepted
    work_on(world, "A-1")
    world.react(Woken("later"))
    assert states(world)["C-1"] == "pending"
    assert [effect.block for effect in workers_started(world)] == ["A-1", "B-1"]
    assert len(workers_cancelled(world)) == 2


@pytest.mark.parametrize("command", ["/approve", "/skip B01 x", "/done", "/failed x", "/retry", "/verdict PASS"])
def test_nothing_advances_while_it_is_escalated(command: str) -> None:
    world = awaiting()
    world.comment("/escalate too large")
    refused(world.comment(command), Problem.RUN_ESCALATED)


def test_a_second_escalation_is_refused_and_opens_no_second_issue() -> None:
    world = awaiting()
    world.comment("/escalate too large")
    refused(world.comment("/escalate much too large"), Problem.RUN_ESCALATED)
    assert len(issues(world)) == 1


def test_a_later_escalation_updates_the_issue_that_is_open() -> None:
    world = awaiting(lands_by_itself=False)
    world.comment("/escalate too large")
    world.land(issues(world)[0].key)
    world.react(Woken("the issue is there"))
    world.comment("/resume")
    assert closed_issues(world) == [77]


def test_going_on_closes_the_planning_issue() -> None:
    world = awaiting()
    world.comment("/escalate too large")
    assert world.comment("/resume").is_accepted
    assert world.state() is RunState.RUNNING and world.block("B01") is BlockState.AWAITING_APPROVAL
    assert closed_issues(world) == [77]
    assert world.run is not None and world.run.signal is None and world.run.planning_issue is None


def test_locking_a_changed_plan_goes_on_and_closes_the_planning_issue() -> None:
    world = awaiting()
    world.comment("/kickback scope_creep too large")
    world.push(plan=plan_text(objective="A smaller objective."))
    assert world.comment("/execute").is_accepted
    assert world.state() is RunState.RUNNING
    assert closed_issues(world) == [77]


def test_aborting_closes_the_planning_issue() -> None:
    world = awaiting()
    world.comment("/escalate too large")
    world.comment("/abort it is not worth it")
    assert closed_issues(world) == [77]


def test_an_issue_that_comes_back_after_the_run_went_on_is_closed_too() -> None:
    """Resumed before GitHub had answered with the issue's number."""
    world = awaiting(lands_by_itself=False)
    world.comment("/escalate too large")
    key = issues(world)[0].key
    world.comment("/resume")
    world.land(key)
    world.react(Woken("the issue is there"))
    assert closed_issues(world) == [77]


def test_a_run_that_was_escalated_while_it_was_validated_goes_on_there() -> None:
    world = validating()
    world.comment("/escalate the whole thing is wrong")
    assert world.comment("/resume").is_accepted
    assert world.state() is RunState.VALIDATING


def test_an_escalated_paused_run_goes_on_running() -> None:
    world = started()
    world.comment("/pause")
    assert world.comment("/escalate too large").is_accepted
    world.comment("/resume")
    assert world.state() is RunState.RUNNING


def test_kickback_records_where_it_stopped() -> None:
    world = spec_plan()
    world.comment("/kickback needs_research nobody knows")
    kicked = [entry for entry in world.ledger if entry.kind == "kickback"]
    assert [(entry.block, entry.text) for entry in kicked] == [("1", "needs_research: nobody knows")]


def test_a_gap_is_a_warning_and_invents_no_role() -> None:
    world = session({"A-1": (), "B-1": ("A-1",)})
    before = states(world)
    answer = world.comment("/gap designer nobody draws")
    assert answer.is_accepted and states(world) == before
    assert world.run is not None and world.run.gaps == ("designer: nobody draws",)
    assert answer.notice.kind is NoticeKind.GAP
    assert "Capability gap" in world.checklist()


def test_a_spec_that_is_planned_again_is_no_work_out_of_scope_and_other_files_still_are() -> None:
    world = spec_plan()
    world.push(files={SPEC: "# Cart\n\n**Status**: Draft\n\nAn early change.\n"})
    assert [item.path for item in world.decision.situation.scope.violations] == [SPEC], "while work is under way"
    world.comment("/kickback missing_context what is an empty cart?")
    world.push(files={SPEC: "# Cart\n\n**Status**: Draft\n\nAn empty cart is zero.\n"})
    assert world.decision.situation.scope.is_clean
    world.push(files={"infra/main.tf": "other\n"})
    assert [item.path for item in world.decision.situation.scope.violations] == ["infra/main.tf"]


def test_a_spec_made_out_of_another_file_does_not_excuse_that_the_other_file_went() -> None:
    world = spec_plan()
    assert world.run is not None
    facts = world.facts()
    made = ChangedFile(SPEC, "renamed", "infra/main.tf", dict(world.run.planned)[SPEC])
    renamed = replace(facts, files=Files((made,), True))
    assert [item.path for item in assess(world.run, renamed, world.now).scope.violations] == ["infra/main.tf"]
