"""A stranger with a fork of their own, in which everything is theirs: plan, policy, workflows, branch names."""

from __future__ import annotations

import copy
import json
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.e2e.scenario import BRANCH, PLAN_FILES, Scenario, block_files
from tests.e2e.test_deliveries import deliver, sent

LAX = "approvers: [oscar]\ngates: {ignore: [tests]}\n"
WORKFLOW = "on: pull_request\njobs: {x: {runs-on: ubuntu-latest, steps: [{run: env}]}}\n"


async def from_a_fork(github: Scenario, **files: str) -> str:
    """Oscar's fork with the plan and a policy that names him; its pull request, and its head."""
    await github.fork(by="oscar")
    mine = {**PLAN_FILES, ".github/stepwise.yml": LAX, ".github/workflows/own.yml": WORKFLOW, **files}
    head = await github.push(mine, by="oscar", to="oscar/shop")
    await github.open_pull(branch=f"oscar:{BRANCH}", by="oscar")
    return head


async def test_the_owner_of_a_fork_commands_nothing_in_the_repository_it_came_from(github: Scenario) -> None:
    head = await from_a_fork(github)
    commands = (
        "/execute",
        "/execute autonomous",
        f"/approve B01 @{head}",
        "/allow ** mine",
        "/skip B01 mine",
        "/verdict PASS",
    )
    for text in commands:
        said = await github.comment(text, by="oscar")
        assert set(await github.reactions(said)) <= {"-1", "confused"}
    assert await github.headline() == "ready to be executed"
    checks = await github.checks()
    assert checks["scope"].conclusion == "failure"
    assert ".github/stepwise.yml" in checks["scope"].summary and ".github/workflows/own.yml" in checks["scope"].summary
    assert checks["progress"].conclusion != "success"


async def test_a_fork_that_is_executed_by_the_team_is_still_approved_by_the_team_alone(github: Scenario) -> None:
    await from_a_fork(github)
    await github.comment("/execute")
    head = await github.push(
        {**block_files("B01"), ".github/stepwise.yml": None, ".github/workflows/own.yml": None},
        by="oscar",
        to="oscar/shop",
    )
    await github.ci(ref=head)
    assert f"/approve B01 @{head[:7]}" in await github.checklist()
    await github.comment(f"/approve B01 @{head[:7]}", by="oscar")
    assert "approved by" not in await github.checklist()
    await github.comment(f"/approve B01 @{head[:7]}", by="maria")
    assert f"done at `{head[:7]}`" in await github.block("B01")


async def test_no_address_of_a_payload_is_ever_called(github: Scenario) -> None:
    """With the token of the installation, at a host of the attacker's choosing: that is what must not happen."""
    await github.planned()
    heard: list[str] = []

    async def hear(request: web.Request) -> web.Response:
        heard.append(request.path)
        return web.json_response({})

    app = web.Application()
    app.router.add_route("*", "/{anything:.*}", hear)
    async with TestServer(app) as elsewhere:
        await github.comment("/status", settle=False)
        await github.sandbox.settle()
        event = sent(github, "issue_comment", "created")
        forged = redirected(copy.deepcopy(event.payload), str(elsewhere.make_url("")).rstrip("/"))
        forged["comment"] |= {"id": 987654, "body": "/execute"}
        before = len(github.sandbox.requests.calls)
        assert await deliver(github, forged, guid="forged-1") == 202
        await github.settle()
        assert len(github.sandbox.requests.calls) > before
    assert heard == []
    assert "is to be done" in await github.checklist()


def redirected(value: Any, where: str) -> Any:
    """The payload with every address in it leading elsewhere."""
    match value:
        case dict():
            return {name: redirected(inner, where) for name, inner in value.items()}
        case list():
            return [redirected(inner, where) for inner in value]
        case str() if value.startswith("http"):
            return f"{where}/stolen"
        case _:
            return json.loads(json.dumps(value))


async def test_an_approval_stands_although_its_comment_is_edited_or_deleted_later(github: Scenario) -> None:
    """What was said was said: nobody changes the record by changing what they wrote."""
    await github.started()
    head = await github.block_pushed("B01")
    said = await github.comment("/approve")
    await github.edit_comment(said.id, "/abort I never said that", by="maria")
    await github.api("DELETE", f"/repos/acme/shop/issues/comments/{said.id}", "maria")
    await github.settle()
    assert f"done at `{head[:7]}`" in await github.block("B01")
    assert "approved by" in await github.checklist()
