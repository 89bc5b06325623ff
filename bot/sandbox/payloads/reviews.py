"""Reviews of pull requests, and their comments on lines."""

from __future__ import annotations

from bot.sandbox.clock import stamp
from bot.sandbox.payloads.accounts import Site, node_id, simple_user
from bot.sandbox.payloads.issues import association, reaction_rollup
from bot.sandbox.payloads.repos import html_url, repo_url
from bot.sandbox.state import Json, Review, ReviewComment


def review(site: Site, one: Review) -> Json:
    pull = one.pull
    page_url = f"{html_url(site, pull.repo)}/pull/{pull.number}#pullrequestreview-{one.id}"
    pull_url = f"{repo_url(site, pull.repo)}/pulls/{pull.number}"
    return {
        "id": one.id,
        "node_id": node_id("PullRequestReview", one.id),
        "user": simple_user(site, one.user),
        "body": one.body,
        "state": one.state,
        "html_url": page_url,
        "pull_request_url": pull_url,
        "author_association": association(site, pull.repo, one.user),
        "_links": {"html": {"href": page_url}, "pull_request": {"href": pull_url}},
        "submitted_at": stamp(one.submitted_at),
        "commit_id": one.commit,
    }


def review_event(site: Site, one: Review) -> Json:
    """Give the review of webhooks: they write its state in small letters, and an absent body as null."""
    updated = {"updated_at": stamp(one.updated_at)}
    return review(site, one) | {"state": one.state.lower(), "body": one.body or None} | updated


def review_comment(site: Site, one: ReviewComment) -> Json:
    pull = one.pull
    url = f"{repo_url(site, pull.repo)}/pulls/comments/{one.id}"
    pull_url = f"{repo_url(site, pull.repo)}/pulls/{pull.number}"
    page = f"{html_url(site, pull.repo)}/pull/{pull.number}#discussion_r{one.id}"
    shape: Json = {
        "url": url,
        "pull_request_review_id": one.review.id,
        "id": one.id,
        "node_id": node_id("PullRequestReviewComment", one.id),
        "diff_hunk": one.diff_hunk,
        "path": one.path,
        "position": 1,
        "original_position": 1,
        "commit_id": one.commit,
        "original_commit_id": one.commit,
        "user": simple_user(site, one.user),
        "body": one.body,
        "created_at": stamp(one.created_at),
        "updated_at": stamp(one.updated_at),
        "html_url": page,
        "pull_request_url": pull_url,
        "author_association": association(site, pull.repo, one.user),
        "_links": {"self": {"href": url}, "html": {"href": page}, "pull_request": {"href": pull_url}},
        "start_line": None,
        "original_start_line": None,
        "start_side": None,
        "line": one.line,
        "side": one.side,
        "subject_type": "line" if one.line is not None else "file",
        "reactions": reaction_rollup(url, one.reactions),
    }
    if one.line is not None:
        shape["original_line"] = one.line
    if one.in_reply_to is not None:
        shape["in_reply_to_id"] = one.in_reply_to
    return shape


def review_comment_event(site: Site, one: ReviewComment) -> Json:
    """Give the comment of webhooks: a remark on a whole file has its line there, as null."""
    return {"original_line": None} | review_comment(site, one)
