"""A coding agent that may push, open pull requests and start workflows, against what holds its merge."""

from __future__ import annotations

from bot.sandbox.faults import SecondaryLimit
from tests.e2e.scenario import BRANCH, Scenario
from tests.e2e.workers import POLICY, WORKFLOW, workers


async def decoy(github: Scenario) -> None:
    """A second pull request of the same head, into a branch that holds everything but its last commit."""
    below = (await github.commits())[1]["sha"]
    await github.api("POST", "/repos/acme/shop/git/refs", "coda", {"ref": "refs/heads/decoy", "sha": below})
    wanted = {"title": "Nothing to see", "head": BRANCH, "base": "decoy", "body": ""}
    await github.api("POST", "/repos/acme/shop/pulls", "coda", wanted)
    await github.settle()


async def test_a_pull_request_without_a_plan_does_not_cover_the_checks_of_one_that_has_one(github: Scenario) -> None:
    await github.started()
    await github.push({"infra/deploy.yaml": "replicas: 99\n"})
    await github.settle()
    before = await github.checks()
    await decoy(github)
    after = await github.checks()
    assert after["scope"].conclusion == "failure" and after["progress"].conclusion != "success"
    assert {name: check.id for name, check in after.items()} == {name: check.id for name, check in before.items()}


async def test_asking_for_the_checks_again_does_not_uncover_it_either(github: Scenario) -> None:
    await github.started()
    await github.push({"infra/deploy.yaml": "replicas: 99\n"})
    await github.settle()
    await decoy(github)
    scope = (await github.checks())["scope"]
    await github.api("POST", f"/repos/acme/shop/check-runs/{scope.id}/rerequest", "coda")
    await github.settle()
    assert (await github.checks())["scope"].conclusion == "failure"


async def test_a_worker_that_could_not_be_started_is_not_started_after_the_run_has_ended(github: Scenario) -> None:
    workflow = {".github/workflows/worker.yml": WORKFLOW.read_text(), ".github/stepwise.yml": POLICY}
    await github.push(workflow, branch="main", by="maria", message="Workers")
    github.sandbox.faults.add(SecondaryLimit(retry_after=90), path=r"/dispatches$", method="POST")
    await github.started()
    assert workers(github) == []
    await github.comment("/abort not like this")
    for _ in range(4):
        await github.wait(60)
    assert workers(github) == []


async def test_a_worker_that_could_not_be_started_at_once_is_started_later(github: Scenario) -> None:
    workflow = {".github/workflows/worker.yml": WORKFLOW.read_text(), ".github/stepwise.yml": POLICY}
    await github.push(workflow, branch="main", by="maria", message="Workers")
    github.sandbox.faults.add(SecondaryLimit(retry_after=90), path=r"/dispatches$", method="POST")
    await github.started()
    assert workers(github) == []
    for _ in range(2):
        await github.wait(60)
    assert len(workers(github)) == 1


LAX = "approvers: [oscar]\nrecord: off\n"


async def test_a_pull_request_into_a_branch_of_ones_own_with_a_lax_policy_passes_for_no_other(github: Scenario) -> None:
    """Checks belong to the commit: what a policy of somebody's own choosing lets pass must not free the real one."""
    await github.started()
    head = await github.block_pushed("B01")
    await github.push({".github/stepwise.yml": LAX}, branch="decoy", by="coda", message="A branch of my own")
    wanted = {"title": "Nothing to see", "head": BRANCH, "base": "decoy", "body": ""}
    second = (await github.api("POST", "/repos/acme/shop/pulls", "coda", wanted))["number"]
    await github.settle()
    for command in ("/execute", "/skip B01 x", "/skip B02 x", "/skip B03 x", "/verdict PASS"):
        await github.api("POST", f"/repos/acme/shop/issues/{second}/comments", "oscar", {"body": command})
        await github.settle()
    # Without a record of its own the second run passes on exactly this commit.
    assert await github.head() == head
    progress = (await github.checks(head))["progress"]
    assert progress.conclusion not in {"success", "neutral"}, progress.title


async def test_the_checks_are_free_again_once_the_other_pull_request_is_closed(github: Scenario) -> None:
    await github.started()
    for block in ("B01", "B02", "B03"):
        await github.block_pushed(block)
        await github.comment("/approve")
    await github.push({"docs/other.md": "x\n"}, branch="decoy", by="coda", message="A branch of my own")
    wanted = {"title": "Nothing to see", "head": BRANCH, "base": "decoy", "body": ""}
    second = (await github.api("POST", "/repos/acme/shop/pulls", "coda", wanted))["number"]
    await github.settle()
    await github.comment("/verdict PASS")
    assert (await github.checks())["progress"].conclusion not in {"success", "neutral"}
    await github.api("PATCH", f"/repos/acme/shop/pulls/{second}", "coda", {"state": "closed"})
    await github.settle()
    assert (await github.checks())["progress"].conclusion == "success"
