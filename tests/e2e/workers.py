"""The workers of a scenario: workflow runs that the bot started, which push, and report with tokens of their own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.sandbox import oidc, workflowruns
from bot.sandbox.ci import WorkflowRun
from tests.e2e.scenario import Scenario, block_files

AUDIENCE = "https://stepwise.example"
WORKFLOW = Path(__file__).parents[2] / "bot/templates/workflows/stepwise-worker.yml"
POLICY = "workers: {default: {workflow: worker.yml}}\n"


@dataclass(frozen=True)
class Answered:
    status: int
    said: str


@dataclass
class Worker:
    """One workflow run, as a step in it sees the world."""

    github: Scenario
    run: WorkflowRun

    @property
    def inputs(self) -> dict[str, Any]:
        return dict(self.run.inputs)

    @property
    def dispatch(self) -> str:
        return str(self.inputs["dispatch_id"])

    def token(self, *, audience: str = AUDIENCE, wrong: oidc.Wrong | None = None, **claims: Any) -> str:
        """A token that GitHub makes for this run, with one thing wrong if asked for."""
        hub = self.github.sandbox.hub
        if wrong is None and not claims:
            return oidc.mint(hub, self.run, audience)
        return oidc.mint_wrong(hub, self.run, audience, wrong, claims)

    async def begin(self) -> None:
        """A runner has taken it up."""
        workflowruns.advance_run(self.github.sandbox.hub, self.run, "in_progress")
        await self.github.settle()

    async def end(self, conclusion: str = "success") -> None:
        workflowruns.advance_run(self.github.sandbox.hub, self.run, "completed", conclusion)
        await self.github.settle()

    async def push(self, *, green: bool = True) -> str:
        """The block's work on the branch, as the template commits it; the commit's SHA."""
        block = self.inputs["block"]
        sha = await self.github.push(block_files(block), message=f"{block}: work\n\nStepwise-Block: {block}")
        if green:
            await self.github.ci("success")
        return sha

    async def report(
        self, status: str = "done", *, token: str | None = None, settle: bool = True, **fields: Any
    ) -> Answered:
        """Post a report; what was answered."""
        report = {
            "dispatch": self.dispatch,
            "block": self.inputs["block"],
            "status": status,
            "commit": None,
            "notes": None,
            "signal": None,
            **fields,
        }
        bearer = {"authorization": f"Bearer {token or self.token()}"}
        url = f"{self.github.bot.address}/reports"
        async with self.github.http.post(url, json=report, headers=bearer) as answer:
            answered = Answered(answer.status, (await answer.json()).get("error", ""))
        if settle:
            await self.github.settle()
        return answered


def workers(github: Scenario) -> list[Worker]:
    """Every run of the worker workflow, oldest first."""
    runs = github.sandbox.repo(github.repository).workflow_runs
    found = [run for _, run in sorted(runs.items()) if run.path.endswith("/worker.yml")]
    return [Worker(github, run) for run in found]


async def executed(github: Scenario) -> Worker:
    """A plan that is executed under a policy that hands every block to a workflow; the first block's worker."""
    workflow = {".github/workflows/worker.yml": WORKFLOW.read_text(), ".github/stepwise.yml": POLICY}
    await github.push(workflow, branch="main", by="maria", message="Workers")
    await github.started()
    (first,) = workers(github)
    return first
