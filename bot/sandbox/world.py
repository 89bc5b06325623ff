"""Everything the sandbox knows, by name and number."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count

from bot.sandbox.errors import not_found
from bot.sandbox.state import ROLES, Account, App, Installation, Repository, Role, Team

ACTIONS_APP = 15368
"""id of the GitHub Actions App, the same on every GitHub"""

MERGE_QUEUE = "github-merge-queue[bot]"
"""login of the account that writes the merge queue's branches"""

KINDS = (
    "issue",
    "pull",
    "comment",
    "check_run",
    "check_suite",
    "workflow_run",
    "workflow",
    "status",
    "label",
    "reaction",
    "team",
    "review",
    "review_comment",
    "deployment",
    "deployment_status",
)


@dataclass(slots=True)
class World:
    """Everything by name and number. Ids are counters from fixed starts, so that each run of a test sees the same."""

    accounts: dict[str, Account] = field(default_factory=dict)
    org_admins: dict[str, set[str]] = field(default_factory=dict)
    org_members: dict[str, set[str]] = field(default_factory=dict)
    org_concealed: set[str] = field(default_factory=set)
    teams: list[Team] = field(default_factory=list)
    apps: dict[int, App] = field(default_factory=dict)
    installations: dict[int, Installation] = field(default_factory=dict)
    repos: dict[str, Repository] = field(default_factory=dict)
    user_tokens: dict[str, Account] = field(default_factory=dict)
    counters: dict[str, count[int]] = field(default_factory=dict)

    def next_id(self, kind: str) -> int:
        """Give the next id of a kind; kinds start far apart so that a mixed-up id is not found by accident."""
        start = (KINDS.index(kind) + 1) * 1_000_000 + 1
        counter = self.counters.setdefault(kind, count(start))
        return next(counter)

    def account(self, login: str) -> Account:
        if (account := self.accounts.get(login.lower())) is None:
            raise not_found()
        return account

    def repo(self, full_name: str) -> Repository:
        if (repo := self.repos.get(full_name.lower())) is None:
            raise not_found()
        return repo

    def repo_once_called(self, full_name: str) -> Repository:
        """Find a repository by its name or a former one: git's URLs go on working after a rename."""
        former = full_name.lower()
        for repo in self.repos.values():
            if former in repo.old_names and former not in self.repos:
                return repo
        return self.repo(full_name)

    def repo_by_id(self, repo_id: int) -> Repository:
        for repo in self.repos.values():
            if repo.id == repo_id:
                return repo
        raise not_found()

    def role(self, account: Account, repo: Repository) -> Role:
        """Give the highest role a user has through ownership, organisation, teams or invitation."""
        login = account.login.lower()
        owner = repo.owner.login.lower()
        roles: list[Role] = [repo.collaborators.get(login, "none")]
        if account is repo.owner or login in self.org_admins.get(owner, set()):
            roles.append("admin")
        for team in self.teams:
            given = team.repos.get(repo.full_name.lower(), "none")
            for one in self.with_children(team) if given != "none" else ():
                if login in one.members and login not in one.pending:
                    roles.append(given)
        if not repo.private:
            roles.append("read")
        return max(roles, key=ROLES.index)

    def with_children(self, team: Team) -> list[Team]:
        """Give a team and all teams below it: their members count as its members."""
        found = [team]
        for one in found:
            found += [
                each for each in self.teams if each.org == one.org and each.parent == one.slug and each not in found
            ]
        return found

    def bot_app(self, account: Account) -> App | None:
        return next((app for app in self.apps.values() if app.bot is account), None)

    def installation_for(self, app: App, repo: Repository) -> Installation | None:
        for installation in self.installations.values():
            if installation.app is app and installation.covers(repo):
                return installation
        return None
