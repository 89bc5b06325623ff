"""The App about itself: who it is, its installations, tokens, deliveries; and accounts."""

from __future__ import annotations

from bot.sandbox.auth import LEVELS, AsApp, AsInstallation
from bot.sandbox.call import Call, Reply, created, no_content, ok, page, route, wrapped_page
from bot.sandbox.clock import stamp
from bot.sandbox.errors import GitHubError, not_found, unprocessable
from bot.sandbox.hooks import Attempt
from bot.sandbox.payloads.accounts import installation, integration, private_user, public_user
from bot.sandbox.payloads.repos import repository
from bot.sandbox.state import App, Installation, Json


def _app(call: Call) -> App:
    assert isinstance(call.actor, AsApp)
    return call.actor.app


def _installation(call: Call) -> Installation:
    found = call.world.installations.get(call.number("installation_id"))
    if found is None or found.app is not _app(call):
        raise not_found()
    return found


@route("GET", "/app", auth="jwt")
def get_app(call: Call) -> Reply:
    app = _app(call)
    count = sum(one.app is app for one in call.world.installations.values())
    return ok(integration(call.hub.site, app) | {"installations_count": count})


@route("GET", "/app/installations", auth="jwt")
def list_installations(call: Call) -> Reply:
    mine = [one for one in call.world.installations.values() if one.app is _app(call)]
    return page(call, [installation(call.hub.site, one) for one in mine])


@route("GET", "/app/installations/{installation_id:int}", auth="jwt")
def get_installation(call: Call) -> Reply:
    return ok(installation(call.hub.site, _installation(call)))


@route("GET", "/repos/{owner}/{repo}/installation", auth="jwt")
def get_repo_installation(call: Call) -> Reply:
    found = call.world.installation_for(_app(call), call.repo)
    if found is None:
        raise not_found()
    return ok(installation(call.hub.site, found))


@route("GET", "/orgs/{org}/installation", auth="jwt")
def get_org_installation(call: Call) -> Reply:
    account = call.world.account(call.params["org"])
    for found in call.world.installations.values():
        if found.app is _app(call) and found.account is account:
            return ok(installation(call.hub.site, found))
    raise not_found()


@route("POST", "/app/installations/{installation_id:int}/access_tokens", auth="jwt")
def create_token(call: Call) -> Reply:
    """Make a token, narrowed to the permissions and repositories asked for; more than granted is 422."""
    found = _installation(call)
    if found.suspended_at is not None:
        raise GitHubError(403, "This installation has been suspended")
    permissions = dict(found.permissions)
    if asked := call.body.get("permissions"):
        for name, level in asked.items():
            granted = permissions.get(name, "none")
            if level not in LEVELS or LEVELS.index(level) > LEVELS.index(granted):
                raise unprocessable("The permissions requested are not granted to this installation.")
        permissions = {**asked, "metadata": "read"}
    chosen = _chosen_repositories(call, found)
    actor = call.hub.vault.issue(found, permissions, chosen)
    body: Json = {
        "token": actor.token,
        "expires_at": stamp(actor.expires_at),
        "permissions": permissions,
        "repository_selection": "all" if found.repositories is None and chosen is None else "selected",
    }
    if chosen is not None:
        body["repositories"] = [repository(call.hub.site, call.world.repo_by_id(one)) for one in sorted(chosen)]
    return created(body)


def _chosen_repositories(call: Call, found: Installation) -> frozenset[int] | None:
    ids, names = call.body.get("repository_ids"), call.body.get("repositories")
    if ids is None and names is None:
        return None
    covered = {repo.id: repo for repo in call.world.repos.values() if found.covers(repo)}
    by_name = {repo.name.lower(): repo.id for repo in covered.values()}
    chosen = {one for one in ids or [] if one in covered} | {
        by_name[one.lower()] for one in names or [] if one.lower() in by_name
    }
    if len(chosen) < len(ids or []) + len(names or []):
        raise unprocessable(
            "There is at least one repository that does not exist or is not accessible to the parent installation."
        )
    if len(chosen) > 500:
        raise unprocessable("You can list up to 500 repositories.")
    return frozenset(chosen)


@route("DELETE", "/installation/token", auth="installation")
def revoke_token(call: Call) -> Reply:
    assert isinstance(call.actor, AsInstallation)
    call.hub.vault.revoke(call.actor.token)
    return no_content()


@route("GET", "/installation/repositories", auth="installation")
def list_repositories(call: Call) -> Reply:
    assert isinstance(call.actor, AsInstallation)
    covered = [repo for repo in call.world.repos.values() if call.actor.covers(repo)]
    selection = "all" if call.actor.installation.repositories is None else "selected"
    shapes = [repository(call.hub.site, repo) for repo in covered]
    return wrapped_page(call, "repositories", shapes, repository_selection=selection)


@route("GET", "/app/hook/config", auth="jwt")
def get_hook_config(call: Call) -> Reply:
    return ok(_hook_config(_app(call)))


@route("PATCH", "/app/hook/config", auth="jwt")
def update_hook_config(call: Call) -> Reply:
    app = _app(call)
    app.webhook_url = call.body.get("url", app.webhook_url)
    app.webhook_secret = call.body.get("secret", app.webhook_secret)
    app.hook_content_type = call.body.get("content_type", app.hook_content_type)
    app.hook_insecure_ssl = str(call.body.get("insecure_ssl", app.hook_insecure_ssl))  # type: ignore[assignment]
    return ok(_hook_config(app))


def _hook_config(app: App) -> Json:
    config: Json = {"content_type": app.hook_content_type, "insecure_ssl": app.hook_insecure_ssl}
    config |= {"url": app.webhook_url} if app.webhook_url else {}
    return config | ({"secret": "********"} if app.webhook_secret else {})


@route("GET", "/app/hook/deliveries", auth="jwt")
def list_deliveries(call: Call) -> Reply:
    """List attempts, newest first. `failure` is 400 to 599: attempts that nothing answered are in neither class."""
    mine = [one for one in reversed(call.hub.hooks.attempts) if one.event.app is _app(call)]
    match call.query.get("status"):
        case "success":
            mine = [one for one in mine if 200 <= one.status_code < 400]
        case "failure":
            mine = [one for one in mine if 400 <= one.status_code < 600]
    if (cursor := call.query.get("cursor")) is not None:
        start = cursor.removeprefix("v1_")
        if not start.isdecimal():
            raise unprocessable("Invalid cursor")
        mine = [one for one in mine if one.id <= int(start)]
    asked = call.query.get("per_page", "30")
    size = min(int(asked), 100) if asked.isdecimal() else 30
    headers = {}
    if len(mine) > size:
        url = f"{call.hub.site.url}/app/hook/deliveries?per_page={size}&cursor=v1_{mine[size].id}"
        url += f"&status={call.query['status']}" if "status" in call.query else ""
        headers["Link"] = f'<{url}>; rel="next"'
    return ok([_delivery_item(one) for one in mine[:size]], headers)


def _delivery_item(one: Attempt) -> Json:
    return {
        "id": one.id,
        "guid": one.event.guid,
        "delivered_at": stamp(one.delivered_at),
        "redelivery": one.redelivery,
        "duration": one.duration,
        "status": one.status,
        "status_code": one.status_code,
        "event": one.event.name,
        "action": one.event.action,
        "installation_id": one.event.installation_id,
        "repository_id": one.event.repository_id,
        "throttled_at": None,
    }


def _attempt(call: Call) -> Attempt:
    found = call.hub.hooks.find(_app(call), call.number("delivery_id"))
    if found is None:
        raise not_found()
    return found


@route("GET", "/app/hook/deliveries/{delivery_id:int}", auth="jwt")
def get_delivery(call: Call) -> Reply:
    one = _attempt(call)
    body = _delivery_item(one) | {
        "url": one.url,
        "request": {"headers": one.request_headers, "payload": one.event.payload},
        "response": {"headers": one.response_headers, "payload": one.response_body},
    }
    return ok(body)


@route("POST", "/app/hook/deliveries/{delivery_id:int}/attempts", auth="jwt")
def redeliver(call: Call) -> Reply:
    call.hub.hooks.redeliver(_attempt(call))
    return Reply(202, {})


@route("GET", "/apps/{slug}")
def get_app_by_slug(call: Call) -> Reply:
    for app in call.world.apps.values():
        if app.slug == call.params["slug"]:
            return ok(integration(call.hub.site, app))
    raise not_found()


@route("GET", "/user", auth="user")
def get_me(call: Call) -> Reply:
    return ok(private_user(call.hub.site, call.account))


@route("GET", "/users/{login}")
def get_user(call: Call) -> Reply:
    return ok(public_user(call.hub.site, call.world.account(call.params["login"])))
