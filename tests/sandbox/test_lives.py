"""What becomes of pull requests, branches and repositories: drafts, renames, transfers, forced pushes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from githubkit.webhooks import parse

from bot.sandbox import Sandbox, control
from bot.sandbox.git.store import Person
from bot.sandbox.state import Installation
from tests.sandbox.conftest import Api, HookBox, open_pull, write_branch

AsUser = Callable[[str], Api]
SHOP = "/repos/acme/shop"


async def heard(sandbox: Sandbox, hookbox: HookBox) -> list[str]:
    await sandbox.settle()
    for hook in hookbox.got:
        parse(hook.event, hook.raw)
    return hookbox.names()


async def test_a_draft_becomes_ready_and_a_draft_again(
    sandbox: Sandbox, as_user: AsUser, anonymous: Api, hookbox: HookBox
) -> None:
    await write_branch(as_user("coda"), "feature/x", {"x.txt": "x\n"})
    body = {"title": "T", "head": "feature/x", "base": "main", "draft": True}
    assert (await as_user("coda")("POST", f"{SHOP}/pulls", json=body)).body["draft"] is True
    assert (await as_user("ada")("PUT", f"{SHOP}/pulls/1/merge", json={})).status == 405

    async def switch(draft: bool, login: str) -> int:
        how = {"repo": "acme/shop", "number": 1, "draft": draft, "login": login}
        return (await anonymous("POST", "/_sandbox/draft", json=how)).status

    assert [await switch(False, "rita"), await switch(False, "coda"), await switch(False, "coda")] == [403, 200, 422]
    assert await switch(True, "maria") == 200
    names = await heard(sandbox, hookbox)
    assert names[-2:] == ["pull_request.ready_for_review", "pull_request.converted_to_draft"]
    assert hookbox.last("pull_request.converted_to_draft")["pull_request"]["draft"] is True
    assert hookbox.last("pull_request.ready_for_review")["sender"]["login"] == "coda"


async def test_a_pull_request_is_closed_and_opened_again(sandbox: Sandbox, as_user: AsUser, hookbox: HookBox) -> None:
    await open_pull(as_user("coda"))
    for state in ("closed", "open"):
        assert (await as_user("coda")("PATCH", f"{SHOP}/pulls/1", json={"state": state})).body["state"] == state
    assert (await heard(sandbox, hookbox))[-2:] == ["pull_request.closed", "pull_request.reopened"]
    assert hookbox.last("pull_request.closed")["pull_request"]["merged"] is False


async def test_a_head_branch_that_goes_closes_the_pull_request_for_good(
    sandbox: Sandbox, as_user: AsUser, hookbox: HookBox
) -> None:
    await open_pull(as_user("coda"))
    assert (await as_user("coda")("DELETE", f"{SHOP}/git/refs/heads/feature/x")).status == 204
    assert "pull_request.closed" in await heard(sandbox, hookbox)
    assert hookbox.last("push")["deleted"] is True
    refused = await as_user("coda")("PATCH", f"{SHOP}/pulls/1", json={"state": "open"})
    assert (refused.status, "branch was deleted" in refused.body["errors"][0]["message"]) == (422, True)


def rewritten(sandbox: Sandbox) -> str:
    """Make a commit on main that the branch's history does not lead to."""
    git = sandbox.repo("acme/shop").git
    base, head = git.branch("main"), git.branch("feature/x")
    assert base is not None
    assert head is not None
    who = Person("Coda", "coda@agents.example", sandbox.clock.now())
    return git.add_commit(git.tree_of(head), [base], "Rewritten", who, who)


async def test_a_forced_push_says_so_and_moves_the_head(sandbox: Sandbox, as_user: AsUser, hookbox: HookBox) -> None:
    before = (await open_pull(as_user("coda")))["head"]["sha"]
    after, path = rewritten(sandbox), f"{SHOP}/git/refs/heads/feature/x"
    assert (await as_user("coda")("PATCH", path, json={"sha": after})).status == 422
    assert (await as_user("coda")("PATCH", path, json={"sha": after, "force": True})).status == 200
    await heard(sandbox, hookbox)
    assert hookbox.last("push")["forced"] is True
    told = hookbox.last("pull_request.synchronize")
    assert (told["before"], told["after"], told["pull_request"]["head"]["sha"]) == (before, after, after)


async def test_a_closed_pull_request_whose_branch_was_rewritten_stays_closed(sandbox: Sandbox, as_user: AsUser) -> None:
    await open_pull(as_user("coda"))
    await as_user("coda")("PATCH", f"{SHOP}/pulls/1", json={"state": "closed"})
    path = f"{SHOP}/git/refs/heads/feature/x"
    await as_user("coda")("PATCH", path, json={"sha": rewritten(sandbox), "force": True})
    refused = await as_user("coda")("PATCH", f"{SHOP}/pulls/1", json={"state": "open"})
    assert (refused.status, "force-pushed" in refused.body["errors"][0]["message"]) == (422, True)


async def test_renaming_the_head_branch_closes_its_pull_request(
    sandbox: Sandbox, as_user: AsUser, hookbox: HookBox
) -> None:
    sha = (await open_pull(as_user("coda")))["head"]["sha"]
    path = f"{SHOP}/branches/feature%2Fx/rename"
    assert (await as_user("rita")("POST", path, json={"new_name": "y"})).status == 403
    assert (await as_user("coda")("POST", path, json={"new_name": "main"})).status == 422
    renamed = await as_user("coda")("POST", path, json={"new_name": "feature/y"})
    assert (renamed.status, renamed.body["name"], renamed.body["commit"]["sha"]) == (201, "feature/y", sha)
    assert (await as_user("coda")("GET", f"{SHOP}/pulls/1")).body["state"] == "closed"
    assert "pull_request.closed" in await heard(sandbox, hookbox)
    assert [push.payload["ref"] for push in hookbox.got if push.event == "push"][-2:] == [
        "refs/heads/feature/y",
        "refs/heads/feature/x",
    ]


async def test_renaming_the_base_branch_takes_pull_requests_along(
    sandbox: Sandbox, as_user: AsUser, as_bot: Api, hookbox: HookBox
) -> None:
    await open_pull(as_user("coda"))
    control.protect(sandbox.repo("acme/shop"), "main", {"plan": None})
    path = f"{SHOP}/branches/main/rename"
    assert (await as_bot("POST", path, json={"new_name": "trunk"})).status == 403
    assert (await as_user("ada")("POST", path, json={"new_name": "trunk"})).status == 403
    renamed = await as_user("olivia")("POST", path, json={"new_name": "trunk"})
    assert (renamed.status, renamed.body["protected"]) == (201, True)
    pull = (await as_user("coda")("GET", f"{SHOP}/pulls/1")).body
    assert (pull["state"], pull["base"]["ref"], pull["base"]["repo"]["default_branch"]) == ("open", "trunk", "trunk")
    assert "pull_request.closed" not in await heard(sandbox, hookbox)
    assert hookbox.last("pull_request.edited")["changes"]["base"]["ref"] == {"from": "main"}


async def test_a_renamed_repository_keeps_its_id_and_its_old_name_points_to_it(
    sandbox: Sandbox, as_user: AsUser, as_bot: Api, hookbox: HookBox
) -> None:
    number = sandbox.repo("acme/shop").id
    assert (await as_user("maria")("PATCH", SHOP, json={"name": "store"})).status == 403
    renamed = await as_user("olivia")("PATCH", SHOP, json={"name": "store"})
    assert (renamed.body["id"], renamed.body["full_name"]) == (number, "acme/store")
    moved = await as_bot("GET", f"{SHOP}/branches/main")
    assert (moved.status, moved.headers["Location"]) == (301, f"{sandbox.url}/repositories/{number}/branches/main")
    assert (await as_bot("GET", moved.headers["Location"])).status == 200
    assert (await as_bot("POST", f"{SHOP}/issues", json={"title": "t"})).status == 301
    assert (await as_bot("GET", "/acme/shop.git/info/refs?service=git-upload-pack")).status == 200
    assert await heard(sandbox, hookbox) == ["repository.renamed"]
    told = hookbox.last("repository.renamed")
    assert told["changes"] == {"repository": {"name": {"from": "shop"}}}
    assert (told["repository"]["id"], told["repository"]["full_name"]) == (number, "acme/store")


async def test_a_name_that_is_taken_again_no_longer_points_elsewhere(
    sandbox: Sandbox, as_user: AsUser, anonymous: Api
) -> None:
    taken = await as_user("olivia")("PATCH", SHOP, json={"name": "ledger"})
    assert (taken.status, sandbox.repo("acme/shop").name) == (422, "shop")
    how = {"repo": "acme/shop", "name": "store", "login": "olivia"}
    assert (await anonymous("POST", "/_sandbox/rename", json=how | {"login": "ada"})).status == 403
    assert (await anonymous("POST", "/_sandbox/rename", json=how)).body == {"full_name": "acme/store"}
    made = {"name": "acme/shop", "login": "olivia", "files": {"README.md": "new\n"}}
    assert (await anonymous("POST", "/_sandbox/repository", json=made)).status == 200
    assert (await as_user("ada")("GET", SHOP)).body["id"] == sandbox.repo("acme/shop").id
    back = {"repo": "acme/store", "name": "shop", "login": "olivia"}
    assert (await anonymous("POST", "/_sandbox/rename", json=back)).status == 422


async def test_a_transferred_repository_is_under_the_other_accounts_installation(
    sandbox: Sandbox, as_user: AsUser, as_bot: Api, hookbox: HookBox
) -> None:
    shop, world, oscar = sandbox.repo("acme/shop"), sandbox.hub.world, sandbox.user("oscar")
    await open_pull(as_user("coda"))
    await sandbox.settle()
    hookbox.got.clear()
    other = Installation(7100, sandbox.app, oscar, None, sandbox.clock.now(), dict(sandbox.app.permissions))
    world.installations[other.id] = other
    assert (await as_user("maria")("POST", f"{SHOP}/transfer", json={"new_owner": "oscar"})).status == 403
    assert (await as_user("olivia")("POST", f"{SHOP}/transfer", json={"new_owner": "oscar"})).status == 202
    assert (await as_bot("GET", SHOP)).status == 301
    assert (await as_bot("POST", "/repos/oscar/shop/issues", json={"title": "t"})).status == 403
    pull = (await as_user("oscar")("GET", "/repos/oscar/shop/pulls/1")).body
    assert (pull["base"]["repo"]["id"], pull["head"]["label"]) == (shop.id, "oscar:feature/x")
    assert await heard(sandbox, hookbox) == ["repository.transferred"]
    told = hookbox.last("repository.transferred")
    assert told["changes"]["owner"]["from"]["organization"]["login"] == "acme"
    assert told["installation"]["id"] == other.id


async def test_a_transfer_to_where_the_app_is_not_is_not_heard(
    sandbox: Sandbox, anonymous: Api, hookbox: HookBox
) -> None:
    how = {"repo": "acme/shop", "owner": "oscar", "login": "olivia"}
    assert (await anonymous("POST", "/_sandbox/transfer", json=how)).body == {"full_name": "oscar/shop"}
    assert await heard(sandbox, hookbox) == []


async def test_settings_are_for_administrators(
    sandbox: Sandbox, as_user: AsUser, as_bot: Api, hookbox: HookBox
) -> None:
    olivia = as_user("olivia")
    assert (await as_bot("PATCH", SHOP, json={"description": "d"})).status == 403
    assert (await olivia("PATCH", SHOP, json={"default_branch": "nowhere"})).status == 422
    await write_branch(olivia, "next", {"n.txt": "n\n"})
    changed = await olivia("PATCH", SHOP, json={"default_branch": "next", "description": "d", "private": True})
    assert (changed.body["default_branch"], changed.body["private"]) == ("next", True)
    await heard(sandbox, hookbox)
    assert hookbox.last("repository.edited")["changes"]["default_branch"] == {"from": "main"}


async def test_an_organisation_has_a_repository_for_all_the_others(
    sandbox: Sandbox, as_bot: Api, hookbox: HookBox
) -> None:
    files = {"stepwise.yml": "version: 1\n"}
    made = {"name": "acme/.github", "login": "olivia", "private": True, "files": files}
    assert (await as_bot("POST", "/_sandbox/repository", json=made)).body["full_name"] == "acme/.github"
    assert (await as_bot("GET", "/repos/acme/.github/contents/stepwise.yml")).status == 200
    assert await heard(sandbox, hookbox) == ["repository.created"]
    assert (await as_bot("POST", "/_sandbox/repository", json=made)).status == 422
    assert (await as_bot("POST", "/_sandbox/repository", json=made | {"name": "acme/../x"})).status == 422


@pytest.mark.parametrize("what", ["run", "suite"])
async def test_checks_are_asked_for_again_by_a_writer(
    sandbox: Sandbox, as_bot: Api, hookbox: HookBox, what: str
) -> None:
    sha = sandbox.repo("acme/shop").git.branch("main")
    body = {"name": "plan", "head_sha": sha, "conclusion": "failure"}
    made = (await as_bot("POST", f"{SHOP}/check-runs", json=body)).body
    number = made["id"] if what == "run" else made["check_suite"]["id"]
    how = {"repo": "acme/shop", f"check_{what}_id": number}
    assert (await as_bot("POST", "/_sandbox/rerequest", json=how | {"login": "rita"})).status == 403
    assert (await as_bot("POST", "/_sandbox/rerequest", json=how | {"login": "ada"})).status == 200
    assert (await heard(sandbox, hookbox))[-1] == f"check_{what}.rerequested"
    assert hookbox.got[-1].payload["sender"]["login"] == "ada"
    assert (await as_bot("GET", f"{SHOP}/check-runs/{made['id']}")).body["conclusion"] == "failure"


async def test_only_buttons_of_completed_runs_can_be_pressed(sandbox: Sandbox, as_bot: Api, hookbox: HookBox) -> None:
    sha = sandbox.repo("acme/shop").git.branch("main")
    button = {"label": "Approve", "description": "d", "identifier": "approve"}
    made = await as_bot("POST", f"{SHOP}/check-runs", json={"name": "plan", "head_sha": sha, "actions": [button]})
    number = made.body["id"]

    async def press(identifier: str, login: str = "ada") -> int:
        how = {"repo": "acme/shop", "check_run_id": number, "identifier": identifier, "login": login}
        return (await as_bot("POST", "/_sandbox/action", json=how)).status

    assert await press("approve") == 422
    await as_bot("PATCH", f"{SHOP}/check-runs/{number}", json={"conclusion": "neutral"})
    assert [await press("deny"), await press("approve")] == [422, 200]
    assert (await heard(sandbox, hookbox))[-1] == "check_run.requested_action"
    told = hookbox.last("check_run.requested_action")
    assert (told["requested_action"], told["sender"]["login"]) == ({"identifier": "approve"}, "ada")
    sandbox.repo("acme/shop").private = True
    assert await press("approve", "oscar") == 404
