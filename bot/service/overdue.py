"""Workers that nothing was heard of in time: GitHub is asked how they stand, before anything follows from silence."""

from __future__ import annotations

from datetime import datetime

from bot.github import repos, workflows
from bot.github.errors import GitHubError, NotFound
from bot.runs.events import WorkerRunChanged
from bot.runs.facts import Facts
from bot.runs.model import Dispatch, Run
from bot.runs.policy import Policy
from bot.runs.workers import overdue
from bot.service.target import Target


async def heard_by_asking(target: Target, run: Run | None, facts: Facts, now: datetime) -> tuple[WorkerRunChanged, ...]:
    """What the webhooks that were lost would have said; a run that GitHub does not know either says nothing.

    Costs a call for each worker that is overdue, and for no other. Raises GitHubError for a fault that may pass: nobody
    is given up because GitHub does not answer.
    """
    policy = facts.policy.workers if isinstance(facts.policy, Policy) else Policy().workers
    heard = [await _asked(target, dispatch) for dispatch in overdue(run, policy, now)]
    return tuple(event for event in heard if event is not None)


async def _asked(target: Target, dispatch: Dispatch) -> WorkerRunChanged | None:
    try:
        if dispatch.workflow_run_id is not None:
            found = await workflows.run(target.client, target.repo, dispatch.workflow_run_id)
        else:
            known = await workflows.find_run(target.client, target.repo, dispatch.worker, dispatch.id)
            home = (await repos.by_name(target.client, target.repo)).default_branch
            if known is None or known.head_branch != home:
                # On another branch the workflow's file says what its author likes, under any title.
                return None
            found = known
    except NotFound:
        return None
    except GitHubError as error:
        if error.is_transient:
            raise
        return None
    return WorkerRunChanged(
        workflow_run_id=found.id,
        attempt=found.attempt,
        title=found.title,
        event=found.event,
        status=found.status,
        conclusion=found.conclusion,
        head_branch=found.head_branch or "",
        head_sha=found.head_sha,
        url=found.html_url,
        path=found.path,
    )
