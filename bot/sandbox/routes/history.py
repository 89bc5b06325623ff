"""Commits as people see them: lists, one with its files, comparisons, the pull requests of a commit."""

from __future__ import annotations

from urllib.parse import quote

from bot.sandbox.call import Call, Reply, ok, page, route
from bot.sandbox.errors import GitHubError, not_found, unprocessable
from bot.sandbox.git.diff import diff_trees
from bot.sandbox.git.store import EMPTY_TREE
from bot.sandbox.payloads.commits import commit_item, diff_entry, parent_tree
from bot.sandbox.payloads.pulls import pull_simple
from bot.sandbox.payloads.repos import html_url, repo_url

COMPARE_FILES = 300
COMPARE_COMMITS = 250


def resolved(call: Call, name: str) -> str:
    """Give the commit that a name stands for; 422 for an id that no commit has, 404 for an unknown name."""
    sha = call.repo.git.resolve(name)
    if sha is None:
        raise unprocessable(f"No commit found for SHA: {name}")
    return sha


@route("GET", "/repos/{owner}/{repo}/commits", needs="contents:read", role="read")
def list_commits(call: Call) -> Reply:
    """List from a branch or commit backwards, newest first; `path` keeps those that changed it."""
    git = call.repo.git
    start = git.resolve(call.query.get("sha") or call.repo.default_branch)
    if start is None:
        if not git.refs("refs/heads/"):
            raise GitHubError(409, "Git Repository is empty.")
        raise not_found()
    shas = list(reversed(git.between("", start)))
    if (path := call.query.get("path")) is not None:
        shas = [sha for sha in shas if _touches(call, sha, path.strip("/"))]
    cut, headers = call.paginate(shas)
    return ok([commit_item(call.hub.site, call.repo, sha) for sha in cut], headers)


def _touches(call: Call, sha: str, path: str) -> bool:
    git = call.repo.git
    return git.lookup(git.tree_of(sha), path) != git.lookup(parent_tree(call.repo, sha), path)


@route("GET", "/repos/{owner}/{repo}/commits/{sha}/pulls", needs="pull_requests:read", role="read")
def pulls_of_commit(call: Call) -> Reply:
    """List the pull requests that a commit is part of: merged ones, or open ones that carry it."""
    sha = resolved(call, call.params["sha"])
    git, found = call.repo.git, []
    for pull in call.repo.pulls():
        base = pull.closed_base or git.branch(pull.base_ref) or pull.base_sha
        if sha in git.between(base, pull.head_sha) or sha == pull.merge_commit_sha:
            found.append(pull_simple(call.hub.site, pull))
    return page(call, found)


@route("GET", "/repos/{owner}/{repo}/commits/{ref:path}", needs="contents:read", role="read")
def get_commit(call: Call) -> Reply:
    """Give a commit with the files it changes against its first parent."""
    sha = resolved(call, call.params["ref"])
    if "sha" in call.headers.get("accept", ""):
        return Reply(200, raw=sha.encode(), headers={"Content-Type": "application/vnd.github.sha; charset=utf-8"})
    changes = diff_trees(call.repo.git, parent_tree(call.repo, sha), call.repo.git.tree_of(sha))
    additions, deletions = sum(c.additions for c in changes), sum(c.deletions for c in changes)
    cut, headers = call.paginate(changes) if "per_page" in call.query else (changes[:3000], {})
    body = commit_item(call.hub.site, call.repo, sha) | {
        "stats": {"additions": additions, "deletions": deletions, "total": additions + deletions},
        "files": [diff_entry(call.hub.site, call.repo, change, sha) for change in cut],
    }
    return ok(body, headers)


@route("GET", "/repos/{owner}/{repo}/compare/{basehead:path}", needs="contents:read", role="read")
def compare(call: Call) -> Reply:
    """Compare two commits over their merge base: files (up to 300) on page 1 only, commits 250 without paging."""
    git, site, repo = call.repo.git, call.hub.site, call.repo
    basehead = call.params["basehead"]
    if "..." not in basehead:
        raise not_found()
    one, _, other = basehead.partition("...")
    base, head = (git.resolve(name.rpartition(":")[2]) for name in (one, other))
    if base is None or head is None:
        raise not_found()
    merge_base = git.merge_base(base, head)
    if merge_base is None:
        raise GitHubError(404, f"No common ancestor between {one} and {other}.")
    ahead, behind = git.between(base, head), git.between(head, base)
    status = "diverged" if ahead and behind else "ahead" if ahead else "behind" if behind else "identical"
    paging = "page" in call.query or "per_page" in call.query
    listed, headers = call.paginate(ahead) if paging else (ahead[:COMPARE_COMMITS], {})
    page_url = f"{html_url(site, repo)}/compare/{quote(basehead)}"
    body = {
        "url": f"{repo_url(site, repo)}/compare/{quote(basehead)}",
        "html_url": page_url,
        "permalink_url": f"{html_url(site, repo)}/compare/{base[:12]}...{head[:12]}",
        "diff_url": f"{page_url}.diff",
        "patch_url": f"{page_url}.patch",
        "base_commit": commit_item(site, repo, base),
        "merge_base_commit": commit_item(site, repo, merge_base),
        "status": status,
        "ahead_by": len(ahead),
        "behind_by": len(behind),
        "total_commits": len(ahead),
        "commits": [commit_item(site, repo, sha) for sha in listed],
    }
    if call.query.get("page", "1") == "1":
        changes = diff_trees(git, git.tree_of(merge_base) or EMPTY_TREE, git.tree_of(head))
        body["files"] = [diff_entry(site, repo, change, head) for change in changes[:COMPARE_FILES]]
    return ok(body, headers)
