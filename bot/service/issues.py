"""Issues: where an escalation is discussed, and the one that a run was asked for in."""

from __future__ import annotations

from bot.github import comments, issues
from bot.github.errors import Gone, NotFound
from bot.runs.effects import CloseIssue, PlanningIssue
from bot.service.record import Result
from bot.service.target import Target


async def open_planning_issue(target: Target, effect: PlanningIssue, app_id: int, *, may_have_happened: bool) -> Result:
    """Open the issue, or say the new reason on the one that is open; `issue` is its number.

    A repository without issues is no fault of the run's: the escalation stands on the pull request all the same.
    """
    marker = f"<!-- stepwise:{effect.key} -->"
    body = f"{effect.body}\n\n{marker}"
    if effect.number is not None:
        found = await issues.get(target.client, target.repo, effect.number)
        if found.state == "closed":
            await issues.update(target.client, target.repo, effect.number, state="open", state_reason="reopened")
        await _say(target, effect.number, body, marker, app_id, may_have_happened=may_have_happened)
        return {"issue": str(effect.number)}
    if may_have_happened:
        known = await issues.find_own(target.client, target.repo, marker=marker, app_id=app_id, state="all")
        if known is not None:
            return {"issue": str(known.number)}
    try:
        made = await issues.create(target.client, target.repo, title=effect.title[:250], body=body)
    except Gone:
        return {"disabled": "yes"}
    return {"issue": str(made.number), "url": made.html_url}


async def close_issue(target: Target, effect: CloseIssue, app_id: int, *, may_have_happened: bool) -> Result:
    """Say why, then close; an issue that is gone or closed already is as it should be."""
    marker = f"<!-- stepwise:{effect.key} -->"
    try:
        await _say(
            target, effect.number, f"{effect.body}\n\n{marker}", marker, app_id, may_have_happened=may_have_happened
        )
        await issues.close(target.client, target.repo, effect.number)
    except NotFound:
        return {"gone": "yes"}
    return {}


async def _say(target: Target, number: int, body: str, marker: str, app_id: int, *, may_have_happened: bool) -> None:
    if may_have_happened:
        known = await comments.find_own(target.client, target.repo, number, marker=marker, app_id=app_id)
        if known is not None:
            return
    await comments.create(target.client, target.repo, number, body)
