"""The decision: run, facts and events in; run, ledger entries and effects out. No clock, no network, no chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.runs.advance import absorb, advance, follow_plan
from bot.runs.assess import PlanState, Situation
from bot.runs.clicks import CONFIRM, CONFIRMING, calls
from bot.runs.command_lines import CommandLine
from bot.runs.effects import Decided, React, Say, StartWorker
from bot.runs.escalate import kicked_back
from bot.runs.events import CommentCreated, Event, Place, ReportRefused, WorkerReported, WorkerRunChanged
from bot.runs.facts import Facts, Permission, Unknown
from bot.runs.ledger import Entry, EntryKind
from bot.runs.messages import Notice, NoticeKind, Problem, Refusal
from bot.runs.model import KickbackSignal, PullKey, Run, RunState
from bot.runs.policy import Policy, PolicyProblem
from bot.runs.registry import Audience, Command, find, suggestion
from bot.runs.turn import Call, Turn
from bot.runs.worker_events import report_refused, reported, run_changed
from bot.runs.workers import deadlines

APPROVING_LEVELS = frozenset({"admin", "write"})
STILL_ANSWERED = frozenset({"status", "help", "pause", "abort"})
"""Commands that are taken even while the policy cannot be read: they advance nothing."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What one reaction decided; `wake_at` asks for another look although nothing may be delivered."""

    run: Run | None
    entries: tuple[Entry, ...]
    effects: tuple[Decided, ...]
    situation: Situation
    wake_at: datetime | None


def decide(key: PullKey, run: Run | None, facts: Facts, events: Sequence[Event], now: datetime) -> Decision:
    """Take what follows from workers and facts, then the comments in GitHub's order, then what follows from those.

    Commands are measured against what the checklist showed before this reaction, so that nobody approves by a
    late or early arrival what they have not been shown.
    """
    if run is not None:
        run = follow_plan(absorb(run, dict(facts.outcomes)), facts)
    turn = advance(_with_workers_heard(Turn.begin(key, run, facts, now), events))
    for call in calls(events):
        turn = _answer(turn, call.comment, call.lines)
    turn = advance(turn)
    moments = (turn.situation.gates.quiet_until, *deadlines(turn.run, turn.policy.workers))
    wakes = [moment for moment in moments if moment is not None and moment > now]
    effects = tuple(sorted(turn.effects, key=_hands_out))
    return Decision(turn.run, turn.entries, effects, turn.situation, min(wakes, default=None))


def _hands_out(effect: Decided) -> bool:
    """Workers are asked last: the record says what is to be done before anybody does it."""
    if isinstance(effect, Say):
        return isinstance(effect.message, Notice) and effect.message.kind is NoticeKind.HANDOVER
    return isinstance(effect, StartWorker)


def _with_workers_heard(turn: Turn, events: Sequence[Event]) -> Turn:
    """What workers reported and how their workflow runs moved, in the order in which it came in."""
    for event in events:
        match event:
            case WorkerReported(status="kickback"):
                turn = _kicked_back(turn, event)
            case WorkerReported():
                turn = reported(turn, event)
            case ReportRefused():
                turn = report_refused(turn, event)
            case WorkerRunChanged():
                turn = run_changed(turn, event)
            case _:
                pass
    return turn


def _kicked_back(turn: Turn, event: WorkerReported) -> Turn:
    """A worker's own kickback counts as long as somebody waits for that worker, also while the run is paused."""
    run = turn.run
    is_expected = run is not None and any(
        block.dispatch is not None and block.dispatch.id == event.dispatch and not block.dispatch.is_over
        for block in run.open_blocks
    )
    turn = reported(turn, event)
    if run is None or not is_expected or run.state not in {RunState.RUNNING, RunState.PAUSED}:
        return turn
    known = event.signal in list(KickbackSignal)
    signal = KickbackSignal(event.signal) if known and event.signal else KickbackSignal.MISSING_CONTEXT
    return kicked_back(turn, event.dispatch, signal, event.notes or "no reason given", block=event.block or None)


def _answer(turn: Turn, comment: CommentCreated, lines: Sequence[CommandLine]) -> Turn:
    """Carry out one comment's commands, with one reaction for all of them."""
    contents: list[str] = []
    before = turn.effects
    for index, line in enumerate(lines):
        call = Call(line.word, line.rest, comment, index)
        if line.word == CONFIRM:
            turn, content = _carry_out(turn, CONFIRMING, call)
            contents.append(content)
            continue
        command = find(line.word)
        if command is None:
            turn = _suggest(turn, call)
            continue
        if not _is_in_play(turn, command) or _is_chatter(turn, call, command, lines):
            continue
        turn, content = _carry_out(turn, command, call)
        contents.append(content)
    if not contents or comment.place in {Place.BOX, Place.BUTTON, Place.REVIEW}:
        # GitHub has no reactions on reviews, ticked boxes or buttons.
        return turn
    worst = next((content for content in ("-1", "confused") if content in contents), "+1")
    on_diff = comment.place is Place.REVIEW_COMMENT
    key = f"react:{turn.key}:{comment.name}"
    react = React(key, comment.comment_id, worst, on_diff)  # type: ignore[arg-type]
    # The reaction goes first: people see at once that they were heard, the record commit takes longer.
    return replace(turn, effects=(*before, react, *turn.effects[len(before) :]))


def _is_in_play(turn: Turn, command: Command) -> bool:
    """Other bots own slash commands too: without a plan or a run only `/execute` is ours."""
    if turn.run is not None or turn.situation.plan.state is not PlanState.NONE:
        return True
    return command.word == "execute"


def _is_chatter(turn: Turn, call: Call, command: Command, lines: Sequence[CommandLine]) -> bool:
    """Whether an answer that anybody may have would be the second in one comment, or go to a bot that is no agent."""
    if command.audience is not Audience.READER:
        return False
    if any(find(line.word) is command for line in lines[: call.index]):
        return True
    return call.comment.author.is_bot and not _is_the_agent(turn, call)


def _suggest(turn: Turn, call: Call) -> Turn:
    near = suggestion(call.word)
    if near is None or (turn.run is None and turn.situation.plan.state is PlanState.NONE):
        return turn
    if not may_approve(turn, call):
        return turn
    return _refuse(turn, call, Refusal(Problem.UNKNOWN_COMMAND, {"suggestion": near}))


def _carry_out(turn: Turn, command: Command, call: Call) -> tuple[Turn, str]:
    permission = turn.facts.permissions.get(call.by)
    if command.audience is not Audience.READER and not _may_use(turn, command, call):
        if isinstance(permission, Unknown):
            refusal = Refusal(Problem.PERMISSION_UNKNOWN, {"reason": permission.reason})
            return _refuse(turn, call, refusal), "confused"
        if turn.run is not None:
            said = permission.level if isinstance(permission, Permission) else "unknown"
            text = f"/{call.word}: permission {said}"
            turn = turn.note(EntryKind.REFUSED, call.by, text, comment_id=call.comment.comment_id)
        return turn, "-1"
    if not isinstance(turn.facts.policy, Policy) and command.word not in STILL_ANSWERED:
        return _refuse(
            turn, call, Refusal(Problem.POLICY_BROKEN, items=_policy_problems(turn.facts.policy))
        ), "confused"
    result = command.handle(turn, call)
    match result:
        case Turn():
            return result, "+1"
        case Refusal():
            return _refuse(turn, call, result), "confused"
        case (noted, refusal):
            return _refuse(noted, call, refusal), "confused"


def _may_use(turn: Turn, command: Command, call: Call) -> bool:
    return may_approve(turn, call) or (command.audience is Audience.WORKER and _is_the_agent(turn, call))


def _is_the_agent(turn: Turn, call: Call) -> bool:
    """Whether the policy hands blocks to this App by mentioning it; the App's own name ends in `[bot]`.

    Only an App: a user of that name is somebody else, and one who may push is an approver anyway.
    """
    if not call.comment.author.is_bot:
        return False
    name = call.by.casefold().removesuffix("[bot]")
    return any(agent.casefold().lstrip("@") == name for agent in turn.policy.workers.agents())


def _policy_problems(policy: PolicyProblem | Unknown) -> tuple[str, ...]:
    if isinstance(policy, Unknown):
        return (policy.reason,)
    return tuple(f"{policy.path}, line {line}: {what}" for line, what in policy.problems)


def may_approve(turn: Turn, call: Call) -> bool:
    """Whether GitHub or the policy lets this person command; asked anew for every command, never remembered."""
    if call.comment.author.is_bot:
        return False
    if any(login.casefold() == call.by.casefold() for login in turn.policy.approvers):
        return True
    if call.by in turn.facts.team_approvers:
        return True
    permission = turn.facts.permissions.get(call.by)
    return isinstance(permission, Permission) and permission.level in APPROVING_LEVELS


def _refuse(turn: Turn, call: Call, refusal: Refusal) -> Turn:
    key = f"say:{turn.key}:{call.comment.name}:{call.index}"
    if turn.run is not None:
        text = f"/{call.word}: {refusal.problem.replace('_', ' ')}"
        turn = turn.note(EntryKind.REFUSED, call.by, text, comment_id=call.comment.comment_id)
    return turn.do(Say(key, refusal, command=call.word, to=call.by))
