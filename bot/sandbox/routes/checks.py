"""Check runs and check suites. Only Apps write checks, and only the App that made a run may change it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bot.sandbox.auth import AsInstallation
from bot.sandbox.call import Call, Reply, created, ok, page, route, wrapped_page
from bot.sandbox.ci import CheckRun, CheckSuite
from bot.sandbox.errors import forbidden, invalid_request, not_found, unprocessable
from bot.sandbox.hub import Hub
from bot.sandbox.payloads.checks import check_run, check_run_event, check_suite, check_suite_event, suite_state
from bot.sandbox.pushes import open_suite
from bot.sandbox.routes.history import resolved
from bot.sandbox.state import Account, App, Json, Repository

STATUSES = ("queued", "in_progress", "completed")
CONCLUSIONS = ("action_required", "cancelled", "failure", "neutral", "success", "skipped", "timed_out")
LEVELS = ("notice", "warning", "failure")
MAX_TEXT = 65_535
MAX_ANNOTATIONS = 50
MAX_RUNS_OF_A_NAME = 1000
ACTION_LIMITS = {"label": 20, "description": 40, "identifier": 20}


def _writing_app(call: Call) -> App:
    if not isinstance(call.actor, AsInstallation):
        raise forbidden("You must authenticate via a GitHub App.")
    return call.actor.installation.app


def check_fields(body: Json) -> None:
    """Refuse what GitHub's schema refuses, with every problem at once."""
    problems = []
    status, conclusion = body.get("status"), body.get("conclusion")
    if status is not None and status not in STATUSES:
        problems.append(f"For 'properties/status', {status} is not a member of {list(STATUSES)}.")
    if conclusion is not None and conclusion not in CONCLUSIONS:
        problems.append(f"For 'properties/conclusion', {conclusion} is not a member of {list(CONCLUSIONS)}.")
    if status == "completed" and conclusion is None:
        problems.append('"conclusion" wasn\'t supplied.')
    problems += _output_problems(body.get("output"))
    problems += _action_problems(body.get("actions"))
    if problems:
        raise invalid_request(*problems)


def _output_problems(output: Any) -> list[str]:
    if output is None:
        return []
    if not isinstance(output, dict):
        return ["For 'properties/output', it is not an object."]
    problems = [f'"{name}" wasn\'t supplied.' for name in ("title", "summary") if not isinstance(output.get(name), str)]
    for name in ("summary", "text"):
        if len(output.get(name) or "") > MAX_TEXT:
            problems.append(f"Only {MAX_TEXT} characters are allowed; {len(output[name])} were supplied.")
    annotations = output.get("annotations") or []
    if len(annotations) > MAX_ANNOTATIONS:
        problems.append(f"No more than {MAX_ANNOTATIONS} items are allowed; {len(annotations)} were supplied.")
    for one in annotations:
        missing = [k for k in ("path", "start_line", "end_line", "annotation_level", "message") if one.get(k) is None]
        if missing:
            problems.append(f'"{missing[0]}" wasn\'t supplied.')
        elif one["annotation_level"] not in LEVELS:
            problems.append(f"{one['annotation_level']} is not a member of {list(LEVELS)}.")
        elif one["start_line"] != one["end_line"] and (one.get("start_column") or one.get("end_column")):
            problems.append("Columns are only allowed when start_line and end_line are the same.")
        elif len(one["message"]) > 65_536 or len(one.get("title") or "") > 255:
            problems.append("An annotation's message or title is too long.")
    return problems


def _action_problems(actions: Any) -> list[str]:
    if actions is None:
        return []
    problems = [f"No more than 3 items are allowed; {len(actions)} were supplied."] if len(actions) > 3 else []
    for one in actions:
        for name, limit in ACTION_LIMITS.items():
            value = one.get(name)
            if not isinstance(value, str):
                problems.append(f'"{name}" wasn\'t supplied.')
            elif len(value) > limit:
                problems.append(f"Only {limit} characters are allowed; {len(value)} were supplied.")
    return problems


def _moment(value: Any) -> datetime | None:
    if value is None:
        return None
    try:
        return datetime.fromisoformat(str(value)).astimezone(UTC)
    except ValueError:
        raise invalid_request(f"{value} is not a valid date-time.") from None


def _apply(run: CheckRun, body: Json, now: datetime) -> None:
    """Write the fields of a request into a run; a conclusion completes it, annotations are added to what is there."""
    run.name = body.get("name", run.name)
    run.external_id = body.get("external_id", run.external_id)
    run.details_url = body.get("details_url", run.details_url) or run.details_url
    run.started_at = _moment(body.get("started_at")) or run.started_at
    run.completed_at = _moment(body.get("completed_at")) or run.completed_at
    if body.get("conclusion") is not None:
        run.status, run.conclusion, run.completed_at = "completed", body["conclusion"], run.completed_at or now
    elif body.get("status") is not None:
        run.status = body["status"]
        run.conclusion, run.completed_at = (None, None) if run.status != "completed" else (run.conclusion, now)
    if (output := body.get("output")) is not None:
        run.title, run.summary, run.text = output["title"], output["summary"], output.get("text")
        run.annotations += output.get("annotations") or []
    if "actions" in body:
        run.actions = [{key: one[key] for key in ACTION_LIMITS} for one in body["actions"] or []]


def write_run(hub: Hub, repo: Repository, app: App, sha: str, body: Json) -> CheckRun:
    """Make a run, in the App's suite for the commit, and send the events."""
    branches = [ref.removeprefix("refs/heads/") for ref, tip in repo.git.refs("refs/heads/").items() if tip == sha]
    suite, _ = open_suite(hub, repo, app, sha, branches[0] if branches else None)
    now = hub.now()
    run_id = hub.world.next_id("check_run")
    url = body.get("details_url") or f"{hub.site.url}/apps/{app.slug}"
    run = CheckRun(run_id, suite, body["name"], "queued", None, now, None, "", url, None, None, None, [])
    _apply(run, body, now)
    suite.runs.append(run)
    suite.reset, suite.updated_at = False, now
    repo.check_runs[run.id] = run
    same_name = [one for one in suite.runs if one.name == run.name]
    for old in same_name[:-MAX_RUNS_OF_A_NAME]:
        suite.runs.remove(old)
        del repo.check_runs[old.id]
    emit_run(hub, run, "created", app.bot)
    if run.status == "completed":
        announce_completion(hub, run)
    return run


def emit_run(hub: Hub, run: CheckRun, action: str, sender: Account, only: App | None = None, **extra: Any) -> None:
    payload: Json = {"action": action, "check_run": check_run_event(hub.site, run), **extra}
    hub.emit(run.suite.repo, "check_run", payload, sender, only=only)


def announce_completion(hub: Hub, run: CheckRun) -> None:
    emit_run(hub, run, "completed", run.suite.app.bot)
    if suite_state(run.suite)[0] == "completed":
        payload: Json = {"action": "completed", "check_suite": check_suite_event(hub.site, run.suite)}
        hub.emit(run.suite.repo, "check_suite", payload, run.suite.app.bot)


@route("POST", "/repos/{owner}/{repo}/check-runs", needs="checks:write", role="write")
def create_run(call: Call) -> Reply:
    app = _writing_app(call)
    name, sha = call.text("name"), call.text("head_sha")
    if not name:
        raise invalid_request('"name" wasn\'t supplied.')
    check_fields(call.body)
    if call.repo.git.commit(sha) is None:
        raise unprocessable(f"No commit found for SHA: {sha}")
    return created(check_run(call.hub.site, write_run(call.hub, call.repo, app, sha, call.body)))


def _run(call: Call) -> CheckRun:
    if (found := call.repo.check_runs.get(call.number("run_id"))) is None:
        raise not_found()
    return found


@route("GET", "/repos/{owner}/{repo}/check-runs/{run_id:int}", needs="checks:read", role="read")
def get_run(call: Call) -> Reply:
    return ok(check_run(call.hub.site, _run(call)))


@route("PATCH", "/repos/{owner}/{repo}/check-runs/{run_id:int}", needs="checks:write", role="write")
def update_run(call: Call) -> Reply:
    app, run = _writing_app(call), _run(call)
    if run.suite.app is not app:
        raise forbidden(
            f"Invalid app_id `{app.id}` - check run can only be modified by the GitHub App that created it."
        )
    check_fields(call.body)
    was_complete = run.status == "completed"
    _apply(run, call.body, call.hub.now())
    run.suite.updated_at = call.hub.now()
    if run.status == "completed" and not was_complete:
        announce_completion(call.hub, run)
    return ok(check_run(call.hub.site, run))


@route("GET", "/repos/{owner}/{repo}/check-runs/{run_id:int}/annotations", needs="checks:read", role="read")
def list_annotations(call: Call) -> Reply:
    run = _run(call)
    blank = {"start_column": None, "end_column": None, "title": None, "raw_details": None}
    url = f"{call.hub.site.url}/{call.repo.full_name}/blob/{run.suite.head_sha}"
    return page(call, [{**blank, **one, "blob_href": f"{url}/{one['path']}"} for one in run.annotations])


@route("POST", "/repos/{owner}/{repo}/check-runs/{run_id:int}/rerequest", needs="checks:write", role="write")
def ask_for_run(call: Call) -> Reply:
    rerequest_run(call.hub, _run(call), call.account)
    return created({})


def rerequest_run(hub: Hub, run: CheckRun, sender: Account) -> None:
    """Ask for a run again: the run stays as it is, the suite is reset, and the App concerned hears of it."""
    run.suite.reset = True
    emit_run(hub, run, "rerequested", sender, only=run.suite.app)


def _filtered(call: Call, runs: list[CheckRun]) -> list[CheckRun]:
    """Filter a list; `latest`, the default, keeps the newest of a name inside one suite only."""
    query = call.query
    runs = [run for run in runs if query.get("check_name") in (None, run.name)]
    runs = [run for run in runs if query.get("app_id") in (None, str(run.suite.app.id))]
    runs = [run for run in runs if query.get("status") in (None, run.status)]
    if query.get("filter", "latest") == "latest":
        runs = list({(run.suite.id, run.name): run for run in runs}.values())
    return sorted(runs, key=lambda run: run.id, reverse=True)


@route("GET", "/repos/{owner}/{repo}/commits/{ref:path}/check-runs", needs="checks:read", role="read")
def list_runs(call: Call) -> Reply:
    sha = resolved(call, call.params["ref"])
    runs = _filtered(call, [run for run in call.repo.check_runs.values() if run.suite.head_sha == sha])
    return wrapped_page(call, "check_runs", [check_run(call.hub.site, run) for run in runs])


@route("GET", "/repos/{owner}/{repo}/check-suites/{suite_id:int}/check-runs", needs="checks:read", role="read")
def list_suite_runs(call: Call) -> Reply:
    runs = _filtered(call, _suite(call).runs)
    return wrapped_page(call, "check_runs", [check_run(call.hub.site, run) for run in runs])


def _suite(call: Call) -> CheckSuite:
    if (found := call.repo.suites.get(call.number("suite_id"))) is None:
        raise not_found()
    return found


@route("GET", "/repos/{owner}/{repo}/commits/{ref:path}/check-suites", needs="checks:read", role="read")
def list_suites(call: Call) -> Reply:
    sha = resolved(call, call.params["ref"])
    found = [suite for suite in call.repo.suites.values() if suite.head_sha == sha]
    found = [suite for suite in found if call.query.get("app_id") in (None, str(suite.app.id))]
    return wrapped_page(call, "check_suites", [check_suite(call.hub.site, suite) for suite in found])


@route("POST", "/repos/{owner}/{repo}/check-suites", needs="checks:write", role="write")
def create_suite(call: Call) -> Reply:
    """Give the App's suite for a commit: 201 when it is new, 200 otherwise."""
    app, sha = _writing_app(call), call.text("head_sha")
    if call.repo.git.commit(sha) is None:
        raise unprocessable(f"No commit found for SHA: {sha}")
    suite, is_new = open_suite(call.hub, call.repo, app, sha, None)
    return Reply(201 if is_new else 200, check_suite(call.hub.site, suite))


@route("GET", "/repos/{owner}/{repo}/check-suites/{suite_id:int}", needs="checks:read", role="read")
def get_suite(call: Call) -> Reply:
    return ok(check_suite(call.hub.site, _suite(call)))


@route("POST", "/repos/{owner}/{repo}/check-suites/{suite_id:int}/rerequest", needs="checks:write", role="write")
def ask_for_suite(call: Call) -> Reply:
    rerequest_suite(call.hub, _suite(call), call.account)
    return created({})


def rerequest_suite(hub: Hub, suite: CheckSuite, sender: Account) -> None:
    """Ask for all runs of a suite again."""
    suite.reset = True
    payload: Json = {"action": "rerequested", "check_suite": check_suite_event(hub.site, suite)}
    hub.emit(suite.repo, "check_suite", payload, sender, only=suite.app)
