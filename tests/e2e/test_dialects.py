"""Side paths of the dialects whose plans do not move: closeouts on the branch, ended runs, forks, policies."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest

from bot.sandbox.seeding import seed_files
from tests.e2e.scenario import BRANCH, Scenario, block_files
from tests.e2e.workers import POLICY, WORKFLOW, workers

SESSION = ".workflow/.team/TC-checkout-totals-2026-01-12"
UNTICKED = "- [ ] Fixtures"


@dataclass(frozen=True)
class Walk:
    """A plan of a dialect, what is on main before it, and the files that each of its blocks adds."""

    plan: dict[str, str]
    main: dict[str, str]
    blocks: dict[str, dict[str, str]]


def _texts(folder: str) -> dict[str, str]:
    return {path: text.decode() for path, text in seed_files(folder).items()}


def _code(block: str) -> dict[str, str]:
    return {path: text for path, text in block_files(block).items() if not path.startswith("docs/")}


def _page() -> dict[str, str]:
    return {path: text for path, text in block_files("B03").items() if path.startswith("docs/")}


def memory_bank() -> Walk:
    plan = {path: text.replace(UNTICKED, "- [x] Fixtures") for path, text in _texts("shop/memory-bank").items()}
    front = {"src/shop/front.py": "CAMPAIGN = 'spring'\n"}
    blocks = {"T001": _code("B01"), "T002": _code("B02"), "T003": _code("B03"), "T004": front}
    return Walk(plan, {}, blocks)


def spec_plan() -> Walk:
    blocks = {"1": _code("B01"), "2": _code("B02"), "3": _code("B03")}
    return Walk(_texts("shop/spec-plan/plan"), _texts("shop/spec-plan/main"), blocks)


def team_session() -> Walk:
    blocks = {"BUILD-002": _code("B02"), "DOC-001": _page(), "TEST-001": _code("B03")}
    return Walk({**_texts("shop/team-session/session"), **_code("B01")}, {}, blocks)


WALKS = {"memory-bank": memory_bank, "spec-plan": spec_plan, "team-session": team_session}
every_dialect = pytest.mark.parametrize("walk", [make() for make in WALKS.values()], ids=list(WALKS))


async def planned(github: Scenario, walk: Walk, policy: str = "") -> None:
    await github.push({**walk.main, ".github/stepwise.yml": policy}, branch="main", by="maria", message="Before")
    await github.push(walk.plan, message="Plan")
    await github.open_pull()


async def worked(github: Scenario, walk: Walk, *, how_many: int = 10) -> None:
    """Every block, one after the other, each approved."""
    for block, files in list(walk.blocks.items())[:how_many]:
        sha = await github.push(files, message=f"{block}: work\n\nRefs: the plan")
        await github.ci("success")
        await github.comment(f"/approve {block} @{sha[:7]}")
        assert "approved by `maria`" in await github.block(block), await github.checklist()


async def conclusions(github: Scenario) -> set[str | None]:
    return {check.conclusion for check in (await github.checks()).values()}


@every_dialect
async def test_a_closeout_on_the_branch_leaves_every_check_green(github: Scenario, walk: Walk) -> None:
    await planned(github, walk, "closeout: commit\n")
    await github.comment("/execute")
    await worked(github, walk)
    await github.comment("/verdict PASS")
    if walk.plan.keys() & {f"{SESSION}/team-session.json"}:
        assert "What is to become of it?" in await github.last_reply()
        await github.comment("/archive")
    assert await conclusions(github) == {"success"}, await github.checklist()
    await github.merge()
    pulls = await github.api("GET", "/repos/acme/shop/pulls?state=open", "olivia")
    assert [pull for pull in pulls if pull["head"]["ref"].startswith("stepwise/")] == []
    assert "closed out" in await github.headline()


@every_dialect
async def test_a_run_after_an_aborted_one_can_be_finished(github: Scenario, walk: Walk) -> None:
    await planned(github, walk)
    await github.comment("/execute")
    await worked(github, walk, how_many=1)
    await github.comment("/abort we think again")
    assert (await github.checks())["scope"].conclusion == "success", await github.checklist()
    await github.comment("/execute")
    assert "aborted" not in await github.checklist()
    first = next(iter(walk.blocks))
    again = {path: text + "\n" for path, text in walk.blocks[first].items()}
    sha = await github.push(again, message=f"{first}: again\n\nRefs: the plan")
    await github.ci("success")
    await github.comment(f"/approve @{sha[:7]}")
    assert (await github.checks())["scope"].conclusion == "success", await github.checklist()
    assert "approved by `maria`" in await github.checklist(), await github.checklist()


@every_dialect
async def test_without_a_record_on_the_branch_the_closeout_carries_it(github: Scenario, walk: Walk) -> None:
    await planned(github, walk, "record: off\n")
    before = await files(github, BRANCH)
    await github.comment("/execute")
    await worked(github, walk)
    assert await files(github, BRANCH) - before <= {path for block in walk.blocks.values() for path in block}
    await github.comment("/verdict PASS")
    assert await conclusions(github) == {"success"}, await github.checklist()
    await github.merge()
    if f"{SESSION}/team-session.json" in walk.plan:
        await github.comment("/keep")
    assert "closed out" in await github.last_reply(), await github.checklist()
    pulls = await github.api("GET", "/repos/acme/shop/pulls?state=open", "olivia")
    for pull in pulls:
        if pull["head"]["ref"].startswith("stepwise/closeout/"):
            github.pull = pull["number"]
            assert await conclusions(github) == {"success"}
            await github.merge()


async def files(github: Scenario, ref: str) -> set[str]:
    found = await github.api("GET", f"/repos/acme/shop/git/trees/{ref}?recursive=1", "olivia")
    return {item["path"] for item in found["tree"] if item["type"] == "blob"}


async def test_a_kept_session_is_taken_up_again_by_another_pull_request(github: Scenario) -> None:
    walk = team_session()
    await planned(github, walk)
    await github.comment("/execute")
    await worked(github, walk, how_many=2)
    await github.comment("/skip TEST-001 next week")
    await github.comment("/verdict PASS")
    await github.merge()
    await github.comment("/keep")
    pulls = await github.api("GET", "/repos/acme/shop/pulls?state=open", "olivia")
    github.pull = next(pull["number"] for pull in pulls if pull["head"]["ref"].startswith("stepwise/closeout/"))
    await github.merge()
    kept = await github.file(f"{SESSION}/team-session.json", ref="main") or "{}"
    state = json.loads(kept)
    assert state["status"] == "paused"
    assert state["completed_tasks"] == ["BUILD-001", "BUILD-002", "DOC-001"]
    changed = kept.replace('"status": "paused"', '"status": "active"')
    await github.push({f"{SESSION}/team-session.json": changed}, branch="feature/again", message="Take it up again")
    await github.open_pull(branch="feature/again")
    await github.comment("/execute")
    assert "3 of 4 tasks" in await github.checklist()
    assert "TEST-001 is to be done" in await github.headline()


async def test_a_worker_that_reports_nothing_but_a_commit_lets_an_autonomous_run_go_on(github: Scenario) -> None:
    walk = spec_plan()
    workflow = {".github/workflows/worker.yml": WORKFLOW.read_text()}
    await planned(github, Walk(walk.plan, {**walk.main, **workflow}, walk.blocks), POLICY)
    await github.comment("/execute autonomous")
    for block, texts in walk.blocks.items():
        worker = next(one for one in workers(github) if one.inputs["block"] == block)
        await worker.begin()
        await github.push(texts, message=f"{block}: work\n\nStepwise-Block: {block}")
        await github.ci("success")
        await worker.end()
    assert "3 of 3 tasks" in await github.checklist(), await github.checklist()
    assert "the verdict is due" in await github.headline()


@every_dialect
async def test_a_plan_of_a_fork_is_executed_without_a_push_to_it(github: Scenario, walk: Walk) -> None:
    await github.push({**walk.main, ".github/stepwise.yml": ""}, branch="main", by="maria", message="Before")
    await github.fork(by="oscar")
    await github.push(walk.plan, by="oscar", to="oscar/shop", message="Plan")
    await github.open_pull(branch=f"oscar:{BRANCH}", by="oscar")
    await github.comment("/execute")
    for block, texts in walk.blocks.items():
        sha = await github.push(texts, by="oscar", to="oscar/shop", message=f"{block}: work\n\nRefs: the plan")
        await github.ci("success", ref=sha)
        await github.comment(f"/approve {block} @{sha[:7]}")
        assert "approved by `maria`" in await github.block(block), await github.checklist()
    await github.comment("/verdict PASS")
    assert await conclusions(github) == {"success"}, await github.checklist()
    await github.merge()
    if f"{SESSION}/team-session.json" in walk.plan:
        await github.comment("/archive")
    assert "closed out" in await github.last_reply(), await github.checklist()


async def test_a_spec_that_was_made_clearer_during_a_kickback_is_planning_and_no_work(github: Scenario) -> None:
    walk = spec_plan()
    await planned(github, walk)
    await github.comment("/execute")
    await worked(github, walk, how_many=2)
    await github.comment("/kickback missing_context is a discount of zero shown?")
    spec = "specs/checkout-totals/SPEC.md"
    await github.push({spec: walk.main[spec] + "\nZero is left out.\n"}, message="Say what becomes of zero")
    await github.ci("success")
    assert "`/resume` goes on with it" in await github.answer("/execute")
    await github.comment("/resume")
    assert (await github.checks())["scope"].conclusion == "success", await github.checklist()
    assert "Task 3 is to be done" in await github.headline()
    assert "Nothing was pushed for" in await github.answer(f"/approve 3 @{(await github.head())[:7]}")
