from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.github import deliveries
from bot.github.app import GitHubApp
from bot.github.errors import UnexpectedAnswer
from tests.github.conftest import FakeClock, FakeGitHub, Reply

LIST = "/app/hook/deliveries"


def attempt(number: int, clock: FakeClock, minutes_ago: int, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "guid": f"guid-{number}",
        "delivered_at": (clock.now - timedelta(minutes=minutes_ago)).isoformat(),
        "redelivery": False,
        "duration": 0.1,
        "status": "OK",
        "status_code": 202,
        "event": "push",
        "action": None,
        "installation_id": 5,
        "repository_id": 7,
        **more,
    }


async def test_attempts_of_every_outcome_are_read_back_to_a_time(
    github: FakeGitHub, app: GitHubApp, clock: FakeClock
) -> None:
    no_answer = attempt(2, clock, 2, status="timed out", status_code=0)
    first = [attempt(1, clock, 1), no_answer]
    second = [attempt(3, clock, 3, status="Invalid HTTP Response: 500", status_code=500), attempt(4, clock, 90)]
    github.on("GET", f"{LIST}?per_page=100", Reply(first, headers={"link": f'<{LIST}?cursor=v1_2>; rel="next"'}))
    github.on("GET", f"{LIST}?cursor=v1_2", Reply(second, headers={"link": f'<{LIST}?cursor=v1_4>; rel="next"'}))
    found, complete = await deliveries.since(app.as_app(), clock.now - timedelta(hours=1))
    assert [(one.id, one.was_accepted) for one in found] == [(1, True), (2, False), (3, False)]
    assert complete
    assert all(seen.headers["authorization"].startswith("bearer ") for seen in github.seen)


async def test_a_log_longer_than_wanted_is_not_complete(github: FakeGitHub, app: GitHubApp, clock: FakeClock) -> None:
    github.on("GET", LIST, Reply([attempt(number, clock, 1) for number in range(5)]))
    found, complete = await deliveries.since(app.as_app(), clock.now - timedelta(hours=1), limit=3)
    assert (len(found), complete) == (3, False)


async def test_one_attempt_is_read_with_what_was_sent(github: FakeGitHub, app: GitHubApp, clock: FakeClock) -> None:
    sent = {"headers": {"X-GitHub-Event": "push"}, "payload": {"ref": "x"}}
    github.on("GET", f"{LIST}/9", Reply({**attempt(9, clock, 1), "request": sent, "response": {}}))
    found = await deliveries.get(app.as_app(), 9)
    assert (found.delivery.guid, found.headers, found.payload) == ("guid-9", {"X-GitHub-Event": "push"}, {"ref": "x"})


async def test_a_redelivery_is_asked_for(github: FakeGitHub, app: GitHubApp) -> None:
    github.on("POST", f"{LIST}/9/attempts", Reply({}, 202))
    await deliveries.redeliver(app.as_app(), 9)
    assert github.calls() == [f"POST {LIST}/9/attempts"]


@pytest.mark.parametrize("time", ["yesterday", None, 5])
async def test_an_attempt_without_a_time_is_an_error(
    github: FakeGitHub, app: GitHubApp, clock: FakeClock, time: object
) -> None:
    github.on("GET", LIST, Reply([attempt(1, clock, 1, delivered_at=time)]))
    with pytest.raises(UnexpectedAnswer, match="delivered_at"):
        await deliveries.since(app.as_app(), clock.now)
