"""The way of an API call: fault, credentials, rate limit, route, access, handler, headers, log."""

from __future__ import annotations

import hashlib
import inspect
import json
import re
import uuid
from dataclasses import replace
from email.utils import format_datetime
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from bot.sandbox import watching
from bot.sandbox.auth import Actor, Anonymous, AsInstallation
from bot.sandbox.call import ROUTES, Call, Reply, Route, accepted_permissions, authorise, json_body
from bot.sandbox.errors import GitHubError, not_found
from bot.sandbox.faults import Answer, ApiAction, Hang, PrimaryLimit, Reset, SecondaryLimit
from bot.sandbox.hub import Hub, Logged, Window
from bot.sandbox.limits import window_of
from bot.sandbox.routes import (
    actions,
    apps,
    checks,
    collaborators,
    contents,
    deployments,
    forks,
    gitdata,
    history,
    issues,
    labels,
    merging,
    pulls,
    refs,
    repos,
    reviewcomments,
    reviews,
    settings,
    statuses,
    teams,
)
from bot.sandbox.watching import Exchange

ROUTED = (
    actions,
    apps,
    checks,
    collaborators,
    contents,
    deployments,
    forks,
    gitdata,
    history,
    issues,
    labels,
    merging,
    pulls,
    refs,
    repos,
    reviewcomments,
    reviews,
    settings,
    statuses,
    teams,
)
# The most literal template wins: `commits/{ref}/check-runs` before `commits/{ref}`, whose ref may hold slashes.
TABLE = sorted(ROUTES, key=lambda one: -len(re.sub(r"\{[^}]+\}", "", one.template)))
SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
VERSIONS = ("2022-11-28", "2026-03-10")
GONE_IN_2026 = frozenset({"assignee", "merge_commit_sha", "has_downloads"})
_RENAMED = re.compile(r"^/repos/([^/]+/[^/]+)(/.*)?$")
_BY_ID = re.compile(r"^/repositories/(\d+)(/.*)?$")


async def answer(hub: Hub, request: web.Request) -> web.StreamResponse:
    """Answer one API request."""
    path = request.rel_url.raw_path.rstrip("/") or "/"
    raw = await request.read()
    fault = hub.faults.for_call(request.method, unquote(path))
    if fault is not None and not fault.after:
        _show(request, raw, None)
        response = await _faulty(hub, request, fault)
        _log(hub, request, "(fault)", response.status, "(fault)")
        return response
    response, actor, template = await _handle(hub, request, path, raw)
    _show(request, raw, response)
    _log(hub, request, template, response.status, actor.name)
    return response if fault is None else await _faulty(hub, request, fault)


def _show(request: web.Request, raw: bytes, response: web.Response | None) -> None:
    if not watching.WATCHERS:
        return
    path, _, query = request.raw_path.partition("?")
    headers = {name.lower(): value for name, value in request.headers.items()}
    seen = Exchange(request.method, path, query, headers, raw)
    if response is not None:
        answered = {name.lower(): value for name, value in response.headers.items()}
        body = response.body if isinstance(response.body, bytes) else b""
        seen = replace(seen, status=response.status, answer_headers=answered, answer=body)
    watching.show(seen)


async def _handle(hub: Hub, request: web.Request, path: str, raw: bytes) -> tuple[web.Response, Actor, str]:
    actor: Actor = Anonymous()
    template, found = "(unknown)", None
    try:
        actor = hub.vault.authenticate(request.headers.get("Authorization"))
        _check_window(hub, actor, path)
        _check_version(request)
        path, moved = _canonical(hub, path)
        if moved is not None:
            return _finish(hub, request, actor, moved, None), actor, "(renamed)"
        found, params = find_route(request.method, path)
        template = found.template
        headers = {name.lower(): value for name, value in request.headers.items()}
        call = Call(hub, request.method, path, dict(request.query), headers, actor, {}, params, found)
        authorise(call, found)
        call.body = json_body(raw)
        result = found.handler(call)
        reply = await result if inspect.isawaitable(result) else result
    except GitHubError as refusal:
        reply = Reply(refusal.status, refusal.body(), refusal.headers)
    return _finish(hub, request, actor, reply, found), actor, template


def find_route(method: str, path: str) -> tuple[Route, dict[str, str]]:
    """Find the endpoint; unknown paths and methods are both 404 on GitHub."""
    wanted = "GET" if method == "HEAD" else method
    for candidate in TABLE:
        if candidate.method == wanted and (match := candidate.pattern.match(path)) is not None:
            return candidate, {name: unquote(value) for name, value in match.groupdict().items()}
    raise not_found()


def _canonical(hub: Hub, path: str) -> tuple[str, Reply | None]:
    """Turn `/repositories/{id}` into the name, and answer 301 to a repository's former name."""
    if (by_id := _BY_ID.match(path)) is not None:
        repo = hub.world.repo_by_id(int(by_id[1]))
        return f"/repos/{repo.full_name}{by_id[2] or ''}", None
    if (by_name := _RENAMED.match(path)) is not None:
        former = unquote(by_name[1]).lower()
        if former not in hub.world.repos:
            for repo in hub.world.repos.values():
                if former in repo.old_names:
                    url = f"{hub.site.url}/repositories/{repo.id}{by_name[2] or ''}"
                    body = {
                        "message": "Moved Permanently",
                        "url": url,
                        "documentation_url": "https://docs.github.com/rest",
                    }
                    return path, Reply(301, body, {"Location": url})
    return path, None


def _check_version(request: web.Request) -> None:
    version = request.headers.get("X-GitHub-Api-Version")
    if version is not None and version not in VERSIONS:
        supported = " and ".join(VERSIONS)
        raise GitHubError(400, f"The '{version}' API version is not supported. Supported versions: {supported}.")


def _check_window(hub: Hub, actor: Actor, path: str) -> None:
    found = window_of(hub, actor)
    if found.used >= found.limit and path != "/rate_limit":
        who = f"installation ID {actor.installation.id}" if isinstance(actor, AsInstallation) else f"user {actor.name}"
        raise GitHubError(403, f"API rate limit exceeded for {who}.")


def _limit_headers(found: Window) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(found.limit),
        "X-RateLimit-Remaining": str(max(found.limit - found.used, 0)),
        "X-RateLimit-Used": str(found.used),
        "X-RateLimit-Reset": str(int(found.resets_at.timestamp())),
        "X-RateLimit-Resource": "core",
    }


def _finish(hub: Hub, request: web.Request, actor: Actor, reply: Reply, found: Route | None) -> web.Response:
    """Write the answer with GitHub's headers; a 304 to a caller with credentials costs nothing."""
    version = request.headers.get("X-GitHub-Api-Version", VERSIONS[0])
    body = reply.body if version == VERSIONS[0] else _without(reply.body, GONE_IN_2026)
    content = reply.raw if reply.raw is not None else b"" if body is None else json.dumps(body).encode()
    headers = {
        # One clock for tokens, timestamps and this: whoever compares clocks by it finds the one that judges its JWTs.
        "Date": format_datetime(hub.now(), usegmt=True),
        "X-GitHub-Request-Id": uuid.uuid4().hex[:20].upper(),
        "X-GitHub-Media-Type": "github.v3; format=json",
        "X-GitHub-Api-Version-Selected": version,
        "Content-Type": "application/json; charset=utf-8",
        **reply.headers,
    }
    if found is not None and found.needs is not None and isinstance(actor, AsInstallation):
        headers["X-Accepted-GitHub-Permissions"] = accepted_permissions(found.needs)
    status = reply.status
    if status == 200 and request.method in ("GET", "HEAD"):
        etag = f'W/"{hashlib.sha256(content).hexdigest()}"'
        headers |= {"ETag": etag, "Cache-Control": "private, max-age=60, s-maxage=60", "Vary": "Accept, Authorization"}
        if etag in [one.strip() for one in request.headers.get("If-None-Match", "").split(",")]:
            status, content = 304, b""
    window = window_of(hub, actor)
    if not (status == 304 and not isinstance(actor, Anonymous)) and (found is None or found.template != "/rate_limit"):
        window.used = min(window.used + 1, window.limit)
    headers |= _limit_headers(window)
    if status in (204, 304):
        headers.pop("Content-Type")
    return web.Response(status=status, body=content if status not in (204, 304) else None, headers=headers)


def _without(value: Any, names: frozenset[str]) -> Any:
    """Drop the fields that a later API version no longer has."""
    if isinstance(value, dict):
        return {key: _without(inner, names) for key, inner in value.items() if key not in names}
    if isinstance(value, list):
        return [_without(inner, names) for inner in value]
    return value


async def _faulty(hub: Hub, request: web.Request, fault: ApiAction) -> web.Response:
    """Do what a fault rule says."""
    limits = {
        "X-RateLimit-Limit": "5000",
        "X-RateLimit-Remaining": "4321",
        "X-RateLimit-Used": "679",
        "X-RateLimit-Resource": "core",
    }
    reset = int(hub.clock.timestamp())
    match fault:
        case Answer(status, body, headers):
            return web.json_response(
                body if body is not None else {"message": "Server Error"}, status=status, headers=headers
            )
        case Hang():
            await hub.stopping.wait()
            return web.Response(status=503)
        case Reset():
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=503)
        case PrimaryLimit(reset_in):
            limits |= {
                "X-RateLimit-Remaining": "0",
                "X-RateLimit-Used": "5000",
                "X-RateLimit-Reset": str(reset + reset_in),
            }
            return web.json_response(
                {
                    "message": "API rate limit exceeded for installation.",
                    "documentation_url": "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api",
                },
                status=403,
                headers=limits,
            )
        case SecondaryLimit(status, retry_after):
            limits |= {"X-RateLimit-Reset": str(reset + 1800)}
            limits |= {"Retry-After": str(retry_after)} if retry_after is not None else {}
            return web.json_response(
                {
                    "message": SECONDARY,
                    "documentation_url": "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits",
                },
                status=status,
                headers=limits,
            )


def _log(hub: Hub, request: web.Request, template: str, status: int, actor: str) -> None:
    log = hub.requests
    log.calls.append(
        Logged(
            number=len(log.calls) + 1,
            method=request.method,
            route=template,
            path=request.path,
            query=request.query_string,
            status=status,
            actor=actor,
            not_modified=status == 304,
            at=hub.clock.now(),
        )
    )
