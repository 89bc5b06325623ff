"""The story: what a person and an agent do with a plan, from its first commit to its closeout."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from bot.demo.show import checklist, checks, picture, replies, reply_text
from bot.demo.stage import DemoFailed, Stage
from bot.sandbox.seeding import seed_files

PLAN: Final = "docs/exec-plans/active/2026-01-checkout-totals.md"
MOVED: Final = "docs/exec-plans/completed/2026-01-checkout-totals.md"
BRANCH: Final = "feature/checkout-totals"

Say = Callable[[str], None]


class Story:
    """Tells and does each step; `number` is the pull request in play."""

    def __init__(self, stage: Stage, say: Say, headline: Say) -> None:
        self._stage = stage
        self._say = say
        self._headline = headline
        self.number = 0

    def play(self) -> None:
        """The whole path. Raises DemoFailed where the pull request does not show what it should."""
        self._plan()
        self._start()
        self._first_block()
        self._second_block_leaves_the_scope()
        self._last_block()
        self._verdict_and_merge()
        self._closeout()

    # -- the steps -----------------------------------------------------------------------------------------------

    def _plan(self) -> None:
        self._headline("An agent, coda, pushes a branch with a plan and opens a pull request")
        self._push("coda", seed_files("shop/plan"), "Plan the checkout totals")
        opened = self._stage.request(
            "POST",
            "/repos/acme/shop/pulls",
            "coda",
            {"title": "Checkout totals", "head": BRANCH, "base": "main", "body": f"The plan is in `{PLAN}`."},
        )
        self.number = opened["number"]
        self._until_checklist("ready to be executed")

    def _start(self) -> None:
        self._headline("maria, who maintains the shop, has read the plan and starts it")
        self._comment("maria", "/execute")
        self._until_checklist("B01 is to be done")

    def _first_block(self) -> None:
        self._headline("coda pushes the first block; CI is running")
        head = self._push("coda", seed_files("shop/blocks/B01"), "B01: amounts are whole cents")
        self._ci(None)
        self._until_checklist("B01 waits for its gates")
        self._headline("CI goes green")
        self._ci("success")
        self._until_checklist(f"/approve B01 @{head[:7]}")
        self._headline("oscar, an outsider, tries to approve: a reaction says no, nothing happens")
        comment = self._comment("oscar", "/approve")
        self._until("oscar's comment gets a thumbs down", lambda: self._reactions(comment) == ["-1"])
        if "approved by `oscar`" in checklist(self._stage, self.number):
            raise DemoFailed("an outsider's approval was accepted")
        self._show()
        self._headline("maria looks at the block and approves it")
        self._comment("maria", "/approve")
        self._until_checklist(f"done at `{head[:7]}`, approved by `maria`", "B02 is to be done")

    def _second_block_leaves_the_scope(self) -> None:
        self._headline("coda pushes the second block, and touches infra/ on the way: the plan excludes it")
        stray = {"infra/deploy.yaml": b"replicas: 40\n"}
        first = self._push("coda", {**seed_files("shop/blocks/B02"), **stray}, "B02: discounts, and more replicas")
        self._ci("success")
        self._until_checklist("out of scope")
        self._until("stepwise/scope fails", lambda: self._conclusion("stepwise/scope") == "failure")
        self._headline("maria tries to approve it all the same")
        self._refused("maria", f"/approve B02 @{first[:7]}", "outside the plan's scope")
        self._headline("coda takes the change back; CI is green again")
        self._stage.git("coda", "checkout", "-q", "origin/main", "--", "infra/deploy.yaml")
        head = self._push("coda", {}, "Take the replicas back")
        self._ci("success")
        self._until_checklist(f"/approve B02 @{head[:7]}")
        self._headline("maria approves the commit she looked at before; the branch has moved on since")
        self._refused("maria", f"/approve B02 @{first[:7]}", "the branch is at")
        self._headline("maria approves the commit that is there now")
        self._comment("maria", f"/approve B02 @{head[:7]}")
        self._until_checklist(f"done at `{head[:7]}`, approved by `maria`", "B03 is to be done")

    def _last_block(self) -> None:
        self._headline("coda pushes the last block; CI is green; maria approves")
        head = self._push("coda", seed_files("shop/blocks/B03"), "B03: totals at the checkout")
        self._ci("success")
        self._until_checklist(f"/approve B03 @{head[:7]}", show=False)
        self._comment("maria", "/approve")
        self._until_checklist("the verdict is due")

    def _verdict_and_merge(self) -> None:
        self._headline("maria has looked at the whole change and gives the verdict")
        self._comment("maria", "/verdict PASS totals are right to the cent")
        self._until_checklist("3 of 3 blocks", "Merge the pull request")
        self._until(
            "all four checks are green",
            lambda: (
                len(found := checks(self._stage, self.number)) == 4
                and all(conclusion == "success" for conclusion, _ in found.values())
            ),
        )
        self._headline("maria merges")
        self._stage.request("PUT", f"/repos/acme/shop/pulls/{self.number}/merge", "maria", {})
        self._until("a closeout pull request is open", lambda: self._closeout_pull() is not None)
        self._until("the final report is posted", lambda: any("closed out" in body for body in self._replies()))
        self._say(_indented(reply_text(self._replies()[-1])))

    def _closeout(self) -> None:
        self._headline("The bot opened a pull request that moves the plan; maria merges that one too")
        number = self._closeout_pull()
        if number is None:
            raise DemoFailed("there is no closeout pull request")
        files = self._stage.request("GET", f"/repos/acme/shop/pulls/{number}/files", "ada")
        names = [f"{item.get('previous_filename', '')} -> {item['filename']}".removeprefix(" -> ") for item in files]
        self._say(_indented("\n".join(f"{item['status']:<9} {name}" for item, name in zip(files, names, strict=True))))
        self._until(
            "the closeout's own checks are green",
            lambda: (
                len(found := checks(self._stage, number)) == 4
                and all(conclusion == "success" for conclusion, _ in found.values())
            ),
        )
        self._stage.request("PUT", f"/repos/acme/shop/pulls/{number}/merge", "maria", {})
        self._check_end_state()

    def _check_end_state(self) -> None:
        """What `main` must hold now; the demo fails where it does not."""
        self._stage.git("ada", "fetch", "-q", "origin")
        self._stage.git("ada", "checkout", "-q", "--detach", "origin/main")
        clone = self._stage.folder / "ada"
        moved = clone / MOVED
        name = Path(MOVED).name
        wanted = {
            "the plan left active/": not (clone / PLAN).exists(),
            "the plan is in completed/": moved.exists(),
            "its status is Completed": moved.exists() and "**Status:** Completed" in moved.read_text(),
            "its validation record says PASS": moved.exists() and "`PASS`" in moved.read_text(),
            "active/index.md lost it": name not in (clone / "docs/exec-plans/active/index.md").read_text(),
            "completed/index.md has it": name in (clone / "docs/exec-plans/completed/index.md").read_text(),
            "references under docs/ follow": PLAN not in (clone / "docs/roadmap.md").read_text(),
            "the product code is there": (clone / "src/shop/checkout.py").exists(),
            "infra/ is as it was": "40" not in (clone / "infra/deploy.yaml").read_text(),
        }
        self._headline("What main holds in the end")
        self._say(_indented("\n".join(f"{'✓' if holds else '✗'} {what}" for what, holds in wanted.items())))
        wrong = [what for what, holds in wanted.items() if not holds]
        if wrong:
            raise DemoFailed("the end state is wrong: not " + "; not ".join(wrong))

    # -- the moves -----------------------------------------------------------------------------------------------

    def _push(self, by: str, files: Mapping[str, bytes], message: str) -> str:
        stage = self._stage
        stage.git(by, "fetch", "-q", "origin")
        exists = stage.git(by, "branch", "-r", "--list", f"origin/{BRANCH}").strip()
        if files:
            stage.git(by, "checkout", "-q", "-B", BRANCH, f"origin/{BRANCH}" if exists else "origin/main")
        for path, content in files.items():
            file = stage.folder / by / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        stage.git(by, "add", "-A")
        stage.git(by, "commit", "-q", "-m", message)
        stage.git(by, "push", "-q", "origin", BRANCH)
        sha = stage.git(by, "rev-parse", "HEAD").strip()
        self._say(f"  {by}$ git push   # {sha[:7]} {message}")
        return sha

    def _ci(self, conclusion: str | None) -> None:
        body = {"repo": "acme/shop", "sha": BRANCH, "name": "tests", "conclusion": conclusion}
        self._stage.request("POST", "/_sandbox/ci", None, body)
        self._say(f"  ci: tests {conclusion or 'in progress'}")

    def _comment(self, by: str, text: str) -> int:
        made = self._stage.request("POST", f"/repos/acme/shop/issues/{self.number}/comments", by, {"body": text})
        self._say(f"  {by}: {text}")
        return int(made["id"])

    def _refused(self, by: str, command: str, because: str) -> None:
        """A command that must be answered with a refusal that names the condition."""
        before = len(self._replies())
        self._comment(by, command)
        self._until(f"a refusal: … {because} …", lambda: len(self._replies()) > before)
        said = self._replies()[-1]
        self._say(_indented(reply_text(said)))
        if because not in said:
            raise DemoFailed(f"the refusal does not say «{because}»: {said}")

    # -- looking -------------------------------------------------------------------------------------------------

    def _replies(self) -> list[str]:
        return replies(self._stage, self.number)

    def _reactions(self, comment: int) -> list[str]:
        found = self._stage.request("GET", f"/repos/acme/shop/issues/comments/{comment}/reactions", "ada")
        return [item["content"] for item in found]

    def _conclusion(self, name: str) -> str | None:
        return checks(self._stage, self.number).get(name, (None, ""))[0]

    def _closeout_pull(self) -> int | None:
        found = self._stage.request("GET", "/repos/acme/shop/pulls?state=open", "ada")
        mine = [item["number"] for item in found if item["head"]["ref"].startswith("stepwise/closeout/")]
        return mine[0] if mine else None

    def _until(self, what: str, look: Callable[[], bool]) -> None:
        self._stage.until(what, look)

    def _until_checklist(self, *wanted: str, show: bool = True) -> None:
        def look() -> bool:
            body = checklist(self._stage, self.number)
            return all(text in body for text in wanted) and len(checks(self._stage, self.number)) == 4

        self._until(" and ".join(wanted), look)
        if show:
            self._show()

    def _show(self) -> None:
        self._say("\n" + picture(self._stage, self.number) + "\n")


def _indented(text: str) -> str:
    return "\n" + "\n".join(f"    {line}" for line in text.splitlines()) + "\n"
