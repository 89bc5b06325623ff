"""What is kept of GitHub's description is what the sandbox serves and sends, and it catches what does not conform."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.sandbox.api import TABLE
from bot.sandbox.watching import Exchange, Sent
from tests.fidelity import judge
from tests.fidelity.description import extract, find, operations, same_path

COMMENTS = "/repos/acme/shop/issues/7/comments"
OF_THE_BOT = {
    "user-agent": "stepwise",
    "accept": "application/vnd.github.v3+json",
    "authorization": "token ghs_1",
    "x-github-api-version": "2022-11-28",
    "content-type": "application/json; charset=utf-8",
}


def asked(method: str, path: str, body: Any = None, query: str = "", **headers: str) -> list[str]:
    raw = b"" if body is None else json.dumps(body).encode()
    own = {name.replace("_", "-"): value for name, value in headers.items()}
    seen = Exchange(method, path, query, OF_THE_BOT | own, raw)
    return judge.request(seen, find(method, path))


def answered(method: str, path: str, status: int, body: Any) -> list[str]:
    operation = find(method, path)
    assert operation is not None
    return judge.answer(Exchange(method, path, "", {}, b"", status, {}, json.dumps(body).encode()), operation)


def test_the_operations_are_those_that_the_sandbox_serves() -> None:
    served = {(route.method, same_path(route.template)) for route in TABLE}
    assert {(one.method, same_path(one.path)) for one in operations()} == served


def test_each_path_is_found_again_by_the_operation_that_it_belongs_to() -> None:
    for one in operations():
        path = one.path.replace("{", "").replace("}", "")
        assert find(one.method, path) is one


def test_a_request_as_github_describes_it_passes() -> None:
    assert asked("POST", COMMENTS, {"body": "hello"}) == []
    assert asked("GET", COMMENTS, query="per_page=100&since=2026-01-01T00:00:00Z") == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (asked("POST", COMMENTS, {"text": "hello"}), '"body" is a required property'),
        (asked("POST", COMMENTS, {"body": "hello", "pinned": True}), "'pinned' was unexpected"),
        (asked("POST", COMMENTS, {"body": 7}), '7 is not of type "string"'),
        (asked("POST", COMMENTS), "body: it is required"),
        (asked("GET", COMMENTS, query="per_page=many"), "is not of type"),
        (asked("GET", COMMENTS, query="pages=2"), "GitHub knows no pages here"),
        (asked("GET", COMMENTS, {"body": "hello"}), "body: GitHub describes none"),
        (asked("GET", "/repos/acme/shop/issues/seven/comments"), 'path: issue_number: "seven" is not of type'),
        (asked("PUT", COMMENTS, {"body": "hello"}), "GitHub describes no such operation"),
        (asked("GET", COMMENTS, x_github_api_version="2026-03-10"), "the bot asks for 2022-11-28"),
        (asked("GET", COMMENTS, accept="text/html"), "no media type of GitHub's"),
        (asked("GET", COMMENTS, authorization=""), "there is no token"),
        (asked("GET", COMMENTS, user_agent=""), "without a User-Agent"),
    ],
)
def test_a_request_that_differs_is_told(wrong: list[str], said: str) -> None:
    assert [one for one in wrong if said in one]


def test_an_answer_without_a_required_key_is_told_and_so_is_one_with_a_key_too_many() -> None:
    whole = {"ref": "refs/heads/main", "node_id": "x", "url": "https://api.example/r"}
    target = {"type": "commit", "sha": "a" * 40, "url": "https://api.example/c"}
    path = "/repos/acme/shop/git/ref/heads/main"
    assert answered("GET", path, 200, whole | {"object": target}) == []
    assert answered("GET", path, 200, whole) == ['answer: "object" is a required property']
    assert "'made_up' was unexpected" in answered("GET", path, 200, whole | {"object": target, "made_up": 1})[0]
    assert "status: 418 is none" in answered("GET", path, 418, whole)[0]
    assert answered("GET", path, 404, {"message": "Not Found", "documentation_url": "d", "status": "404"}) == []
    assert answered("GET", path, 404, {"error": "Not Found"}) != []


def test_a_webhook_of_no_such_action_and_one_without_its_headers_are_told() -> None:
    assert judge.webhook(Sent("issues", "renamed", {}, b"{}")) == ["event: GitHub describes no issues.renamed"]
    told = judge.webhook(Sent("push", None, {}, b"{}"))
    assert "headers: x-hub-signature-256 is None" in told
    assert 'payload: "ref" is a required property' in told


def test_the_extract_names_what_it_was_made_from_and_no_registry() -> None:
    assert extract()["source"] == {"package": "@octokit/openapi", "version": "23.0.2", "api_version": "2022-11-28"}
    assert "resolved" not in extract()
