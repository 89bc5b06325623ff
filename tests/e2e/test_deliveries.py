"""Deliveries come twice, late, in any order or not at all, and some are not from GitHub."""

from __future__ import annotations

import asyncio
import copy
import hashlib
import hmac
import json
import socket
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.github.webhooks import Concern, Ignored, read_delivery
from bot.sandbox.hooks import Event
from tests.e2e.calls import calls_of
from tests.e2e.scenario import Scenario

HOOK = "/api/github/webhooks"
MEBIBYTE = 1024 * 1024


def headers_of(github: Scenario, body: bytes, event: str, guid: str, **more: str | None) -> dict[str, str]:
    digest = hmac.new(github.sandbox.webhook_secret.encode(), body, hashlib.sha256).hexdigest()
    headers: dict[str, str | None] = {
        "Content-Type": "application/json",
        "X-GitHub-Delivery": guid,
        "X-GitHub-Event": event,
        "X-Hub-Signature-256": f"sha256={digest}",
        **{name.replace("_", "-"): value for name, value in more.items()},
    }
    return {name: value for name, value in headers.items() if value is not None}


async def deliver(
    github: Scenario, payload: Any, *, event: str = "issue_comment", guid: str = "11111111-2222", **more: str | None
) -> int:
    """Send a delivery of one's own making; the status it is answered with."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    async with github.http.post(
        github.bot.address + HOOK, data=body, headers=headers_of(github, body, event, guid, **more)
    ) as answer:
        return answer.status


def sent(github: Scenario, name: str, action: str | None = None) -> Event:
    """The last delivery of that kind which GitHub sent."""
    found = [attempt.event for attempt in github.sandbox.hooks.attempts]
    return [event for event in found if event.name == name and action in (None, event.action)][-1]


async def test_every_delivery_doubled_changes_nothing(github: Scenario) -> None:
    github.sandbox.faults.add_hook("doubled", times=0)
    await github.started()
    await github.block_done("B01")
    said = await github.comment("/status")
    assert await github.reactions(said) == ["+1"]
    assert len(await github.replies()) == 1
    messages = [one["commit"]["message"].partition("\n")[0] for one in await github.commits()]
    assert messages.count("Record B01 of Checkout Totals") == 1


async def test_one_comment_under_two_guids_counts_once(github: Scenario) -> None:
    await github.started()
    said = await github.comment("/status")
    again = sent(github, "issue_comment", "created")
    assert await deliver(github, again.body, guid="another-guid") == 202
    await github.settle()
    assert len(await github.replies()) == 1
    assert await github.reactions(said) == ["+1"]


@pytest.mark.parametrize("way", ["failed"])
async def test_a_delivery_that_failed_is_asked_for_again(way: Any, github: Scenario) -> None:
    await github.planned()
    github.sandbox.faults.add_hook(way, event="issue_comment", action="created")
    said = await github.comment("/execute")
    assert await github.reactions(said) == []
    await github.wait(601)
    assert await github.reactions(said) == ["+1"]
    assert "B01 is to be done" in await github.checklist()
    redelivered = [one for one in github.sandbox.hooks.attempts if one.redelivery]
    assert len(redelivered) == 1
    await github.wait(601)
    assert len([one for one in github.sandbox.hooks.attempts if one.redelivery]) == 1


async def test_what_github_never_sent_is_found_by_the_sweep_once_there_is_a_run(github: Scenario) -> None:
    await github.started()
    github.sandbox.faults.add_hook("lost", times=0)
    head = await github.block_pushed("B01")
    assert head[:7] not in await github.checklist()
    github.sandbox.faults.clear()
    await github.wait(601)
    assert f"/approve B01 @{head[:7]}" in await github.checklist()


async def test_commands_that_arrive_in_the_wrong_order_are_taken_in_githubs(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    github.sandbox.faults.add_hook("swapped", event="issue_comment", action="created")
    await github.comment("/pause lunch", settle=False)
    await github.comment("/approve", settle=False)
    await github.settle()
    await github.comment("/resume")
    await github.comment("/approve")
    assert "approved by `maria`" in await github.checklist()


async def test_an_approval_that_arrives_late_does_not_approve_what_came_meanwhile(github: Scenario) -> None:
    await github.started()
    first = await github.block_pushed("B01")
    github.sandbox.faults.add_hook("held", event="issue_comment", action="created")
    late = await github.comment("/approve")
    newer = await github.push({"src/shop/money.py": "# something else\n"})
    await github.ci("success")
    github.sandbox.hooks.release()
    await github.settle()
    assert await github.reactions(late) == ["confused"]
    assert "approved by" not in await github.checklist()
    assert first[:7] in await github.last_reply() or newer[:7] in await github.last_reply()


async def test_a_late_opened_event_of_a_closed_pull_request_is_harmless(github: Scenario) -> None:
    github.sandbox.faults.add_hook("held", event="pull_request", action="opened")
    await github.planned()
    await github.change_pull(state="closed")
    github.sandbox.hooks.release()
    await github.settle()
    assert await github.replies() == []


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"X_Hub_Signature_256": None}, 401),
        ({"X_Hub_Signature_256": "sha256=" + "0" * 64}, 401),
        ({"X_Hub_Signature_256": None, "X_Hub_Signature": "sha1=" + "0" * 40}, 401),
        ({"X_Hub_Signature_256": "sha1=" + "0" * 40}, 401),
        ({"X_Hub_Signature_256": "sha256=zz"}, 401),
        ({"X_GitHub_Delivery": None}, 400),
        ({"X_GitHub_Event": "../../etc"}, 400),
        ({"Content_Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content_Encoding": "gzip"}, 415),
        ({"X_GitHub_Event": "something_new"}, 202),
        ({"X_GitHub_Hook_Installation_Target_Type": "integration", "X_GitHub_Hook_Installation_Target_ID": "1"}, 400),
    ],
)
async def test_what_is_not_from_github_is_refused_and_costs_no_call(
    more: Mapping[str, Any], status: int, github: Scenario
) -> None:
    await github.planned()
    comment = copy.deepcopy(sent(github, "pull_request").payload)
    with calls_of(github.sandbox) as calls:
        assert await deliver(github, comment, **more) == status
        await github.settle()
    assert calls.made == []


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 400), (b"[]", 400), (b"null", 400), (b"{", 400), (b'{"a": 1', 400), (b"{]}", 202), (b"\xff\xfe{}", 400)],
)
async def test_bodies_that_are_no_object_are_refused_or_put_aside(body: bytes, status: int, github: Scenario) -> None:
    with calls_of(github.sandbox) as calls:
        assert await deliver(github, body) == status
        await github.settle()
    assert calls.made == []


async def test_a_body_that_ends_early_is_answered_and_stores_nothing(github: Scenario) -> None:
    await github.planned()
    event = sent(github, "pull_request")
    where = urlsplit(github.bot.address)
    lines = "".join(
        f"{name}: {value}\r\n" for name, value in headers_of(github, event.body, event.name, "cut-short").items()
    )
    head = f"POST {HOOK} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(event.body)}\r\n{lines}\r\n".encode()
    with calls_of(github.sandbox) as calls, socket.create_connection((where.hostname, where.port)) as connection:
        connection.sendall(head + event.body[: len(event.body) // 2])
        connection.shutdown(socket.SHUT_WR)
        await github.settle()
    assert calls.made == []
    assert await deliver(github, event.body, event="pull_request", guid="cut-short") == 202


async def test_a_storm_of_fifty_deliveries_is_a_few_reactions(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01", green=False)
    payload = sent(github, "check_suite").payload
    run = {
        "action": "completed",
        "check_run": {"head_sha": await github.head(), "app": {"id": 5151}},
        **{name: payload[name] for name in ("repository", "installation", "sender")},
    }
    before = _reactions(github)
    with calls_of(github.sandbox) as calls:
        storm = [deliver(github, run, event="check_run", guid=f"storm-{number}") for number in range(50)]
        assert await asyncio.gather(*storm) == [202] * 50
        await github.settle()
    assert 1 <= _reactions(github) - before <= 5
    assert len(calls.made) <= 25


def _reactions(github: Scenario) -> float:
    found = github.bot.metrics.registry.get_sample_value("stepwise_reactions_total", {"outcome": "done"})
    return found or 0.0


async def test_two_mebibytes_of_push_are_taken(github: Scenario) -> None:
    await github.planned()
    payload = copy.deepcopy(sent(github, "push").payload)
    payload["commits"] = [payload["commits"][0] | {"message": "x" * 2 * MEBIBYTE}]
    assert await deliver(github, payload, event="push") == 202
    with calls_of(github.sandbox) as calls:
        await github.settle()
    assert calls.made == []


# -- payloads that are not as GitHub documents them ------------------------------------------------------------------

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.sampled_from([2**63, -(2**63) - 1, 10**30, 1.5, "", "x", "\ud800", "\0", "9999-12-31T23:59:59-23:59"]),
    st.sampled_from(["0001-01-01T00:00:00+23:59", "a/b/c", "../..", "@all", [], {}, [1], {"id": []}, [[]], [{}]]),
    st.text(max_size=30),
)
READ = {
    "pull_request": [
        "action number pull_request pull_request.number pull_request.head pull_request.head.sha pull_request.state",
        "pull_request.base pull_request.base.ref changes changes.base",
    ],
    "issue_comment": [
        "action issue issue.number issue.pull_request comment comment.id comment.body comment.user comment.created_at",
        "comment.user.login comment.user.type comment.user.id comment.performed_via_github_app",
    ],
    "check_run": ["action check_run check_run.head_sha check_run.app check_run.app.id check_run.name"],
    "check_suite": ["action check_suite check_suite.head_sha check_suite.app.id"],
    "push": ["ref commits commits.0 commits.0.added commits.0.modified commits.0.removed"],
}
ALWAYS = "installation installation.id repository repository.id repository.full_name sender sender.login sender.type"


async def test_no_payload_of_odd_types_stops_the_bot(github: Scenario) -> None:
    """Any field that is read, replaced by anything: the reader never raises, and the next good delivery is handled."""
    await github.started()
    payloads = {name: sent(github, name).payload for name in READ}
    mutated: list[tuple[str, bytes]] = []

    @settings(max_examples=300, deadline=None, database=None)
    @given(st.data())
    def mutate(data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(READ)))
        payload = copy.deepcopy(payloads[name])
        for _ in range(data.draw(st.integers(1, 2))):
            path = data.draw(st.sampled_from([*" ".join(READ[name]).split(), *ALWAYS.split()]))
            _put(payload, path.split("."), copy.deepcopy(data.draw(ODD)))
        body = json.dumps(payload).encode()
        assert isinstance(read_delivery(name, body, github.sandbox.app_id), Concern | Ignored)
        mutated.append((name, body))

    mutate()
    for number, (name, body) in enumerate(mutated):
        assert await deliver(github, body, event=name, guid=f"odd-{number}") == 202
    await github.settle()
    said = await github.comment("/status")
    assert await github.reactions(said) == ["+1"]


def _put(payload: Any, path: list[str], value: Any) -> None:
    for name in path[:-1]:
        payload = payload[0] if isinstance(payload, list) and payload else payload
        if isinstance(payload, dict):
            payload = payload.setdefault(name, {}) if not name.isdigit() else payload
    if isinstance(payload, list) and payload:
        payload[0] = value
    elif isinstance(payload, dict):
        payload[path[-1]] = value
