"""The room against a GitHub that others wrote: its webhooks are read, its workflows started, its tokens verified."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any, TypeVar

import aiohttp
import pytest

from bot.github import deployments, issues, reviews, workflows
from bot.github.app import GitHubApp
from bot.github.client import Client
from bot.github.exchange import Timeouts
from bot.github.oidc import TokenRefused, Verifier
from bot.github.oidc_keys import fetch_with
from bot.github.repos import Repo
from bot.github.webhooks import Concern, Ignored, MergeGroup, Result, read_delivery
from bot.github.workflows import DispatchedRun, DispatchRefused
from bot.runs.events import (
    ButtonPressed,
    ChecklistEdited,
    CommentCreated,
    Deployed,
    Place,
    PullChanged,
    Woken,
    WorkerRunChanged,
)
from bot.sandbox import Sandbox, control, generate_key
from tests.sandbox.conftest import Api, open_pull, write_branch

AUDIENCE = "https://stepwise.example"
SHOP = Repo("acme", "shop")
DISPATCH = "sw-0123456789abcdef0123"
WORKER = """
run-name: ${{ inputs.dispatch_id }} B02
on: { workflow_dispatch: { inputs: { dispatch_id: { required: true } } } }
permissions: { id-token: write }
jobs: { work: { runs-on: ubuntu-latest } }
"""
AsUser = Callable[[str], Api]
E = TypeVar("E")


@pytest.fixture(scope="module")
def key() -> str:
    return generate_key()


@pytest.fixture
async def sandbox(key: str) -> AsyncIterator[Sandbox]:
    """Nobody answers its webhooks; what it sent is kept all the same."""
    running = await Sandbox.start(webhook_url="http://127.0.0.1:9/", private_key_pem=key)
    running.app.permissions["deployments"] = "read"
    running.installation().permissions["deployments"] = "read"
    running.app.events += ["pull_request_review_comment", "deployment_status", "repository"]
    yield running
    await running.stop()


@pytest.fixture
def as_user(sandbox: Sandbox, session: aiohttp.ClientSession) -> AsUser:
    return lambda login: Api(session, sandbox.url, sandbox.tokens[login])


@pytest.fixture
def client(sandbox: Sandbox, session: aiohttp.ClientSession) -> Client:
    app = GitHubApp(
        session,
        api_url=sandbox.url,
        app_id=sandbox.app_id,
        private_key=sandbox.private_key_pem,
        clock=sandbox.clock.now,
    )
    return app.installation(sandbox.installation().id)


@pytest.fixture
def verifier(sandbox: Sandbox, session: aiohttp.ClientSession) -> Verifier:
    return Verifier(sandbox.url, AUDIENCE, fetch_with(session, Timeouts(5, 10)), sandbox.clock.now)


async def heard(sandbox: Sandbox) -> list[Result]:
    """What everything that was sent so far is read as."""
    await sandbox.settle()
    sent = [attempt.event for attempt in sandbox.hooks.attempts]
    return [read_delivery(event.name, event.body, sandbox.app_id) for event in sent]


async def concerns(sandbox: Sandbox, kind: type[E]) -> list[tuple[Concern, E]]:
    found = [one for one in await heard(sandbox) if isinstance(one, Concern)]
    return [(one, one.event) for one in found if isinstance(one.event, kind)]


async def with_worker(as_user: AsUser) -> None:
    await write_branch(as_user("olivia"), "main", {".github/workflows/worker.yml": WORKER})


async def started(client: Client) -> DispatchedRun:
    run = await workflows.dispatch(client, SHOP, "worker.yml", "main", {"dispatch_id": DISPATCH})
    assert run is not None
    return run


async def test_a_worker_is_started_found_followed_and_stopped(
    sandbox: Sandbox, client: Client, as_user: AsUser
) -> None:
    await with_worker(as_user)
    before = sandbox.clock.now() - timedelta(minutes=1)
    run = await started(client)
    found = await workflows.find_run(client, SHOP, "worker.yml", DISPATCH, created_after=before)
    assert found is not None
    assert (found.id, found.title, found.attempt) == (run.id, f"{DISPATCH} B02", 1)
    assert await workflows.cancel(client, SHOP, run.id) is True
    assert (await workflows.run(client, SHOP, run.id)).is_over
    assert await workflows.cancel(client, SHOP, run.id) is False
    changes = await concerns(sandbox, WorkerRunChanged)
    assert {(one.dispatch, event.workflow_run_id) for one, event in changes} == {(DISPATCH, run.id)}


async def test_a_worker_that_cannot_be_started_says_why(client: Client, as_user: AsUser) -> None:
    await with_worker(as_user)
    await write_branch(as_user("olivia"), "main", {".github/workflows/push.yml": "on: push\njobs: {}\n"})
    right = {"dispatch_id": DISPATCH}
    for file, ref, inputs, why in (
        ("missing.yml", "main", right, "workflow"),
        ("push.yml", "main", right, "trigger"),
        ("worker.yml", "no-such-branch", right, "ref"),
        ("worker.yml", "main", {**right, "nonce": "x"}, "inputs"),
        ("worker.yml", "main", {}, "inputs"),
    ):
        with pytest.raises(DispatchRefused) as caught:
            await workflows.dispatch(client, SHOP, file, ref, inputs)
        assert caught.value.why == why


async def minted(as_user: AsUser, run: int, **how: Any) -> str:
    body = {"repo": "acme/shop", "run_id": run, "aud": AUDIENCE, **how}
    answer = await as_user("olivia")("POST", "/_sandbox/oidc/token", json=body)
    assert answer.status == 200, answer.body
    return str(answer.body["token"])


async def test_a_workers_token_is_accepted(
    sandbox: Sandbox, client: Client, as_user: AsUser, verifier: Verifier
) -> None:
    await with_worker(as_user)
    run = await started(client)
    identity = await verifier.verify(await minted(as_user, run.id))
    shop = sandbox.repo("acme/shop")
    assert (identity.repository, identity.run_attempt) == ("acme/shop", 1)
    identity.expect(repository_id=shop.id, default_branch="main", workflow_file="worker.yml", workflow_run_id=run.id)


WRONG = {
    "audience": 401,
    "issuer": 401,
    "event": 403,
    "repository": 403,
    "run": 403,
    "workflow": 403,
    "ref": 403,
    "expired": 401,
    "future": 401,
    "key": 401,
    "unknown-kid": 401,
    "none": 401,
    "hs256": 401,
}


async def test_a_token_with_one_thing_wrong_is_refused(
    sandbox: Sandbox, client: Client, as_user: AsUser, verifier: Verifier
) -> None:
    await with_worker(as_user)
    run = await started(client)
    answers: dict[str, int] = {}
    for wrong in WRONG:
        token = await minted(as_user, run.id, wrong=wrong)
        with pytest.raises(TokenRefused) as caught:
            (await verifier.verify(token)).expect(
                repository_id=sandbox.repo("acme/shop").id,
                default_branch="main",
                workflow_file="worker.yml",
                workflow_run_id=run.id,
            )
        answers[wrong] = caught.value.status
    assert answers == WRONG


async def test_what_people_write_and_press_is_read(sandbox: Sandbox, client: Client, as_user: AsUser) -> None:
    coda, maria, ada = as_user("coda"), as_user("maria"), as_user("ada")
    bot = Api(coda.session, sandbox.url, sandbox.installation_token())
    pull = await open_pull(coda)
    number, sha = pull["number"], pull["head"]["sha"]
    path = f"/repos/acme/shop/pulls/{number}"
    await maria("POST", f"{path}/reviews", json={"event": "COMMENT", "body": "/status"})
    line = {"body": "/approve", "commit_id": sha, "path": "src/new.txt", "line": 1, "side": "RIGHT"}
    made = await maria("POST", f"{path}/comments", json=line)
    assert made.status == 201, made.body
    await reviews.react(client, SHOP, made.body["id"], "eyes")
    own = await bot("POST", f"/repos/acme/shop/issues/{number}/comments", json={"body": "- [ ] B01"})
    await ada("PATCH", f"/repos/acme/shop/issues/comments/{own.body['id']}", json={"body": "- [x] B01"})
    planning = await issues.create(client, SHOP, title="Plan again", body="<!-- marker -->")
    await maria("POST", f"/repos/acme/shop/issues/{planning.number}/comments", json={"body": "/execute"})

    written = await concerns(sandbox, CommentCreated)
    assert {(one.number, one.is_issue, event.place, event.body) for one, event in written} == {
        (number, False, Place.REVIEW, "/status"),
        (number, False, Place.REVIEW_COMMENT, "/approve"),
        (planning.number, True, Place.CONVERSATION, "/execute"),
    }
    ((_, edited),) = await concerns(sandbox, ChecklistEdited)
    assert (edited.by.login, edited.was, edited.now) == ("ada", "- [ ] B01", "- [x] B01")
    assert edited.at is not None
    found = await issues.find_own(client, SHOP, marker="<!-- marker -->", app_id=sandbox.app_id)
    assert found is not None
    assert found.number == planning.number


async def test_a_button_is_read_with_its_check_and_commit(sandbox: Sandbox, as_user: AsUser) -> None:
    coda = as_user("coda")
    bot = Api(coda.session, sandbox.url, sandbox.installation_token())
    sha = (await open_pull(coda))["head"]["sha"]
    run = {
        "name": "stepwise/plan",
        "head_sha": sha,
        "conclusion": "neutral",
        "output": {"title": "t", "summary": "s"},
        "actions": [{"label": "Approve", "description": "Approve the block", "identifier": "approve"}],
    }
    made = await bot("POST", "/repos/acme/shop/check-runs", json=run)
    shop = sandbox.repo("acme/shop")
    control.request_action(sandbox.hub, shop.check_runs[made.body["id"]], "approve", sandbox.user("maria"))
    ((concern, pressed),) = await concerns(sandbox, ButtonPressed)
    assert (concern.number, concern.sha, pressed.head_sha) == (None, sha, sha)
    assert (pressed.identifier, pressed.check, pressed.by.login) == ("approve", "stepwise/plan", "maria")


async def test_a_merge_group_and_the_way_into_it_are_read(sandbox: Sandbox, as_user: AsUser) -> None:
    shop, maria = sandbox.repo("acme/shop"), sandbox.user("maria")
    pull = await open_pull(as_user("coda"))
    number = pull["number"]
    control.set_ci(sandbox.hub, shop, pull["head"]["sha"], "tests", "success")
    control.protect(shop, "main", {"tests": None}, merge_queue=True)
    control.queue(sandbox.hub, shop, number, maria)
    control.queue(sandbox.hub, shop, number, maria, "MANUAL")
    results = await heard(sandbox)
    (group,) = [one for one in results if isinstance(one, MergeGroup)]
    assert (group.last_number, group.base_ref, group.repository_id) == (number, "main", shop.id)
    assert group.head_ref.startswith("gh-readonly-queue/main/pr-")
    assert shop.git.resolve(group.head_sha) == group.head_sha
    actions = [one.event.action for one in results if isinstance(one, Concern) and isinstance(one.event, PullChanged)]
    assert actions == ["opened", "enqueued", "dequeued"]


async def test_a_deployment_is_heard_of_and_then_read(sandbox: Sandbox, client: Client, as_user: AsUser) -> None:
    coda = as_user("coda")
    sha = (await open_pull(coda))["head"]["sha"]
    wanted = {"ref": sha, "environment": "staging", "required_contexts": [], "auto_merge": False}
    made = await coda("POST", "/repos/acme/shop/deployments", json=wanted)
    status = {"state": "success", "environment_url": "https://staging.example", "description": "up"}
    await coda("POST", f"/repos/acme/shop/deployments/{made.body['id']}/statuses", json=status)
    assert [one.sha for one, _ in await concerns(sandbox, Deployed)] == [sha]
    (found,), complete = await deployments.newest_of(client, SHOP, sha)
    assert (found.environment, found.state, found.url, complete) == (
        "staging",
        "success",
        "https://staging.example",
        True,
    )


async def test_a_renamed_repository_wakes_all_of_it_under_its_new_name(sandbox: Sandbox, as_user: AsUser) -> None:
    shop = sandbox.repo("acme/shop")
    answer = await as_user("olivia")("PATCH", "/repos/acme/shop", json={"name": "store"})
    assert answer.status == 200, answer.body
    woken = await concerns(sandbox, Woken)
    assert [(one.full_name, one.repository_id, one.number, one.base_branch) for one, _ in woken] == [
        ("acme/store", shop.id, None, None)
    ]


async def test_nothing_that_github_sends_is_misread(sandbox: Sandbox, client: Client, as_user: AsUser) -> None:
    await with_worker(as_user)
    await started(client)
    await open_pull(as_user("coda"))
    reasons = [one.reason for one in await heard(sandbox) if isinstance(one, Ignored)]
    assert not [reason for reason in reasons if "not as GitHub documents it" in reason]
