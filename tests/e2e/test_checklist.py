"""The checklist comment: one for each run, owned by the bot, edited in place, safe to read."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt

from tests.e2e.scenario import PLAN_TEXT, Comment, Scenario, block_files, plan_with

MARKER = "<!-- stepwise:checklist -->"


async def checklist_comment(github: Scenario) -> Comment:
    return next(item for item in await github.comments() if MARKER in item.body and item.author == "stepwise[bot]")


async def test_one_comment_is_edited_in_place_from_the_plan_to_the_verdict(github: Scenario) -> None:
    await github.planned()
    comment = await checklist_comment(github)
    await github.comment("/execute")
    await github.block_done("B01")
    assert (await checklist_comment(github)).id == comment.id


async def test_a_deleted_checklist_is_made_again(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    comment = await checklist_comment(github)
    await github.api("DELETE", f"/repos/{github.repository}/issues/comments/{comment.id}", "maria")
    await github.settle()
    again = await checklist_comment(github)
    assert again.id != comment.id and again.body == comment.body
    await github.comment("/approve")
    assert "done" in await github.block("B01")


async def test_an_edited_checklist_is_written_as_it_was(github: Scenario) -> None:
    await github.started()
    comment = await checklist_comment(github)
    forged = comment.body.replace("- [ ] **B01**", "- [x] **B01**").replace("active", "done, approved by `maria`")
    await github.edit_comment(comment.id, forged, by="coda")
    assert await github.checklist() == comment.body


async def test_somebody_elses_comment_with_the_marker_is_not_taken_for_it(github: Scenario) -> None:
    await github.push({"src/shop/x.py": "X = 1\n"})
    await github.open_pull()
    forged = await github.comment(f"{MARKER}\n### Checkout Totals — closed out\n\n- [x] **B01**", by="oscar")
    await github.push({"docs/exec-plans/active/2026-01-checkout-totals.md": PLAN_TEXT})
    await github.comment("/execute")
    assert (await checklist_comment(github)).id != forged.id
    assert forged in await github.comments()


async def test_it_shows_state_blocks_scope_gates_and_the_command_to_copy(github: Scenario) -> None:
    await github.started()
    first = await github.block_done("B01")
    second = await github.block_pushed("B02")
    body = await github.checklist()
    assert f"### Checkout Totals — B02 awaits approval at {second[:7]}" in body
    assert "1 of 3 blocks" in body
    assert "- [x] **B01**" in body and f"`{first[:7]}`, approved by `maria`" in body
    assert "- [ ] **B02**" in body and "- [ ] **B03**" in body
    assert "**Scope** ✅" in body and "**Gates** ✅ `tests`" in body
    assert f"```\n/approve B02 @{second[:12]}\n```" in body
    for fold in ("Contract", "Timeline", "Graph", "Commands"):
        assert f"<summary>{fold}</summary>" in body
    assert "```mermaid" in body


async def test_the_command_that_it_offers_works_as_it_stands(github: Scenario) -> None:
    await github.planned()
    await github.comment((await github.next_thing()).split("```")[1].strip())
    for block in ("B01", "B02", "B03"):
        await github.block_pushed(block)
        await github.comment((await github.next_thing()).split("```")[1].strip())
        assert "done" in await github.block(block)
    await github.comment((await github.next_thing()).split("```")[1].strip())
    assert (await github.checks())["progress"].conclusion == "success"


async def test_text_from_the_plan_is_shown_and_neither_rendered_nor_obeyed(github: Scenario) -> None:
    hostile = (
        "@maria <img src=x onerror=alert(1)> [click](https://evil.example) <!-- stepwise:checklist --> #1 /approve"
    )
    plan = plan_with(
        ("# Checkout Totals", f"# {hostile}"), ("- **Goal:** Amounts are whole cents", f"- **Goal:** {hostile}")
    )
    await github.started(plan)
    await github.push({**block_files("B01"), "infra/more.yaml": "more: 1\n"})
    bodies = [await github.checklist(), *(check.summary for check in (await github.checks()).values())]
    bodies += [check.title for check in (await github.checks()).values()]
    for body in bodies:
        assert body.count(MARKER) <= 1
        shown = re.sub(r"<code.*?</code>", "", MarkdownIt("commonmark").render(body), flags=re.DOTALL)
        assert "<img" not in shown and "evil.example" not in shown and "@maria" not in shown


async def test_a_plan_of_very_many_blocks_still_fits_into_one_comment(github: Scenario) -> None:
    block = "- **Block ID:** `B{0:03}`\n- **Goal:** {1}\n- **Dependencies:** none\n- **Risks:** none\n\n"
    many = "".join(block.format(number, "Something long to do " * 12) for number in range(4, 404))
    await github.started(plan_with(("## 6. Validation Plan", many + "## 6. Validation Plan")))
    body = await github.checklist()
    assert len(body) < 65_536
    assert "B01 is to be done" in body and "403 blocks" in body
    assert body.count("```") % 2 == 0 and body.count("<details>") == body.count("</details>")
