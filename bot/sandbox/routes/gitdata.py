"""Commits, trees and blobs of the git database."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import Any

from bot.sandbox.auth import AsInstallation
from bot.sandbox.call import Call, Reply, created, ok, route
from bot.sandbox.errors import GitHubError, invalid_request, not_found, unprocessable
from bot.sandbox.git.store import DIRECTORY, EMPTY_TREE, Entry, Person
from bot.sandbox.payloads.accounts import node_id
from bot.sandbox.payloads.commits import git_commit
from bot.sandbox.payloads.repos import repo_url
from bot.sandbox.state import Account, Json

MODES = {"100644": 0o100644, "100755": 0o100755, "040000": DIRECTORY, "160000": 0o160000, "120000": 0o120000}
TREE_ENTRIES = 100_000
TREE_BYTES = 7 * 1024 * 1024
GITHUB = "GitHub"
NOREPLY = "noreply@github.com"


def person_of(account: Account, at: datetime) -> Person:
    return Person(account.name or account.login, account.email, at)


@route("GET", "/repos/{owner}/{repo}/git/commits/{sha}", needs="contents:read", role="read")
def get_commit(call: Call) -> Reply:
    sha = call.params["sha"]
    commit = call.repo.git.commit(sha)
    if commit is None:
        raise not_found()
    return ok(git_commit(call.hub.site, call.repo, sha, commit))


@route("POST", "/repos/{owner}/{repo}/git/commits", needs="contents:write", role="write", hidden=True)
def create_commit(call: Call) -> Reply:
    """Write a commit. One that an App makes without author, committer and signature is signed by GitHub."""
    git, message, tree = call.repo.git, call.text("message"), call.text("tree")
    if git.tree(tree) is None and tree != EMPTY_TREE:
        raise unprocessable("Tree SHA does not exist")
    parents = call.body.get("parents", [])
    for parent in parents:
        if not isinstance(parent, str) or git.commit(parent) is None:
            raise unprocessable("Parent SHA does not exist or is not a commit object")
    now = call.hub.now()
    default = person_of(call.account, now)
    custom = [call.body.get(name) for name in ("author", "committer", "signature")]
    author = person_given(call.body.get("author"), default)
    as_app = isinstance(call.actor, AsInstallation) and not any(custom)
    committer = Person(GITHUB, NOREPLY, now) if as_app else person_given(call.body.get("committer"), author)
    sha = git.add_commit(tree, parents, message, author, committer)
    if as_app:
        call.repo.verified.add(sha)
    commit = git.commit(sha)
    assert commit is not None
    return created(git_commit(call.hub.site, call.repo, sha, commit))


def person_given(given: Any, default: Person) -> Person:
    if not given:
        return default
    if not isinstance(given, dict) or not given.get("name") or not given.get("email"):
        raise invalid_request('"email", "name" weren\'t supplied.')
    at = default.at
    if given.get("date"):
        try:
            at = datetime.fromisoformat(str(given["date"])).astimezone(UTC)
        except ValueError:
            raise invalid_request(f"{given['date']} is not a valid date-time.") from None
    return Person(given["name"], given["email"], at)


@route("GET", "/repos/{owner}/{repo}/git/trees/{sha:path}", needs="contents:read", role="read")
def get_tree(call: Call) -> Reply:
    """List a tree by its id, or by a commit or branch; recursively up to 100,000 entries or 7 MB, then `truncated`."""
    git, name = call.repo.git, call.params["sha"]
    sha = name if git.tree(name) is not None or name == EMPTY_TREE else None
    if sha is None:
        commit = git.resolve(name)
        if commit is None:
            raise not_found()
        sha = git.tree_of(commit)
    listed: list[Json] = []
    size = 0
    truncated = False
    for entry in git.list_tree(sha, recursive="recursive" in call.query):
        size += len(entry.path) + 60
        if len(listed) >= TREE_ENTRIES or size > TREE_BYTES:
            truncated = True
            break
        listed.append(_tree_entry(call, entry))
    url = f"{repo_url(call.hub.site, call.repo)}/git/trees/{sha}"
    return ok({"sha": sha, "url": url, "tree": listed, "truncated": truncated})


def _tree_entry(call: Call, entry: Entry) -> Json:
    api = repo_url(call.hub.site, call.repo)
    shape: Json = {"path": entry.path, "mode": f"{entry.mode:06o}", "type": entry.type, "sha": entry.sha}
    if entry.type == "blob":
        shape["size"] = len(call.repo.git.blob(entry.sha) or b"")
    if entry.type != "commit":
        shape["url"] = f"{api}/git/{entry.type}s/{entry.sha}"
    return shape


@route("POST", "/repos/{owner}/{repo}/git/trees", needs="contents:write", role="write", hidden=True)
def create_tree(call: Call) -> Reply:
    """Write a tree. Without `base_tree` it holds nothing else; a null `sha` deletes what must be there."""
    git = call.repo.git
    base = call.body.get("base_tree")
    entries = call.body.get("tree")
    if not isinstance(entries, list):
        raise invalid_request('"tree" wasn\'t supplied.')
    flat: dict[str, tuple[int, str]] = {}
    if base is not None:
        base_sha = base if git.tree(base) is not None else git.tree_of(base) if git.commit(base) is not None else None
        if base_sha is None and base != EMPTY_TREE:
            raise unprocessable("base_tree is not a valid tree oid")
        flat = git.flat(base_sha) if base_sha is not None else {}
    for entry in entries:
        _apply(call, flat, entry, has_base=base is not None)
    if not flat and not entries:
        raise unprocessable("Invalid tree info")
    sha = git.add_tree(flat)
    url = f"{repo_url(call.hub.site, call.repo)}/git/trees/{sha}"
    return created(
        {"sha": sha, "url": url, "tree": [_tree_entry(call, e) for e in git.list_tree(sha)], "truncated": False}
    )


def _apply(call: Call, flat: dict[str, tuple[int, str]], entry: Any, *, has_base: bool) -> None:
    """Put one entry of the request into the flat tree."""
    git = call.repo.git
    path = entry.get("path") if isinstance(entry, dict) else None
    if not isinstance(path, str) or not _is_proper(path):
        raise unprocessable("tree.path contains a malformed path component")
    under = [name for name in flat if name == path or name.startswith(f"{path}/")]
    if "sha" in entry and entry["sha"] is None:
        if not has_base or not under:
            raise unprocessable("GitRPC::BadObjectState")
        for name in under:
            del flat[name]
        return
    mode = MODES.get(str(entry.get("mode")))
    if mode is None:
        raise unprocessable("Must supply a valid tree.mode")
    sha = entry.get("sha")
    if sha is None:
        content = entry.get("content")
        if not isinstance(content, str):
            raise unprocessable("Must supply either tree.sha or tree.content")
        sha = git.add_blob(content.encode())
    elif mode != MODES["160000"] and git.get(sha) is None:
        raise unprocessable(f"tree.sha {sha} is not a valid {'tree' if mode == DIRECTORY else 'blob'}")
    for name in [*under, *_shadowed(flat, path)]:
        flat.pop(name, None)
    if mode == DIRECTORY:
        flat.update({f"{path}/{name}": found for name, found in git.flat(sha).items()})
    else:
        flat[path] = (mode, sha)


def _shadowed(flat: dict[str, tuple[int, str]], path: str) -> list[str]:
    """Name the files that stand where the new path needs a folder."""
    parts = path.split("/")
    return [name for end in range(1, len(parts)) if (name := "/".join(parts[:end])) in flat]


def _is_proper(path: str) -> bool:
    parts = path.split("/")
    return "\0" not in path and all(part not in ("", ".", "..", ".git") for part in parts)


@route("GET", "/repos/{owner}/{repo}/git/blobs/{sha}", needs="contents:read", role="read")
def get_blob(call: Call) -> Reply:
    sha = call.params["sha"]
    content = call.repo.git.blob(sha)
    if content is None:
        raise not_found()
    if "raw" in call.headers.get("accept", ""):
        return Reply(200, raw=content, headers={"Content-Type": "application/vnd.github.raw; charset=utf-8"})
    shape = {
        "sha": sha,
        "node_id": node_id("Blob", call.repo.id) + sha,
        "size": len(content),
        "url": f"{repo_url(call.hub.site, call.repo)}/git/blobs/{sha}",
        "content": base64.encodebytes(content).decode(),
        "encoding": "base64",
    }
    return ok(shape)


@route("POST", "/repos/{owner}/{repo}/git/blobs", needs="contents:write", role="write", hidden=True)
def create_blob(call: Call) -> Reply:
    content, encoding = call.text("content"), call.body.get("encoding", "utf-8")
    if encoding == "base64":
        try:
            raw = base64.b64decode(content, validate=False)
        except binascii.Error:
            raise unprocessable("content is not valid Base64") from None
    elif encoding == "utf-8":
        raw = content.encode()
    else:
        raise GitHubError(422, "Unsupported encoding")
    sha = call.repo.git.add_blob(raw)
    return created({"sha": sha, "url": f"{repo_url(call.hub.site, call.repo)}/git/blobs/{sha}"})
