"""Commits, trees of changes and comparisons."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote

from dulwich.objects import Commit

from bot.sandbox.clock import stamp
from bot.sandbox.git.diff import FileChange
from bot.sandbox.git.store import EMPTY_TREE
from bot.sandbox.payloads.accounts import Site, node_id, simple_user_or_none
from bot.sandbox.payloads.repos import html_url, repo_url
from bot.sandbox.state import Account, Json, Repository


def identity(line: bytes, seconds: int) -> Json:
    """Split git's `name <email>` and write its moment in UTC."""
    name, _, email = line.decode("utf-8", "replace").rpartition(" <")
    return {"name": name, "email": email.rstrip(">"), "date": stamp(datetime.fromtimestamp(seconds, UTC))}


def account_of(site: Site, email: str) -> Account | None:
    """Find the account that an e-mail address belongs to, the noreply form of bots included."""
    login = email.partition("+")[2].partition("@users.noreply.")[0]
    for account in site.world.accounts.values():
        if account.email == email or (login and account.login == login):
            return account
    return None


def verification(repo: Repository, sha: str, commit: Commit, at: str) -> Json:
    """GitHub signs what an App commits without naming an author, and its own merges."""
    if sha in repo.verified:
        payload = commit.as_raw_string().decode("utf-8", "replace")
        return {
            "verified": True,
            "reason": "valid",
            "signature": "-----BEGIN PGP SIGNATURE-----\n\nsandbox\n-----END PGP SIGNATURE-----\n",
            "payload": payload,
            "verified_at": at,
        }
    return {"verified": False, "reason": "unsigned", "signature": None, "payload": None, "verified_at": None}


def message_of(commit: Commit) -> str:
    """GitHub's API strips the newline that git keeps at the end of a message."""
    return bytes(commit.message).decode("utf-8", "replace").rstrip("\n")


def git_commit(site: Site, repo: Repository, sha: str, commit: Commit) -> Json:
    """Give the commit of the git database."""
    api = repo_url(site, repo)
    committer = identity(commit.committer, commit.commit_time)
    tree = commit.tree.decode()
    parents = [parent.decode() for parent in commit.parents]
    return {
        "sha": sha,
        "node_id": node_id("Commit", repo.id) + sha,
        "url": f"{api}/git/commits/{sha}",
        "html_url": f"{html_url(site, repo)}/commit/{sha}",
        "author": identity(commit.author, commit.author_time),
        "committer": committer,
        "tree": {"sha": tree, "url": f"{api}/git/trees/{tree}"},
        "message": message_of(commit),
        "parents": [
            {"sha": p, "url": f"{api}/git/commits/{p}", "html_url": f"{html_url(site, repo)}/commit/{p}"}
            for p in parents
        ],
        "verification": verification(repo, sha, commit, committer["date"]),
    }


def commit_item(site: Site, repo: Repository, sha: str) -> Json:
    """Give the commit of lists and comparisons, with the accounts behind author and committer."""
    commit = repo.git.commit(sha)
    assert commit is not None
    api = repo_url(site, repo)
    inner = git_commit(site, repo, sha, commit)
    url = f"{api}/commits/{sha}"
    return {
        "sha": sha,
        "node_id": inner["node_id"],
        "commit": {
            "author": inner["author"],
            "committer": inner["committer"],
            "message": inner["message"],
            "tree": inner["tree"],
            "url": inner["url"],
            "comment_count": 0,
            "verification": inner["verification"],
        },
        "url": url,
        "html_url": inner["html_url"],
        "comments_url": f"{url}/comments",
        "author": simple_user_or_none(site, account_of(site, inner["author"]["email"])),
        "committer": simple_user_or_none(site, account_of(site, inner["committer"]["email"])),
        "parents": [
            {"sha": p["sha"], "url": f"{api}/commits/{p['sha']}", "html_url": p["html_url"]} for p in inner["parents"]
        ],
    }


def simple_commit(repo: Repository, sha: str) -> Json:
    """Give the commit of check suites, merge groups and workflow runs."""
    commit = repo.git.commit(sha)
    assert commit is not None
    author = identity(commit.author, commit.author_time)
    committer = identity(commit.committer, commit.commit_time)
    return {
        "id": sha,
        "tree_id": commit.tree.decode(),
        "message": message_of(commit),
        "timestamp": committer["date"],
        "author": {"name": author["name"], "email": author["email"]},
        "committer": {"name": committer["name"], "email": committer["email"]},
    }


def push_commit(site: Site, repo: Repository, sha: str, changes: list[FileChange]) -> Json:
    """Give the commit of a push payload, with the files it touches."""
    commit = repo.git.commit(sha)
    assert commit is not None
    simple = simple_commit(repo, sha)
    removed = [change.previous_filename for change in changes if change.status == "renamed"]
    people = {}
    for side, line, when in (
        ("author", commit.author, commit.author_time),
        ("committer", commit.committer, commit.commit_time),
    ):
        person = identity(line, when)
        account = account_of(site, person["email"])
        people[side] = person | ({"username": account.login} if account is not None else {})
    return {
        **simple,
        **people,
        "distinct": True,
        "url": f"{html_url(site, repo)}/commit/{sha}",
        "added": [c.filename for c in changes if c.status in ("added", "renamed", "copied")],
        "removed": [c.filename for c in changes if c.status == "removed"] + removed,
        "modified": [c.filename for c in changes if c.status in ("modified", "changed")],
    }


def diff_entry(site: Site, repo: Repository, change: FileChange, ref: str) -> Json:
    path = quote(change.filename)
    entry: Json = {
        "sha": change.sha,
        "filename": change.filename,
        "status": change.status,
        "additions": change.additions,
        "deletions": change.deletions,
        "changes": change.additions + change.deletions,
        "blob_url": f"{html_url(site, repo)}/blob/{ref}/{path}",
        "raw_url": f"{html_url(site, repo)}/raw/{ref}/{path}",
        "contents_url": f"{repo_url(site, repo)}/contents/{path}?ref={ref}",
    }
    if change.patch is not None:
        entry["patch"] = change.patch
    if change.previous_filename is not None:
        entry["previous_filename"] = change.previous_filename
    return entry


def parent_tree(repo: Repository, sha: str) -> str:
    """Give the tree that a commit is compared with: its first parent's, or nothing for the first commit."""
    parents = repo.git.parents(sha)
    return repo.git.tree_of(parents[0]) if parents else EMPTY_TREE
