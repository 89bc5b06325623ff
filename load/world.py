"""A repository with any number of pull requests, each with a plan that is being executed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from bot.sandbox import Sandbox
from bot.sandbox.clock import Clock
from bot.sandbox.git.store import Person
from bot.sandbox.pushes import RefUpdate, move
from bot.sandbox.state import Repository
from load.bots import Bot, Start
from tests.e2e.scenario import BRANCH, PLAN, PLAN_FILES

REPOSITORY = "acme/shop"
SEEDING_LIMIT = 10_000_000
"""While the world is made nobody is held up by the rate limit."""


@dataclass
class World:
    """The repository and the bot, which can be ended and begun again.

    `branches` maps the number of each pull request to its branch.
    """

    sandbox: Sandbox
    database_url: str
    how: Start
    folder: Path
    http: aiohttp.ClientSession
    bots: AsyncExitStack
    branches: dict[int, str] = field(default_factory=dict)
    bot: Bot = field(init=False)

    async def start(self) -> None:
        """Begin a bot on what is in the database; with nothing in its memory."""
        self.bot = await self.bots.enter_async_context(self.how(self.sandbox, self.folder, self.database_url))
        self.sandbox.set_webhook_url(f"{self.bot.address}/api/github/webhooks")

    async def stop(self) -> None:
        """End it; what GitHub sends meanwhile does not arrive."""
        await self.bots.aclose()

    @property
    def repo(self) -> Repository:
        return self.sandbox.repo(REPOSITORY)

    async def running(self, pulls: int) -> None:
        """So many more pull requests, each with a plan of its own that is being executed."""
        before = set(self.branches)
        for _ in range(pulls):
            await self.opened()
        await self.settle()
        for number in set(self.branches) - before:
            await self.comment(number, "/execute")
        await self.settle()

    async def opened(self, files: Mapping[str, str] | None = None) -> int:
        """A branch with a plan, and its pull request; the number."""
        branch = f"feature/part-{len(self.branches) + 1}"
        base = self.repo.git.branch("main")
        assert base is not None
        plan = PLAN_FILES | {PLAN: PLAN_FILES[PLAN].replace(BRANCH, branch)} | dict(files or {})
        self.repo.git.set_ref(f"refs/heads/{branch}", self._commit(base, plan, "Plan"))
        body = {"title": f"Part {len(self.branches) + 1}", "head": branch, "base": "main", "body": "See the plan."}
        number = int((await self.api("POST", f"/repos/{REPOSITORY}/pulls", "coda", body))["number"])
        self.branches[number] = branch
        return number

    def push(self, number: int, files: Mapping[str, str | None], message: str = "B01: work", commits: int = 1) -> str:
        """Put commits on a pull request's branch (None removes a file), and send what GitHub sends; the new head."""
        branch = self.branches[number]
        before = after = self.head(number)
        for left in reversed(range(commits)):
            after = self._commit(after, files if left == 0 else {"src/shop/step.py": f"STEP = {left}\n"}, message)
        move(self.sandbox.hub, self.repo, RefUpdate(f"refs/heads/{branch}", before, after), self.sandbox.user("coda"))
        return after

    def head(self, number: int) -> str:
        head = self.repo.git.branch(self.branches[number])
        assert head is not None
        return head

    async def comment(self, number: int, text: str, by: str = "maria") -> int:
        """Comment on a pull request; the comment's id."""
        made = await self.api("POST", f"/repos/{REPOSITORY}/issues/{number}/comments", by, {"body": text})
        return int(made["id"])

    def said(self, number: int) -> list[str]:
        """The bot's comments on a pull request, the checklist first."""
        return [comment.body for comment in self.repo.issue(number).comments if comment.user.type == "Bot"]

    async def advance(self, seconds: float) -> None:
        """Let time pass for GitHub and the bot."""
        self.sandbox.clock.advance(seconds)
        await self.bot.advance(seconds)

    async def settle(self) -> None:
        """Until every webhook is delivered and the bot has nothing left to do now."""
        while True:
            before = len(self.sandbox.requests.calls)
            await self.sandbox.settle()
            await self.bot.until_idle()
            await self.sandbox.settle()
            if len(self.sandbox.requests.calls) == before:
                return

    async def api(self, method: str, path: str, by: str, body: object = None) -> Any:
        """A call of GitHub's API as one of the people."""
        headers = {"authorization": f"token {self.sandbox.tokens[by]}"}
        async with self.http.request(method, self.sandbox.url + path, json=body, headers=headers) as answer:
            found = await answer.json()
            assert answer.status < 400, f"{method} {path} as {by}: {answer.status} {found}"
            return found

    def limit(self, calls: int) -> None:
        """From now on so many calls an hour for each caller; the hour begins anew."""
        self.sandbox.hub.rate_limit = calls
        self.sandbox.hub.windows.clear()

    def _commit(self, parent: str, files: Mapping[str, str | None], message: str) -> str:
        git, coda = self.repo.git, self.sandbox.user("coda")
        by = Person(coda.name, coda.email, self.sandbox.clock.now())
        blobs = {path: (0o100644, git.add_blob(text.encode())) for path, text in files.items() if text is not None}
        tree = git.flat(git.tree_of(parent)) | blobs
        kept = {path: entry for path, entry in tree.items() if files.get(path, "") is not None}
        return git.add_commit(git.add_tree(kept), [parent], message, by, by)


@asynccontextmanager
async def world_on(
    database_url: str, start: Start, folder: Path, clock: Clock | None = None, app_key: str | None = None
) -> AsyncIterator[World]:
    """An empty one, with a bot that was begun that way."""
    sandbox = await Sandbox.start(private_key_pem=app_key, clock=clock, directory=folder / "git")
    sandbox.hub.rate_limit = SEEDING_LIMIT
    try:
        async with AsyncExitStack() as bots, aiohttp.ClientSession() as http:
            world = World(sandbox, database_url, start, folder, http, bots)
            await world.start()
            yield world
    finally:
        await sandbox.stop()
