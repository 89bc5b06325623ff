"""`/verdict` and `/closeout`: how a run ends well."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from bot.plans.dialects import path_problem
from bot.plans.model import Dialect, Level
from bot.runs.approve import head_meant, read_block_and_commit, with_gates_noted
from bot.runs.effects import Say
from bot.runs.escalate import escalated
from bot.runs.facts import Facts, Files, OutcomeState
from bot.runs.gates import NO_GATE_NOTE, GatesState
from bot.runs.invariants import confirmed_by, demanded
from bot.runs.ledger import EntryKind
from bot.runs.messages import Notice, NoticeKind, Problem, Refusal
from bot.runs.model import DispatchState, Run, RunState, Verdict, VerdictWord
from bot.runs.obstacles import closeout_blockers, verdict_obstacles
from bot.runs.policy import CloseoutPolicy
from bot.runs.records import close_out, write_blockers, write_record
from bot.runs.steer import live
from bot.runs.turn import Call, Refused, Turn
from bot.runs.workers import BOT

FIX_ROUNDS: Final = 3


def verdict(turn: Turn, call: Call) -> Turn | Refusal:
    """Judge the whole change at the head that was shown; PASS needs clean scope and green gates there."""
    words = call.rest.split()
    word = words[0].upper() if words else ""
    if word not in list(VerdictWord):
        return Refusal(Problem.BAD_ARGUMENTS, {"argument": words[0] if words else ""})
    commit, notes = None, call.rest[len(words[0]) :].strip()
    if len(words) > 1 and words[1].startswith("@"):
        arguments = read_block_and_commit(words[1])
        if isinstance(arguments, Refusal):
            return arguments
        commit, notes = arguments[1], notes[len(words[1]) :].strip()
    run = _judgeable(turn, VerdictWord(word))
    if isinstance(run, Refusal):
        return run
    moved = head_meant(turn, None, commit, call)
    obstacles = _obstacles_to(turn, run, VerdictWord(word))
    if moved is not None and (not obstacles or moved.problem is Problem.HEAD_MOVED):
        return replace(moved, values={**moved.values, "word": word})
    if word == VerdictWord.FAIL:
        return _fail(turn, run, notes, call)
    if run.verdict is not None and not run.verdict.is_passing and run.verdict.head == turn.situation.content_head:
        return Refusal(Problem.SAME_HEAD_FAILED, {"head": run.verdict.head, "by": run.verdict.by})
    if obstacles:
        return obstacles[0]
    return _pass(turn, run, VerdictWord(word), notes, call)


def _obstacles_to(turn: Turn, run: Run, word: VerdictWord) -> tuple[Refusal, ...]:
    """PASS_WITH_NOTES may leave invariants unconfirmed: its notes say so, and the record does too."""
    found = verdict_obstacles(run, turn.situation)
    if word is VerdictWord.PASS_WITH_NOTES:
        found = tuple(refusal for refusal in found if refusal.problem is not Problem.NOT_CONFIRMED)
    return found


def _judgeable(turn: Turn, word: VerdictWord) -> Run | Refusal:
    run = live(turn)
    if isinstance(run, Refusal):
        return run
    if not turn.facts.pull.is_open:
        return Refusal(Problem.PULL_CLOSED)
    match run.state:
        case RunState.PAUSED:
            return Refusal(Problem.RUN_PAUSED, {"reason": run.reason or ""})
        case RunState.ESCALATED:
            return Refusal(Problem.RUN_ESCALATED, {"reason": run.reason or ""})
        case RunState.VALIDATING:
            return run
        case RunState.COMPLETED if word is VerdictWord.FAIL:
            return run
        case _:
            block = run.open_block
            return Refusal(Problem.NOT_VALIDATING, {"state": run.state, "open": block.id if block else ""})


def _verdict(turn: Turn, run: Run, word: VerdictWord, notes: str, call: Call) -> Verdict:
    situation = turn.situation
    scope = situation.scope
    results = [f"scope: {scope.changed} files changed, {len(scope.violations)} out of scope"]
    if situation.gates.state is GatesState.SILENT:
        results.append(NO_GATE_NOTE)
    results += [f"{report.name}: {report.conclusion}" for report in situation.gates.reports]
    if situation.gates.held_from is not None:
        results += _held_gates(run, situation.gates.held_from)
    commands = run.validation
    if run.level is Level.HIGH and commands is not None and commands.commit == situation.content_head:
        said = "passed" if commands.state is DispatchState.DONE else commands.failure or "not finished"
        results.append(f"validation commands: {said} ({commands.url or commands.worker})")
    elif run.level is Level.HIGH and run.terms["validation_commands"]:
        results.append("validation commands: not run, the policy names no workflow for them")
    if notes and word is VerdictWord.PASS:
        results.append(f"notes: {notes}")
    changed = turn.facts.files.changed if isinstance(turn.facts.files, Files) else ()
    own = {path for path, _ in run.own_blobs} | {run.plan_path}
    return Verdict(
        word=word,
        notes=notes,
        by=call.by,
        at=turn.now,
        head=situation.content_head,
        comment_id=call.comment.comment_id,
        level=run.level,
        results=tuple(results),
        files=tuple(file.path for file in changed if file.path not in own),
        invariants=tuple(
            (name, f"pass, confirmed by {by}" if (by := confirmed_by(run, situation, name)) else "not confirmed")
            for name in demanded(run, situation)
        ),
        commands=tuple(run.terms["validation_commands"])
        if commands is not None and commands.commit == situation.content_head
        else (),
        lacks_documentation=situation.lacks_documentation,
    )


def _held_gates(run: Run, head: str) -> list[str]:
    """The gates seen green on the commit below the bot's own records: those of the last block closed there."""
    closed = [block for block in run.blocks if block.gates and block.head == head]
    return [f"{gate} (on {head[:12]})" for block in closed[-1:] for gate in block.gates] or [
        f"gates: green (on {head[:12]})"
    ]


def _pass(turn: Turn, run: Run, word: VerdictWord, notes: str, call: Call) -> Turn:
    run = with_gates_noted(turn).run or run
    completed = replace(run, state=RunState.COMPLETED, verdict=_verdict(turn, run, word, notes, call), reason=None)
    text = f"{word} {notes}".strip()
    turn = turn.to(completed).note(EntryKind.VERDICT, call.by, text, comment_id=call.comment.comment_id)
    turn = turn.note(EntryKind.COMPLETED, call.by)
    if turn.policy.closeout is CloseoutPolicy.COMMIT and not turn.facts.pull.is_fork:
        return finish_up(turn, call.by)
    return write_record(turn, f"Record the verdict on {run.title}", (("Validated-by", call.by),), at_end=True)


def _fail(turn: Turn, run: Run, notes: str, call: Call) -> Turn:
    judged = _verdict(turn, run, VerdictWord.FAIL, notes, call)
    is_same = run.verdict is not None and not run.verdict.is_passing and run.verdict.head == judged.head
    # Two people who judge the same commit have found one failure, not two.
    rounds = run.fix_rounds + (0 if is_same else 1)
    failed = replace(
        run, state=RunState.VALIDATING, verdict=judged, fix_rounds=rounds, closeout_key=None, closeout_url=None
    )
    text = f"FAIL {notes}".strip()
    turn = turn.to(failed).note(EntryKind.VERDICT, call.by, text, comment_id=call.comment.comment_id)
    if rounds > FIX_ROUNDS:
        reason = f"validation failed {rounds} times"
        turn = escalated(turn, call.by, reason, comment_id=call.comment.comment_id)
    assert turn.run is not None
    return write_record(turn, f"Record the verdict on {run.title}", (("Validated-by", call.by),), at_end=True)


def is_closing(run: Run, facts: Facts) -> bool:
    """Whether a closeout was asked for and has not failed: a second one would open a second pull request."""
    if run.closeout_key is None:
        return False
    outcome = facts.outcomes.get(run.closeout_key)
    return outcome is None or outcome.state is not OutcomeState.FAILED


def finish_up(turn: Turn, by: str, *, comment_id: int | None = None) -> Turn:
    """Close the plan out, or ask first what is to become of a session that wants to be asked."""
    run = turn.run
    assert run is not None
    if run.dialect is Dialect.TEAM_SESSION and run.completion is None:
        action = run.terms.get("completion_action") or "interactive"
        if action not in {"auto_archive", "auto_keep"}:
            if run.completion_asked:
                return turn
            turn = turn.to(replace(run, completion_asked=True))
            notice = Notice(NoticeKind.CHOOSE_COMPLETION, {"path": run.plan_path})
            return turn.do(Say(f"say:{run.id}:completion", notice))
        chosen = "archive" if action == "auto_archive" else "keep"
        turn = turn.to(replace(run, completion=chosen)).note(EntryKind.COMPLETION, BOT, chosen)
    return close_out(turn.note(EntryKind.CLOSEOUT, by, comment_id=comment_id))


def kept_instead(turn: Turn) -> Turn:
    """Archiving or exporting a session failed: it is kept active, which harms nothing, and people are warned."""
    run = turn.run
    assert run is not None
    outcome = turn.facts.outcomes.get(run.closeout_key or "")
    if run.state is not RunState.COMPLETED or run.completion not in {"archive", "export"} or outcome is None:
        return turn
    if outcome.state is not OutcomeState.FAILED:
        return turn
    why = outcome.error or "no reason given"
    kept = replace(run, completion="keep", completion_path=None)
    turn = turn.to(kept).note(EntryKind.COMPLETION, BOT, f"keep, because {run.completion} failed: {why}")
    values = {"action": run.completion, "reason": why}
    turn = turn.do(Say(f"say:{run.id}:kept:{run.sequence}", Notice(NoticeKind.COMPLETION_FAILED, values)))
    return close_out(turn)


def closeout(turn: Turn, call: Call) -> Turn | Refusal | Refused:
    run = turn.run
    if run is None:
        return Refusal(Problem.NO_RUN)
    if run.state is RunState.CLOSED:
        return Refusal(Problem.ALREADY_CLOSED, {"url": run.closeout_url or ""})
    if run.state is RunState.ABORTED:
        return Refusal(Problem.RUN_OVER, {"state": run.state})
    if not turn.facts.pull.is_open and not turn.facts.pull.is_merged:
        return Refusal(Problem.PULL_CLOSED)
    blockers = closeout_blockers(run, turn.situation)
    if blockers:
        return write_blockers(turn, call.by), Refusal(Problem.NOT_READY_TO_CLOSE, items=blockers)
    if run.state in {RunState.PAUSED, RunState.ESCALATED}:
        problem = Problem.RUN_PAUSED if run.state is RunState.PAUSED else Problem.RUN_ESCALATED
        return Refusal(problem, {"reason": run.reason or ""})
    if is_closing(run, turn.facts):
        return Refusal(Problem.NOT_READY_TO_CLOSE, items=("the closeout is under way already",))
    if _waits_for_merge(turn):
        return Refusal(Problem.NOT_READY_TO_CLOSE, items=("the pull request is not merged yet: closeout follows it",))
    return finish_up(turn, call.by, comment_id=call.comment.comment_id)


def _waits_for_merge(turn: Turn) -> bool:
    pull = turn.facts.pull
    return not pull.is_merged and (turn.policy.closeout is CloseoutPolicy.PULL or pull.is_fork)


def completion(turn: Turn, call: Call) -> Turn | Refusal:
    """`/archive`, `/keep`, `/export <dir>`: what is to become of a finished team session."""
    run = live(turn)
    if isinstance(run, Refusal):
        return run
    if run.dialect is not Dialect.TEAM_SESSION:
        return Refusal(Problem.NOT_FOR_THIS_DIALECT, {"dialect": run.dialect})
    folder = call.rest.strip().strip("`").rstrip("/")
    if call.word == "export":
        if not folder:
            return Refusal(Problem.BAD_ARGUMENTS, {"argument": ""})
        problem = path_problem(folder)
        if problem is not None or folder.casefold().startswith(".git"):
            return Refusal(Problem.BAD_FOLDER, {"path": folder, "reason": problem or "it is git's or GitHub's own"})
    blockers = closeout_blockers(run, turn.situation)
    if blockers:
        return Refusal(Problem.NOT_READY_TO_CLOSE, items=blockers)
    if is_closing(run, turn.facts):
        return Refusal(Problem.NOT_READY_TO_CLOSE, items=("the closeout is under way already",))
    chosen = replace(run, completion=call.word, completion_path=folder or None)
    turn = turn.to(chosen).note(
        EntryKind.COMPLETION, call.by, f"{call.word} {folder}".strip(), comment_id=call.comment.comment_id
    )
    return turn if _waits_for_merge(turn) else finish_up(turn, call.by, comment_id=call.comment.comment_id)
