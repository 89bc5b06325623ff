"""Every answer to a command, as a sentence: which condition failed, the actual values, what to do."""

from __future__ import annotations

from typing import Final

from bot.runs.messages import Problem, Refusal
from bot.runs.model import RunState
from bot.runs.registry import COMMANDS, Audience, find
from bot.views.words import NAMED, bullets, code, commit, counted, listed, plain
from bot.views.work_replies import work_sentence


def refusal_body(refusal: Refusal, command: str, to: str) -> str:
    """One short reply that says which condition failed, with actual values, and what to do."""
    said = f"/{command}"
    return f"{code(to)}: {code(said)} was refused. {sentence(refusal, command)}{_LATER.get(refusal.problem, '')}"


_LATER: Final = {
    Problem.POLICY_BROKEN: "\n\nCorrect it on the base branch, then say the command again.",
    Problem.PLAN_UNREADABLE: "\n\nCorrect that on the branch, then say the command again.",
    Problem.PERMISSION_UNKNOWN: " Say the command again in a while.",
    Problem.SCOPE_UNKNOWN: " Say the command again in a while.",
    Problem.GATES_UNKNOWN: " Say the command again in a while.",
    Problem.GATES_PENDING: " Say the command again once every gate is green.",
}
"""What to do about a refusal where the condition passes by itself or is met elsewhere."""


_HALTED: Final = frozenset({RunState.PAUSED, RunState.ESCALATED})


def sentence(refusal: Refusal, command: str = "approve") -> str:
    """The condition that failed and what to do, as Markdown."""
    values, items = refusal.values, refusal.items
    match refusal.problem:
        case Problem.BAD_ARGUMENTS:
            return _bad_arguments(values.get("argument", ""), command)
        case Problem.UNKNOWN_COMMAND:
            return f"There is no such command. Did you mean {code('/' + values['suggestion'])}?"
        case Problem.POLICY_BROKEN:
            return f"The policy on the base branch cannot be used, so nothing advances:\n\n{bullets(items)}"
        case Problem.PERMISSION_UNKNOWN:
            return f"GitHub did not say what you may do in this repository: {_ended(values['reason'])}"
        case Problem.NO_PLAN:
            return (
                "There is no plan in this pull request. Commit one to this branch, for example as "
                "`docs/exec-plans/active/<name>.md`, or name it: `/execute docs/exec-plans/active/<name>.md`."
            )
        case Problem.SEVERAL_PLANS:
            choices = "\n".join(f"/execute {bare_path}" for bare_path in items[:20])
            return f"There are {len(items)} plans in this pull request. Say which one:\n\n{_block(choices)}"
        case Problem.PLAN_UNREADABLE:
            plan = f"The plan {code(values['path'])}" if values["path"] else "The plan"
            return f"{plan} cannot be read:\n\n{bullets(items)}"
        case Problem.PLAN_REFUSED:
            return (
                f"The plan {code(values['path'])} cannot be executed:\n\n{bullets(items)}\n\n"
                "Correct the plan on the branch, then say `/execute` again."
            )
        case Problem.WRONG_BRANCH:
            return (
                f"The plan's execution branch is {code(values['plan'])}, this pull request's branch is "
                f"{code(values['head'])}. Open the pull request from the plan's branch, or correct the plan."
            )
        case Problem.PULL_CLOSED:
            return "The pull request is closed. Reopen it first."
        case Problem.ALREADY_LIVE:
            way_on = "`/resume` goes on with it" if values["state"] in _HALTED else "`/status` shows where it stands"
            return (
                f"{code(values['path'])} is already being executed (state: {values['state']}) and its contract "
                f"has not changed. {way_on}."
            )
        case Problem.DONE_BLOCK_VANISHED:
            return (
                f"The changed plan no longer has {listed(items)}, finished already. Put that back into the plan, or "
                "say `/abort <reason>` and then `/execute`."
            )
        case Problem.OTHER_PLAN_LIVE:
            return (
                f"{code(values['path'])} is being executed on this pull request. Say `/abort <reason>` before "
                f"starting {code(values['wanted'])}."
            )
        case Problem.NO_RUN:
            return "No plan is being executed here. Say `/execute` first."
        case Problem.RUN_OVER:
            return _run_over(values["state"])
        case Problem.RUN_PAUSED:
            return f"The run is paused{_because(values)}. Say `/resume` to go on."
        case Problem.RUN_ESCALATED:
            return f"The run waits for a decision{_because(values)}. Say `/resume` to go on, or `/abort <reason>`."
        case Problem.NOT_PAUSED if items:
            return f"The run is not paused: workers are still at {listed(items)}. Say `/check` later."
        case Problem.NOT_PAUSED:
            return f"The run is not paused, it is {values['state']}. `/status` shows what is next."
        case Problem.CONTRACT_CHANGED:
            return (
                f"The plan's contract has changed since it was locked:\n\n{bullets(items)}\n\n"
                "Say `/execute` to lock it anew, or take the change back."
            )
        case Problem.NO_SUCH_BLOCK:
            return f"There is no block {code(values['block'])}. The plan has {listed(items, 30)}."
        case Problem.BLOCK_SETTLED:
            at = f" at {commit(values['head'])}" if values.get("head") else ""
            return f"{code(values['block'])} is {values['state']}{at} already. `/status` shows which block is open."
        case Problem.NOT_THE_OPEN_BLOCK:
            return (
                f"{code(values['open'])} comes first; {code(values['block'])} is not open yet. Finish "
                f"{code(values['open'])}, or say {code('/skip ' + values['open'] + ' <reason>')}."
            )
        case Problem.NO_OPEN_BLOCK:
            return (
                "Every block is finished. Look at the whole change, then say `/verdict PASS`, "
                "`/verdict PASS_WITH_NOTES <notes>` or `/verdict FAIL <notes>`."
            )
        case Problem.HEAD_MOVED:
            return _head_moved(values, command)
        case Problem.NOT_SHOWN_YET:
            return (
                f"The checklist had not shown {commit(values['head'])} as waiting for you when you wrote. Look at that "
                f"commit, then say {code(_again(command, values))}."
            )
        case Problem.HISTORY_REWRITTEN:
            return (
                "The branch was force-pushed: commits that were approved are no longer on it. Put them back, or say "
                "`/abort <reason>` and `/execute` again: every block is then looked at anew, and needs a commit of its "
                "own after that."
            )
        case Problem.NO_OWN_COMMIT:
            return (
                f"Nothing was pushed for {code(values['block'])} since {commit(values['boundary'])} (the bot's records "
                f"and merges do not count). Push its commits, or say {code('/skip ' + values['block'] + ' <reason>')}."
            )
        case Problem.SCOPE_VIOLATED:
            return (
                f"{counted(len(items), 'file')} outside the plan's scope: {listed(items)}. Take the change back, "
                f"say {code('/allow <pattern> <reason>')}, or {code('/escalate <reason>')} to plan it again."
            )
        case Problem.SCOPE_UNKNOWN:
            return f"The scope could not be checked: {_ended(values['reason'])}"
        case Problem.GATES_RED:
            return (
                f"{counted(len(items), 'gate')} failing on the head commit: {listed(items)}. Push a fix, or run "
                f"{'it' if len(items) == 1 else 'them'} again."
            )
        case Problem.GATES_PENDING:
            if not items:
                return "No check has reported on the head commit yet."
            return f"{counted(len(items), 'gate')} not finished on the head commit: {listed(items)}."
        case Problem.GATES_UNKNOWN:
            return f"The head commit could not be judged: {_ended(values['reason'])}"
        case Problem.BAD_PATTERN:
            return (
                f"The pattern {code(values['pattern'])} cannot be used: {_ended(values['reason'])} Write it as in the "
                "plan, for example `src/...` or `docs/*.md`."
            )
        case Problem.NOT_VALIDATING:
            if values.get("open"):
                return f"A verdict follows the last block, and {code(values['open'])} is not finished yet."
            return "The verdict on this commit was given. `/verdict FAIL <notes>` takes it back."
        case Problem.SAME_HEAD_FAILED:
            return (
                f"{code(values['by'])} judged {commit(values['head'])} as FAIL. Push a fix first; then its head can be "
                "judged."
            )
        case Problem.NOT_READY_TO_CLOSE:
            return f"The plan cannot be closed out now:\n\n{bullets(items)}\n\n`/status` shows what is next."
        case Problem.ALREADY_CLOSED:
            if values["url"]:
                return (
                    f"The plan is closed out already, by {values['url']}. If that was closed without being merged, "
                    "reopen it; if it cannot be merged, bring its branch up to date."
                )
            return "The plan is closed out already. Nothing is left to be done."
        case _:
            return work_sentence(refusal)


def _ended(reason: str) -> str:
    """A reason in somebody else's words as the end of a sentence."""
    return f"{plain(reason.rstrip(' .'))}."


def _run_over(state: str) -> str:
    match state:
        case RunState.ABORTED:
            return "The run was aborted. Say `/execute` to start the plan again."
        case RunState.CLOSED:
            return "The plan is closed out and the run has ended. Nothing is left to be done."
        case _:
            return "Every block is finished and the verdict was given. `/verdict FAIL <notes>` takes it back."


def _because(values: dict[str, str]) -> str:
    return f" ({plain(values['reason'])})" if values.get("reason") else ""


def _bad_arguments(argument: str, command: str) -> str:
    found = find(command)
    usage = found.usage if found else f"/{command}"
    if not argument:
        return f"Something is missing: {code(usage)}."
    return f"{code(argument)} is not understood. The command is {code(usage)}."


def _again(command: str, values: dict[str, str]) -> str:
    block = f" {values['block']}" if values.get("block") else ""
    word = f" {values.get('word', 'PASS')}" if command == "verdict" else ""
    return f"/{command}{block}{word} @{values['head'][:NAMED]}"


def _head_moved(values: dict[str, str], command: str) -> str:
    return (
        f"You meant {commit(values['meant'])}, but the branch is at {commit(values['head'])} now. Look at what came "
        f"since, then say {code(_again(command, values))}."
    )


def _block(text: str) -> str:
    """A fenced block around lines that may hold backticks themselves."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}\n{text}\n{fence}"


_WHO: Final = {
    Audience.READER: "anyone who can comment",
    Audience.WORKER: "worker, approver",
    Audience.APPROVER: "approver",
}


def commands_table() -> str:
    """The list of commands with who may use them, from the registry."""
    rows = ["| command | who | what |", "| --- | --- | --- |"]
    for command in COMMANDS:
        who = _WHO[command.audience]
        words = code(command.usage).replace("|", "\\|")
        also = f" (also {', '.join(code('/' + alias) for alias in command.aliases)})" if command.aliases else ""
        rows.append(f"| {words}{also} | {who} | {command.summary} |")
    return "\n".join(rows)


def help_body() -> str:
    return (
        f"{commands_table()}\n\nA command is a line of its own in a new comment. Approvers have write permission on "
        "this repository or are named in `.github/stepwise.yml`; workers are the agents that it hands blocks to."
    )
