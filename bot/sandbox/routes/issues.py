"""Issues, comments and reactions; a pull request's conversation is an issue's."""

from __future__ import annotations

from bot.sandbox.auth import AsInstallation
from bot.sandbox.call import Call, Reply, created, no_content, ok, page, route
from bot.sandbox.clock import stamp
from bot.sandbox.errors import (
    GitHubError,
    body_too_long,
    forbidden,
    not_accessible,
    not_found,
    unprocessable,
    validation_failed,
)
from bot.sandbox.payloads.issues import REACTIONS, comment, issue, issue_event, label, reaction
from bot.sandbox.payloads.pulls import pull_full
from bot.sandbox.pushes import close
from bot.sandbox.routes.labels import named_labels
from bot.sandbox.routes.pulls import set_state
from bot.sandbox.state import Comment, Issue, Json, Label, Reaction

MAX_BODY = 65_536
STATE_REASONS = ("completed", "not_planned", "duplicate", "reopened")
READ = "issues:read|pull_requests:read"
WRITE = "issues:write|pull_requests:write"


def find_issue(call: Call, needs: str) -> Issue:
    """Give the issue of the path. Access to pull requests does for pull requests only."""
    found = call.repo.issue(call.number("number"))
    if found.pull is None and not call.repo.has_issues:
        raise GitHubError(410, "Issues are disabled for this repo")
    if found.pull is None and isinstance(call.actor, AsInstallation):
        call.check_app_permission(needs.partition("|")[0])
    return found


def find_comment(call: Call, needs: str) -> Comment:
    found = call.repo.comments.get(call.number("comment_id"))
    if found is None:
        raise not_found()
    if found.issue.pull is None:
        call.check_app_permission(needs.partition("|")[0])
    return found


@route("GET", "/repos/{owner}/{repo}/issues", needs="issues:read", role="read")
def list_issues(call: Call) -> Reply:
    """List issues and pull requests, newest first, by state, labels, creator, assignee and `since`."""
    query = call.query
    state, wanted = query.get("state", "open"), {one for one in query.get("labels", "").split(",") if one}
    found = [
        one
        for one in reversed(call.repo.issues.values())
        if state in ("all", one.state) and wanted <= {each.name for each in one.labels}
    ]
    if (creator := query.get("creator")) is not None:
        found = [one for one in found if one.user.login == creator]
    if (assignee := query.get("assignee")) is not None:
        found = [one for one in found if _is_assigned(one, assignee)]
    if (since := query.get("since")) is not None:
        found = [one for one in found if stamp(one.updated_at) >= since]
    if query.get("sort") in ("updated", "comments"):
        by_update = query["sort"] == "updated"
        found.sort(key=lambda one: one.updated_at.timestamp() if by_update else len(one.comments), reverse=True)
    if query.get("direction") == "asc":
        found.reverse()
    return page(call, [issue(call.hub.site, one) for one in found])


def _is_assigned(one: Issue, wanted: str) -> bool:
    if wanted in ("*", "none"):
        return bool(one.assignees) is (wanted == "*")
    return wanted in [each.login for each in one.assignees]


@route("POST", "/repos/{owner}/{repo}/issues", needs="issues:write", role="read")
def create_issue(call: Call) -> Reply:
    if not call.repo.has_issues:
        raise GitHubError(410, "Issues are disabled for this repo")
    title, body = call.body.get("title"), call.body.get("body")
    if not isinstance(title, (str, int)) or not str(title).strip():
        raise validation_failed("Issue", "title", "missing_field")
    if len(body or "") > MAX_BODY:
        raise body_too_long("Issue")
    now, number = call.hub.now(), max(call.repo.issues, default=0) + 1
    made = Issue(call.world.next_id("issue"), number, call.repo, call.account, call.app, str(title), body, now, now)
    if call.has_role("triage"):
        made.labels = named_labels(
            call, [one["name"] if isinstance(one, dict) else one for one in call.body.get("labels", [])]
        )
        made.assignees = [call.world.account(login) for login in call.body.get("assignees", [])]
    call.repo.issues[number] = made
    call.hub.emit(call.repo, "issues", {"action": "opened", "issue": issue_event(call.hub.site, made)}, call.account)
    return created(issue(call.hub.site, made))


@route("GET", "/repos/{owner}/{repo}/issues/{number:int}", needs=READ, role="read")
def get_issue(call: Call) -> Reply:
    return ok(issue(call.hub.site, find_issue(call, READ)))


@route("PATCH", "/repos/{owner}/{repo}/issues/{number:int}", needs=WRITE, role="read")
def update_issue(call: Call) -> Reply:
    found, body = find_issue(call, WRITE), call.body
    if not call.has_role("triage") and call.account is not found.user:
        raise forbidden("Must have admin rights to Repository.")
    changes: Json = {}
    if isinstance(body.get("title"), str) and body["title"] != found.title:
        changes["title"], found.title = {"from": found.title}, body["title"]
    if "body" in body and body["body"] != found.body:
        if len(body["body"] or "") > MAX_BODY:
            raise body_too_long("Issue")
        changes["body"], found.body = {"from": found.body or ""}, body["body"]
    if "labels" in body:
        set_labels(call, found, named_labels(call, body["labels"]))
    if "assignees" in body:
        found.assignees = [call.world.account(login) for login in body["assignees"]]
    found.updated_at = call.hub.now()
    if changes:
        emit_issue(call, found, "edited", changes=changes)
    if body.get("state") not in (None, "open", "closed"):
        raise validation_failed("Issue", "state", "invalid")
    if body.get("state_reason") not in (None, *STATE_REASONS):
        raise validation_failed("Issue", "state_reason", "invalid")
    if body.get("state") in ("open", "closed") and body["state"] != found.state:
        _set_state(call, found, body["state"], body.get("state_reason"))
    return ok(issue(call.hub.site, found))


def _set_state(call: Call, found: Issue, state: str, reason: str | None) -> None:
    if found.pull is not None:
        if state == "closed":
            close(call.hub, found.pull, call.account)
            return
        set_state(call, found.pull, state)
        return
    if state == "closed":
        found.state, found.state_reason = "closed", reason or "completed"
        found.closed_at, found.closed_by = call.hub.now(), call.account
        emit_issue(call, found, "closed")
    else:
        found.state, found.state_reason, found.closed_at, found.closed_by = "open", "reopened", None, None
        emit_issue(call, found, "reopened")


def emit_issue(call: Call, found: Issue, action: str, **extra: object) -> None:
    """Send the event as `issues`, or as `pull_request` when the issue is one."""
    if found.pull is not None:
        payload: Json = {"action": action, "number": found.number, **extra}
        call.hub.emit(
            call.repo, "pull_request", payload | {"pull_request": pull_full(call.hub.site, found.pull)}, call.account
        )
    else:
        call.hub.emit(
            call.repo, "issues", {"action": action, **extra, "issue": issue_event(call.hub.site, found)}, call.account
        )


def set_labels(call: Call, found: Issue, labels: list[Label]) -> None:
    """Make these the labels, with one event for each that comes or goes."""
    before, found.labels = found.labels, labels
    for each in labels:
        if each not in before:
            emit_issue(call, found, "labeled", label=label(call.hub.site, call.repo, each))
    for each in before:
        if each not in labels:
            emit_issue(call, found, "unlabeled", label=label(call.hub.site, call.repo, each))


@route("GET", "/repos/{owner}/{repo}/issues/{number:int}/comments", needs=READ, role="read")
def list_comments(call: Call) -> Reply:
    found = find_issue(call, READ)
    return page(call, [comment(call.hub.site, one) for one in found.comments])


@route("POST", "/repos/{owner}/{repo}/issues/{number:int}/comments", needs=WRITE, role="read")
def create_comment(call: Call) -> Reply:
    found = find_issue(call, WRITE)
    body = _comment_body(call)
    if found.locked and not call.has_role("triage"):
        raise forbidden("Unable to create comment because issue is locked.")
    now = call.hub.now()
    made = Comment(call.world.next_id("comment"), found, call.account, call.app, body, now, now)
    found.comments.append(made)
    found.updated_at = now
    call.repo.comments[made.id] = made
    _emit_comment(call, made, "created")
    return created(comment(call.hub.site, made))


def _comment_body(call: Call) -> str:
    body = call.text("body")
    if not body.strip():
        raise validation_failed("IssueComment", "data", "unprocessable", "Body cannot be blank")
    if len(body) > MAX_BODY:
        raise body_too_long("IssueComment")
    return body


def _emit_comment(call: Call, one: Comment, action: str, **extra: object) -> None:
    payload: Json = {
        "action": action,
        **extra,
        "issue": issue_event(call.hub.site, one.issue),
        "comment": comment(call.hub.site, one),
    }
    call.hub.emit(call.repo, "issue_comment", payload, call.account)


@route("GET", "/repos/{owner}/{repo}/issues/comments/{comment_id:int}", needs=READ, role="read")
def get_comment(call: Call) -> Reply:
    return ok(comment(call.hub.site, find_comment(call, READ)))


@route("PATCH", "/repos/{owner}/{repo}/issues/comments/{comment_id:int}", needs=WRITE, role="read")
def update_comment(call: Call) -> Reply:
    """Change a comment: its author may, and anybody who can write, the App's comments too."""
    found = find_comment(call, WRITE)
    _may_change(call, found)
    before, found.body = found.body, _comment_body(call)
    found.updated_at = call.hub.now()
    if found.body != before:
        _emit_comment(call, found, "edited", changes={"body": {"from": before}})
    return ok(comment(call.hub.site, found))


def _may_change(call: Call, found: Comment) -> None:
    if isinstance(call.actor, AsInstallation):
        return
    if call.account is not found.user and not call.has_role("write"):
        raise forbidden("Must have admin rights to Repository.")


@route("DELETE", "/repos/{owner}/{repo}/issues/comments/{comment_id:int}", needs=WRITE, role="read")
def delete_comment(call: Call) -> Reply:
    found = find_comment(call, WRITE)
    _may_change(call, found)
    found.issue.comments.remove(found)
    del call.repo.comments[found.id]
    _emit_comment(call, found, "deleted")
    return no_content()


@route("GET", "/repos/{owner}/{repo}/issues/comments/{comment_id:int}/reactions", needs="issues:read", role="read")
def list_comment_reactions(call: Call) -> Reply:
    return page(call, [reaction(call.hub.site, one) for one in find_comment(call, READ).reactions])


@route("POST", "/repos/{owner}/{repo}/issues/comments/{comment_id:int}/reactions", needs="issues:write", role="read")
def react_to_comment(call: Call) -> Reply:
    return react(call, find_comment(call, WRITE).reactions)


@route("POST", "/repos/{owner}/{repo}/issues/{number:int}/reactions", needs="issues:write", role="read")
def react_to_issue(call: Call) -> Reply:
    return react(call, find_issue(call, WRITE).reactions)


def react(call: Call, reactions: list[Reaction]) -> Reply:
    """Add a reaction: 201, or 200 when this account has left the same one before."""
    content = call.body.get("content")
    if content not in REACTIONS:
        raise validation_failed("Reaction", "content", "invalid")
    for one in reactions:
        if one.user is call.account and one.content == content:
            return ok(reaction(call.hub.site, one))
    made = Reaction(call.world.next_id("reaction"), call.account, content, call.hub.now())
    reactions.append(made)
    return created(reaction(call.hub.site, made))


@route(
    "DELETE",
    "/repos/{owner}/{repo}/issues/comments/{comment_id:int}/reactions/{reaction_id:int}",
    needs="issues:write",
    role="read",
)
def delete_reaction(call: Call) -> Reply:
    return unreact(call, find_comment(call, WRITE).reactions)


def unreact(call: Call, reactions: list[Reaction]) -> Reply:
    """Take a reaction back: one's own only."""
    for one in reactions:
        if one.id == call.number("reaction_id"):
            if one.user is not call.account:
                raise not_accessible() if isinstance(call.actor, AsInstallation) else not_found()
            reactions.remove(one)
            return no_content()
    raise not_found()


@route("GET", "/repos/{owner}/{repo}/issues/{number:int}/labels", needs=READ, role="read")
def list_issue_labels(call: Call) -> Reply:
    return page(call, [label(call.hub.site, call.repo, one) for one in find_issue(call, READ).labels])


def _asked_labels(call: Call) -> list[Label]:
    asked = call.body.get("labels", call.body.get("_list"))
    if not isinstance(asked, list):
        raise unprocessable('Invalid request.\n\n"labels" wasn\'t supplied.')
    return named_labels(call, asked)


@route("POST", "/repos/{owner}/{repo}/issues/{number:int}/labels", needs=WRITE, role="triage")
def add_labels(call: Call) -> Reply:
    """Add labels; those the repository does not have yet are made."""
    found = find_issue(call, WRITE)
    added = [one for one in _asked_labels(call) if one not in found.labels]
    set_labels(call, found, [*found.labels, *added])
    return ok([label(call.hub.site, call.repo, one) for one in found.labels])


@route("PUT", "/repos/{owner}/{repo}/issues/{number:int}/labels", needs=WRITE, role="triage")
def replace_labels(call: Call) -> Reply:
    found = find_issue(call, WRITE)
    set_labels(call, found, _asked_labels(call))
    return ok([label(call.hub.site, call.repo, one) for one in found.labels])


@route("DELETE", "/repos/{owner}/{repo}/issues/{number:int}/labels/{name}", needs=WRITE, role="triage")
def remove_label(call: Call) -> Reply:
    found = find_issue(call, WRITE)
    left = [one for one in found.labels if one.name.lower() != call.params["name"].lower()]
    if len(left) == len(found.labels):
        raise GitHubError(404, "Label does not exist")
    set_labels(call, found, left)
    return ok([label(call.hub.site, call.repo, one) for one in left])
