"""What people do and see on the emulator: over HTTP, with tokens of their own, past the bot and all that is ours."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
import jwt

from bot.sandbox.seeding import seed_files
from tests.e2e.scenario import BRANCH, PLAN, PLAN_FILES, PLAN_TEXT
from tests.e2e.whole import Whole
from tests.emulate.between import Between, Call
from tests.emulate.seed import BOT, CI_APP_ID, CI_INSTALLATION, ROLES, token

REPO: Final = "/repos/acme/shop"
CHECKS: Final = frozenset({"plan", "scope", "gates", "progress"})


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    value: Any


@dataclass(frozen=True, slots=True)
class Check:
    id: int
    status: str
    conclusion: str | None
    title: str
    summary: str


@dataclass
class World:
    """One emulator with one bot; `pull` is the number of the pull request in play."""

    between: Between
    http: aiohttp.ClientSession
    key: str
    bot: Whole | None = None
    pull: int = 0

    # -- what people do ------------------------------------------------------------------------------------------

    async def furnish(self) -> None:
        """The roles of people, and the shop's files on main."""
        for login, role in ROLES.items():
            await self.api("PUT", f"{REPO}/collaborators/{login}", "olivia", {"permission": role})
        await self.commit(seed_files("shop/main"), branch="main", by="olivia", message="The shop")

    async def commit(
        self,
        files: Mapping[str, str | bytes | None],
        *,
        branch: str = BRANCH,
        by: str = "coda",
        message: str = "Work",
        start: str = "main",
    ) -> str:
        """Put a commit on top of a branch, which is made from `start` if need be; its SHA."""
        known = await self.ask("GET", f"{REPO}/git/ref/heads/{branch}", by)
        is_new = known.status == 404
        parent = await self.head(start if is_new else branch)
        base = (await self.api("GET", f"{REPO}/git/commits/{parent}", by))["tree"]["sha"]
        entries = []
        for path, content in files.items():
            sha = None
            if content is not None:
                raw = content.encode() if isinstance(content, str) else content
                body = {"content": base64.b64encode(raw).decode(), "encoding": "base64"}
                sha = (await self.api("POST", f"{REPO}/git/blobs", by, body))["sha"]
            entries.append({"path": path, "mode": "100644", "type": "blob", "sha": sha})
        tree = (await self.api("POST", f"{REPO}/git/trees", by, {"base_tree": base, "tree": entries}))["sha"]
        wanted = {"message": message, "tree": tree, "parents": [parent]}
        sha = str((await self.api("POST", f"{REPO}/git/commits", by, wanted))["sha"])
        if is_new:
            await self.api("POST", f"{REPO}/git/refs", by, {"ref": f"refs/heads/{branch}", "sha": sha})
        else:
            await self.api("PATCH", f"{REPO}/git/refs/heads/{branch}", by, {"sha": sha})
        await self.settle()
        return sha

    async def open_pull(self, *, branch: str = BRANCH, by: str = "coda", title: str = "Checkout totals") -> int:
        body = {"title": title, "head": branch, "base": "main", "body": "See the plan."}
        self.pull = (await self.api("POST", f"{REPO}/pulls", by, body))["number"]
        await self.settle()
        return self.pull

    async def planned(self, plan: str = PLAN_TEXT) -> str:
        """A branch with the plan, and its pull request; the head."""
        head = await self.commit({**PLAN_FILES, PLAN: plan}, message="Plan the checkout totals")
        await self.open_pull()
        return head

    async def comment(self, text: str, *, by: str = "maria") -> int:
        made = await self.api("POST", f"{REPO}/issues/{self.pull}/comments", by, {"body": text})
        await self.settle()
        return int(made["id"])

    async def answer(self, text: str, *, by: str = "maria") -> str:
        """Comment, and give what the bot replied: nothing where it said nothing."""
        before = len(await self.replies())
        await self.comment(text, by=by)
        return "\n".join((await self.replies())[before:])

    async def merge(self, *, by: str = "maria") -> Answer:
        merged = await self.ask("PUT", f"{REPO}/pulls/{self.pull}/merge", by, {})
        await self.settle()
        return merged

    async def ci(self, conclusion: str | None, *, sha: str, name: str = "tests") -> int:
        """A check run of another App; None means that it still runs."""
        body = {"name": name, "head_sha": sha, "status": "in_progress"}
        if conclusion is not None:
            body |= {"status": "completed", "conclusion": conclusion}
        made = await self.api("POST", f"{REPO}/check-runs", await self._ci_token(), body)
        await self.settle()
        return int(made["id"])

    async def _ci_token(self) -> str:
        now = int(time.time())
        signed = jwt.encode({"iat": now - 60, "exp": now + 300, "iss": str(CI_APP_ID)}, self.key, algorithm="RS256")
        path = f"/app/installations/{CI_INSTALLATION}/access_tokens"
        return str((await self.api("POST", path, signed, {}))["token"])

    # -- what people see -----------------------------------------------------------------------------------------

    async def comments(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await self.api("GET", f"{REPO}/issues/{self.pull}/comments?per_page=100")
        return found

    async def bot_comments(self) -> list[dict[str, Any]]:
        return [one for one in await self.comments() if one["user"]["login"] == BOT]

    async def checklist(self) -> str:
        found = [one["body"] for one in await self.bot_comments() if "stepwise:checklist" in one["body"]]
        assert len(found) <= 1, "more than one checklist"
        return found[0] if found else ""

    async def replies(self) -> list[str]:
        return [one["body"] for one in await self.bot_comments() if "stepwise:checklist" not in one["body"]]

    async def checks(self, sha: str) -> dict[str, Check]:
        """The bot's checks on a commit by the second half of their names, the newest of each."""
        found: dict[str, Check] = {}
        listed = await self.api("GET", f"{REPO}/commits/{sha}/check-runs?per_page=100&filter=all")
        for run in sorted(listed["check_runs"], key=lambda item: item["id"]):
            if run["id"] in self.between.own_checks:
                output = run["output"]
                name = run["name"].removeprefix("stepwise/")
                found[name] = Check(run["id"], run["status"], run["conclusion"], output["title"], output["summary"])
        return found

    async def conclusions(self, sha: str) -> dict[str, str | None]:
        return {name: check.conclusion for name, check in (await self.checks(sha)).items()}

    async def head(self, branch: str = BRANCH) -> str:
        return str((await self.api("GET", f"{REPO}/git/ref/heads/{branch}"))["object"]["sha"])

    async def file(self, path: str, *, ref: str = BRANCH) -> bytes | None:
        found = await self.ask("GET", f"{REPO}/contents/{path}?ref={ref}")
        return base64.b64decode(found.value["content"]) if found.status == 200 else None

    async def tree(self, sha: str) -> dict[str, str]:
        """The blobs of a commit, by path."""
        found = await self.api("GET", f"{REPO}/git/trees/{sha}?recursive=1")
        return {item["path"]: item["sha"] for item in found["tree"] if item["type"] == "blob"}

    def writes(self, since: int = 0) -> list[Call]:
        """What the bot sent that was to change something."""
        return [call for call in self.between.calls[since:] if call.method != "GET" and "/app/" not in call.path]

    def reactions(self, since: int = 0) -> list[str]:
        """The reactions that the bot wanted to give; the emulator has none."""
        return [call.body["content"] for call in self.writes(since) if call.path.endswith("/reactions")]

    # -- plumbing ------------------------------------------------------------------------------------------------

    async def settle(self) -> None:
        """Until every webhook has come and the bot has nothing left to do."""
        if self.bot is None:
            return
        while True:
            before = len(self.between.calls)
            await self.between.arrived()
            await self.bot.dispatcher.until_idle()
            if len(self.between.calls) == before and not self.between.missing:
                return

    async def ask(self, method: str, path: str, by: str = "olivia", body: object = None) -> Answer:
        """One request of a person's (or with an App's token), whatever becomes of it."""
        headers = {"authorization": f"Bearer {by if len(by) > 20 else token(by)}"}
        url = self.between.github + path
        async with self.http.request(method, url, json=body, headers=headers) as answer:
            value = await answer.json() if answer.content_type == "application/json" else None
        self.between.wrote(method, path.partition("?")[0], body, answer.status, value)
        return Answer(answer.status, value)

    async def api(self, method: str, path: str, by: str = "olivia", body: object = None) -> Any:
        found = await self.ask(method, path, by, body)
        assert found.status < 400, f"{method} {path}: {found.status} {found.value}"
        return found.value
