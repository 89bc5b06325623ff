"""Webhooks: signed, complete, in order; lost, doubled, held and asked for again."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable

import pytest
from githubkit.webhooks import parse

from bot.sandbox import Sandbox, control
from bot.sandbox.workflowruns import advance_run
from tests.sandbox.conftest import Api, HookBox, open_pull, write_branch

AsUser = Callable[[str], Api]


async def play_everything(sandbox: Sandbox, as_user: AsUser, as_bot: Api) -> None:
    """Make every kind of event happen once."""
    hub, shop, olivia = sandbox.hub, sandbox.repo("acme/shop"), sandbox.user("olivia")
    coda, maria = as_user("coda"), as_user("maria")
    control.ping(hub, sandbox.app)
    number = (await open_pull(coda))["number"]
    sha = await write_branch(coda, "feature/x", {"src/more.txt": "more\n"})
    pulls, issues = f"/repos/acme/shop/pulls/{number}", f"/repos/acme/shop/issues/{number}"
    await coda("PATCH", pulls, json={"title": "Better", "body": "New"})
    await maria("POST", f"{issues}/labels", json={"labels": ["bug"]})
    await maria("DELETE", f"{issues}/labels/bug")
    comment = (await maria("POST", f"{issues}/comments", json={"body": "/approve"})).body["id"]
    await maria("PATCH", f"/repos/acme/shop/issues/comments/{comment}", json={"body": "/approve B01"})
    await maria("DELETE", f"/repos/acme/shop/issues/comments/{comment}")
    await as_bot("POST", f"{issues}/comments", json={"body": "checklist"})
    button = {"label": "Approve", "description": "Approve the block", "identifier": "approve"}
    run = {"name": "stepwise/plan", "head_sha": sha, "external_id": "k"}
    made = (await as_bot("POST", "/repos/acme/shop/check-runs", json=run)).body["id"]
    done = {"conclusion": "neutral", "output": {"title": "t", "summary": "s"}, "actions": [button]}
    await as_bot("PATCH", f"/repos/acme/shop/check-runs/{made}", json=done)
    control.request_action(hub, shop.check_runs[made], "approve", olivia)
    await as_bot("POST", f"/repos/acme/shop/check-runs/{made}/rerequest")
    suite = shop.check_runs[made].suite.id
    await as_bot("POST", f"/repos/acme/shop/check-suites/{suite}/rerequest")
    control.set_ci(hub, shop, sha, "tests", "success")
    await maria("POST", f"/repos/acme/shop/statuses/{sha}", json={"state": "success", "context": "lint"})
    await maria("POST", "/repos/acme/shop/actions/workflows/ci.yml/dispatches", json={"ref": "main"})
    workflow_run = next(iter(shop.workflow_runs.values()))
    advance_run(hub, workflow_run, "in_progress", None)
    advance_run(hub, workflow_run, "completed", "success")
    control.protect(shop, "main", {"queue": None}, merge_queue=True)
    control.set_ci(hub, shop, sha, "queue", "success")
    control.queue(hub, shop, number, olivia)
    control.queue(hub, shop, number, olivia, "MANUAL")
    control.protect(shop, "main", None)
    await coda("PATCH", pulls, json={"state": "closed"})
    await coda("PATCH", pulls, json={"state": "open"})
    await maria("PUT", f"{pulls}/merge", json={})
    await maria("DELETE", "/repos/acme/shop/git/refs/heads/feature/x")
    issue = (await maria("POST", "/repos/acme/shop/issues", json={"title": "Plan again"})).body["number"]
    await maria("POST", f"/repos/acme/shop/issues/{issue}/comments", json={"body": "/execute"})
    await maria("PATCH", f"/repos/acme/shop/issues/{issue}", json={"title": "Plan anew", "labels": ["bug"]})
    await maria("PATCH", f"/repos/acme/shop/issues/{issue}", json={"state": "closed"})
    await maria("PATCH", f"/repos/acme/shop/issues/{issue}", json={"state": "open"})
    installed = sandbox.installation()
    ledger = sandbox.repo("acme/ledger")
    control.select_repositories(hub, installed, [], [ledger], olivia)
    control.select_repositories(hub, installed, [ledger], [], olivia)
    for action in ("suspend", "unsuspend", "new_permissions_accepted", "deleted", "created"):
        control.change_installation(hub, installed, action, olivia)
    await sandbox.settle()


async def test_every_payload_conforms_to_the_published_schema(
    sandbox: Sandbox, hookbox: HookBox, as_user: AsUser, as_bot: Api
) -> None:
    await play_everything(sandbox, as_user, as_bot)
    for hook in hookbox.got:
        parse(hook.event, hook.raw)
    assert set(hookbox.names()) == {
        "ping", "push", "status",
        "pull_request.opened", "pull_request.synchronize", "pull_request.edited", "pull_request.labeled",
        "pull_request.unlabeled", "pull_request.closed", "pull_request.reopened",
        "pull_request.enqueued", "pull_request.dequeued",
        "issues.opened", "issues.edited", "issues.labeled", "issues.closed", "issues.reopened",
        "issue_comment.created", "issue_comment.edited", "issue_comment.deleted",
        "check_run.created", "check_run.completed", "check_run.rerequested", "check_run.requested_action",
        "check_suite.requested", "check_suite.completed", "check_suite.rerequested",
        "workflow_run.requested", "workflow_run.in_progress", "workflow_run.completed",
        "merge_group.checks_requested", "merge_group.destroyed",
        "installation_repositories.added", "installation_repositories.removed",
        "installation.suspend", "installation.unsuspend", "installation.new_permissions_accepted",
        "installation.deleted", "installation.created",
    }  # fmt: skip


async def test_a_delivery_is_signed_and_names_the_app(sandbox: Sandbox, hookbox: HookBox, as_user: AsUser) -> None:
    await open_pull(as_user("coda"))
    await sandbox.settle()
    hook = next(one for one in hookbox.got if one.name == "pull_request.opened")
    secret = sandbox.webhook_secret.encode()
    assert hook.headers["X-Hub-Signature-256"] == "sha256=" + hmac.new(secret, hook.raw, hashlib.sha256).hexdigest()
    assert hook.headers["X-Hub-Signature"] == "sha1=" + hmac.new(secret, hook.raw, hashlib.sha1).hexdigest()
    assert hook.headers["X-GitHub-Hook-Installation-Target-Type"] == "integration"
    assert hook.headers["X-GitHub-Hook-Installation-Target-ID"] == str(sandbox.app_id)
    assert hook.headers["User-Agent"].startswith("GitHub-Hookshot/")
    assert len(hook.headers["X-GitHub-Delivery"]) == 36
    assert hook.payload["installation"]["id"] == sandbox.installation().id
    assert hook.payload["organization"]["login"] == "acme"
    assert hook.payload["sender"]["login"] == "coda"


async def test_events_the_app_did_not_ask_for_are_not_sent(sandbox: Sandbox, hookbox: HookBox, as_user: AsUser) -> None:
    sandbox.app.events.remove("pull_request")
    await open_pull(as_user("coda"))
    await sandbox.settle()
    assert hookbox.names() == ["push", "check_suite.requested"]


async def test_the_app_hears_of_what_it_does_itself(
    sandbox: Sandbox, hookbox: HookBox, as_user: AsUser, as_bot: Api
) -> None:
    number = (await open_pull(as_user("coda")))["number"]
    await as_bot("POST", f"/repos/acme/shop/issues/{number}/comments", json={"body": "checklist"})
    await sandbox.settle()
    payload = hookbox.last("issue_comment.created")
    assert payload["sender"]["login"] == "stepwise[bot]"
    assert payload["comment"]["performed_via_github_app"]["id"] == sandbox.app_id
    assert payload["issue"]["pull_request"]


async def test_an_edited_comment_tells_the_old_text_and_who_edited_it(
    sandbox: Sandbox, hookbox: HookBox, as_user: AsUser, as_bot: Api
) -> None:
    number = (await open_pull(as_user("coda")))["number"]
    made = await as_bot("POST", f"/repos/acme/shop/issues/{number}/comments", json={"body": "- [ ] B01"})
    await as_user("ada")("PATCH", f"/repos/acme/shop/issues/comments/{made.body['id']}", json={"body": "- [x] B01"})
    await sandbox.settle()
    payload = hookbox.last("issue_comment.edited")
    assert payload["changes"] == {"body": {"from": "- [ ] B01"}}
    assert (payload["sender"]["login"], payload["comment"]["user"]["login"]) == ("ada", "stepwise[bot]")


@pytest.mark.parametrize(
    ("behaviour", "expected", "in_log"),
    [("lost", 0, 0), ("failed", 0, 1), ("doubled", 2, 2), ("held", 0, 0)],
)
async def test_webhooks_go_wrong_when_told_to(
    sandbox: Sandbox, hookbox: HookBox, as_user: AsUser, behaviour: str, expected: int, in_log: int
) -> None:
    sandbox.faults.add_hook(behaviour, event="pull_request")  # type: ignore[arg-type]
    await open_pull(as_user("coda"))
    await sandbox.settle()
    assert hookbox.names().count("pull_request.opened") == expected
    assert [one.event.name for one in sandbox.hooks.attempts].count("pull_request") == in_log


async def test_a_doubled_webhook_has_one_guid(sandbox: Sandbox, hookbox: HookBox, as_user: AsUser) -> None:
    sandbox.faults.add_hook("doubled", event="pull_request")
    await open_pull(as_user("coda"))
    await sandbox.settle()
    guids = [one.headers["X-GitHub-Delivery"] for one in hookbox.got if one.event == "pull_request"]
    assert len(guids) == 2
    assert len(set(guids)) == 1


async def test_held_webhooks_arrive_when_released(sandbox: Sandbox, hookbox: HookBox, as_user: AsUser) -> None:
    sandbox.faults.add_hook("held", event="push")
    await open_pull(as_user("coda"))
    await sandbox.settle()
    assert "push" not in hookbox.names()
    assert sandbox.hooks.release() == 1
    await sandbox.settle()
    assert hookbox.names()[-1] == "push"


async def test_a_swapped_webhook_arrives_after_the_next(sandbox: Sandbox, hookbox: HookBox, as_user: AsUser) -> None:
    sandbox.faults.add_hook("swapped", event="push")
    await open_pull(as_user("coda"))
    await sandbox.settle()
    assert hookbox.names() == ["check_suite.requested", "push", "pull_request.opened"]


async def test_a_failed_delivery_is_listed_and_can_be_asked_for_again(
    sandbox: Sandbox, hookbox: HookBox, as_user: AsUser, as_app: Api
) -> None:
    hookbox.status = 503
    await open_pull(as_user("coda"))
    await sandbox.settle()
    failed = await as_app("GET", "/app/hook/deliveries?status=failure&per_page=1")
    assert 'rel="next"' in failed.headers["Link"]
    item = failed.body[0]
    assert (item["event"], item["action"], item["status_code"]) == ("pull_request", "opened", 503)
    detail = (await as_app("GET", f"/app/hook/deliveries/{item['id']}")).body
    assert detail["request"]["headers"]["X-GitHub-Delivery"] == item["guid"]
    assert detail["response"]["payload"] == "noted"
    hookbox.status = 202
    assert (await as_app("POST", f"/app/hook/deliveries/{item['id']}/attempts")).status == 202
    await sandbox.settle()
    again = (await as_app("GET", "/app/hook/deliveries?per_page=1")).body[0]
    assert (again["guid"], again["redelivery"], again["status"]) == (item["guid"], True, "OK")
    assert again["id"] != item["id"]
    assert (
        hookbox.got[-1].raw
        == json.dumps(detail["request"]["payload"], ensure_ascii=False, separators=(",", ":")).encode()
    )


async def test_the_cursor_walks_through_all_deliveries(sandbox: Sandbox, as_user: AsUser, as_app: Api) -> None:
    await open_pull(as_user("coda"))
    await sandbox.settle()
    seen, url = [], "/app/hook/deliveries?per_page=1"
    while url:
        page = await as_app("GET", url)
        seen += [one["event"] for one in page.body]
        link = page.headers.get("Link", "")
        url = link[1 : link.index(">")] if link else ""
    assert seen == ["pull_request", "check_suite", "push"]


async def test_an_attempt_that_nothing_answers_is_neither_success_nor_failure(
    sandbox: Sandbox, as_user: AsUser, as_app: Api
) -> None:
    sandbox.set_webhook_url("http://127.0.0.1:1/hook")
    await open_pull(as_user("coda"))
    await sandbox.settle()
    assert (await as_app("GET", "/app/hook/deliveries?status=failure")).body == []
    assert (await as_app("GET", "/app/hook/deliveries?status=success")).body == []
    everything = (await as_app("GET", "/app/hook/deliveries")).body
    assert {one["status"] for one in everything} == {"failed to connect to host"}


async def test_a_suspended_installation_hears_nothing(sandbox: Sandbox, hookbox: HookBox, as_user: AsUser) -> None:
    control.change_installation(sandbox.hub, sandbox.installation(), "suspend", sandbox.user("olivia"))
    await open_pull(as_user("coda"))
    await sandbox.settle()
    assert hookbox.names() == ["installation.suspend"]
