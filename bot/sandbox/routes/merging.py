"""Merging a pull request, and bringing its branch up to date with the base."""

from __future__ import annotations

from bot.sandbox.call import Call, Reply, ok, route
from bot.sandbox.errors import GitHubError, unprocessable
from bot.sandbox.git.merge import merge_commits, merge_trees
from bot.sandbox.git.store import EMPTY_TREE, Person
from bot.sandbox.payloads.commits import identity, message_of
from bot.sandbox.payloads.pulls import commit_shas
from bot.sandbox.pushes import RefUpdate, mark_merged, move
from bot.sandbox.required import mergeable_state, unmet_checks
from bot.sandbox.routes.gitdata import GITHUB, NOREPLY, person_of
from bot.sandbox.routes.pulls import test_merge
from bot.sandbox.state import Pull


@route("PUT", "/repos/{owner}/{repo}/pulls/{number:int}/merge", needs="contents:write", role="write")
def merge_pull(call: Call) -> Reply:
    """Merge by `merge`, `squash` or `rebase`. 409 when `sha` is not the head, 405 when it cannot be merged."""
    pull = call.repo.pull(call.number("number"))
    _check_mergeable(call, pull)
    method = call.body.get("merge_method", "merge")
    if method not in ("merge", "squash", "rebase"):
        raise unprocessable('Invalid request.\n\nNo subschema in "anyOf" matched.')
    before = call.repo.git.branch(pull.base_ref)
    assert before is not None
    sha = _rebase(call, pull, before) if method == "rebase" else _commit(call, pull, before, squash=method == "squash")
    # GitHub sends the closed pull request before the push to the base branch.
    mark_merged(call.hub, pull, sha, before, call.account)
    move(call.hub, call.repo, RefUpdate(f"refs/heads/{pull.base_ref}", before, sha), call.account)
    return ok({"sha": sha, "merged": True, "message": "Pull Request successfully merged"})


def _check_mergeable(call: Call, pull: Pull) -> None:
    if not pull.is_open:
        raise GitHubError(405, "Pull Request is not mergeable")
    if call.body.get("sha") not in (None, pull.head_sha):
        raise GitHubError(409, "Head branch was modified. Review and try the merge again.")
    if pull.draft:
        raise GitHubError(405, "Pull Request is still a draft")
    if test_merge(call, pull).tree is None:
        raise GitHubError(405, "Pull Request is not mergeable")
    protection = call.repo.protections.get(pull.base_ref)
    if protection is not None and protection.merge_queue:
        raise GitHubError(405, "Repository rule violations found\n\nChanges must be made through the merge queue\n\n")
    unmet = unmet_checks(call.repo, pull.base_ref, pull.head_sha)
    if len(unmet) == 1:
        raise GitHubError(405, f'Required status check "{unmet[0]}" is expected.')
    if unmet:
        of = len(call.repo.protections[pull.base_ref].checks)
        raise GitHubError(405, f"{len(unmet)} of {of} required status checks are expected.")
    if mergeable_state(pull) == "behind":
        raise GitHubError(405, "Head branch is not up to date with the base branch")


def _commit(call: Call, pull: Pull, before: str, *, squash: bool) -> str:
    git, now = call.repo.git, call.hub.now()
    tree = test_merge(call, pull).tree
    assert tree is not None
    default = (
        f"{pull.issue.title} (#{pull.number})"
        if squash
        else f"Merge pull request #{pull.number} from {pull.head_label.replace(':', '/')}"
    )
    title = call.body.get("commit_title") or default
    message = call.body.get("commit_message")
    if message is None:
        message = _squash_message(call, pull) if squash else pull.issue.title
    parents = [before] if squash else [before, pull.head_sha]
    author = person_of(pull.issue.user if squash else call.account, now)
    text = f"{title}\n\n{message}" if message else title
    sha = git.add_commit(tree, parents, text, author, Person(GITHUB, NOREPLY, now))
    call.repo.verified.add(sha)
    return sha


def _squash_message(call: Call, pull: Pull) -> str:
    commits = [call.repo.git.commit(sha) for sha in commit_shas(pull)]
    return (
        "\n\n".join(f"* {message_of(commit)}" for commit in commits if commit is not None) if len(commits) > 1 else ""
    )


def _rebase(call: Call, pull: Pull, before: str) -> str:
    """Replay the commits on the base; merges are left out."""
    git, onto, now = call.repo.git, before, call.hub.now()
    for sha in commit_shas(pull):
        commit, parents = git.commit(sha), git.parents(sha)
        if commit is None or len(parents) > 1:
            continue
        base = git.tree_of(parents[0]) if parents else EMPTY_TREE
        merged = merge_trees(git, base, git.tree_of(onto), git.tree_of(sha))
        if merged.tree is None:
            raise GitHubError(405, "This branch can't be rebased")
        who = identity(commit.author, commit.author_time)
        author = Person(who["name"], who["email"], now)
        onto = git.add_commit(
            merged.tree, [onto], commit.message.decode("utf-8", "replace"), author, person_of(call.account, now)
        )
    return onto


@route("PUT", "/repos/{owner}/{repo}/pulls/{number:int}/update-branch", needs="pull_requests:write", role="write")
def update_branch(call: Call) -> Reply:
    """Merge the base into the head branch, in the background on GitHub: 202."""
    pull = call.repo.pull(call.number("number"))
    expected = call.body.get("expected_head_sha")
    if expected not in (None, pull.head_sha):
        raise unprocessable("expected head sha didn't match current head ref.")
    if not pull.is_open or pull.head_repo is None:
        raise unprocessable("There are no new commits on the base branch.")
    call.check_app_permission("contents:write")
    git = call.repo.git
    base = git.branch(pull.base_ref)
    if base is None or git.is_ancestor(base, pull.head_sha):
        raise unprocessable("There are no new commits on the base branch.")
    merged = merge_commits(git, pull.head_sha, base)
    if merged.tree is None:
        raise unprocessable("merge conflict between base and head")
    now = call.hub.now()
    message = f"Merge branch '{pull.base_ref}' into {pull.head_ref}"
    sha = git.add_commit(
        merged.tree, [pull.head_sha, base], message, person_of(call.account, now), Person(GITHUB, NOREPLY, now)
    )
    call.repo.verified.add(sha)
    if pull.head_repo is not call.repo:
        git.set_ref(f"refs/pull/{pull.number}/head", sha)
        git.repo.fetch(pull.head_repo.git.repo)
    move(call.hub, pull.head_repo, RefUpdate(f"refs/heads/{pull.head_ref}", pull.head_sha, sha), call.account)
    url = f"{call.hub.site.url}/repos/{call.repo.full_name}/pulls/{pull.number}"
    return Reply(202, {"message": "Updating pull request branch.", "url": url})
