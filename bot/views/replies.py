"""Every answer to a command, as a sentence: which condition failed, the actual values, what to do."""

from __future__ import annotations

from typing import assert_never

from bot.runs.messages import Problem, Refusal
from bot.runs.registry import COMMANDS, Audience, find
from bot.views.words import bullets, code, commit, counted, listed, plain


def refusal_body(refusal: Refusal, command: str, to: str) -> str:
    """One short reply that says which condition failed, with actual values, and what to do."""
    said = f"/{command}"
    return f"{code(to)}: {code(said)} was refused. {sentence(refusal, command)}"


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
            return f"It could not be found out whether you may: {plain(values['reason'])}."
        case Problem.NO_PLAN:
            return (
                "There is no plan in this pull request. Commit one to this branch, for example as "
                "`docs/exec-plans/active/<name>.md`, or name it: `/execute docs/exec-plans/active/<name>.md`."
            )
        case Problem.SEVERAL_PLANS:
            choices = "\n".join(f"/execute {bare_path}" for bare_path in items[:20])
            return f"There are {len(items)} plans in this pull request. Say which one:\n\n{_block(choices)}"
        case Problem.PLAN_UNREADABLE:
            return f"The plan {code(values['path'])} cannot be read:\n\n{bullets(items)}"
        case Problem.PLAN_REFUSED:
            return f"The plan {code(values['path'])} cannot be executed:\n\n{bullets(items)}"
        case Problem.WRONG_BRANCH:
            return (
                f"The plan's execution branch is {code(values['plan'])}, this pull request's branch is "
                f"{code(values['head'])}. Open the pull request from the plan's branch, or correct the plan."
            )
        case Problem.PULL_CLOSED:
            return "The pull request is closed. Reopen it first."
        case Problem.MODE_UNSUPPORTED:
            return (
                f"Autonomous mode (asked for {values['asked']}) is not available in this version. "
                "Say `/execute stepwise` to look at each block."
            )
        case Problem.LEVEL_UNSUPPORTED:
            return "Validation at level high is not available in this version. Say `/execute` for level medium."
        case Problem.ALREADY_LIVE:
            return (
                f"{code(values['path'])} is already being executed (state: {values['state']}) and its contract "
                "has not changed. `/status` shows where it stands."
            )
        case Problem.DONE_BLOCK_VANISHED:
            return f"The changed plan no longer has {listed(items)}, which are finished. Put them back into the plan."
        case Problem.OTHER_PLAN_LIVE:
            return (
                f"{code(values['path'])} is being executed on this pull request. Say `/abort <reason>` before "
                f"starting {code(values['wanted'])}."
            )
        case Problem.NO_RUN:
            return "No plan is being executed here. Say `/execute` first."
        case Problem.RUN_OVER:
            return f"The run is {values['state']}."
        case Problem.RUN_PAUSED:
            return f"The run is paused{_because(values)}. Say `/resume` to go on."
        case Problem.RUN_ESCALATED:
            return f"The run waits for a decision{_because(values)}. Say `/resume` to go on, or `/abort <reason>`."
        case Problem.NOT_PAUSED:
            return f"The run is not paused, it is {values['state']}."
        case Problem.CONTRACT_CHANGED:
            return (
                f"The plan's contract has changed since it was locked:\n\n{bullets(items)}\n\n"
                "Say `/execute` to lock it anew, or take the change back."
            )
        case Problem.NO_SUCH_BLOCK:
            return f"There is no block {code(values['block'])}. The plan has {listed(items, 30)}."
        case Problem.BLOCK_SETTLED:
            return f"{code(values['block'])} is {values['state']} already."
        case Problem.NOT_THE_OPEN_BLOCK:
            return f"{code(values['open'])} comes first; {code(values['block'])} is not open yet."
        case Problem.NO_OPEN_BLOCK:
            return "Every block is finished. What is missing is `/verdict PASS`, `PASS_WITH_NOTES` or `FAIL`."
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
                "`/abort <reason>` and `/execute` again."
            )
        case Problem.NO_OWN_COMMIT:
            return (
                f"Nothing was pushed for {code(values['block'])} since {commit(values['boundary'])} (the bot's records "
                f"and merges do not count). Push its commits, or say {code('/skip ' + values['block'] + ' <reason>')}."
            )
        case Problem.SCOPE_VIOLATED:
            return (
                f"{counted(len(items), 'file')} outside the plan's scope: {listed(items)}. Take the change back, or "
                f"say {code('/allow <pattern> <reason>')}."
            )
        case Problem.SCOPE_UNKNOWN:
            return f"The scope could not be checked: {plain(values['reason'])}."
        case Problem.GATES_RED:
            return f"{counted(len(items), 'gate')} failing on the head commit: {listed(items)}."
        case Problem.GATES_PENDING:
            if not items:
                return "Nothing has reported on the head commit yet."
            return f"{counted(len(items), 'gate')} not finished on the head commit: {listed(items)}."
        case Problem.GATES_UNKNOWN:
            return f"The head commit could not be judged: {plain(values['reason'])}."
        case Problem.BAD_PATTERN:
            return f"The pattern {code(values['pattern'])} {plain(values['reason'])}."
        case Problem.NOT_VALIDATING:
            opened = values.get("open", "")
            why = f"{code(opened)} is not finished yet" if opened else f"the run is {values['state']}"
            return f"A verdict follows the last block: {why}."
        case Problem.SAME_HEAD_FAILED:
            return (
                f"{code(values['by'])} judged {commit(values['head'])} as FAIL. Push a fix first; then its head can be "
                "judged."
            )
        case Problem.NOT_READY_TO_CLOSE:
            return f"The plan cannot be closed out yet:\n\n{bullets(items)}"
        case Problem.ALREADY_CLOSED:
            return f"The plan is closed out already{': ' + values['url'] if values['url'] else ''}."
    assert_never(refusal.problem)


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
    word = " PASS" if command == "verdict" else ""
    return f"/{command}{block}{word} @{values['head'][:7]}"


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


def commands_table() -> str:
    """The list of commands with who may use them, from the registry."""
    rows = ["| command | who | what |", "| --- | --- | --- |"]
    for command in COMMANDS:
        who = "approver" if command.audience is Audience.APPROVER else "anyone who can comment"
        words = code(command.usage).replace("|", "\\|")
        also = f" (also {', '.join(code('/' + alias) for alias in command.aliases)})" if command.aliases else ""
        rows.append(f"| {words}{also} | {who} | {command.summary} |")
    return "\n".join(rows)


def help_body() -> str:
    return (
        f"{commands_table()}\n\nA command is a line of its own in a new comment. Approvers have write permission on "
        "this repository or are named in `.github/stepwise.yml`."
    )
