"""The four checks on every head: never left unreported, never success for what is not known."""

from __future__ import annotations

from bot.sandbox.faults import Answer
from tests.e2e.scenario import PLAN, PLAN_FILES, Scenario, block_files

ALL_FOUR = {"plan", "scope", "gates", "progress"}


async def conclusions(github: Scenario, ref: str | None = None) -> dict[str, str | None]:
    return {name: check.conclusion for name, check in (await github.checks(ref)).items()}


async def test_without_a_plan_all_four_conclude_success_at_once_and_nothing_is_said(github: Scenario) -> None:
    await github.push({"src/shop/x.py": "X = 1\n"})
    await github.open_pull()
    assert await conclusions(github) == dict.fromkeys(ALL_FOUR, "success")
    assert {check.title for check in (await github.checks()).values()} == {"No plan in this pull request"}
    second = await github.push({"src/shop/x.py": "X = 2\n"})
    assert await conclusions(github, second) == dict.fromkeys(ALL_FOUR, "success")
    assert await github.comments() == []


async def test_every_head_gets_all_four(github: Scenario) -> None:
    await github.started()
    heads = [await github.head()]
    heads.append(await github.push(block_files("B01")))
    await github.ci()
    heads.append(await github.push({"infra/more.yaml": "more: 1\n"}))
    heads.append(await github.push({"infra/more.yaml": None}))
    await github.ci()
    await github.comment("/approve")
    heads.append(await github.head())
    for head in heads:
        assert set(await conclusions(github, head)) == ALL_FOUR


async def test_progress_is_success_only_with_every_block_and_a_verdict(github: Scenario) -> None:
    await github.started()
    for block in ("B01", "B02", "B03"):
        assert (await github.checks())["progress"].conclusion != "success"
        await github.block_done(block)
    assert (await github.checks())["progress"].conclusion != "success"
    await github.comment("/verdict PASS")
    assert await conclusions(github) == dict.fromkeys(ALL_FOUR, "success")


async def test_a_title_names_the_first_unmet_condition(github: Scenario) -> None:
    await github.started()
    await github.push({**block_files("B01"), "infra/more.yaml": "more: 1\n"})
    await github.ci("failure")
    checks = await github.checks()
    assert "infra/more.yaml" in checks["scope"].title
    assert "tests" in checks["gates"].title
    assert "B01" in checks["progress"].title and "0 of 3" in checks["progress"].title


async def test_asking_for_a_check_again_looks_again(github: Scenario) -> None:
    await github.started()
    before = await github.checks()
    path = f"/repos/{github.repository}/check-runs/{before['scope'].id}/rerequest"
    await github.api("POST", path, "maria")
    await github.settle()
    after = await github.checks()
    assert after["scope"].id > before["scope"].id
    assert after["scope"].conclusion == "success"


async def test_a_policy_with_an_unknown_key_stops_everything_with_its_line(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    await github.policy("record: block\n\napprover: [rita]\n")
    reply = await github.answer("/approve")
    assert ".github/stepwise.yml" in reply and "line 3" in reply and "`approver`" in reply
    check = (await github.checks())["plan"]
    assert check.conclusion == "failure"
    assert "line 3" in check.summary
    assert "done" not in await github.block("B01")
    await github.policy("record: block\n")
    assert (await github.checks())["plan"].conclusion == "success"
    await github.comment("/approve")
    assert "done" in await github.block("B01")


async def test_a_policy_with_a_bad_value_is_shown_before_anything_is_started(github: Scenario) -> None:
    await github.policy("closeout: tomorrow\n")
    await github.planned()
    check = (await github.checks())["plan"]
    assert check.conclusion == "failure" and "line 1" in check.summary and "closeout" in check.summary
    assert "line 1" in await github.answer("/execute")
    assert "In Progress" not in (await github.file(PLAN) or "")


async def test_a_policy_change_on_the_base_branch_is_taken_up_at_once(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    assert "awaits approval" in await github.block("B01")
    await github.policy("gates:\n  required: [integration]\n")
    assert "`integration`" in await github.answer("/approve")
    assert (await github.checks())["gates"].conclusion is None


async def test_the_pull_requests_own_policy_has_no_effect(github: Scenario) -> None:
    await github.planned(also={".github/stepwise.yml": "approvers: [oscar]\ngates: {ignore: [tests]}\n"})
    assert await github.reactions(await github.comment("/execute", by="oscar")) == ["-1"]
    await github.comment("/execute")
    await github.comment("/allow .github/stepwise.yml trying")
    await github.push(block_files("B01"))
    await github.ci("failure")
    assert (await github.checks())["gates"].conclusion == "failure"


async def test_pointing_the_pull_request_at_another_base_does_not_choose_another_policy(github: Scenario) -> None:
    await github.started()
    await github.push(block_files("B01"))
    await github.ci("failure")
    lax = "approvers: [oscar]\ngates: {ignore: [tests], patience_minutes: 0}\n"
    await github.push({".github/stepwise.yml": lax}, branch="lax", start="origin/main")
    await github.change_pull(base="lax", by="coda")
    assert "`tests`" in await github.answer("/approve", by="coda")
    assert await github.reactions(await github.comment("/approve", by="oscar")) == ["-1"]
    assert "done" not in await github.block("B01")


async def test_a_run_whose_base_branch_was_deleted_goes_on_with_the_new_base(github: Scenario) -> None:
    await github.push({"src/shop/x.py": "X = 1\n"}, branch="release", by="maria")
    await github.push(PLAN_FILES)
    await github.open_pull(base="release")
    await github.comment("/execute")
    await github.block_pushed("B01")
    await github.change_pull(base="main")
    await github.api("DELETE", f"/repos/{github.repository}/git/refs/heads/release", "maria")
    await github.policy("record: end\n")
    await github.comment("/approve")
    assert "done" in await github.block("B01")


async def test_a_path_that_somebody_names_changes_no_check(github: Scenario) -> None:
    await github.push({"src/shop/x.py": "X = 1\n"})
    await github.open_pull()
    await github.comment(f"/execute {PLAN}", by="oscar")
    await github.comment("/execute docs/exec-plans/active/nothing.md")
    assert {check.title for check in (await github.checks()).values()} == {"No plan in this pull request"}
    assert await github.checklist() == ""


async def test_an_answer_that_github_does_not_give_is_never_success(github: Scenario) -> None:
    await github.started()
    refusal = Answer(403, {"message": "Resource not accessible by integration"})
    github.sandbox.faults.add(refusal, path=r"/compare/", method="GET", times=0)
    github.sandbox.faults.add(refusal, path=r"/pulls/1/files", method="GET", times=0)
    head = await github.push(block_files("B01"))
    await github.ci()
    github.sandbox.faults.clear()
    checks = await github.checks(head)
    assert checks["scope"].conclusion == "failure"
    assert "Resource not accessible by integration" in checks["scope"].summary
    assert checks["progress"].conclusion != "success"


async def test_a_passing_fault_of_github_is_waited_out(github: Scenario) -> None:
    await github.started()
    github.sandbox.faults.add(Answer(502, None), path=r"/pulls/1$", method="GET", times=3)
    head = await github.push(block_files("B01"))
    for _ in range(4):
        await github.wait(30)
    assert set(await conclusions(github, head)) == ALL_FOUR


async def test_a_lost_push_is_found_by_the_sweep(github: Scenario) -> None:
    await github.started()
    for event in ("push", "pull_request", "check_suite"):
        github.sandbox.faults.add_hook("lost", event=event, times=0)
    head = await github.push(block_files("B01"))
    assert await conclusions(github, head) == {}
    await github.wait(11 * 60)
    assert set(await conclusions(github, head)) == ALL_FOUR


async def test_a_second_pull_request_has_its_own_checks_and_run(github: Scenario) -> None:
    await github.started()
    first = github.pull
    await github.push({"src/shop/other.py": "OTHER = 1\n"}, branch="feature/other")
    second = await github.open_pull(branch="feature/other")
    assert await conclusions(github) == dict.fromkeys(ALL_FOUR, "success")
    github.pull = first
    assert await github.headline() == "B01 is to be done"
    assert second != first
