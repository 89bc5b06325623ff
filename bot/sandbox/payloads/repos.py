"""Repositories, in the sizes in which GitHub gives them."""

from __future__ import annotations

from bot.sandbox.clock import stamp
from bot.sandbox.payloads.accounts import Site, node_id, simple_user
from bot.sandbox.state import Account, Json, Repository, Role, at_least

_TEMPLATES = {
    "archive": "/{archive_format}{/ref}",
    "assignees": "/assignees{/user}",
    "blobs": "/git/blobs{/sha}",
    "branches": "/branches{/branch}",
    "collaborators": "/collaborators{/collaborator}",
    "comments": "/comments{/number}",
    "commits": "/commits{/sha}",
    "compare": "/compare/{base}...{head}",
    "contents": "/contents/{+path}",
    "contributors": "/contributors",
    "deployments": "/deployments",
    "downloads": "/downloads",
    "events": "/events",
    "forks": "/forks",
    "git_commits": "/git/commits{/sha}",
    "git_refs": "/git/refs{/sha}",
    "git_tags": "/git/tags{/sha}",
    "hooks": "/hooks",
    "issue_comment": "/issues/comments{/number}",
    "issue_events": "/issues/events{/number}",
    "issues": "/issues{/number}",
    "keys": "/keys{/key_id}",
    "labels": "/labels{/name}",
    "languages": "/languages",
    "merges": "/merges",
    "milestones": "/milestones{/number}",
    "notifications": "/notifications{?since,all,participating}",
    "pulls": "/pulls{/number}",
    "releases": "/releases{/id}",
    "stargazers": "/stargazers",
    "statuses": "/statuses/{sha}",
    "subscribers": "/subscribers",
    "subscription": "/subscription",
    "tags": "/tags",
    "teams": "/teams",
    "trees": "/git/trees{/sha}",
}


def repo_url(site: Site, repo: Repository) -> str:
    return f"{site.url}/repos/{repo.full_name}"


def html_url(site: Site, repo: Repository) -> str:
    return f"{site.url}/{repo.full_name}"


def minimal_repository(site: Site, repo: Repository) -> Json:
    """Give the repository as it stands inside check suites, statuses and workflow runs."""
    api = repo_url(site, repo)
    return {
        "id": repo.id,
        "node_id": node_id("Repository", repo.id),
        "name": repo.name,
        "full_name": repo.full_name,
        "private": repo.private,
        "owner": simple_user(site, repo.owner),
        "html_url": html_url(site, repo),
        "description": repo.description,
        "fork": repo.parent is not None,
        "url": api,
        **{f"{name}_url": api + rest for name, rest in _TEMPLATES.items()},
    }


def permissions(role: Role) -> Json:
    return {
        "admin": at_least(role, "admin"),
        "maintain": at_least(role, "maintain"),
        "push": at_least(role, "write"),
        "triage": at_least(role, "triage"),
        "pull": at_least(role, "read"),
    }


def repository(site: Site, repo: Repository, viewer: Account | None = None) -> Json:
    """Give the repository of lists, pull requests and payloads; `permissions` only to a known viewer."""
    open_issues = sum(issue.state == "open" for issue in repo.issues.values())
    forks = sum(other.parent is repo for other in site.world.repos.values())
    shape: Json = {
        **minimal_repository(site, repo),
        "created_at": stamp(repo.created_at),
        "updated_at": stamp(repo.updated_at),
        "pushed_at": stamp(repo.pushed_at),
        "git_url": f"git://{site.url.partition('//')[2]}/{repo.full_name}.git",
        "ssh_url": f"git@{site.url.partition('//')[2]}:{repo.full_name}.git",
        "clone_url": f"{site.url}/{repo.full_name}.git",
        "svn_url": html_url(site, repo),
        "homepage": None,
        "size": 0,
        "stargazers_count": 0,
        "watchers_count": 0,
        "language": None,
        "has_issues": repo.has_issues,
        "has_projects": True,
        "has_downloads": True,
        "has_wiki": True,
        "has_pages": False,
        "has_discussions": False,
        "forks_count": forks,
        "mirror_url": None,
        "archived": False,
        "disabled": False,
        "open_issues_count": open_issues,
        "license": None,
        "allow_forking": True,
        "is_template": False,
        "web_commit_signoff_required": False,
        "topics": [],
        "visibility": "private" if repo.private else "public",
        "forks": forks,
        "open_issues": open_issues,
        "watchers": 0,
        "default_branch": repo.default_branch,
    }
    if viewer is not None:
        shape["permissions"] = permissions(site.world.role(viewer, repo))
    return shape


def full_repository(site: Site, repo: Repository, viewer: Account | None) -> Json:
    """Give what `GET /repos/{owner}/{repo}` answers; merge settings only to those who may push."""
    shape = repository(site, repo, viewer) | {"temp_clone_token": None, "network_count": 0, "subscribers_count": 0}
    if repo.owner.type == "Organization":
        shape["organization"] = simple_user(site, repo.owner)
    if repo.parent is not None:
        shape["parent"] = shape["source"] = repository(site, repo.parent)
    if viewer is not None and at_least(site.world.role(viewer, repo), "write"):
        shape |= {
            "allow_squash_merge": True,
            "allow_merge_commit": True,
            "allow_rebase_merge": True,
            "allow_auto_merge": False,
            "delete_branch_on_merge": False,
            "allow_update_branch": True,
        }
    return shape
