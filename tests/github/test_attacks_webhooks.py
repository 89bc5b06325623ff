"""Deliveries that somebody brings about on purpose."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.github.webhooks import READERS, Concern, Ignored, read_delivery
from bot.runs.events import ButtonPressed, ChecklistEdited, CommentCreated, WorkerRunChanged
from tests.github.test_webhooks import EXAMPLES

APP = 7
DISPATCH = "sw-" + "0" * 20


def workflow_run(branch: str, **more: Any) -> bytes:
    run = {
        "id": 31,
        "run_attempt": 1,
        "display_title": f"B01 [{DISPATCH}]",
        "event": "workflow_dispatch",
        "status": "completed",
        "conclusion": "success",
        "head_branch": branch,
        "head_sha": "a" * 40,
        "html_url": "https://github.example/acme/shop/actions/runs/31",
        "path": ".github/workflows/worker.yml@refs/heads/main",
        **more,
    }
    repository = {"id": 70, "full_name": "acme/shop", "default_branch": "main"}
    return json.dumps(
        {"action": "completed", "workflow_run": run, "repository": repository, "installation": {"id": 5}}
    ).encode()


def test_a_run_of_the_default_branch_is_told_with_its_workflows_file() -> None:
    read = read_delivery("workflow_run", workflow_run("main"), APP)
    assert isinstance(read, Concern) and isinstance(read.event, WorkerRunChanged)
    assert read.event.path == ".github/workflows/worker.yml"


@pytest.mark.parametrize("branch", ["feature/checkout", "", "refs/heads/main", "Main"])
def test_a_run_of_another_branch_is_nobodys_worker_whatever_its_title_says(branch: str) -> None:
    read = read_delivery("workflow_run", workflow_run(branch), APP)
    assert isinstance(read, Ignored) and "default branch" in read.reason


def checklist_edited(by: str, user_id: int) -> bytes:
    bot = {"login": "stepwise[bot]", "id": 900, "type": "Bot"}
    comment = {
        "id": 1,
        "body": "- [x] all is well",
        "user": bot,
        "performed_via_github_app": {"id": APP},
        "updated_at": "2026-01-12T09:00:00Z",
    }
    payload = {
        "action": "edited",
        "changes": {"body": {"from": "- [ ] nothing is"}},
        "comment": comment,
        "issue": {"number": 12, "pull_request": {}},
        "sender": {"login": by, "id": user_id, "type": "Bot"},
        "repository": {"id": 70, "full_name": "acme/shop"},
        "installation": {"id": 5},
    }
    return json.dumps(payload).encode()


def test_the_bots_own_edit_of_its_checklist_is_nothing_new() -> None:
    assert isinstance(read_delivery("issue_comment", checklist_edited("stepwise[bot]", 900), APP), Ignored)


@pytest.mark.parametrize("by", ["agent[bot]", "stepwise[bot]"])
def test_another_bots_edit_of_the_checklist_is_heard_of(by: str) -> None:
    read = read_delivery("issue_comment", checklist_edited(by, 901), APP)
    assert isinstance(read, Concern) and isinstance(read.event, ChecklistEdited)
    assert read.event.by.is_bot


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":' * 100_000,
        b'{"action":"created","issue":{"number":' + b"9" * 10_000 + b"}}",
        b'{"action":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"action":1e999}',
        b'{"action":NaN}',
    ],
    ids=["deep", "a number of ten thousand digits", "deep and closed", "infinity", "no number"],
)
@pytest.mark.parametrize("event", ["issue_comment", "pull_request", "check_run", "workflow_run"])
def test_what_no_reader_can_hold_is_put_aside(event: str, body: bytes) -> None:
    assert isinstance(read_delivery(event, body, APP), Ignored)


GIVEN = {"issue_comment", "pull_request_review", "pull_request_review_comment"}


@pytest.mark.parametrize("event", READERS)
def test_a_body_sent_again_under_another_events_name_commands_nothing_new(event: str) -> None:
    """The name of the event is not signed: whoever has one signed body may send it under any name."""
    for name, example in EXAMPLES:
        read = read_delivery(event, json.dumps(example).encode(), APP)
        if name != event and isinstance(read, Concern):
            assert not isinstance(read.event, ButtonPressed | ChecklistEdited)
            # Comments of the conversation and of lines have one form; what they say is what their author wrote.
            assert not isinstance(read.event, CommentCreated) or {name, event} <= GIVEN


def written_by(user: dict[str, Any], action: str = "created", via: int | None = None, **more: Any) -> bytes:
    comment = {
        "id": 1,
        "body": "/approve",
        "user": user,
        "performed_via_github_app": None if via is None else {"id": via},
        "created_at": "2026-01-12T09:00:00Z",
        "updated_at": "2026-01-12T09:00:00Z",
    }
    payload = {
        "action": action,
        "comment": comment,
        "issue": {"number": 12, "pull_request": {}},
        "sender": user,
        "repository": {"id": 70, "full_name": "acme/shop"},
        "installation": {"id": 5},
        **more,
    }
    return json.dumps(payload).encode()


HUMAN = {"login": "maria", "id": 4, "type": "User"}


@pytest.mark.parametrize("action", ["edited", "deleted", "pinned", "unpinned"])
def test_only_a_new_comment_commands_whoever_touches_it_later(action: str) -> None:
    changed = written_by(HUMAN, action, changes={"body": {"from": "hello"}})
    assert isinstance(read_delivery("issue_comment", changed, APP), Ignored)


def test_the_apps_own_comment_commands_nothing() -> None:
    own = {"login": "stepwise[bot]", "id": 900, "type": "Bot"}
    assert isinstance(read_delivery("issue_comment", written_by(own, via=APP), APP), Ignored)


@pytest.mark.parametrize("login", ["stepwise[bot]", "maria", "Stepwise[bot]", "stepwise-bot"])
def test_another_app_is_a_bot_whatever_it_is_called(login: str) -> None:
    other = {"login": login, "id": 901, "type": "Bot"}
    read = read_delivery("issue_comment", written_by(other, via=APP + 1), APP)
    assert isinstance(read, Concern) and isinstance(read.event, CommentCreated)
    assert read.event.author.is_bot


@pytest.mark.parametrize("login", ["stepwise", "stepwise-bot", "Maria", "mar\u0131a"])
def test_a_person_is_who_github_says_and_not_who_the_comment_says(login: str) -> None:
    read = read_delivery("issue_comment", written_by({"login": login, "id": 9, "type": "User"}), APP)
    assert isinstance(read, Concern) and isinstance(read.event, CommentCreated)
    assert (read.event.author.login, read.event.author.is_bot) == (login, False)
