"""Reviews of pull requests."""

from __future__ import annotations

from bot.sandbox.call import Call, Reply, ok, page, route
from bot.sandbox.errors import GitHubError, body_too_long, forbidden, not_found, unprocessable
from bot.sandbox.payloads.pulls import pull_simple
from bot.sandbox.payloads.reviews import review, review_comment, review_event
from bot.sandbox.routes.reviewcomments import Place, add_comment, line_of
from bot.sandbox.state import Json, Pull, Review

EVENTS = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}
DISMISSIBLE = ("APPROVED", "CHANGES_REQUESTED")
MAX_BODY = 65_536


def _place(pull: Pull, remark: Json) -> Place:
    """Find where a remark of a review stands. What is wrong with it is said in words here, not field by field."""
    try:
        return line_of(pull, remark)
    except GitHubError as refusal:
        said = [one.get("message", f"{one['field']} is missing") for one in refusal.errors or ()]
        raise GitHubError(422, "Unprocessable Entity", errors=said) from None


def _review(call: Call) -> Review:
    for one in call.repo.pull(call.number("number")).reviews:
        if one.id == call.number("review_id"):
            return one
    raise not_found()


def _emit(call: Call, one: Review, action: str, **extra: Json) -> None:
    shapes: Json = {
        "review": review_event(call.hub.site, one),
        "pull_request": pull_simple(call.hub.site, one.pull),
    }
    call.hub.emit(call.repo, "pull_request_review", {"action": action, **extra, **shapes}, call.account)


@route("GET", "/repos/{owner}/{repo}/pulls/{number:int}/reviews", needs="pull_requests:read", role="read")
def list_reviews(call: Call) -> Reply:
    pull = call.repo.pull(call.number("number"))
    return page(call, [review(call.hub.site, one) for one in pull.reviews])


@route(
    "GET", "/repos/{owner}/{repo}/pulls/{number:int}/reviews/{review_id:int}", needs="pull_requests:read", role="read"
)
def get_review(call: Call) -> Reply:
    return ok(review(call.hub.site, _review(call)))


@route(
    "GET",
    "/repos/{owner}/{repo}/pulls/{number:int}/reviews/{review_id:int}/comments",
    needs="pull_requests:read",
    role="read",
)
def list_comments_of_review(call: Call) -> Reply:
    return page(call, [review_comment(call.hub.site, one) for one in _review(call).comments])


@route("POST", "/repos/{owner}/{repo}/pulls/{number:int}/reviews", needs="pull_requests:write", role="read")
def create_review(call: Call) -> Reply:
    """Submit a review of the head or of `commit_id`, with comments on lines; nobody approves what is their own."""
    pull, event = call.repo.pull(call.number("number")), call.body.get("event")
    if event not in EVENTS:
        raise unprocessable("Unprocessable Entity: the sandbox keeps no pending reviews, say what the event is.")
    if event != "COMMENT" and call.account is pull.issue.user:
        raise unprocessable(f"Review Can not {event.lower().replace('_', ' ')} your own pull request")
    body, commit = call.body.get("body") or "", call.body.get("commit_id") or pull.head_sha
    remarks = call.body.get("comments") or []
    if event != "APPROVE" and not body and not remarks:
        raise unprocessable("Unprocessable Entity: a review needs a body")
    if len(body) > MAX_BODY:
        raise body_too_long("PullRequestReview")
    places = [_place(pull, one) for one in remarks]
    now = call.hub.now()
    made = Review(call.world.next_id("review"), pull, call.account, EVENTS[event], body, commit, now, now)
    pull.reviews.append(made)
    _emit(call, made, "submitted")
    for remark, place in zip(remarks, places, strict=True):
        add_comment(call, made, str(remark["body"]), place)
    return ok(review(call.hub.site, made))


@route(
    "PUT", "/repos/{owner}/{repo}/pulls/{number:int}/reviews/{review_id:int}", needs="pull_requests:write", role="read"
)
def update_review(call: Call) -> Reply:
    """Change the body: its author may, and anybody who can write."""
    one, body = _review(call), call.text("body")
    if call.account is not one.user and not call.has_role("write"):
        raise forbidden("Must have admin rights to Repository.")
    if len(body) > MAX_BODY:
        raise body_too_long("PullRequestReview")
    before, one.body, one.updated_at = one.body, body, call.hub.now()
    if before != body:
        _emit(call, one, "edited", changes={"body": {"from": before}})
    return ok(review(call.hub.site, one))


@route(
    "PUT",
    "/repos/{owner}/{repo}/pulls/{number:int}/reviews/{review_id:int}/dismissals",
    needs="pull_requests:write",
    role="write",
)
def dismiss_review(call: Call) -> Reply:
    one = _review(call)
    call.text("message")
    if one.state not in DISMISSIBLE:
        raise unprocessable(f"Can not dismiss a {one.state.lower()} pull request review")
    one.state, one.updated_at = "DISMISSED", call.hub.now()
    _emit(call, one, "dismissed")
    return ok(review(call.hub.site, one))
