"""`/verdict` and `/closeout`: how a run ends well."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from bot.runs.approve import head_meant, read_block_and_commit
from bot.runs.assess import NO_GATE_NOTE, GatesState, is_validated
from bot.runs.effects import Say
from bot.runs.facts import Facts, Files, OutcomeState
from bot.runs.messages import Notice, NoticeKind, Problem, Refusal
from bot.runs.model import EntryKind, Run, RunState, Verdict, VerdictWord
from bot.runs.obstacles import verdict_obstacles
from bot.runs.policy import CloseoutPolicy
from bot.runs.records import close_out, write_blockers, write_record
from bot.runs.steer import live
from bot.runs.turn import Call, Refused, Turn

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
    obstacles = verdict_obstacles(turn.situation)
    if moved is not None and (not obstacles or moved.problem is Problem.HEAD_MOVED):
        return replace(moved, values={**moved.values, "word": word})
    if word == VerdictWord.FAIL:
        return _fail(turn, run, notes, call)
    if run.verdict is not None and not run.verdict.is_passing and run.verdict.head == turn.situation.content_head:
        return Refusal(Problem.SAME_HEAD_FAILED, {"head": run.verdict.head, "by": run.verdict.by})
    if obstacles:
        return obstacles[0]
    return _pass(turn, run, VerdictWord(word), notes, call)


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
        held = next((b for b in run.blocks if b.approval and b.approval.head == situation.gates.held_from), None)
        results += [f"{gate} (on {situation.gates.held_from[:12]})" for gate in (held.gates if held else ())]
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
    )


def _pass(turn: Turn, run: Run, word: VerdictWord, notes: str, call: Call) -> Turn:
    completed = replace(run, state=RunState.COMPLETED, verdict=_verdict(turn, run, word, notes, call), reason=None)
    text = f"{word} {notes}".strip()
    turn = turn.to(completed).note(EntryKind.VERDICT, call.by, text, comment_id=call.comment.comment_id)
    turn = turn.note(EntryKind.COMPLETED, call.by)
    if turn.policy.closeout is CloseoutPolicy.COMMIT and not turn.facts.pull.is_fork:
        return close_out(turn.note(EntryKind.CLOSEOUT, call.by))
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
        turn = turn.to(replace(failed, state=RunState.ESCALATED, reason=reason)).note(
            EntryKind.ESCALATED, call.by, reason
        )
        key = f"say:{turn.key}:{call.comment.comment_id}:{call.index}:escalated"
        turn = turn.do(Say(key, Notice(NoticeKind.ESCALATED, {"reason": reason})))
    assert turn.run is not None
    return write_record(turn, f"Record the verdict on {run.title}", (("Validated-by", call.by),), at_end=True)


def closeout_blockers(turn: Turn, run: Run) -> tuple[str, ...]:
    """What closeout still needs, in words that go into the plan's checklist too."""
    blockers = [f"{block.id} is {block.state.replace('_', ' ')}" for block in run.blocks if not block.is_settled]
    if run.verdict is None:
        blockers.append("there is no verdict yet")
    elif not run.verdict.is_passing:
        blockers.append(f"the verdict is {run.verdict.word}")
    elif not is_validated(run, turn.situation):
        blockers.append(f"the verdict was given on {run.verdict.head[:12]}, and commits were pushed since")
    return tuple(blockers)


def is_closing(run: Run, facts: Facts) -> bool:
    """Whether a closeout was asked for and has not failed: a second one would open a second pull request."""
    if run.closeout_key is None:
        return False
    outcome = facts.outcomes.get(run.closeout_key)
    return outcome is None or outcome.state is not OutcomeState.FAILED


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
    blockers = closeout_blockers(turn, run)
    if blockers:
        return write_blockers(turn, blockers, call.by), Refusal(Problem.NOT_READY_TO_CLOSE, items=blockers)
    if run.state in {RunState.PAUSED, RunState.ESCALATED}:
        problem = Problem.RUN_PAUSED if run.state is RunState.PAUSED else Problem.RUN_ESCALATED
        return Refusal(problem, {"reason": run.reason or ""})
    if is_closing(run, turn.facts):
        return Refusal(Problem.NOT_READY_TO_CLOSE, items=("the closeout is under way already",))
    if not turn.facts.pull.is_merged and (turn.policy.closeout is CloseoutPolicy.PULL or turn.facts.pull.is_fork):
        return Refusal(Problem.NOT_READY_TO_CLOSE, items=("the pull request is not merged yet: closeout follows it",))
    return close_out(turn.note(EntryKind.CLOSEOUT, call.by, comment_id=call.comment.comment_id))
