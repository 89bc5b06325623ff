"""Teams of an organisation. Only its members, and Apps installed there that may read members, see them."""

from __future__ import annotations

from bot.sandbox.auth import AsInstallation, AsUser
from bot.sandbox.call import Call, Reply, no_content, ok, page, route
from bot.sandbox.errors import GitHubError, not_accessible, not_found
from bot.sandbox.payloads.accounts import simple_user, team, team_membership
from bot.sandbox.state import Team


def _check_sight(call: Call) -> str:
    """Give the organisation's login; 404 to whoever does not belong to it, 403 to an App that is not there."""
    org = call.params["org"].lower()
    account = call.world.account(org)
    match call.actor:
        case AsInstallation(installation=installed) if installed.account is not account:
            raise not_accessible()
        case AsUser(user) if user.login.lower() not in call.world.org_members.get(org, set()):
            raise not_found()
        case AsInstallation() | AsUser():
            return org
        case _:
            raise GitHubError(401, "Requires authentication")


def _team(call: Call) -> Team:
    org = _check_sight(call)
    for one in call.world.teams:
        if one.org.lower() == org and one.slug == call.params["slug"].lower():
            return one
    raise not_found()


@route("GET", "/orgs/{org}/teams", needs="members:read")
def list_teams(call: Call) -> Reply:
    org = _check_sight(call)
    return page(call, [team(call.hub.site, one) for one in call.world.teams if one.org.lower() == org])


@route("GET", "/orgs/{org}/teams/{slug}", needs="members:read")
def get_team(call: Call) -> Reply:
    return ok(team(call.hub.site, _team(call)))


@route("GET", "/orgs/{org}/teams/{slug}/memberships/{login}", needs="members:read")
def membership(call: Call) -> Reply:
    """Say whether somebody is in a team or in one below it: 404 if not, and look at the state if so."""
    login = call.params["login"].lower()
    for one in call.world.with_children(_team(call)):
        if login in one.members:
            return ok(team_membership(call.hub.site, one, call.params["slug"], login))
    raise not_found()


@route("GET", "/orgs/{org}/teams/{slug}/members", needs="members:read")
def members(call: Call) -> Reply:
    """List the active members of a team and of those below it."""
    found = {
        login: None
        for one in call.world.with_children(_team(call))
        for login in one.members
        if login not in one.pending
    }
    return page(call, [simple_user(call.hub.site, call.world.account(login)) for login in found])


@route("GET", "/orgs/{org}/teams/{slug}/repos/{team_owner}/{team_repo}", needs="members:read")
def has_repo(call: Call) -> Reply:
    """204 when the team has the repository, 404 otherwise."""
    one, name = _team(call), f"{call.params['team_owner']}/{call.params['team_repo']}".lower()
    if one.repos.get(name, "none") == "none":
        raise not_found()
    return no_content()


@route("GET", "/orgs/{org}/members/{login}", needs="members:read")
def is_member(call: Call) -> Reply:
    org, login = call.params["org"].lower(), call.params["login"].lower()
    if login not in call.world.org_members.get(org, set()):
        raise not_found()
    return no_content()
