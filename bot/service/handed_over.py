"""A command that was given on an issue, on its way to the pull request that was found or opened for it.

It travels as a delivery of the bot's own making, so that it is as durable as any other and is taken once. Neither the
event nor the GUID of a webhook is signed: this event is stored as routed already, and one that comes from outside,
which has yet to be routed, is of no interest; the GUID has a blank in it, which no webhook's may have.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from pydantic import TypeAdapter, ValidationError

from bot.runs.events import CommentCreated
from bot.runs.model import Person
from bot.store.delivery import Delivery
from bot.store.issue_commands import IssueCommand

HANDED_OVER: Final = "stepwise_issue_execute"
_COMMENT: Final = TypeAdapter(CommentCreated)


def handed_over(command: IssueCommand, said: str, now: datetime) -> Delivery:
    """The delivery for the pull request's reaction: the person's own comment, saying `said`."""
    comment = CommentCreated(
        comment_id=command.comment_id,
        author=Person(command.author, command.author_id),
        body=said,
        at=command.written_at,
        from_issue=command.key.number,
    )
    guid = f"issue {command.key.repository_id}:{command.comment_id}"
    return Delivery(guid, HANDED_OVER, _COMMENT.dump_json(comment), now)


def read_handed_over(delivery: Delivery) -> CommentCreated | None:
    """The comment that was handed over; None for every other delivery."""
    if delivery.event != HANDED_OVER:
        return None
    try:
        return _COMMENT.validate_json(delivery.body)
    except ValidationError:
        return None
