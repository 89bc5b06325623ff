"""The control API's other half: what people do on GitHub's pages, and what its runners do. All are POST.

/_sandbox/action             {repo, check_run_id, identifier, login}: press a button of a check run
/_sandbox/rerequest          {repo, check_run_id | check_suite_id, login}: "Re-run", "Re-run all checks"
/_sandbox/workflow-run       {repo, run_id, action: start|complete|cancel|rerun, conclusion, login}; `status` with
                             `conclusion` puts it into any other state; without `run_id` an event starts a workflow:
                             {repo, workflow: file, event, ref | number, login}
/_sandbox/workflow-inputs    {repo, run_id} gives {inputs}: what a step of the run can read
/_sandbox/dispatch-order     {webhook: any|first|later|never}: `workflow_run.requested` and the dispatch's answer;
                             `later` holds it until /_sandbox/release
/_sandbox/oidc/token         {repo, run_id, aud, attempt} gives {token}; {wrong} makes one thing wrong, {claims}
                             overrides claims (null takes one out)
/_sandbox/oidc/environment   {repo, run_id} gives the two variables by which a step asks for its token
/_sandbox/oidc/rotate        {keep}: sign with a new key; the old ones stay published unless keep is false
/_sandbox/workflow-token     {repo, run_id} gives {token}: the `GITHUB_TOKEN` of a run that is not over
/_sandbox/queue              {repo, number, login} queues; {…, leave: reason} takes out; {repo} lists
/_sandbox/draft              {repo, number, draft, login}
/_sandbox/repository         {name: owner/name, login, private, description, files: {path: text}}
/_sandbox/rename             {repo, name, login}
/_sandbox/transfer           {repo, owner, login}
"""

from __future__ import annotations

from collections.abc import Callable

from bot.sandbox import control, mergequeue, oidc, repositories, workflowruns
from bot.sandbox.ci import WorkflowRun
from bot.sandbox.errors import GitHubError, not_found
from bot.sandbox.hub import DISPATCH_WEBHOOKS, Hub
from bot.sandbox.payloads.checks import workflow_run
from bot.sandbox.payloads.repos import repository
from bot.sandbox.state import Account, Json, Repository, at_least


def _repo(hub: Hub, body: Json) -> Repository:
    return hub.world.repo(str(body["repo"]))


def _person(hub: Hub, body: Json) -> Account:
    return hub.world.account(str(body["login"]))


def _administrator(hub: Hub, repo: Repository, body: Json) -> Account:
    person = _person(hub, body)
    if not at_least(hub.world.role(person, repo), "admin"):
        raise GitHubError(403, "Must have admin rights to Repository.")
    return person


def _run(hub: Hub, body: Json) -> WorkflowRun:
    return control.workflow_run_of(_repo(hub, body), int(body["run_id"]))


def _action(hub: Hub, body: Json) -> Json:
    run = control.check_run_named(_repo(hub, body), int(body["check_run_id"]))
    control.request_action(hub, run, body["identifier"], _person(hub, body))
    return {}


def _rerequest(hub: Hub, body: Json) -> Json:
    repo = _repo(hub, body)
    if "check_suite_id" in body:
        if (suite := repo.suites.get(int(body["check_suite_id"]))) is None:
            raise not_found()
        control.rerequest(hub, suite, _person(hub, body))
    else:
        control.rerequest(hub, control.check_run_named(repo, int(body["check_run_id"])), _person(hub, body))
    return {}


def _workflow_run(hub: Hub, body: Json) -> Json:
    if "run_id" not in body:
        where = {name: body[name] for name in ("ref", "number") if name in body}
        repo, file, event = _repo(hub, body), str(body["workflow"]), str(body["event"])
        return workflow_run(hub.site, workflowruns.begin(hub, repo, file, event, _person(hub, body), **where))
    run = _run(hub, body)
    match body.get("action"):
        case "start":
            workflowruns.advance_run(hub, run, "in_progress")
        case "complete":
            workflowruns.advance_run(hub, run, "completed", body["conclusion"])
        case "cancel":
            workflowruns.cancel(hub, run)
        case "rerun":
            workflowruns.rerun(hub, run, _person(hub, body) if "login" in body else run.actor)
        case None:
            workflowruns.advance_run(hub, run, body["status"], body.get("conclusion"))
        case _:
            raise ValueError("action must be one of start, complete, cancel, rerun")
    return workflow_run(hub.site, run)


def _dispatch_order(hub: Hub, body: Json) -> Json:
    if body["webhook"] not in DISPATCH_WEBHOOKS:
        raise ValueError(f"webhook must be one of {', '.join(DISPATCH_WEBHOOKS)}")
    hub.dispatch_webhook = body["webhook"]
    return {}


def _token(hub: Hub, body: Json) -> Json:
    run, audience, wrong = _run(hub, body), body.get("aud"), body.get("wrong")
    if wrong is not None and wrong not in oidc.WRONGS:
        raise ValueError(f"wrong must be one of {', '.join(oidc.WRONGS)}")
    if wrong is not None or "claims" in body:
        return {"token": oidc.mint_wrong(hub, run, audience, wrong, body.get("claims") or {})}
    return {"token": oidc.mint(hub, run, audience, attempt=body.get("attempt"))}


def _environment(hub: Hub, body: Json) -> Json:
    return dict(oidc.environment_of(hub, _run(hub, body)))


def _workflow_token(hub: Hub, body: Json) -> Json:
    return {"token": workflowruns.token_of(hub, _run(hub, body))}


def _workflow_inputs(hub: Hub, body: Json) -> Json:
    return {"inputs": dict(_run(hub, body).inputs)}


def _rotate(hub: Hub, body: Json) -> Json:
    return {"kid": hub.issuer.rotate(keep=bool(body.get("keep", True))).kid}


def _queue(hub: Hub, body: Json) -> Json:
    repo = _repo(hub, body)
    if "number" in body:
        control.queue(hub, repo, int(body["number"]), _person(hub, body), body.get("leave"))
    mergequeue.reconsider(hub, repo)
    waiting = [one for queue in repo.queues.values() for one in queue]
    return {
        "entries": [{"number": one.pull.number, "merge_group": mergequeue.group_payload(repo, one)} for one in waiting]
    }


def _draft(hub: Hub, body: Json) -> Json:
    pull = _repo(hub, body).pull(int(body["number"]))
    control.set_draft(hub, pull, bool(body["draft"]), _person(hub, body))
    return {"draft": pull.draft}


def _repository(hub: Hub, body: Json) -> Json:
    files = {str(path): str(text) for path, text in (body.get("files") or {}).items()} or None
    private, about = bool(body.get("private", False)), body.get("description")
    name, sender = str(body["name"]), _person(hub, body)
    made = repositories.create(hub, name, sender, private=private, description=about, files=files)
    return repository(hub.site, made)


def _rename(hub: Hub, body: Json) -> Json:
    repo = _repo(hub, body)
    control.rename(hub, repo, str(body["name"]), _administrator(hub, repo, body))
    return {"full_name": repo.full_name}


def _transfer(hub: Hub, body: Json) -> Json:
    repo = _repo(hub, body)
    repositories.transfer(hub, repo, hub.world.account(str(body["owner"])), _administrator(hub, repo, body))
    return {"full_name": repo.full_name}


HANDLERS: dict[tuple[str, str], Callable[[Hub, Json], Json]] = {
    ("POST", "action"): _action,
    ("POST", "rerequest"): _rerequest,
    ("POST", "workflow-run"): _workflow_run,
    ("POST", "dispatch-order"): _dispatch_order,
    ("POST", "oidc/token"): _token,
    ("POST", "oidc/environment"): _environment,
    ("POST", "oidc/rotate"): _rotate,
    ("POST", "workflow-token"): _workflow_token,
    ("POST", "workflow-inputs"): _workflow_inputs,
    ("POST", "queue"): _queue,
    ("POST", "draft"): _draft,
    ("POST", "repository"): _repository,
    ("POST", "rename"): _rename,
    ("POST", "transfer"): _transfer,
}
