from __future__ import annotations

from typing import Any

import pytest

from bot.github import comparison, pulls
from bot.github.client import Client
from bot.github.errors import UnexpectedAnswer, Unprocessable, UnsafeValue
from bot.github.repos import Repo
from tests.github.conftest import FakeGitHub, Reply

SHA = "a" * 40
OTHER = "b" * 40


def pull(**more: Any) -> dict[str, Any]:
    side = {"sha": SHA, "ref": "plan/x", "repo": {"id": 7, "full_name": "octo/plans"}}
    return {
        "id": 70,
        "number": 3,
        "title": "Do it",
        "body": None,
        "state": "open",
        "draft": True,
        "merged_at": None,
        "user": {"login": "maria", "id": 1},
        "head": side,
        "base": {**side, "ref": "main", "sha": OTHER},
        "labels": [{"name": "stepwise"}],
        "updated_at": "2026-05-01T12:00:00Z",
        "html_url": "https://github.example/octo/plans/pull/3",
        **more,
    }


def commit(sha: str = SHA, **more: Any) -> dict[str, Any]:
    return {
        "sha": sha,
        "commit": {"message": "T001: x", "verification": {"verified": True}},
        "author": {"login": "maria", "id": 1},
        "committer": None,
        "parents": [{"sha": OTHER}],
        "html_url": "https://github.example/c",
        **more,
    }


def changed(path: str = "a.py", **more: Any) -> dict[str, Any]:
    return {"filename": path, "status": "modified", "sha": SHA, "additions": 1, "deletions": 0, **more}


async def test_a_pull_request_is_read(github: FakeGitHub, client: Client, repo: Repo) -> None:
    github.on("GET", "/repos/octo/plans/pulls/3", Reply(pull(changed_files=4, commits=2)))
    found = await pulls.get(client, repo, 3)
    assert (found.number, found.body, found.is_draft, found.is_merged) == (3, "", True, False)
    assert (found.head_sha, found.head_ref, found.base_sha, found.base_ref) == (SHA, "plan/x", OTHER, "main")
    assert (found.changed_files, found.commits, found.labels) == (4, 2, ("stepwise",))
    assert not found.is_from_fork


async def test_a_deleted_fork_and_a_deleted_account_are_read(github: FakeGitHub, client: Client, repo: Repo) -> None:
    head = {"sha": SHA, "ref": "x", "repo": None}
    github.on("GET", "/repos/octo/plans/pulls/3", Reply(pull(head=head, user=None)))
    found = await pulls.get(client, repo, 3)
    assert found.is_from_fork
    assert (found.head_full_name, found.user_login, found.user_id) == (None, "ghost", None)


async def test_open_pull_requests_are_listed_and_merged_ones_told_by_their_time(
    github: FakeGitHub, client: Client, repo: Repo
) -> None:
    merged = pull(state="closed", merged_at="2026-05-01T12:00:00Z")
    github.on("GET", "/repos/octo/plans/pulls?state=open&per_page=100", Reply([pull()]))
    github.on("GET", "/repos/octo/plans/pulls?state=all&per_page=100", Reply([merged]))
    found, complete = await pulls.listed(client, repo)
    assert ([one.number for one in found], complete) == ([3], True)
    found, _ = await pulls.listed(client, repo, state="all")
    assert found[0].is_merged


async def test_a_head_branch_is_escaped_and_a_filter_that_github_ignored_is_applied(
    github: FakeGitHub, client: Client, repo: Repo
) -> None:
    other = pull(number=4, head={"sha": SHA, "ref": "other", "repo": None})
    github.on("GET", "/repos/octo/plans/pulls", Reply([pull(), other]))
    found, _ = await pulls.listed(client, repo, head_branch="plan/x")
    assert [one.number for one in found] == [3]
    await pulls.listed(client, repo, head_branch="a&state=all#/../", head_owner="fork")
    assert [seen.query for seen in github.requests()] == [
        "state=open&head=octo%3Aplan%2Fx&per_page=100",
        "state=open&head=fork%3Aa%26state%3Dall%23%2F..%2F&per_page=100",
    ]


async def test_both_names_of_a_rename_and_a_missing_blob_are_read(
    github: FakeGitHub, client: Client, repo: Repo
) -> None:
    renamed = changed("new.py", status="renamed", previous_filename="old.py", sha=None)
    github.on("GET", "/repos/octo/plans/pulls/3/files", Reply([renamed]))
    (found,), complete = await pulls.files(client, repo, 3, changed_files=1)
    assert (found.path, found.previous_path, found.status, found.blob_sha) == ("new.py", "old.py", "renamed", None)
    assert complete


async def test_files_are_not_complete_when_github_counts_more_than_it_lists(
    github: FakeGitHub, client: Client, repo: Repo
) -> None:
    github.on("GET", "/repos/octo/plans/pulls/3/files", Reply([changed()]))
    assert (await pulls.files(client, repo, 3, changed_files=2))[1] is False
    assert (await pulls.files(client, repo, 3, changed_files=1))[1] is True


async def test_three_thousand_files_of_more_are_not_complete(github: FakeGitHub, client: Client, repo: Repo) -> None:
    for page in range(1, 31):
        following = {"link": f'</repos/octo/plans/pulls/3/files?page={page + 1}>; rel="next"'} if page < 30 else {}
        query = "per_page=100" if page == 1 else f"page={page}"
        files = [changed(f"{page}/{number}") for number in range(100)]
        github.on("GET", f"/repos/octo/plans/pulls/3/files?{query}", Reply(files, headers=following))
    found, complete = await pulls.files(client, repo, 3, changed_files=3001)
    assert (len(found), complete) == (3000, False)


async def test_an_unknown_file_status_is_not_guessed_at(github: FakeGitHub, client: Client, repo: Repo) -> None:
    github.on("GET", "/repos/octo/plans/pulls/3/files", Reply([changed(status="teleported")]))
    with pytest.raises(UnexpectedAnswer, match="teleported"):
        await pulls.files(client, repo, 3, changed_files=1)


async def test_commits_at_githubs_bound_are_not_complete(github: FakeGitHub, client: Client, repo: Repo) -> None:
    github.on("GET", "/repos/octo/plans/pulls/3/commits", Reply([commit()] * 249), Reply([commit()] * 250))
    found, complete = await pulls.commits(client, repo, 3)
    assert complete
    assert (found[0].author_id, found[0].committer_login, found[0].is_verified) == (1, None, True)
    assert (await pulls.commits(client, repo, 3))[1] is False


async def test_the_pull_requests_of_a_commit_are_found(github: FakeGitHub, client: Client, repo: Repo) -> None:
    github.on("GET", f"/repos/octo/plans/commits/{SHA}/pulls", Reply([pull()]))
    assert [one.number for one in await pulls.of_commit(client, repo, SHA)] == [3]
    with pytest.raises(UnsafeValue):
        await pulls.of_commit(client, repo, "main")


async def test_a_pull_request_is_opened_and_a_second_one_refused_in_githubs_words(
    github: FakeGitHub, client: Client, repo: Repo
) -> None:
    refusal = {"message": "Validation Failed", "errors": [{"message": "A pull request already exists for octo:x."}]}
    github.on("POST", "/repos/octo/plans/pulls", Reply(pull(), 201), Reply(refusal, 422))
    await pulls.create(client, repo, title="t", body="b", head="x", base="main", draft=True)
    assert github.requests()[0].body == {"title": "t", "body": "b", "head": "x", "base": "main", "draft": True}
    with pytest.raises(Unprocessable, match="A pull request already exists for octo:x"):
        await pulls.create(client, repo, title="t", body="b", head="x", base="main")


async def test_an_update_sends_only_what_changes(github: FakeGitHub, client: Client, repo: Repo) -> None:
    github.on("PATCH", "/repos/octo/plans/pulls/3", Reply(pull()))
    await pulls.update(client, repo, 3, body="")
    assert github.requests()[0].body == {"body": ""}


def compared(**more: Any) -> dict[str, Any]:
    return {
        "status": "ahead",
        "total_commits": 1,
        "commits": [commit()],
        "files": [changed()],
        "merge_base_commit": {"sha": OTHER},
        **more,
    }


PATH = f"/repos/octo/plans/compare/{OTHER}...{SHA}"


async def test_a_comparison_is_one_call(github: FakeGitHub, client: Client, repo: Repo) -> None:
    github.on("GET", PATH, Reply(compared()))
    found = await comparison.compare(client, repo, OTHER, SHA)
    assert (found.standing, found.merge_base) == ("ahead", OTHER)
    assert found.commits_complete
    assert found.files_complete
    assert (found.commits[0].message, found.files[0].path) == ("T001: x", "a.py")
    assert client.calls == 1


async def test_a_long_comparison_says_that_it_is_cut_off(github: FakeGitHub, client: Client, repo: Repo) -> None:
    long = compared(total_commits=251, commits=[commit()] * 250, files=[changed(str(n)) for n in range(300)])
    github.on("GET", PATH, Reply(long))
    found = await comparison.compare(client, repo, OTHER, SHA)
    assert not found.commits_complete
    assert not found.files_complete


async def test_a_commit_that_is_gone_is_told_and_never_complete(github: FakeGitHub, client: Client, repo: Repo) -> None:
    found = await comparison.compare(client, repo, OTHER, SHA)
    assert found.standing == "gone"
    assert not found.commits_complete
    assert not found.files_complete


@pytest.mark.parametrize("status", ["sideways", 5, None])
async def test_an_unknown_comparison_is_an_error(
    github: FakeGitHub, client: Client, repo: Repo, status: object
) -> None:
    github.on("GET", PATH, Reply(compared(status=status)))
    with pytest.raises(UnexpectedAnswer):
        await comparison.compare(client, repo, OTHER, SHA)


async def test_only_commits_are_compared(client: Client, repo: Repo) -> None:
    for base in ("main", "x...y", "../../x", f"other:{SHA}"):
        with pytest.raises(UnsafeValue):
            await comparison.compare(client, repo, base, SHA)


async def test_one_commit_is_read_without_its_files(github: FakeGitHub, client: Client, repo: Repo) -> None:
    github.on("GET", f"/repos/octo/plans/commits/{SHA[:7]}", Reply(commit()))
    assert (await comparison.commit_by_sha(client, repo, SHA[:7])).sha == SHA
    assert github.requests()[0].query == "per_page=1"
