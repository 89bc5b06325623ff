"""The git database and contents: what is written, and each refusal in GitHub's words."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest

from bot.sandbox import Sandbox
from bot.sandbox.git.store import GITLINK, SYMLINK, Person
from tests.sandbox.conftest import Api, HookBox, write_branch

AsUser = Callable[[str], Api]
SHOP = "/repos/acme/shop"


async def head_of(api: Api, branch: str = "main") -> str:
    sha: str = (await api("GET", f"{SHOP}/git/ref/heads/{branch}")).body["object"]["sha"]
    return sha


async def test_references_are_refused_in_githubs_words(as_bot: Api) -> None:
    first = await head_of(as_bot)
    second = await write_branch(as_bot, "topic", {"a.txt": "a\n"})

    async def message(method: str, path: str, **body: Any) -> tuple[int, str]:
        answer = await as_bot(method, f"{SHOP}/git/{path}", json=body)
        return answer.status, answer.body["message"]

    assert await message("PATCH", "refs/heads/topic", sha=first) == (422, "Update is not a fast forward")
    assert await message("PATCH", "refs/heads/nope", sha=first) == (422, "Reference does not exist")
    assert await message("POST", "refs", ref="refs/heads/topic", sha=second) == (422, "Reference already exists")
    assert await message("POST", "refs", ref="heads/x", sha=second) == (422, "heads/x is not a valid ref name.")
    assert await message("PATCH", "refs/heads/topic", sha="1" * 40) == (422, "Object does not exist")
    assert await message("GET", "ref/heads/nope") == (404, "Not Found")
    assert (await as_bot("PATCH", f"{SHOP}/git/refs/heads/topic", json={"sha": first, "force": True})).status == 200
    assert (await as_bot("DELETE", f"{SHOP}/git/refs/heads/topic")).status == 204
    assert await message("DELETE", "refs/heads/topic") == (422, "Reference does not exist")


async def test_only_an_app_that_names_nobody_gets_a_verified_commit(as_bot: Api, as_user: AsUser) -> None:
    head = await head_of(as_bot)
    tree = (await as_bot("GET", f"{SHOP}/git/commits/{head}")).body["tree"]["sha"]
    body = {"message": "m", "tree": tree, "parents": [head]}
    person = {"name": "Ada", "email": "ada@acme.example"}

    async def verified(api: Api, **extra: Any) -> bool:
        answer = await api("POST", f"{SHOP}/git/commits", json=body | extra)
        return bool(answer.body["verification"]["verified"])

    assert await verified(as_bot)
    assert not await verified(as_bot, author=person)
    assert not await verified(as_user("ada"))


async def test_trees_add_replace_and_delete(sandbox: Sandbox, as_bot: Api) -> None:
    head = await head_of(as_bot)
    base = (await as_bot("GET", f"{SHOP}/git/commits/{head}")).body["tree"]["sha"]
    git = sandbox.repo("acme/shop").git

    async def tree(entries: list[dict[str, Any]], **extra: Any) -> Any:
        return await as_bot("POST", f"{SHOP}/git/trees", json={"tree": entries} | extra)

    added = await tree([{"path": "a/b", "mode": "100755", "type": "blob", "content": "x"}], base_tree=base)
    assert git.flat(added.body["sha"]).keys() == git.flat(base).keys() | {"a/b"}
    gone = await tree([{"path": "README.md", "mode": "100644", "type": "blob", "sha": None}], base_tree=base)
    assert git.flat(gone.body["sha"]).keys() == git.flat(base).keys() - {"README.md"}
    alone = await tree([{"path": "only", "mode": "100644", "type": "blob", "content": "x"}])
    assert git.flat(alone.body["sha"]).keys() == {"only"}
    missing = await tree([{"path": "nope", "mode": "100644", "type": "blob", "sha": None}], base_tree=base)
    assert missing.status == 422
    for path in ("../x", "/x", "a//b", ".git/config"):
        answer = await tree([{"path": path, "mode": "100644", "type": "blob", "content": "x"}], base_tree=base)
        assert answer.body["message"] == "tree.path contains a malformed path component"


async def test_blobs_carry_bytes(as_bot: Api) -> None:
    raw = bytes(range(256))
    made = await as_bot(
        "POST", f"{SHOP}/git/blobs", json={"content": base64.b64encode(raw).decode(), "encoding": "base64"}
    )
    blob = (await as_bot("GET", f"{SHOP}/git/blobs/{made.body['sha']}")).body
    assert base64.b64decode(blob["content"]) == raw
    assert (await as_bot("GET", f"{SHOP}/git/blobs/{'1' * 40}")).status == 404


@pytest.fixture
def odd_tree(sandbox: Sandbox) -> str:
    """A branch with a symlink to a file, one to nowhere, and a submodule."""
    git = sandbox.repo("acme/shop").git
    head = git.branch("main")
    assert head is not None
    flat = git.flat(git.tree_of(head)) | {
        "docs/link.md": (SYMLINK, git.add_blob(b"../README.md")),
        "docs/broken.md": (SYMLINK, git.add_blob(b"nowhere.md")),
        "vendor": (GITLINK, "1" * 40),
        "big.bin": (0o100644, git.add_blob(b"x" * (1024 * 1024 + 1))),
    }
    who = Person("Ada", "ada@acme.example", sandbox.clock.now())
    sha = git.add_commit(git.add_tree(flat), [head], "odd", who, who)
    git.set_ref("refs/heads/odd", sha)
    return "odd"


async def test_contents_follow_symlinks_and_show_the_rest_as_it_is(as_bot: Api, odd_tree: str) -> None:
    async def get(path: str, **headers: str) -> Any:
        return await as_bot("GET", f"{SHOP}/contents/{path}?ref={odd_tree}", headers=headers)

    readme = (await get("README.md")).body
    link = (await get("docs/link.md")).body
    assert (link["type"], link["content"], link["path"]) == ("file", readme["content"], "docs/link.md")
    broken = (await get("docs/broken.md")).body
    assert (broken["type"], broken["target"]) == ("symlink", "nowhere.md")
    assert (await get("vendor")).body["type"] == "submodule"
    listed = {one["name"]: one["type"] for one in (await get("")).body}
    assert (listed["vendor"], listed["docs"]) == ("file", "dir")
    new = await get("", **{"X-GitHub-Api-Version": "2026-03-10"})
    assert {one["name"]: one["type"] for one in new.body}["vendor"] == "submodule"
    big = (await get("big.bin")).body
    assert (big["content"], big["encoding"]) == ("", "none")
    raw = await get("README.md", Accept="application/vnd.github.raw+json")
    assert raw.raw.startswith(b"# Shop")
    assert (await get("nope.md")).status == 404


async def test_contents_are_written_against_the_present_blob(sandbox: Sandbox, as_bot: Api, hookbox: HookBox) -> None:
    path = f"{SHOP}/contents/README.md"
    sha = (await as_bot("GET", path)).body["sha"]
    body = {"message": "m", "content": base64.b64encode(b"new\n").decode()}
    assert (await as_bot("PUT", path, json=body)).status == 422
    assert (await as_bot("PUT", path, json=body | {"sha": "1" * 40})).status == 409
    written = await as_bot("PUT", path, json=body | {"sha": sha})
    assert (written.status, written.body["commit"]["verification"]["verified"]) == (200, True)
    deleted = await as_bot("DELETE", path, json={"message": "m", "sha": written.body["content"]["sha"]})
    assert deleted.body["content"] is None
    await sandbox.settle()
    assert hookbox.names().count("push") == 2


async def test_commits_can_be_filtered_by_path(as_bot: Api) -> None:
    await write_branch(as_bot, "topic", {"a.txt": "a\n"})
    await write_branch(as_bot, "topic", {"b.txt": "b\n"})
    listed = await as_bot("GET", f"{SHOP}/commits?sha=topic&path=a.txt")
    assert len(listed.body) == 1
    assert len((await as_bot("GET", f"{SHOP}/commits?sha=topic")).body) == 3
    assert (await as_bot("GET", f"{SHOP}/commits/{'1' * 40}")).status == 422


@pytest.mark.parametrize(
    ("basehead", "status", "ahead", "behind"),
    [
        ("main...topic", "ahead", 1, 0),
        ("topic...main", "behind", 0, 1),
        ("main...main", "identical", 0, 0),
        ("other...topic", "diverged", 1, 1),
    ],
)
async def test_comparisons(as_bot: Api, basehead: str, status: str, ahead: int, behind: int) -> None:
    await write_branch(as_bot, "topic", {"a.txt": "a\n"})
    await write_branch(as_bot, "other", {"b.txt": "b\n"})
    body = (await as_bot("GET", f"{SHOP}/compare/{basehead}")).body
    assert (body["status"], body["ahead_by"], body["behind_by"]) == (status, ahead, behind)
    assert body["merge_base_commit"]["sha"] == await head_of(as_bot)
