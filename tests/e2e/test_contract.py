"""The contract: what execution must not change, and what it may."""

from __future__ import annotations

from tests.e2e.scenario import PLAN, Scenario, plan_with

FOURTH_BLOCK = (
    "\n- **Block ID:** `B04`\n- **Goal:** Totals are printed\n- **Why Now:** the till needs it\n"
    "- **Dependencies:** `B03`\n- **Risks:** none\n- **Acceptance Criteria:** a receipt shows the total\n"
)
AFTER_B03 = "- **Acceptance Criteria:** `checkout_totals` gives all three amounts in cents\n"


async def change_plan(github: Scenario, *changes: tuple[str, str]) -> str:
    """Change the plan as it stands on the branch, the bot's record included."""
    plan = await github.file(PLAN)
    assert plan is not None
    head = await github.push({PLAN: plan_with(*changes, plan=plan)}, message="Change the plan")
    await github.ci()
    return head


CHANGES = (
    ("- **Objective (One Sentence):** Customers", "- **Objective (One Sentence):** People", "objective"),
    ("- **Goal:** Percentage and fixed", "- **Goal:** Only fixed", "B02"),
    ("- `tests/...`", "- `tests/...`\n- `tools/...`", "tools/..."),
    ("- `src/shop/payments.py`\n", "", "src/shop/payments.py"),
    ("- **Execution Mode:** `stepwise`", "- **Execution Mode:** `autonomous`", "mode"),
    ("- **Unit Tests:** `python -m unittest", "- **Unit Tests:** `python -m pytest", "validation"),
    ("- **Block ID:** `B03`", "- **Block ID:** `B07`", "B07"),
)


async def test_a_change_of_the_contract_is_named_and_stops_the_run(github: Scenario) -> None:
    await github.started()
    start = await github.block_pushed("B01")
    plan = await github.file(PLAN) or ""
    for old, new, named in CHANGES:
        await github.push({PLAN: plan_with((old, new), plan=plan)}, start=start, force=True)
        check = (await github.checks())["plan"]
        assert check.conclusion == "failure", new
        assert named in f"{check.title} {check.summary}"
        reply = await github.answer("/approve")
        assert named in reply and "/execute" in reply
    assert "done" not in await github.block("B01")


async def test_a_change_of_the_execution_branch_stops_the_run(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    await change_plan(
        github,
        ("**Planning Branch:** `feature/checkout-totals`", "**Planning Branch:** `feature/other`"),
        ("**Execution Branch:** `feature/checkout-totals`", "**Execution Branch:** `feature/other`"),
    )
    assert (await github.checks())["plan"].conclusion == "failure"
    assert "feature/other" in await github.answer("/approve")
    assert "feature/other" in await github.answer("/execute")
    assert "done" not in await github.block("B01")


async def test_a_change_that_is_taken_back_never_was(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    await change_plan(github, ("- `tests/...`", "- `tests/...`\n- `tools/...`"))
    await change_plan(github, ("- `tests/...`\n- `tools/...`", "- `tests/...`"))
    assert (await github.checks())["plan"].conclusion == "success"
    await github.comment("/approve")
    assert "done" in await github.block("B01")


async def test_a_widened_scope_widens_nothing_before_somebody_locks_it(github: Scenario) -> None:
    await github.started()
    await change_plan(github, ("- `tests/...`", "- `tests/...`\n- `tools/...`"))
    await github.push({"tools/x.py": "X = 1\n"})
    assert (await github.checks())["scope"].conclusion == "failure"
    await github.comment("/execute")
    checks = await github.checks()
    assert (checks["plan"].conclusion, checks["scope"].conclusion) == ("success", "success")


async def test_locking_anew_keeps_finished_blocks_and_takes_in_new_ones(github: Scenario) -> None:
    await github.started()
    first = await github.block_done("B01")
    await change_plan(github, (AFTER_B03, AFTER_B03 + FOURTH_BLOCK))
    said = await github.comment("/execute")
    assert await github.reactions(said) == ["+1"]
    assert f"done at `{first[:7]}`" in await github.block("B01")
    assert "active" in await github.block("B02") or "awaits" in await github.block("B02")
    assert "- [ ]" in await github.block("B04")
    assert (await github.checks())["plan"].conclusion == "success"


async def test_a_finished_block_whose_definition_changed_is_open_again(github: Scenario) -> None:
    await github.started()
    await github.block_done("B01")
    await change_plan(github, ("- **Goal:** Amounts are whole cents", "- **Goal:** Amounts are tenths of cents"))
    await github.comment("/execute")
    assert "done" not in await github.block("B01")
    assert "B01" in await github.headline()


async def test_a_finished_block_may_not_vanish(github: Scenario) -> None:
    await github.started()
    await github.block_done("B01")
    plan = await github.file(PLAN)
    assert plan is not None
    before, section, after = plan.partition("## 5. Proposed Next Block")
    blocks, next_section, after = after.partition("## 6.")
    await github.push({PLAN: before + section + blocks.replace("`B01`", "`B08`") + next_section + after})
    await github.ci()
    assert "`B01`" in await github.answer("/execute")
    assert (await github.checks())["plan"].conclusion == "failure"
    await github.push({PLAN: plan})
    assert (await github.checks())["plan"].conclusion == "success"


async def test_who_may_not_approve_may_not_lock_a_changed_contract(github: Scenario) -> None:
    await github.started()
    await change_plan(github, ("- `tests/...`", "- `tests/...`\n- `tools/...`"))
    assert await github.reactions(await github.comment("/execute", by="rita")) == ["-1"]
    assert (await github.checks())["plan"].conclusion == "failure"


async def test_notes_status_and_records_are_no_part_of_the_contract(github: Scenario) -> None:
    await github.started()
    await github.block_done("B01")
    await change_plan(
        github,
        ("- **Known Limitations or Risks:** sums", "- **Known Limitations or Risks:** still: sums"),
        ("- **Remaining Gaps:** nothing adds", "- **Remaining Gaps:** still nothing adds"),
        ("- None\n", "- Q1: Who pays?\n- [x] asked\n"),
        ("**Status:** In Progress", "**Status:** in progress, nearly there"),
        ("## 10. Progress Checkpoints (Executor Reporting)", "## 10. Progress Checkpoints"),
    )
    assert (await github.checks())["plan"].conclusion == "success"


async def test_a_plan_that_is_deleted_during_the_run_stops_it(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    await github.push({PLAN: None})
    await github.ci()
    assert (await github.checks())["plan"].conclusion == "failure"
    assert "refused" in await github.answer("/approve")
    assert "done" not in await github.block("B01")
