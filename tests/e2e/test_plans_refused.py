"""Plans that cannot be executed: refused with every reason and its line, never a crash, never a guess."""

from __future__ import annotations

import re

from tests.e2e.clones import File, Link
from tests.e2e.scenario import PLAN, PLAN_TEXT, Scenario, plan_with

TEMPLATE = """# Plan Title

**Status:** Draft
**Objective:** <one-sentence objective>

## 1. Roadmap Position (Mandatory)

- **Sprint:** `SXX`
- **Block:** `BXX` or `BXX-BYY`
- **Task(s):** `<task-id-or-title-list>`

## 2. Objective Lock

- **Objective (One Sentence):**

## 3. Recent Changes Snapshot

- **Planning Branch:** `<branch-name>`

## 4. Current Behavior Summary

- **Current Runtime Flow:**

## 5. Proposed Next Block

- **Block ID:** `BXX`

## 6. Validation Plan

- **Unit Tests:**

## 7. Branch Continuity (Mandatory)

- **Execution Branch:** `<must match planning branch>`

## 8. File Scope Contract (Mandatory)

### Include (Allowed to Modify)

- `<paths>`

### Exclude (Must Not Modify)

- `<sensitive paths>`

## 9. Executor Handoff

- **Execution Mode:** `stepwise` (default) or `autonomous` (explicit only)
"""
OVERSIZED = PLAN_TEXT + "\n" + "More and more text.\n" * 60_000
FOLDER = "docs/exec-plans/active"


async def refused(github: Scenario) -> str:
    """Check that the plan is refused by check and command alike, and that nothing starts; the check's summary."""
    check = (await github.checks())["plan"]
    assert check.conclusion == "failure"
    assert "refused" in await github.answer("/execute")
    assert (await github.checks())["progress"].conclusion != "success"
    assert [item["commit"]["author"]["name"] for item in await github.commits()].count("stepwise[bot]") == 0
    return check.summary


NO_PLANS: dict[str, File] = {
    "empty": b"",
    "blank": b"\n\n",
    "binary": b"\x00\x01\x02PNG\x00" * 40,
    "not UTF-8": b"# Plan\n\n\xff\xfe\xe9 not UTF-8\n",
    "prose": "Hello\n",
    "oversized": OVERSIZED,
}


async def test_what_is_no_plan_is_refused_with_reasons(github: Scenario) -> None:
    await github.planned(TEMPLATE)
    for kind, plan in NO_PLANS.items():
        await github.push({PLAN: plan})
        assert len(await refused(github)) > 20, kind


async def test_a_plan_that_is_only_the_template_is_refused_with_a_line_for_everything_missing(github: Scenario) -> None:
    await github.planned(TEMPLATE)
    summary = await refused(github)
    lines = {int(found) for found in re.findall(r"line (\d+)", summary)}
    assert len(lines) >= 4
    for word in ("objective", "branch", "include"):
        assert word in summary.lower()


async def test_missing_sections_are_all_named(github: Scenario) -> None:
    plan = PLAN_TEXT
    for number, name in (("4", "Current Behavior Summary"), ("6", "Validation Plan")):
        plan = plan.replace(f"## {number}. {name}", f"## {number}. Something Else")
    await github.planned(plan)
    summary = await refused(github)
    assert "Current Behavior Summary" in summary and "Validation Plan" in summary


async def test_findings_are_annotated_where_they_are(github: Scenario) -> None:
    plan = plan_with(("- `infra/...` (unless", "- `!infra/...` (unless"))
    await github.planned(plan)
    await refused(github)
    check = (await github.checks())["plan"]
    path = f"/repos/{github.repository}/check-runs/{check.id}/annotations"
    found = await github.api("GET", path, "olivia")
    line = next(n for n, text in enumerate(plan.splitlines(), 1) if "!infra" in text)
    assert (PLAN, line, "failure") in {(item["path"], item["start_line"], item["annotation_level"]) for item in found}


async def test_a_plan_that_is_mended_can_be_executed(github: Scenario) -> None:
    await github.planned(b"")
    await refused(github)
    await github.push({PLAN: PLAN_TEXT})
    assert (await github.checks())["plan"].conclusion == "success"
    await github.comment("/execute")
    assert await github.headline() == "B01 is to be done"


async def test_a_plan_that_is_a_symlink_is_refused(github: Scenario) -> None:
    await github.push({"src/shop/plan.md": PLAN_TEXT, PLAN: Link("../../../src/shop/plan.md")})
    await github.open_pull()
    assert "symlink" in await refused(github)


NO_PATHS = (
    "src/shop/plan.md",
    "docs/plan.md",
    f"/{PLAN}",
    f"{FOLDER}/../active/2026-01-checkout-totals.md",
    f"{FOLDER}/../../../etc/passwd.md",
    f"{FOLDER}/index.md",
    f"{FOLDER}/nothing-here.md",
    f"{FOLDER}//2026-01-checkout-totals.md",
    f"{FOLDER}/%2e%2e/plan.md",
    f"./{PLAN}",
    f"https://evil.example/{PLAN}",
)


async def test_a_plan_path_that_is_not_a_plan_of_this_repository_is_refused(github: Scenario) -> None:
    await github.planned(also={"src/shop/plan.md": PLAN_TEXT, "docs/plan.md": PLAN_TEXT})
    for path in NO_PATHS:
        assert "refused" in await github.answer(f"/execute {path}"), path
    assert "In Progress" not in (await github.file(PLAN) or "")
    assert await github.headline() == "ready to be executed"
    assert (await github.checks())["plan"].conclusion == "success"


async def test_a_plan_folder_that_is_a_symlink_is_refused(github: Scenario) -> None:
    await github.push(
        {"src/shop/active/plan.md": PLAN_TEXT, "docs/exec-plans/active/sub": Link("../../../src/shop/active")}
    )
    await github.open_pull()
    assert "refused" in await github.answer("/execute docs/exec-plans/active/sub/plan.md")


async def test_a_named_plan_that_was_not_changed_here_can_be_executed(github: Scenario) -> None:
    await github.push({PLAN: PLAN_TEXT}, branch="main", by="maria")
    await github.push({"src/shop/x.py": "X = 1\n"})
    await github.open_pull()
    assert await github.checklist() == ""
    await github.comment(f"/execute {PLAN}")
    assert await github.headline() in {"B01 is to be done", "B01 waits for its gates"}


async def test_a_finished_plan_is_not_executed_again(github: Scenario) -> None:
    await github.planned()
    await github.comment("/execute docs/exec-plans/completed/2025-11-stock-levels.md")
    assert "not where a plan is kept" in await github.last_reply()
    assert "not started" in await github.checklist()
