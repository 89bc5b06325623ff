"""Short stories that have every kind of effect in them between them. Each is told to an end in which nothing waits."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp

from bot.sandbox import Answer, control, oidc, workflowruns
from bot.sandbox.ci import WorkflowRun
from tests.e2e.scenario import PLAN, block_files
from tests.e2e.story import TWO_BLOCKS
from tests.e2e.test_issues import an_issue, plan_pushed, pulls, say
from tests.e2e.test_merge_queue import queue_on_main, queued, small_pull
from tests.faults.stage import PUBLIC_URL, Stage

Story = Callable[[Stage], Awaitable[None]]
PATIENT = "gates: {patience_minutes: 1440}\n"
WORKED = f"""{PATIENT}
workers: {{default: {{workflow: worker.yml}}, start_minutes: 60, timeout_minutes: 10080}}
validation: {{workflow: gates.yml, level: high, invariants: []}}
"""
TEMPLATES = Path(__file__).parents[2] / "bot/templates/workflows"
NOT_OURS = {"message": "Resource not accessible by integration", "documentation_url": "https://docs.github.com/rest"}
ONE_BLOCK = re.sub(r"- \*\*Block ID:\*\* `B02`\n(?:- .*\n)+\n", "", TWO_BLOCKS)


async def _policy(github: Stage, text: str, **more: str) -> None:
    await github.push({".github/stepwise.yml": text, **more}, branch="main", by="maria", message="Policy")


async def main_path(github: Stage) -> None:
    """Reactions, replies, record commits, the checklist, checks and the closeout's branch, commit and pull request."""
    await _policy(github, PATIENT)
    await github.planned(TWO_BLOCKS)
    await github.comment("/execute")
    await github.block_pushed("B01")
    await github.comment("/approve B07")
    await github.comment("/approve\n/status")
    await github.comment("/skip B02 the campaign was called off")
    await github.comment("/verdict PASS looks right")
    await github.merge()
    for pull in await pulls(github):
        if pull["state"] == "open":
            github.pull = pull["number"]
            await github.merge()


async def workers(github: Stage) -> None:
    """Workflows dispatched, one of them cancelled, a report taken, validation commands dispatched."""
    await _policy(
        github,
        WORKED,
        **{
            ".github/workflows/worker.yml": (TEMPLATES / "stepwise-worker.yml").read_text(),
            ".github/workflows/gates.yml": (TEMPLATES / "stepwise-gates.yml").read_text(),
        },
    )
    await github.planned(TWO_BLOCKS)
    await github.comment("/execute")
    await _advance(github, "worker.yml", "in_progress")
    sha = await github.push(block_files("B01"), message="B01: work\n\nStepwise-Block: B01")
    await github.ci()
    await _report(github, commit=sha)
    await _advance(github, "worker.yml", "completed")
    await github.comment("/approve")
    await _advance(github, "worker.yml", "in_progress")
    await github.push(block_files("B02"), message="B02: work\n\nStepwise-Block: B02")
    await github.ci()
    await github.comment("/skip B02 somebody else does it")
    await _advance(github, "gates.yml", "in_progress")
    await _advance(github, "gates.yml", "completed")
    await github.comment("/verdict PASS")


async def handed_over(github: Stage) -> None:
    """A block handed over by a mention, and the fault notice: told when GitHub refuses for long, and taken back."""
    await _policy(github, f"{PATIENT}workers: {{default: {{mention: '@coder'}}, timeout_minutes: 10080}}\n")
    await github.planned(TWO_BLOCKS)
    await github.comment("/execute")
    rule = github.trouble.add(Answer(403, NOT_OURS), path="/check-runs", times=12)
    await github.push(block_files("B01"), message="B01: work")
    github.trouble.api.remove(rule)
    await github.ci()
    await github.comment("/abort the plan is wrong")


async def from_an_issue(github: Stage) -> None:
    """Commands on an issue, its pull request, a planning issue opened and closed, the issue closed at the end."""
    await _policy(github, f"{PATIENT}closeout: commit\n")
    issue = await an_issue(github)
    await plan_pushed(github, ONE_BLOCK)
    await say(github, issue, f"/execute {PLAN}")
    await say(github, issue, "/execute docs/exec-plans/active/nothing.md")
    github.pull = next(pull["number"] for pull in await pulls(github))
    await github.comment("/escalate the totals are not what we want")
    await github.comment("/resume")
    await github.block_pushed("B01")
    await github.comment("/approve")
    await github.comment("/verdict PASS")
    _ready(github)
    await github.merge()


async def rolled_back(github: Stage) -> None:
    """One commit that brings the branch back to where the run began."""
    await _policy(github, PATIENT)
    await github.planned(TWO_BLOCKS)
    await github.comment("/execute")
    await github.block_pushed("B01")
    await github.comment("/rollback")
    await github.comment("/rollback confirm")


async def queued_up(github: Stage) -> None:
    """A group of the merge queue that is answered."""
    await _policy(github, PATIENT)
    number = await small_pull(github, "one")
    queue_on_main(github)
    await queued(github, number)


STORIES: dict[str, Story] = {
    "main": main_path,
    "workers": workers,
    "mention": handed_over,
    "issue": from_an_issue,
    "rollback": rolled_back,
    "queue": queued_up,
}


def _ready(github: Stage) -> None:
    pull = github.sandbox.repo(github.repository).pull(github.pull)
    control.set_draft(github.sandbox.hub, pull, draft=False, sender=github.sandbox.user("maria"))


def _newest(github: Stage, file: str) -> WorkflowRun | None:
    runs = github.sandbox.repo(github.repository).workflow_runs
    found = [run for _, run in sorted(runs.items()) if run.path.endswith(f"/{file}") and run.status != "completed"]
    return found[-1] if found else None


async def _advance(github: Stage, file: str, status: str) -> None:
    """A runner takes the newest run up, or ends it. The run may have to be waited for."""
    run = _newest(github, file)
    assert run is not None, f"nobody dispatched {file}"
    workflowruns.advance_run(github.sandbox.hub, run, status, "success" if status == "completed" else None)
    await github.settle()


async def _report(github: Stage, **fields: str) -> None:
    """What the step of the template does: it reports, and does so again where nobody took the report."""
    run = _newest(github, "worker.yml")
    assert run is not None
    inputs = dict(run.inputs)
    report = {"dispatch": inputs["dispatch_id"], "block": inputs["block"], "status": "done", "notes": None} | fields
    for tries in range(1, 6):
        bearer = {"authorization": f"Bearer {oidc.mint(github.sandbox.hub, run, PUBLIC_URL)}"}
        try:
            url = f"{github.bot.address}/reports"
            async with github.http.post(url, json=report | {"signal": None}, headers=bearer) as answer:
                status, said = answer.status, await answer.text()
        except aiohttp.ClientError:
            status, said = 0, ""
        await github.settle()
        if status == 202 or (status == 409 and tries > 1):
            return
        assert status in (0, 500, 502, 503), said
    raise AssertionError("the report was never taken")
