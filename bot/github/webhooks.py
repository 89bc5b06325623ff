"""Deliveries to events: what a payload says, read defensively, and whom it concerns.

Payloads are GitHub's, but they come late, twice and in any order, so they only say that something happened; how
things stand is read from the API. New events and actions appear over time and are ignored with a reason.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from bot.github import conversation_events, repository_events
from bot.github.answers import Json
from bot.github.concerns import Concern, Ignored, MergeGroup, Result
from bot.github.errors import UnexpectedAnswer

__all__ = ["READERS", "Concern", "Ignored", "MergeGroup", "Result", "read_delivery"]

READERS: Final[Mapping[str, Callable[[Json, int], Result]]] = MappingProxyType(
    {
        "pull_request": conversation_events.pull_request,
        "pull_request_review": conversation_events.pull_request_review,
        "pull_request_review_comment": conversation_events.pull_request_review_comment,
        "issue_comment": conversation_events.issue_comment,
        "issues": conversation_events.issues,
        "check_run": repository_events.check_run,
        "check_suite": repository_events.check_suite,
        "status": repository_events.status,
        "deployment_status": repository_events.deployment_status,
        "push": repository_events.push,
        "workflow_run": repository_events.workflow_run,
        "merge_group": repository_events.merge_group,
        "repository": repository_events.repository,
        "ping": repository_events.ping,
    }
)


def read_delivery(name: str, body: bytes, app_id: int) -> Result:
    """Read a delivery (event name and raw body). Never raises for what a payload holds."""
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        return Ignored("the body is not JSON")
    if not isinstance(payload, dict):
        return Ignored("the body is not a JSON object")
    reader = READERS.get(name)
    if reader is None:
        return Ignored(f"the event {name[:60]!r} is of no interest")
    try:
        return reader(payload, app_id)
    except UnexpectedAnswer as error:
        return Ignored(f"the payload is not as GitHub documents it: {error.message[:200]}")
