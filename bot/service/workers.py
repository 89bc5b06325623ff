"""Workers started and stopped: one workflow run per dispatch, however often it is tried."""

from __future__ import annotations

from dataclasses import dataclass

from bot.github import repos, workflows
from bot.github.errors import NotFound
from bot.runs.effects import CancelWorker, StartWorker
from bot.service.record import Result
from bot.service.target import Target


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where workers report, and for whom they make their token; empty where the operator named no public address."""

    report_url: str = ""
    audience: str = ""


NOWHERE = Addresses()


async def start_worker(target: Target, effect: StartWorker, addresses: Addresses, *, may_have_happened: bool) -> Result:
    """Dispatch the workflow on the default branch; never on the pull request's, whose author could change it there.

    A dispatch that may have been sent is looked for by its id first. Raises GitHubError, DispatchRefused among them.
    """
    if may_have_happened:
        found = await workflows.find_run(target.client, target.repo, effect.workflow, effect.dispatch)
        if found is not None:
            return {"workflow_run_id": str(found.id), "url": found.html_url}
    repository = await repos.by_name(target.client, target.repo)
    inputs = dict(effect.inputs)
    if effect.block:
        inputs |= {"report_url": addresses.report_url, "audience": addresses.audience}
        inputs.pop("failure", None)
    started = await workflows.dispatch(target.client, target.repo, effect.workflow, repository.default_branch, inputs)
    return {} if started is None else {"workflow_run_id": str(started.id), "url": started.html_url}


async def cancel_worker(target: Target, effect: CancelWorker) -> Result:
    """Cancel a workflow run; one that is over or gone needs no cancelling."""
    try:
        cancelled = await workflows.cancel(target.client, target.repo, effect.workflow_run_id)
    except NotFound:
        return {"gone": "yes"}
    return {"cancelled": "yes" if cancelled else "no"}
