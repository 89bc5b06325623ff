"""What the bot says while a run is under way: hand-overs, failures, stops, and what it asks people to choose."""

from __future__ import annotations

from bot.plans.model import Dialect
from bot.runs.messages import Notice, NoticeKind
from bot.runs.model import KickbackSignal, Run
from bot.views.brief import brief
from bot.views.execution_report import start_block
from bot.views.graph import icon_lines
from bot.views.next_step import WAY_ON
from bot.views.words import bullets, code, commit, plain


def run_notice(notice: Notice, run: Run) -> str:
    """The comment's body; for the notices that `bot.views.notices` leaves here."""
    values, items = notice.values, notice.items
    match notice.kind:
        case NoticeKind.STARTED:
            return _started(run, items)
        case NoticeKind.HANDOVER:
            return f"{values['mention']} please do {code(values['block'])}.\n\n" + _handed(run, values)
        case NoticeKind.WORKER_FAILED:
            where = f" ({values['url']})" if values.get("url") else ""
            name = values["block"]
            return (
                f"{code(name)} failed{where}: {plain(values['reason'])}. An approver says {code('/retry ' + name)} for "
                f"another attempt, {code('/skip ' + name + ' <reason>')} to leave it out, or `/escalate <reason>`."
            )
        case NoticeKind.BLOCKED:
            name = values["block"]
            return (
                f"{code(name)} is blocked, {code(values['by'])} says: {plain(values['reason'])}. How is it to go on? "
                f"{code('/retry ' + name)}, {code('/skip ' + name + ' <reason>')} or `/escalate <reason>`."
            )
        case NoticeKind.STOPPED:
            way_on = "Once that is put right, an approver says `/resume`."
            return f"The autonomous run stopped:\n\n{bullets(items)}\n\n{way_on}"
        case NoticeKind.STALLED:
            return (
                f"The pipeline stalled: nothing is ready and nobody works.\n\n{bullets(items)}\n\nAn approver says "
                "`/retry <block>` or `/skip <block> <reason>` for one of these."
            )
        case _:
            return _decision(notice)


def _decision(notice: Notice) -> str:
    values = notice.values
    match notice.kind:
        case NoticeKind.GAP:
            return (
                f"Capability gap: {code(values['role'])} ({plain(values['reason'])}). This is a warning: the run goes "
                "on, and no role is made up. Plan the session again if the role is needed."
            )
        case NoticeKind.ESCALATED:
            by = f" by {code(values['by'])}" if values.get("by") else ""
            return f"The run is escalated{by}: {plain(values['reason'])}. {WAY_ON[None]}"
        case NoticeKind.KICKBACK:
            block = f" on task {code(values['block'])}" if values.get("block") else ""
            signal = KickbackSignal(values["signal"])
            return (
                f"Executor flagged complexity issue{block}: {plain(values['reason'])} ({code(signal)}).\n\n"
                f"Nothing after it is executed. {WAY_ON[signal]}"
            )
        case NoticeKind.ROLLBACK:
            return (
                f"`/rollback confirm` would put one commit on top of {commit(values['head'])} that brings every file "
                f"back to {commit(values['to'])}, where the run began, and end the run. Nothing is removed from the "
                "history. A push in between asks for both again."
            )
        case NoticeKind.CHOOSE_COMPLETION:
            return (
                f"The session {code(values['path'])} is complete. What is to become of it?\n\n"
                "- `/archive`: mark it as completed\n- `/keep`: keep it, to be taken up again\n"
                "- `/export <dir>`: copy its artifacts to a folder of this repository, then archive it"
            )
        case NoticeKind.COMPLETION_FAILED:
            return (
                f"⚠️ {code('/' + values['action'])} failed: {plain(values['reason'])}. The session is kept active "
                "instead, so that nothing of it is lost."
            )
        case _:
            raise AssertionError(f"there are no words for {notice.kind}")


def _handed(run: Run, values: dict[str, str]) -> str:
    name = values["block"]
    return (
        f"{brief(run, name, values.get('failure', ''))}\n\nWhen it is pushed, say {code('/done ' + name + ' <sha>')}; "
        f"{code('/failed ' + name + ' <reason>')} or {code('/blocked ' + name + ' <reason>')} if it cannot be done."
    )


def _started(run: Run, found: tuple[str, ...]) -> str:
    if run.dialect is Dialect.TEAM_SESSION:
        known = f"\n\nWhat the session says of itself:\n\n{bullets(found)}" if found else ""
        return "\n".join(["The session is being executed.", "", *icon_lines(run)]) + known
    said = start_block(run.plan_path, run.branch, run.rollback, len(run.blocks), run.milestones)
    if not run.warnings:
        return said
    return f"{said}\n\nNot ready, and the policy lets it pass:\n\n{bullets(run.warnings)}"
