"""Issues, comments, labels and reactions."""

from __future__ import annotations

from collections import Counter
from urllib.parse import quote

from bot.sandbox.clock import stamp, stamp_or_none
from bot.sandbox.payloads.accounts import Site, integration_or_none, node_id, simple_user, simple_user_or_none
from bot.sandbox.payloads.repos import html_url, repo_url
from bot.sandbox.state import Account, Comment, Issue, Json, Label, Reaction, Repository

REACTIONS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes")


def label(site: Site, repo: Repository, one: Label) -> Json:
    return {
        "id": one.id,
        "node_id": node_id("Label", one.id),
        "url": f"{repo_url(site, repo)}/labels/{quote(one.name)}",
        "name": one.name,
        "color": one.color,
        "default": False,
        "description": one.description,
        "archived_at": None,
        "archived_by": None,
    }


def reaction(site: Site, one: Reaction) -> Json:
    return {
        "id": one.id,
        "node_id": node_id("Reaction", one.id),
        "user": simple_user(site, one.user),
        "content": one.content,
        "created_at": stamp(one.created_at),
    }


def reaction_rollup(url: str, reactions: list[Reaction]) -> Json:
    counted = Counter(one.content for one in reactions)
    return {
        "url": f"{url}/reactions",
        "total_count": len(reactions),
        **{content: counted[content] for content in REACTIONS},
    }


def association(site: Site, repo: Repository, account: Account) -> str:
    """Say how GitHub labels an author. A member who conceals the membership looks like anybody else."""
    login, owner = account.login.lower(), repo.owner.login.lower()
    if account is repo.owner:
        return "OWNER"
    if login in site.world.org_members.get(owner, set()) and login not in site.world.org_concealed:
        return "MEMBER"
    if login in repo.collaborators and login not in site.world.org_concealed:
        return "COLLABORATOR"
    return "CONTRIBUTOR" if login in site.world.org_concealed else "NONE"


def issue(site: Site, one: Issue) -> Json:
    repo = one.repo
    api = repo_url(site, repo)
    url = f"{api}/issues/{one.number}"
    page = f"{html_url(site, repo)}/{'pull' if one.pull is not None else 'issues'}/{one.number}"
    shape: Json = {
        "url": url,
        "repository_url": api,
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "html_url": page,
        "id": one.id,
        "node_id": node_id("Issue", one.id),
        "number": one.number,
        "title": one.title,
        "user": simple_user(site, one.user),
        "labels": [label(site, repo, each) for each in one.labels],
        "state": one.state,
        "locked": one.locked,
        "assignee": simple_user(site, one.assignees[0]) if one.assignees else None,
        "assignees": [simple_user(site, each) for each in one.assignees],
        "milestone": None,
        "comments": len(one.comments),
        "created_at": stamp(one.created_at),
        "updated_at": stamp(one.updated_at),
        "closed_at": stamp_or_none(one.closed_at),
        "author_association": association(site, repo, one.user),
        "active_lock_reason": None,
        "body": one.body,
        "closed_by": simple_user_or_none(site, one.closed_by),
        "reactions": reaction_rollup(url, one.reactions),
        "timeline_url": f"{url}/timeline",
        "performed_via_github_app": integration_or_none(site, one.via),
        "state_reason": one.state_reason,
    }
    if one.pull is not None:
        shape["draft"] = one.pull.draft
        shape["pull_request"] = {
            "url": f"{api}/pulls/{one.number}",
            "html_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "merged_at": stamp_or_none(one.pull.merged_at),
        }
    return shape


def issue_event(site: Site, one: Issue) -> Json:
    """Give the issue of webhooks: they do not say who closed it, as the sender did."""
    return {key: value for key, value in issue(site, one).items() if key != "closed_by"}


def comment(site: Site, one: Comment) -> Json:
    repo = one.issue.repo
    url = f"{repo_url(site, repo)}/issues/comments/{one.id}"
    kind = "pull" if one.issue.pull is not None else "issues"
    return {
        "url": url,
        "html_url": f"{html_url(site, repo)}/{kind}/{one.issue.number}#issuecomment-{one.id}",
        "issue_url": f"{repo_url(site, repo)}/issues/{one.issue.number}",
        "id": one.id,
        "node_id": node_id("IssueComment", one.id),
        "user": simple_user(site, one.user),
        "created_at": stamp(one.created_at),
        "updated_at": stamp(one.updated_at),
        "author_association": association(site, repo, one.user),
        "body": one.body,
        "reactions": reaction_rollup(url, one.reactions),
        "performed_via_github_app": integration_or_none(site, one.via),
        "minimized": None,
    }
