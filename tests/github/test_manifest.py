"""The App's manifest grants what the code asks for and hears what it reads, and no more."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
import yaml

from bot.github.webhooks import READERS

ROOT: Final = Path(__file__).parents[2]
MANIFEST: Final = yaml.safe_load((ROOT / "app.yml").read_text())
PERMISSIONS: Final[dict[str, str]] = MANIFEST["default_permissions"]
EVENTS: Final[list[str]] = MANIFEST["default_events"]

# What GitHub's docs say each event needs before an App may subscribe to it; a manifest with one that is not backed
# is refused as a whole.
BACKED_BY: Final = {
    "pull_request": "pull_requests",
    "pull_request_review": "pull_requests",
    "pull_request_review_comment": "pull_requests",
    "issue_comment": "issues",
    "issues": "issues",
    "push": "contents",
    "check_run": "checks",
    "check_suite": "checks",
    "status": "statuses",
    "deployment_status": "deployments",
    "workflow_run": "actions",
    "merge_group": "merge_queues",
    "repository": "metadata",
}
# These come to every App, and a manifest that lists one is refused.
ALWAYS_SENT: Final = {
    "installation",
    "installation_repositories",
    "installation_target",
    "github_app_authorization",
    "ping",
    "meta",
}
REPO: Final = "/repos/{owner}/{repo}"
# What GitHub's docs say each endpoint needs; the empty ones are asked as the App itself, or need nothing.
NEEDED: Final = {
    f"GET {REPO}": "metadata:read",
    "GET /repositories/{repository_id}": "metadata:read",
    "GET /installation/repositories": "metadata:read",
    f"GET {REPO}/collaborators/{{login}}/permission": "metadata:read",
    "GET /orgs/{organization}/teams/{team_slug}/memberships/{login}": "members:read",
    f"GET {REPO}/compare/{{base}}...{{head}}": "contents:read",
    f"GET {REPO}/commits/{{sha}}": "contents:read",
    f"GET {REPO}/git/ref/heads/{{+branch}}": "contents:read",
    f"GET {REPO}/git/commits/{{sha}}": "contents:read",
    f"GET {REPO}/git/blobs/{{sha}}": "contents:read",
    f"GET {REPO}/git/trees/{{sha}}": "contents:read",
    f"POST {REPO}/git/blobs": "contents:write",
    f"POST {REPO}/git/trees": "contents:write",
    f"POST {REPO}/git/commits": "contents:write",
    f"POST {REPO}/git/refs": "contents:write",
    f"PATCH {REPO}/git/refs/heads/{{+branch}}": "contents:write",
    f"DELETE {REPO}/git/refs/heads/{{+branch}}": "contents:write",
    f"GET {REPO}/pulls": "pull_requests:read",
    f"GET {REPO}/pulls/{{number}}": "pull_requests:read",
    f"GET {REPO}/pulls/{{number}}/files": "pull_requests:read",
    f"GET {REPO}/pulls/{{number}}/commits": "pull_requests:read",
    f"GET {REPO}/commits/{{sha}}/pulls": "pull_requests:read",
    f"POST {REPO}/pulls": "pull_requests:write",
    f"PATCH {REPO}/pulls/{{number}}": "pull_requests:write",
    f"POST {REPO}/pulls/comments/{{comment_id}}/reactions": "pull_requests:write",
    f"GET {REPO}/issues": "issues:read",
    f"GET {REPO}/issues/{{number}}": "issues:read",
    f"POST {REPO}/issues": "issues:write",
    f"PATCH {REPO}/issues/{{number}}": "issues:write",
    f"POST {REPO}/issues/{{number}}/labels": "issues:write",
    f"DELETE {REPO}/issues/{{number}}/labels/{{label}}": "issues:write",
    f"GET {REPO}/issues/{{issue}}/comments": "issues:read",
    f"POST {REPO}/issues/{{issue}}/comments": "issues:write",
    f"GET {REPO}/issues/comments/{{comment_id}}": "issues:read",
    f"PATCH {REPO}/issues/comments/{{comment_id}}": "issues:write",
    f"DELETE {REPO}/issues/comments/{{comment_id}}": "issues:write",
    f"POST {REPO}/issues/comments/{{comment_id}}/reactions": "issues:write",
    f"GET {REPO}/commits/{{sha}}/check-runs": "checks:read",
    f"POST {REPO}/check-runs": "checks:write",
    f"PATCH {REPO}/check-runs/{{check_run_id}}": "checks:write",
    f"GET {REPO}/commits/{{sha}}/status": "statuses:read",
    f"GET {REPO}/deployments": "deployments:read",
    f"GET {REPO}/deployments/{{number}}/statuses": "deployments:read",
    f"GET {REPO}/actions/runs/{{workflow_run_id}}": "actions:read",
    f"GET {REPO}/actions/runs/{{workflow_run_id}}/artifacts": "actions:read",
    f"GET {REPO}/actions/workflows/{{file}}/runs": "actions:read",
    f"POST {REPO}/actions/workflows/{{file}}/dispatches": "actions:write",
    f"POST {REPO}/actions/runs/{{workflow_run_id}}/cancel": "actions:write",
    f"GET {REPO}/installation": "",
    "GET /app": "",
    "GET /app/hook/config": "",
    "GET /rate_limit": "",
    "GET /app/installations": "",
    "GET /app/installations/{installation_id}": "",
    "POST /app/installations/{installation_id}/access_tokens": "",
    "GET /app/hook/deliveries": "",
    "GET /app/hook/deliveries/{attempt_id}": "",
    "POST /app/hook/deliveries/{attempt_id}/attempts": "",
}
METHODS: Final = {
    "get": "GET",
    "get_forever": "GET",
    "pages": "GET",
    "each": "GET",
    "post": "POST",
    "patch": "PATCH",
    "put": "PUT",
    "delete": "DELETE",
}


def called() -> set[str]:
    """Every endpoint that a module of this room calls, as its source has it."""
    return {line for path in (ROOT / "bot" / "github").glob("*.py") for line in _calls(ast.parse(path.read_text()))}


def _calls(module: ast.Module) -> Iterator[str]:
    named = {
        target.id: node.value.value
        for node in module.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(module):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
            continue
        method, first = METHODS.get(node.func.attr), node.args[0]
        template = named.get(first.id) if isinstance(first, ast.Name) else getattr(first, "value", None)
        if method is not None and isinstance(template, str) and template.startswith("/"):
            yield f"{method} {template.partition('{?')[0]}"


def test_the_table_names_the_endpoints_that_are_called_and_no_others() -> None:
    assert called() == set(NEEDED)


@pytest.mark.parametrize(("endpoint", "needed"), [(name, needed) for name, needed in NEEDED.items() if needed])
def test_every_endpoint_is_granted(endpoint: str, needed: str) -> None:
    name, _, level = needed.partition(":")
    granted = PERMISSIONS.get(name)
    assert granted == "write" or granted == level


def test_no_permission_is_asked_for_that_nothing_needs() -> None:
    wanted = {needed for needed in NEEDED.values() if needed}
    writes = {needed.removesuffix(":write") for needed in wanted if needed.endswith(":write")}
    reads = {needed.partition(":")[0] for needed in wanted} | {BACKED_BY[event] for event in EVENTS}
    assert {name for name, level in PERMISSIONS.items() if level == "write"} == writes
    assert set(PERMISSIONS) == reads


def test_every_event_is_backed_by_a_permission() -> None:
    assert [event for event in EVENTS if BACKED_BY[event] not in PERMISSIONS] == []


def test_no_event_is_listed_that_every_app_gets_anyway() -> None:
    assert not ALWAYS_SENT & set(EVENTS)
    assert len(EVENTS) == len(set(EVENTS))


def test_the_events_are_those_that_are_read() -> None:
    assert set(EVENTS) == set(READERS) - ALWAYS_SENT
