"""Deliveries that somebody brings about on purpose."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.github.webhooks import Concern, Ignored, read_delivery
from bot.runs.events import WorkerRunChanged

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
