"""A plan that conforms to the template, with parts that tests replace."""

from __future__ import annotations

PATH = "docs/exec-plans/active/greeting.md"

ROADMAP = "- **Sprint:** `S07`\n- **Block:** `B01`\n"
PROPOSED = """\
- **Block ID:** `B01`
- **Goal:** Add the endpoint
- **Dependencies:** none
- **Files:** `src/hello.py`, `tests/test_hello.py`
- **Acceptance Criteria:**
  - `GET /hello` answers 200

- **Block ID:** `B02`
- **Goal:** Greet by name
- **Dependencies:** `B01`
"""
VALIDATION = "- **Unit Tests:** `pytest -q`\n- **Manual QA Steps:** open `/hello`\n"
BRANCH = "- **Execution Branch:** `feature/greeting`\n- **Rule:** Execution must run in the same branch.\n"
INCLUDE = "- `src/**`\n- `tests/**`\n"
EXCLUDE = "- `infra/...` (unless explicitly approved)\n"
HANDOFF = """\
- **Execution Mode:** `stepwise`
- **Block Grouping (Optional):** none
- **Stop Conditions (Escalate Back to Planning):**
  - Scope drift
"""


def plan_text(
    *,
    title: str = "Greeting",
    header: str = "**Status:** Approved\n",
    roadmap: str = ROADMAP,
    objective: str = "- **Objective (One Sentence):** Greet people by name.\n",
    recent: str = "- **Planning Branch:** `feature/greeting`\n- **Base Branch:** `main`\n",
    current: str = "- **Current Runtime Flow:** there is no greeting\n",
    proposed: str = PROPOSED,
    validation: str = VALIDATION,
    branch: str = BRANCH,
    include: str = INCLUDE,
    exclude: str = EXCLUDE,
    handoff: str = HANDOFF,
    behind: str = "",
) -> str:
    return (
        f"# {title}\n\n{header}\n"
        f"## 1. Roadmap Position (Mandatory)\n\n{roadmap}\n"
        f"## 2. Objective Lock\n\n{objective}\n"
        f"## 3. Recent Changes Snapshot\n\n{recent}\n"
        f"## 4. Current Behavior Summary\n\n{current}\n"
        f"## 5. Proposed Next Block\n\n{proposed}\n"
        f"## 6. Validation Plan\n\n{validation}\n"
        f"## 7. Branch Continuity (Mandatory)\n\n{branch}\n"
        f"## 8. File Scope Contract (Mandatory)\n\n### Include (Allowed to Modify)\n\n{include}\n"
        f"### Exclude (Must Not Modify)\n\n{exclude}\n"
        f"## 9. Executor Handoff\n\n{handoff}\n{behind}"
    )
