"""Plans of the other dialects as texts, and the worlds that hold them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.plans.model import Reading
from bot.plans.team_session import read_session, wanted

BRANCH = "feature/checkout"
MEMORY_BANK = "memory-bank/plan/2026-01-05_greeting.md"
SPEC_PLAN = "specs/cart/PLAN.md"
SPEC = "specs/cart/SPEC.md"
PROGRESS = "specs/cart/PROGRESS.md"
FOLDER = ".workflow/.team/TC-shop"
SESSION = f"{FOLDER}/team-session.json"


@dataclass(frozen=True, slots=True)
class Task:
    """What a test says of a task: files, what it waits for (None: nothing is said), whether it is independent."""

    files: tuple[str, ...] = ()
    after: tuple[str, ...] | None = None
    independent: bool = False


def memory_bank_text(
    tasks: Mapping[str, Task] | None = None,
    *,
    boxes: Mapping[str, bool] | None = None,
    front: str = "",
    behind: str = "",
) -> str:
    """A memory-bank plan; `boxes` are the lines of its Readiness and whether each is ticked."""
    tasks = tasks or {"T001": Task(("src/t001.py",)), "T002": Task(("src/t002.py",), ("T001",))}
    readiness = "".join(f"- [{'x' if ticked else ' '}] {words}\n" for words, ticked in (boxes or {}).items())
    listed = "\n".join(
        f"### {task_id}: Work on {task_id}\n\n"
        + (f"**Dependencies:** {', '.join(task.after) or 'None'}\n" if task.after is not None else "")
        + (f"**Files/modules touched:** {_spans(task.files)}\n" if task.files else "")
        for task_id, task in tasks.items()
    )
    return (
        f'---\ntitle: "Greeting"\nphase: Plan\ngit_branch: "{BRANCH}"\n{front}---\n\n'
        "## Goal\n\nGreet people by name.\n\n"
        "## Milestones\n\n- M1: It says hello\n- M2: It knows names\n\n"
        + (f"## Readiness (DoR)\n\n{readiness}\n" if readiness else "")
        + f"## Work Breakdown (Tasks)\n\n{listed}\n{behind}"
    )


def spec_plan_text(tasks: Mapping[str, Task] | None = None, *, weight: str | None = None) -> str:
    """A spec-plan with tasks `1`, `2`, ...; each touches a file of its own unless it says otherwise."""
    tasks = tasks or {"1": Task(), "2": Task(), "3": Task()}
    listed = "\n".join(
        f"### Task {number}: Work on {number}\n\n**Files**: {_spans(task.files or (f'src/t{number}.py',))}\n"
        "**Action**: do it\n"
        + ("**Independent**: yes\n" if task.independent else "")
        + (f"**Depends on**: {', '.join(f'Task {one}' for one in task.after)}\n" if task.after else "")
        + f"**Verify**: `pytest tests/t{number}.py`\n"
        for number, task in tasks.items()
    )
    weighed = f"**Weight**: {weight}\n\n" if weight else ""
    return (
        f"# Plan: Cart\n\n> From: {SPEC}\n> Created: 2026-01-02\n\n{weighed}## Objective\n\nKeep carts.\n\n"
        f"## Tasks\n\n{listed}"
    )


def _spans(paths: Sequence[str]) -> str:
    return ", ".join(f"`{path}`" for path in paths)


def session_files(
    graph: Mapping[str, Sequence[str]] | None = None,
    *,
    roles: Mapping[str, str] | None = None,
    completion: str = "interactive",
    completed: Sequence[str] = (),
    in_progress: Sequence[str] = (),
    workers: Sequence[str] = (),
    status: str = "active",
    updated_at: str = "2026-01-12T08:00:00Z",
) -> dict[str, str]:
    """The files of a team session; `graph` maps a task to what it waits for, `roles` a task to its role."""
    graph = graph or {"IMPL-001": (), "IMPL-002": ("IMPL-001",), "TEST-001": ("IMPL-002",)}
    role_of = {task: (roles or {}).get(task, "tester" if task.startswith("TEST") else "developer") for task in graph}
    registry = {
        "session_id": "TC-shop",
        "task_description": "Add a shop",
        "status": status,
        "roles": [
            {"name": name, "prefix": prefix, "role_spec": f"role-specs/{name}.md"}
            for name, prefix in (("developer", "IMPL"), ("tester", "TEST"))
        ],
        "pipeline": {"tasks_total": len(graph), "tasks_completed": len(completed)},
        "active_workers": [{"task": task, "role": role_of.get(task, "developer")} for task in workers],
        "completed_tasks": list(completed),
        **({"in_progress": list(in_progress)} if in_progress else {}),
        "completion_action": completion,
        "created_at": "2026-01-10T12:00:00Z",
        "updated_at": updated_at,
    }
    analysis = {
        "task_description": "Add a shop to the site",
        "capabilities": [{"name": "coding", "description": "writes code", "artifact_type": "code"}],
        "dependency_graph": {task: {"depends_on": list(after), "role": role_of[task]} for task, after in graph.items()},
        "roles": [{"name": "developer", "prefix": "IMPL"}, {"name": "tester", "prefix": "TEST"}],
        "tasks": [{"id": task, "subject": f"Work on {task}"} for task in graph],
        "complexity_score": 3,
    }
    files = {
        "team-session.json": json.dumps(registry, indent=2),
        "task-analysis.json": json.dumps(analysis, indent=2),
        "role-specs/developer.md": _role_spec("developer", "IMPL"),
        "role-specs/tester.md": _role_spec("tester", "TEST"),
    }
    return {f"{FOLDER}/{name}": content for name, content in files.items()}


def _role_spec(role: str, prefix: str) -> str:
    return (
        f"---\nrole: {role}\nprefix: {prefix}\ninner_loop: false\nmessage_types:\n  success: {role}_complete\n"
        f"  error: error\n---\n\n# {role}\n\n## Phase 2: Context\n\nRead the task.\n\n## Phase 3: Work\n\nDo it.\n\n"
        "## Phase 4: Verification\n\nCheck it.\n"
    )


def read_session_from(tree: Mapping[str, str], path: str) -> Reading:
    """A session as it stands in a tree, read as the service reads it: only the files that are wanted."""
    listing = sorted(tree)
    return read_session(path, {name: tree[name].encode() for name in wanted(path, listing)}, listing)
