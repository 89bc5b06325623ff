"""Pull requests."""

from __future__ import annotations

from bot.sandbox.clock import stamp, stamp_or_none
from bot.sandbox.git.diff import FileChange, diff_trees
from bot.sandbox.git.store import EMPTY_TREE
from bot.sandbox.payloads.accounts import Site, node_id, simple_user, simple_user_or_none
from bot.sandbox.payloads.issues import association, label
from bot.sandbox.payloads.repos import html_url, repo_url, repository
from bot.sandbox.state import Json, Pull


def base_tip(pull: Pull) -> str:
    """Give the commit that the pull request is compared with: the base branch as it is, or as it was when it ended."""
    if pull.closed_base is not None:
        return pull.closed_base
    return pull.repo.git.branch(pull.base_ref) or pull.base_sha


def merge_base(pull: Pull) -> str | None:
    return pull.repo.git.merge_base(base_tip(pull), pull.head_sha)


def changed_files(pull: Pull) -> list[FileChange]:
    """List what the pull request changes since it left the base branch."""
    git, base = pull.repo.git, merge_base(pull)
    return diff_trees(git, git.tree_of(base) if base is not None else EMPTY_TREE, git.tree_of(pull.head_sha))


def commit_shas(pull: Pull) -> list[str]:
    return pull.repo.git.between(base_tip(pull), pull.head_sha)


def pull_simple(site: Site, pull: Pull) -> Json:
    """Give the pull request of lists."""
    issue, repo = pull.issue, pull.repo
    api = f"{repo_url(site, repo)}/pulls/{pull.number}"
    issue_url = f"{repo_url(site, repo)}/issues/{pull.number}"
    page = f"{html_url(site, repo)}/pull/{pull.number}"
    statuses = f"{repo_url(site, repo)}/statuses/{pull.head_sha}"
    return {
        "url": api,
        "id": pull.id,
        "node_id": node_id("PullRequest", pull.id),
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "issue_url": issue_url,
        "number": pull.number,
        "state": issue.state,
        "locked": issue.locked,
        "title": issue.title,
        "user": simple_user(site, issue.user),
        "body": issue.body,
        "created_at": stamp(issue.created_at),
        "updated_at": stamp(issue.updated_at),
        "closed_at": stamp_or_none(issue.closed_at),
        "merged_at": stamp_or_none(pull.merged_at),
        "merge_commit_sha": pull.merge_commit_sha,
        "assignee": simple_user(site, issue.assignees[0]) if issue.assignees else None,
        "assignees": [simple_user(site, each) for each in issue.assignees],
        "requested_reviewers": [simple_user(site, each) for each in pull.requested_reviewers],
        "requested_teams": [],
        "labels": [label(site, repo, each) for each in issue.labels],
        "milestone": None,
        "draft": pull.draft,
        "commits_url": f"{api}/commits",
        "review_comments_url": f"{api}/comments",
        "review_comment_url": f"{repo_url(site, repo)}/pulls/comments{{/number}}",
        "comments_url": f"{issue_url}/comments",
        "statuses_url": statuses,
        "head": {
            "label": pull.head_label,
            "ref": pull.head_ref,
            "sha": pull.head_sha,
            "user": simple_user_or_none(site, pull.head_repo.owner if pull.head_repo is not None else None),
            "repo": repository(site, pull.head_repo) if pull.head_repo is not None else None,
        },
        "base": {
            "label": f"{repo.owner.login}:{pull.base_ref}",
            "ref": pull.base_ref,
            "sha": pull.base_sha,
            "user": simple_user(site, repo.owner),
            "repo": repository(site, repo),
        },
        "_links": {
            "self": {"href": api},
            "html": {"href": page},
            "issue": {"href": issue_url},
            "comments": {"href": f"{issue_url}/comments"},
            "review_comments": {"href": f"{api}/comments"},
            "review_comment": {"href": f"{repo_url(site, repo)}/pulls/comments{{/number}}"},
            "commits": {"href": f"{api}/commits"},
            "statuses": {"href": statuses},
        },
        "author_association": association(site, repo, issue.user),
        "auto_merge": None,
        "active_lock_reason": None,
    }


def pull_full(site: Site, pull: Pull, mergeable_state: str = "unknown") -> Json:
    """Give one pull request. `mergeable` is null until the test merge of this head with this base is done."""
    changes = changed_files(pull)
    test = pull.merge_test
    known = pull.is_open and test is not None and (test.base, test.head) == (base_tip(pull), pull.head_sha)
    mergeable = (test.tree is not None) if known and test is not None else None
    return {
        **pull_simple(site, pull),
        "merged": pull.merged_at is not None,
        "mergeable": mergeable,
        "rebaseable": mergeable,
        "mergeable_state": mergeable_state if mergeable is not None else "unknown",
        "merged_by": simple_user_or_none(site, pull.merged_by),
        "comments": len(pull.issue.comments),
        "review_comments": sum(len(one.comments) for one in pull.reviews),
        "maintainer_can_modify": pull.maintainer_can_modify,
        "commits": len(commit_shas(pull)),
        "additions": sum(change.additions for change in changes),
        "deletions": sum(change.deletions for change in changes),
        "changed_files": len(changes),
    }


def pull_minimal(site: Site, pull: Pull) -> Json:
    """Give the pull request of check runs, suites and workflow runs."""

    def side(ref: str, sha: str, repo_id: int, name: str, url: str) -> Json:
        return {"ref": ref, "sha": sha, "repo": {"id": repo_id, "url": url, "name": name}}

    repo = pull.repo
    head = pull.head_repo or repo
    return {
        "url": f"{repo_url(site, repo)}/pulls/{pull.number}",
        "id": pull.id,
        "number": pull.number,
        "head": side(pull.head_ref, pull.head_sha, head.id, head.name, repo_url(site, head)),
        "base": side(pull.base_ref, pull.base_sha, repo.id, repo.name, repo_url(site, repo)),
    }
