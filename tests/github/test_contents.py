from __future__ import annotations

import base64
from typing import Any

import pytest

from bot.github import contents, trees
from bot.github.client import Client
from bot.github.contents import Directory, FileAt, IsDirectory, Missing, Submodule, Symlink, TooLarge
from bot.github.errors import NotFound, UnexpectedAnswer, UnsafeValue
from bot.github.repos import Repo
from bot.github.trees import Mode
from tests.github.conftest import FakeGitHub, Reply

HEAD = "a" * 40
BLOB = "b" * 40
PARENT = "/repos/octo/plans/contents/docs/active"
PLAN = "docs/active/plan.md"


def entry(name: str, type_: str = "file", **more: Any) -> dict[str, Any]:
    return {
        "path": f"docs/active/{name}",
        "type": type_,
        "sha": BLOB,
        "size": 5,
        "git_url": f"https://api.example/git/blobs/{BLOB}",
        "download_url": "https://raw.example/x",
        **more,
    }


def blob(raw: bytes, /, **more: Any) -> Reply:
    text = base64.encodebytes(raw).decode()
    return Reply({"sha": BLOB, "size": len(raw), "encoding": "base64", "content": text, **more})


async def test_a_file_is_its_directorys_entry_and_its_blob(github: FakeGitHub, client: Client, repo: Repo) -> None:
    content = bytes(range(256)) * 3
    github.on("GET", f"{PARENT}?ref={HEAD}", Reply([entry("other.md"), entry("plan.md")]))
    github.on("GET", f"/repos/octo/plans/git/blobs/{BLOB}", blob(content))
    assert await contents.file_at(client, repo, HEAD, PLAN) == FileAt(PLAN, BLOB, content)
    assert client.calls == 2


async def test_a_file_that_did_not_change_costs_one_call_at_the_next_head(
    github: FakeGitHub, client: Client, repo: Repo
) -> None:
    github.on("GET", PARENT, Reply([entry("plan.md")]))
    github.on("GET", f"/repos/octo/plans/git/blobs/{BLOB}", blob(b"hello"))
    await contents.file_at(client, repo, HEAD, PLAN)
    before = client.calls
    await contents.file_at(client, repo, "c" * 40, PLAN)
    assert client.calls - before == 1


async def test_a_symlink_is_never_followed(github: FakeGitHub, client: Client, repo: Repo) -> None:
    github.on("GET", PARENT, Reply([entry("plan.md", "symlink")]))
    github.on("GET", f"/repos/octo/plans/contents/{PLAN}", Reply({"type": "file", "content": "c2VjcmV0"}))
    assert await contents.file_at(client, repo, HEAD, PLAN) == Symlink(PLAN)


async def test_a_directory_that_is_a_symlink_is_not_followed(github: FakeGitHub, client: Client, repo: Repo) -> None:
    github.on("GET", PARENT, Reply({"type": "symlink", "target": "../../secrets"}))
    assert await contents.file_at(client, repo, HEAD, PLAN) == Symlink("docs/active")


@pytest.mark.parametrize(
    "submodule",
    [
        entry("plan.md", "submodule"),
        entry("plan.md", git_url="https://api.example/repos/x/y/git/trees/1"),
        entry("plan.md", git_url=None, download_url=None),
    ],
)
async def test_a_submodule_is_known_although_github_calls_it_a_file(
    github: FakeGitHub, client: Client, repo: Repo, submodule: dict[str, Any]
) -> None:
    github.on("GET", PARENT, Reply([submodule]))
    assert await contents.file_at(client, repo, HEAD, PLAN) == Submodule(PLAN)


async def test_what_is_no_file_is_told_apart(github: FakeGitHub, client: Client, repo: Repo) -> None:
    github.on("GET", PARENT, Reply([entry("plan.md", "dir")]), Reply([]), Reply([entry("plan.md", size=11)]))
    assert await contents.file_at(client, repo, HEAD, PLAN) == IsDirectory(PLAN)
    assert await contents.file_at(client, repo, HEAD, PLAN) == Missing(PLAN)
    assert await contents.file_at(client, repo, HEAD, PLAN, max_bytes=10) == TooLarge(PLAN, 11)


async def test_a_missing_directory_is_not_a_missing_commit(github: FakeGitHub, client: Client, repo: Repo) -> None:
    unknown = {"message": f"No commit found for the ref {HEAD}"}
    github.on("GET", PARENT, Reply({"message": "Not Found"}, 404), Reply(unknown, 404))
    assert await contents.file_at(client, repo, HEAD, PLAN) == Missing(PLAN)
    with pytest.raises(NotFound, match="No commit found"):
        await contents.file_at(client, repo, HEAD, PLAN)


async def test_a_file_at_the_root_and_one_with_odd_characters_are_found(
    github: FakeGitHub, client: Client, repo: Repo
) -> None:
    github.on("GET", f"/repos/octo/plans/contents?ref={HEAD}", Reply([entry("x", path="a.md")]))
    github.on("GET", "/repos/octo/plans/contents/d%C3%BC%20%3F%23%252F", Reply([entry("x", path="dü ?#%2F/b.md")]))
    github.on("GET", f"/repos/octo/plans/git/blobs/{BLOB}", blob(b"hello"))
    for path in ("a.md", "dü ?#%2F/b.md"):
        assert await contents.file_at(client, repo, HEAD, path) == FileAt(path, BLOB, b"hello")


@pytest.mark.parametrize("path", ["../x", "/x", "a/../../x", "a//b", "", "a\nb"])
async def test_a_path_outside_the_repository_is_refused(
    github: FakeGitHub, client: Client, repo: Repo, path: str
) -> None:
    with pytest.raises(UnsafeValue):
        await contents.file_at(client, repo, HEAD, path)
    assert github.seen == []


async def test_a_branch_name_is_no_place_to_read_from(client: Client, repo: Repo) -> None:
    with pytest.raises(UnsafeValue):
        await contents.file_at(client, repo, "main", PLAN)


async def test_a_directory_beyond_githubs_bound_is_looked_up_in_the_trees(
    github: FakeGitHub, client: Client, repo: Repo
) -> None:
    tree, subtree = "1" * 40, "2" * 40
    github.on("GET", PARENT, Reply([entry(str(number)) for number in range(1000)]))
    for sha, there in (
        (HEAD, leaf("docs", "040000", tree)),
        (tree, leaf("active", "040000", subtree)),
        (subtree, leaf("plan.md", "120000", BLOB)),
    ):
        github.on("GET", f"/repos/octo/plans/git/trees/{sha}", Reply({"sha": sha, "tree": [there], "truncated": False}))
    assert await contents.file_at(client, repo, HEAD, PLAN) == Symlink(PLAN)
    listing = await contents.directory(client, repo, HEAD, "docs/active")
    assert isinstance(listing, Directory)
    assert not listing.complete


@pytest.mark.parametrize(
    "answer",
    [
        blob(b"hello", encoding="utf-8"),
        blob(b"hello", content="!!!"),
        blob(b"hello", size=4),
        blob(b"hello", content=None),
        Reply([]),
    ],
)
async def test_a_blob_that_is_not_what_it_says_is_an_error(
    github: FakeGitHub, client: Client, repo: Repo, answer: Reply
) -> None:
    github.on("GET", f"/repos/octo/plans/git/blobs/{BLOB}", answer)
    with pytest.raises(UnexpectedAnswer):
        await trees.blob(client, repo, BLOB)


def leaf(path: str, mode: str, sha: str, **more: Any) -> dict[str, Any]:
    return {"path": path, "mode": mode, "type": "blob", "sha": sha, **more}


async def test_a_tree_has_the_true_mode_of_each_entry(github: FakeGitHub, client: Client, repo: Repo) -> None:
    modes = ["100644", "100664", "100755", "040000", "160000", "120000"]
    entries = [leaf(mode, mode, BLOB) for mode in modes]
    github.on("GET", f"/repos/octo/plans/git/trees/{HEAD}", Reply({"sha": HEAD, "tree": entries, "truncated": False}))
    found = await trees.tree(client, repo, HEAD)
    assert [one.mode for one in found.entries] == [
        Mode.FILE,
        Mode.FILE,
        Mode.EXECUTABLE,
        Mode.DIRECTORY,
        Mode.SUBMODULE,
        Mode.SYMLINK,
    ]


async def test_a_tree_that_was_cut_off_is_walked(github: FakeGitHub, client: Client, repo: Repo) -> None:
    sub, deep = "1" * 40, "2" * 40
    base = "/repos/octo/plans/git/trees"

    def answer(sha: str, *entries: dict[str, Any], truncated: bool = False) -> Reply:
        return Reply({"sha": sha, "tree": list(entries), "truncated": truncated})

    github.on("GET", f"{base}/{HEAD}?recursive=1", answer(HEAD, leaf("a", "100644", BLOB), truncated=True))
    github.on("GET", f"{base}/{HEAD}", answer(HEAD, leaf("a", "100644", BLOB), leaf("s", "040000", sub)))
    github.on("GET", f"{base}/{sub}?recursive=1", answer(sub, truncated=True))
    github.on("GET", f"{base}/{sub}", answer(sub, leaf("d", "040000", deep)))
    github.on("GET", f"{base}/{deep}?recursive=1", answer(deep, leaf("x/y", "120000", BLOB)))
    found = await trees.whole_tree(client, repo, HEAD)
    assert [(one.path, one.mode) for one in found.entries] == [
        ("a", Mode.FILE),
        ("s", Mode.DIRECTORY),
        ("s/d", Mode.DIRECTORY),
        ("s/d/x/y", Mode.SYMLINK),
    ]
    assert found.complete
    assert not (await trees.whole_tree(client, repo, HEAD, most_calls=2)).complete


async def test_an_unknown_mode_is_not_guessed_at(github: FakeGitHub, client: Client, repo: Repo) -> None:
    answer = Reply({"sha": HEAD, "tree": [leaf("a", "999999", BLOB)], "truncated": False})
    github.on("GET", f"/repos/octo/plans/git/trees/{HEAD}", answer)
    with pytest.raises(UnexpectedAnswer, match="999999"):
        await trees.tree(client, repo, HEAD)


def test_the_sha_of_a_blob_is_gits() -> None:
    assert trees.blob_sha(b"") == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
    assert trees.blob_sha(b"hello\n") == "ce013625030ba8dba906f756967f9e9ca394464a"
