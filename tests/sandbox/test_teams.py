"""Teams: who is in them, directly or from below, what they may do, and who may ask."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.sandbox import Sandbox
from tests.sandbox.conftest import Api

AsUser = Callable[[str], Api]
TEAMS = "/orgs/acme/teams"
SEED = """
users: [{login: ann}, {login: ben}, {login: cem}, {login: dan}]
organisations:
  - login: guild
    admins: [ann]
    members: [ben, cem]
    teams:
      - {slug: smiths, members: {ann: member, ben: maintainer}, repos: {guild/anvil: maintain}}
      - {slug: apprentices, parent: smiths, members: {cem: member, dan: member}, pending: [dan]}
apps: [{id: 7, slug: tiny, owner: ann, webhook: true, permissions: {members: read, contents: read}, events: []}]
repositories:
  - {name: guild/anvil, private: true, files: {README.md: hello}}
  - {name: guild/.github, files: {stepwise.yml: "version: 1"}}
installations: [{app: tiny, account: guild}]
"""


@pytest.fixture
async def guild(tmp_path: Path, key: str, session: aiohttp.ClientSession) -> AsyncIterator[tuple[Sandbox, Api]]:
    file = tmp_path / "seed.yaml"
    file.write_text(SEED)
    running = await Sandbox.start(seed=file, private_key_pem=key)
    yield running, Api(session, running.url, running.installation_token("guild"))
    await running.stop()


async def test_membership_reaches_up_and_owners_are_maintainers(guild: tuple[Sandbox, Api]) -> None:
    _, api = guild
    teams = "/orgs/guild/teams"

    async def member(team: str, login: str) -> Any:
        answer = await api("GET", f"{teams}/{team}/memberships/{login}")
        return (answer.body["role"], answer.body["state"]) if answer.status == 200 else answer.status

    assert await member("smiths", "ann") == ("maintainer", "active")
    assert await member("smiths", "ben") == ("maintainer", "active")
    assert await member("smiths", "cem") == ("member", "active")
    assert await member("smiths", "dan") == ("member", "pending")
    assert await member("apprentices", "ben") == 404
    assert await member("nobody", "ann") == 404
    listed = [one["login"] for one in (await api("GET", f"{teams}/smiths/members")).body]
    assert listed == ["ann", "ben", "cem"]


async def test_a_team_gives_its_members_and_those_below_a_role(guild: tuple[Sandbox, Api]) -> None:
    running, api = guild
    world, anvil = running.hub.world, running.repo("guild/anvil")
    assert [world.role(running.user(login), anvil) for login in ("ann", "ben", "cem", "dan")] == [
        "admin", "maintain", "maintain", "none",
    ]  # fmt: skip
    assert (await api("GET", "/orgs/guild/teams/smiths/repos/guild/anvil")).status == 204
    assert (await api("GET", "/orgs/guild/teams/smiths/repos/guild/.github")).status == 404
    found = (await api("GET", "/repos/guild/anvil/collaborators/cem/permission")).body
    assert (found["permission"], found["role_name"]) == ("write", "maintain")


async def test_the_organisations_own_repository_can_be_seeded(guild: tuple[Sandbox, Api]) -> None:
    _, api = guild
    assert (await api("GET", "/repos/guild/.github/contents/stepwise.yml")).status == 200


async def test_teams_are_changed_while_it_runs(sandbox: Sandbox, as_bot: Api) -> None:
    path = f"{TEAMS}/release-managers/memberships"
    assert (await as_bot("GET", f"{path}/ada")).status == 404
    how = {"org": "acme", "slug": "release-managers", "members": {"ada": "member"}}
    changed = await as_bot("POST", "/_sandbox/team", json=how | {"repos": {"acme/ledger": "admin"}})
    assert (changed.body["slug"], changed.body["repos_count"]) == ("release-managers", 1)
    assert (await as_bot("GET", f"{path}/ada")).body["state"] == "active"
    assert (await as_bot("GET", f"{path}/maria")).status == 404
    assert sandbox.hub.world.role(sandbox.user("ada"), sandbox.repo("acme/ledger")) == "admin"
    new = {"org": "acme", "slug": "auditors", "members": {"oscar": "member"}}
    assert (await as_bot("POST", "/_sandbox/team", json=new)).status == 200
    assert (await as_bot("GET", f"{TEAMS}/auditors")).body["members_count"] == 1
    wrong = {"org": "acme", "slug": "auditors", "repos": {"acme/shop": "king"}}
    assert (await as_bot("POST", "/_sandbox/team", json=wrong)).status == 400


async def test_who_sees_teams(sandbox: Sandbox, as_user: AsUser, as_bot: Api, anonymous: Api) -> None:
    path = f"{TEAMS}/release-managers/memberships/maria"
    assert [(await as_user(login)("GET", path)).status for login in ("ada", "oscar")] == [200, 404]
    assert (await anonymous("GET", path)).status == 401
    installed = sandbox.installation()
    less = {name: level for name, level in installed.permissions.items() if name != "members"}
    as_bot.token = sandbox.hub.vault.issue(installed, less, None).token
    assert (await as_bot("GET", path)).status == 403
