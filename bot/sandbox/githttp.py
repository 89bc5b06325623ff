"""Git over HTTP: clone, fetch and push, by git's own upload-pack and receive-pack.

The password is a token, the user name does not matter. A push is answered only after the pull requests, suites
and webhooks that follow from it are on their way.
"""

from __future__ import annotations

import asyncio
import gzip
import os
import re

from aiohttp import web

from bot.sandbox.auth import Actor, Anonymous, AsInstallation, AsUser
from bot.sandbox.errors import GitHubError, not_found
from bot.sandbox.git.store import ZERO
from bot.sandbox.hub import Hub
from bot.sandbox.pushes import RefUpdate, announce, check_protection, touches_workflows
from bot.sandbox.state import Account, Repository, at_least

SERVICES = ("git-upload-pack", "git-receive-pack")
_PATH = re.compile(r"^/([^/]+)/([^/]+?)(?:\.git)?/(info/refs|git-upload-pack|git-receive-pack)$")
_COMMAND = re.compile(rb"^([0-9a-f]{40}) ([0-9a-f]{40}) ([^\0\n]+)")
_NO_CACHE = {"Cache-Control": "no-cache, max-age=0, must-revalidate"}


def is_git(path: str) -> bool:
    return _PATH.match(path) is not None


async def answer(hub: Hub, request: web.Request) -> web.StreamResponse:
    """Answer one request of the smart protocol."""
    match = _PATH.match(request.path)
    assert match is not None
    owner, name, what = match.groups()
    service = request.query.get("service", "") if what == "info/refs" else what
    if service not in SERVICES:
        return web.Response(status=403, text="Please upgrade your git client.\n")
    try:
        repo, actor = _authorise(hub, request, f"{owner}/{name}", service)
    except GitHubError as refusal:
        headers = {"WWW-Authenticate": 'Basic realm="GitHub"'} if refusal.status == 401 else {}
        return web.Response(status=refusal.status, text=f"{refusal.message}\n", headers=headers)
    version = request.headers.get("Git-Protocol", "")
    if what == "info/refs":
        advertised = await _run(repo, service, b"", version, advertise=True)
        banner = f"# service={service}\n".encode()
        body = b"%04x" % (len(banner) + 4) + banner + b"0000" + advertised
        return web.Response(body=body, headers=_NO_CACHE | {"Content-Type": f"application/x-{service}-advertisement"})
    raw = await request.read()
    if request.headers.get("Content-Encoding") == "gzip" and raw[:2] == b"\x1f\x8b":
        raw = gzip.decompress(raw)
    if service == "git-upload-pack":
        result = await _run(repo, service, raw, version)
    else:
        result = await _receive(hub, repo, actor, raw, version)
    return web.Response(body=result, headers=_NO_CACHE | {"Content-Type": f"application/x-{service}-result"})


def _authorise(hub: Hub, request: web.Request, full_name: str, service: str) -> tuple[Repository, Actor]:
    actor = hub.vault.authenticate(request.headers.get("Authorization"))
    writes = service == "git-receive-pack"
    try:
        repo = hub.world.repo_once_called(full_name)
    except GitHubError:
        raise (GitHubError(401, "Repository not found.") if isinstance(actor, Anonymous) else not_found()) from None
    if isinstance(actor, Anonymous) and (writes or repo.private):
        raise GitHubError(401, "No anonymous write access." if writes else "Repository not found.")
    match actor:
        case AsUser(account):
            role = hub.world.role(account, repo)
            if not at_least(role, "read"):
                raise GitHubError(404, "Repository not found.")
            if writes and not at_least(role, "write"):
                raise GitHubError(403, f"Permission to {repo.full_name}.git denied to {account.login}.")
        case AsInstallation():
            allowed = actor.covers(repo) and actor.allows("contents", "write" if writes else "read")
            if not allowed and (writes or repo.private):
                raise GitHubError(403, "Write access to repository not granted.")
    return repo, actor


async def _run(repo: Repository, service: str, stdin: bytes, version: str, *, advertise: bool = False) -> bytes:
    arguments = ["--stateless-rpc", *(["--advertise-refs"] if advertise else []), str(repo.git.path)]
    environment = {**os.environ, "GIT_PROTOCOL": version, "GIT_CONFIG_NOSYSTEM": "1"}
    process = await asyncio.create_subprocess_exec(
        "git",
        service.removeprefix("git-"),
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=environment,
    )
    output, _ = await process.communicate(stdin)
    return output


async def _receive(hub: Hub, repo: Repository, actor: Actor, raw: bytes, version: str) -> bytes:
    """Take a push. What must be refused is taken back before anybody hears of it."""
    commands = _commands(raw)
    if any(_refused_early(repo, command) for command in commands):
        return _rejection(raw, commands)
    before = {command.ref: repo.git.ref(command.ref) or ZERO for command in commands}
    result = await _run(repo, "git-receive-pack", raw, version)
    moved = []
    for command in commands:
        after = repo.git.ref(command.ref) or ZERO
        if after == command.after and after != before[command.ref]:
            moved.append(RefUpdate(command.ref, before[command.ref], after))
    if (why := _refused(repo, actor, moved)) is not None:
        for update in moved:
            if update.before == ZERO:
                repo.git.delete_ref(update.ref)
            else:
                repo.git.set_ref(update.ref, update.before)
        return _rejection(raw, commands, why)
    tags = [update for update in moved if update.ref.startswith("refs/tags/")]
    for update in moved:
        if len(tags) > 3 and update in tags:
            continue  # GitHub sends no push event when more than three tags arrive at once.
        announce(hub, repo, update, _account(actor))
    return result


def _account(actor: Actor) -> Account:
    assert isinstance(actor, AsUser | AsInstallation)
    return actor.account


def _commands(raw: bytes) -> list[RefUpdate]:
    """Read the commands at the start of a push, up to the flush packet."""
    found, position = [], 0
    while position + 4 <= len(raw):
        size = int(raw[position : position + 4], 16)
        if size == 0:
            break
        if (match := _COMMAND.match(raw[position + 4 : position + size])) is not None:
            old, new, ref = (part.decode() for part in match.groups())
            found.append(RefUpdate(ref, old, new))
        position += size
    return found


def _refused_early(repo: Repository, command: RefUpdate) -> bool:
    """Nobody writes `refs/pull`."""
    del repo
    return command.ref.startswith("refs/pull/")


def _refused(repo: Repository, actor: Actor, moved: list[RefUpdate]) -> str | None:
    for update in moved:
        try:
            check_protection(repo, update)
        except GitHubError:
            return "protected branch hook declined"
        if not isinstance(actor, AsInstallation) or actor.allows("workflows", "write") or update.branch is None:
            continue
        if update.after != ZERO and touches_workflows(repo, update.before, update.after):
            return "refusing to allow a GitHub App to create or update workflow without `workflows` permission"
    return None


def _rejection(raw: bytes, commands: list[RefUpdate], why: str = "deny updating a hidden ref") -> bytes:
    """Report in git's own form that every command was refused, in a side band where the client asked for one."""
    report = b"".join(
        [_packet(b"unpack ok\n"), *(_packet(f"ng {one.ref} {why}\n".encode()) for one in commands), b"0000"]
    )
    if b"side-band-64k" not in raw[:4096]:
        return report
    return _packet(b"\x01" + report) + b"0000"


def _packet(line: bytes) -> bytes:
    return b"%04x" % (len(line) + 4) + line
