"""Validation: the verdict over the whole change, and what a failing one leads to."""

from __future__ import annotations

from tests.e2e.scenario import PLAN, Scenario


async def failed(github: Scenario, reason: str = "totals are wrong") -> None:
    await github.comment(f"/verdict FAIL {reason}")


async def fixed(github: Scenario, number: int) -> str:
    head = await github.push({f"src/shop/fix{number}.py": f"FIX = {number}\n"}, message="Fix")
    await github.ci()
    return head


async def test_a_verdict_before_the_last_block_is_refused(github: Scenario) -> None:
    await github.started()
    await github.block_done("B01")
    assert "`B02`" in await github.answer("/verdict PASS")
    assert "B02" in await github.headline()


async def test_a_verdict_is_one_of_three_words(github: Scenario) -> None:
    await github.all_blocks_done()
    for text in ("/verdict", "/verdict maybe", "/verdict PASSED"):
        assert "PASS_WITH_NOTES" in await github.answer(text), text
    assert (await github.checks())["progress"].conclusion == "action_required"


async def test_the_validation_record_reads_right_in_the_plan(github: Scenario) -> None:
    await github.all_blocks_done()
    judged = (await github.commits())[1]["sha"]
    await github.comment("/verdict PASS_WITH_NOTES watch the rounding", by="ada")
    record = (await github.file(PLAN) or "").partition("## 12. Validation Record")[2].partition("## 13.")[0]
    assert "**Validation Level:** `medium`" in record
    assert "**Validated By:** `ada`" in record
    assert "**Date:** `2026-03-02`" in record
    assert judged[:7] in record and "B01" in record and "B03" in record
    assert "tests: success" in record and "0 out of scope" in record
    assert "**Verdict:** `PASS_WITH_NOTES`" in record
    assert "watch the rounding" in record
    assert (await github.checks())["progress"].conclusion == "success"


async def test_a_verdict_that_names_an_older_head_is_refused(github: Scenario) -> None:
    await github.all_blocks_done()
    old = (await github.commits())[1]["sha"]
    new = await fixed(github, 1)
    reply = await github.answer(f"/verdict PASS @{old[:7]}")
    assert old[:7] in reply and new[:7] in reply
    assert (await github.checks())["progress"].conclusion == "action_required"
    await github.comment(f"/verdict PASS @{new[:7]}")
    assert (await github.checks())["progress"].conclusion == "success"


async def test_a_passing_verdict_needs_clean_scope(github: Scenario) -> None:
    await github.all_blocks_done()
    await github.push({"infra/more.yaml": "more: 1\n"})
    await github.ci()
    assert "`infra/more.yaml`" in await github.answer("/verdict PASS")
    assert (await github.checks())["progress"].conclusion != "success"


async def test_a_passing_verdict_needs_green_gates(github: Scenario) -> None:
    await github.all_blocks_done()
    await github.push({"src/shop/late.py": "LATE = 1\n"})
    await github.ci("failure")
    assert "`tests`" in await github.answer("/verdict PASS_WITH_NOTES it is flaky")
    assert (await github.checks())["progress"].conclusion != "success"


async def test_readers_give_no_verdicts(github: Scenario) -> None:
    await github.all_blocks_done()
    assert await github.reactions(await github.comment("/verdict PASS", by="rita")) == ["-1"]
    assert (await github.checks())["progress"].conclusion == "action_required"


async def test_after_a_fail_the_same_bytes_cannot_pass(github: Scenario) -> None:
    await github.all_blocks_done()
    await failed(github)
    assert "totals are wrong" in await github.checklist()
    assert "FAIL" in await github.answer("/verdict PASS")
    head = await fixed(github, 1)
    assert f"/verdict PASS @{head[:7]}" in await github.next_thing()
    await github.comment("/verdict PASS")
    assert (await github.checks())["progress"].conclusion == "success"
    assert "**Verdict:** `PASS`" in (await github.file(PLAN) or "")


async def test_three_fix_rounds_are_the_most_before_people_have_to_decide(github: Scenario) -> None:
    await github.all_blocks_done()
    for number in (1, 2, 3):
        await failed(github)
        assert await github.headline() != "waits for a decision"
        await fixed(github, number)
    await failed(github, "still wrong")
    assert await github.headline() == "waits for a decision"
    assert "escalated" in await github.last_reply() and "/resume" in await github.last_reply()
    assert (await github.checks())["progress"].conclusion == "failure"
    await fixed(github, 4)
    assert "/resume" in await github.answer("/verdict PASS")
    await github.comment("/resume")
    await github.comment("/verdict PASS")
    assert (await github.checks())["progress"].conclusion == "success"


async def test_what_is_pushed_after_the_verdict_reopens_validation(github: Scenario) -> None:
    await github.all_blocks_done()
    await github.comment("/verdict PASS")
    assert (await github.checks())["progress"].conclusion == "success"
    head = await fixed(github, 1)
    assert (await github.checks())["progress"].conclusion == "action_required"
    assert f"/verdict PASS @{head[:7]}" in await github.next_thing()
    await github.comment("/verdict PASS")
    assert (await github.checks())["progress"].conclusion == "success"


async def test_a_merge_in_the_middle_of_the_run_ends_it_and_names_what_is_missing(github: Scenario) -> None:
    await github.started()
    await github.block_done("B01")
    await github.merge()
    reply = await github.last_reply()
    assert "merged" in reply and "B02" in reply and "B03" in reply and "verdict" in reply
    assert await github.headline() == "aborted"
    assert await github.api("GET", "/repos/acme/shop/pulls?state=open", "olivia") == []
    assert await github.file(PLAN, ref="main") is not None


async def test_a_merge_before_the_verdict_closes_nothing_out_and_says_why(github: Scenario) -> None:
    await github.all_blocks_done()
    await github.merge()
    assert "no verdict" in await github.last_reply()
    assert await github.api("GET", "/repos/acme/shop/pulls?state=open", "olivia") == []
    assert "refused" in await github.answer("/closeout")
    assert await github.api("GET", "/repos/acme/shop/pulls?state=open", "olivia") == []


async def test_silent_gates_under_a_verdict_are_said_in_the_record(github: Scenario) -> None:
    await github.all_blocks_done()
    await github.push({"src/shop/late.py": "LATE = 1\n"})
    await github.wait(11 * 60)
    await github.comment("/verdict PASS")
    assert "no checks had reported" in (await github.file(PLAN) or "")
