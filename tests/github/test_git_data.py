from __future__ import annotations

import base64
from typing import Any

import pytest

from bot.github import git_data
from bot.github.client import Client
from bot.github.errors import (
    AlreadyExists,
    Conflict,
    Forbidden,
    HeadMoved,
    NotAFile,
    NotFound,
    Unavailable,
    UnexpectedAnswer,
    Unprocessable,
    UnsafeValue,
)
from bot.github.repos import Repo
from bot.github.trees import blob_sha
from tests.github.conftest import FakeGitHub, Reply

HEAD, TREE, DOCS, NEW_TREE, NEW = "a" * 40, "b" * 40, "c" * 40, "d" * 40, "e" * 40
BRANCH = "plan/x"
GIT = "/repos/octo/plans/git"
REF = f"{GIT}/ref/heads/plan/x"
REFS = f"{GIT}/refs/heads/plan/x"
OLD = b"old\n"


def ref(sha: str, branch: str = BRANCH) -> Reply:
    return Reply({"ref": f"refs/heads/{branch}", "object": {"type": "commit", "sha": sha}})


def tree(sha: str, *entries: tuple[str, str, str], truncated: bool = False) -> Reply:
    listed = [{"path": path, "mode": mode, "type": "x", "sha": of} for path, mode, of in entries]
    return Reply({"sha": sha, "tree": listed, "truncated": truncated})


@pytest.fixture
def branch(github: FakeGitHub) -> FakeGitHub:
    """A branch with `docs/plan.md`, the executable `docs/run.sh`, a symlink and a submodule."""
    github.on("GET", REF, ref(HEAD))
    commit = {"sha": HEAD, "tree": {"sha": TREE}, "parents": [{"sha": NEW}], "message": "m"}
    github.on("GET", f"{GIT}/commits/{HEAD}", Reply(commit))
    github.on("GET", f"{GIT}/trees/{TREE}", tree(TREE, ("docs", "040000", DOCS), ("link", "120000", NEW)))
    there = blob_sha(OLD)
    files = (("plan.md", "100644", there), ("run.sh", "100755", there), ("sub", "160000", NEW))
    github.on("GET", f"{GIT}/trees/{DOCS}", tree(DOCS, *files))
    github.on("POST", f"{GIT}/trees", Reply({"sha": NEW_TREE}, 201))
    github.on("POST", f"{GIT}/blobs", Reply({"sha": "f" * 40}, 201))
    github.on("POST", f"{GIT}/commits", Reply({"sha": NEW}, 201))
    github.on("PATCH", REFS, ref(NEW))
    return github


def body(github: FakeGitHub, method: str, path: str) -> Any:
    (seen,) = github.requests(method, path)
    return seen.body


async def test_a_commit_goes_on_top_of_the_exact_head_and_is_never_forced(
    branch: FakeGitHub, client: Client, repo: Repo
) -> None:
    result = await git_data.commit_files(client, repo, BRANCH, HEAD, {"docs/plan.md": b"new \xc3\xbc\r\n"}, "Why")
    assert (result.sha, result.created) == (NEW, True)
    assert result.blob_shas == {"docs/plan.md": blob_sha(b"new \xc3\xbc\r\n")}
    assert body(branch, "POST", f"{GIT}/trees") == {
        "base_tree": TREE,
        "tree": [{"path": "docs/plan.md", "mode": "100644", "type": "blob", "content": "new ü\r\n"}],
    }
    # No author, no committer: GitHub signs the commit of the App only then.
    assert body(branch, "POST", f"{GIT}/commits") == {"message": "Why", "tree": NEW_TREE, "parents": [HEAD]}
    assert body(branch, "PATCH", REFS) == {"sha": NEW, "force": False}


async def test_files_of_one_directory_share_the_calls(branch: FakeGitHub, client: Client, repo: Repo) -> None:
    changes = {f"docs/{name}.md": b"x" for name in "abcdef"}
    await git_data.commit_files(client, repo, BRANCH, HEAD, changes, "Why")
    assert branch.calls() == [
        f"GET {GIT}/commits/{HEAD}",
        f"GET {GIT}/trees/{TREE}",
        f"GET {GIT}/trees/{DOCS}",
        f"POST {GIT}/trees",
        f"POST {GIT}/commits",
        f"GET {REF}",
        f"PATCH {REFS}",
    ]


async def test_a_file_that_was_read_costs_its_commit_no_second_look(
    branch: FakeGitHub, client: Client, repo: Repo
) -> None:
    blob = {"encoding": "base64", "content": base64.b64encode(OLD).decode(), "size": len(OLD)}
    branch.on("GET", f"{GIT}/blobs/{blob_sha(OLD)}", Reply(blob))
    assert await git_data.read_file(client, repo, HEAD, "docs/plan.md") == OLD
    assert await git_data.read_file(client, repo, HEAD, "docs/none.md") is None
    before = len(branch.requests("GET"))
    await git_data.commit_files(client, repo, BRANCH, HEAD, {"docs/plan.md": b"new"}, "Why")
    assert [request.path for request in branch.requests("GET")[before:]] == [REF]


async def test_an_executable_stays_one(branch: FakeGitHub, client: Client, repo: Repo) -> None:
    await git_data.commit_files(client, repo, BRANCH, HEAD, {"docs/run.sh": b"#!/bin/sh\n"}, "Why")
    assert body(branch, "POST", f"{GIT}/trees")["tree"][0]["mode"] == "100755"


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a\0b", b"x" * (256 * 1024 + 1)])
async def test_what_is_binary_or_large_goes_into_a_blob(
    branch: FakeGitHub, client: Client, repo: Repo, content: bytes
) -> None:
    await git_data.commit_files(client, repo, BRANCH, HEAD, {"docs/plan.md": content}, "Why")
    sent = body(branch, "POST", f"{GIT}/blobs")
    assert (sent["encoding"], base64.b64decode(sent["content"])) == ("base64", content)
    (entry,) = body(branch, "POST", f"{GIT}/trees")["tree"]
    assert entry == {"path": "docs/plan.md", "mode": "100644", "type": "blob", "sha": "f" * 40}


async def test_only_what_is_there_is_deleted(branch: FakeGitHub, client: Client, repo: Repo) -> None:
    changes = {"docs/plan.md": None, "docs/gone.md": None, "no/such/dir.md": None}
    await git_data.commit_files(client, repo, BRANCH, HEAD, changes, "Why")
    assert body(branch, "POST", f"{GIT}/trees")["tree"] == [
        {"path": "docs/plan.md", "mode": "100644", "type": "blob", "sha": None}
    ]


async def test_doing_it_again_writes_nothing(branch: FakeGitHub, client: Client, repo: Repo) -> None:
    changes = {"docs/plan.md": OLD, "docs/gone.md": None}
    result = await git_data.commit_files(client, repo, BRANCH, HEAD, changes, "Why")
    assert (result.sha, result.created) == (HEAD, False)
    assert result.blob_shas == {"docs/plan.md": blob_sha(OLD)}
    assert all(call.startswith("GET") for call in branch.calls())


async def test_commits_that_were_taken_back_meanwhile_are_not_brought_back(
    branch: FakeGitHub, client: Client, repo: Repo
) -> None:
    """For GitHub a commit on top of what was taken back is a fast forward of what is left."""
    branch.on("GET", REF, ref("9" * 40))
    with pytest.raises(HeadMoved) as moved:
        await git_data.commit_files(client, repo, BRANCH, HEAD, {"docs/plan.md": b"x"}, "Why")
    assert moved.value.actual == "9" * 40
    assert branch.requests("PATCH") == []


@pytest.mark.parametrize("words", ["Update is not a fast forward", "Reference does not exist"])
async def test_a_head_that_moved_meanwhile_is_told(branch: FakeGitHub, client: Client, repo: Repo, words: str) -> None:
    branch.on("PATCH", REFS, Reply({"message": words}, 422))
    branch.on("GET", REF, ref(HEAD), ref("9" * 40))
    with pytest.raises(HeadMoved) as moved:
        await git_data.commit_files(client, repo, BRANCH, HEAD, {"docs/plan.md": b"x"}, "Why")
    assert moved.value.actual == "9" * 40


async def test_a_branch_that_was_deleted_meanwhile_has_no_head(branch: FakeGitHub, client: Client, repo: Repo) -> None:
    branch.on("PATCH", REFS, Reply({"message": "Reference does not exist"}, 422))
    branch.on("GET", REF, ref(HEAD), Reply({"message": "Not Found"}, 404))
    with pytest.raises(HeadMoved) as moved:
        await git_data.commit_files(client, repo, BRANCH, HEAD, {"docs/plan.md": b"x"}, "Why")
    assert moved.value.actual is None


@pytest.mark.parametrize(
    "words",
    [
        "Changes must be made through a pull request.",
        "Repository rule violations found\n\nCommits must have verified signatures.",
    ],
)
async def test_a_protected_branch_is_refused_in_githubs_words(
    branch: FakeGitHub, client: Client, repo: Repo, words: str
) -> None:
    branch.on("PATCH", REFS, Reply({"message": words}, 422))
    with pytest.raises(Unprocessable) as refusal:
        await git_data.commit_files(client, repo, BRANCH, HEAD, {"docs/plan.md": b"x"}, "Why")
    assert type(refusal.value) is Unprocessable
    assert refusal.value.message == " ".join(words.split())


async def test_workflows_without_their_permission_are_refused_in_githubs_words(
    branch: FakeGitHub, client: Client, repo: Repo
) -> None:
    branch.on("POST", f"{GIT}/trees", Reply({"message": "Resource not accessible by integration"}, 403))
    with pytest.raises(Forbidden, match="Resource not accessible"):
        await git_data.commit_files(client, repo, BRANCH, HEAD, {".github/workflows/x.yml": b"x"}, "Why")


async def test_a_lost_answer_says_that_the_branch_may_have_moved(
    branch: FakeGitHub, client: Client, repo: Repo
) -> None:
    branch.on("PATCH", REFS, Reply(drop=True))
    with pytest.raises(Unavailable) as failure:
        await git_data.commit_files(client, repo, BRANCH, HEAD, {"docs/plan.md": b"x"}, "Why")
    assert failure.value.may_have_happened
    assert len(branch.requests("PATCH")) == 1


@pytest.mark.parametrize("path", ["link", "link/x.md", "docs", "docs/sub", "docs/sub/x", "docs/plan.md/x"])
async def test_nothing_is_written_onto_or_through_what_is_no_file(
    branch: FakeGitHub, client: Client, repo: Repo, path: str
) -> None:
    with pytest.raises(NotAFile):
        await git_data.commit_files(client, repo, BRANCH, HEAD, {path: b"x"}, "Why")
    assert branch.requests("POST") == []


@pytest.mark.parametrize("path", ["../x", "/x", "a//b", "a\nb", ""])
async def test_a_path_outside_the_repository_is_not_written(
    branch: FakeGitHub, client: Client, repo: Repo, path: str
) -> None:
    with pytest.raises(UnsafeValue):
        await git_data.commit_files(client, repo, BRANCH, HEAD, {path: b"x"}, "Why")
    assert branch.requests("POST") == []


async def test_a_directory_that_was_cut_off_is_not_guessed_at(branch: FakeGitHub, client: Client, repo: Repo) -> None:
    branch.on("GET", f"{GIT}/trees/{DOCS}", tree(DOCS, truncated=True))
    with pytest.raises(UnexpectedAnswer, match="cut off"):
        await git_data.commit_files(client, repo, BRANCH, HEAD, {"docs/plan.md": b"x"}, "Why")


async def test_a_rollback_is_a_commit_with_an_older_tree(branch: FakeGitHub, client: Client, repo: Repo) -> None:
    result = await git_data.commit_tree(client, repo, BRANCH, HEAD, NEW_TREE, "Roll back")
    assert (result.sha, result.created) == (NEW, True)
    assert body(branch, "POST", f"{GIT}/commits")["tree"] == NEW_TREE
    assert (await git_data.commit_tree(client, repo, BRANCH, HEAD, TREE, "Again")).created is False
    with pytest.raises(HeadMoved):
        await git_data.commit_tree(client, repo, BRANCH, NEW, NEW_TREE, "Roll back")


async def test_a_branch_is_read_by_its_exact_name(github: FakeGitHub, client: Client, repo: Repo) -> None:
    github.on("GET", f"{GIT}/ref/heads/f%23a%3Fb%25/%C3%BC", ref(HEAD, "f#a?b%/ü"))
    assert await git_data.read_ref(client, repo, "f#a?b%/ü") == HEAD
    github.on("GET", REF, ref(HEAD, "plan/x-2"), Reply([{"ref": "refs/heads/plan/x"}]))
    for _ in range(2):
        with pytest.raises(UnexpectedAnswer):
            await git_data.read_ref(client, repo, BRANCH)
    with pytest.raises(NotFound):
        await git_data.read_ref(client, repo, "none")


@pytest.mark.parametrize("name", ["../x", "a/../b", "a\nb", "", "a//b"])
async def test_a_branch_name_cannot_climb(github: FakeGitHub, client: Client, repo: Repo, name: str) -> None:
    with pytest.raises(UnsafeValue):
        await git_data.read_ref(client, repo, name)
    with pytest.raises(UnsafeValue):
        await git_data.create_branch(client, repo, name, HEAD)
    assert github.seen == []


async def test_a_branch_is_created_with_its_full_name(github: FakeGitHub, client: Client, repo: Repo) -> None:
    github.on("POST", f"{GIT}/refs", Reply({}, 201))
    await git_data.create_branch(client, repo, BRANCH, HEAD)
    assert body(github, "POST", f"{GIT}/refs") == {"ref": "refs/heads/plan/x", "sha": HEAD}


async def test_a_branch_that_exists_and_an_empty_repository_are_told_apart(
    github: FakeGitHub, client: Client, repo: Repo
) -> None:
    github.on(
        "POST",
        f"{GIT}/refs",
        Reply({"message": "Reference already exists"}, 422),
        Reply({"message": "Object does not exist"}, 422),
        Reply({"message": "Git Repository is empty."}, 409),
    )
    with pytest.raises(AlreadyExists):
        await git_data.create_branch(client, repo, BRANCH, HEAD)
    with pytest.raises(Unprocessable) as refusal:
        await git_data.create_branch(client, repo, BRANCH, HEAD)
    assert not isinstance(refusal.value, AlreadyExists)
    with pytest.raises(Conflict):
        await git_data.create_branch(client, repo, BRANCH, HEAD)


async def test_a_branch_is_deleted(github: FakeGitHub, client: Client, repo: Repo) -> None:
    github.on("DELETE", REFS, Reply(status=204))
    await git_data.delete_branch(client, repo, BRANCH)
    assert github.calls() == [f"DELETE {REFS}"]


@pytest.mark.parametrize("marker", ["[skip ci]", "[CI Skip]", "[no ci]", "[skip actions]", "[actions skip]"])
async def test_no_message_keeps_ci_from_running(branch: FakeGitHub, client: Client, repo: Repo, marker: str) -> None:
    message = f"Close {marker} B01\n\nskip-checks: true\nStepwise-Run: 1"
    await git_data.commit_files(client, repo, BRANCH, HEAD, {"docs/plan.md": b"x"}, message)
    sent = body(branch, "POST", f"{GIT}/commits")["message"]
    assert marker not in sent
    assert marker.strip("[]") in sent
    assert "skip-checks:" not in sent
    assert "Stepwise-Run: 1" in sent
