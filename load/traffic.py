"""Signed deliveries as GitHub sends them, of the kinds that a busy repository brings."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import aiohttp

from bot.sandbox.control import set_ci
from bot.sandbox.hooks import Event, headers
from bot.sandbox.workflowruns import begin
from load.world import REPOSITORY, World

CONNECTIONS = 64
DOUBLED_EVERY = 20
WORKFLOW = "name: CI\non: [pull_request]\njobs:\n  tests:\n    runs-on: ubuntu-latest\n    steps: [{run: make test}]\n"


@dataclass(frozen=True, slots=True)
class Sent:
    """The GUIDs that were sent, and with which answers."""

    guids: frozenset[str]
    requests: int
    accepted: int
    seconds: float


async def happenings(world: World, number: int, what: str) -> list[Event]:
    """Let a good deal happen on a pull request, keep back what GitHub would send, and give that, oldest first."""
    hooks, faults = world.sandbox.hooks, world.sandbox.faults
    faults.add_hook("held", times=0)
    files = {f"src/shop/{what}.py": f"WHAT = '{number} {what}'\n", ".github/workflows/ci.yml": WORKFLOW}
    head = world.push(number, files)
    issue = f"/repos/{REPOSITORY}/issues/{number}"
    said = await world.comment(number, f"Looks good so far: {what}.", by="rita")
    await world.api("PATCH", f"/repos/{REPOSITORY}/issues/comments/{said}", "rita", {"body": "Looks good."})
    await world.api("PATCH", f"/repos/{REPOSITORY}/pulls/{number}", "coda", {"title": f"Part {number}: {what}"})
    await world.api("POST", f"{issue}/labels", "maria", {"labels": ["bug"]})
    for name in ("lint", "tests"):
        set_ci(world.sandbox.hub, world.repo, head, name, None)
        set_ci(world.sandbox.hub, world.repo, head, name, "success")
    status = {"state": "success", "context": "coverage", "description": what}
    await world.api("POST", f"/repos/{REPOSITORY}/statuses/{head}", "coda", status)
    begin(world.sandbox.hub, world.repo, "ci.yml", "pull_request", world.sandbox.user("coda"), number=number)
    faults.clear()
    held, hooks.held = hooks.held, []
    return held


def storm(events: Sequence[Sequence[Event]], deliveries: int) -> Iterator[Event]:
    """So many deliveries, each with a GUID of its own, the pull requests by turns; now and then one comes twice."""
    for index in range(deliveries):
        of_pull = events[index % len(events)]
        event = replace(of_pull[index // len(events) % len(of_pull)], guid=str(uuid.uuid4()))
        yield event
        if index % DOUBLED_EVERY == 0:
            yield event


async def send(address: str, deliveries: Iterator[Event], connections: int = CONNECTIONS) -> Sent:
    """Send them all, as fast as they are taken. Raises AssertionError for an answer that is no 2xx."""
    url = f"{address}/api/github/webhooks"
    guids: set[str] = set()
    requests = 0
    loop = asyncio.get_running_loop()
    began = loop.time()

    async def one_after_another(http: aiohttp.ClientSession) -> None:
        nonlocal requests
        for event in deliveries:
            guids.add(event.guid)
            requests += 1
            async with http.post(url, data=event.body, headers=headers(event)) as answer:
                assert answer.status in {200, 202}, f"{event.name}: {answer.status} {await answer.text()}"

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=connections)) as http:
        await asyncio.gather(*(one_after_another(http) for _ in range(connections)))
    return Sent(frozenset(guids), requests, len(guids), loop.time() - began)
