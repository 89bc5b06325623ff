"""The ledger: what happened in a run, who did it, when, at which commit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class EntryKind(StrEnum):
    """What the ledger can say happened."""

    STARTED = "started"
    RELOCKED = "relocked"
    BLOCK_OPENED = "block_opened"
    AWAITING_APPROVAL = "awaiting_approval"
    REOPENED = "reopened"
    APPROVED = "approved"
    SKIPPED = "skipped"
    ALLOWED = "allowed"
    REFUSED = "refused"
    PAUSED = "paused"
    RESUMED = "resumed"
    VALIDATING = "validating"
    VERDICT = "verdict"
    COMPLETED = "completed"
    ESCALATED = "escalated"
    ABORTED = "aborted"
    MERGED = "merged"
    CLOSEOUT = "closeout"
    CLOSED = "closed"
    DISPATCHED = "dispatched"
    WORKER = "worker"
    REPORTED = "reported"
    FAILED = "failed"
    BLOCKED = "blocked"
    RETRIED = "retried"
    KICKBACK = "kickback"
    GAP = "gap"
    STALLED = "stalled"
    CONFIRMED = "confirmed"
    ROLLBACK = "rollback"
    COMPLETION = "completion"
    PREFLIGHT = "preflight"
    RECONCILED = "reconciled"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger: who did what, when, at which commit."""

    at: datetime
    kind: EntryKind
    actor: str
    text: str
    commit: str | None = None
    block: str | None = None
    comment_id: int | None = None
