"""The story of a team session: a graph of tasks, roles that are agents and people, failures, and what becomes of it."""

from __future__ import annotations

import json
from typing import Any, Final

from bot.demo.moves import Moves
from bot.demo.stage import DemoFailed
from bot.sandbox.seeding import seed_files

SESSION: Final = ".workflow/.team/TC-checkout-totals-2026-01-12"
STATE: Final = f"{SESSION}/team-session.json"
POLICY: Final = 'workers:\n  roles:\n    builder: {mention: "@coda"}\n    writer: person\n    tester: person\n'


class TeamSession(Moves):
    branch = "feature/checkout-totals"

    def play(self) -> None:
        self._session()
        self._taken_up()
        self._builder_fails()
        self._side_by_side()
        self._last_task()
        self._verdict_and_merge()
        self._export()

    def _session(self) -> None:
        self.headline("maria says who does what: the builder is an agent, writer and tester are people")
        self.policy(POLICY)
        self.headline("coda pushes a session that was interrupted: one task is completed, one was left in progress")
        self.push("coda", {**seed_files("shop/team-session/session"), **seed_files("shop/blocks/B01")}, "The session")
        self.open_pull("Checkout totals", f"The session is in `{SESSION}`.")
        self.shows("ready to be executed")

    def _taken_up(self) -> None:
        self.headline("maria takes it up: what is completed stays so, what was interrupted is pending again")
        before = len(self.replies())
        self.comment("maria", "/execute")
        self.said(before, "The session is being executed", "completed before: BUILD-001", "reset to pending: BUILD-002")
        self.said(before, "@coda please do `BUILD-002`")
        self.shows("1 of 4 tasks", "`@coda` was asked")
        state = self._state()
        self.say(f"  team-session.json: in progress {state['in_progress_tasks']}, at work {state['active_workers']}\n")
        if {worker["task_id"] for worker in state["active_workers"]} != {"BUILD-002", "DOC-001"}:
            raise DemoFailed(f"not both ready tasks are at work: {state['active_workers']}")

    def _builder_fails(self) -> None:
        self.headline("The builder lacks a role: that is a warning. It fails twice; then maria chooses to try again")
        self.answered("coda", "/gap translator nobody can translate the campaign", "Capability gap", "warning")
        before = len(self.replies())
        self.comment("coda", "/failed BUILD-002 the price list cannot be reached")
        self.said(before, "@coda please do `BUILD-002`", "The attempt before this one failed: the price list")
        self.answered("coda", "/failed BUILD-002 it still cannot be reached", "An approver says", "/retry BUILD-002")
        self.shows("**failed**: it still cannot be reached")
        self.answered("maria", "/retry BUILD-002", "@coda please do `BUILD-002`")

    def _side_by_side(self) -> None:
        self.headline("ada writes beside the builder; each says which commit is whose")
        page = {path: text for path, text in seed_files("shop/blocks/B03").items() if path.startswith("docs/")}
        written = self.push("ada", page, "How a total comes about")
        self.comment("ada", f"/done DOC-001 {written[:7]} two pages, with an example")
        self.until("ada is heard", lambda: "reported as done" in self.checklist() or "awaits" in self.checklist())
        files = {**seed_files("shop/blocks/B02"), **seed_files("shop/team-session/BUILD-002")}
        built = self.push("coda", files, "BUILD-002: percentage and fixed discounts")
        self.comment("coda", f"/done BUILD-002 {built[:7]}")
        self.ci("success")
        self.shows("BUILD-002 awaits approval", "(1 more waits)")
        self.answered("maria", "/status", "✅ `BUILD-001`", "🟡 `BUILD-002`")
        self.approve("BUILD-002", built, then="DOC-001 awaits approval")
        self.approve("DOC-001", built, then="TEST-001 is to be done")

    def _last_task(self) -> None:
        self.headline("Both are done: the tester's task is ready")
        files = {path: text for path, text in seed_files("shop/blocks/B03").items() if not path.startswith("docs/")}
        files |= seed_files("shop/team-session/TEST-001")
        head = self.push("ada", files, "TEST-001: totals at the checkout, and what was tried")
        self.comment("ada", f"/done {head[:7]} 12 carts")
        self.ci("success")
        self.approve("TEST-001", head, then="the verdict is due")

    def _verdict_and_merge(self) -> None:
        self.headline("maria gives the verdict and merges: the session asks what is to become of it")
        self.comment("maria", "/verdict PASS")
        self.shows("4 of 4 tasks", "Merge the pull request")
        self.until("all four checks are green", self.is_green)
        before = len(self.replies())
        self.merge()
        self.said(before, "is complete. What is to become of it?", "/archive", "/keep", "/export")

    def _export(self) -> None:
        self.headline("maria has the deliverables copied into the documentation")
        before = len(self.replies())
        self.comment("maria", "/export docs/handoff")
        self.said(before, "[executor] TASK COMPLETE", "Pipeline: 4/4 tasks", "exported to `docs/handoff`")
        self.merge_closeout()
        state, files = self._state("main"), self.files("main")
        names = ["exact-amounts.md", "discounts.md", "test-report.md"]
        self.demand(
            {
                "the session is completed": state["status"] == "completed",
                "all its tasks are": state["completed_tasks"] == ["BUILD-001", "BUILD-002", "DOC-001", "TEST-001"],
                "it counts them": state["pipeline"]["tasks_completed"] == 4,
                "nobody is at work": state["active_workers"] == [],
                "nothing is in progress": state["in_progress_tasks"] == [],
                "the deliverables are in docs/handoff": all(f"docs/handoff/{name}" in files for name in names),
                "they are in the session too": all(f"{SESSION}/artifacts/{name}" in files for name in names),
                "the product code is there": "src/shop/checkout.py" in files,
            }
        )

    def _state(self, ref: str = "") -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.file(STATE, ref or self.branch) or "{}")
        return found
