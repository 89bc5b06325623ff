"""Things go wrong on purpose, before or after the effect; and the clock moves when told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import aiohttp
import pytest

from bot.sandbox import Answer, Hang, PrimaryLimit, Reset, Sandbox, SecondaryLimit
from tests.sandbox.conftest import Api, open_pull

AsUser = Callable[[str], Api]


async def test_the_second_call_fails_and_the_third_does_not(sandbox: Sandbox, as_bot: Api) -> None:
    sandbox.faults.add(Answer(502, {"message": "Bad Gateway"}), path="/repos/acme/shop$", method="GET", nth=2)
    assert [(await as_bot("GET", "/repos/acme/shop")).status for _ in range(3)] == [200, 502, 200]


@pytest.mark.parametrize(("after", "comments"), [(False, 0), (True, 1)])
async def test_a_connection_is_cut_before_or_after_the_effect(
    sandbox: Sandbox, as_user: AsUser, as_bot: Api, after: bool, comments: int
) -> None:
    number = (await open_pull(as_user("coda")))["number"]
    path = f"/repos/acme/shop/issues/{number}/comments"
    sandbox.faults.add(Reset(after=after), path="/comments$", method="POST")
    with pytest.raises(aiohttp.ClientError):
        await as_bot("POST", path, json={"body": "x"})
    assert len((await as_bot("GET", path)).body) == comments


async def test_an_answer_is_lost_though_the_effect_was_done(sandbox: Sandbox, as_user: AsUser, as_bot: Api) -> None:
    number = (await open_pull(as_user("coda")))["number"]
    path = f"/repos/acme/shop/issues/{number}/comments"
    sandbox.faults.add(Answer(500, after=True), path="/comments$", method="POST")
    assert (await as_bot("POST", path, json={"body": "x"})).status == 500
    assert len((await as_bot("GET", path)).body) == 1


async def test_a_call_that_hangs_ends_by_the_callers_own_limit(sandbox: Sandbox, as_bot: Api) -> None:
    sandbox.faults.add(Hang(), path="/repos/acme/shop")
    with pytest.raises(asyncio.TimeoutError):
        await as_bot("GET", "/repos/acme/shop", timeout=aiohttp.ClientTimeout(total=0.05))


async def test_limits_look_like_githubs(sandbox: Sandbox, as_bot: Api) -> None:
    sandbox.faults.add(PrimaryLimit(reset_in=90))
    sandbox.faults.add(SecondaryLimit(403, retry_after=7), nth=1)
    sandbox.faults.add(SecondaryLimit(429, retry_after=None), nth=1)
    primary, with_wait, without = [await as_bot("GET", "/repos/acme/shop") for _ in range(3)]
    assert (primary.status, primary.headers["x-ratelimit-remaining"]) == (403, "0")
    assert int(primary.headers["x-ratelimit-reset"]) - int(sandbox.clock.timestamp()) in (89, 90)
    assert (with_wait.status, with_wait.headers["retry-after"]) == (403, "7")
    assert int(with_wait.headers["x-ratelimit-remaining"]) > 0
    assert "secondary rate limit" in with_wait.body["message"]
    assert without.status == 429
    assert "retry-after" not in without.headers


async def test_the_clock_stands_still_and_moves_when_told(sandbox: Sandbox, as_user: AsUser, as_bot: Api) -> None:
    moment = datetime(2030, 5, 1, 12, 0, tzinfo=UTC)
    sandbox.clock.freeze(moment)
    assert (await open_pull(as_user("coda")))["created_at"] == "2030-05-01T12:00:00Z"
    sandbox.clock.advance(86_400)
    assert sandbox.clock.now() == datetime(2030, 5, 2, 12, 0, tzinfo=UTC)
    sandbox.clock.resume()
    assert sandbox.clock.now() >= datetime(2030, 5, 2, 12, 0, tzinfo=UTC)


async def test_everything_can_be_done_over_http(sandbox: Sandbox, as_user: AsUser, anonymous: Api) -> None:
    sha = (await open_pull(as_user("coda")))["head"]["sha"]
    green = {"repo": "acme/shop", "sha": sha, "name": "tests", "conclusion": "success"}
    assert (await anonymous("POST", "/_sandbox/ci", json=green)).body["conclusion"] == "success"
    assert (await anonymous("POST", "/_sandbox/settle")).body["attempts"] > 3
    assert (await anonymous("GET", "/_sandbox/requests")).body["total"] > 3
    await anonymous("DELETE", "/_sandbox/requests")
    assert (await anonymous("GET", "/_sandbox/requests")).body["total"] == 0
    rule = {"path": "/rate_limit", "action": {"kind": "answer", "status": 502}}
    assert (await anonymous("POST", "/_sandbox/faults", json=rule)).body == {"rules": 1}
    assert (await anonymous("GET", "/rate_limit")).status == 502
    assert (await anonymous("POST", "/_sandbox/faults", json={"hook": "lost", "event": "push"})).status == 200
    await anonymous("DELETE", "/_sandbox/faults")
    assert sandbox.faults.hooks == []
    frozen = await anonymous("POST", "/_sandbox/clock", json={"freeze": "2031-01-01T00:00:00Z", "advance": 60})
    assert frozen.body == {"now": "2031-01-01T00:01:00Z", "frozen": True}
    protect = {"repo": "acme/shop", "branch": "main", "checks": {"tests": None}, "merge_queue": True}
    assert (await anonymous("POST", "/_sandbox/protect", json=protect)).status == 200
    queued = await anonymous("POST", "/_sandbox/queue", json={"repo": "acme/shop", "number": 1, "login": "ada"})
    group = queued.body["entries"][0]["merge_group"]
    assert group["head_ref"].startswith("refs/heads/gh-readonly-queue/main/pr-1-")
    suspend = {"account": "acme", "action": "suspend", "login": "olivia"}
    assert (await anonymous("POST", "/_sandbox/installation", json=suspend)).status == 200
    assert sandbox.installation().suspended_at is not None
    assert (await anonymous("GET", "/_sandbox")).body["app_id"] == sandbox.app_id


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/_sandbox/nope", {}, 404),
        ("/_sandbox/ci", {"repo": "acme/shop"}, 400),
        ("/_sandbox/ci", {"repo": "acme/shop", "branch": "main", "name": "x", "conclusion": "fine"}, 422),
        ("/_sandbox/faults", {"action": {"kind": "explode"}}, 400),
        ("/_sandbox/faults", {"hook": "eaten"}, 400),
        ("/_sandbox/role", {"repo": "acme/shop", "login": "ada", "role": "king"}, 400),
    ],
)
async def test_wrong_controls_are_refused_with_a_message(
    anonymous: Api, path: str, body: dict[str, object], status: int
) -> None:
    answer = await anonymous("POST", path, json=body)
    assert answer.status == status
    assert answer.body["message"]
