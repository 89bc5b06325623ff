"""What a delivery is, what became of it, and what handling it again does, in words for the operator."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from bot.github import deliveries
from bot.github.webhooks import Concern, Ignored, read_delivery
from bot.runs.events import ButtonPressed, ChecklistEdited, CommentCreated, Rerequested
from bot.service.handed_over import read_handed_over
from bot.service.reports import read_filed
from bot.store.operations import Operations
from bot.store.replays import Kept


def of_kept(kept: Kept) -> list[str]:
    """What is stored about it, one fact a line."""
    delivery = kept.delivery
    lines = [f"{delivery.guid}: {_what(kept)}", f"arrived {_time(delivery.received_at)}"]
    if kept.routed_at is None:
        lines.append("nobody has looked into it yet")
    elif kept.ignored is not None:
        lines.append(f"looked into {_time(kept.routed_at)} and ignored: {kept.ignored}")
    elif not kept.pulls:
        lines.append(f"looked into {_time(kept.routed_at)}: a command on an issue")
    for pull in kept.pulls:
        name = f"{pull.full_name}#{pull.key.number}"
        if pull.handled_at is not None:
            lines.append(f"concerns {name}, handled {_time(pull.handled_at)}")
        elif pull.retry_at is not None:
            lines.append(f"concerns {name}, tried again {_time(pull.retry_at)} after: {pull.error}")
        else:
            lines.append(f"concerns {name}, waits for its reaction")
    return lines


def of_attempt(attempt: deliveries.Delivery) -> list[str]:
    """What GitHub's log says about one that is not stored."""
    name = f"{attempt.event}.{attempt.action}" if attempt.action else attempt.event
    went = "accepted" if attempt.was_accepted else f"failed: {attempt.status_code or attempt.status}"
    return [f"{attempt.guid}: {name}", f"sent {_time(attempt.delivered_at)}, {went}; not in this database"]


async def if_replayed(kept: Kept, app_id: int, store: Operations) -> str:
    """What would happen without --dry-run."""
    if kept.handled_at is None:
        return "it waits already: there is nothing to replay"
    return f"replayed, {await _consequence(kept, app_id, store)}"


async def after_replay(kept: Kept, app_id: int, store: Operations, *, was_handled: bool) -> str:
    """What happens now."""
    if not was_handled:
        return "it waits already: nothing was changed"
    return f"it is handled again: {await _consequence(kept, app_id, store)}"


async def _consequence(kept: Kept, app_id: int, store: Operations) -> str:
    if not kept.pulls:
        concern = read_delivery(kept.delivery.event, kept.delivery.body, app_id)
        if isinstance(concern, Ignored):
            return f"it is looked into again and, by this version, ignored again ({concern.reason})"
        if isinstance(concern, Concern) and concern.is_issue:
            return "it is looked into again; a command on an issue that was taken is not taken twice"
        return "it is looked into again, by what is known now"
    names = ", ".join(f"{pull.full_name}#{pull.key.number}" for pull in kept.pulls)
    looked_at = f"{names} is looked at as it is now; effects that were done are not done twice"
    match _event(kept, app_id):
        case CommentCreated() as comment:
            repository = kept.pulls[0].key.repository_id
            if not await store.unhandled_comments(repository, {comment.store_id}):
                return f"{looked_at}, nor are the comment's commands: say them in a new comment for that"
        case ChecklistEdited() | ButtonPressed():
            return f"{looked_at}, nor is the click: click again, or say the command in a comment"
        case Rerequested():
            return f"{looked_at}, but for the checks, which are made anew as was asked for"
    return looked_at


def is_click(kept: Kept, app_id: int) -> bool:
    """Whether it tells of a ticked box or a button, which is not to count twice."""
    return isinstance(_event(kept, app_id), ChecklistEdited | ButtonPressed)


def _event(kept: Kept, app_id: int) -> Any:
    filed = read_filed(kept.delivery)
    if filed is not None:
        return filed.event
    from_issue = read_handed_over(kept.delivery)
    if from_issue is not None:
        return from_issue
    concern = read_delivery(kept.delivery.event, kept.delivery.body, app_id)
    return concern.event if isinstance(concern, Concern) else None


def _what(kept: Kept) -> str:
    """The event with its action, and who sent it where."""
    name = kept.delivery.event
    if read_filed(kept.delivery) is not None:
        return "a worker's report"
    try:
        payload = json.loads(kept.delivery.body)
    except ValueError:
        return f"{name}, whose body is not JSON"
    if not isinstance(payload, dict):
        return f"{name}, whose body is not a JSON object"
    action, sender, place = (
        _text(payload, *path) for path in (("action",), ("sender", "login"), ("repository", "full_name"))
    )
    name = f"{name}.{action}" if action else name
    return name + (f" by {sender}" if sender else "") + (f" in {place}" if place else "")


def _text(value: Any, *path: str) -> str:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value[:200] if isinstance(value, str) else ""


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
