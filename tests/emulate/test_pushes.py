"""Blocks that are worked on and approved, on commits, trees and comparisons that nobody here made.

The emulator does not move a pull request's head and tells nobody of a push to its branch. Here that much is ours:
`Between.moved` reads the head from the emulator's branch, and a `synchronize` is sent beside each `push`.
"""

from __future__ import annotations

import pytest

from tests.e2e.scenario import BRANCH, PLAN, block_files
from tests.e2e.test_dialects import WALKS
from tests.emulate.seed import BOT
from tests.emulate.test_story import PASSING
from tests.emulate.world import REPO, World

pytestmark = pytest.mark.emulate


@pytest.fixture(autouse=True)
def heads_move(github: World) -> None:
    github.between.heads_move = True


async def worked(github: World, block: str, files: dict[str, str] | None = None) -> str:
    sha = await github.commit(files or block_files(block), message=f"{block}: work")
    await github.ci("success", sha=sha)
    return sha


async def test_blocks_are_approved_one_by_one_at_the_commit_that_was_shown(github: World) -> None:
    planned = await github.planned()
    await github.comment("/execute")
    started = await github.head()
    assert (await github.conclusions(started)).keys() == PASSING.keys(), "the bot's own commit has the checks too"
    assert started != planned

    first = await worked(github, "B01")
    assert f"/approve B01 @{first[:7]}" in await github.checklist()
    before = len(github.between.calls)
    for outsider in ("tom", "rita"):
        assert await github.answer("/approve", by=outsider) == ""
    assert github.reactions(before) == ["-1", "-1"]
    assert "approved by" not in await github.checklist()
    assert "deadbee" in await github.answer("/approve B01 @deadbeefdead")
    await github.comment(f"/approve B01 @{first[:12]}", by="coda")
    assert f"done at `{first[:7]}`, approved by `coda`" in await github.checklist()

    second = await github.commit({**block_files("B02"), "infra/db.tf": "x\n"}, message="B02: work")
    await github.ci("success", sha=second)
    scope = (await github.checks(second))["scope"]
    assert scope.conclusion == "failure" and "infra/db.tf" in scope.summary and second[:7] in scope.summary
    assert "infra/db.tf" in await github.answer("/approve")
    await worked(github, "B02", {**block_files("B02"), "infra/db.tf": None})  # type: ignore[dict-item]
    await github.comment("/approve")

    third = await github.commit(block_files("B03"), message="B03: work")
    run = await github.ci("failure", sha=third)
    assert (await github.checks(third))["gates"].conclusion == "failure"
    assert "tests" in await github.answer("/approve")
    assert run not in github.between.own_checks
    last = await worked(github, "B03", {"src/shop/checkout.py": "# mended\n"})
    await github.comment("/approve")
    await github.comment("/verdict PASS looks right")
    assert await github.conclusions(await github.head()) == PASSING
    log = await github.api("GET", f"{REPO}/commits?sha={BRANCH}&per_page=100")
    own = [one for one in log if one["author"] and one["author"]["login"] == BOT]
    assert last in {one["sha"] for one in log}
    assert {path for one in own for path in await changed(github, one["sha"])} == {PLAN}


async def changed(github: World, sha: str) -> set[str]:
    found = await github.api("GET", f"{REPO}/commits/{sha}")
    return {item["filename"] for item in found["files"]}


async def test_a_forced_push_stops_the_run(github: World) -> None:
    start = await github.planned()
    await github.comment("/execute")
    await worked(github, "B01")
    await github.comment("/approve")
    await github.api("PATCH", f"{REPO}/git/refs/heads/{BRANCH}", "coda", {"sha": start, "force": True})
    await github.settle()
    assert (await github.checks(start))["progress"].conclusion == "failure"
    await github.comment("/approve")
    assert "approved by `maria`" in await github.checklist()
    assert (await github.checks(start))["progress"].conclusion == "failure"


async def test_a_contract_that_is_changed_stops_the_run_until_it_is_locked_anew(github: World) -> None:
    await github.planned()
    await github.comment("/execute")
    text = await github.file(PLAN)
    assert text is not None
    wider = text.replace(b"- `docs/...`\n", b"- `docs/...`\n- `infra/...`\n", 1)
    head = await github.commit({PLAN: wider}, message="A wider scope")
    plan = (await github.checks(head))["plan"]
    assert plan.conclusion == "failure" and "infra/..." in plan.summary
    await github.comment("/execute", by="rita")
    assert (await github.checks(head))["plan"].conclusion == "failure"
    await github.comment("/execute")
    assert (await github.checks(await github.head()))["plan"].conclusion == "success"


async def test_a_rollback_is_one_commit_with_the_tree_of_before(github: World) -> None:
    await github.planned()
    await github.comment("/execute")
    before = await github.head()
    await worked(github, "B01")
    await github.comment("/rollback")
    worked_on = await github.head()
    await github.comment("/rollback confirm")
    log = await github.api("GET", f"{REPO}/commits?sha={BRANCH}&per_page=100")
    rolled = next(one for one in log if [parent["sha"] for parent in one["parents"]] == [worked_on])
    assert rolled["author"]["login"] == BOT
    blocks = set(block_files("B01"))
    assert blocks & (await github.tree(worked_on)).keys() == blocks
    assert blocks & (await github.tree(rolled["sha"])).keys() == blocks & (await github.tree(before)).keys()


async def test_a_record_is_written_again_on_top_of_a_push_that_overtook_it(github: World) -> None:
    await github.planned()
    pushed: list[str] = []

    async def overtake(method: str, path: str) -> None:
        if method == "PATCH" and "/git/refs/" in path and not pushed:
            pushed.append("")
            bot, github.bot = github.bot, None
            pushed[0] = await github.commit({"docs/note.md": "meanwhile\n"}, message="Meanwhile")
            github.bot = bot

    github.between.before = overtake
    await github.comment("/execute")
    refused = [call.status for call in github.writes() if call.method == "PATCH" and "/git/refs/" in call.path]
    assert refused == [422, 200]
    commit = await github.api("GET", f"{REPO}/git/commits/{await github.head()}")
    assert [parent["sha"] for parent in commit["parents"]] == pushed
    assert await github.file("docs/note.md") == b"meanwhile\n"


@pytest.mark.parametrize("dialect", sorted(WALKS))
async def test_plans_of_every_dialect_are_executed_and_recorded(github: World, dialect: str) -> None:
    walk = WALKS[dialect]()
    await github.commit({**walk.main, "docs/before.md": "x\n"}, branch="main", by="olivia", message="Before")
    await github.commit(walk.plan, message="Plan")
    await github.open_pull()
    await github.comment("/execute")
    for block, files in walk.blocks.items():
        sha = await worked(github, block, files)
        await github.comment(f"/approve {block} @{sha[:7]}")
        assert f"done at `{sha[:7]}`, approved by `maria`" in await github.checklist()
    await github.comment("/verdict PASS looks right")
    head = await github.head()
    conclusions = await github.conclusions(head)
    assert set(conclusions.values()) <= {"success", "neutral"} and conclusions["progress"] == "success"
    before, now = await github.tree(await github.head("main")), await github.tree(head)
    theirs = {path for files in (walk.plan, *walk.blocks.values()) for path in files}
    record = now.keys() - before.keys() - theirs
    assert {path.rpartition("/")[2].rpartition(".")[2] for path in record} <= {"md"}
