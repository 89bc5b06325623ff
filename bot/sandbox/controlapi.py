"""The control API: the same as the Python methods, over HTTP, under `/_sandbox`. Bodies and answers are JSON.

GET    /_sandbox                 where everything is
POST   /_sandbox/settle          wait until every queued webhook has been tried
GET    /_sandbox/requests        the API calls and their counts; DELETE forgets them
GET    /_sandbox/deliveries      every attempt at a webhook
POST   /_sandbox/faults          {path, method, nth, times, action: {kind: answer|hang|reset|primary|secondary, …}}
                                 or {hook: lost|failed|doubled|held|swapped, event, event_action, nth, times}
DELETE /_sandbox/faults          no more faults
POST   /_sandbox/release         send the held webhooks
GET    /_sandbox/clock           {now}
POST   /_sandbox/clock           {freeze: true|moment} | {advance: seconds} | {resume: true}
POST   /_sandbox/webhook         {url}
POST   /_sandbox/ping
POST   /_sandbox/ci              {repo, sha (or branch), name, conclusion|null, summary}
POST   /_sandbox/protect         {repo, branch, checks: {context: app id|null}|null, strict, pull_request, merge_queue}
POST   /_sandbox/installation    {account, action: created|deleted|suspend|unsuspend|new_permissions_accepted, login}
                                 or {account, added: [repo], removed: [repo], login}
POST   /_sandbox/role            {repo, login, role}
POST   /_sandbox/team            {org, slug, name, members: {login: member|maintainer}, pending: [login],
                                  repos: {full name: role}, parent: slug}: what is not given stays

and what people and runners do on GitHub, in `controlgithub`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import get_args

from aiohttp import web

from bot.sandbox import control, controlgithub
from bot.sandbox.call import json_body
from bot.sandbox.clock import stamp
from bot.sandbox.errors import GitHubError
from bot.sandbox.faults import HOOK_BEHAVIOURS, api_action
from bot.sandbox.hub import Hub
from bot.sandbox.payloads.accounts import team
from bot.sandbox.payloads.checks import check_run
from bot.sandbox.state import ROLES, App, Installation, Json, Repository

Control = Callable[[Hub, Json], Json | Awaitable[Json]]


async def answer(hub: Hub, request: web.Request) -> web.Response:
    """Answer a control request; wrong use is 400 or 404 with a message."""
    what = request.path.removeprefix("/_sandbox").strip("/")
    handler = HANDLERS.get((request.method, what))
    if handler is None:
        return web.json_response({"message": f"no such control: {request.method} {request.path}"}, status=404)
    try:
        result = handler(hub, json_body(await request.read()))
        body = result if isinstance(result, dict) else await result
    except GitHubError as refusal:
        return web.json_response(refusal.body(), status=refusal.status)
    except KeyError as missing:
        return web.json_response({"message": f"{missing.args[0]} is missing"}, status=400)
    except (TypeError, ValueError) as problem:
        return web.json_response({"message": str(problem)}, status=400)
    return web.json_response(body)


def _tested(hub: Hub) -> App:
    return next(app for app in hub.world.apps.values() if app.public_key is not None)


def _about(hub: Hub, _: Json) -> Json:
    app = _tested(hub)
    return {
        "url": hub.site.url,
        "app_id": app.id,
        "app_slug": app.slug,
        "webhook_url": app.webhook_url,
        "now": stamp(hub.now()),
        "repositories": [repo.full_name for repo in hub.world.repos.values()],
        "tokens": {account.login: token for token, account in hub.world.user_tokens.items()},
    }


async def _settle(hub: Hub, _: Json) -> Json:
    await hub.hooks.settle()
    return {"attempts": len(hub.hooks.attempts), "held": len(hub.hooks.held)}


def _requests(hub: Hub, _: Json) -> Json:
    calls = [dataclasses.asdict(call) | {"at": stamp(call.at)} for call in hub.requests.calls]
    return {"total": len(calls), "counts": dict(hub.requests.counts()), "requests": calls}


def _forget(hub: Hub, _: Json) -> Json:
    hub.requests.reset()
    return {}


def _deliveries(hub: Hub, _: Json) -> Json:
    fields = ("id", "redelivery", "status", "status_code", "duration", "url")
    attempts = [
        {name: getattr(one, name) for name in fields}
        | {"guid": one.event.guid, "event": one.event.name, "action": one.event.action, "payload": one.event.payload}
        for one in hub.hooks.attempts
    ]
    return {"held": len(hub.hooks.held), "deliveries": attempts}


def _fault(hub: Hub, body: Json) -> Json:
    counts = {name: int(body.get(name, 1)) for name in ("nth", "times")}
    if (behaviour := body.get("hook")) is not None:
        if behaviour not in HOOK_BEHAVIOURS:
            raise ValueError(f"hook must be one of {', '.join(HOOK_BEHAVIOURS)}")
        hub.faults.add_hook(behaviour, event=body.get("event"), action=body.get("event_action"), **counts)
        return {"rules": len(hub.faults.hooks)}
    hub.faults.add(api_action(body["action"]), path=body.get("path", ""), method=body.get("method"), **counts)
    return {"rules": len(hub.faults.api)}


def _no_faults(hub: Hub, _: Json) -> Json:
    hub.faults.clear()
    return {}


def _release(hub: Hub, _: Json) -> Json:
    return {"released": hub.hooks.release()}


def _clock(hub: Hub, body: Json) -> Json:
    if (freeze := body.get("freeze")) is not None:
        hub.clock.freeze(None if freeze is True else datetime.fromisoformat(str(freeze)).astimezone(UTC))
    if (seconds := body.get("advance")) is not None:
        hub.clock.advance(float(seconds))
    if body.get("resume"):
        hub.clock.resume()
    return {"now": stamp(hub.now()), "frozen": hub.clock.frozen_at is not None}


def _webhook(hub: Hub, body: Json) -> Json:
    _tested(hub).webhook_url = body["url"]
    return {"url": body["url"]}


def _ping(hub: Hub, _: Json) -> Json:
    control.ping(hub, _tested(hub))
    return {}


def _repo(hub: Hub, body: Json) -> Repository:
    return hub.world.repo(str(body["repo"]))


def _ci(hub: Hub, body: Json) -> Json:
    ref = body.get("sha") or body["branch"]
    summary, app = body.get("summary", ""), body.get("app", "ci")
    run = control.set_ci(hub, _repo(hub, body), ref, body["name"], body.get("conclusion"), app=app, summary=summary)
    return check_run(hub.site, run)


def _protect(hub: Hub, body: Json) -> Json:
    flags = {name: bool(body.get(name, False)) for name in ("strict", "pull_request", "merge_queue")}
    control.protect(_repo(hub, body), body["branch"], body["checks"], **flags)
    return {}


def _installation(hub: Hub, body: Json) -> Json:
    app, sender, account = _tested(hub), hub.world.account(body["login"]), hub.world.account(body["account"])
    found = next((one for one in hub.world.installations.values() if one.app is app and one.account is account), None)
    action = body.get("action")
    if action == "created" and found is None:
        number = max(hub.world.installations, default=7000) + 1
        found = Installation(number, app, account, None, hub.now(), dict(app.permissions))
    if found is None:
        raise GitHubError(404, f"not installed on {account.login}")
    if action is None:
        added, removed = ([hub.world.repo(name) for name in body.get(key, [])] for key in ("added", "removed"))
        control.select_repositories(hub, found, added, removed, sender)
    elif action in get_args(control.InstallationAction):
        control.change_installation(hub, found, action, sender)
    else:
        raise ValueError(f"action must be one of {', '.join(get_args(control.InstallationAction))}")
    return {"id": found.id}


def _role(hub: Hub, body: Json) -> Json:
    if body["role"] not in ROLES:
        raise ValueError(f"role must be one of {', '.join(ROLES)}")
    _repo(hub, body).collaborators[hub.world.account(body["login"]).login.lower()] = body["role"]
    return {}


def _team(hub: Hub, body: Json) -> Json:
    return team(hub.site, control.set_team(hub, hub.world.account(body["org"]), str(body["slug"]), body))


HANDLERS: dict[tuple[str, str], Control] = {
    ("GET", ""): _about,
    ("POST", "settle"): _settle,
    ("GET", "requests"): _requests,
    ("DELETE", "requests"): _forget,
    ("GET", "deliveries"): _deliveries,
    ("POST", "faults"): _fault,
    ("DELETE", "faults"): _no_faults,
    ("POST", "release"): _release,
    ("GET", "clock"): _clock,
    ("POST", "clock"): _clock,
    ("POST", "webhook"): _webhook,
    ("POST", "ping"): _ping,
    ("POST", "ci"): _ci,
    ("POST", "protect"): _protect,
    ("POST", "installation"): _installation,
    ("POST", "role"): _role,
    ("POST", "team"): _team,
    **controlgithub.HANDLERS,
}
