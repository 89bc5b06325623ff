"""The scenario language: people push, comment and run CI on a GitHub; tests look at what the pull request shows.

Everything goes the way it goes in the field: real git pushes, GitHub's REST API with people's tokens, signed
webhooks to the bot over HTTP. `settle` is the only waiting there is: until every webhook is delivered and the bot
has nothing left to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from bot.sandbox import Sandbox
from bot.sandbox.control import request_action, set_ci
from bot.sandbox.seeding import seed_files
from tests.e2e.calls import Calls, calls_of
from tests.e2e.clones import Clones, File
from tests.e2e.whole import Whole

PLAN = "docs/exec-plans/active/2026-01-checkout-totals.md"
COMPLETED = "docs/exec-plans/completed/2026-01-checkout-totals.md"
BRANCH = "feature/checkout-totals"
ACTIVE_INDEX = "docs/exec-plans/active/index.md"
COMPLETED_INDEX = "docs/exec-plans/completed/index.md"
PLAN_FILES = {path: text.decode() for path, text in seed_files("shop/plan").items()}

PAUSE_SECONDS = 2
"""Nobody does two things in one second: GitHub's times are whole seconds, and what came first must show in them."""
PLAN_TEXT = PLAN_FILES[PLAN]


def plan_with(*changes: tuple[str, str], plan: str = PLAN_TEXT) -> str:
    """The plan with some of its text replaced, each where it stands first."""
    for old, new in changes:
        assert old in plan, f"the plan does not say {old!r}"
        plan = plan.replace(old, new, 1)
    return plan


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
    bot: Whole
    http: aiohttp.ClientSession
    folder: Path
    repository: str = "acme/shop"
    pull: int = 0

    def __post_init__(self) -> None:
        self.clones = Clones(self.sandbox, self.folder)

    # -- what people do ------------------------------------------------------------------------------------------

    async def push(
        self,
        files: Mapping[str, File],
        *,
        branch: str = BRANCH,
        by: str = "coda",
        message: str = "Work",
        to: str = "",
        start: str | None = None,
        force: bool = False,
        settle: bool = True,
    ) -> str:
        """Commit files (None removes one) on top of the branch with real git and push; the commit's SHA."""
        self.sandbox.clock.advance(PAUSE_SECONDS)
        clone = await self.clones.commit(to or self.repository, by, branch, files, message, start)
        sha = await self.clones.push(clone, branch, force=force)
        if settle:
            await self.settle()
        return sha

    async def merge_base(self, *, branch: str = BRANCH, by: str = "coda") -> str:
        """Merge main into the branch and push; the merge's SHA."""
        sha = await self.clones.push(await self.clones.merge(self.repository, by, branch, "main"), branch)
        await self.settle()
        return sha

    async def policy(self, text: str) -> None:
        """Set the team's policy on the base branch."""
        await self.push({".github/stepwise.yml": text}, branch="main", by="maria", message="Policy")

    async def open_pull(
        self,
        *,
        branch: str = BRANCH,
        base: str = "main",
        by: str = "coda",
        title: str = "Checkout totals",
        draft: bool = False,
    ) -> int:
        body = {"title": title, "head": branch, "base": base, "body": "See the plan.", "draft": draft}
        opened = await self.api("POST", f"/repos/{self.repository}/pulls", by, body)
        self.pull = opened["number"]
        await self.settle()
        return self.pull

    async def fork(self, *, by: str) -> None:
        await self.api("POST", f"/repos/{self.repository}/forks", by)
        await self.settle()

    async def comment(self, text: str, *, by: str = "maria", settle: bool = True) -> Comment:
        self.sandbox.clock.advance(PAUSE_SECONDS)
        made = await self.api("POST", f"{self._issue}/comments", by, {"body": text})
        if settle:
            await self.settle()
        return Comment(made["id"], text, by)

    async def answer(self, text: str, *, by: str = "maria") -> str:
        """Comment, and give what the bot replied to it: nothing where it said nothing."""
        before = len(await self.replies())
        await self.comment(text, by=by)
        return "\n".join((await self.replies())[before:])

    async def edit_comment(self, comment_id: int, text: str, *, by: str) -> None:
        await self.api("PATCH", f"/repos/{self.repository}/issues/comments/{comment_id}", by, {"body": text})
        await self.settle()

    async def ci(
        self, conclusion: str | None = "success", *, name: str = "tests", ref: str = BRANCH, settle: bool = True
    ) -> None:
        """Another App's check run on a branch's head; None means that it still runs."""
        self.sandbox.clock.advance(PAUSE_SECONDS)
        set_ci(self.sandbox.hub, self.sandbox.repo(self.repository), ref, name, conclusion)
        if settle:
            await self.settle()

    async def press(self, check: str, button: str, *, by: str = "maria") -> None:
        """Press a button of one of the bot's checks on the head."""
        run = self.sandbox.repo(self.repository).check_runs[(await self.checks())[check].id]
        request_action(self.sandbox.hub, run, button, self.sandbox.user(by))
        await self.settle()

    async def change_pull(self, *, by: str = "maria", **fields: object) -> None:
        """Close it, reopen it, point it at another base."""
        await self.api("PATCH", f"/repos/{self.repository}/pulls/{self.pull}", by, fields)
        await self.settle()

    async def merge(self, *, by: str = "maria") -> None:
        await self.api("PUT", f"/repos/{self.repository}/pulls/{self.pull}/merge", by, {})
        await self.settle()

    async def wait(self, seconds: float) -> None:
        """Let time pass, on the one clock that GitHub and the bot share here."""
        self.sandbox.clock.advance(seconds)
        self.bot.dispatcher.wake()
        await self.settle()

    # -- whole stretches of the path -----------------------------------------------------------------------------

    async def planned(self, plan: File = PLAN_TEXT, *, also: Mapping[str, File] | None = None) -> None:
        """A branch with the plan, and its pull request."""
        await self.push({**PLAN_FILES, PLAN: plan, **(also or {})}, message="Plan the checkout totals")
        await self.open_pull()

    async def started(self, plan: File = PLAN_TEXT) -> None:
        await self.planned(plan)
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

    async def headline(self) -> str:
        """What the checklist's title says after the plan's name."""
        lines = [line for line in (await self.checklist()).splitlines() if line.startswith("### ")]
        return lines[0].partition(" — ")[2] if lines else ""

    async def block(self, block: str) -> str:
        """The checklist's line about a block, from its box on."""
        return next(line for line in (await self.checklist()).splitlines() if f"**{block}**" in line)

    async def timeline(self) -> str:
        body = await self.checklist()
        return body.partition("<summary>Timeline</summary>")[2].partition("</details>")[0]

    async def next_thing(self) -> str:
        """The one next thing to do, with the command to copy."""
        return (await self.checklist()).partition("**Next:**")[2].partition("<details>")[0].strip()

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

    def calls(self) -> AbstractContextManager[Calls]:
        """Collect the bot's calls to GitHub until the end of the block."""
        return calls_of(self.sandbox)

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
