"""What each kind of payload is read as, and what is ignored; the shapes are held against GitHub's own schema."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from functools import reduce
from typing import Any, get_args

import pytest
from githubkit_schemas.latest import models
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from bot.github.webhooks import READERS, Concern, Ignored, MergeGroup, read_delivery
from bot.runs.events import (
    ButtonPressed,
    ChecklistEdited,
    ChecksChanged,
    CommentCreated,
    Deployed,
    Event,
    Place,
    PullChanged,
    Rerequested,
    Woken,
    WorkerRunChanged,
)
from bot.runs.model import Person
from bot.runs.policy import POLICY_PATH

APP = 17
SHA = "a" * 40
DISPATCH = "sw-0123456789abcdef0123"
AT = "2026-05-01T12:00:00Z"
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
MARIA = Person("maria", 4, False)
HUMAN = {"login": "maria", "id": 4, "type": "User"}
BOT = {"login": "stepwise[bot]", "id": 9, "type": "Bot"}


def payload(action: str | None = None, **more: Any) -> dict[str, Any]:
    """What all payloads of the App's webhook have, and what is given."""
    common = {
        "installation": {"id": 5},
        "repository": {"id": 77, "full_name": "octo/plans"},
        "sender": HUMAN,
    }
    return {**common, **({} if action is None else {"action": action}), **more}


def pull(**more: Any) -> dict[str, Any]:
    return {"number": 3, "state": "open", "head": {"sha": SHA}, "base": {"ref": "main"}, **more}


def comment(**more: Any) -> dict[str, Any]:
    return {"id": 8, "user": HUMAN, "body": "/status", "created_at": AT, "updated_at": AT, **more}


def own_comment(**more: Any) -> dict[str, Any]:
    return comment(user=BOT, performed_via_github_app={"id": APP}, **more)


def on_pull() -> dict[str, Any]:
    return {"number": 3, "pull_request": {"url": "https://api.example/3"}}


def own_check(**more: Any) -> dict[str, Any]:
    return {"name": "stepwise/plan", "head_sha": SHA, "app": {"id": APP}, "pull_requests": [{"number": 99}], **more}


def worker_run(**more: Any) -> dict[str, Any]:
    return {
        "id": 31,
        "run_attempt": 2,
        "display_title": f"B02 of checkout [{DISPATCH}]",
        "event": "workflow_dispatch",
        "status": "completed",
        "conclusion": "failure",
        "head_branch": "main",
        "head_sha": SHA,
        "html_url": "https://github.example/octo/plans/actions/runs/31",
        "pull_requests": [],
        **more,
    }


def group(**more: Any) -> dict[str, Any]:
    return {
        "head_sha": SHA,
        "head_ref": f"refs/heads/gh-readonly-queue/main/pr-12-{'b' * 40}",
        "base_sha": "b" * 40,
        "base_ref": "refs/heads/main",
        **more,
    }


def read(name: str, given: dict[str, Any]) -> Concern | MergeGroup | Ignored:
    return read_delivery(name, json.dumps(given).encode(), APP)


def about(event: Event, **more: Any) -> Concern:
    return Concern(repository_id=77, full_name="octo/plans", installation_id=5, event=event, **more)


def said(place: Place = Place.CONVERSATION, body: str = "/status") -> CommentCreated:
    return CommentCreated(8, MARIA, body, NOON, place)


READ: dict[str, tuple[str, dict[str, Any], Concern]] = {
    "a comment on a pull request": (
        "issue_comment",
        payload("created", issue=on_pull(), comment=comment()),
        about(said(), number=3),
    ),
    "a comment on an issue": (
        "issue_comment",
        payload("created", issue={"number": 4}, comment=comment(body="/execute docs/plan.md")),
        about(said(body="/execute docs/plan.md"), number=4, is_issue=True),
    ),
    "a review with text": (
        "pull_request_review",
        payload("submitted", pull_request=pull(), review={**comment(), "submitted_at": AT, "created_at": None}),
        about(said(Place.REVIEW), number=3),
    ),
    "a comment on a line of the diff": (
        "pull_request_review_comment",
        payload("created", pull_request=pull(), comment=comment()),
        about(said(Place.REVIEW_COMMENT), number=3),
    ),
    "a comment of an account that was deleted": (
        "issue_comment",
        payload("created", issue=on_pull(), comment=comment(user=None)),
        about(CommentCreated(8, Person("ghost", 0, False), "/status", NOON), number=3),
    ),
    "a ticked box": (
        "issue_comment",
        payload(
            "edited",
            issue=on_pull(),
            comment=own_comment(body="- [x] B01"),
            changes={"body": {"from": "- [ ] B01"}},
        ),
        about(ChecklistEdited(MARIA, "- [ ] B01", "- [x] B01", NOON, 8), number=3),
    ),
    "an edit that left the text alone ticks nothing": (
        "issue_comment",
        payload("edited", issue=on_pull(), comment=own_comment(body="- [x] B01"), changes={}),
        about(ChecklistEdited(MARIA, "- [x] B01", "- [x] B01", NOON, 8), number=3),
    ),
    "the checklist was deleted": (
        "issue_comment",
        payload("deleted", issue=on_pull(), comment=own_comment(body="- [ ] B01")),
        about(ChecklistEdited(MARIA, was="- [ ] B01", comment_id=8), number=3),
    ),
    "a button on the bot's own check, by its commit and never by the payload's pull requests": (
        "check_run",
        payload("requested_action", check_run=own_check(), requested_action={"identifier": "approve"}),
        about(ButtonPressed(MARIA, "approve", SHA, "stepwise/plan"), sha=SHA),
    ),
    "the bot's own check again": (
        "check_run",
        payload("rerequested", check_run=own_check()),
        about(Rerequested(MARIA), sha=SHA),
    ),
    "all checks again": (
        "check_suite",
        payload("rerequested", check_suite={"head_sha": SHA, "app": {"id": APP}}),
        about(Rerequested(MARIA), sha=SHA),
    ),
    "somebody else's check": (
        "check_run",
        payload("completed", check_run=own_check(app={"id": 2})),
        about(ChecksChanged(SHA), sha=SHA),
    ),
    "somebody else's button": (
        "check_run",
        payload("requested_action", check_run=own_check(app={"id": 2}), requested_action={"identifier": "approve"}),
        about(ChecksChanged(SHA), sha=SHA),
    ),
    "a status": ("status", payload(sha=SHA, state="success"), about(ChecksChanged(SHA), sha=SHA)),
    "a deployment": (
        "deployment_status",
        payload("created", deployment={"sha": SHA, "environment": "staging"}, deployment_status={"state": "success"}),
        about(Deployed(SHA), sha=SHA),
    ),
    "a worker's run": (
        "workflow_run",
        payload("completed", workflow_run=worker_run()),
        about(
            WorkerRunChanged(
                workflow_run_id=31,
                attempt=2,
                title=f"B02 of checkout [{DISPATCH}]",
                event="workflow_dispatch",
                status="completed",
                conclusion="failure",
                head_branch="main",
                head_sha=SHA,
                url="https://github.example/octo/plans/actions/runs/31",
            ),
            dispatch=DISPATCH,
        ),
    ),
    "a push that changes the policy": (
        "push",
        payload(ref="refs/heads/main", commits=[{"added": [], "modified": [POLICY_PATH], "removed": []}]),
        about(Woken("the policy changed"), base_branch="main"),
    ),
    "a repository with another name": (
        "repository",
        payload("renamed", changes={"repository": {"name": {"from": "old"}}}),
        about(Woken("the repository was renamed")),
    ),
    "a repository with another owner": (
        "repository",
        payload("transferred", changes={"owner": {"from": {}}}),
        about(Woken("the repository was transferred")),
    ),
}


@pytest.mark.parametrize("case", READ)
def test_it_is_read(case: str) -> None:
    name, given_payload, wanted = READ[case]
    assert read(name, given_payload) == wanted


@pytest.mark.parametrize(
    "action",
    ["opened", "reopened", "synchronize", "closed", "ready_for_review", "converted_to_draft", "enqueued", "dequeued"],
)
def test_a_change_of_the_pull_request_is_read(action: str) -> None:
    wanted = about(PullChanged(action, SHA), number=3, is_open=True, head_sha=SHA, base_ref="main")
    assert read("pull_request", payload(action, pull_request=pull())) == wanted


def test_a_retargeted_pull_request_is_read_and_a_retitled_one_is_not() -> None:
    changes: dict[str, Any] = {"base": {"ref": {"from": "main"}, "sha": {"from": SHA}}}
    assert isinstance(read("pull_request", payload("edited", pull_request=pull(), changes=changes)), Concern)
    changes = {"title": {"from": "Old"}}
    assert isinstance(read("pull_request", payload("edited", pull_request=pull(), changes=changes)), Ignored)


def test_a_merge_group_is_a_result_of_its_own_with_bare_branch_names() -> None:
    assert read("merge_group", payload("checks_requested", merge_group=group())) == MergeGroup(
        repository_id=77,
        full_name="octo/plans",
        installation_id=5,
        head_sha=SHA,
        head_ref=f"gh-readonly-queue/main/pr-12-{'b' * 40}",
        base_ref="main",
        last_number=12,
    )


@pytest.mark.parametrize(
    ("ref", "number"),
    [
        (f"refs/heads/gh-readonly-queue/release/1.x/pr-7-{'c' * 40}", 7),
        (f"refs/heads/gh-readonly-queue/pr-1-{'d' * 40}/pr-8-{'c' * 40}", 8),
        ("refs/heads/gh-readonly-queue/main/pr-7", None),
        (f"refs/heads/gh-readonly-queue/main/pr-{'9' * 30}-{'c' * 40}", None),
        ("refs/heads/main", None),
    ],
)
def test_the_last_number_of_a_group_is_told_only_by_a_branch_of_the_known_form(ref: str, number: int | None) -> None:
    found = read("merge_group", payload("checks_requested", merge_group=group(head_ref=ref)))
    assert isinstance(found, MergeGroup)
    assert found.last_number == number


IGNORED: dict[str, tuple[str, dict[str, Any], str]] = {
    "the bot's own comment": (
        "issue_comment",
        payload("created", issue=on_pull(), comment=own_comment()),
        "the bot's own comment",
    ),
    "an edited comment of a person": (
        "issue_comment",
        payload("edited", issue=on_pull(), comment=comment(), changes={"body": {"from": "/statsu"}}),
        "commands are read from new comments only",
    ),
    "the bot's edit of its own checklist": (
        "issue_comment",
        payload("edited", issue=on_pull(), comment=own_comment(), sender=BOT, changes={"body": {"from": "x"}}),
        "the bot's own change of its comment",
    ),
    "an edit of the bot's comment on an issue": (
        "issue_comment",
        payload("edited", issue={"number": 4}, comment=own_comment(), changes={"body": {"from": "x"}}),
        "commands are read from new comments only",
    ),
    "a comment that a person wrote through the App": (
        "issue_comment",
        payload("edited", issue=on_pull(), comment=comment(performed_via_github_app={"id": APP})),
        "commands are read from new comments only",
    ),
    "the comment of another App": (
        "issue_comment",
        payload("edited", issue=on_pull(), comment=comment(user=BOT, performed_via_github_app={"id": 2})),
        "commands are read from new comments only",
    ),
    "a pinned comment": (
        "issue_comment",
        payload("pinned", issue=on_pull(), comment=comment()),
        "issue_comment.pinned is of no interest",
    ),
    "a comment without a time": (
        "issue_comment",
        payload("created", issue=on_pull(), comment=comment(created_at=None)),
        "the comment has no time",
    ),
    "a review without text": (
        "pull_request_review",
        payload("submitted", pull_request=pull(), review={"id": 8, "user": HUMAN, "body": None, "submitted_at": AT}),
        "the review has no text of its own",
    ),
    "an edited review": (
        "pull_request_review",
        payload("edited", pull_request=pull(), review=comment(), changes={"body": {"from": "x"}}),
        "commands are read from new comments only",
    ),
    "a dismissed review": (
        "pull_request_review",
        payload("dismissed", pull_request=pull(), review=comment()),
        "pull_request_review.dismissed is of no interest",
    ),
    "an edited review comment": (
        "pull_request_review_comment",
        payload("edited", pull_request=pull(), comment=comment()),
        "commands are read from new comments only",
    ),
    "an issue that was opened": (
        "issues",
        payload("opened", issue={"number": 4}),
        "issues.opened is of no interest",
    ),
    "an issue that went elsewhere": (
        "issues",
        payload("transferred", issue={"number": 4}),
        "an issue was transferred: whoever needs it will not find it",
    ),
    "the bot's own check as it goes": (
        "check_run",
        payload("created", check_run=own_check()),
        "the bot's own check",
    ),
    "a button without a name": (
        "check_run",
        payload("requested_action", check_run=own_check(), requested_action=None),
        "the payload is not as GitHub documents it: the payload has no requested_action.identifier",
    ),
    "a suite on a push": (
        "check_suite",
        payload("requested", check_suite={"head_sha": SHA, "app": {"id": APP}}),
        "check_suite.requested is of no interest",
    ),
    "the suite of another App": (
        "check_suite",
        payload("rerequested", check_suite={"head_sha": SHA, "app": {"id": 2}}),
        "check_suite.rerequested is of no interest",
    ),
    "a run on a push": (
        "workflow_run",
        payload("completed", workflow_run=worker_run(event="push")),
        "the workflow run was started by push, not by a dispatch",
    ),
    "a dispatch by hand": (
        "workflow_run",
        payload("completed", workflow_run=worker_run(display_title="Deploy")),
        "the title of the workflow run names no dispatches of the bot's",
    ),
    "a run without a title": (
        "workflow_run",
        payload("completed", workflow_run=worker_run(display_title=None)),
        "the title of the workflow run names no dispatches of the bot's",
    ),
    "a title with an id and a half": (
        "workflow_run",
        payload("completed", workflow_run=worker_run(display_title=f"{DISPATCH}0 sw-0123456789ABCDEF0123")),
        "the title of the workflow run names no dispatches of the bot's",
    ),
    "a title with two ids": (
        "workflow_run",
        payload("completed", workflow_run=worker_run(display_title=f"{DISPATCH} sw-{'f' * 20}")),
        "the title of the workflow run names 2 dispatches of the bot's",
    ),
    "an unknown state of a run": (
        "workflow_run",
        payload("pondered", workflow_run=worker_run()),
        "workflow_run.pondered is of no interest",
    ),
    "a merge group that is gone": (
        "merge_group",
        payload("destroyed", reason="merged", merge_group=group()),
        "merge_group.destroyed is of no interest",
    ),
    "a merge group of nobody": (
        "merge_group",
        payload("checks_requested", merge_group=group(), installation=None),
        "the payload names no installation: it does not come from the App's own webhook",
    ),
    "a push of the merge queue": (
        "push",
        payload(ref="refs/heads/gh-readonly-queue/main/pr-1-x", commits=[{"added": [POLICY_PATH]}]),
        "the push is the merge queue's own",
    ),
    "a push of a tag": (
        "push",
        payload(ref="refs/tags/v1", commits=[{"added": [POLICY_PATH]}]),
        "the push does not change the policy",
    ),
    "an archived repository": ("repository", payload("archived"), "repository.archived is of no interest"),
    "a ping": ("ping", {"zen": "Keep it logically awesome.", "hook_id": 1}, "a ping"),
    "an event that nobody knows": ("star", payload("created"), "the event 'star' is of no interest"),
    "the webhook of a repository": (
        "status",
        {"sha": SHA, "repository": {"id": 77, "full_name": "octo/plans"}},
        "the payload names no installation: it does not come from the App's own webhook",
    ),
}


@pytest.mark.parametrize("case", IGNORED)
def test_it_is_ignored_with_a_reason(case: str) -> None:
    name, given_payload, reason = IGNORED[case]
    assert read(name, given_payload) == Ignored(reason)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_object_is_ignored(body: bytes) -> None:
    assert isinstance(read_delivery("issue_comment", body, APP), Ignored)


def test_every_event_that_is_read_has_an_example() -> None:
    assert {name for name, _, _ in READ.values()} | {"pull_request", "merge_group", "issues", "ping"} == set(READERS)


ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.sampled_from([2**63, 10**30, 1.5, "", "x", "\ud800", "\0", "9999-12-31T23:59:59-23:59", [], {}, [1], [[]]]),
    st.text(max_size=10),
)
EXAMPLES = [
    *((name, given_payload) for name, given_payload, _ in READ.values()),
    ("merge_group", payload("checks_requested", merge_group=group())),
    ("pull_request", payload("opened", pull_request=pull())),
]


def paths(value: Any, before: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every field of a payload."""
    if not isinstance(value, dict):
        return []
    return [path for name, inner in value.items() for path in ((*before, name), *paths(inner, (*before, name)))]


@settings(max_examples=500, deadline=None, database=None)
@given(st.data())
def test_no_field_of_an_odd_type_makes_the_reader_raise(data: st.DataObject) -> None:
    name, example = data.draw(st.sampled_from(EXAMPLES))
    changed = copy.deepcopy(example)
    path = data.draw(st.sampled_from(paths(example)))
    inner = reduce(lambda value, key: value[key], path[:-1], changed)
    inner[path[-1]] = data.draw(ODD)
    assert isinstance(read(name, changed), Concern | MergeGroup | Ignored)


def model_of(annotation: Any) -> list[type[BaseModel]]:
    """The models that a field may hold, however they are wrapped."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in get_args(annotation) for model in model_of(inner)]


SCHEMA = [
    ("WebhookPullRequestReviewSubmitted", "review.id review.user review.body review.submitted_at pull_request.number"),
    (
        "WebhookPullRequestReviewCommentCreated",
        "comment.id comment.user comment.body comment.created_at pull_request.number",
    ),
    ("WebhookCheckRunRequestedAction", "requested_action.identifier check_run.head_sha check_run.app check_run.name"),
    ("WebhookIssueCommentEdited", "comment.body comment.updated_at comment.performed_via_github_app changes.body"),
    (
        "WebhookWorkflowRunCompleted",
        "workflow_run.id workflow_run.run_attempt workflow_run.display_title workflow_run.event workflow_run.status "
        "workflow_run.conclusion workflow_run.head_branch workflow_run.head_sha workflow_run.html_url",
    ),
    ("WebhookMergeGroupChecksRequested", "merge_group.head_sha merge_group.head_ref merge_group.base_ref"),
    ("WebhookDeploymentStatusCreated", "deployment.sha"),
    ("WebhookRepositoryRenamed", "repository.id repository.full_name"),
    ("WebhookRepositoryTransferred", "repository.id repository.full_name"),
    ("WebhookPullRequestConvertedToDraft", "pull_request.head pull_request.state pull_request.base"),
]


@pytest.mark.parametrize(("name", "fields"), SCHEMA)
def test_the_fields_that_are_read_are_in_githubs_schema(name: str, fields: str) -> None:
    for path in [*fields.split(), "installation.id", "sender.login"]:
        holders: list[type[BaseModel]] = [getattr(models, name)]
        for part in path.split("."):
            inside = [model.model_fields[part] for model in holders if part in model.model_fields]
            assert inside, f"{name} has no {path}"
            holders = [model for found in inside for model in model_of(found.annotation)]
