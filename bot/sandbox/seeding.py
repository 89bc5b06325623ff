"""The seed: a YAML file that says who and what there is when the sandbox starts.

    users:          [{login, name, email}]
    organisations:  [{login, name, admins: [login], members: [login], concealed: [login],
                      teams: [{slug, name, members: {login: member|maintainer}, pending: [login],
                               repos: {full name: role}, parent: slug}]}]
    repositories:   [{name: owner/name, private, description, default_branch, collaborators: {login: role},
                      labels: {name: color}, folder, files: {path: text},
                      branches: [{name, from, author, message, folder, files}],
                      pulls: [{head, base, title, body, author}]}]
    apps:           [{id, slug, name, owner, webhook: bool, permissions: {name: level}, events: [event]}]
    installations:  [{app: slug, account, repositories: all | [name]}]

`folder` is a folder beside the seed file: its files are committed, a `.txt` added to `.py` is taken off again
(it keeps the shop's code from being taken for ours). The first App with `webhook: true` is the one under test.
All commits are dated alike, so that every start has the same object ids.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from bot.sandbox.git.seeded import Step, create_with
from bot.sandbox.git.store import GitStore, Person
from bot.sandbox.githubsown import add_githubs_own
from bot.sandbox.pushes import fetch_head
from bot.sandbox.state import ROLES, Account, App, Installation, Issue, Label, Pull, Repository, Team
from bot.sandbox.world import World

FOLDER = Path(__file__).parent / "seed"
DEFAULT = FOLDER / "default.yaml"
BEGINNING = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


class SeedError(ValueError):
    """The seed cannot be used; the message names the file and the key."""


@dataclass(frozen=True, slots=True)
class Node:
    """A value of the file, with the way to it."""

    file: Path
    key: str
    value: Any

    def fail(self, problem: str) -> SeedError:
        return SeedError(f"{self.file}: {self.key or 'the file'}: {problem}")

    def get(self, name: str, kind: type | tuple[type, ...], default: Any = ...) -> Any:
        """Give a value by name; raises SeedError when it is missing or of another type."""
        value = self.value.get(name, default)
        if value is ...:
            raise self.fail(f"'{name}' is missing")
        if value is not None and not isinstance(value, kind):
            wanted = kind.__name__ if isinstance(kind, type) else " or ".join(one.__name__ for one in kind)
            raise Node(self.file, f"{self.key}.{name}".lstrip("."), value).fail(f"expected {wanted}, found {value!r}")
        return default if value is None else value

    def items(self, name: str, known: set[str]) -> list[Node]:
        """Give the mappings of a list; raises SeedError for keys that mean nothing."""
        found = []
        for index, value in enumerate(self.get(name, list, [])):
            node = Node(self.file, f"{self.key}.{name}[{index}]".lstrip("."), value)
            if not isinstance(value, dict):
                raise node.fail(f"expected a mapping, found {value!r}")
            if unknown := set(value) - known:
                raise node.fail(f"unknown key {sorted(map(str, unknown))[0]!r}")
            found.append(node)
        return found


def user_token(login: str) -> str:
    """Give a user's token: the same at every start."""
    return f"ghp_{sha256(f'sandbox:{login}'.encode()).hexdigest()[:36]}"


def seed_files(folder: str | Path, beside: Path = FOLDER) -> dict[str, bytes]:
    """Read a folder of the seed into path -> content."""
    root = beside / folder
    if not root.is_dir():
        raise FileNotFoundError(root)
    found = {}
    for path in sorted(root.rglob("*")):
        if path.is_file():
            name = path.relative_to(root).as_posix()
            found[name.removesuffix(".txt") if name.endswith(".py.txt") else name] = path.read_bytes()
    return found


def load(world: World, file: Path, directory: Path, key: RSAPublicKey, secret: str) -> App:
    """Fill a world from a seed file and make the repositories on disk; gives the App under test."""
    root = _read(file)
    for node in root.items("users", {"login", "name", "email"}):
        _user(world, node)
    for node in root.items("organisations", {"login", "name", "admins", "members", "concealed", "teams"}):
        _organisation(world, node)
    apps = [
        _app(world, node, key, secret)
        for node in root.items("apps", {"id", "slug", "name", "owner", "webhook", "permissions", "events"})
    ]
    repo_keys = {
        "name",
        "private",
        "description",
        "default_branch",
        "collaborators",
        "labels",
        "folder",
        "files",
        "branches",
        "pulls",
    }
    for node in root.items("repositories", repo_keys):
        _repository(world, node, directory)
    add_githubs_own(world, BEGINNING)
    for node in root.items("installations", {"app", "account", "repositories"}):
        _installation(world, node)
    under_test = [app for app, has_webhook in apps if has_webhook]
    if not under_test:
        raise root.fail("'apps' needs one with 'webhook: true'")
    return under_test[0]


@lru_cache(maxsize=4)
def _parsed(text: str) -> Any:
    """The same seed is read again at every start; nothing here changes what was read."""
    return yaml.safe_load(text)


def _read(file: Path) -> Node:
    try:
        value = _parsed(file.read_text(encoding="utf-8"))
    except OSError as problem:
        raise SeedError(f"{file}: {problem.strerror}") from problem
    except (yaml.YAMLError, UnicodeDecodeError) as problem:
        raise SeedError(f"{file}: {problem}") from problem
    root = Node(file, "", value)
    if not isinstance(value, dict):
        raise root.fail("expected a mapping")
    if unknown := set(value) - {"users", "organisations", "apps", "repositories", "installations"}:
        raise root.fail(f"unknown key {sorted(map(str, unknown))[0]!r}")
    return root


def _user(world: World, node: Node) -> Account:
    login = node.get("login", str)
    email = node.get("email", str, f"{login}@example.com")
    account = Account(1000 + len(world.accounts) + 1, login, "User", node.get("name", str, login), email, BEGINNING)
    world.accounts[login.lower()] = account
    world.user_tokens[user_token(login)] = account
    return account


def _known(world: World, node: Node, login: str) -> Account:
    if not isinstance(login, str) or (account := world.accounts.get(login.lower())) is None:
        raise node.fail(f"there is no account {login!r}")
    return account


def _organisation(world: World, node: Node) -> None:
    login = node.get("login", str)
    account = Account(
        1000 + len(world.accounts) + 1,
        login,
        "Organization",
        node.get("name", str, login),
        f"hello@{login}.example",
        BEGINNING,
    )
    world.accounts[login.lower()] = account
    admins = {_known(world, node, one).login.lower() for one in node.get("admins", list, [])}
    members = {_known(world, node, one).login.lower() for one in node.get("members", list, [])}
    world.org_admins[login.lower()], world.org_members[login.lower()] = admins, members | admins
    world.org_concealed |= {_known(world, node, one).login.lower() for one in node.get("concealed", list, [])}
    for team in node.items("teams", {"slug", "name", "members", "pending", "repos", "parent"}):
        slug = team.get("slug", str)
        given = {name.lower(): role for name, role in team.get("repos", dict, {}).items()}
        for role in given.values():
            _check_role(team, role)
        people = {_known(world, team, one).login.lower(): role for one, role in team.get("members", dict, {}).items()}
        pending = {one.lower() for one in team.get("pending", list, [])}
        world.teams.append(
            Team(
                world.next_id("team"),
                login,
                slug,
                team.get("name", str, slug),
                people,
                pending,
                given,
                team.get("parent", str, None),
            )
        )


def _check_role(node: Node, role: Any) -> None:
    if role not in ROLES:
        raise node.fail(f"{role!r} is not a role: {', '.join(ROLES)}")


def _app(world: World, node: Node, key: RSAPublicKey, secret: str) -> tuple[App, bool]:
    """Make an App; only the one under test has the key and the webhook secret."""
    number, slug = node.get("id", int), node.get("slug", str)
    name, has_webhook = node.get("name", str, slug), node.get("webhook", bool, False)
    bot = Account(
        2000 + number,
        f"{slug}[bot]",
        "Bot",
        f"{slug}[bot]",
        f"{2000 + number}+{slug}[bot]@users.noreply.github.com",
        BEGINNING,
    )
    world.accounts[bot.login.lower()] = bot
    app = App(
        id=number,
        slug=slug,
        name=name,
        owner=_known(world, node, node.get("owner", str)),
        bot=bot,
        client_id=f"Iv23li{number:014d}",
        public_key=key if has_webhook else None,
        permissions={str(k): str(v) for k, v in node.get("permissions", dict, {}).items()},
        events=[str(event) for event in node.get("events", list, [])],
        webhook_secret=secret if has_webhook else "",
        webhook_url=None,
        hook_id=500_000 + number,
        created_at=BEGINNING,
    )
    world.apps[app.id] = app
    return app, has_webhook


def _installation(world: World, node: Node) -> None:
    slug, account = node.get("app", str), _known(world, node, node.get("account", str))
    app = next((one for one in world.apps.values() if one.slug == slug), None)
    if app is None:
        raise node.fail(f"there is no app {slug!r}")
    chosen = node.get("repositories", (str, list), "all")
    if isinstance(chosen, str) and chosen != "all":
        raise node.fail("'repositories' is a list of names or all")
    ids = None
    if chosen != "all":
        names = {repo.name: repo.id for repo in world.repos.values() if repo.owner is account}
        if missing := [name for name in chosen if name not in names]:
            raise node.fail(f"there is no repository {missing[0]!r}")
        ids = {names[name] for name in chosen}
    number = 7000 + len(world.installations) + 1
    world.installations[number] = Installation(number, app, account, ids, BEGINNING, dict(app.permissions))


def _repository(world: World, node: Node, directory: Path) -> None:
    owner_login, slash, name = node.get("name", str).partition("/")
    if not slash:
        raise node.fail("'name' is owner/name")
    owner = _known(world, node, owner_login)
    default = node.get("default_branch", str, "main")
    git = _git(world, node, directory / owner.login / f"{name}.git", default, owner)
    number = 3000 + len(world.repos) + 1
    repo = Repository(
        number,
        owner,
        name,
        node.get("private", bool, False),
        node.get("description", str, None),
        default,
        git,
        BEGINNING,
        BEGINNING,
        BEGINNING,
    )
    for login, role in node.get("collaborators", dict, {}).items():
        _check_role(node, role)
        repo.collaborators[_known(world, node, login).login.lower()] = role
    for label, color in node.get("labels", dict, {}).items():
        repo.labels[label.lower()] = Label(world.next_id("label"), label, str(color), None)
    world.repos[repo.full_name.lower()] = repo
    for pull in node.items("pulls", {"head", "base", "title", "body", "author"}):
        _pull(world, repo, pull)


def _git(world: World, node: Node, path: Path, default: str, owner: Account) -> GitStore:
    author = next((a for a in world.accounts.values() if a.type == "User"), owner)
    steps = [Step(default, None, Person(author.name, author.email, BEGINNING), "Begin\n", _files(node))]
    known = {default}
    for index, branch in enumerate(node.items("branches", {"name", "from", "author", "message", "folder", "files"})):
        step = _step(world, branch, default, BEGINNING + timedelta(minutes=10 * (index + 1)))
        if not known & {step.branch, step.start}:
            raise branch.fail(f"there is no branch {step.start!r}")
        known.add(step.branch)
        steps.append(step)
    return create_with(path, default, tuple(steps))


def _step(world: World, node: Node, default: str, at: datetime) -> Step:
    author = _known(world, node, node.get("author", str))
    return Step(
        node.get("name", str),
        node.get("from", str, default),
        Person(author.name, author.email, at),
        node.get("message", str) + "\n",
        _files(node),
    )


def _files(node: Node) -> tuple[tuple[str, bytes], ...]:
    found: dict[str, bytes] = {}
    if (folder := node.get("folder", str, None)) is not None:
        try:
            found = seed_files(folder, node.file.parent)
        except FileNotFoundError as problem:
            raise node.fail(f"'folder' {folder} does not exist beside the file") from problem
    given = {str(path): str(text).encode() for path, text in node.get("files", dict, {}).items()}
    return tuple((found | given).items())


def _pull(world: World, repo: Repository, node: Node) -> None:
    head, base = node.get("head", str), node.get("base", str, repo.default_branch)
    head_sha, base_sha = repo.git.branch(head), repo.git.branch(base)
    if head_sha is None or base_sha is None:
        raise node.fail(f"there is no branch {head if head_sha is None else base!r}")
    author, number = _known(world, node, node.get("author", str)), len(repo.issues) + 1
    issue = Issue(
        world.next_id("issue"),
        number,
        repo,
        author,
        None,
        node.get("title", str),
        node.get("body", str, None),
        BEGINNING,
        BEGINNING,
    )
    label = f"{repo.owner.login}:{head}"
    issue.pull = Pull(world.next_id("pull"), issue, repo, label, head, head_sha, base, base_sha, False, False)
    repo.issues[number] = issue
    fetch_head(issue.pull)
