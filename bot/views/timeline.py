"""The ledger as people read it: one line each."""

from __future__ import annotations

from bot.runs.ledger import Entry, EntryKind
from bot.views.words import code, commit, plain


def timeline_line(entry: Entry) -> str:
    """`2026-11-20 09:15 UTC · maria approved B01 at ab12cd3`."""
    return f"{entry.at:%Y-%m-%d %H:%M} UTC · {_what(entry)}"


def _what(entry: Entry) -> str:
    who = "Stepwise" if entry.actor == "stepwise" else code(entry.actor)
    block = code(entry.block) if entry.block else ""
    at = f" at {commit(entry.commit)}" if entry.commit else ""
    why = f": {plain(entry.text, 200)}" if entry.text else ""
    match entry.kind:
        case EntryKind.STARTED:
            return f"{who} started {code(entry.text)}{at}"
        case EntryKind.RELOCKED:
            return f"{who} locked the changed contract{at}{why}"
        case EntryKind.BLOCK_OPENED:
            return f"{block} opened"
        case EntryKind.AWAITING_APPROVAL:
            return f"{block} awaits approval{at}"
        case EntryKind.REOPENED:
            return f"{block} no longer awaits approval{at}{why}"
        case EntryKind.APPROVED:
            return f"{who} approved {block}{at}{why}"
        case EntryKind.SKIPPED:
            return f"{who} skipped {block}{why}"
        case EntryKind.ALLOWED:
            return f"{who} granted a scope exception{why}"
        case EntryKind.REFUSED:
            return f"{who} was refused{why}"
        case EntryKind.PAUSED:
            return f"{who} paused the run{why}"
        case EntryKind.RESUMED:
            return f"{who} resumed the run"
        case EntryKind.VALIDATING:
            return f"validation opened{at}{why}"
        case EntryKind.VERDICT:
            return f"{who} gave the verdict{at}{why}"
        case EntryKind.COMPLETED:
            return "the plan is completed"
        case EntryKind.ESCALATED:
            return f"escalated{why}"
        case EntryKind.ABORTED:
            return f"{who} aborted the run{why}"
        case EntryKind.MERGED:
            return f"the pull request was merged{at}"
        case EntryKind.CLOSEOUT:
            return f"closeout asked for by {who}"
        case EntryKind.CLOSED:
            return "the plan is closed out"
        case _:
            return _work(entry, who, block, at, why)


def _work(entry: Entry, who: str, block: str, at: str, why: str) -> str:
    """What workers did, and what was decided about their work."""
    match entry.kind:
        case EntryKind.DISPATCHED:
            return f"{block or 'validation'} handed to a worker{why}"
        case EntryKind.WORKER:
            return f"{block} worker{why}".strip()
        case EntryKind.REPORTED:
            return f"{who} reported on {block or 'a block'}{why}"
        case EntryKind.FAILED:
            return f"{block or 'validation'} failed{why}"
        case EntryKind.BLOCKED:
            return f"{who} blocked {block}{why}"
        case EntryKind.RETRIED:
            return f"{who} asked for another attempt at {block}"
        case EntryKind.KICKBACK:
            return f"{who} kicked {block or 'the plan'} back{why}"
        case EntryKind.GAP:
            return f"{who} warned of a capability gap{why}"
        case EntryKind.STALLED:
            return f"nothing is ready and nobody works{why}"
        case EntryKind.CONFIRMED:
            return f"{who} confirmed{at}{why}"
        case EntryKind.ROLLBACK:
            return f"{who} rollback{why}{at}"
        case EntryKind.COMPLETION:
            return f"{who} chose what becomes of the session{why}"
        case EntryKind.PREFLIGHT:
            return f"the pre-flight let pass{why}"
        case EntryKind.RECONCILED:
            return f"the session was reconciled{why}"
        case _:
            raise AssertionError(f"there are no words for {entry.kind}")
