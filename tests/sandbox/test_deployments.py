"""Deployments: made by writers, listed by commit, and their statuses told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from githubkit.webhooks import parse

from bot.sandbox import Sandbox, control
from tests.sandbox.conftest import Api, HookBox, write_branch

AsUser = Callable[[str], Api]
PATH = "/repos/acme/shop/deployments"


async def deployed(api: Api, ref: str = "main", **how: Any) -> dict[str, Any]:
    answer = await api("POST", PATH, json={"ref": ref, **how})
    assert answer.status == 201, answer.body
    body: dict[str, Any] = answer.body
    return body


async def test_deployments_are_listed_by_commit(sandbox: Sandbox, as_user: AsUser, as_bot: Api) -> None:
    ada = as_user("ada")
    first = await deployed(ada, environment="staging")
    sha = await write_branch(ada, "topic", {"a.txt": "a\n"})
    second = await deployed(ada, "topic")
    assert (second["sha"], second["environment"], second["production_environment"]) == (sha, "production", True)

    async def found(query: str) -> list[int]:
        return [one["id"] for one in (await as_bot("GET", f"{PATH}?{query}")).body]

    assert await found("") == [second["id"], first["id"]]
    assert await found(f"sha={sha}") == await found("ref=topic") == [second["id"]]
    assert await found("environment=staging") == [first["id"]]
    assert (await as_bot("GET", f"{PATH}/{first['id']}")).body["creator"]["login"] == "ada"


async def test_a_status_is_told_and_listed_newest_first(
    sandbox: Sandbox, as_user: AsUser, as_bot: Api, hookbox: HookBox
) -> None:
    ada = as_user("ada")
    one = await deployed(ada)
    path = f"{PATH}/{one['id']}/statuses"
    link = {"environment_url": "https://shop.example", "log_url": "https://ci.example/1", "description": "d"}
    for state in ("in_progress", "success"):
        assert (await ada("POST", path, json={"state": state, **link})).status == 201
    listed = (await as_bot("GET", path)).body
    assert [each["state"] for each in listed] == ["success", "in_progress"]
    assert (await as_bot("GET", f"{path}/{listed[0]['id']}")).body["environment_url"] == "https://shop.example"
    await sandbox.settle()
    told = [hook for hook in hookbox.got if hook.event == "deployment_status"]
    for hook in told:
        parse(hook.event, hook.raw)
    assert [hook.payload["deployment_status"]["state"] for hook in told] == ["in_progress", "success"]
    assert told[-1].payload["deployment"]["sha"] == sandbox.repo("acme/shop").git.branch("main")


async def test_a_success_retires_what_stood_there_before(as_user: AsUser) -> None:
    ada = as_user("ada")
    old, new = await deployed(ada), await deployed(ada)
    for one in (old, new):
        await ada("POST", f"{PATH}/{one['id']}/statuses", json={"state": "success"})
    assert (await ada("GET", f"{PATH}/{old['id']}/statuses")).body[0]["state"] == "inactive"
    assert (await ada("DELETE", f"{PATH}/{new['id']}")).status == 422
    assert (await ada("DELETE", f"{PATH}/{old['id']}")).status == 204


async def test_a_commit_that_failed_is_not_deployed(sandbox: Sandbox, as_user: AsUser) -> None:
    control.set_ci(sandbox.hub, sandbox.repo("acme/shop"), "main", "tests", "failure")
    ada = as_user("ada")
    assert (await ada("POST", PATH, json={"ref": "main"})).status == 409
    assert (await ada("POST", PATH, json={"ref": "main", "required_contexts": []})).status == 201


@pytest.mark.malformed
@pytest.mark.parametrize("state", ["fine", None])
async def test_a_status_has_a_state_of_githubs(as_user: AsUser, state: str | None) -> None:
    one = await deployed(as_user("ada"))
    assert (await as_user("ada")("POST", f"{PATH}/{one['id']}/statuses", json={"state": state})).status == 422


async def test_who_may_deploy_and_look(sandbox: Sandbox, as_user: AsUser, as_bot: Api, hookbox: HookBox) -> None:
    one = await deployed(as_user("ada"))
    path = f"{PATH}/{one['id']}/statuses"
    assert (await as_user("rita")("GET", PATH)).status == 200
    assert (await as_user("rita")("POST", PATH, json={"ref": "main"})).status == 404
    assert (await as_bot("POST", path, json={"state": "success"})).status == 403
    installed = sandbox.installation()
    del installed.permissions["deployments"]
    as_bot.token = sandbox.installation_token()
    assert (await as_bot("GET", PATH)).status == 403
    await as_user("ada")("POST", path, json={"state": "success"})
    await sandbox.settle()
    assert hookbox.got == []
