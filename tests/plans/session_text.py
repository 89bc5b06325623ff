"""A team session that can be executed, to be broken by the tests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from bot.plans.model import Reading
from bot.plans.team_session import read_session, wanted

FOLDER: Final = ".workflow/.team/TC-shop-2026-04-18"
PATH: Final = f"{FOLDER}/team-session.json"


def role_spec(role: str, prefix: str, *, inner_loop: str = "false", more: str = "") -> str:
    return f"""---
role: {role}
prefix: {prefix}
inner_loop: {inner_loop}
message_types:
  success: {prefix.lower()}_complete
  error: error
---

# {role}

## Phase 2: Context

Read the task.

## Phase 3: Work

Do it.

## Phase 4: Verification

Check it.
{more}"""


def registry() -> dict[str, Any]:
    return {
        "session_id": "TC-shop-2026-04-18",
        "task_description": "Add a shop",
        "status": "active",
        "team_name": "shop",
        "roles": [
            {"name": "developer", "prefix": "IMPL", "inner_loop": True, "role_spec": "role-specs/developer.md"},
            {"name": "tester", "prefix": "TEST", "inner_loop": False, "role_spec": "role-specs/tester.md"},
        ],
        "pipeline": {"dependency_graph": {}, "tasks_total": 3, "tasks_completed": 0},
        "active_workers": [],
        "completed_tasks": [],
        "completion_action": "auto_keep",
        "created_at": "2026-04-18T12:00:00Z",
    }


def analysis() -> dict[str, Any]:
    return {
        "task_description": "Add a shop to the site",
        "capabilities": [{"name": "coding", "description": "writes code", "artifact_type": "code"}],
        "dependency_graph": {
            "TEST-001": {"depends_on": ["IMPL-002"], "role": "tester"},
            "IMPL-001": {"depends_on": [], "role": "developer"},
            "IMPL-002": {"depends_on": ["IMPL-001"], "role": "developer"},
        },
        "roles": [{"name": "developer", "prefix": "IMPL"}, {"name": "tester", "prefix": "TEST"}],
        "tasks": [
            {"id": "IMPL-001", "subject": "Add a cart", "steps": ["Add the model"], "success_criteria": "It is kept"},
            {"id": "IMPL-002", "goal": "Add a till", "deliverables": ["artifacts/till.md"]},
        ],
        "complexity_score": 3,
    }


def session_files(**changes: Any) -> dict[str, Any]:
    """The files below the folder; `registry` and `analysis` are JSON values, others are named by their path."""
    return {
        "team-session.json": changes.pop("registry", registry()),
        "task-analysis.json": changes.pop("analysis", analysis()),
        "role-specs/developer.md": role_spec("developer", "IMPL", inner_loop="true"),
        "role-specs/tester.md": role_spec("tester", "TEST"),
        **changes,
    }


def read_files(files: Mapping[str, Any], path: str = PATH) -> Reading:
    """Read files given as text, bytes, None (there, but not to be read), or JSON values; only those that are wanted."""
    contents = {f"{FOLDER}/{name}": content_of(content) for name, content in files.items()}
    listing = list(contents)
    return read_session(path, {name: contents[name] for name in wanted(path, listing)}, listing)


def content_of(content: Any) -> bytes | None:
    if content is None or isinstance(content, bytes):
        return content
    return (content if isinstance(content, str) else json.dumps(content, indent=2, ensure_ascii=False)).encode()


def said(found: Reading) -> list[tuple[str, int | None, str]]:
    return [(finding.code, finding.line, finding.message) for finding in found.findings]


def codes(found: Reading) -> list[str]:
    return [finding.code for finding in found.findings]
