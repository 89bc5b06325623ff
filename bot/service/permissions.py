"""Who may command in a repository, asked from GitHub at the moment when somebody does."""

from __future__ import annotations

from bot.github import people
from bot.github.errors import GitHubError
from bot.runs.decide import APPROVING_LEVELS
from bot.runs.facts import Permission, Unknown
from bot.runs.policy import Policy, PolicyProblem
from bot.service.gates import unknown
from bot.service.target import Target


async def may_command(target: Target, policy: Policy | PolicyProblem | Unknown, login: str) -> bool | Unknown:
    """Whether GitHub or the policy lets this person command in the repository, asked at this moment."""
    approvers = policy.approvers if isinstance(policy, Policy) else ()
    if any(name.casefold() == login.casefold() for name in approvers):
        return True
    found = await permission_of(target, login)
    if isinstance(found, Permission) and found.level in APPROVING_LEVELS:
        return True
    if login in await team_approvers(target, policy, frozenset({login})):
        return True
    return found if isinstance(found, Unknown) else False


async def team_approvers(
    target: Target, policy: Policy | PolicyProblem | Unknown, logins: frozenset[str]
) -> frozenset[str]:
    """Who of these is in a team that the policy names; a team that cannot be read lets nobody in."""
    teams = [name for name in policy.approvers if "/" in name] if isinstance(policy, Policy) else []
    found: set[str] = set()
    for team in teams:
        organization, _, slug = team.partition("/")
        for login in logins - found:
            try:
                is_member = await people.is_team_member(target.client, organization, slug, login)
            except GitHubError as error:
                if error.is_transient:
                    raise
                continue
            if is_member:
                found.add(login)
    return frozenset(found)


async def permission_of(target: Target, login: str) -> Permission | Unknown:
    try:
        found = await people.permission(target.client, target.repo, login)
    except GitHubError as error:
        return unknown(error)
    return Permission(found.level, found.role_name)
