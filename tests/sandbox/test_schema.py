"""Answers conform to GitHub's published schema: githubkit's models parse them, and refuse what does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.sandbox import Sandbox, control
from tests.sandbox.conftest import Api, open_pull

Kit = Callable[[str], Any]
"""Clients of githubkit; what they take and give is checked when it runs, by its models."""

SHOP: dict[str, Any] = {"owner": "acme", "repo": "shop"}


async def test_the_app_and_its_installations(kit: Kit) -> None:
    app = kit("app").rest.apps
    assert (await app.async_get_authenticated()).parsed_data.slug == "stepwise"
    installed = (await app.async_list_installations()).parsed_data[0]
    assert (await app.async_get_installation(installed.id)).parsed_data.app_slug == "stepwise"
    assert (await app.async_get_repo_installation(**SHOP)).parsed_data.id == installed.id
    token = (await app.async_create_installation_access_token(installed.id)).parsed_data
    assert token.token.startswith("ghs_4242_")
    repos = (await kit("bot").rest.apps.async_list_repos_accessible_to_installation()).parsed_data
    assert [repo.full_name for repo in repos.repositories] == ["acme/shop", "acme/ledger"]


async def test_accounts_and_the_rate_limit(kit: Kit) -> None:
    users = kit("ada").rest.users
    assert (await users.async_get_authenticated()).parsed_data.login == "ada"
    bot = (await users.async_get_by_username("stepwise[bot]")).parsed_data
    assert (bot.login, bot.type) == ("stepwise[bot]", "Bot")
    assert (await kit("bot").rest.rate_limit.async_get()).parsed_data.resources.core.limit == 5000


async def test_repositories_branches_and_rules(sandbox: Sandbox, kit: Kit) -> None:
    control.protect(sandbox.repo("acme/shop"), "main", {"ci/tests": None, "stepwise/plan": 4242}, pull_request=True)
    repos = kit("bot").rest.repos
    assert (await repos.async_get(**SHOP)).parsed_data.default_branch == "main"
    branch = (await repos.async_get_branch(**SHOP, branch="main")).parsed_data
    assert branch.protected
    assert branch.protection.required_status_checks
    assert branch.protection.required_status_checks.contexts == ["ci/tests", "stepwise/plan"]
    rules = (await repos.async_get_branch_rules(**SHOP, branch="main")).parsed_data
    assert [rule.type for rule in rules] == ["non_fast_forward", "pull_request", "required_status_checks"]
    assert len((await repos.async_list_branches(**SHOP)).parsed_data) == 1


async def test_collaborators_and_teams(kit: Kit) -> None:
    repos = kit("bot").rest.repos
    found = (await repos.async_get_collaborator_permission_level(**SHOP, username="maria")).parsed_data
    assert (found.permission, found.role_name) == ("write", "maintain")
    assert (await repos.async_list_collaborators(**SHOP)).parsed_data
    team = kit("bot").rest.teams
    membership = await team.async_get_membership_for_user_in_org("acme", "release-managers", "maria")
    assert (membership.parsed_data.role, membership.parsed_data.state) == ("maintainer", "active")


async def test_pull_requests_their_files_and_commits(kit: Kit, as_user: Callable[[str], Api]) -> None:
    number = (await open_pull(as_user("coda")))["number"]
    pulls = kit("bot").rest.pulls
    pull = (await pulls.async_get(**SHOP, pull_number=number)).parsed_data
    assert (pull.changed_files, pull.additions, pull.commits) == (1, 2, 1)
    assert (await pulls.async_list(**SHOP, head="acme:feature/x")).parsed_data[0].number == number
    assert (await pulls.async_list_files(**SHOP, pull_number=number)).parsed_data[0].status == "added"
    commit = (await pulls.async_list_commits(**SHOP, pull_number=number)).parsed_data[0]
    assert commit.sha == pull.head.sha
    of_commit = await kit("bot").rest.repos.async_list_pull_requests_associated_with_commit(
        **SHOP, commit_sha=commit.sha
    )
    assert of_commit.parsed_data[0].number == number
    changed = (await pulls.async_update(**SHOP, pull_number=number, title="Better")).parsed_data
    assert changed.title == "Better"
    assert (await pulls.async_merge(**SHOP, pull_number=number, merge_method="squash")).parsed_data.merged
    assert (await pulls.async_get(**SHOP, pull_number=number)).parsed_data.merged_by


async def test_issues_comments_labels_and_reactions(kit: Kit, as_user: Callable[[str], Api]) -> None:
    number = (await open_pull(as_user("coda")))["number"]
    issues, reactions = kit("bot").rest.issues, kit("bot").rest.reactions
    assert (await issues.async_get(**SHOP, issue_number=number)).parsed_data.pull_request
    made = (await issues.async_create_comment(**SHOP, issue_number=number, body="hello")).parsed_data
    assert made.performed_via_github_app
    assert (await issues.async_update_comment(**SHOP, comment_id=made.id, body="bye")).parsed_data.body == "bye"
    assert (await issues.async_get_comment(**SHOP, comment_id=made.id)).parsed_data.body == "bye"
    assert len((await issues.async_list_comments(**SHOP, issue_number=number)).parsed_data) == 1
    reaction = await reactions.async_create_for_issue_comment(**SHOP, comment_id=made.id, content="eyes")
    assert reaction.parsed_data.content == "eyes"
    labels = (await issues.async_add_labels(**SHOP, issue_number=number, labels=["waiting"])).parsed_data
    assert [label.name for label in labels] == ["waiting"]
    assert (await issues.async_create_label(**SHOP, name="new", color="ffffff")).parsed_data.color == "ffffff"
    assert (await issues.async_list_labels_for_repo(**SHOP)).parsed_data
    issue = (await issues.async_create(**SHOP, title="A plan is needed")).parsed_data
    closed = await issues.async_update(**SHOP, issue_number=issue.number, state="closed")
    assert closed.parsed_data.state_reason == "completed"


async def test_checks_suites_and_statuses(sandbox: Sandbox, kit: Kit, as_user: Callable[[str], Api]) -> None:
    sha = (await open_pull(as_user("coda")))["head"]["sha"]
    checks, repos = kit("bot").rest.checks, kit("bot").rest.repos
    annotation = {"path": "a", "start_line": 1, "end_line": 1, "annotation_level": "warning", "message": "m"}
    output = {"title": "t", "summary": "s", "annotations": [annotation]}
    made = (await checks.async_create(**SHOP, data={"name": "plan", "head_sha": sha, "output": output})).parsed_data
    assert made.status == "queued"
    done = {"status": "completed", "conclusion": "success"}
    assert (await checks.async_update(**SHOP, check_run_id=made.id, data=done)).parsed_data.conclusion == "success"
    control.set_ci(sandbox.hub, sandbox.repo("acme/shop"), sha, "tests", "failure")
    runs = (await checks.async_list_for_ref(**SHOP, ref=sha)).parsed_data
    assert {(run.name, run.conclusion) for run in runs.check_runs} == {("plan", "success"), ("tests", "failure")}
    assert (await checks.async_list_annotations(**SHOP, check_run_id=made.id)).parsed_data[0].message == "m"
    suites = (await checks.async_list_suites_for_ref(**SHOP, ref=sha)).parsed_data
    assert {suite.app.slug for suite in suites.check_suites if suite.app} == {"stepwise", "ci"}
    status = await kit("ada").rest.repos.async_create_commit_status(**SHOP, sha=sha, state="success", context="lint")
    assert status.parsed_data.context == "lint"
    assert (await repos.async_list_commit_statuses_for_ref(**SHOP, ref=sha)).parsed_data[0].state == "success"
    assert (await repos.async_get_combined_status_for_ref(**SHOP, ref=sha)).parsed_data.state == "success"


async def test_the_git_database(kit: Kit) -> None:
    git = kit("bot").rest.git
    ref = (await git.async_get_ref(**SHOP, ref="heads/main")).parsed_data
    head = (await git.async_get_commit(**SHOP, commit_sha=ref.object_.sha)).parsed_data
    blob = (await git.async_create_blob(**SHOP, content="text\n")).parsed_data
    assert (await git.async_get_blob(**SHOP, file_sha=blob.sha)).parsed_data.size == 5
    entry = {"path": "a/b.txt", "mode": "100644", "type": "blob", "sha": blob.sha}
    tree = (await git.async_create_tree(**SHOP, base_tree=head.tree.sha, tree=[entry])).parsed_data
    commit = await git.async_create_commit(**SHOP, message="m", tree=tree.sha, parents=[head.sha])
    assert commit.parsed_data.verification.verified
    made = await git.async_create_ref(**SHOP, ref="refs/heads/topic", sha=commit.parsed_data.sha)
    assert made.parsed_data.ref == "refs/heads/topic"
    assert (await git.async_update_ref(**SHOP, ref="heads/topic", sha=commit.parsed_data.sha)).parsed_data
    assert len((await git.async_list_matching_refs(**SHOP, ref="heads/t")).parsed_data) == 1
    listed = (await git.async_get_tree(**SHOP, tree_sha=tree.sha, recursive="1")).parsed_data
    assert "a/b.txt" in [one.path for one in listed.tree]


async def test_commits_contents_and_comparisons(kit: Kit, as_user: Callable[[str], Api]) -> None:
    sha = (await open_pull(as_user("coda")))["head"]["sha"]
    repos = kit("bot").rest.repos
    assert (await repos.async_get_commit(**SHOP, ref=sha)).parsed_data.files
    assert len((await repos.async_list_commits(**SHOP, sha=sha)).parsed_data) == 2
    compared = (await repos.async_compare_commits(**SHOP, basehead=f"main...{sha}")).parsed_data
    assert (compared.status, compared.ahead_by) == ("ahead", 1)
    assert (await repos.async_get_content(**SHOP, path="README.md")).parsed_data
    assert (await repos.async_get_content(**SHOP, path="src")).parsed_data
    written = await repos.async_create_or_update_file_contents(**SHOP, path="x.txt", message="m", content="eA==")
    assert written.parsed_data.commit.sha


async def test_workflows_and_their_runs(kit: Kit) -> None:
    actions = kit("bot").rest.actions
    workflow = (await actions.async_list_repo_workflows(**SHOP)).parsed_data.workflows[0]
    assert workflow.path == ".github/workflows/ci.yml"
    started = await actions.async_create_workflow_dispatch(
        **SHOP, workflow_id="ci.yml", ref="main", inputs={"nonce": "n7"}
    )
    run = (await actions.async_get_workflow_run(**SHOP, run_id=started.parsed_data.workflow_run_id)).parsed_data
    assert run.display_title == "ci n7"
    assert (await actions.async_list_workflow_runs_for_repo(**SHOP)).parsed_data.total_count == 1
