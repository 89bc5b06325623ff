"""The scenario language: people push, comment and run CI on a GitHub; tests look at what the pull request shows.

Everything goes the way it goes in the field: real git pushes, GitHub's REST API with people's tokens, signed
webhooks to the bot over HTTP. `settle` is the only waiting there is: until every webhook is delivered and the bot
has nothing left to do.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from bot.cli.serve import Serving
from bot.sandbox import Sandbox
from bot.sandbox.control import set_ci
from bot.sandbox.seeding import seed_files

PLAN = "docs/exec-plans/active/2026-01-checkout-totals.md"
COMPLETED = "docs/exec-plans/completed/2026-01-checkout-totals.md"
BRANCH = "feature/checkout-totals"
ACTIVE_INDEX = "docs/exec-plans/active/index.md"
COMPLETED_INDEX = "docs/exec-plans/completed/index.md"
PLAN_FILES = {path: text.decode() for path, text in seed_files("shop/plan").items()}


def block_files(block: str) -> dict[str, str]:
    """The product files that a block of the seeded plan adds."""
    return {path: text.decode() for path, text in seed_files(f"shop/blocks/{block}").items()}


@dataclass
class Comment:
    id: int
    body: str
    author: str


@dataclass
class Check:
    conclusion: str | None
    title: str
    summary: str
    id: int


@dataclass
class Scenario:
    """One repository with one bot; `pull` is the number of the pull request in play."""

    sandbox: Sandbox
    bot: Serving
    http: aiohttp.ClientSession
    folder: Path
    repository: str = "acme/shop"
    pull: int = 0
    _clones: dict[str, Path] = field(default_factory=dict)

    # -- what people do ------------------------------------------------------------------------------------------

    async def push(
        self,
        files: Mapping[str, str | bytes | None],
        *,
        branch: str = BRANCH,
        by: str = "coda",
        message: str = "Work",
        force: bool = False,
        settle: bool = True,
        start: str | None = None,
    ) -> str:
        """Commit files (None removes one) on top of the branch with real git and push; the commit's SHA."""
        clone = await self._clone(by)
        await self._git(clone, "fetch", "-q", "--prune", "origin")
        exists = (await self._git(clone, "branch", "-r", "--list", f"origin/{branch}")).strip()
        base = start or (f"origin/{branch}" if exists else "origin/main")
        await self._git(clone, "checkout", "-q", "-B", branch, base)
        for path, content in files.items():
            file = clone / path
            if content is None:
                file.unlink()
                continue
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.encode() if isinstance(content, str) else content)
        await self._git(clone, "add", "-A")
        await self._git(clone, "commit", "-q", "--allow-empty", "-m", message)
        flags = ["--force"] if force else []
        await self._git(clone, "push", "-q", *flags, "origin", f"HEAD:refs/heads/{branch}")
        sha = (await self._git(clone, "rev-parse", "HEAD")).strip()
        if settle:
            await self.settle()
        return sha

    async def open_pull(
        self, *, branch: str = BRANCH, base: str = "main", by: str = "coda", title: str = "Checkout totals"
    ) -> int:
        body = {"title": title, "head": branch, "base": base, "body": "See the plan."}
        opened = await self.api("POST", f"/repos/{self.repository}/pulls", by, body)
        self.pull = opened["number"]
        await self.settle()
        return self.pull

    async def comment(self, text: str, *, by: str = "maria", settle: bool = True) -> Comment:
        made = await self.api("POST", f"{self._issue}/comments", by, {"body": text})
        if settle:
            await self.settle()
        return Comment(made["id"], text, by)

    async def edit_comment(self, comment_id: int, text: str, *, by: str) -> None:
        await self.api("PATCH", f"/repos/{self.repository}/issues/comments/{comment_id}", by, {"body": text})
        await self.settle()

    async def ci(self, conclusion: str | None = "success", *, name: str = "tests", ref: str = BRANCH) -> None:
        """Another App's check run on a branch's head; None means that it still runs."""
        set_ci(self.sandbox.hub, self.sandbox.repo(self.repository), ref, name, conclusion)
        await self.settle()

    async def merge(self, *, by: str = "maria") -> None:
        await self.api("PUT", f"/repos/{self.repository}/pulls/{self.pull}/merge", by, {})
        await self.settle()

    async def close(self, *, by: str = "maria") -> None:
        await self.api("PATCH", f"/repos/{self.repository}/pulls/{self.pull}", by, {"state": "closed"})
        await self.settle()

    async def wait(self, seconds: float) -> None:
        """Let time pass, on the one clock that GitHub and the bot share here."""
        self.sandbox.clock.advance(seconds)
        self.bot.dispatcher.wake()
        await self.settle()

    # -- whole stretches of the path -----------------------------------------------------------------------------

    async def planned(self, plan: str | None = None, **more: str) -> None:
        """A branch with the plan, and its pull request."""
        files = dict(PLAN_FILES) | more
        if plan is not None:
            files[PLAN] = plan
        await self.push(files, message="Plan the checkout totals")
        await self.open_pull()

    async def started(self) -> None:
        await self.planned()
        await self.comment("/execute")

    async def block_pushed(self, block: str, *, green: bool = True) -> str:
        sha = await self.push(block_files(block), message=f"{block}: work")
        if green:
            await self.ci("success")
        return sha

    async def block_done(self, block: str) -> str:
        sha = await self.block_pushed(block)
        await self.comment("/approve")
        return sha

    async def all_blocks_done(self) -> None:
        await self.started()
        for block in ("B01", "B02", "B03"):
            await self.block_done(block)

    # -- what people see -----------------------------------------------------------------------------------------

    async def comments(self) -> list[Comment]:
        found = await self.api("GET", f"{self._issue}/comments?per_page=100", "olivia")
        return [Comment(item["id"], item["body"], item["user"]["login"]) for item in found]

    async def checklist(self) -> str:
        found = [item for item in await self.comments() if "stepwise:checklist" in item.body and self._is_bot(item)]
        assert len(found) <= 1, "more than one checklist"
        return found[0].body if found else ""

    async def replies(self) -> list[str]:
        """What the bot said, apart from the checklist, oldest first."""
        return [
            item.body for item in await self.comments() if self._is_bot(item) and "stepwise:checklist" not in item.body
        ]

    async def last_reply(self) -> str:
        replies = await self.replies()
        return replies[-1] if replies else ""

    async def reactions(self, comment: Comment) -> list[str]:
        path = f"/repos/{self.repository}/issues/comments/{comment.id}/reactions"
        return [item["content"] for item in await self.api("GET", path, "olivia")]

    async def head(self) -> str:
        return str((await self.pull_request())["head"]["sha"])

    async def pull_request(self) -> dict[str, Any]:
        found: dict[str, Any] = await self.api("GET", f"/repos/{self.repository}/pulls/{self.pull}", "olivia")
        return found

    async def checks(self, ref: str | None = None) -> dict[str, Check]:
        """The bot's checks on the head, by the second half of their names, the newest of each."""
        sha = ref or await self.head()
        path = f"/repos/{self.repository}/commits/{sha}/check-runs?per_page=100&filter=all"
        found: dict[str, Check] = {}
        for run in sorted((await self.api("GET", path, "olivia"))["check_runs"], key=lambda item: item["id"]):
            if run["app"]["id"] == self.sandbox.app_id:
                name = run["name"].removeprefix("stepwise/")
                found[name] = Check(run["conclusion"], run["output"]["title"], run["output"]["summary"], run["id"])
        return found

    async def file(self, path: str, *, ref: str = BRANCH) -> str | None:
        """A file's text at a branch, None where there is none."""
        repo = self.sandbox.repo(self.repository)
        sha = repo.git.resolve(ref)
        assert sha is not None, f"no branch {ref}"
        entry = repo.git.lookup(repo.git.tree_of(sha), path)
        content = repo.git.blob(entry.sha) if entry is not None else None
        return None if content is None else content.decode()

    async def commits(self, branch: str = BRANCH) -> list[dict[str, Any]]:
        """The branch's commits, newest first."""
        path = f"/repos/{self.repository}/commits?sha={branch}&per_page=100"
        found: list[dict[str, Any]] = await self.api("GET", path, "olivia")
        return found

    # -- plumbing ------------------------------------------------------------------------------------------------

    async def settle(self) -> None:
        """Until every webhook is delivered and the bot has nothing left to do now."""
        while True:
            before = len(self.sandbox.requests.calls)
            await self.sandbox.settle()
            await self.bot.dispatcher.until_idle()
            await self.sandbox.settle()
            if len(self.sandbox.requests.calls) == before:
                return

    async def api(self, method: str, path: str, by: str, body: object = None) -> Any:
        headers = {"authorization": f"token {self.sandbox.tokens[by]}"}
        async with self.http.request(method, self.sandbox.url + path, json=body, headers=headers) as answer:
            found = await answer.json() if answer.content_type == "application/json" else None
            assert answer.status < 400, f"{method} {path} as {by}: {answer.status} {found}"
            return found

    @property
    def _issue(self) -> str:
        return f"/repos/{self.repository}/issues/{self.pull}"

    def _is_bot(self, comment: Comment) -> bool:
        return comment.author == "stepwise[bot]"

    async def _clone(self, by: str) -> Path:
        if by not in self._clones:
            clone = self.folder / f"clone-{by}"
            url = self.sandbox.url.replace("://", f"://x:{self.sandbox.tokens[by]}@")
            await self._git(self.folder, "clone", "-q", f"{url}/{self.repository}.git", str(clone))
            await self._git(clone, "config", "user.name", by)
            await self._git(clone, "config", "user.email", f"{by}@acme.example")
            self._clones[by] = clone
        return self._clones[by]

    async def _git(self, folder: Path, *arguments: str) -> str:
        environment = {**os.environ, "GIT_CONFIG_NOSYSTEM": "1", "HOME": str(self.folder), "GIT_TERMINAL_PROMPT": "0"}
        process = await asyncio.create_subprocess_exec(
            "git",
            *arguments,
            cwd=folder,
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        assert process.returncode == 0, f"git {' '.join(arguments)}: {err.decode()}"
        return out.decode()
