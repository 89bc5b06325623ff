"""The one next thing to do, and the exact command for it: the headline of checklist and progress check alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from bot.runs.assess import PlanState, Situation, is_validated
from bot.runs.facts import Facts, PullFacts, Unknown
from bot.runs.finish import is_closing
from bot.runs.messages import Problem, Refusal
from bot.runs.model import BlockState, Run, RunState
from bot.runs.obstacles import approval_obstacles, plan_reasons, verdict_obstacles
from bot.runs.policy import PolicyProblem
from bot.views.replies import sentence
from bot.views.words import bullets, code, plain, short


@dataclass(frozen=True, slots=True)
class NextStep:
    """`headline` is plain text for titles, `text` Markdown, `command` is there to be copied."""

    headline: str
    text: str
    command: str | None = None
    waits_for_person: bool = False
    is_stopped: bool = False


def next_step(run: Run | None, situation: Situation, facts: Facts) -> NextStep:
    """What is to be done now, and by whom."""
    if isinstance(facts.policy, PolicyProblem):
        problem = facts.policy
        lines = tuple(f"{problem.path}, line {line}: {what}" for line, what in problem.problems)
        return NextStep(
            "the policy cannot be used", f"Correct the policy on the base branch:\n\n{bullets(lines)}", is_stopped=True
        )
    if isinstance(facts.policy, Unknown) and facts.pull.is_open and situation.plan.state is not PlanState.NONE:
        reason = plain(facts.policy.reason.rstrip(" ."))
        return NextStep("the policy could not be read", f"Nothing advances until it can be: {reason}.", is_stopped=True)
    if run is None or run.state is RunState.ABORTED:
        return _before_start(run, situation, facts.pull)
    match run.state:
        case RunState.PAUSED:
            return NextStep("paused", f"The run is paused{_reason(run)}.", "/resume", waits_for_person=True)
        case RunState.ESCALATED:
            return NextStep(
                "waits for a decision",
                f"The run was escalated{_reason(run)}. Say `/resume` to open another fix round, or `/abort <reason>`.",
                waits_for_person=True,
                is_stopped=True,
            )
        case RunState.RUNNING:
            return _running(run, situation, facts.pull)
        case RunState.VALIDATING:
            return _validating(run, situation, facts.pull)
        case RunState.COMPLETED:
            if situation.progress_unknown is not None and not is_validated(run, situation):
                unknown = Refusal(Problem.GATES_UNKNOWN, {"reason": situation.progress_unknown})
                return NextStep("what came after the verdict is not known", sentence(unknown), is_stopped=True)
            return _completed(run, facts)
        case RunState.CLOSED:
            where = f" ({run.closeout_url})" if run.closeout_url else ""
            return NextStep("closed out", f"Nothing: the plan is closed out{where}.")
        case _:
            assert_never(run.state)


def _link(text: str, pull: PullFacts, path: str) -> str:
    """A link into the pull request's own page, whose address GitHub gave; plain text where it gave none."""
    return f"[{text}]({pull.html_url}{path})" if pull.html_url else text


def _reason(run: Run) -> str:
    return f": {plain(run.reason)}" if run.reason else ""


def _before_start(run: Run | None, situation: Situation, pull: PullFacts) -> NextStep:
    plan = situation.plan
    if not pull.is_open:
        if run is not None:
            return NextStep("aborted", f"The run has ended{_reason(run)}.", is_stopped=True)
        return NextStep("not executed", "The pull request is closed.")
    match plan.state:
        case PlanState.NONE:
            return NextStep("no plan", "There is no plan in this pull request.")
        case PlanState.SEVERAL:
            return NextStep(
                f"{len(plan.paths)} plans: say which one",
                sentence(Refusal(Problem.SEVERAL_PLANS, items=plan.paths)),
                waits_for_person=True,
            )
        case PlanState.UNKNOWN:
            return NextStep(
                "the plan could not be read",
                f"Nothing can be started until it can be:\n\n{bullets(plan_reasons(situation))}",
                is_stopped=True,
            )
        case PlanState.REFUSED:
            return NextStep(
                "the plan cannot be executed",
                f"Correct the plan:\n\n{bullets(plan_reasons(situation))}",
                is_stopped=True,
            )
        case PlanState.VALID | PlanState.CHANGED:
            return _ready(run, situation, pull)
        case _:
            assert_never(plan.state)


def _ready(run: Run | None, situation: Situation, pull: PullFacts) -> NextStep:
    plan = situation.plan.plan
    if plan is not None and plan.branch != pull.head_ref:
        refusal = Refusal(Problem.WRONG_BRANCH, {"plan": plan.branch or "(none)", "head": pull.head_ref})
        return NextStep("the plan is for another branch", sentence(refusal), is_stopped=True)
    headline = "ready to be executed"
    if run is None:
        return NextStep(headline, "Read the plan; an approver then starts it with", "/execute", waits_for_person=True)
    return NextStep(
        "aborted",
        f"The run was aborted{_reason(run)}. An approver can start the plan again with",
        "/execute",
        waits_for_person=True,
        is_stopped=True,
    )


def _running(run: Run, situation: Situation, pull: PullFacts) -> NextStep:
    block = run.open_block
    assert block is not None
    if not pull.is_open:
        return NextStep("the pull request is closed", "Reopen the pull request to go on.", is_stopped=True)
    obstacles = approval_obstacles(run, situation)
    if block.state is BlockState.AWAITING_APPROVAL and not obstacles:
        head = situation.content_head
        return NextStep(
            f"{block.id} awaits approval at {short(head)}",
            f"Look at {_link(f'the changes of {code(block.id)}', pull, f'/files/{run.boundary}..{head}')}; "
            "an approver then says",
            f"/approve {block.id} @{short(head)}",
            waits_for_person=True,
        )
    first = obstacles[0] if obstacles else None
    if first is None:
        return NextStep(f"{block.id} is active", f"{code(block.id)} is being worked on.")
    match first.problem:
        case Problem.NO_OWN_COMMIT:
            has_record = situation.content_head != pull.head_sha
            pull_first = " (`git pull` first: the record commit is on the branch)" if has_record else ""
            return NextStep(
                f"{block.id} is to be done",
                f"Push the commits of {code(block.id)} {plain(block.title, 120)}{pull_first}.",
            )
        case Problem.GATES_PENDING:
            return NextStep(f"{block.id} waits for its gates", sentence(first))
        case Problem.CONTRACT_CHANGED:
            return NextStep("the contract has changed", sentence(first), waits_for_person=True, is_stopped=True)
        case _:
            return NextStep(
                f"{block.id} is held up: {_HEADLINES.get(first.problem, 'see below')}", sentence(first), is_stopped=True
            )


_HEADLINES = {
    Problem.SCOPE_VIOLATED: "files out of scope",
    Problem.SCOPE_UNKNOWN: "the scope is not known",
    Problem.GATES_RED: "gates fail",
    Problem.GATES_UNKNOWN: "the gates are not known",
    Problem.HISTORY_REWRITTEN: "approved commits are gone",
    Problem.PLAN_UNREADABLE: "the plan cannot be read",
}


def _validating(run: Run, situation: Situation, pull: PullFacts) -> NextStep:
    obstacles = verdict_obstacles(situation)
    failed = run.verdict is not None and not run.verdict.is_passing
    if failed and run.verdict is not None and run.verdict.head == situation.content_head:
        notes = f" ({plain(run.verdict.notes)})" if run.verdict.notes else ""
        return NextStep(
            f"validation failed, fix round {run.fix_rounds}",
            f"{code(run.verdict.by)} judged the change as FAIL{notes}. Push a fix.",
            is_stopped=True,
        )
    if obstacles:
        first = obstacles[0]
        is_waiting = first.problem is Problem.GATES_PENDING
        said = "validation waits for the gates" if is_waiting else "validation is held up"
        return NextStep(
            f"{said}: {_HEADLINES.get(first.problem, 'see below')}" if not is_waiting else said,
            sentence(first),
            is_stopped=not is_waiting,
        )
    head = situation.content_head
    return NextStep(
        f"every block is finished: the verdict is due at {short(head)}",
        f"Look at {_link('the whole change', pull, '/files')}; an approver then gives the verdict "
        "(`PASS`, `PASS_WITH_NOTES` or `FAIL`)",
        f"/verdict PASS @{short(head)}",
        waits_for_person=True,
    )


def _completed(run: Run, facts: Facts) -> NextStep:
    if is_closing(run, facts):
        return NextStep("completed, closeout under way", "Nothing: the closeout is under way.")
    if run.closeout_key is not None:
        return NextStep(
            "completed, the closeout failed",
            "The closeout failed; once its reason is gone, an approver tries it again with",
            "/closeout",
            waits_for_person=True,
            is_stopped=True,
        )
    if facts.pull.is_merged:
        return NextStep("completed", "An approver closes the plan out with", "/closeout", waits_for_person=True)
    return NextStep("completed", "Merge the pull request; the closeout follows by itself.")
