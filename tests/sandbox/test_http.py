"""What all endpoints share: pages, ETags, limits, versions, renames, errors."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.sandbox import Sandbox, control
from tests.sandbox.conftest import Api, open_pull

AsUser = Callable[[str], Api]


async def test_pages_are_linked_and_at_most_a_hundred_long(as_user: AsUser) -> None:
    ada = as_user("ada")
    for index in range(101):
        await ada("POST", "/repos/acme/shop/labels", json={"name": f"l{index}"})
    first = await ada("GET", "/repos/acme/shop/labels?per_page=500")
    assert len(first.body) == 100
    assert 'rel="next"' in first.headers["Link"]
    assert 'rel="last"' in first.headers["Link"]
    default = await ada("GET", "/repos/acme/shop/labels?page=4")
    assert len(default.body) == 13
    assert 'rel="prev"' in default.headers["Link"]
    assert 'rel="next"' not in default.headers["Link"]


async def test_what_has_not_changed_costs_nothing(sandbox: Sandbox, as_bot: Api) -> None:
    first = await as_bot("GET", "/repos/acme/shop")
    again = await as_bot("GET", "/repos/acme/shop", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status, again.raw) == (304, b"")
    assert again.headers["x-ratelimit-used"] == first.headers["x-ratelimit-used"]
    assert [call.status for call in sandbox.requests.calls] == [200, 304]
    assert sandbox.requests.calls[1].not_modified


async def test_what_has_changed_has_another_etag(as_user: AsUser, as_bot: Api) -> None:
    number = (await open_pull(as_user("coda")))["number"]
    path = f"/repos/acme/shop/issues/{number}/comments"
    first = await as_bot("GET", path)
    await as_bot("POST", path, json={"body": "x"})
    again = await as_bot("GET", path, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status == 200


async def test_the_primary_limit_ends_with_the_hour(sandbox: Sandbox, as_bot: Api) -> None:
    sandbox.hub.rate_limit = 2
    await as_bot("GET", "/repos/acme/shop")
    last = await as_bot("GET", "/repos/acme/shop")
    assert last.headers["x-ratelimit-remaining"] == "0"
    refused = await as_bot("GET", "/repos/acme/shop")
    assert refused.status == 403
    assert refused.body["message"].startswith("API rate limit exceeded for installation ID")
    assert (await as_bot("GET", "/rate_limit")).status == 200
    sandbox.clock.freeze()
    sandbox.clock.advance(3601)
    token = sandbox.installation_token()
    assert (await Api(as_bot.session, as_bot.url, token)("GET", "/repos/acme/shop")).status == 200


async def test_anonymous_callers_have_sixty(anonymous: Api) -> None:
    assert (await anonymous("GET", "/repos/acme/shop")).headers["x-ratelimit-limit"] == "60"


@pytest.mark.malformed
async def test_unknown_paths_are_not_found(as_bot: Api) -> None:
    for path in ("/nope", "/repos/acme/nope", "/repos/acme/shop/nope"):
        answer = await as_bot("GET", path)
        assert (answer.status, answer.body["message"]) == (404, "Not Found")
        assert answer.headers["X-GitHub-Request-Id"]


@pytest.mark.malformed
async def test_bodies_that_are_no_json_are_refused(as_user: AsUser) -> None:
    ada = as_user("ada")
    broken = await ada("POST", "/repos/acme/shop/labels", data=b"{")
    assert (broken.status, broken.body["message"]) == (400, "Problems parsing JSON")
    assert (await ada("POST", "/repos/acme/shop/labels", data=b'"x"')).status == 400


async def test_a_later_version_has_lost_some_fields(as_user: AsUser) -> None:
    ada, new = as_user("ada"), {"X-GitHub-Api-Version": "2026-03-10"}
    number = (await open_pull(ada))["number"]
    path = f"/repos/acme/shop/pulls/{number}"
    assert {"assignee", "merge_commit_sha"} <= (await ada("GET", path)).body.keys()
    assert not {"assignee", "merge_commit_sha"} & (await ada("GET", path, headers=new)).body.keys()
    assert "rate" in (await ada("GET", "/rate_limit")).body
    assert "rate" not in (await ada("GET", "/rate_limit", headers=new)).body
    assert (await ada("GET", path, headers={"X-GitHub-Api-Version": "1999-01-01"})).status == 400


async def test_a_renamed_repository_redirects_by_its_id(sandbox: Sandbox, as_bot: Api) -> None:
    shop = sandbox.repo("acme/shop")
    control.rename(sandbox.hub, shop, "store")
    moved = await as_bot("GET", "/repos/acme/shop/branches/main")
    assert moved.status == 301
    assert moved.headers["Location"] == f"{sandbox.url}/repositories/{shop.id}/branches/main"
    assert (await as_bot("GET", moved.headers["Location"])).body["name"] == "main"
    assert (await as_bot("POST", "/repos/acme/shop/labels", json={"name": "x"})).status == 301


async def test_the_log_counts_by_route_and_actor(sandbox: Sandbox, as_bot: Api, as_user: AsUser) -> None:
    await open_pull(as_user("coda"))
    sandbox.requests.reset()
    await as_bot("GET", "/repos/acme/shop/pulls/1")
    await as_bot("GET", "/repos/acme/shop/pulls/1/files")
    await as_user("ada")("GET", "/repos/acme/shop/pulls/1")
    assert sandbox.requests.counts() == {
        "GET /repos/{owner}/{repo}/pulls/{number}": 2,
        "GET /repos/{owner}/{repo}/pulls/{number}/files": 1,
    }
    assert len(sandbox.requests.by("installation:stepwise")) == 2
