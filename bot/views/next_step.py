"""The one next thing to do, and the exact command for it: the headline of checklist and progress check alike."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, assert_never

from bot.plans.memory_bank_ids import spoken
from bot.plans.model import Dialect
from bot.runs.assess import PlanState, Situation, is_validated
from bot.runs.execute import counted_boxes, preflight_failures, unfit
from bot.runs.facts import Facts, PullFacts, Unknown
from bot.runs.finish import is_closing
from bot.runs.messages import Problem, Refusal
from bot.runs.model import BlockRun, BlockState, KickbackSignal, Run, RunState
from bot.runs.obstacles import approval_obstacles, plan_reasons, verdict_obstacles
from bot.runs.policy import Policy, PolicyProblem, ReadinessPolicy
from bot.views.replies import sentence
from bot.views.words import NAMED, bullets, code, noun, plain, short


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
        return _before_start(run, situation, facts)
    match run.state:
        case RunState.PAUSED:
            return NextStep("paused", f"The run is paused{_reason(run)}", "/resume", waits_for_person=True)
        case RunState.ESCALATED if situation.plan.state is PlanState.CHANGED:
            changed = Refusal(Problem.CONTRACT_CHANGED, items=situation.plan.changes)
            return NextStep("the changed plan is to be locked", sentence(changed), waits_for_person=True)
        case RunState.ESCALATED:
            return NextStep(
                "waits for a decision",
                f"The run was escalated{_reason(run)} {_way_on(run)}",
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
            if facts.pull.is_open:
                return NextStep("closed out", f"The plan is closed out on this branch{where}: merge the pull request.")
            return NextStep("closed out", f"Nothing: the plan is closed out{where}.")
        case _:
            assert_never(run.state)


def _way_on(run: Run) -> str:
    """What an escalation asks for, by its kind; the signals are those of a kickback."""
    place = f" Discuss it in #{run.planning_issue}." if run.planning_issue is not None else ""
    return f"{WAY_ON[run.signal]}{place}"


WAY_ON: Final = {
    None: "Say `/resume` to go on, or `/abort <reason>`.",
    KickbackSignal.SCOPE_CREEP: (
        "The work is larger than the plan: split it or change the plan (weight `full` for what is left) and say "
        "`/execute` to lock it; or `/resume`, or `/abort <reason>`."
    ),
    KickbackSignal.MISSING_CONTEXT: (
        "The spec leaves something open: fill the gap in spec and plan, say `/execute` to lock a changed plan, or "
        "`/resume` if the plan itself stays as it is."
    ),
    KickbackSignal.NEEDS_RESEARCH: (
        "Something has to be found out first: research it, plan the remaining blocks again, and say `/execute` to lock "
        "the changed plan, or `/resume`."
    ),
}


def _link(text: str, pull: PullFacts, path: str) -> str:
    """A link into the pull request's own page, whose address GitHub gave; plain text where it gave none."""
    return f"[{text}]({pull.html_url}{path})" if pull.html_url else text


def _reason(run: Run) -> str:
    """The reason, and the end of the sentence."""
    if not run.reason:
        return "."
    return f": {plain(run.reason)}" + ("" if run.reason.rstrip().endswith((".", "?", "!")) else ".")


def _before_start(run: Run | None, situation: Situation, facts: Facts) -> NextStep:
    plan, pull = situation.plan, facts.pull
    if not pull.is_open:
        if run is not None:
            return NextStep("aborted", f"The run has ended{_reason(run)}", is_stopped=True)
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
            return _ready(run, situation, facts)
        case _:
            assert_never(plan.state)


def _ready(run: Run | None, situation: Situation, facts: Facts) -> NextStep:
    plan = situation.plan.plan
    refusal = unfit(facts.pull, plan) if plan is not None else None
    if refusal is not None:
        return NextStep("the plan is for another branch", sentence(refusal), is_stopped=True)
    missing = preflight_failures(plan) if plan is not None else ()
    if missing and isinstance(facts.policy, Policy) and facts.policy.readiness is ReadinessPolicy.ENFORCE:
        boxes = "its box" if len(missing) == 1 else "their boxes"
        return NextStep(
            counted_boxes(missing),
            f"Before the plan can be executed, this has to hold. Tick {boxes} in the plan once it does:\n\n"
            f"{bullets(missing)}\n\nAn approver then starts it with",
            "/execute",
            waits_for_person=True,
            is_stopped=run is not None,
        )
    headline = "ready to be executed"
    if run is None:
        return NextStep(headline, "Read the plan; an approver then starts it with", "/execute", waits_for_person=True)
    return NextStep(
        "aborted",
        f"The run was aborted{_reason(run)} An approver can start the plan again with",
        "/execute",
        waits_for_person=True,
        is_stopped=True,
    )


def _running(run: Run, situation: Situation, pull: PullFacts) -> NextStep:
    if not pull.is_open:
        return NextStep("the pull request is closed", "Reopen the pull request to go on.", is_stopped=True)
    opened = run.open_blocks
    waiting = [block for block in opened if block.state is BlockState.AWAITING_APPROVAL]
    if waiting and not approval_obstacles(run, situation, waiting[0]):
        return _to_approve(run, situation, pull, waiting)
    held = [block for block in opened if block.state in {BlockState.BLOCKED, BlockState.FAILED}]
    working = [block for block in opened if block not in held]
    if held and not working:
        return _held(held)
    # What nobody was asked to do is shown first: a worker needs no telling.
    unasked = [block for block in working if block.dispatch is None or block.dispatch.is_over]
    block = next(iter(unasked or working), None) or run.open_block
    assert block is not None
    step = _at(run, situation, pull, block)
    if not held:
        return step
    stopped = _held(held)
    return replace(step, text=f"{step.text}\n\n{stopped.text} {code(stopped.command or '')}.", waits_for_person=True)


def _to_approve(run: Run, situation: Situation, pull: PullFacts, waiting: list[BlockRun]) -> NextStep:
    head, first = situation.content_head, waiting[0]
    together = [block for block in waiting if block.id in run.group_of(first.id)]
    name = "+".join(block.id for block in together)
    others = len(waiting) - len(together)
    more = f" ({others} more {'waits' if others == 1 else 'wait'})" if others else ""
    is_one = len(together) == 1
    return NextStep(
        f"{_called(name)} {'awaits' if is_one else 'await'} approval at {short(head)}{more}",
        f"Look at {_link(f'the changes of {code(name)}', pull, f'/files/{run.boundary}..{head}')}; "
        "an approver then says",
        f"/approve {spoken(first.id) if is_one else name} @{head[:NAMED]}",
        waits_for_person=True,
    )


def _stands(block: BlockRun) -> str:
    return "has failed" if block.state is BlockState.FAILED else f"is {block.state}"


def _held(held: list[BlockRun]) -> NextStep:
    first = held[0]
    why = f": {plain(first.reason)}" if first.reason else ""
    return NextStep(
        f"{_called(first.id)} {_stands(first)}",
        f"{code(first.id)} {_stands(first)}{why}. An approver says {code('/skip ' + first.id + ' <reason>')}, or tries "
        "again with",
        f"/retry {spoken(first.id)}",
        waits_for_person=True,
        is_stopped=True,
    )


def _at(run: Run, situation: Situation, pull: PullFacts, block: BlockRun) -> NextStep:
    obstacles = approval_obstacles(run, situation, block)
    first = obstacles[0] if obstacles else None
    if first is None:
        return NextStep(f"{_called(block.id)} is active", f"{code(block.id)} is being worked on.")
    match first.problem:
        case Problem.NO_OWN_COMMIT if block.dispatch is not None and not block.dispatch.is_over:
            return NextStep(f"{_called(block.id)} is with its worker", f"Wait for {code(block.dispatch.worker)}.")
        case Problem.NO_OWN_COMMIT:
            has_record = situation.content_head != pull.head_sha
            pull_first = " (`git pull` first: the record commit is on the branch)" if has_record else ""
            group = run.group_of(block.id)
            name = "+".join(group) if len(group) > 1 else block.id
            return NextStep(
                f"{_called(name)} is to be done",
                f"Push the commits of {code(name)} {plain(block.title, 120)}{pull_first}.{_how_to_commit(run, block)}",
            )
        case Problem.GATES_PENDING:
            return NextStep(f"{_called(block.id)} waits for its gates", sentence(first))
        case Problem.CONTRACT_CHANGED:
            return NextStep("the contract has changed", sentence(first), waits_for_person=True, is_stopped=True)
        case _:
            return NextStep(
                f"{_called(block.id)} is held up: {_HEADLINES.get(first.problem, 'see below')}",
                sentence(first),
                is_stopped=True,
            )


def _called(name: str) -> str:
    """Ids of some plans are bare numbers, which say nothing in a sentence."""
    return f"Task {name}" if name[:1].isdigit() else name


def _how_to_commit(run: Run, block: BlockRun) -> str:
    """What commits have to say: those of a memory-bank task always, others where blocks are open side by side."""
    if run.dialect is not Dialect.MEMORY_BANK:
        beside = {other.id for other in run.open_blocks} - set(run.group_of(block.id))
        how = f"begin their subject with {code(block.id + ':')}, or say {code('/done ' + block.id + ' <sha>')}"
        return f" Other {noun(run.dialect)}s are open beside it: {how}." if beside else ""
    refs = code("Refs: " + run.plan_path.removeprefix("memory-bank/"))
    return f" Their subject begins with {code(block.id + ':')}, and a line of their own says {refs}."


_HEADLINES = {
    Problem.SCOPE_VIOLATED: "files out of scope",
    Problem.SCOPE_UNKNOWN: "the scope is not known",
    Problem.GATES_RED: "gates fail",
    Problem.GATES_UNKNOWN: "the gates are not known",
    Problem.HISTORY_REWRITTEN: "approved commits are gone",
    Problem.PLAN_UNREADABLE: "the plan cannot be read",
    Problem.COMMITS_UNDISCIPLINED: "its commits do not carry its id",
    Problem.VALIDATION_FAILED: "the validation commands failed",
    Problem.NOT_CONFIRMED: "invariants wait to be confirmed",
}


def _validating(run: Run, situation: Situation, pull: PullFacts) -> NextStep:
    obstacles = verdict_obstacles(run, situation)
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
        is_waiting = first.problem in {Problem.GATES_PENDING, Problem.VALIDATION_RUNNING}
        said = "validation waits for the gates" if is_waiting else "validation is held up"
        if first.problem is Problem.NOT_CONFIRMED:
            return NextStep(
                f"every {noun(run.dialect)} is finished: invariants are to be confirmed",
                sentence(first),
                waits_for_person=True,
            )
        return NextStep(
            f"{said}: {_HEADLINES.get(first.problem, 'see below')}" if not is_waiting else said,
            sentence(first),
            is_stopped=not is_waiting,
        )
    head = situation.content_head
    return NextStep(
        f"every {noun(run.dialect)} is finished: the verdict is due at {short(head)}",
        f"Look at {_link('the whole change', pull, '/files')}; an approver then gives the verdict "
        "(`PASS`, `PASS_WITH_NOTES` or `FAIL`)",
        f"/verdict PASS @{head[:NAMED]}",
        waits_for_person=True,
    )


_UNDER_WAY: Final = "Nothing: the closeout is under way."
_ON_THE_BRANCH: Final = "The closeout is being written to this branch; merge the pull request after it."


def _completed(run: Run, facts: Facts) -> NextStep:
    if is_closing(run, facts):
        return NextStep("completed, closeout under way", _UNDER_WAY if not facts.pull.is_open else _ON_THE_BRANCH)
    if run.dialect is Dialect.TEAM_SESSION and run.completion is None and facts.pull.is_merged:
        return NextStep(
            "completed: what is to become of the session?",
            "An approver says `/archive`, `/keep` or `/export <dir>`.",
            waits_for_person=True,
        )
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
    is_asked = run.dialect is Dialect.TEAM_SESSION and run.completion is None and not _ends_by_itself(run)
    follows = (
        "it is asked then what is to become of the session. `/archive`, `/keep` or `/export <dir>` answer it before"
        if is_asked
        else "the closeout follows by itself"
    )
    return NextStep("completed", f"Merge the pull request; {follows}.")


def _ends_by_itself(run: Run) -> bool:
    return run.terms.get("completion_action") in {"auto_archive", "auto_keep"}
