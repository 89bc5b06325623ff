"""Files and folders by path."""

from __future__ import annotations

import base64
import binascii
import posixpath
from urllib.parse import quote

from bot.sandbox.call import Call, Reply, ok, route
from bot.sandbox.errors import GitHubError, invalid_request, not_accessible, not_found, unprocessable
from bot.sandbox.git.store import SYMLINK, ZERO, Entry, Person
from bot.sandbox.payloads.commits import git_commit
from bot.sandbox.payloads.repos import html_url, repo_url
from bot.sandbox.pushes import WORKFLOWS, RefUpdate, check_protection, move
from bot.sandbox.routes.gitdata import GITHUB, NOREPLY, person_given, person_of
from bot.sandbox.state import Json

MEGABYTE = 1024 * 1024
DIRECTORY_ENTRIES = 1000


@route("GET", "/repos/{owner}/{repo}/contents", needs="contents:read", role="read")
@route("GET", "/repos/{owner}/{repo}/contents/{path:path}", needs="contents:read", role="read")
def get_contents(call: Call) -> Reply:
    """Give a file, a folder, a symlink or a submodule. A symlink to a file in the repository gives that file."""
    git, path = call.repo.git, call.params.get("path", "").strip("/")
    ref = call.query.get("ref") or call.repo.default_branch
    commit = git.resolve(ref)
    if commit is None:
        if not git.refs("refs/heads/"):
            raise GitHubError(404, "This repository is empty.")
        raise GitHubError(404, f"No commit found for the ref {ref}")
    tree = git.tree_of(commit)
    entry = git.lookup(tree, path)
    if entry is None:
        raise not_found()
    if entry.type == "tree":
        listed = list(git.list_tree(entry.sha))[:DIRECTORY_ENTRIES]
        full = [Entry(f"{path}/{one.path}" if path else one.path, one.mode, one.sha) for one in listed]
        return ok([_listed(call, one, ref) for one in full])
    return _file(call, tree, entry, ref)


def _file(call: Call, tree: str, entry: Entry, ref: str) -> Reply:
    git, accept = call.repo.git, call.headers.get("accept", "")
    if entry.type == "commit":
        return ok(_named(call, entry, ref) | {"type": "submodule", "submodule_git_url": None, "size": 0})
    content = git.blob(entry.sha) or b""
    if entry.mode == SYMLINK:
        target = content.decode("utf-8", "replace")
        found = git.lookup(tree, posixpath.normpath(posixpath.join(posixpath.dirname(entry.path), target)))
        if found is None or found.type != "blob" or found.mode == SYMLINK:
            return ok(_named(call, entry, ref) | {"type": "symlink", "target": target, "size": len(content)})
        content = git.blob(found.sha) or b""
        entry = Entry(entry.path, found.mode, found.sha)
    if "raw" in accept:
        return Reply(200, raw=content, headers={"Content-Type": "application/vnd.github.raw; charset=utf-8"})
    if len(content) > 100 * MEGABYTE:
        raise GitHubError(403, "This API returns blobs up to 100 MB in size.")
    body = _named(call, entry, ref) | {"type": "file", "size": len(content)}
    if len(content) > MEGABYTE:
        return ok(body | {"content": "", "encoding": "none"})
    return ok(body | {"content": base64.encodebytes(content).decode(), "encoding": "base64"})


def _listed(call: Call, entry: Entry, ref: str) -> Json:
    """Give an entry of a folder; submodules are called files there until API version 2026-03-10."""
    old = call.version == "2022-11-28"
    if entry.type == "commit":
        kind = "file" if old else "submodule"
    elif entry.mode == SYMLINK:
        kind = "symlink"
    else:
        kind = "dir" if entry.type == "tree" else "file"
    size = len(call.repo.git.blob(entry.sha) or b"") if entry.type == "blob" else 0
    return _named(call, entry, ref) | {"type": kind, "size": size}


def _named(call: Call, entry: Entry, ref: str) -> Json:
    site, repo = call.hub.site, call.repo
    path = quote(entry.path)
    url = f"{repo_url(site, repo)}/contents/{path}?ref={quote(ref, safe='')}"
    kind = "tree" if entry.type == "tree" else "blob"
    git_url = f"{repo_url(site, repo)}/git/{kind}s/{entry.sha}" if entry.type != "commit" else None
    page = f"{html_url(site, repo)}/{kind}/{quote(ref)}/{path}" if entry.type != "commit" else None
    return {
        "name": posixpath.basename(entry.path),
        "path": entry.path,
        "sha": entry.sha,
        "url": url,
        "git_url": git_url,
        "html_url": page,
        "download_url": f"{html_url(site, repo)}/raw/{quote(ref)}/{path}" if entry.type == "blob" else None,
        "_links": {"self": url, "git": git_url, "html": page},
    }


@route("PUT", "/repos/{owner}/{repo}/contents/{path:path}", needs="contents:write", role="write", hidden=True)
def put_contents(call: Call) -> Reply:
    """Create or change one file by a commit on a branch; changing needs the blob's present `sha`, else 409 or 422."""
    path = call.params["path"].strip("/")
    message, encoded = call.text("message"), call.text("content")
    try:
        content = base64.b64decode(encoded)
    except binascii.Error:
        raise unprocessable("content is not valid Base64") from None
    branch, head, existing = _before(call, path)
    if existing is not None and call.body.get("sha") is None:
        raise unprocessable('Invalid request.\n\n"sha" wasn\'t supplied.')
    if call.body.get("sha") is not None and (existing is None or existing.sha != call.body["sha"]):
        raise GitHubError(409, f"{path} does not match {call.body['sha']}")
    git = call.repo.git
    flat = git.flat(git.tree_of(head)) if head is not None else {}
    sha = git.add_blob(content)
    flat[path] = (existing.mode if existing is not None else 0o100644, sha)
    commit = _commit(call, branch, head, flat, message)
    entry = git.lookup(git.tree_of(commit), path)
    assert entry is not None
    shape = _named(call, entry, branch) | {"type": "file", "size": len(content)}
    return Reply(200 if existing is not None else 201, {"content": shape, "commit": _made(call, commit)})


@route("DELETE", "/repos/{owner}/{repo}/contents/{path:path}", needs="contents:write", role="write", hidden=True)
def delete_contents(call: Call) -> Reply:
    path = call.params["path"].strip("/")
    given = call.body or dict(call.query)
    message, sha = given.get("message"), given.get("sha")
    if not isinstance(message, str) or not isinstance(sha, str):
        raise invalid_request('"message", "sha" weren\'t supplied.')
    call.body = given
    branch, head, existing = _before(call, path)
    if existing is None or head is None:
        raise not_found()
    if existing.sha != sha:
        raise GitHubError(409, f"{path} does not match {sha}")
    flat = call.repo.git.flat(call.repo.git.tree_of(head))
    del flat[path]
    return ok({"content": None, "commit": _made(call, _commit(call, branch, head, flat, message))})


def _before(call: Call, path: str) -> tuple[str, str | None, Entry | None]:
    """Give the branch, its head and what stands at the path now."""
    if path.startswith(WORKFLOWS):
        call.check_app_permission("workflows:write")
    git = call.repo.git
    branch = str(call.body.get("branch") or call.repo.default_branch)
    head = git.branch(branch)
    if head is None and git.refs("refs/heads/"):
        raise GitHubError(404, f"Branch {branch} not found")
    found = git.lookup(git.tree_of(head), path) if head is not None else None
    if found is not None and found.type != "blob":
        raise not_accessible() if found.type == "commit" else unprocessable(f"{path} is a directory")
    return branch, head, found


def _commit(call: Call, branch: str, head: str | None, flat: dict[str, tuple[int, str]], message: str) -> str:
    git, now = call.repo.git, call.hub.now()
    update = RefUpdate(f"refs/heads/{branch}", head or ZERO, "")
    try:
        check_protection(call.repo, RefUpdate(update.ref, ZERO, head or ZERO) if head else update)
    except GitHubError as refusal:
        raise GitHubError(409, refusal.message) from refusal
    author = person_given(call.body.get("author"), person_of(call.account, now))
    signed = not call.body.get("author") and not call.body.get("committer")
    committer = Person(GITHUB, NOREPLY, now) if signed else person_given(call.body.get("committer"), author)
    sha = git.add_commit(git.add_tree(flat), [head] if head is not None else [], message, author, committer)
    if signed:
        call.repo.verified.add(sha)
    move(call.hub, call.repo, RefUpdate(update.ref, head or ZERO, sha), call.account)
    return sha


def _made(call: Call, sha: str) -> Json:
    commit = call.repo.git.commit(sha)
    assert commit is not None
    return git_commit(call.hub.site, call.repo, sha, commit)
