"""What the bot says of its own accord, and answers that show the whole run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bot.plans.model import Dialect
from bot.runs.assess import Situation
from bot.runs.effects import Say
from bot.runs.facts import Facts
from bot.runs.ledger import Entry
from bot.runs.messages import Notice, NoticeKind, Refusal
from bot.runs.model import Run
from bot.views.checklist import checklist
from bot.views.graph import icon_lines
from bot.views.next_step import WAY_ON
from bot.views.replies import help_body, refusal_body
from bot.views.reports import dialect_report
from bot.views.run_notices import run_notice
from bot.views.words import BODY_LIMIT, CHECKLIST_MARKER, bullets, clipped, code, noun, plain


def worded(say: Say, run: Run | None, situation: Situation, facts: Facts, ledger: Sequence[Entry]) -> str:
    """The comment's body for something that the core wants said."""
    message = say.message
    if isinstance(message, Refusal):
        return clipped(refusal_body(message, say.command, say.to), BODY_LIMIT)
    return clipped(_notice(message, run, situation, facts, ledger), BODY_LIMIT)


def _notice(notice: Notice, run: Run | None, situation: Situation, facts: Facts, ledger: Sequence[Entry]) -> str:
    match notice.kind:
        case NoticeKind.HELP:
            return help_body()
        case NoticeKind.STATUS:
            body = checklist(run, situation, facts, ledger)
            if not body:
                return "There is no plan in this pull request."
            said = body.replace(CHECKLIST_MARKER, "").strip()
            is_session = run is not None and run.dialect is Dialect.TEAM_SESSION
            return "\n".join([*icon_lines(run), "", said]) if run is not None and is_session else said
        case NoticeKind.MERGED_EARLY:
            return (
                f"The pull request was merged before {code(notice.values['path'])} was done, so it is not closed out "
                f"and the run has ended:\n\n{bullets(notice.items)}\n\nThe plan stays where it is. Open a pull request "
                "from a new branch to finish it."
            )
        case NoticeKind.CLOSED:
            return _final_report(notice, run, situation, facts, ledger)
        case _:
            assert run is not None
            return run_notice(notice, run)


_LEFT_TO_DO: Final = {
    Dialect.EXEC_PLAN: "moves it to its completed place",
    Dialect.MEMORY_BANK: "has the finished log",
    Dialect.SPEC_PLAN: "takes PROGRESS.md away, sets the spec's status",
    Dialect.TEAM_SESSION: "writes down what becomes of the session",
}


def _final_report(notice: Notice, run: Run | None, situation: Situation, facts: Facts, ledger: Sequence[Entry]) -> str:
    assert run is not None
    number = notice.values.get("pull")
    where = f": #{number} {_LEFT_TO_DO[run.dialect]} and is ready to be merged" if number else ""
    ended_at = ledger[-1].at if ledger else run.started_at
    report = dialect_report(run, situation, facts.deployments, ended_at, completion_report)
    return f"The plan is closed out{where}.\n\n{report}"


def completion_report(run: Run) -> str:
    """The completion report of an exec-plan: outcome, blocks, files, validations, remaining risks, next steps."""
    rows = [f"| {noun(run.dialect)} | status | commit | approved by |", "| --- | --- | --- | --- |"]
    for block in run.blocks[:100]:
        head = code(block.approval.head[:7]) if block.approval else "—"
        by = code(block.approval.by) if block.approval else "—"
        rows.append(f"| {code(block.id)} {plain(block.title, 80)} | {block.state} | {head} | {by} |")
    # The verdict looked at the whole change, so that fixes after the last block are listed too.
    by_block = {path for block in run.blocks for path in block.files}
    files = sorted(run.verdict.files if run.verdict and run.verdict.files else by_block)
    verdict = run.verdict
    lines = [
        f"### Completion report: {plain(run.title, 150)}",
        "",
        f"- Outcome: {verdict.word if verdict else run.state}",
        f"- {noun(run.dialect).capitalize()}s: {run.settled_count} of {len(run.blocks)}",
        f"- Started by {code(run.started_by)} on {run.started_at:%Y-%m-%d}",
        "",
        *rows,
        "",
        f"**Changed files ({len(files)})**",
        "",
        *[f"- {code(path)}" for path in files[:50]],
        *([f"- … and {len(files) - 50} more"] if len(files) > 50 else []),
        "",
        "**Validations**",
        "",
        *([f"- {plain(result)}" for result in verdict.results] if verdict and verdict.results else ["- none recorded"]),
        "",
        "**Remaining risks**",
        "",
        *(
            [f"- {plain(risk)}" for risk in verdict.residual_risks]
            if verdict and verdict.residual_risks
            else ["- none"]
        ),
    ]
    if verdict is not None and verdict.invariants:
        lines += ["", "**Invariants**", "", *[f"- {plain(name)}: {plain(said)}" for name, said in verdict.invariants]]
    if verdict is not None and verdict.lacks_documentation:
        lines += [
            "",
            "**Documentation** No documentation was changed with the code: is there any to be brought up to date?",
        ]
    if run.exceptions:
        lines += ["", "**Scope exceptions**", ""]
        lines += [f"- {code(item.pattern)} by {code(item.by)}: {plain(item.reason)}" for item in run.exceptions[:50]]
    return "\n".join(lines)


_CLOSEOUTS: Final = {
    Dialect.EXEC_PLAN: "moves it to its completed place and updates the indexes and the references to it",
    Dialect.MEMORY_BANK: "finishes its execution log",
    Dialect.SPEC_PLAN: "removes PROGRESS.md and brings the spec's status and its row in the index up to date",
    Dialect.TEAM_SESSION: "brings the session's own file to its end",
}


def closeout_body(run: Run) -> str:
    """The body of the closeout pull request."""
    return clipped(
        f"Closes out the plan executed in #{run.pull.number}: {_CLOSEOUTS[run.dialect]}.\n\n{completion_report(run)}",
        BODY_LIMIT,
    )


def planning_body(run: Run, facts: Facts) -> str:
    """The body of the issue where an escalation is discussed."""
    signal = f"- Signal: {code(run.signal)}\n" if run.signal else ""
    where = facts.pull.html_url or f"#{run.pull.number}"
    return clipped(
        f"The plan {code(run.plan_path)} cannot go on without a decision.\n\n- Pull request: {where}\n"
        f"- Reason: {plain(run.reason or 'none given', 2000)}\n{signal}\n{WAY_ON[run.signal]}\n\n"
        "This issue is closed when the run goes on.",
        BODY_LIMIT,
    )
