"""Routing: which pull requests a delivery concerns, and what concerns nobody."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy.exc import SQLAlchemyError

from bot.github.webhooks import read_delivery
from bot.runs.effects import StartWorker
from bot.runs.model import PullKey
from bot.runs.workers import effect_key
from bot.service import readings
from bot.service.handed_over import HANDED_OVER
from bot.service.readings import Readings
from bot.service.route import Router
from bot.store.inbox import Inbox
from bot.store.reactions import Reaction
from bot.store.store import Store
from tests.databases import query

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
APP = 4242
REPOSITORY = {"id": 77, "full_name": "acme/shop"}
PULL = PullKey(77, 5)
DISPATCH = "sw-0123456789abcdef0123"
HEAD = "a" * 40

Send = Callable[..., Awaitable[str | None]]


@pytest.fixture
async def send(store: Store, url: str) -> AsyncIterator[Send]:
    """Store and route one delivery; why it was ignored, None when it was not."""
    router = Router(store, Readings(APP), lambda: NOON)
    await remember(store, PULL)
    inbox = Inbox.open(url)
    await inbox.start()

    async def sent(
        event: str, payload: dict[str, Any], *, guid: str = "g-1", repository: Any = REPOSITORY
    ) -> str | None:
        body = json.dumps({"repository": repository, "installation": {"id": 1}, **payload}).encode()
        await inbox.accept(guid, event, body)
        await router.route_waiting()
        (found,) = query(url, "SELECT ignored FROM deliveries WHERE guid = :guid", guid=guid)
        return None if found.ignored is None else str(found.ignored)

    yield sent
    await inbox.stop()


async def remember(store: Store, key: PullKey, **known: Any) -> None:
    await store.remember_pull(key, **{"installation_id": 1, "full_name": "acme/shop", "now": NOON, **known})


def worker_run(dispatch: str = DISPATCH) -> dict[str, Any]:
    return {
        "action": "requested",
        "workflow_run": {
            "id": 9,
            "run_attempt": 1,
            "display_title": f"Block B01 [{dispatch}]",
            "event": "workflow_dispatch",
            "status": "queued",
            "conclusion": None,
            "head_branch": "main",
            "head_sha": HEAD,
            "html_url": "",
        },
    }


def group(ref: str = f"gh-readonly-queue/main/pr-5-{HEAD}") -> dict[str, Any]:
    return {
        "action": "checks_requested",
        "merge_group": {"head_sha": "b" * 40, "head_ref": f"refs/heads/{ref}", "base_ref": "refs/heads/main"},
    }


def on_issue(body: str, *, kind: str = "User") -> dict[str, Any]:
    return {
        "action": "created",
        "issue": {"number": 12},
        "comment": {
            "id": 3,
            "body": body,
            "user": {"login": "maria", "id": 8, "type": kind},
            "created_at": "2026-03-01T12:00:00Z",
            "performed_via_github_app": None,
        },
    }


async def dispatched(store: Store) -> None:
    worker = StartWorker(effect_key(DISPATCH), DISPATCH, "worker.yml", "B01", ())
    await store.record(Reaction(PULL, NOON, effects=(worker,)))


async def test_a_workflow_run_goes_to_the_pull_request_that_dispatched_it(store: Store, send: Send) -> None:
    await dispatched(store)
    assert await send("workflow_run", worker_run()) is None
    assert [one.guid for one in await store.deliveries_for(PULL)] == ["g-1"]


async def test_a_workflow_run_that_overtakes_the_answer_to_its_dispatch_finds_its_way(store: Store, send: Send) -> None:
    """The effect is stored, then sent: nothing has come back yet."""
    await dispatched(store)
    await store.start_effect(effect_key(DISPATCH), NOON)
    assert await send("workflow_run", worker_run()) is None
    assert len(await store.deliveries_for(PULL)) == 1


async def test_a_dispatch_that_nobody_made_is_ignored_with_the_reason(send: Send) -> None:
    assert "did not make" in (await send("workflow_run", worker_run()) or "")


async def test_a_dispatch_of_another_repository_is_nobodys_here(store: Store, send: Send) -> None:
    await dispatched(store)
    reason = await send("workflow_run", worker_run(), repository={"id": 78, "full_name": "evil/shop"})
    assert "did not make" in (reason or "")
    assert await store.deliveries_for(PULL) == []


async def test_a_merge_group_goes_to_the_pull_request_that_it_is_named_after(store: Store, send: Send) -> None:
    assert await send("merge_group", group()) is None
    (found,) = await store.open_groups(PULL)
    assert (found.head_sha, found.base_ref) == ("b" * 40, "main")
    assert await store.keys_waiting(NOON) == [PULL]


async def test_a_merge_group_with_another_name_goes_to_a_pull_request_into_its_branch(store: Store, send: Send) -> None:
    assert "names no pull request" in (await send("merge_group", group("queue/1")) or "")
    await remember(store, PullKey(77, 6), base_ref="main")
    assert await send("merge_group", group("queue/1"), guid="g-2") is None
    assert len(await store.open_groups(PullKey(77, 6))) == 1


async def test_a_check_of_a_group_asked_for_again_opens_the_group_again(store: Store, send: Send) -> None:
    await send("merge_group", group())
    (found,) = await store.open_groups(PULL)
    await store.note_group_checks(found, {"stepwise/plan": 1})
    await store.answer_group(found, NOON)
    again = {
        "action": "rerequested",
        "check_run": {"head_sha": "b" * 40, "app": {"id": APP}, "name": "stepwise/plan"},
        "sender": {"login": "maria", "id": 8, "type": "User"},
    }
    assert await send("check_run", again, guid="g-2") is None
    (found,) = await store.open_groups(PULL)
    assert (dict(found.check_runs), found.was_begun) == ({}, False)


async def test_a_comment_on_an_issue_is_a_command_there_and_no_pull_request(store: Store, send: Send) -> None:
    assert await send("issue_comment", on_issue("/execute docs/exec-plans/active/x.md")) is None
    (command,) = await store.issue_commands_waiting(NOON)
    assert (command.key, command.comment_id, command.author) == (PullKey(77, 12), 3, "maria")
    assert await store.pull(PullKey(77, 12)) is None


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (on_issue("Nice. `/execute x`"), "does not say /execute"),
        (on_issue("/status"), "does not say /execute"),
        (on_issue("/execute x.md", kind="Bot"), "a bot commands nothing"),
    ],
)
async def test_other_comments_on_issues_are_ignored(
    store: Store, send: Send, payload: dict[str, Any], reason: str
) -> None:
    assert reason in (await send("issue_comment", payload) or "")
    assert await store.issue_commands_waiting(NOON) == []


async def test_one_comment_on_an_issue_is_one_command_however_often_it_comes(store: Store, send: Send) -> None:
    for guid in ("g-1", "g-2"):
        await send("issue_comment", on_issue("/execute x.md"), guid=guid)
    (command,) = await store.issue_commands_waiting(NOON)
    await store.finish_issue_command(command, NOON)
    await send("issue_comment", on_issue("/execute x.md"), guid="g-3")
    assert await store.issue_commands_waiting(NOON) == []


async def test_what_only_the_bot_hands_over_is_ignored_when_it_comes_from_outside(store: Store, send: Send) -> None:
    assert "of no interest" in (await send(HANDED_OVER, {"comment_id": 3}) or "")
    assert await store.deliveries_for(PULL) == []


@pytest.mark.parametrize("action", ["renamed", "transferred"])
async def test_a_repository_with_another_name_is_written_down_for_all_its_pull_requests(
    store: Store, send: Send, action: str
) -> None:
    await remember(store, PullKey(77, 6))
    await remember(store, PullKey(99, 1), full_name="acme/other")
    renamed = {"id": 77, "full_name": "ada/store"}
    await send("repository", {"action": action, "installation": {"id": 2}}, repository=renamed)
    rows = [await store.pull(key) for key in (PULL, PullKey(77, 6), PullKey(99, 1))]
    assert [(row.full_name, row.installation_id) for row in rows if row] == [
        ("ada/store", 2),
        ("ada/store", 2),
        ("acme/other", 1),
    ]


async def test_a_delivery_that_cannot_be_routed_is_put_aside_and_holds_nothing_up(
    store: Store, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said why, so that it can be found and replayed; the one behind it is routed."""
    inbox = Inbox.open(url)
    await inbox.start()
    await remember(store, PULL)

    def reads_no_poison(event: str, body: bytes, app_id: int) -> Any:
        if b"poison" in body:
            raise KeyError("a form that nobody thought of")
        return read_delivery(event, body, app_id)

    monkeypatch.setattr(readings, "read_delivery", reads_no_poison)
    good = {"repository": REPOSITORY, "installation": {"id": 1}, **worker_run("sw-" + "0" * 20)}
    await inbox.accept("g-poison", "push", b'{"poison": 1}')
    await inbox.accept("g-good", "workflow_run", json.dumps(good).encode())
    await Router(store, Readings(APP), lambda: NOON).route_waiting()
    told = {row.guid: row.ignored for row in query(url, "SELECT guid, ignored FROM deliveries")}
    assert told["g-poison"] == "it could not be routed: KeyError"
    assert "dispatch" in told["g-good"]
    assert not await store.has_unrouted()
    await inbox.stop()


async def test_a_database_that_is_away_is_no_fault_of_the_delivery(store: Store, url: str, send: Send) -> None:
    query(url, "ALTER TABLE merge_groups RENAME TO away")
    with pytest.raises(SQLAlchemyError):
        await send("merge_group", group())
    query(url, "ALTER TABLE away RENAME TO merge_groups")
    assert await store.has_unrouted()
    assert await send("merge_group", group()) is None
    assert await store.keys_waiting(NOON) == [PULL]
