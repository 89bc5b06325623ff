from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.github import workflows
from bot.github.client import Client
from bot.github.errors import Forbidden, NotFound, Unavailable, Unprocessable, UnsafeValue
from bot.github.repos import Repo
from bot.github.workflows import DispatchedRun, DispatchRefused
from tests.github.conftest import FakeGitHub, Reply

DISPATCHES = "/repos/octo/plans/actions/workflows/worker.yml/dispatches"
RUNS = "/repos/octo/plans/actions/runs"
WORKER_RUNS = "/repos/octo/plans/actions/workflows/worker.yml/runs"
DISPATCH = "sw-0123456789abcdef0123"
NOON = datetime(2026, 5, 1, 12, 0, 0, 500_000, tzinfo=UTC)


def run(number: int = 31, title: str = f"B02 [{DISPATCH}]", **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "run_attempt": 1,
        "display_title": title,
        "path": ".github/workflows/worker.yml",
        "event": "workflow_dispatch",
        "status": "in_progress",
        "conclusion": None,
        "head_branch": "main",
        "head_sha": "a" * 40,
        "html_url": f"https://github.example/octo/plans/actions/runs/{number}",
        "actor": {"login": "stepwise[bot]"},
        "created_at": "2026-05-01T12:00:00Z",
        "updated_at": "2026-05-01T12:00:05Z",
        **more,
    }


def refusal(status: int, message: str) -> Reply:
    return Reply({"message": message, "documentation_url": "https://docs.example"}, status)


async def start(client: Client, repo: Repo, **inputs: str) -> DispatchedRun | None:
    return await workflows.dispatch(client, repo, "worker.yml", "main", {"dispatch": DISPATCH, **inputs})


async def test_a_dispatch_asks_which_run_came_of_it(github: FakeGitHub, client: Client, repo: Repo) -> None:
    github.on("POST", DISPATCHES, Reply({"workflow_run_id": 31, "run_url": "u", "html_url": "https://h/31"}))
    assert await start(client, repo) == DispatchedRun(31, "https://h/31")
    (request,) = github.requests()
    assert request.body == {"ref": "main", "inputs": {"dispatch": DISPATCH}, "return_run_details": True}


async def test_a_server_that_tells_nothing_has_started_it_all_the_same(
    github: FakeGitHub, client: Client, repo: Repo
) -> None:
    github.on("POST", DISPATCHES, Reply(status=204))
    assert await start(client, repo) is None
    assert len(github.requests()) == 1


@pytest.mark.parametrize("details", [{}, {"workflow_run_id": "31"}, {"workflow_run_id": None}, [], "started"])
async def test_odd_details_do_not_hide_that_it_was_started(
    github: FakeGitHub, client: Client, repo: Repo, details: Any
) -> None:
    github.on("POST", DISPATCHES, Reply(details))
    assert await start(client, repo) is None


@pytest.mark.parametrize(
    "unknown",
    [
        refusal(400, "Invalid request."),
        refusal(422, 'Invalid request.\n\n"return_run_details" is not a permitted key.'),
    ],
)
async def test_a_server_that_does_not_know_the_field_is_asked_again_without_it(
    github: FakeGitHub, client: Client, repo: Repo, unknown: Reply
) -> None:
    github.on("POST", DISPATCHES, unknown, Reply(status=204))
    assert await start(client, repo) is None
    assert [sorted(seen.body) for seen in github.requests()] == [
        ["inputs", "ref", "return_run_details"],
        ["inputs", "ref"],
    ]


@pytest.mark.parametrize(
    ("reply", "why", "words"),
    [
        (refusal(404, "Not Found"), "workflow", "There is no workflow worker.yml on the default branch of octo/plans"),
        (
            refusal(422, "Workflow does not have 'workflow_dispatch' trigger"),
            "trigger",
            "The workflow worker.yml has no workflow_dispatch trigger",
        ),
        (
            refusal(422, "Cannot trigger a 'workflow_dispatch' on a disabled workflow"),
            "disabled",
            "The workflow worker.yml is disabled",
        ),
        (
            refusal(422, 'Unexpected inputs provided: ["dispatch"]'),
            "inputs",
            'The workflow worker.yml does not take these inputs: Unexpected inputs provided: ["dispatch"]',
        ),
        (
            refusal(422, "Required input 'target' not provided"),
            "inputs",
            "The workflow worker.yml does not take these inputs: Required input 'target' not provided",
        ),
        (refusal(422, "No ref found for: main"), "ref", "There is no branch or tag 'main'"),
    ],
)
async def test_what_is_wrong_in_the_repository_is_said_in_words(
    github: FakeGitHub, client: Client, repo: Repo, reply: Reply, why: str, words: str
) -> None:
    github.on("POST", DISPATCHES, reply)
    with pytest.raises(DispatchRefused) as caught:
        await start(client, repo)
    assert (caught.value.why, caught.value.message, caught.value.status) == (why, words, reply.status)
    assert len(github.requests()) == 1


async def test_a_refusal_after_the_second_try_is_told_apart_too(github: FakeGitHub, client: Client, repo: Repo) -> None:
    github.on("POST", DISPATCHES, refusal(400, "Invalid request."), refusal(422, "No ref found for: main"))
    with pytest.raises(DispatchRefused) as caught:
        await start(client, repo)
    assert caught.value.why == "ref"


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (refusal(422, "Something new"), Unprocessable),
        (refusal(403, "Resource not accessible by integration"), Forbidden),
        (Reply(drop=True), Unavailable),
    ],
)
async def test_other_errors_stay_what_they_are(
    github: FakeGitHub, client: Client, repo: Repo, reply: Reply, kind: type[Exception]
) -> None:
    github.on("POST", DISPATCHES, reply)
    with pytest.raises(kind) as caught:
        await start(client, repo)
    assert getattr(caught.value, "may_have_happened") is (kind is Unavailable)  # noqa: B009 - any of three kinds
    assert len(github.requests()) == 1


@pytest.mark.parametrize(
    "file", ["", "worker", "../worker.yml", "a/b.yml", "worker.yml?x", "a b.yml", "worker.yml\n", "7", "x.yamlx"]
)
async def test_a_name_that_is_no_workflow_file_is_never_sent(
    github: FakeGitHub, client: Client, repo: Repo, file: str
) -> None:
    with pytest.raises(UnsafeValue):
        await workflows.dispatch(client, repo, file, "main", {})
    with pytest.raises(UnsafeValue):
        await workflows.find_run(client, repo, file, DISPATCH)
    assert github.seen == []


@pytest.mark.parametrize("inputs", [{str(n): "" for n in range(26)}, {"brief": "x" * 65_536}])
async def test_inputs_beyond_githubs_limits_are_never_sent(
    github: FakeGitHub, client: Client, repo: Repo, inputs: dict[str, str]
) -> None:
    with pytest.raises(DispatchRefused) as caught:
        await workflows.dispatch(client, repo, "worker.yml", "main", inputs)
    assert (caught.value.why, github.seen) == ("inputs", [])


async def test_a_run_is_read(github: FakeGitHub, client: Client, repo: Repo) -> None:
    over = run(status="completed", conclusion="success", run_attempt=3, path=".github/workflows/worker.yml@main")
    github.on("GET", f"{RUNS}/31", Reply(over))
    found = await workflows.run(client, repo, 31)
    assert (found.id, found.attempt, found.conclusion, found.is_over) == (31, 3, "success", True)
    assert (found.path, found.actor, found.head_branch) == (".github/workflows/worker.yml", "stepwise[bot]", "main")
    with pytest.raises(NotFound):
        await workflows.run(client, repo, 32)


async def test_a_run_is_found_by_the_dispatch_in_its_title(github: FakeGitHub, client: Client, repo: Repo) -> None:
    others = [run(9, "B02"), run(8, f"B02 [sw-{'f' * 20}]"), run(7, f"{DISPATCH} sw-{'f' * 20}"), run(6, event="push")]
    link = {"link": f'<{WORKER_RUNS}?page=2>; rel="next"'}
    github.on("GET", WORKER_RUNS, Reply({"workflow_runs": others}, headers=link))
    github.on("GET", f"{WORKER_RUNS}?page=2", Reply({"workflow_runs": [run(5), run(4)]}))
    found = await workflows.find_run(client, repo, "worker.yml", DISPATCH)
    assert found is not None
    assert found.id == 4, "the first one started, should somebody have started another under the same id"
    assert await workflows.find_run(client, repo, "worker.yml", f"sw-{'e' * 20}") is None
    assert await workflows.find_run(client, repo, "worker.yml", "") is None


async def test_the_search_for_a_run_stops_at_the_page_that_has_it(
    github: FakeGitHub, client: Client, repo: Repo
) -> None:
    link = {"link": f'<{WORKER_RUNS}?page=2>; rel="next"'}
    github.on("GET", WORKER_RUNS, Reply({"workflow_runs": [run(5)]}, headers=link))
    assert await workflows.find_run(client, repo, "worker.yml", DISPATCH, created_after=NOON) is not None
    assert len(github.requests()) == 1


async def test_a_run_that_is_over_cannot_be_cancelled(github: FakeGitHub, client: Client, repo: Repo) -> None:
    github.on("POST", f"{RUNS}/31/cancel", Reply({}, 202), refusal(409, "Cannot cancel a workflow run"))
    assert await workflows.cancel(client, repo, 31) is True
    assert await workflows.cancel(client, repo, 31) is False
    with pytest.raises(NotFound):
        await workflows.cancel(client, repo, 32)
