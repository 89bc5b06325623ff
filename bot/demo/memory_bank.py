"""The story of a memory-bank plan: a pre-flight that stops, one log kept task by task, gates, a deployment."""

from __future__ import annotations

from typing import Final

from bot.demo.moves import Moves
from bot.demo.stage import DemoFailed
from bot.sandbox.seeding import seed_files

PLAN: Final = "memory-bank/plan/2026-01-12_checkout-totals.md"
LOGS: Final = "memory-bank/execute/"
REFS: Final = "Refs: plan/2026-01-12_checkout-totals.md"
BOX: Final = "Fixtures with half-cent prices are ready"


class MemoryBank(Moves):
    branch = "feature/checkout-totals"

    def play(self) -> None:
        self._plan()
        self._pre_flight_stops()
        self._start()
        self._first_task()
        self._second_task_without_its_id()
        self._red_gate()
        self._commits_are_enforced()
        self._verdict_and_deployment()
        self._merge()
        self._closeout()

    def _plan(self) -> None:
        self.headline("An agent, coda, pushes a plan with tasks, milestones and readiness boxes")
        self.push("coda", seed_files("shop/memory-bank"), "Plan the checkout totals")
        self.open_pull("Checkout totals", f"The plan is in `{PLAN}`.")
        self.shows("T004")

    def _pre_flight_stops(self) -> None:
        self.headline("maria starts it, but a readiness box is not ticked: nothing is executed")
        self.answered("maria", "/execute", "pre-flight", BOX)
        self.until("a log with blockers", lambda: len(self._logs()) == 1)
        blocked = self.show_file(self._logs()[0], self.branch)
        if "## Blockers" not in blocked or BOX not in blocked:
            raise DemoFailed("the log does not name the blocker")
        self.shows("aborted")

    def _start(self) -> None:
        self.headline("coda makes the fixtures and ticks the box; maria starts again")
        self.change("coda", PLAN, f"- [ ] {BOX}", f"- [x] {BOX}", "The fixtures are ready")
        before = len(self.replies())
        self.comment("maria", "/execute")
        self.said(before, "Executing plan", "Rollback point", "Tasks: 4", "Milestones: 2")
        self.shows("T001 is to be done")

    def _first_task(self) -> None:
        self.headline("coda does the first task; the commit carries its id and refers to the plan")
        files = seed_files("shop/blocks/B01")
        head = self.push("coda", files, "T001: amounts are whole cents", trailer=REFS)
        self.ci("success")
        self.approve("T001", head, then="T002 is to be done")
        self.logged("### T001", "- Status: completed")

    def _second_task_without_its_id(self) -> None:
        self.headline("The second commit does not carry its task's id: people are warned")
        self.push("coda", seed_files("shop/blocks/B02"), "Discounts")
        self.ci(None)
        self.shows("does not begin with T002:")

    def _red_gate(self) -> None:
        self.headline("The type checks fail: the run stops at that task, and nothing is rolled back by itself")
        self.ci("success")
        self.ci("failure", name="mypy", summary="Found 1 error in 1 file")
        self.shows("T002 is held up: gates fail")
        self.answered("maria", "/approve T002", "mypy")
        self.headline("coda mends it; the gates are green")
        text = seed_files("shop/blocks/B02")["src/shop/discount.py"].decode()
        mended = text.replace("Discount = Percent", "type Discount = Percent").encode()
        head = self.push("coda", {"src/shop/discount.py": mended}, "T002: name the type", trailer=REFS)
        self.ci("success")
        self.ci("success", name="mypy")
        self.approve("T002", head, then="T003 is to be done")
        self.logged("### T002", "- Type checks: pass", "T002 – gate mypy failed", "resolved at")

    def _commits_are_enforced(self) -> None:
        self.headline("The team makes up its mind: commits have to carry their ids")
        self.policy("commits: enforce\n")
        first = self.push("coda", seed_files("shop/blocks/B03"), "Totals")
        self.ci("success")
        self.ci("success", name="mypy")
        self.shows("its commits do not carry its id")
        self.answered("maria", f"/approve T003 @{first[:7]}", "T003: <summary>")
        self.headline("coda rewords the commit, and pushes by force")
        self.stage.git("coda", "commit", "-q", "--amend", "-m", "T003: totals at the checkout", "-m", REFS)
        self.stage.git("coda", "push", "-q", "--force", "origin", self.branch)
        head = self.stage.git("coda", "rev-parse", "HEAD").strip()
        self.say(f"  coda$ git push --force   # {head[:7]} T003: totals at the checkout")
        self.ci("success")
        self.ci("success", name="mypy")
        self.approve("T003", head, then="T004 is to be done")
        self.headline("The campaign was called off: the last task is left out")
        self.comment("maria", "/skip T004 the campaign was called off")
        self.shows("skipped: the campaign was called off", "the verdict is due")

    def _verdict_and_deployment(self) -> None:
        self.headline("maria judges the whole change; ada deploys it")
        self.comment("maria", "/verdict PASS_WITH_NOTES prices above 1000 were not tried")
        self.shows("4 of 4 tasks", "Merge the pull request")
        self.deploy("staging", "success")
        self.until("all four checks are green", self.is_green)

    def _merge(self) -> None:
        self.headline("maria merges; the final report names the next command")
        before = len(self.replies())
        self.merge()
        self.said(before, "Execution complete: Success", "Tasks completed: 3/4", "/use qa-from-execute")

    def _closeout(self) -> None:
        self.headline("The bot opened a pull request with the finished log; maria merges that one too")
        self.merge_closeout()
        log = self.show_file(self._logs("main")[-1], "main")
        self.demand(
            {
                "the plan stays where it is": self.file(PLAN, "main") is not None,
                "there is one log": len(self._logs("main")) == 1,
                "the log is finished": "end_commit:" in log,
                "three tasks are completed": log.count("- Status: completed") == 3,
                "one was skipped": log.count("- Status: skipped") == 1,
                "the gates are recorded": "- Tests: pass" in log and "- Type checks: pass" in log,
                "it was deployed to staging": "- Staging: success" in log,
                "commits and checks are linked": "/commit/" in log,
                "the notes became a next step": "prices above 1000 were not tried" in log,
                "the product code is there": self.file("src/shop/checkout.py", "main") is not None,
            }
        )

    def _logs(self, ref: str = "") -> list[str]:
        return sorted(name for name in self.files(ref or self.branch) if name.startswith(LOGS))

    def logged(self, *wanted: str) -> None:
        """Wait until the newest log on the branch says all of these."""

        def says() -> bool:
            text = self.file(self._logs()[-1], self.branch) or ""
            return all(one in text for one in wanted)

        self.until("in the execution log: " + " and ".join(wanted), says)
        self.say(f"  {self._logs()[-1]} says so")
