"""Payloads about pull requests and what people write there: the request itself, comments, reviews, issues."""

from __future__ import annotations

from typing import Final

from bot.github.answers import Json, field, optional, optional_moment
from bot.github.concerns import PAYLOAD, Concern, Ignored, concern, of_no_interest, person
from bot.runs.events import ChecklistEdited, CommentCreated, Place, PullChanged

_PULL_ACTIONS: Final = frozenset(
    {
        "opened",
        "reopened",
        "synchronize",
        "closed",
        "edited",
        "ready_for_review",
        "converted_to_draft",
        "enqueued",
        "dequeued",
    }
)


def pull_request(payload: Json, app_id: int) -> Concern | Ignored:  # noqa: ARG001 - one shape for all readers
    """The pull request itself changed."""
    action = field(payload, "action", str, PAYLOAD)
    if action not in _PULL_ACTIONS:
        return of_no_interest("pull_request", action)
    if action == "edited" and optional(payload, "changes.base", dict, PAYLOAD) is None:
        return Ignored("only the title or text of the pull request was edited")
    head_sha = field(payload, "pull_request.head.sha", str, PAYLOAD)
    return concern(
        payload,
        PullChanged(action, head_sha),
        number=field(payload, "pull_request.number", int, PAYLOAD),
        is_open=field(payload, "pull_request.state", str, PAYLOAD) == "open",
        head_sha=head_sha,
        base_ref=field(payload, "pull_request.base.ref", str, PAYLOAD),
    )


def issue_comment(payload: Json, app_id: int) -> Concern | Ignored:
    """A comment in the conversation of a pull request or an issue, which GitHub sends as the same event."""
    action = field(payload, "action", str, PAYLOAD)
    is_issue = optional(payload, "issue.pull_request", dict, PAYLOAD) is None
    number = field(payload, "issue.number", int, PAYLOAD)
    # What people write with a token of this App names the App too, but the user then is that person.
    is_own = optional(payload, "comment.performed_via_github_app.id", int, PAYLOAD) == app_id and (
        optional(payload, "comment.user.type", str, PAYLOAD) == "Bot"
    )
    if action in {"edited", "deleted"}:
        return _own_comment_changed(payload, action, number) if is_own and not is_issue else _ONLY_NEW
    if action != "created":
        return of_no_interest("issue_comment", action)
    if is_own:
        return Ignored("the bot's own comment")
    return _written(payload, "comment", "created_at", Place.CONVERSATION, number, is_issue=is_issue)


def pull_request_review(payload: Json, app_id: int) -> Concern | Ignored:  # noqa: ARG001
    """A review's own text; what it says on lines of the diff comes as events of its own."""
    action = field(payload, "action", str, PAYLOAD)
    if action == "edited":
        return _ONLY_NEW
    if action != "submitted":
        return of_no_interest("pull_request_review", action)
    if not (optional(payload, "review.body", str, PAYLOAD) or "").strip():
        return Ignored("the review has no text of its own")
    number = field(payload, "pull_request.number", int, PAYLOAD)
    return _written(payload, "review", "submitted_at", Place.REVIEW, number)


def pull_request_review_comment(payload: Json, app_id: int) -> Concern | Ignored:  # noqa: ARG001
    """A comment on a line of the diff, or a reply to one."""
    action = field(payload, "action", str, PAYLOAD)
    if action in {"edited", "deleted"}:
        return _ONLY_NEW
    if action != "created":
        return of_no_interest("pull_request_review_comment", action)
    number = field(payload, "pull_request.number", int, PAYLOAD)
    return _written(payload, "comment", "created_at", Place.REVIEW_COMMENT, number)


def issues(payload: Json, app_id: int) -> Concern | Ignored:  # noqa: ARG001
    """Nothing follows from an issue by itself: commands come as comments, and its state is read when it matters."""
    action = field(payload, "action", str, PAYLOAD)
    if action in {"transferred", "deleted"}:
        return Ignored(f"an issue was {action}: whoever needs it will not find it")
    return of_no_interest("issues", action)


_ONLY_NEW: Final = Ignored("commands are read from new comments only")


def _written(
    payload: Json, kind: str, time: str, place: Place, number: int, *, is_issue: bool = False
) -> Concern | Ignored:
    at = optional_moment(payload, f"{kind}.{time}", PAYLOAD)
    if at is None:
        return Ignored(f"the {kind} has no time")
    comment = CommentCreated(
        comment_id=field(payload, f"{kind}.id", int, PAYLOAD),
        author=person(payload, f"{kind}.user"),
        body=optional(payload, f"{kind}.body", str, PAYLOAD) or "",
        at=at,
        place=place,
    )
    return concern(payload, comment, number=number, is_issue=is_issue)


def _own_comment_changed(payload: Json, action: str, number: int) -> Concern | Ignored:
    # Whoever may write may edit the bot's comments: the sender did it, the comment's user is still the bot.
    sender, comment_id = person(payload, "sender"), optional(payload, "comment.id", int, PAYLOAD) or 0
    if sender == person(payload, "comment.user"):
        return Ignored("the bot's own change of its comment")
    text = optional(payload, "comment.body", str, PAYLOAD) or ""
    if action == "deleted":
        return concern(payload, ChecklistEdited(sender, was=text, comment_id=comment_id), number=number)
    # An edit that leaves the text alone has no old text; nothing may look newly ticked then.
    was = optional(payload, "changes.body.from", str, PAYLOAD)
    at = optional_moment(payload, "comment.updated_at", PAYLOAD)
    return concern(payload, ChecklistEdited(sender, text if was is None else was, text, at, comment_id), number=number)
