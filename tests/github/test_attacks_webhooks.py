"""Deliveries that somebody brings about on purpose."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.github.webhooks import Concern, Ignored, read_delivery
from bot.runs.events import ChecklistEdited, WorkerRunChanged

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
