"""Pull requests: list, open, read, change, files, commits."""

from __future__ import annotations

from bot.sandbox.auth import AsUser
from bot.sandbox.call import Call, Reply, created, ok, page, route
from bot.sandbox.errors import GitHubError, body_too_long, forbidden, validation_failed
from bot.sandbox.git.merge import merge_commits
from bot.sandbox.git.store import Person
from bot.sandbox.payloads.commits import commit_item, diff_entry
from bot.sandbox.payloads.pulls import base_tip, changed_files, commit_shas, pull_full, pull_simple
from bot.sandbox.pushes import close, fetch_head
from bot.sandbox.required import mergeable_state
from bot.sandbox.state import Issue, Json, MergeTest, Pull, Repository

MAX_FILES = 3000
MAX_COMMITS = 250
MAX_BODY = 65_536


@route("GET", "/repos/{owner}/{repo}/pulls", needs="pull_requests:read", role="read")
def list_pulls(call: Call) -> Reply:
    """List pull requests, newest first; `head` is `owner:branch`, anything else about it is ignored."""
    found = call.repo.pulls()
    if (state := call.query.get("state", "open")) != "all":
        found = [pull for pull in found if pull.issue.state == state]
    if ":" in (head := call.query.get("head", "")):
        found = [pull for pull in found if pull.head_label == head]
    if base := call.query.get("base"):
        found = [pull for pull in found if pull.base_ref == base]
    by_update = call.query.get("sort") == "updated"
    found.sort(key=lambda pull: (pull.issue.updated_at if by_update else pull.issue.created_at, pull.number))
    if call.query.get("direction", "desc") == "desc":
        found.reverse()
    return page(call, [pull_simple(call.hub.site, pull) for pull in found])


@route("POST", "/repos/{owner}/{repo}/pulls", needs="pull_requests:write", role="read")
def create_pull(call: Call) -> Reply:
    head, base = call.text("head"), call.text("base")
    title, body = _title_and_body(call)
    head_repo, head_ref = _head(call, head)
    git = call.repo.git
    head_sha, base_sha = head_repo.git.branch(head_ref), git.branch(base)
    if head_sha is None:
        raise validation_failed("PullRequest", "head", "invalid")
    if base_sha is None:
        raise validation_failed("PullRequest", "base", "invalid")
    label = f"{head_repo.owner.login}:{head_ref}"
    if (
        isinstance(call.actor, AsUser)
        and not call.has_role("write")
        and call.world.role(call.account, head_repo) in ("none", "read")
    ):
        raise forbidden("must be a collaborator")
    for pull in call.repo.pulls():
        if pull.is_open and (pull.head_label, pull.base_ref) == (label, base):
            raise _custom(f"A pull request already exists for {label}.")
    if head_repo is not call.repo:
        head_repo.git.repo.fetch(git.repo)
    if not git.between(base_sha, head_sha):
        raise _custom(f"No commits between {base} and {head}")
    now, world = call.hub.now(), call.world
    number = max(call.repo.issues, default=0) + 1
    issue = Issue(world.next_id("issue"), number, call.repo, call.account, call.app, title, body, now, now)
    draft = bool(call.body.get("draft", False))
    can_modify = bool(call.body.get("maintainer_can_modify", True)) and head_repo is not call.repo
    pull = Pull(world.next_id("pull"), issue, head_repo, label, head_ref, head_sha, base, base_sha, draft, can_modify)
    issue.pull = pull
    call.repo.issues[number] = issue
    fetch_head(pull)
    emit_pull(call, pull, "opened")
    return created(pull_full(call.hub.site, pull))


def _custom(message: str) -> GitHubError:
    error = {"resource": "PullRequest", "code": "custom", "message": message}
    return GitHubError(422, "Validation Failed", errors=[error])


def _title_and_body(call: Call) -> tuple[str, str | None]:
    title, body = call.body.get("title"), call.body.get("body")
    if not isinstance(title, str) or not title.strip():
        raise validation_failed("PullRequest", "title", "missing_field")
    if isinstance(body, str) and len(body) > MAX_BODY:
        raise body_too_long("PullRequest")
    return title, body


def _head(call: Call, head: str) -> tuple[Repository, str]:
    """Find where the head branch lives: `branch` here, `owner:branch` in that owner's fork."""
    owner, colon, ref = head.rpartition(":")
    if not colon or owner.lower() == call.repo.owner.login.lower():
        return call.repo, ref
    for repo in call.world.repos.values():
        if repo.owner.login.lower() == owner.lower() and repo.parent is call.repo:
            return repo, ref
    raise validation_failed("PullRequest", "head", "invalid")


@route("GET", "/repos/{owner}/{repo}/pulls/{number:int}", needs="pull_requests:read|contents:read", role="read")
def get_pull(call: Call) -> Reply:
    """Give one pull request. Asking starts the test merge: `mergeable` is null until it is done, so ask again."""
    pull = call.repo.pull(call.number("number"))
    body = pull_full(call.hub.site, pull, mergeable_state(pull))
    if pull.is_open:
        test_merge(call, pull)
    return ok(body)


def test_merge(call: Call, pull: Pull) -> MergeTest:
    """Merge head into base on the side, as GitHub does in the background, and keep the result."""
    base, head, git = base_tip(pull), pull.head_sha, pull.repo.git
    test = pull.merge_test
    if test is None or (test.base, test.head) != (base, head):
        merged = merge_commits(git, base, head)
        commit = None
        if merged.tree is not None:
            bot = Person("GitHub", "noreply@github.com", call.hub.now())
            commit = git.add_commit(merged.tree, [base, head], f"Merge {head} into {base}", bot, bot)
            git.set_ref(f"refs/pull/{pull.number}/merge", commit)
        test = pull.merge_test = MergeTest(base, head, merged.tree, merged.conflicts, commit)
        pull.merge_commit_sha = commit
    return test


@route("PATCH", "/repos/{owner}/{repo}/pulls/{number:int}", needs="pull_requests:write", role="read")
def update_pull(call: Call) -> Reply:
    """Change title, body, state or base; each change is an event of its own."""
    pull = call.repo.pull(call.number("number"))
    issue, body = pull.issue, call.body
    if isinstance(call.actor, AsUser) and not call.has_role("triage") and call.account is not issue.user:
        raise forbidden("Must have admin rights to Repository.")
    changes: Json = {}
    if isinstance(body.get("title"), str) and body["title"] != issue.title:
        changes["title"], issue.title = {"from": issue.title}, body["title"]
    if "body" in body and body["body"] != issue.body:
        if len(body["body"] or "") > MAX_BODY:
            raise body_too_long("PullRequest")
        changes["body"], issue.body = {"from": issue.body or ""}, body["body"]
    if isinstance(body.get("base"), str) and body["base"] != pull.base_ref:
        sha = call.repo.git.branch(body["base"])
        if sha is None:
            raise validation_failed("PullRequest", "base", "invalid")
        changes["base"] = {"ref": {"from": pull.base_ref}, "sha": {"from": pull.base_sha}}
        pull.base_ref, pull.base_sha = body["base"], sha
    issue.updated_at = call.hub.now()
    if changes:
        emit_pull(call, pull, "edited", changes=changes)
    if body.get("state") in ("open", "closed") and body["state"] != issue.state:
        set_state(call, pull, body["state"])
    return ok(pull_full(call.hub.site, pull, mergeable_state(pull)))


def set_state(call: Call, pull: Pull, state: str) -> None:
    """Close, or open again: not once merged, and not without its branch."""
    if state == "closed":
        close(call.hub, pull, call.account)
        return
    if pull.merged_at is not None:
        raise validation_failed(
            "PullRequest", "state", "invalid", "state cannot be changed. The pull request has been merged."
        )
    sha = pull.head_repo.git.branch(pull.head_ref) if pull.head_repo is not None else None
    if sha is None:
        raise validation_failed(
            "PullRequest", "state", "invalid", f"state cannot be changed. The {pull.head_ref} branch was deleted."
        )
    if not pull.repo.git.is_ancestor(pull.head_sha, sha) and pull.head_repo is pull.repo:
        raise validation_failed(
            "PullRequest",
            "state",
            "invalid",
            f"state cannot be changed. The {pull.head_ref} branch was force-pushed or recreated.",
        )
    pull.head_sha, pull.closed_base = sha, None
    pull.issue.state, pull.issue.closed_at, pull.issue.closed_by = "open", None, None
    fetch_head(pull)
    emit_pull(call, pull, "reopened")


def emit_pull(call: Call, pull: Pull, action: str, **extra: object) -> None:
    payload: Json = {"action": action, "number": pull.number, **extra, "pull_request": pull_full(call.hub.site, pull)}
    call.hub.emit(pull.repo, "pull_request", payload, call.account)


@route("GET", "/repos/{owner}/{repo}/pulls/{number:int}/files", needs="pull_requests:read", role="read")
def list_files(call: Call) -> Reply:
    """List changed files; GitHub stops at 3,000 without saying so."""
    pull = call.repo.pull(call.number("number"))
    cut, headers = call.paginate(changed_files(pull)[:MAX_FILES])
    return ok([diff_entry(call.hub.site, call.repo, change, pull.head_sha) for change in cut], headers)


@route("GET", "/repos/{owner}/{repo}/pulls/{number:int}/commits", needs="pull_requests:read", role="read")
def list_commits(call: Call) -> Reply:
    """List commits, oldest first; GitHub stops at 250."""
    pull = call.repo.pull(call.number("number"))
    cut, headers = call.paginate(commit_shas(pull)[:MAX_COMMITS])
    return ok([commit_item(call.hub.site, call.repo, sha) for sha in cut], headers)
