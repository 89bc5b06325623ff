"""Who may do what, as a GitHub says it that nobody here wrote: people by their roles, the App by its permissions."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.scenario import PLAN
from tests.emulate.conftest import emulated
from tests.emulate.seed import BOT, MANIFEST
from tests.emulate.world import CHECKS, REPO, World

pytestmark = pytest.mark.emulate

GRANTED: dict[str, str] = MANIFEST["default_permissions"]


@pytest.mark.parametrize("who", ["tom", "rita", "oscar"])
async def test_whoever_may_not_write_is_not_obeyed(github: World, who: str) -> None:
    # Triage and read; and in a public repository anybody at all may comment.
    await github.api("PATCH", REPO, body={"private": False})
    head = await github.planned()
    checks, checklist, before = await github.checks(head), await github.checklist(), len(github.between.calls)
    for said in ("/execute", f"/execute {PLAN} autonomous", "/approve", "/skip B01 not needed", "/abort because"):
        assert await github.answer(said, by=who) == ""
    assert github.reactions(before) == ["-1"] * 5
    assert [call for call in github.writes(before) if not call.path.endswith("/reactions")] == []
    assert (await github.head(), await github.checks(head), await github.checklist()) == (head, checks, checklist)


async def test_whoever_may_write_or_more_is_obeyed(github: World) -> None:
    await github.planned()
    said = {"coda": "/execute", "maria": "/pause", "mona": "/resume", "olivia": "/skip B01 not needed"}
    for who, command in said.items():
        await github.comment(command, by=who)
    assert github.reactions() == ["+1"] * 4
    timeline = (await github.checklist()).partition("<summary>Timeline</summary>")[2]
    assert all(f"`{who}`" in timeline for who in said)


async def test_a_role_that_was_taken_away_counts_from_then_on(github: World) -> None:
    await github.planned()
    await github.comment("/execute", by="coda")
    await github.api("PUT", f"{REPO}/collaborators/coda", body={"permission": "pull"})
    await github.comment("/skip B01 not needed", by="coda")
    assert github.reactions() == ["+1", "-1"]
    assert "— skipped" not in await github.checklist()


async def test_the_permissions_of_the_manifest_are_enough_for_the_story(github: World) -> None:
    await github.planned()
    await github.comment("/execute")
    await github.comment("/escalate the rules contradict each other")
    await github.comment("/resume")
    assert [call.path for call in github.between.calls if call.status == 403] == []
    (issued, *_) = [call for call in github.between.calls if call.path.endswith("/access_tokens")]
    assert issued.status == 201 and issued.body["repository_ids"], "a token is asked for one repository alone"


async def test_without_the_permission_to_write_contents_the_checklist_says_why_there_is_no_record(
    key: str, tmp_path: Path
) -> None:
    async with emulated(key, tmp_path, {**GRANTED, "contents": "read"}) as github:
        head = await github.planned()
        await github.comment("/execute")
        assert await github.head() == head
        assert "B01 is to be done" in await github.checklist()
        assert "403" in await github.checklist() and "Forbidden" in await github.checklist()


async def test_without_the_permission_to_write_checks_nothing_passes(key: str, tmp_path: Path) -> None:
    async with emulated(key, tmp_path, {**GRANTED, "checks": "read"}) as github:
        head = await github.planned()
        assert await github.checks(head) == {}
        (refused,) = [call for call in github.writes() if call.path.endswith("/check-runs")]
        assert refused.status == 403
        assert await github.bot_comments() == [], "what the checks do not hold is not claimed in a comment"


async def test_without_the_permission_to_read_pull_requests_nothing_is_done(key: str, tmp_path: Path) -> None:
    fewer = {name: level for name, level in GRANTED.items() if name != "pull_requests"}
    async with emulated(key, tmp_path, fewer) as github:
        head = await github.planned()
        await github.comment("/execute")
        assert await github.head() == head
        assert [call for call in github.writes() if call.status < 400] == []


async def test_a_repository_outside_the_installation_brings_no_webhook(github: World) -> None:
    before = len(github.between.deliveries), len(github.between.calls)
    await github.api("POST", "/repos/acme/elsewhere/issues", body={"title": "Here"})
    github.between.forget_awaited()
    await github.planned()
    names = {delivery.payload["repository"]["full_name"] for delivery in github.between.deliveries[before[0] :]}
    assert names == {"acme/shop"}
    assert all("elsewhere" not in call.path for call in github.between.calls[before[1] :])


async def test_the_bots_own_webhooks_cost_no_call(github: World) -> None:
    await github.planned()
    await github.comment("/execute")
    own = [one for one in github.between.deliveries if one.payload.get("sender", {}).get("login") == BOT]
    assert {one.event for one in own} == {"check_run", "issue_comment", "push"}
    assert len(own) > len(CHECKS)
    before = len(github.between.calls)
    for delivery in own:
        assert await github.between.again(delivery) == 202
    await github.settle()
    assert github.between.calls[before:] == []
