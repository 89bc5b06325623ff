"""Everything the sandbox knows, by name and number."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count

from bot.sandbox.errors import not_found
from bot.sandbox.state import ROLES, Account, App, Installation, Repository, Role, Team

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
            if login in team.members and login not in team.pending:
                roles.append(team.repos.get(repo.full_name.lower(), "none"))
        if not repo.private:
            roles.append("read")
        return max(roles, key=ROLES.index)

    def bot_app(self, account: Account) -> App | None:
        return next((app for app in self.apps.values() if app.bot is account), None)

    def installation_for(self, app: App, repo: Repository) -> Installation | None:
        for installation in self.installations.values():
            if installation.app is app and installation.covers(repo):
                return installation
        return None
