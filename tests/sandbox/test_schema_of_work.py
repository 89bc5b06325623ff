"""What workers, reviewers, deployers and administrators are answered conforms to GitHub's published schema, too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.sandbox import Sandbox
from tests.sandbox.conftest import Api, open_pull

Kit = Callable[[str], Any]
"""Clients of githubkit; what they take and give is checked when it runs, by its models."""

AsUser = Callable[[str], Api]
SHOP: dict[str, Any] = {"owner": "acme", "repo": "shop"}


async def test_runs_their_attempts_and_jobs(sandbox: Sandbox, kit: Kit, as_bot: Api) -> None:
    actions = kit("bot").rest.actions
    started = await actions.async_create_workflow_dispatch(
        **SHOP, workflow_id="ci.yml", ref="main", return_run_details=True
    )
    run = {**SHOP, "run_id": started.parsed_data.workflow_run_id}
    assert started.parsed_data.run_url.endswith(str(run["run_id"]))
    how = {"repo": "acme/shop", "run_id": run["run_id"], "action": "start"}
    await as_bot("POST", "/_sandbox/workflow-run", json=how)
    assert (await actions.async_list_jobs_for_workflow_run(**run)).parsed_data.jobs[0].status == "in_progress"
    assert (await actions.async_cancel_workflow_run(**run)).status_code == 202
    job = (await actions.async_list_jobs_for_workflow_run(**run)).parsed_data.jobs[0]
    assert (job.name, job.conclusion, job.run_attempt) == ("tests", "cancelled", 1)
    assert (await actions.async_get_job_for_workflow_run(**SHOP, job_id=job.id)).parsed_data.id == job.id
    assert (await actions.async_re_run_workflow(**run)).status_code == 201
    assert (await actions.async_get_workflow_run(**run)).parsed_data.run_attempt == 2
    earlier = await actions.async_get_workflow_run_attempt(**run, attempt_number=1)
    assert earlier.parsed_data.conclusion == "cancelled"
    listed = await actions.async_list_workflow_runs(**SHOP, workflow_id="ci.yml", status="queued")
    assert [one.id for one in listed.parsed_data.workflow_runs] == [run["run_id"]]
    assert (await actions.async_list_workflow_run_artifacts(**run)).parsed_data.total_count == 0
    suite = (await actions.async_get_workflow_run(**run)).parsed_data.check_suite_id
    found = (await kit("bot").rest.checks.async_get_suite(**SHOP, check_suite_id=suite)).parsed_data
    assert found.app
    assert found.app.slug == "github-actions"


async def test_reviews_and_their_comments(sandbox: Sandbox, kit: Kit, as_user: AsUser) -> None:
    pull = await open_pull(as_user("coda"))
    where, pulls = {**SHOP, "pull_number": 1}, kit("ada").rest.pulls
    remark = {"path": "src/new.txt", "line": 1, "body": "Why?"}
    made = (await pulls.async_create_review(**where, event="REQUEST_CHANGES", body="b", comments=[remark])).parsed_data
    one = {**where, "review_id": made.id}
    assert (await pulls.async_get_review(**one)).parsed_data.state == "CHANGES_REQUESTED"
    assert (await pulls.async_update_review(**one, body="c")).parsed_data.body == "c"
    assert (await pulls.async_list_comments_for_review(**one)).parsed_data[0].body == "Why?"
    assert (await pulls.async_dismiss_review(**one, message="m")).parsed_data.state == "DISMISSED"
    whole = {"path": "src/new.txt", "subject_type": "file", "body": "All", "commit_id": pull["head"]["sha"]}
    comment = (await pulls.async_create_review_comment(**where, **whole)).parsed_data
    assert (comment.subject_type, comment.line) == ("file", None)
    reply = (await pulls.async_create_reply_for_review_comment(**where, comment_id=comment.id, body="r")).parsed_data
    assert reply.in_reply_to_id == comment.id
    assert (await pulls.async_update_review_comment(**SHOP, comment_id=reply.id, body="s")).parsed_data.body == "s"
    assert (await pulls.async_get_review_comment(**SHOP, comment_id=reply.id)).parsed_data.body == "s"
    assert len((await pulls.async_list_review_comments(**where)).parsed_data) == 3
    reactions = kit("bot").rest.reactions
    left = await reactions.async_create_for_pull_request_review_comment(**SHOP, comment_id=reply.id, content="rocket")
    assert left.parsed_data.content == "rocket"
    listed = await reactions.async_list_for_pull_request_review_comment(**SHOP, comment_id=reply.id)
    assert len(listed.parsed_data) == 1


async def test_deployments_and_their_statuses(kit: Kit) -> None:
    mine, theirs = kit("ada").rest.repos, kit("bot").rest.repos
    made = await mine.async_create_deployment(**SHOP, ref="main", payload={"plan": "x"}, description="d")
    one = {**SHOP, "deployment_id": made.parsed_data.id}
    status = await mine.async_create_deployment_status(**one, state="success", log_url="https://ci.example/1")
    assert status.parsed_data.state == "success"
    listed = (await theirs.async_list_deployments(**SHOP, sha=made.parsed_data.sha)).parsed_data
    assert listed[0].environment == "production"
    assert (await theirs.async_get_deployment(**one)).parsed_data.ref == "main"
    assert (await theirs.async_list_deployment_statuses(**one)).parsed_data[0].log_url == "https://ci.example/1"
    again = await theirs.async_get_deployment_status(**one, status_id=status.parsed_data.id)
    assert again.parsed_data.deployment_url.endswith(str(made.parsed_data.id))


async def test_teams(kit: Kit) -> None:
    teams = kit("bot").rest.teams
    assert (await teams.async_list("acme")).parsed_data[0].slug == "release-managers"
    team = (await teams.async_get_by_name("acme", "release-managers")).parsed_data
    assert team.organization.login == "acme"
    members = (await teams.async_list_members_in_org("acme", "release-managers")).parsed_data
    assert [one.login for one in members] == ["maria", "rita"]


async def test_settings_and_branches(kit: Kit, as_user: AsUser) -> None:
    await open_pull(as_user("coda"))
    repos = kit("olivia").rest.repos
    renamed = await repos.async_rename_branch(**SHOP, branch="feature/x", new_name="feature/y")
    assert renamed.parsed_data.name == "feature/y"
    assert (await repos.async_update(**SHOP, description="d")).parsed_data.description == "d"
    assert (await repos.async_update(**SHOP, name="store")).parsed_data.full_name == "acme/store"
    moved = await repos.async_transfer("acme", "store", new_owner="oscar")
    assert moved.parsed_data.full_name == "oscar/store"
