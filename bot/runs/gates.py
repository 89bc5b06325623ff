"""The gates: the checks and statuses of others on the head, as the policy names them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from bot.runs.facts import Facts, GateReport, GateState, Unknown
from bot.runs.model import Run
from bot.runs.policy import Policy

NO_GATE_NOTE: Final = "no checks had reported on this commit"


class GatesState(StrEnum):
    GREEN = "green"
    RED = "red"
    PENDING = "pending"
    SILENT = "silent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class GatesView:
    """The checks of others on the head. `SILENT`: the patience ran out and nothing had reported."""

    state: GatesState
    reports: tuple[GateReport, ...] = ()
    missing: tuple[str, ...] = ()
    held_from: str | None = None
    unknown: str | None = None
    quiet_until: datetime | None = None

    def named(self, state: GateState) -> tuple[str, ...]:
        return tuple(report.name for report in self.reports if report.state is state)


def gates_view(run: Run | None, facts: Facts, content_head: str, now: datetime) -> GatesView:
    """How the gates of the head stand; what was seen green below the bot's own records holds."""
    if isinstance(facts.policy, Policy):
        policy = facts.policy.gates
    else:
        return GatesView(GatesState.UNKNOWN, unknown="the policy cannot be read")
    if isinstance(facts.gates, Unknown):
        return GatesView(GatesState.UNKNOWN, unknown=facts.gates.reason)
    ignored = set(policy.ignore)
    reports = tuple(
        report
        for report in facts.gates
        if report.name not in ignored and policy.apps.get(report.name, report.source) == report.source
    )
    if policy.required:
        wanted = set(policy.required)
        reports = tuple(report for report in reports if report.name in wanted)
    missing = tuple(name for name in policy.required if name not in {report.name for report in reports})
    red = any(report.state is GateState.RED for report in reports)
    if red:
        return GatesView(GatesState.RED, reports, missing)
    seen = _seen_below(run, content_head) if run is not None and content_head != facts.pull.head_sha else None
    if seen is GatesState.GREEN or (seen is GatesState.SILENT and not reports and not policy.required):
        # The head is the bot's own record: what was seen on the commit below it holds.
        return GatesView(seen, reports, held_from=content_head)
    if not reports and not policy.required:
        quiet_until = facts.head_seen_at + timedelta(minutes=policy.patience_minutes)
        state = GatesState.SILENT if now >= quiet_until else GatesState.PENDING
        return GatesView(state, quiet_until=quiet_until if state is GatesState.PENDING else None)
    if missing or any(report.state is GateState.PENDING for report in reports):
        return GatesView(GatesState.PENDING, reports, missing)
    return GatesView(GatesState.GREEN, reports)


def _seen_below(run: Run, content_head: str) -> GatesState | None:
    """How the gates were seen to stand on the commit below the bot's own records; None if nobody can tell."""
    if run.green_head == content_head:
        return GatesState.GREEN
    notes = [block.approval.gate_note for block in run.blocks if block.approval and block.approval.head == content_head]
    if run.verdict is not None and run.verdict.is_passing and run.verdict.head == content_head:
        notes.append(NO_GATE_NOTE if NO_GATE_NOTE in run.verdict.results else None)
    if not notes:
        return None
    return GatesState.GREEN if None in notes else GatesState.SILENT
