"""Steering a run: pause, resume, abort, skip, status, help."""

from __future__ import annotations

from tests.e2e.scenario import PLAN, Scenario, block_files


async def test_a_paused_run_does_not_advance_and_says_why(github: Scenario) -> None:
    await github.started()
    await github.comment("/pause until the release is out")
    assert await github.headline() == "paused"
    assert "until the release is out" in await github.next_thing() and "/resume" in await github.next_thing()
    await github.block_pushed("B01")
    assert "awaits approval" not in await github.block("B01")
    assert "until the release is out" in await github.answer("/approve")
    await github.comment("/resume")
    assert "awaits approval" in await github.block("B01")
    await github.comment("/approve")
    assert "done" in await github.block("B01")


async def test_continue_is_another_word_for_resume(github: Scenario) -> None:
    await github.started()
    await github.comment("/pause")
    await github.comment("/continue")
    assert await github.headline() == "B01 is to be done"


async def test_resume_of_a_run_that_is_not_paused_is_refused(github: Scenario) -> None:
    await github.started()
    assert "not paused" in await github.answer("/resume")


async def test_pause_and_resume_need_an_approver(github: Scenario) -> None:
    await github.started()
    assert await github.reactions(await github.comment("/pause", by="tom")) == ["-1"]
    assert await github.headline() == "B01 is to be done"
    await github.comment("/pause")
    assert await github.reactions(await github.comment("/resume", by="rita")) == ["-1"]
    assert await github.headline() == "paused"


async def test_an_aborted_run_is_over_and_takes_no_approvals(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    await github.comment("/abort wrong approach")
    assert "wrong approach" in await github.checklist()
    assert (await github.checks())["progress"].conclusion == "failure"
    assert "refused" in await github.answer("/approve")
    assert "refused" in await github.answer("/abort again")


async def test_abort_and_skip_need_a_reason(github: Scenario) -> None:
    await github.started()
    assert "/abort <reason>" in await github.answer("/abort")
    assert "/skip <block> <reason>" in await github.answer("/skip B01")
    assert "active" in await github.block("B01")


async def test_a_skipped_block_stands_with_its_reason_in_comment_and_plan(github: Scenario) -> None:
    await github.started()
    await github.comment("/skip B01 amounts are cents already")
    assert "skipped" in await github.block("B01") and "cents already" in await github.checklist()
    assert "active" in await github.block("B02")
    record = await github.file(PLAN)
    assert record is not None and "cents already" in record
    assert "Stepwise-Block: B01" in (await github.commits())[0]["commit"]["message"]


async def test_what_was_pushed_for_a_skipped_block_is_left_to_the_next_approval(github: Scenario) -> None:
    await github.started()
    await github.push(block_files("B01"))
    await github.comment("/skip B01 it comes with the next one")
    await github.ci()
    await github.comment("/approve B02")
    assert "done" in await github.block("B02")


async def test_only_the_open_block_can_be_skipped(github: Scenario) -> None:
    await github.started()
    assert "`B01`" in await github.answer("/skip B03 not needed")
    assert "skipped" not in await github.block("B03")
    assert "`B09`" in await github.answer("/skip B09 not needed")


async def test_status_answers_readers_and_advances_nothing(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    head = await github.head()
    for word in ("/status", "/check"):
        reply = await github.answer(word, by="rita")
        assert "B01" in reply and "mermaid" in reply
    assert "awaits approval" in await github.block("B01")
    assert await github.head() == head


async def test_status_without_a_run_says_that_there_is_none(github: Scenario) -> None:
    await github.planned()
    assert "ready to be executed" in await github.answer("/status", by="rita")


async def test_help_lists_every_command_with_who_may_use_it(github: Scenario) -> None:
    await github.planned()
    reply = await github.answer("/help", by="rita")
    for word in ("execute", "approve", "skip", "allow", "pause", "resume", "verdict", "closeout", "abort"):
        assert "approver" in next(line for line in reply.splitlines() if line.startswith(f"| `/{word}"))
    for word in ("status", "help"):
        assert "anyone" in next(line for line in reply.splitlines() if line.startswith(f"| `/{word}"))


async def test_commands_of_other_bots_are_ignored(github: Scenario) -> None:
    await github.started()
    said = await github.comment("/lgtm\n/retest\n/rebase please\n/cc @ada")
    assert await github.reactions(said) == []
    assert await github.replies() == []


async def test_where_no_plan_is_in_play_the_words_that_other_bots_own_too_are_left_to_them(github: Scenario) -> None:
    await github.push({"src/shop/x.py": "X = 1\n"})
    await github.open_pull()
    said = await github.comment("/approve\n/skip\n/aprove")
    assert await github.reactions(said) == []
    assert await github.comments() == [said]


async def test_an_outsiders_near_miss_gets_no_answer(github: Scenario) -> None:
    await github.started()
    before = len(await github.replies())
    await github.comment("/aprove", by="oscar")
    assert len(await github.replies()) == before
    await github.comment("/aprove", by="maria")
    assert "/approve" in await github.last_reply()
