"""The story of an exec-plan: block by block, with a file out of scope, to a plan that is moved to `completed/`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from bot.demo.moves import Moves, indented
from bot.demo.show import reply_text
from bot.demo.stage import DemoFailed
from bot.sandbox.seeding import seed_files

PLAN: Final = "docs/exec-plans/active/2026-01-checkout-totals.md"
MOVED: Final = "docs/exec-plans/completed/2026-01-checkout-totals.md"


class ExecPlan(Moves):
    branch = "feature/checkout-totals"

    def play(self) -> None:
        self._plan()
        self._start()
        self._first_block()
        self._second_block_leaves_the_scope()
        self._last_block()
        self._verdict_and_merge()
        self.closeout()

    def _plan(self) -> None:
        self.headline("An agent, coda, pushes a branch with a plan and opens a pull request")
        self.push("coda", seed_files("shop/plan"), "Plan the checkout totals")
        self.open_pull("Checkout totals", f"The plan is in `{PLAN}`.")
        self.shows("ready to be executed")

    def _start(self) -> None:
        self.headline("maria, who maintains the shop, has read the plan and starts it")
        self.comment("maria", "/execute")
        self.shows("B01 is to be done")

    def _first_block(self) -> None:
        self.headline("coda pushes the first block; CI is running")
        head = self.push("coda", seed_files("shop/blocks/B01"), "B01: amounts are whole cents")
        self.ci(None)
        self.shows("B01 waits for its gates")
        self.headline("CI goes green")
        self.ci("success")
        self.shows(f"/approve B01 @{head[:7]}")
        self.headline("oscar, an outsider, tries to approve: a reaction says no, nothing happens")
        comment = self.comment("oscar", "/approve")
        self.until("oscar's comment gets a thumbs down", lambda: self.reactions(comment) == ["-1"])
        if "approved by `oscar`" in self.checklist():
            raise DemoFailed("an outsider's approval was accepted")
        self.picture()
        self.headline("maria looks at the block and approves it")
        self.comment("maria", "/approve")
        self.shows(f"done at `{head[:7]}`, approved by `maria`", "B02 is to be done")

    def _second_block_leaves_the_scope(self) -> None:
        self.headline("coda pushes the second block, and touches infra/ on the way: the plan excludes it")
        stray = {"infra/deploy.yaml": b"replicas: 40\n"}
        first = self.push("coda", {**seed_files("shop/blocks/B02"), **stray}, "B02: discounts, and more replicas")
        self.ci("success")
        self.shows("out of scope")
        self.until("stepwise/scope fails", lambda: self.conclusion("stepwise/scope") == "failure")
        self.headline("maria tries to approve it all the same")
        self.answered("maria", f"/approve B02 @{first[:7]}", "outside the plan's scope")
        self.headline("coda takes the change back; CI is green again")
        self.stage.git("coda", "checkout", "-q", "origin/main", "--", "infra/deploy.yaml")
        head = self.push("coda", {}, "Take the replicas back")
        self.ci("success")
        self.shows(f"/approve B02 @{head[:7]}")
        self.headline("maria approves the commit she looked at before; the branch has moved on since")
        self.answered("maria", f"/approve B02 @{first[:7]}", "the branch is at")
        self.headline("maria approves the commit that is there now")
        self.comment("maria", f"/approve B02 @{head[:7]}")
        self.shows(f"done at `{head[:7]}`, approved by `maria`", "B03 is to be done")

    def _last_block(self) -> None:
        self.headline("coda pushes the last block; CI is green; maria approves")
        head = self.push("coda", seed_files("shop/blocks/B03"), "B03: totals at the checkout")
        self.ci("success")
        self.shows(f"/approve B03 @{head[:7]}", show=False)
        self.comment("maria", "/approve")
        self.shows("the verdict is due")

    def _verdict_and_merge(self) -> None:
        self.headline("maria has looked at the whole change and gives the verdict")
        self.comment("maria", "/verdict PASS totals are right to the cent")
        self.shows("3 of 3 blocks", "Merge the pull request")
        self.until("all four checks are green", self.is_green)
        self.headline("maria merges")
        self.merge()
        self.until("the final report is posted", lambda: any("closed out" in body for body in self.replies()))
        self.say(indented(reply_text(self.replies()[-1])))

    def closeout(self) -> None:
        self.headline("The bot opened a pull request that moves the plan; maria merges that one too")
        self.merge_closeout()
        moved, name = self.file(MOVED, "main") or "", Path(MOVED).name
        folder = "docs/exec-plans"
        self.demand(
            {
                "the plan left active/": self.file(PLAN, "main") is None,
                "the plan is in completed/": bool(moved),
                "its status is Completed": "**Status:** Completed" in moved,
                "its validation record says PASS": "`PASS`" in moved,
                "active/index.md lost it": name not in (self.file(f"{folder}/active/index.md", "main") or ""),
                "completed/index.md has it": name in (self.file(f"{folder}/completed/index.md", "main") or ""),
                "references under docs/ follow": PLAN not in (self.file("docs/roadmap.md", "main") or ""),
                "the product code is there": self.file("src/shop/checkout.py", "main") is not None,
                "infra/ is as it was": "40" not in (self.file("infra/deploy.yaml", "main") or ""),
            }
        )


class Autonomous(ExecPlan):
    """The same plan, where blocks close by themselves as long as nothing has to be looked at."""

    def play(self) -> None:
        self._plan()
        self.headline("maria has read the plan and lets it run by itself")
        self.comment("maria", "/execute autonomous")
        self.shows("B01 is to be done")
        self.headline("coda pushes the first block; CI goes green; nobody has to say anything")
        self.push("coda", seed_files("shop/blocks/B01"), "B01: amounts are whole cents")
        self.ci("success")
        self.shows("1 of 3 blocks", "B02 is to be done")
        self.headline("The second block turns CI red: the run stops and says why")
        before = len(self.replies())
        self.push("coda", seed_files("shop/blocks/B02"), "B02: discounts")
        self.ci("failure")
        self.said(before, "The autonomous run stopped")
        self.shows("paused")
        self.headline("coda mends it; CI is green; maria lets the run go on")
        self.push("coda", {"src/shop/__init__.py": b'"""A shop that counts in cents."""\n'}, "B02: mend what CI found")
        self.ci("success")
        self.shows("/resume")
        self.comment("maria", "/resume")
        self.shows("2 of 3 blocks", "B03 is to be done")
        self.headline("coda pushes the last block; the verdict is still a person's")
        self.push("coda", seed_files("shop/blocks/B03"), "B03: totals at the checkout")
        self.ci("success")
        self.shows("the verdict is due")
        self._verdict_and_merge()
        self.closeout()
