from __future__ import annotations

from typing import Any

import pytest

from bot.github import checks
from bot.github.checks import Action, Annotation, Output, Report
from bot.github.client import Client
from bot.github.errors import Forbidden
from bot.github.repos import Repo
from tests.github.conftest import FakeGitHub, Reply

SHA = "a" * 40
RUNS = f"/repos/octo/plans/commits/{SHA}/check-runs"


def run(number: int, name: str = "ci", app: int | None = 1, suite: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "name": name,
        "head_sha": SHA,
        "status": "completed",
        "conclusion": "success",
        "app": None if app is None else {"id": app, "slug": "actions"},
        "check_suite": {"id": suite},
        "output": {"title": None, "summary": None},
        "started_at": "2026-05-01T12:00:00Z",
        "completed_at": None,
        **more,
    }


def annotation(line: int) -> Annotation:
    return Annotation("a.py", line, line, "failure", "outside the scope")


async def test_the_newest_run_of_each_app_and_name_counts(github: FakeGitHub, client: Client, repo: Repo) -> None:
    old, new = run(1, suite=1, conclusion="failure"), run(9, suite=2)
    link = {"link": f'<{RUNS}?page=2>; rel="next"'}
    github.on("GET", RUNS, Reply({"total_count": 4, "check_runs": [new, run(3, app=2)]}, headers=link))
    github.on("GET", f"{RUNS}?page=2", Reply({"total_count": 4, "check_runs": [old, run(4, app=None)]}))
    found, complete = await checks.runs_for(client, repo, SHA)
    assert {(one.app_id, one.name): one.id for one in found} == {(1, "ci"): 9, (2, "ci"): 3, (None, "ci"): 4}
    assert complete
    assert github.requests()[0].query == "filter=latest&per_page=100"


async def test_a_thousand_suites_are_not_known_to_be_all(github: FakeGitHub, client: Client, repo: Repo) -> None:
    many = [run(number, suite=number) for number in range(1000)]
    github.on("GET", RUNS, Reply({"check_runs": many}), Reply({"check_runs": many[1:]}))
    assert (await checks.runs_for(client, repo, SHA))[1] is False
    assert (await checks.runs_for(client, repo, SHA))[1] is True


async def test_the_statuses_of_all_pages_are_read(github: FakeGitHub, client: Client, repo: Repo) -> None:
    path = f"/repos/octo/plans/commits/{SHA}/status"
    one = {"context": "ci/a", "state": "success", "description": None, "target_url": None, "updated_at": None}
    github.on("GET", path, Reply({"statuses": [one]}, headers={"link": f'<{path}?page=2>; rel="next"'}))
    github.on("GET", f"{path}?page=2", Reply({"statuses": [{**one, "context": "ci/b", "state": "pending"}]}))
    found, complete = await checks.statuses_for(client, repo, SHA)
    assert ([(one.context, one.state) for one in found], complete) == (
        [("ci/a", "success"), ("ci/b", "pending")],
        True,
    )


async def test_annotations_are_sent_fifty_at_a_time_with_title_and_summary_again(
    github: FakeGitHub, client: Client, repo: Repo
) -> None:
    github.on("POST", "/repos/octo/plans/check-runs", Reply(run(8, "stepwise/scope"), 201))
    github.on("PATCH", "/repos/octo/plans/check-runs/8", Reply(run(8, "stepwise/scope")))
    output = Output("2 outside", "summary", "text", tuple(annotation(line) for line in range(1, 121)))
    report = Report("completed", "failure", output)
    created = await checks.create(client, repo, name="stepwise/scope", head_sha=SHA, report=report)
    assert created.id == 8
    bodies = [seen.body for seen in github.requests()]
    assert [len(body["output"]["annotations"]) for body in bodies] == [50, 50, 20]
    lines = [one["start_line"] for body in bodies for one in body["output"]["annotations"]]
    assert lines == list(range(1, 121))
    assert all((body["output"]["title"], body["output"]["summary"]) == ("2 outside", "summary") for body in bodies)
    assert bodies[0]["name"] == "stepwise/scope"
    assert bodies[0]["conclusion"] == "failure"
    assert "conclusion" not in bodies[1]


async def test_fifty_annotations_are_one_call(github: FakeGitHub, client: Client, repo: Repo) -> None:
    github.on("PATCH", "/repos/octo/plans/check-runs/8", Reply(run(8)))
    output = Output("t", "s", annotations=tuple(annotation(line) for line in range(1, 51)))
    await checks.update(client, repo, 8, Report("in_progress", output=output))
    assert len(github.requests()) == 1


async def test_an_update_sends_what_is_given_and_nothing_else(github: FakeGitHub, client: Client, repo: Repo) -> None:
    github.on("PATCH", "/repos/octo/plans/check-runs/8", Reply(run(8)))
    button = Action("Approve block", "Approve the block that waits", "approve")
    await checks.update(client, repo, 8, Report("queued"))
    await checks.update(
        client,
        repo,
        8,
        Report("completed", "success", details_url="https://x.example", external_id="run-1", actions=(button,)),
    )
    first, second = (seen.body for seen in github.requests())
    assert first == {"status": "queued"}
    assert second == {
        "status": "completed",
        "conclusion": "success",
        "details_url": "https://x.example",
        "external_id": "run-1",
        "actions": [{"label": "Approve block", "description": "Approve the block that waits", "identifier": "approve"}],
    }


async def test_the_run_of_another_app_cannot_be_changed(github: FakeGitHub, client: Client, repo: Repo) -> None:
    words = "Invalid app_id `17` - check run can only be modified by the GitHub App that created it."
    github.on("PATCH", "/repos/octo/plans/check-runs/8", Reply({"message": words}, 403))
    with pytest.raises(Forbidden, match="can only be modified by the GitHub App"):
        await checks.update(client, repo, 8, Report("queued"))


def test_texts_end_where_github_ends_them() -> None:
    assert Output("t", "x" * 65_535, "y" * 65_535)
    with pytest.raises(ValueError, match="65535"):
        Output("t", "x" * 65_536)
    with pytest.raises(ValueError, match="65535"):
        Output("t", "x", "y" * 65_536)


@pytest.mark.parametrize(("label", "description", "identifier"), [(21, 1, 1), (1, 41, 1), (1, 1, 21)])
def test_a_button_takes_only_so_many_characters(label: int, description: int, identifier: int) -> None:
    with pytest.raises(ValueError, match="button"):
        Action("x" * label, "x" * description, "x" * identifier)


def test_a_check_has_three_buttons_at_most_and_a_conclusion_only_when_completed() -> None:
    with pytest.raises(ValueError, match="buttons"):
        Report("completed", "success", actions=(Action("a", "b", "c"),) * 4)
    with pytest.raises(ValueError, match="conclusion"):
        Report("completed")
    with pytest.raises(ValueError, match="conclusion"):
        Report("in_progress", "success")
