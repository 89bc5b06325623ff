from __future__ import annotations

from datetime import timedelta

import pytest

from bot.github.app import GitHubApp
from bot.github.client import Client
from bot.github.errors import Forbidden, RateLimited
from bot.github.limits import Gate
from tests.github.conftest import INSTALLATION, FakeClock, FakeGitHub, Reply

SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."


def primary(clock: FakeClock, remaining: int, reset_in: int, **more: str) -> dict[str, str]:
    return {
        "x-ratelimit-limit": "5000",
        "x-ratelimit-remaining": str(remaining),
        "x-ratelimit-reset": str(int(clock.now.timestamp()) + reset_in),
        **more,
    }


@pytest.mark.parametrize("status", [403, 429])
def test_retry_after_comes_before_the_reset_time(clock: FakeClock, status: int) -> None:
    headers = primary(clock, 0, 900, **{"retry-after": "42"})
    assert Gate(clock).refusal(status, headers, SECONDARY) == clock.now + timedelta(seconds=42)


@pytest.mark.parametrize("status", [403, 429])
def test_a_used_up_limit_waits_for_its_reset(clock: FakeClock, status: int) -> None:
    assert Gate(clock).refusal(status, primary(clock, 0, 900), "API rate limit exceeded") == clock.now + timedelta(
        seconds=900
    )


def test_a_secondary_limit_with_calls_left_and_no_header_waits_a_minute_and_then_longer(clock: FakeClock) -> None:
    gate = Gate(clock)
    waits = []
    for _ in range(3):
        until = gate.refusal(403, primary(clock, 4000, 900), SECONDARY)
        assert until is not None
        waits.append((until - clock.now).total_seconds())
        clock.now = until
    assert waits == [60, 120, 240]
    gate.observe({})
    assert gate.refusal(429, {}, "") == clock.now + timedelta(seconds=60)


def test_a_missing_permission_is_no_limit(clock: FakeClock) -> None:
    gate = Gate(clock)
    assert gate.refusal(403, primary(clock, 4000, 900), "Resource not accessible by integration") is None
    assert gate.closed_until is None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("Fri, 01 May 2026 12:00:30 GMT", 30), ("soon", 60), ("-5", 60), ("9" * 30, 3600), ("0", 1), ("²", 60)],
)
def test_an_odd_retry_after_neither_crashes_nor_silences_the_bot(clock: FakeClock, header: str, seconds: int) -> None:
    assert Gate(clock).refusal(429, {"retry-after": header}, "") == clock.now + timedelta(seconds=seconds)


@pytest.mark.parametrize("reset", ["", "soon", "-1", "9" * 30, "nan", "inf"])
def test_an_odd_reset_time_does_not_crash(clock: FakeClock, reset: str) -> None:
    headers = {"x-ratelimit-limit": "1", "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset}
    until = Gate(clock).refusal(429, headers, "")
    assert until is not None
    assert clock.now < until <= clock.now + timedelta(hours=1)


def test_an_earlier_end_does_not_open_a_gate_that_is_closed_for_longer(clock: FakeClock) -> None:
    gate = Gate(clock)
    gate.refusal(429, {"retry-after": "600"}, "")
    gate.refusal(429, {"retry-after": "5"}, "")
    assert gate.closed_until == clock.now + timedelta(seconds=600)


def test_the_limits_of_other_resources_do_not_count(clock: FakeClock) -> None:
    gate = Gate(clock)
    gate.observe(primary(clock, 0, 900, **{"x-ratelimit-resource": "search"}))
    assert gate.closed_until is None
    assert gate.remaining is None


async def test_a_limited_installation_sends_nothing_until_it_may(
    github: FakeGitHub, client: Client, app: GitHubApp, clock: FakeClock
) -> None:
    github.on("GET", "/x", Reply({"message": SECONDARY}, 403, {"retry-after": "30"}), Reply({"ok": True}))
    for _ in range(3):
        with pytest.raises(RateLimited) as limited:
            await client.get("/x")
        assert limited.value.retry_at == clock.now + timedelta(seconds=30)
        assert SECONDARY.rstrip(".") in limited.value.message
        assert limited.value.is_transient
    with pytest.raises(RateLimited):
        await app.installation(INSTALLATION).post("/y")
    assert len(github.requests()) == 1
    assert app.closed_gates() == {INSTALLATION: clock.now + timedelta(seconds=30)}
    clock.advance(30)
    assert await client.get("/x") == {"ok": True}


async def test_another_installation_is_not_held_back(github: FakeGitHub, client: Client, app: GitHubApp) -> None:
    github.on("POST", "/app/installations/6/access_tokens")
    github.on("GET", "/x", Reply({"message": SECONDARY}, 429), Reply({"ok": True}))
    with pytest.raises(RateLimited):
        await client.get("/x")
    assert await app.installation(6).get("/x") == {"ok": True}


async def test_the_last_call_that_was_free_closes_the_gate(
    github: FakeGitHub, client: Client, clock: FakeClock
) -> None:
    github.on("GET", "/x", Reply({}, headers=primary(clock, 0, 120)))
    await client.get("/x")
    with pytest.raises(RateLimited) as limited:
        await client.get("/x")
    assert limited.value.retry_at == clock.now + timedelta(seconds=120)
    assert len(github.requests()) == 1


async def test_what_is_left_is_known_per_installation(
    github: FakeGitHub, client: Client, app: GitHubApp, clock: FakeClock
) -> None:
    github.on("GET", "/x", Reply({}, headers=primary(clock, 4321, 120)))
    assert client.remaining is None
    await client.get("/x")
    assert client.remaining == 4321
    assert app.budgets()[INSTALLATION][0] == 4321


async def test_a_refused_token_does_not_spoil_the_count(github: FakeGitHub, client: Client, clock: FakeClock) -> None:
    github.on("GET", "/x", Reply({}, headers=primary(clock, 4321, 120)))
    github.on("GET", "/y", Reply({"message": "Bad credentials"}, 401, primary(clock, 0, 120)), Reply({}))
    await client.get("/x")
    await client.get("/y")
    assert client.remaining == 4321


async def test_a_limit_is_never_retried_by_the_client(github: FakeGitHub, client: Client, pauses: list[float]) -> None:
    github.on("GET", "/x", Reply({"message": SECONDARY}, 429))
    with pytest.raises(RateLimited):
        await client.get("/x")
    assert pauses == []


async def test_a_missing_permission_keeps_githubs_words(github: FakeGitHub, client: Client) -> None:
    github.on("GET", "/x", Reply({"message": "Resource not accessible by integration"}, 403))
    with pytest.raises(Forbidden) as refusal:
        await client.get("/x")
    assert str(refusal.value) == "GitHub answered 403 to GET /x: Resource not accessible by integration"
    assert not refusal.value.is_transient
