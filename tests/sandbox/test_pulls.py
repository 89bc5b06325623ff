"""Pull requests: opening, merging, and everything GitHub refuses."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from githubkit.webhooks import parse

from bot.sandbox import Sandbox, control
from bot.sandbox.git.store import Person
from tests.sandbox.conftest import Api, HookBox, open_pull, write_branch

AsUser = Callable[[str], Api]
SHOP = "/repos/acme/shop"


async def test_mergeable_is_unknown_at_first(as_user: AsUser) -> None:
    coda = as_user("coda")
    assert (await open_pull(coda))["mergeable"] is None
    assert (await coda("GET", f"{SHOP}/pulls/1")).body["mergeable"] is None
    known = (await coda("GET", f"{SHOP}/pulls/1")).body
    assert (known["mergeable"], known["mergeable_state"]) == (True, "clean")
    await write_branch(coda, "feature/x", {"a.txt": "a\n"})
    assert (await coda("GET", f"{SHOP}/pulls/1")).body["mergeable"] is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"title": "t", "head": "nowhere", "base": "main"}, "head"),
        ({"title": "t", "head": "feature/x", "base": "nowhere"}, "base"),
        ({"title": "", "head": "feature/x", "base": "main"}, "title"),
    ],
)
async def test_a_pull_request_needs_a_title_and_two_branches(as_user: AsUser, body: dict[str, str], field: str) -> None:
    await write_branch(as_user("coda"), "feature/x", {"a.txt": "a\n"})
    answer = await as_user("coda")("POST", f"{SHOP}/pulls", json=body)
    assert answer.status == 422
    assert answer.body["errors"][0]["field"] == field


async def test_a_second_or_empty_pull_request_is_refused(as_user: AsUser) -> None:
    coda = as_user("coda")
    await open_pull(coda)
    again = await coda("POST", f"{SHOP}/pulls", json={"title": "t", "head": "feature/x", "base": "main"})
    assert again.body["errors"][0]["message"] == "A pull request already exists for acme:feature/x."
    empty = await coda("POST", f"{SHOP}/pulls", json={"title": "t", "head": "main", "base": "main"})
    assert empty.body["errors"][0]["message"] == "No commits between main and main"


async def test_pull_requests_are_filtered(as_user: AsUser) -> None:
    coda = as_user("coda")
    await open_pull(coda)
    await open_pull(coda, "feature/y", {"y.txt": "y\n"})
    await coda("PATCH", f"{SHOP}/pulls/1", json={"state": "closed"})

    async def numbers(query: str) -> list[int]:
        return [pull["number"] for pull in (await coda("GET", f"{SHOP}/pulls?{query}")).body]

    assert await numbers("") == [2]
    assert await numbers("state=all") == [2, 1]
    assert await numbers("state=all&head=acme:feature/x") == [1]
    assert await numbers("base=nowhere") == []


async def test_files_show_renames_removals_modes_and_binaries(as_user: AsUser) -> None:
    coda = as_user("coda")
    text = "\n".join(f"line {n}" for n in range(30)) + "\n"
    await write_branch(coda, "feature/x", {"old.txt": text, "gone.txt": "gone\n"})
    await coda("POST", f"{SHOP}/pulls", json={"title": "t", "head": "feature/x", "base": "main"})
    assert (await coda("PUT", f"{SHOP}/pulls/1/merge", json={})).status == 200
    changes: dict[str, str | None] = {"old.txt": None, "new.txt": text + "more\n", "gone.txt": None, "bin": "a\0b"}
    await write_branch(coda, "feature/y", changes)
    await coda("POST", f"{SHOP}/pulls", json={"title": "t", "head": "feature/y", "base": "main"})
    files = {one["filename"]: one for one in (await coda("GET", f"{SHOP}/pulls/2/files")).body}
    assert files["new.txt"]["status"] == "renamed"
    assert files["new.txt"]["previous_filename"] == "old.txt"
    assert files["gone.txt"]["status"] == "removed"
    assert "patch" not in files["bin"]
    assert files["new.txt"]["patch"].startswith("@@ -28,3 +28,4 @@")


async def test_a_merge_of_another_head_is_refused(as_user: AsUser) -> None:
    await open_pull(as_user("coda"))
    answer = await as_user("ada")("PUT", f"{SHOP}/pulls/1/merge", json={"sha": "0" * 40})
    assert (answer.status, answer.body["message"]) == (409, "Head branch was modified. Review and try the merge again.")


async def test_conflicts_and_closed_pull_requests_cannot_be_merged(as_user: AsUser) -> None:
    ada = as_user("ada")
    await open_pull(as_user("coda"), "feature/x", {"README.md": "mine\n"})
    content = await ada("GET", f"{SHOP}/contents/README.md")
    change = {"message": "m", "content": "dGhlaXJzCg==", "sha": content.body["sha"]}
    assert (await ada("PUT", f"{SHOP}/contents/README.md", json=change)).status == 200
    assert (await ada("PUT", f"{SHOP}/pulls/1/merge", json={})).status == 405
    assert (await ada("GET", f"{SHOP}/pulls/1")).body["mergeable_state"] == "dirty"
    await ada("PATCH", f"{SHOP}/pulls/1", json={"state": "closed"})
    assert (await ada("PUT", f"{SHOP}/pulls/1/merge", json={})).status == 405


async def test_required_checks_hold_a_merge_back(sandbox: Sandbox, as_user: AsUser, as_bot: Api) -> None:
    sha = (await open_pull(as_user("coda")))["head"]["sha"]
    shop, ada = sandbox.repo("acme/shop"), as_user("ada")
    control.protect(shop, "main", {"stepwise/plan": sandbox.app_id})
    control.set_ci(sandbox.hub, shop, sha, "stepwise/plan", "success")
    refused = await ada("PUT", f"{SHOP}/pulls/1/merge", json={})
    assert (refused.status, refused.body["message"]) == (405, 'Required status check "stepwise/plan" is expected.')
    assert (await ada("GET", f"{SHOP}/pulls/1")).body["mergeable_state"] == "blocked"
    run = {"name": "stepwise/plan", "head_sha": sha, "conclusion": "neutral"}
    await as_bot("POST", f"{SHOP}/check-runs", json=run)
    assert (await ada("PUT", f"{SHOP}/pulls/1/merge", json={})).status == 200


@pytest.mark.parametrize(("method", "parents"), [("merge", 2), ("squash", 1), ("rebase", 1)])
async def test_each_way_to_merge(sandbox: Sandbox, as_user: AsUser, method: str, parents: int) -> None:
    await open_pull(as_user("coda"))
    await write_branch(as_user("coda"), "feature/x", {"second.txt": "2\n"})
    await write_branch(as_user("ada"), "main", {"elsewhere.txt": "e\n"})
    answer = await as_user("ada")("PUT", f"{SHOP}/pulls/1/merge", json={"merge_method": method})
    git = sandbox.repo("acme/shop").git
    assert git.branch("main") == answer.body["sha"]
    assert len(git.parents(answer.body["sha"])) == parents
    assert {"second.txt", "elsewhere.txt", "src/new.txt"} <= set(git.flat(git.tree_of(answer.body["sha"])))
    pull = (await as_user("ada")("GET", f"{SHOP}/pulls/1")).body
    assert (pull["merged"], pull["state"], pull["changed_files"]) == (True, "closed", 2)


async def test_a_branch_is_brought_up_to_date(sandbox: Sandbox, as_user: AsUser, as_bot: Api) -> None:
    await open_pull(as_user("coda"))
    behind = await as_bot("PUT", f"{SHOP}/pulls/1/update-branch", json={})
    assert behind.status == 422
    await write_branch(as_user("ada"), "main", {"elsewhere.txt": "e\n"})
    wrong = await as_bot("PUT", f"{SHOP}/pulls/1/update-branch", json={"expected_head_sha": "0" * 40})
    assert wrong.status == 422
    assert (await as_bot("PUT", f"{SHOP}/pulls/1/update-branch", json={})).status == 202
    assert (await as_bot("GET", f"{SHOP}/pulls/1")).body["commits"] == 2


async def test_a_new_base_is_told_with_the_old_one(sandbox: Sandbox, as_user: AsUser) -> None:
    coda = as_user("coda")
    await write_branch(as_user("ada"), "release", {"r.txt": "r\n"})
    await open_pull(coda)
    await coda("PATCH", f"{SHOP}/pulls/1", json={"base": "release"})
    await sandbox.settle()
    edited = [one.event.payload for one in sandbox.hooks.attempts if one.event.action == "edited"][-1]
    assert edited["changes"]["base"]["ref"] == {"from": "main"}
    refused = await as_user("oscar")("PATCH", f"{SHOP}/pulls/1", json={"title": "mine"})
    assert refused.status == 403


async def test_a_merged_pull_request_stays_closed(as_user: AsUser) -> None:
    await open_pull(as_user("coda"))
    await as_user("ada")("PUT", f"{SHOP}/pulls/1/merge", json={})
    assert (await as_user("ada")("PATCH", f"{SHOP}/pulls/1", json={"state": "open"})).status == 422


async def test_at_most_3000_files_and_250_commits_are_listed(sandbox: Sandbox, as_user: AsUser, as_bot: Api) -> None:
    coda = as_user("coda")
    await open_pull(coda, "feature/x", {f"many/{n:04}.txt": f"{n}\n" for n in range(3001)})
    pull = (await as_bot("GET", f"{SHOP}/pulls/1")).body
    assert pull["changed_files"] == 3001
    assert 'page=30>; rel="last"' in (await as_bot("GET", f"{SHOP}/pulls/1/files?per_page=100")).headers["Link"]
    compared = (await as_bot("GET", f"{SHOP}/compare/main...feature/x")).body
    assert len(compared["files"]) == 300
    git = sandbox.repo("acme/shop").git
    head = git.branch("feature/x")
    assert head is not None
    who = Person("Coda", "coda@agents.example", sandbox.clock.now())
    for n in range(260):
        head = git.add_commit(git.tree_of(head), [head], f"{n}", who, who)
    await coda("PATCH", f"{SHOP}/git/refs/heads/feature/x", json={"sha": head})
    last = await as_bot("GET", f"{SHOP}/pulls/1/commits?per_page=100&page=3")
    assert len(last.body) == 50
    assert (await as_bot("GET", f"{SHOP}/pulls/1")).body["commits"] == 261
    assert len((await as_bot("GET", f"{SHOP}/compare/main...feature/x")).body["commits"]) == 250
    assert "files" not in (await as_bot("GET", f"{SHOP}/compare/main...feature/x?page=2")).body


async def test_a_fork_has_its_own_branches_and_no_bot(
    sandbox: Sandbox, as_user: AsUser, as_bot: Api, hookbox: HookBox
) -> None:
    oscar = as_user("oscar")
    fork = await oscar("POST", f"{SHOP}/forks")
    assert (fork.status, fork.body["parent"]["full_name"]) == (202, "acme/shop")
    sha = await write_branch(oscar, "idea", {"idea.txt": "idea\n"}, repo="oscar/shop")
    await sandbox.settle()
    assert hookbox.got == []
    body = {"title": "Idea", "head": "oscar:idea", "base": "main", "maintainer_can_modify": True}
    pull = (await oscar("POST", f"{SHOP}/pulls", json=body)).body
    assert (pull["head"]["repo"]["full_name"], pull["head"]["repo"]["fork"]) == ("oscar/shop", True)
    assert (await as_bot("GET", f"{SHOP}/contents/idea.txt?ref={sha}")).status == 200
    run = await as_bot("POST", f"{SHOP}/check-runs", json={"name": "n", "head_sha": sha})
    assert run.body["pull_requests"] == []
    assert (await as_bot("POST", "/repos/oscar/shop/git/blobs", json={"content": "x"})).status == 403
    newer = await write_branch(oscar, "idea", {"idea.txt": "better\n"}, repo="oscar/shop")
    await sandbox.settle()
    assert hookbox.last("pull_request.synchronize")["after"] == newer
    assert "check_suite.requested" not in hookbox.names()
    assert "push" not in hookbox.names()
    assert (await as_user("ada")("PUT", f"{SHOP}/pulls/1/merge", json={})).status == 200


async def test_reviews_are_submitted_and_announced(
    sandbox: Sandbox, as_user: AsUser, as_bot: Api, hookbox: HookBox
) -> None:
    await open_pull(as_user("coda"))
    own = await as_user("coda")("POST", f"{SHOP}/pulls/1/reviews", json={"event": "APPROVE"})
    assert own.status == 422
    made = await as_user("ada")("POST", f"{SHOP}/pulls/1/reviews", json={"event": "APPROVE"})
    assert (made.status, made.body["state"]) == (200, "APPROVED")
    await sandbox.settle()
    hook = [one for one in hookbox.got if one.event == "pull_request_review"][-1]
    parse("pull_request_review", hook.raw)
    assert len((await as_bot("GET", f"{SHOP}/pulls/1/reviews")).body) == 1
