"""Users, organisations, Apps and installations."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from urllib.parse import quote

from bot.sandbox.clock import stamp, stamp_or_none
from bot.sandbox.state import Account, App, Installation, Json, Team
from bot.sandbox.world import World


@dataclass(frozen=True, slots=True)
class Site:
    """Where the sandbox stands: its base URL (API and pages share it) and what it knows."""

    url: str
    world: World


def node_id(kind: str, number: int) -> str:
    """Make a node id: opaque, and different for every kind."""
    return base64.b64encode(f"{kind}:{number}".encode()).decode()


def simple_user(site: Site, account: Account) -> Json:
    login = quote(account.login, safe="")
    api = f"{site.url}/users/{login}"
    app = site.world.bot_app(account)
    page = f"{site.url}/apps/{app.slug}" if app is not None else f"{site.url}/{login}"
    return {
        "login": account.login,
        "id": account.id,
        "node_id": node_id(account.type, account.id),
        "avatar_url": f"{site.url}/avatars/u/{account.id}",
        "gravatar_id": "",
        "url": api,
        "html_url": page,
        "followers_url": f"{api}/followers",
        "following_url": f"{api}/following{{/other_user}}",
        "gists_url": f"{api}/gists{{/gist_id}}",
        "starred_url": f"{api}/starred{{/owner}}{{/repo}}",
        "subscriptions_url": f"{api}/subscriptions",
        "organizations_url": f"{api}/orgs",
        "repos_url": f"{api}/repos",
        "events_url": f"{api}/events{{/privacy}}",
        "received_events_url": f"{api}/received_events",
        "type": account.type,
        "user_view_type": "public",
        "site_admin": False,
    }


def simple_user_or_none(site: Site, account: Account | None) -> Json | None:
    return None if account is None else simple_user(site, account)


def public_user(site: Site, account: Account) -> Json:
    """Give what `GET /users/{login}` answers."""
    return {
        **simple_user(site, account),
        "name": account.name,
        "company": None,
        "blog": "",
        "location": None,
        "email": account.email if account.type == "User" else None,
        "hireable": None,
        "bio": None,
        "twitter_username": None,
        "public_repos": 0,
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "created_at": stamp(account.created_at),
        "updated_at": stamp(account.created_at),
    }


def private_user(site: Site, account: Account) -> Json:
    """Give what `GET /user` answers to the user."""
    return {
        **public_user(site, account),
        "private_gists": 0,
        "total_private_repos": 0,
        "owned_private_repos": 0,
        "disk_usage": 0,
        "collaborators": 0,
        "two_factor_authentication": True,
        "plan": {"name": "free", "space": 976562499, "collaborators": 0, "private_repos": 10000},
    }


def organization(site: Site, account: Account) -> Json:
    """Give the short organisation that webhook payloads carry."""
    api = f"{site.url}/orgs/{account.login}"
    return {
        "login": account.login,
        "id": account.id,
        "node_id": node_id("Organization", account.id),
        "url": api,
        "repos_url": f"{api}/repos",
        "events_url": f"{api}/events",
        "hooks_url": f"{api}/hooks",
        "issues_url": f"{api}/issues",
        "members_url": f"{api}/members{{/member}}",
        "public_members_url": f"{api}/public_members{{/member}}",
        "avatar_url": f"{site.url}/avatars/u/{account.id}",
        "description": account.name,
    }


def integration(site: Site, app: App) -> Json:
    return {
        "id": app.id,
        "client_id": app.client_id,
        "slug": app.slug,
        "node_id": node_id("App", app.id),
        "owner": simple_user(site, app.owner),
        "name": app.name,
        "description": "",
        "external_url": f"{site.url}/apps/{app.slug}",
        "html_url": f"{site.url}/apps/{app.slug}",
        "created_at": stamp(app.created_at),
        "updated_at": stamp(app.created_at),
        "permissions": dict(app.permissions),
        "events": list(app.events),
    }


def integration_or_none(site: Site, app: App | None) -> Json | None:
    return None if app is None else integration(site, app)


def installation(site: Site, installed: Installation) -> Json:
    app, account = installed.app, installed.account
    kind = "organizations/" + account.login + "/settings" if account.type == "Organization" else "settings"
    return {
        "id": installed.id,
        "client_id": app.client_id,
        "account": simple_user(site, account),
        "repository_selection": "all" if installed.repositories is None else "selected",
        "access_tokens_url": f"{site.url}/app/installations/{installed.id}/access_tokens",
        "repositories_url": f"{site.url}/installation/repositories",
        "html_url": f"{site.url}/{kind}/installations/{installed.id}",
        "app_id": app.id,
        "app_slug": app.slug,
        "target_id": account.id,
        "target_type": account.type,
        "permissions": dict(installed.permissions),
        "events": list(app.events),
        "created_at": stamp(installed.created_at),
        "updated_at": stamp(installed.created_at),
        "single_file_name": None,
        "has_multiple_single_files": False,
        "single_file_paths": [],
        "suspended_by": simple_user_or_none(site, installed.suspended_by),
        "suspended_at": stamp_or_none(installed.suspended_at),
    }


def simple_installation(installed: Installation) -> Json:
    return {"id": installed.id, "node_id": node_id("IntegrationInstallation", installed.id)}


def team(site: Site, one: Team) -> Json:
    url = f"{site.url}/orgs/{one.org}/teams/{one.slug}"
    parent = next((each for each in site.world.teams if (each.org, each.slug) == (one.org, one.parent)), None)
    shape: Json = {
        "id": one.id,
        "node_id": node_id("Team", one.id),
        "name": one.name,
        "slug": one.slug,
        "description": None,
        "privacy": "closed",
        "notification_setting": "notifications_enabled",
        "permission": "pull",
        "url": url,
        "html_url": f"{site.url}/orgs/{one.org}/teams/{one.slug}",
        "members_url": f"{url}/members{{/member}}",
        "repositories_url": f"{url}/repos",
        "type": "organization",
        "organization_id": site.world.account(one.org).id,
        "parent": None,
        "members_count": len(one.members.keys() - one.pending),
        "repos_count": len(one.repos),
        "created_at": stamp(site.world.account(one.org).created_at),
        "updated_at": stamp(site.world.account(one.org).created_at),
        "organization": public_organization(site, site.world.account(one.org)),
    }
    if parent is not None:
        inner = team(site, parent)
        dropped = ("parent", "members_count", "repos_count", "created_at", "updated_at", "organization")
        shape["parent"] = {key: value for key, value in inner.items() if key not in dropped}
    return shape


def public_organization(site: Site, account: Account) -> Json:
    """Give the organisation as a team carries it."""
    return {
        **organization(site, account),
        "html_url": f"{site.url}/{account.login}",
        "name": account.name,
        "has_organization_projects": True,
        "has_repository_projects": True,
        "public_repos": sum(repo.owner is account and not repo.private for repo in site.world.repos.values()),
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "type": "Organization",
        "created_at": stamp(account.created_at),
        "updated_at": stamp(account.created_at),
        "archived_at": None,
    }


def team_membership(site: Site, one: Team, asked: str, login: str) -> Json:
    """Give a membership of the team that was asked about; owners of the organisation arrive as maintainers."""
    is_owner = login in site.world.org_admins.get(one.org.lower(), set())
    return {
        "url": f"{site.url}/orgs/{one.org}/teams/{asked}/memberships/{login}",
        "role": "maintainer" if is_owner else one.members[login],
        "state": "pending" if login in one.pending else "active",
    }
