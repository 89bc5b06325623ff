"""Comments on lines of a pull request's diff: each belongs to a review, of its own if need be."""

from __future__ import annotations

from dataclasses import dataclass

from bot.sandbox.auth import AsInstallation
from bot.sandbox.call import Call, Reply, created, no_content, ok, page, route
from bot.sandbox.errors import body_too_long, forbidden, not_found, unprocessable, validation_failed
from bot.sandbox.payloads.issues import reaction
from bot.sandbox.payloads.pulls import changed_files, pull_simple
from bot.sandbox.payloads.reviews import review_comment, review_comment_event, review_event
from bot.sandbox.routes.issues import react, unreact
from bot.sandbox.state import Json, Pull, Review, ReviewComment

MAX_BODY = 65_536


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the diff a remark stands."""

    path: str
    line: int | None
    side: str
    hunk: str
    in_reply_to: int | None = None


def line_of(pull: Pull, body: Json) -> Place:
    """Find the place a remark is about; 422 for a path that the pull request does not change."""
    path, line = body.get("path"), body.get("line", body.get("position"))
    if not isinstance(body.get("body"), str) or not body["body"].strip():
        raise validation_failed("PullRequestReviewComment", "body", "missing_field")
    change = next((one for one in changed_files(pull) if one.filename == path), None)
    if change is None:
        raise validation_failed("PullRequestReviewComment", "path", "invalid", "path is not part of the diff")
    if line is None and body.get("subject_type") != "file":
        raise validation_failed("PullRequestReviewComment", "line", "missing_field")
    return Place(change.filename, line, str(body.get("side", "RIGHT")), (change.patch or "").partition("\n@@")[0])


def add_comment(call: Call, under: Review, body: str, place: Place) -> ReviewComment:
    """Write a comment and tell the Apps."""
    if len(body) > MAX_BODY:
        raise body_too_long("PullRequestReviewComment")
    now = call.hub.now()
    made = ReviewComment(
        id=call.world.next_id("review_comment"),
        review=under,
        user=call.account,
        body=body,
        path=place.path,
        line=place.line,
        side=place.side,
        commit=under.commit,
        diff_hunk=place.hunk,
        in_reply_to=place.in_reply_to,
        created_at=now,
        updated_at=now,
    )
    under.comments.append(made)
    call.repo.review_comments[made.id] = made
    _emit(call, made, "created")
    return made


def _emit(call: Call, one: ReviewComment, action: str, **extra: Json) -> None:
    shapes: Json = {
        "comment": review_comment_event(call.hub.site, one),
        "pull_request": pull_simple(call.hub.site, one.pull),
    }
    call.hub.emit(call.repo, "pull_request_review_comment", {"action": action, **extra, **shapes}, call.account)


def _find(call: Call) -> ReviewComment:
    if (found := call.repo.review_comments.get(call.number("comment_id"))) is None:
        raise not_found()
    return found


def _may_change(call: Call, one: ReviewComment) -> None:
    if not isinstance(call.actor, AsInstallation) and call.account is not one.user and not call.has_role("write"):
        raise forbidden("Must have admin rights to Repository.")


def _lone_review(call: Call, pull: Pull, commit: str) -> Review:
    """A comment outside a review gets one of its own, which GitHub announces like any other."""
    now = call.hub.now()
    made = Review(call.world.next_id("review"), pull, call.account, "COMMENTED", "", commit, now, now)
    pull.reviews.append(made)
    shapes: Json = {
        "review": review_event(call.hub.site, made),
        "pull_request": pull_simple(call.hub.site, pull),
    }
    call.hub.emit(call.repo, "pull_request_review", {"action": "submitted", **shapes}, call.account)
    return made


@route("GET", "/repos/{owner}/{repo}/pulls/{number:int}/comments", needs="pull_requests:read", role="read")
def list_of_pull(call: Call) -> Reply:
    pull = call.repo.pull(call.number("number"))
    found = sorted((one for each in pull.reviews for one in each.comments), key=lambda one: one.id)
    return page(call, [review_comment(call.hub.site, one) for one in found])


@route("POST", "/repos/{owner}/{repo}/pulls/{number:int}/comments", needs="pull_requests:write", role="read")
def create_comment(call: Call) -> Reply:
    pull = call.repo.pull(call.number("number"))
    if (parent := call.body.get("in_reply_to")) is not None:
        return created(review_comment(call.hub.site, _reply(call, pull, parent)))
    place = line_of(pull, call.body)
    commit = call.text("commit_id")
    if call.repo.git.commit(commit) is None:
        raise unprocessable(f"No commit found for SHA: {commit}")
    made = add_comment(call, _lone_review(call, pull, commit), call.text("body"), place)
    return created(review_comment(call.hub.site, made))


@route(
    "POST",
    "/repos/{owner}/{repo}/pulls/{number:int}/comments/{comment_id:int}/replies",
    needs="pull_requests:write",
    role="read",
)
def create_reply(call: Call) -> Reply:
    pull = call.repo.pull(call.number("number"))
    return created(review_comment(call.hub.site, _reply(call, pull, call.number("comment_id"))))


def _reply(call: Call, pull: Pull, parent_id: int) -> ReviewComment:
    parent = call.repo.review_comments.get(parent_id)
    if parent is None or parent.pull is not pull:
        raise not_found()
    top = parent.in_reply_to or parent.id
    place = Place(parent.path, parent.line, parent.side, parent.diff_hunk, top)
    body = call.text("body")
    if not body.strip():
        raise validation_failed("PullRequestReviewComment", "body", "missing_field")
    return add_comment(call, _lone_review(call, pull, parent.commit), body, place)


@route("GET", "/repos/{owner}/{repo}/pulls/comments/{comment_id:int}", needs="pull_requests:read", role="read")
def get_comment(call: Call) -> Reply:
    return ok(review_comment(call.hub.site, _find(call)))


@route("PATCH", "/repos/{owner}/{repo}/pulls/comments/{comment_id:int}", needs="pull_requests:write", role="read")
def update_comment(call: Call) -> Reply:
    one = _find(call)
    _may_change(call, one)
    before, one.body, one.updated_at = one.body, call.text("body"), call.hub.now()
    if before != one.body:
        _emit(call, one, "edited", changes={"body": {"from": before}})
    return ok(review_comment(call.hub.site, one))


@route("DELETE", "/repos/{owner}/{repo}/pulls/comments/{comment_id:int}", needs="pull_requests:write", role="read")
def delete_comment(call: Call) -> Reply:
    one = _find(call)
    _may_change(call, one)
    one.review.comments.remove(one)
    del call.repo.review_comments[one.id]
    _emit(call, one, "deleted")
    return no_content()


@route(
    "GET", "/repos/{owner}/{repo}/pulls/comments/{comment_id:int}/reactions", needs="pull_requests:read", role="read"
)
def list_reactions(call: Call) -> Reply:
    return page(call, [reaction(call.hub.site, one) for one in _find(call).reactions])


@route(
    "POST", "/repos/{owner}/{repo}/pulls/comments/{comment_id:int}/reactions", needs="pull_requests:write", role="read"
)
def create_reaction(call: Call) -> Reply:
    return react(call, _find(call).reactions)


@route(
    "DELETE",
    "/repos/{owner}/{repo}/pulls/comments/{comment_id:int}/reactions/{reaction_id:int}",
    needs="pull_requests:write",
    role="read",
)
def delete_reaction(call: Call) -> Reply:
    return unreact(call, _find(call).reactions)
