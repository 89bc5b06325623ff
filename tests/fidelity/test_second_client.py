"""githubkit, a client that nobody here wrote, walks the sandbox: as the App, through every operation that the bot uses.

It signs its own JWT, asks for its own tokens, builds its own requests and parses every answer and webhook into models
made from GitHub's description of API version 2026-03-10.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from githubkit import AppAuthStrategy, GitHub
from githubkit.cache import MemCacheStrategy
from githubkit.exception import RequestFailed
from githubkit.webhooks import parse

from bot.sandbox import Sandbox
from bot.sandbox.watching import WATCHERS, Sent
from tests.fidelity.calls import called
from tests.fidelity.report import not_parsed
from tests.fidelity.watch import OF_OTHERS, Watch
from tests.sandbox.conftest import Api, HookBox

Rest = Any
"""githubkit's typed methods; what they take and give is checked when they run, by its models."""

SHOP: dict[str, Any] = {"owner": "acme", "repo": "shop"}


@pytest.fixture
async def app(sandbox: Sandbox) -> AsyncIterator[GitHub[AppAuthStrategy]]:
    auth = AppAuthStrategy(sandbox.app_id, sandbox.private_key_pem)
    # Its own cache: by default all clients of a process share one, and with it the tokens of an earlier sandbox.
    async with GitHub(
        auth, base_url=sandbox.url, auto_retry=False, http_cache=False, cache_strategy=MemCacheStrategy()
    ) as client:
        yield client


async def as_the_app(app: GitHub[AppAuthStrategy]) -> int:
    """Find the installation, in each way that there is."""
    rest: Rest = app.rest
    assert (await rest.apps.async_get_authenticated()).parsed_data.slug == "stepwise"
    assert (await rest.apps.async_get_webhook_config_for_app()).parsed_data.content_type == "json"
    (installed,) = (await rest.apps.async_list_installations()).parsed_data
    assert (await rest.apps.async_get_installation(installed.id)).parsed_data.app_slug == "stepwise"
    assert (await rest.apps.async_get_repo_installation(**SHOP)).parsed_data.id == installed.id
    number: int = installed.id
    return number


async def repositories_and_people(rest: Rest) -> None:
    assert (await rest.rate_limit.async_get()).parsed_data.resources.core.limit == 5000
    listed = (await rest.apps.async_list_repos_accessible_to_installation()).parsed_data
    assert "acme/shop" in [one.full_name for one in listed.repositories]
    assert (await rest.repos.async_get(**SHOP)).parsed_data.default_branch == "main"
    level = await rest.repos.async_get_collaborator_permission_level(**SHOP, username="maria")
    assert level.parsed_data.permission == "write"
    member = await rest.teams.async_get_membership_for_user_in_org("acme", "release-managers", "maria")
    assert member.parsed_data.state == "active"


async def a_commit_on_a_branch(rest: Rest) -> str:
    """Write a commit as the bot writes its records."""
    head = (await rest.git.async_get_ref(**SHOP, ref="heads/main")).parsed_data.object_.sha
    base = (await rest.git.async_get_commit(**SHOP, commit_sha=head)).parsed_data.tree.sha
    content = base64.b64encode(b"record\n").decode()
    blob = (await rest.git.async_create_blob(**SHOP, content=content, encoding="base64")).parsed_data.sha
    assert (await rest.git.async_get_blob(**SHOP, file_sha=blob)).parsed_data.size == 7
    entry = {"path": "docs/record.md", "mode": "100644", "type": "blob", "sha": blob}
    tree = (await rest.git.async_create_tree(**SHOP, base_tree=base, tree=[entry])).parsed_data.sha
    names = [one.path for one in (await rest.git.async_get_tree(**SHOP, tree_sha=tree, recursive="1")).parsed_data.tree]
    assert "docs/record.md" in names
    made = (await rest.git.async_create_commit(**SHOP, message="Record", tree=tree, parents=[head])).parsed_data
    assert made.verification.verified
    await rest.git.async_create_ref(**SHOP, ref="refs/heads/record", sha=head)
    moved = await rest.git.async_update_ref(**SHOP, ref="heads/record", sha=made.sha, force=False)
    assert moved.parsed_data.object_.sha == made.sha
    assert (await rest.repos.async_get_commit(**SHOP, ref=made.sha)).parsed_data.files
    compared = await rest.repos.async_compare_commits(**SHOP, basehead=f"main...{made.sha}")
    assert compared.parsed_data.ahead_by == 1
    assert (await rest.repos.async_get_content(**SHOP, path="docs", ref=made.sha)).parsed_data
    sha: str = made.sha
    return sha


async def a_pull_request(rest: Rest, sha: str) -> int:
    pulls = rest.pulls
    number: int = (
        await pulls.async_create(**SHOP, title="T", head="record", base="main", draft=True)
    ).parsed_data.number
    one = {**SHOP, "pull_number": number}
    assert (await pulls.async_get(**one)).parsed_data.changed_files == 1
    assert [each.number for each in (await pulls.async_list(**SHOP, head="acme:record")).parsed_data] == [number]
    assert (await pulls.async_update(**one, body="B")).parsed_data.body == "B"
    assert [each.filename for each in (await pulls.async_list_files(**one)).parsed_data] == ["docs/record.md"]
    assert [each.sha for each in (await pulls.async_list_commits(**one)).parsed_data] == [sha]
    of_commit = await rest.repos.async_list_pull_requests_associated_with_commit(**SHOP, commit_sha=sha)
    assert [each.number for each in of_commit.parsed_data] == [number]
    return number


async def talk(rest: Rest, number: int) -> None:
    issues = rest.issues
    made = (await issues.async_create_comment(**SHOP, issue_number=number, body="hello")).parsed_data
    one = {**SHOP, "comment_id": made.id}
    assert made.performed_via_github_app.slug == "stepwise"
    assert (await issues.async_get_comment(**one)).parsed_data.body == "hello"
    assert (await issues.async_update_comment(**one, body="bye")).parsed_data.body == "bye"
    assert [each.id for each in (await issues.async_list_comments(**SHOP, issue_number=number)).parsed_data] == [
        made.id
    ]
    eyes = await rest.reactions.async_create_for_issue_comment(**one, content="eyes")
    assert eyes.parsed_data.content == "eyes"
    assert (await issues.async_delete_comment(**one)).status_code == 204


async def a_planning_issue(rest: Rest) -> None:
    issues = rest.issues
    made = (await issues.async_create(**SHOP, title="Plan again", body="why")).parsed_data
    one = {**SHOP, "issue_number": made.number}
    assert [each.name for each in (await issues.async_add_labels(**one, labels=["planning"])).parsed_data] == [
        "planning"
    ]
    assert (await issues.async_remove_label(**one, name="planning")).parsed_data == []
    closed = await issues.async_update(**one, state="closed", state_reason="completed")
    assert closed.parsed_data.state == "closed"
    assert (await issues.async_get(**one)).parsed_data.closed_by
    listed = (await issues.async_list_for_repo(**SHOP, state="closed")).parsed_data
    assert made.number in [each.number for each in listed]


async def checks_and_statuses(rest: Rest, sha: str) -> None:
    button = {"label": "Approve", "description": "Approve the block", "identifier": "approve"}
    run = {"name": "stepwise/plan", "head_sha": sha, "external_id": "k", "status": "in_progress"}
    made = (await rest.checks.async_create(**SHOP, data=run)).parsed_data
    done = {
        "status": "completed",
        "conclusion": "failure",
        "output": {"title": "t", "summary": "s"},
        "actions": [button],
    }
    changed = await rest.checks.async_update(**SHOP, check_run_id=made.id, data=done)
    assert changed.parsed_data.conclusion == "failure"
    runs = (await rest.checks.async_list_for_ref(**SHOP, ref=sha, filter_="all")).parsed_data.check_runs
    assert "stepwise/plan" in [one.name for one in runs]
    assert (await rest.repos.async_get_combined_status_for_ref(**SHOP, ref=sha)).parsed_data.sha == sha


async def a_worker(rest: Rest) -> None:
    actions = rest.actions
    dispatch = {"ref": "main", "inputs": {"nonce": "n7"}, "return_run_details": True}
    started = await actions.async_create_workflow_dispatch(**SHOP, workflow_id="ci.yml", data=dispatch)
    run = {**SHOP, "run_id": started.parsed_data.workflow_run_id}
    assert (await actions.async_get_workflow_run(**run)).parsed_data.display_title == "ci n7"
    listed = await actions.async_list_workflow_runs(**SHOP, workflow_id="ci.yml", event="workflow_dispatch")
    assert [one.id for one in listed.parsed_data.workflow_runs] == [run["run_id"]]
    assert (await actions.async_list_workflow_run_artifacts(**run)).parsed_data.artifacts == []
    assert (await actions.async_cancel_workflow_run(**run)).status_code == 202


async def what_others_did(rest: Rest, maria: Api, sha: str, number: int) -> None:
    """A deployment and a remark on a line are of people; the App reads the one and reacts to the other."""
    wanted = {"ref": sha, "environment": "staging", "required_contexts": [], "auto_merge": False}
    made = (await maria("POST", "/repos/acme/shop/deployments", json=wanted)).body
    await maria("POST", f"/repos/acme/shop/deployments/{made['id']}/statuses", json={"state": "success"})
    assert (await rest.repos.async_list_deployments(**SHOP, sha=sha)).parsed_data[0].id == made["id"]
    states = await rest.repos.async_list_deployment_statuses(**SHOP, deployment_id=made["id"])
    assert [one.state for one in states.parsed_data] == ["success"]
    line = {"body": "Why?", "commit_id": sha, "path": "docs/record.md", "line": 1, "side": "RIGHT"}
    remark = (await maria("POST", f"/repos/acme/shop/pulls/{number}/comments", json=line)).body
    left = await rest.reactions.async_create_for_pull_request_review_comment(
        **SHOP, comment_id=remark["id"], content="rocket"
    )
    assert left.parsed_data.content == "rocket"


async def the_log_of_deliveries(app: GitHub[AppAuthStrategy], sandbox: Sandbox) -> None:
    await sandbox.settle()
    rest: Rest = app.rest.apps
    newest = (await rest.async_list_webhook_deliveries(per_page=10)).parsed_data[0]
    whole = (await rest.async_get_webhook_delivery(newest.id)).parsed_data
    assert (whole.guid, whole.status_code) == (newest.guid, 202)
    assert (await rest.async_redeliver_webhook_delivery(newest.id)).status_code == 202
    await sandbox.settle()
    assert (await rest.async_list_webhook_deliveries(per_page=1)).parsed_data[0].redelivery


async def test_githubkit_walks_every_operation_that_the_bot_uses(
    sandbox: Sandbox, hookbox: HookBox, app: GitHub[AppAuthStrategy], as_user: Callable[[str], Api]
) -> None:
    own = Watch()
    WATCHERS.append(own)
    try:
        installation = await as_the_app(app)
        async with app.with_auth(app.auth.as_installation(installation)) as client:
            rest = client.rest
            await repositories_and_people(rest)
            sha = await a_commit_on_a_branch(rest)
            number = await a_pull_request(rest, sha)
            await talk(rest, number)
            await a_planning_issue(rest)
            await checks_and_statuses(rest, sha)
            await a_worker(rest)
            await what_others_did(rest, as_user("maria"), sha, number)
            assert (await rest.git.async_delete_ref(**SHOP, ref="heads/record")).status_code == 204
        await the_log_of_deliveries(app, sandbox)
    finally:
        WATCHERS.remove(own)
    asked = {name for kind, who, name in own.checked if (kind, who) == ("request", OF_OTHERS)}
    assert set(called()) - asked == set()
    assert own.take() == []
    for one in hookbox.got:
        parse(one.event, one.raw)
    assert len({one.name for one in hookbox.got}) > 15


async def test_githubkit_is_refused_as_github_refuses(sandbox: Sandbox, app: GitHub[AppAuthStrategy]) -> None:
    """Its models of refusals parse the sandbox's, too: a ref that is there already, and an issue that is not."""
    async with app.with_auth(app.auth.as_installation(await as_the_app(app))) as client:
        rest: Rest = client.rest
        head = (await rest.git.async_get_ref(**SHOP, ref="heads/main")).parsed_data.object_.sha
        with pytest.raises(RequestFailed) as there:
            await rest.git.async_create_ref(**SHOP, ref="refs/heads/main", sha=head)
        assert there.value.response.parsed_data.message == "Reference already exists"
        with pytest.raises(RequestFailed) as absent:
            await rest.issues.async_get(**SHOP, issue_number=99)
        assert absent.value.response.parsed_data.message == "Not Found"


def test_a_webhook_that_githubkit_cannot_parse_is_named_wherever_it_was_sent() -> None:
    """One of each shape that any test's sandbox sent is parsed when the tests are over; what cannot be is told."""
    elsewhere, here = Watch(), Watch()
    elsewhere(Sent("status", None, {}, b'{"id": "no number", "sha": 7}'))
    elsewhere.take()
    here.add(elsewhere.dump())
    assert [one.partition(":")[0] for one in not_parsed(here)] == ["status"]
    assert not_parsed(Watch()) == []
