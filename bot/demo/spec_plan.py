"""The story of a spec-plan: workers side by side, a retry, a kickback to planning, a verification that fails once."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from bot.demo.moves import REPO, Moves
from bot.demo.stage import DemoFailed
from bot.sandbox.seeding import seed_files

FOLDER: Final = "specs/checkout-totals"
WORKFLOW: Final = "stepwise-worker.yml"
TEMPLATE: Final = Path(__file__).parents[1] / "templates" / "workflows" / WORKFLOW
POLICY: Final = f"workers:\n  default: {{workflow: {WORKFLOW}}}\n"


class SpecPlan(Moves):
    branch = "feature/checkout-totals"

    def play(self) -> None:
        self._specified()
        self._plan()
        self._side_by_side()
        self._kicked_back()
        self._planned_again()
        self._verification_fails_once()
        self._merge()
        self._closeout()

    def _specified(self) -> None:
        self.headline("The specs are on main; maria has workers do the tasks, with the workflow that `init` writes")
        workflow = {f".github/workflows/{WORKFLOW}": TEMPLATE.read_bytes()}
        self.policy(POLICY, {**seed_files("shop/spec-plan/main"), **workflow})

    def _plan(self) -> None:
        self.headline("coda pushes the plan of a spec: three tasks, of which two are independent")
        self.push("coda", seed_files("shop/spec-plan/plan"), "Plan the checkout totals")
        self.open_pull("Checkout totals", f"The plan is in `{FOLDER}/PLAN.md`.")
        self.shows("ready to be executed")
        self.headline("maria starts it: two workers get a brief each")
        self.comment("maria", "/execute")
        self.until("two workers are asked", lambda: len(self._workers()) == 2)
        self.say("\n".join(f"    {line}" for line in self._inputs(self._worker("1"))["brief"].splitlines()))
        self.shows("was asked")
        self.show_file(f"{FOLDER}/PROGRESS.md", self.branch)

    def _side_by_side(self) -> None:
        self.headline("The second worker ends without a commit, and is asked once more, with the failure")
        one, two = self._worker("1"), self._worker("2")
        self._run(one, "start")
        self._run(two, "start")
        self.shows("is at it")
        self._run(two, "complete", conclusion="success")
        self.until("a second attempt at task 2", lambda: self._worker("2") != two)
        again = self._worker("2")
        brief = self._inputs(again)["brief"]
        if "there is no commit on the branch" not in brief:
            raise DemoFailed(f"the brief does not tell the failure: {brief}")
        self.say("\n".join(f"    {line}" for line in brief.splitlines()[-4:]))
        self.shows("attempt 2", show=False)
        self.headline("Both push and end; CI is green; maria approves one after the other")
        self._run(again, "start")
        self.push("coda", seed_files("shop/blocks/B01"), "1: amounts are whole cents")
        self._run(one, "complete", conclusion="success")
        head = self.push("coda", seed_files("shop/blocks/B02"), "2: percentage and fixed discounts")
        self._run(again, "complete", conclusion="success")
        self.ci("success")
        self.approve("1", head, then=f"/approve 2 @{head[:7]}")
        self.approve("2", head, then="2 of 3 tasks")

    def _kicked_back(self) -> None:
        self.headline("The third task's worker starts; then coda finds that the spec leaves something open")
        self.until("a worker for task 3", lambda: len(self._workers()) == 4)
        self._run(self._worker("3"), "start")
        self.answered("coda", "/kickback missing_context is a discount shown when it is zero?", "missing_context")
        self.until("a planning issue", lambda: len(self.issues()) == 1)
        issue = self.issues()[0]
        self.say(f"  issue #{issue['number']}: {issue['title']}\n")
        self.say("\n".join(f"    {line}" for line in issue["body"].splitlines()))
        self.shows(f"Discussed in #{issue['number']}", "waits for a decision")
        self.until("the worker is cancelled", lambda: self._state(self._worker("3")) == "cancelled")

    def _planned_again(self) -> None:
        self.headline("maria fills the gap in spec and plan, and locks the plan anew: the issue is closed")
        question = "3. The checkout shows subtotal, discount and total."
        self.change("maria", f"{FOLDER}/SPEC.md", question, f"{question} A discount of zero is left out.", "Say it")
        self.change(
            "maria",
            f"{FOLDER}/PLAN.md",
            "which gives subtotal, discount and total",
            "which gives subtotal, discount (0 where there is none) and total",
            "The plan says what becomes of a discount of zero",
        )
        self.shows("the changed plan is to be locked")
        before = len(self._workers())
        self.comment("maria", "/execute")
        self.until("the planning issue is closed", lambda: not self.issues())
        self.until("a new worker for task 3", lambda: len(self._workers()) == before + 1)
        self.shows("2 of 3 tasks", "3 is with its worker")
        worker = self._worker("3")
        self._run(worker, "start")
        head = self.push("coda", _checkout(), "3: totals at the checkout")
        self._run(worker, "complete", conclusion="success")
        self.ci("success")
        self.approve("3", head, then="the verdict is due")

    def _verification_fails_once(self) -> None:
        self.headline("The final verification fails: maria tried a cart without lines")
        self.comment("maria", "/verdict FAIL an empty cart has no totals")
        self.shows("fix round 1")
        text = seed_files("shop/blocks/B03")["src/shop/checkout.py"].decode()
        fixed = text.replace("Add up a cart in cents.", "Add up a cart in cents; an empty one is 0.")
        head = self.push("coda", {"src/shop/checkout.py": fixed.encode()}, "3: an empty cart is 0")
        self.ci("success")
        self.shows(f"/verdict PASS @{head[:7]}")
        self.comment("maria", f"/verdict PASS @{head[:7]}")
        self.shows("Merge the pull request")
        self.until("all four checks are green", self.is_green)

    def _merge(self) -> None:
        self.headline("maria merges; the report begins with the output block")
        before = len(self.replies())
        self.merge()
        self.said(before, "**Execution**: complete", "**Tasks completed**: 3/3", "**Test results**: all-pass")

    def _closeout(self) -> None:
        self.headline("The bot opened a pull request that takes PROGRESS.md away and sets the status; maria merges it")
        self.merge_closeout()
        index, spec = self.file("specs/INDEX.md", "main") or "", self.file(f"{FOLDER}/SPEC.md", "main") or ""
        self.say(f"  specs/INDEX.md:\n\n{index}")
        self.demand(
            {
                "PROGRESS.md is gone": self.file(f"{FOLDER}/PROGRESS.md", "main") is None,
                "the plan stays beside its spec": self.file(f"{FOLDER}/PLAN.md", "main") is not None,
                "the spec's status is Implemented": "> Status: Implemented" in spec,
                "the spec says what was left open": "A discount of zero is left out." in spec,
                "its row of the index says so": "| [Checkout totals](checkout-totals/SPEC.md) | Implemented |" in index,
                "the other rows are as they were": "| [Stock levels](stock-levels/SPEC.md) | Implemented |" in index,
                "the product code is there": "an empty one is 0" in (self.file("src/shop/checkout.py", "main") or ""),
                "no issue is left open": not self.issues(),
            }
        )

    # -- workers -------------------------------------------------------------------------------------------------

    def _workers(self) -> list[dict[str, Any]]:
        """Every run of the worker workflow, oldest first."""
        found = self.stage.request("GET", f"/repos/{REPO}/actions/runs?event=workflow_dispatch&per_page=100", "ada")
        return sorted(found["workflow_runs"], key=lambda run: int(run["id"]))

    def _worker(self, task: str) -> int:
        """The newest run for a task."""
        return next(int(run["id"]) for run in reversed(self._workers()) if f" {task} attempt" in run["display_title"])

    def _inputs(self, run: int) -> dict[str, str]:
        asked = {"repo": REPO, "run_id": run}
        found: dict[str, str] = self.stage.request("POST", "/_sandbox/workflow-inputs", None, asked)["inputs"]
        return found

    def _run(self, run: int, action: str, **how: str) -> None:
        body = {"repo": REPO, "run_id": run, "action": action, **how}
        self.stage.request("POST", "/_sandbox/workflow-run", None, body)
        self.say(f"  worker {run}: {action} {' '.join(how.values())}".rstrip())

    def _state(self, run: int) -> str:
        found = next(item for item in self._workers() if item["id"] == run)
        return str(found["conclusion"] or found["status"])


def _checkout() -> dict[str, bytes]:
    """The files of the third task; its plan names no documentation."""
    return {path: text for path, text in seed_files("shop/blocks/B03").items() if not path.startswith("docs/")}
