"""Workflow runs: dispatched with inputs, named, moved by the control API, run again, listed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest
from githubkit.webhooks import parse

from bot.sandbox import Sandbox
from tests.sandbox.conftest import Api, HookBox, open_pull, write_branch

AsUser = Callable[[str], Api]
SHOP = "/repos/acme/shop"
WORKER = """
name: worker
run-name: ${{ inputs.block }} ${{inputs.nonce}} by ${{ github.actor }} on ${{ github.ref_name || '?' }}
on:
  workflow_dispatch:
    inputs:
      block: { required: true, type: string }
      nonce: { type: string, default: n0 }
      dry: { type: boolean, default: true }
      level: { type: choice, options: [low, high] }
      tries: { type: number }
      note: { type: string }
permissions: { id-token: write, contents: read }
jobs:
  work: { runs-on: ubuntu-latest, name: "Work on ${{ inputs.block }}" }
  tidy: { runs-on: ubuntu-latest }
"""


@pytest.fixture
async def worker(as_user: AsUser, hookbox: HookBox, sandbox: Sandbox) -> AsyncIterator[str]:
    """Put a worker workflow on the default branch and forget the webhooks of that."""
    await write_branch(as_user("olivia"), "main", {".github/workflows/worker.yml": WORKER})
    await sandbox.settle()
    hookbox.got.clear()
    yield f"{SHOP}/actions/workflows/worker.yml/dispatches"


async def dispatched(api: Api, path: str, **inputs: Any) -> int:
    body = {"ref": "main", "inputs": {"block": "B01"} | inputs, "return_run_details": True}
    answer = await api("POST", path, json=body)
    assert answer.status == 200, answer.body
    number: int = answer.body["workflow_run_id"]
    return number


async def moved(api: Api, run: int, **how: Any) -> dict[str, Any]:
    answer = await api("POST", "/_sandbox/workflow-run", json={"repo": "acme/shop", "run_id": run, **how})
    assert answer.status == 200, answer.body
    body: dict[str, Any] = answer.body
    return body


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, "Required input 'block' not provided"),
        ({"block": ""}, "Required input 'block' not provided"),
        ({"block": "B01", "surprise": "x"}, 'Unexpected inputs provided: ["surprise"]'),
        ({"block": "B01", "dry": "maybe"}, "Provided value 'maybe' for input 'dry' not in the list of allowed values"),
        ({"block": "B01", "level": "mid"}, "Provided value 'mid' for input 'level' not in the list of allowed values"),
        ({"block": "B01", "tries": "many"}, "Provided value 'many' for input 'tries' is not a number"),
        ({"block": ["B01"]}, "Invalid request.\n\nFor 'properties/inputs/block', it is not a string."),
    ],
)
async def test_inputs_that_the_workflow_does_not_take_are_refused(
    as_bot: Api, worker: str, inputs: dict[str, Any], message: str
) -> None:
    answer = await as_bot("POST", worker, json={"ref": "main", "inputs": inputs})
    assert (answer.status, answer.body["message"]) == (422, message)


async def test_inputs_have_defaults_and_types(sandbox: Sandbox, as_bot: Api, worker: str) -> None:
    run = sandbox.repo("acme/shop").workflow_runs[await dispatched(as_bot, worker, tries=3, dry=False)]
    assert run.inputs == {"block": "B01", "nonce": "n0", "dry": False, "level": "low", "tries": "3", "note": ""}


async def test_the_run_is_named_by_inputs_and_context(as_bot: Api, worker: str) -> None:
    number = await dispatched(as_bot, worker, nonce="n7")
    run = (await as_bot("GET", f"{SHOP}/actions/runs/{number}")).body
    assert run["display_title"] == "B01 n7 by stepwise[bot] on main"
    assert (run["event"], run["head_branch"], run["actor"]["login"]) == ("workflow_dispatch", "main", "stepwise[bot]")


async def test_without_run_details_the_answer_is_empty(as_bot: Api, worker: str) -> None:
    body = {"ref": "main", "inputs": {"block": "B01"}}
    assert (await as_bot("POST", worker, json=body)).status == 204
    newer = {"X-GitHub-Api-Version": "2026-03-10"}
    assert (await as_bot("POST", worker, json=body, headers=newer)).status == 200


async def test_only_writers_and_apps_with_actions_write_dispatch(
    sandbox: Sandbox, as_user: AsUser, as_bot: Api, worker: str
) -> None:
    body = {"ref": "main", "inputs": {"block": "B01"}}
    assert (await as_user("rita")("POST", worker, json=body)).status == 403
    installed = sandbox.installation()
    as_bot.token = sandbox.hub.vault.issue(installed, installed.permissions | {"actions": "read"}, None).token
    assert (await as_bot("POST", worker, json=body)).status == 403
    assert (await as_bot("GET", f"{SHOP}/actions/runs")).body["total_count"] == 0


async def test_a_workflow_must_be_on_the_default_branch_and_runs_as_it_is_on_the_ref(
    as_user: AsUser, as_bot: Api, worker: str
) -> None:
    other = WORKER.replace("name: worker", "name: changed")
    await write_branch(as_user("olivia"), "topic", {".github/workflows/worker.yml": other, "a.txt": "a\n"})
    await write_branch(as_user("olivia"), "topic", {".github/workflows/only-here.yml": WORKER})
    only_here = worker.replace("worker.yml", "only-here.yml")
    assert (await as_bot("POST", only_here, json={"ref": "topic", "inputs": {"block": "B"}})).status == 404
    body = {"ref": "topic", "inputs": {"block": "B"}, "return_run_details": True}
    number = (await as_bot("POST", worker, json=body)).body["workflow_run_id"]
    assert (await as_bot("GET", f"{SHOP}/actions/runs/{number}")).body["name"] == "changed"


async def test_a_run_goes_its_way_and_the_app_hears_of_it(
    sandbox: Sandbox, as_bot: Api, worker: str, hookbox: HookBox
) -> None:
    number = await dispatched(as_bot, worker)
    await moved(as_bot, number, action="start")
    await moved(as_bot, number, action="complete", conclusion="failure")
    await sandbox.settle()
    for hook in hookbox.got:
        parse(hook.event, hook.raw)
    told = [one for one in hookbox.got if one.event == "workflow_run"]
    assert [one.name for one in told] == [f"workflow_run.{what}" for what in ("requested", "in_progress", "completed")]
    assert {one.payload["workflow_run"]["run_attempt"] for one in told} == {1}
    assert told[-1].payload["workflow_run"]["conclusion"] == "failure"


async def test_a_run_shows_as_checks_of_the_actions_app(
    sandbox: Sandbox, as_bot: Api, worker: str, hookbox: HookBox
) -> None:
    number = await dispatched(as_bot, worker)
    run = await moved(as_bot, number, action="complete", conclusion="success")
    checks = (await as_bot("GET", f"{SHOP}/check-suites/{run['check_suite_id']}/check-runs")).body["check_runs"]
    assert {(one["name"], one["conclusion"]) for one in checks} == {("Work on B01", "success"), ("tidy", "success")}
    assert {one["app"]["slug"] for one in checks} == {"github-actions"}
    jobs = (await as_bot("GET", f"{SHOP}/actions/runs/{number}/jobs")).body["jobs"]
    assert {one["id"] for one in jobs} == {one["id"] for one in checks}
    assert (await as_bot("GET", f"{SHOP}/actions/jobs/{jobs[0]['id']}")).body["run_id"] == number
    await sandbox.settle()
    assert hookbox.last("check_suite.completed")["check_suite"]["app"]["id"] == 15368
    refused = await as_bot("PATCH", f"{SHOP}/check-runs/{checks[0]['id']}", json={"conclusion": "success"})
    assert refused.status == 403


async def test_running_again_keeps_the_id_and_raises_the_attempt(
    sandbox: Sandbox, as_bot: Api, as_user: AsUser, worker: str, hookbox: HookBox
) -> None:
    number = await dispatched(as_bot, worker)
    path = f"{SHOP}/actions/runs/{number}"
    assert (await as_user("ada")("POST", f"{path}/rerun")).status == 403
    await moved(as_bot, number, action="complete", conclusion="failure")
    assert (await as_user("ada")("POST", f"{path}/rerun")).status == 201
    run = (await as_bot("GET", path)).body
    assert (run["id"], run["run_attempt"], run["status"], run["conclusion"]) == (number, 2, "queued", None)
    assert (run["actor"]["login"], run["triggering_actor"]["login"]) == ("stepwise[bot]", "ada")
    first = (await as_bot("GET", f"{path}/attempts/1")).body
    assert (first["run_attempt"], first["conclusion"]) == (1, "failure")
    assert (await as_bot("GET", f"{path}/attempts/3")).status == 404
    assert (await as_bot("GET", f"{path}/jobs?filter=all")).body["total_count"] == 4
    await sandbox.settle()
    assert hookbox.last("workflow_run.requested")["workflow_run"]["run_attempt"] == 2
    assert hookbox.last("workflow_run.requested")["sender"]["login"] == "ada"
    await moved(as_bot, number, action="complete", conclusion="success")
    assert (await moved(as_bot, number, action="rerun", login="maria"))["run_attempt"] == 3


async def test_a_run_is_cancelled_once(as_bot: Api, worker: str) -> None:
    path = f"{SHOP}/actions/runs/{await dispatched(as_bot, worker)}"
    assert (await as_bot("POST", f"{path}/cancel")).status == 202
    assert (await as_bot("GET", path)).body["conclusion"] == "cancelled"
    assert (await as_bot("POST", f"{path}/cancel")).status == 409
    assert (await as_bot("POST", f"{path}/force-cancel")).status == 409


@pytest.mark.parametrize(
    ("webhook", "before", "after"), [("first", 1, 0), ("later", 0, 1), ("never", 0, 0)], ids=["first", "later", "never"]
)
async def test_the_webhook_comes_before_the_answer_or_after_it_or_never(
    sandbox: Sandbox, as_bot: Api, worker: str, hookbox: HookBox, webhook: str, before: int, after: int
) -> None:
    assert (await as_bot("POST", "/_sandbox/dispatch-order", json={"webhook": webhook})).status == 200
    await dispatched(as_bot, worker)
    assert hookbox.names().count("workflow_run.requested") == before
    await sandbox.settle()
    assert hookbox.names().count("workflow_run.requested") == before
    await as_bot("POST", "/_sandbox/release")
    await sandbox.settle()
    assert hookbox.names().count("workflow_run.requested") == before + after


async def test_runs_are_filtered(sandbox: Sandbox, as_bot: Api, as_user: AsUser, worker: str) -> None:
    sandbox.clock.freeze()
    day = sandbox.clock.now().date().isoformat()
    first = await dispatched(as_bot, worker)
    sandbox.clock.advance(86_400)
    second = await dispatched(as_user("ada"), worker)
    run = await moved(as_bot, second, action="complete", conclusion="failure")

    reader = as_user("rita")

    async def found(query: str) -> list[int]:
        return [one["id"] for one in (await reader("GET", f"{SHOP}/actions/runs?{query}")).body["workflow_runs"]]

    assert await found("") == [second, first]
    assert await found("actor=ada") == [second]
    assert await found("status=failure") == await found("status=completed") == [second]
    assert await found("status=queued") == [first]
    assert await found("branch=topic") == await found("event=push") == await found(f"head_sha={'0' * 40}") == []
    assert await found(f"check_suite_id={run['check_suite_id']}") == [second]
    assert await found(f"created={day}") == await found(f"created=<={day}") == [first]
    assert await found(f"created=>{day}") == [second]
    assert await found(f"created={day}..*") == [second, first]
    assert (await reader("GET", f"{SHOP}/actions/runs?created=soon")).status == 422
    assert (await reader("GET", f"{SHOP}/actions/workflows/worker.yml/runs")).body["total_count"] == 2
    assert (await reader("GET", f"{SHOP}/actions/workflows/ci.yml/runs")).body["total_count"] == 0


async def test_a_pull_request_starts_a_workflow(as_bot: Api, as_user: AsUser, worker: str) -> None:
    pull = await open_pull(as_user("coda"))
    body = {"repo": "acme/shop", "workflow": "ci.yml", "event": "pull_request", "number": 1, "login": "coda"}
    run = (await as_bot("POST", "/_sandbox/workflow-run", json=body)).body
    assert (run["event"], run["head_sha"], run["display_title"]) == ("pull_request", pull["head"]["sha"], "ci")
    assert [one["number"] for one in run["pull_requests"]] == [1]
    runs = (await as_bot("GET", f"{SHOP}/commits/{pull['head']['sha']}/check-runs")).body["check_runs"]
    assert [one["app"]["slug"] for one in runs] == ["github-actions"]


async def test_the_token_of_a_run_does_what_its_workflow_may_and_dies_with_it(
    sandbox: Sandbox, as_bot: Api, as_user: AsUser, session: aiohttp.ClientSession
) -> None:
    asked = WORKER.replace("contents: read", "contents: write, pull-requests: read, checks: write")
    path = f"{SHOP}/actions/workflows/worker.yml/dispatches"
    await write_branch(as_user("olivia"), "main", {".github/workflows/worker.yml": asked})
    await open_pull(as_user("coda"))
    run: dict[str, Any] = {"repo": "acme/shop", "run_id": await dispatched(as_bot, path)}
    made = (await as_bot("POST", f"{SHOP}/check-runs", json={"name": "n", "head_sha": head_of(sandbox)})).body
    worker = Api(session, sandbox.url, (await as_bot("POST", "/_sandbox/workflow-token", json=run)).body["token"])
    sha = await write_branch(worker, "feature/x", {"done.txt": "done\n"})
    assert (await as_bot("GET", f"{SHOP}/pulls/1")).body["head"]["sha"] == sha
    await sandbox.settle()
    pushed = [one.event.payload for one in sandbox.hooks.attempts if one.event.action == "synchronize"][-1]
    assert pushed["sender"]["login"] == "github-actions[bot]"
    assert (await worker("POST", f"{SHOP}/issues/1/comments", json={"body": "x"})).status == 403
    refused = await worker("PATCH", f"{SHOP}/check-runs/{made['id']}", json={"status": "queued"})
    assert (refused.status, "Invalid app_id `15368`" in refused.body["message"]) == (403, True)
    assert (await worker("GET", "/repos/acme/ledger")).status == 404
    await moved(as_bot, run["run_id"], action="complete", conclusion="success")
    assert (await worker("GET", SHOP)).status == 401
    assert (await as_bot("POST", "/_sandbox/workflow-token", json=run)).status == 422


def head_of(sandbox: Sandbox) -> str:
    sha = sandbox.repo("acme/shop").git.branch("main")
    assert sha is not None
    return sha


async def test_a_run_takes_only_states_that_github_knows(as_bot: Api, worker: str) -> None:
    number = await dispatched(as_bot, worker)
    for wrong in ({"status": "lost"}, {"status": "completed"}, {"status": "queued", "conclusion": "success"}):
        body = {"repo": "acme/shop", "run_id": number, **wrong}
        assert (await as_bot("POST", "/_sandbox/workflow-run", json=body)).status == 400
    await moved(as_bot, number, action="complete", conclusion="success")
    over = {"repo": "acme/shop", "run_id": number, "action": "start"}
    assert (await as_bot("POST", "/_sandbox/workflow-run", json=over)).status == 409
