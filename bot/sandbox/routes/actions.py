"""Workflows and their runs."""

from __future__ import annotations

import operator
from datetime import UTC, date, datetime, time

from bot.sandbox.call import Call, Reply, created, no_content, ok, route, wrapped_page
from bot.sandbox.ci import WorkflowRun
from bot.sandbox.errors import invalid_request, not_found, unprocessable
from bot.sandbox.payloads.checks import job, workflow, workflow_run
from bot.sandbox.pushes import WORKFLOWS
from bot.sandbox.state import Json
from bot.sandbox.workflowruns import cancel, rerun, start_run
from bot.sandbox.workflows import dispatch_inputs, triggers, workflow_at, workflows

MAX_LISTED = 1000


def _find(call: Call) -> tuple[str, Json]:
    """Find a workflow by id or file name, on the default branch only."""
    wanted, found = call.params["workflow_id"], workflows(call.hub, call.repo)
    for path, parsed in found.items():
        if wanted in (str(call.repo.workflow_ids[path]), path.removeprefix(WORKFLOWS)):
            return path, parsed
    raise not_found()


def _shape(call: Call, path: str, parsed: Json) -> Json:
    name = str(parsed.get("name") or path)
    return workflow(call.hub.site, call.repo, path, name, call.repo.workflow_ids[path])


@route("GET", "/repos/{owner}/{repo}/actions/workflows", needs="actions:read", role="read")
def list_workflows(call: Call) -> Reply:
    found = workflows(call.hub, call.repo)
    return wrapped_page(call, "workflows", [_shape(call, path, parsed) for path, parsed in found.items()])


@route("GET", "/repos/{owner}/{repo}/actions/workflows/{workflow_id}", needs="actions:read", role="read")
def get_workflow(call: Call) -> Reply:
    return ok(_shape(call, *_find(call)))


@route("POST", "/repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches", needs="actions:write", role="write")
async def dispatch(call: Call) -> Reply:
    """Start a run: 204, or 200 with its id when `return_run_details` asks for it (always since 2026-03-10)."""
    path, _ = _find(call)
    asked, git, hub = call.text("ref"), call.repo.git, call.hub
    name = asked.removeprefix("refs/heads/").removeprefix("refs/tags/")
    ref = next((one for one in (f"refs/heads/{name}", f"refs/tags/{name}") if git.ref(one) is not None), None)
    sha = git.peel(git.ref(ref) or "") if ref is not None else None
    if ref is None or sha is None:
        raise unprocessable(f"No ref found for: {asked}")
    parsed = workflow_at(call.repo, path, sha)
    declared = triggers(parsed or {})
    if parsed is None or "workflow_dispatch" not in declared:
        raise unprocessable("Workflow does not have 'workflow_dispatch' trigger")
    inputs = dispatch_inputs(call.body.get("inputs"), (declared["workflow_dispatch"] or {}).get("inputs") or {})
    order = hub.dispatch_webhook
    told, held = order != "never", order == "later"
    run = start_run(hub, call.repo, path, parsed, ref, sha, call.account, inputs=inputs, webhook=told, held=held)
    if order == "first":
        await hub.hooks.settle()
    if call.body.get("return_run_details") is not True and call.version == "2022-11-28":
        return no_content()
    shape = workflow_run(hub.site, run)
    return ok({"workflow_run_id": run.id, "run_url": shape["url"], "html_url": shape["html_url"]})


def _runs(call: Call, path: str | None = None) -> Reply:
    """List runs, newest first, as the filters want them: no more than 1,000."""
    query = call.query
    found = []
    for run in reversed(call.repo.workflow_runs.values()):
        has = {
            "branch": (run.head_branch,),
            "event": (run.event,),
            "head_sha": (run.head_sha,),
            "actor": (run.actor.login,),
            "status": (run.status, run.conclusion),
            "check_suite_id": (str(run.suite.id),),
        }
        if path in (None, run.path) and all(query[key] in has[key] for key in has if key in query):
            found.append(run)
    if (created_at := query.get("created")) is not None:
        found = [run for run in found if _was_created(run, created_at)]
    shapes = [workflow_run(call.hub.site, run) for run in found[:MAX_LISTED]]
    if query.get("exclude_pull_requests") == "true":
        shapes = [shape | {"pull_requests": []} for shape in shapes]
    return wrapped_page(call, "workflow_runs", shapes)


def _was_created(run: WorkflowRun, wanted: str) -> bool:
    """Compare with GitHub's date search: a day or moment, `>=…`, `<…`, or `from..to` with `*` for no end."""
    if ".." in wanted:
        first, _, last = wanted.partition("..")
        return (first == "*" or run.created_at >= _moment(first)) and (
            last == "*" or run.created_at <= _moment(last, end=True)
        )
    for sign, compare in ((">=", operator.ge), ("<=", operator.le), (">", operator.gt), ("<", operator.lt)):
        if wanted.startswith(sign):
            return bool(compare(run.created_at, _moment(wanted.removeprefix(sign), end=sign in (">", "<="))))
    return _moment(wanted) <= run.created_at <= _moment(wanted, end=True)


def _moment(text: str, *, end: bool = False) -> datetime:
    try:
        if len(text) == len("2026-01-31"):
            return datetime.combine(date.fromisoformat(text), time(23, 59, 59) if end else time(), UTC)
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise invalid_request(f"{text} is not a valid date-time.") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


@route("GET", "/repos/{owner}/{repo}/actions/runs", needs="actions:read", role="read")
def list_runs(call: Call) -> Reply:
    return _runs(call)


@route("GET", "/repos/{owner}/{repo}/actions/workflows/{workflow_id}/runs", needs="actions:read", role="read")
def list_workflow_runs(call: Call) -> Reply:
    return _runs(call, _find(call)[0])


def _run(call: Call) -> WorkflowRun:
    if (run := call.repo.workflow_runs.get(call.number("run_id"))) is None:
        raise not_found()
    return run


def _attempt(call: Call) -> WorkflowRun:
    run, number = _run(call), call.number("attempt")
    for one in (*run.earlier, run):
        if one.attempt == number:
            return one
    raise not_found()


@route("GET", "/repos/{owner}/{repo}/actions/runs/{run_id:int}", needs="actions:read", role="read")
def get_run(call: Call) -> Reply:
    return ok(workflow_run(call.hub.site, _run(call)))


@route(
    "GET", "/repos/{owner}/{repo}/actions/runs/{run_id:int}/attempts/{attempt:int}", needs="actions:read", role="read"
)
def get_attempt(call: Call) -> Reply:
    return ok(workflow_run(call.hub.site, _attempt(call)))


@route("GET", "/repos/{owner}/{repo}/actions/runs/{run_id:int}/jobs", needs="actions:read", role="read")
def list_jobs(call: Call) -> Reply:
    """List the jobs of the latest attempt, or with `filter=all` of every one."""
    run = _run(call)
    attempts = [run, *reversed(run.earlier)] if call.query.get("filter") == "all" else [run]
    return wrapped_page(call, "jobs", [job(call.hub.site, one, each) for one in attempts for each in one.jobs])


@route("GET", "/repos/{owner}/{repo}/actions/jobs/{job_id:int}", needs="actions:read", role="read")
def get_job(call: Call) -> Reply:
    for run in call.repo.workflow_runs.values():
        for attempt in (run, *run.earlier):
            for one in attempt.jobs:
                if one.id == call.number("job_id"):
                    return ok(job(call.hub.site, attempt, one))
    raise not_found()


@route("GET", "/repos/{owner}/{repo}/actions/runs/{run_id:int}/artifacts", needs="actions:read", role="read")
def list_artifacts(call: Call) -> Reply:
    """Nothing was executed, so nothing was kept."""
    _run(call)
    return wrapped_page(call, "artifacts", [])


@route("POST", "/repos/{owner}/{repo}/actions/runs/{run_id:int}/cancel", needs="actions:write", role="write")
def cancel_run(call: Call) -> Reply:
    cancel(call.hub, _run(call))
    return Reply(202, {})


@route("POST", "/repos/{owner}/{repo}/actions/runs/{run_id:int}/force-cancel", needs="actions:write", role="write")
def force_cancel_run(call: Call) -> Reply:
    cancel(call.hub, _run(call))
    return Reply(202, {})


@route("POST", "/repos/{owner}/{repo}/actions/runs/{run_id:int}/rerun", needs="actions:write", role="write")
def rerun_run(call: Call) -> Reply:
    rerun(call.hub, _run(call), call.account)
    return created({})


@route("POST", "/repos/{owner}/{repo}/actions/runs/{run_id:int}/rerun-failed-jobs", needs="actions:write", role="write")
def rerun_failed_jobs(call: Call) -> Reply:
    rerun(call.hub, _run(call), call.account)
    return created({})
