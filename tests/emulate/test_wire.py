"""What goes over the wire: signatures, rate limits, and what the emulator and GitHub say differently."""

from __future__ import annotations

import asyncio
import json

import pytest
from yarl import URL

from bot.runs.model import PullKey
from tests.emulate.seed import BOT, INSTALLATION
from tests.emulate.world import REPO, World

pytestmark = pytest.mark.emulate

HOURLY = 5000


async def test_every_webhook_is_signed_and_taken(github: World) -> None:
    await github.planned()
    await github.comment("/execute")
    deliveries = github.between.deliveries
    assert {one.event for one in deliveries} == {"push", "pull_request", "check_run", "issue_comment"}
    assert {(one.is_signed, one.answer) for one in deliveries} == {(True, 202)}
    assert {one.payload["installation"]["id"] for one in deliveries} == {INSTALLATION}


async def test_a_webhook_that_was_changed_on_its_way_is_refused(github: World) -> None:
    await github.planned()
    opened = next(one for one in github.between.deliveries if one.event == "pull_request")
    body = json.dumps({**opened.payload, "action": "closed"}).encode()
    assert await github.between.deliver("pull_request", body, opened.signature) == 401
    assert await github.between.again(opened) == 202


async def used_up(address: str, token: str) -> None:
    """Ask as often as the emulator lets a token ask in an hour, all in one go."""
    host, port = URL(address).host, URL(address).port
    reader, writer = await asyncio.open_connection(host, port)
    request = f"GET /zen HTTP/1.1\r\nHost: {host}\r\nAuthorization: token {token}\r\n\r\n".encode()
    writer.write(request * HOURLY + request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    answers = await reader.read(-1)
    writer.close()
    assert b"403 Forbidden" in answers[-2000:]


async def test_nothing_is_sent_once_the_hour_is_used_up(github: World) -> None:
    head = await github.planned()
    await used_up(github.between.github, github.between.tokens[0])
    before = len(github.between.calls)
    await github.comment("/execute")
    refused = github.between.calls[before:]
    assert [call.status for call in refused] == [403]
    assert refused[0].headers["x-ratelimit-remaining"] == "0"
    await github.comment("/execute", by="coda")
    assert len(github.between.calls) == before + 1, "it waits for the hour to end, and does not ask in between"
    assert github.bot is not None
    repository = (await github.api("GET", REPO))["id"]
    row = await github.bot.store.pull(PullKey(repository, github.pull))
    assert row is not None and row.retry_at is not None
    assert row.retry_at.timestamp() >= int(refused[0].headers["x-ratelimit-reset"])
    assert await github.head() == head


async def test_what_the_harness_translates_is_still_said_differently(github: World) -> None:
    """Each of these is a part of `translations.py` or `Between`; one that fails here is not needed any more."""
    head = await github.planned()
    await github.comment("/status")
    said = await github.api("GET", f"{REPO}/collaborators/coda/permission")
    assert (said["permission"], said["role_name"]) == ("push", "write")
    assert (await github.ask("GET", f"{REPO}/commits/{head}/status")).status == 404
    comment = next(one for one in await github.comments() if one["user"]["login"] == BOT)
    assert (comment["performed_via_github_app"], comment["user"]["type"]) == (None, "Bot")
    runs = (await github.api("GET", f"{REPO}/commits/{head}/check-runs"))["check_runs"]
    assert {run["app"] for run in runs} == {None}
    told = next(one for one in github.between.deliveries if one.event == "issue_comment")
    assert "pull_request" not in told.payload["issue"]
    assert all(one.guid.isdigit() and len(one.guid) == 13 for one in github.between.deliveries)
    later = await github.commit({"src/shop/later.py": "x = 1\n"})
    assert (await github.api("GET", f"{REPO}/pulls/{github.pull}"))["head"]["sha"] == head != later
    assert "synchronize" not in {one.payload.get("action") for one in github.between.deliveries}
    assert (await github.api("GET", f"{REPO}/pulls/{github.pull}/files")) == []
    reaction = await github.ask("POST", f"{REPO}/issues/comments/{comment['id']}/reactions", body={"content": "eyes"})
    assert reaction.status == 404
