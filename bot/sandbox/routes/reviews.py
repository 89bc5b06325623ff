"""Reviews of pull requests."""

from __future__ import annotations

from bot.sandbox.call import Call, Reply, ok, page, route
from bot.sandbox.clock import stamp
from bot.sandbox.errors import unprocessable
from bot.sandbox.payloads.accounts import node_id, simple_user
from bot.sandbox.payloads.issues import association
from bot.sandbox.payloads.pulls import pull_simple
from bot.sandbox.payloads.repos import html_url, repo_url
from bot.sandbox.state import Json, Pull, Review

EVENTS = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}


def _shape(call: Call, pull: Pull, one: Review) -> Json:
    page_url = f"{html_url(call.hub.site, pull.repo)}/pull/{pull.number}#pullrequestreview-{one.id}"
    pull_url = f"{repo_url(call.hub.site, pull.repo)}/pulls/{pull.number}"
    return {
        "id": one.id,
        "node_id": node_id("PullRequestReview", one.id),
        "user": simple_user(call.hub.site, one.user),
        "body": one.body,
        "state": one.state,
        "html_url": page_url,
        "pull_request_url": pull_url,
        "author_association": association(call.hub.site, pull.repo, one.user),
        "_links": {"html": {"href": page_url}, "pull_request": {"href": pull_url}},
        "submitted_at": stamp(one.submitted_at),
        "commit_id": one.commit,
    }


@route("GET", "/repos/{owner}/{repo}/pulls/{number:int}/reviews", needs="pull_requests:read", role="read")
def list_reviews(call: Call) -> Reply:
    pull = call.repo.pull(call.number("number"))
    return page(call, [_shape(call, pull, one) for one in pull.reviews])


@route("POST", "/repos/{owner}/{repo}/pulls/{number:int}/reviews", needs="pull_requests:write", role="read")
def create_review(call: Call) -> Reply:
    """Submit a review of the head or of `commit_id`; nobody approves what is their own."""
    pull, event = call.repo.pull(call.number("number")), call.body.get("event")
    if event not in EVENTS:
        raise unprocessable("Unprocessable Entity: the sandbox keeps no pending reviews, say what the event is.")
    if event != "COMMENT" and call.account is pull.issue.user:
        raise unprocessable(f"Review Can not {event.lower().replace('_', ' ')} your own pull request")
    body, commit = call.body.get("body") or "", call.body.get("commit_id") or pull.head_sha
    if event != "APPROVE" and not body:
        raise unprocessable("Unprocessable Entity: a review needs a body")
    made = Review(call.world.next_id("review"), call.account, EVENTS[event], body, commit, call.hub.now())
    pull.reviews.append(made)
    shape = _shape(call, pull, made)
    lower: Json = shape | {"state": made.state.lower(), "updated_at": shape["submitted_at"]}
    payload: Json = {"action": "submitted", "review": lower, "pull_request": pull_simple(call.hub.site, pull)}
    call.hub.emit(pull.repo, "pull_request_review", payload, call.account)
    return ok(shape)
