"""What the stories seldom ask for is asked for here, so that no call of the bot is left that no sandbox has seen."""

from __future__ import annotations

from collections.abc import Callable

import aiohttp
import pytest

from bot.github import artifacts, comments, comparison, deliveries, git_data, issues, people, pulls, registration, repos
from bot.github.app import GitHubApp
from bot.github.repos import Repo
from bot.sandbox import Sandbox
from tests.sandbox.conftest import Api, HookBox, open_pull

SHOP = Repo("acme", "shop")
AsUser = Callable[[str], Api]


@pytest.fixture
def app(sandbox: Sandbox, session: aiohttp.ClientSession) -> GitHubApp:
    return GitHubApp(
        session,
        api_url=sandbox.url,
        app_id=sandbox.app_id,
        private_key=sandbox.private_key_pem,
        clock=sandbox.clock.now,
    )


async def test_the_app_and_its_installation_are_found(sandbox: Sandbox, hookbox: HookBox, app: GitHubApp) -> None:
    as_app, number = app.as_app(), sandbox.installation().id
    assert (await registration.registration(as_app)).slug == "stepwise"
    assert (await registration.hook_config(as_app)).url == hookbox.url
    assert [one.id for one in (await registration.installations(as_app))[0]] == [number]
    assert (await repos.installation_by_id(as_app, number)).id == number
    assert (await repos.installation_of(as_app, SHOP)).id == number
    client = app.installation(number)
    assert "acme/shop" in [one.full_name for one in (await repos.installation_repositories(client))[0]]
    assert (await registration.rate_limit(client)).limit == 5000
    assert await people.is_team_member(client, "acme", "release-managers", "maria")


async def test_pull_request_issue_comment_and_commit_are_read_and_changed(
    sandbox: Sandbox, app: GitHubApp, as_user: AsUser
) -> None:
    client = app.installation(sandbox.installation().id)
    number = (await open_pull(as_user("coda")))["number"]
    (commit,), complete = await pulls.commits(client, SHOP, number)
    assert complete
    assert (await comparison.commit_by_sha(client, SHOP, commit.sha)).sha == commit.sha
    assert (await pulls.update(client, SHOP, number, title="Better")).title == "Better"
    assert (await issues.get(client, SHOP, number)).number == number
    assert await issues.add_labels(client, SHOP, number, ["waiting"]) == ("waiting",)
    await issues.remove_label(client, SHOP, number, "waiting")
    made = await comments.create(client, SHOP, number, "hello")
    assert (await comments.get(client, SHOP, made.id)).body == "hello"
    await comments.delete(client, SHOP, made.id)
    made_there = await git_data.commit_files(
        client, SHOP, "feature/x", commit.sha, {"docs/bytes.bin": b"\xff\x00"}, "Bytes that are no text"
    )
    assert made_there.created
    await git_data.delete_branch(client, SHOP, "feature/x")


async def test_a_delivery_and_the_artifacts_of_a_run_are_read(
    sandbox: Sandbox, hookbox: HookBox, app: GitHubApp, as_user: AsUser
) -> None:
    await as_user("maria")("POST", "/repos/acme/shop/actions/workflows/ci.yml/dispatches", json={"ref": "main"})
    await sandbox.settle()
    newest = sandbox.hooks.attempts[-1]
    assert (await deliveries.get(app.as_app(), newest.id)).headers["X-GitHub-Delivery"] == newest.event.guid
    (run,) = sandbox.repo("acme/shop").workflow_runs.values()
    client = app.installation(sandbox.installation().id)
    assert await artifacts.of_run(client, SHOP, run.id, run_url="https://example.com/run") == ([], True)
