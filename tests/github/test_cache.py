from __future__ import annotations

import random

import pytest

from bot.github.app import GitHubApp
from bot.github.cache import AnswerCache, Kept
from bot.github.client import Client
from bot.github.errors import UnexpectedAnswer
from tests.github.conftest import INSTALLATION, FakeGitHub, MakeApp, Reply

FIRST = Reply({"n": [1]}, headers={"etag": 'W/"1"', "last-modified": "Fri, 01 May 2026 10:00:00 GMT"})
SAME = Reply(status=304)


async def test_what_is_known_is_asked_for_with_its_etag(github: FakeGitHub, client: Client) -> None:
    github.on("GET", "/x", FIRST, SAME)
    first = await client.get("/x")
    first["n"].append("changed by its reader")
    assert await client.get("/x") == {"n": [1]}
    asked = github.requests()[1].headers
    assert asked["if-none-match"] == 'W/"1"'
    assert asked["if-modified-since"] == "Fri, 01 May 2026 10:00:00 GMT"
    assert asked["authorization"]


async def test_a_changed_answer_replaces_the_kept_one(github: FakeGitHub, client: Client) -> None:
    github.on("GET", "/x", FIRST, Reply({"n": 2}, headers={"etag": '"2"'}), SAME)
    assert [await client.get("/x") for _ in range(3)] == [{"n": [1]}, {"n": 2}, {"n": 2}]
    assert github.requests()[2].headers["if-none-match"] == '"2"'


async def test_a_kept_page_still_leads_to_the_next(github: FakeGitHub, client: Client) -> None:
    link = {"etag": '"1"', "link": '</x?page=2>; rel="next"'}
    github.on("GET", "/x", Reply([{"n": 1}], headers=link), SAME)
    github.on("GET", "/x?page=2", Reply([{"n": 2}]))
    assert await client.pages("/x{?per_page}") == await client.pages("/x{?per_page}") == ([{"n": 1}, {"n": 2}], True)


async def test_the_kept_answer_belongs_to_one_media_type(github: FakeGitHub, client: Client) -> None:
    github.on("GET", "/x", FIRST)
    await client.get("/x")
    await client.get("/x", accept="application/vnd.github.object+json")
    assert "if-none-match" not in github.requests()[1].headers


async def test_the_kept_answer_belongs_to_one_installation_and_scope(github: FakeGitHub, app: GitHubApp) -> None:
    github.on("POST", "/app/installations/6/access_tokens")
    github.on("GET", "/x", FIRST)
    await app.installation(INSTALLATION).get("/x")
    await app.installation(6).get("/x")
    await app.installation(INSTALLATION, 99).get("/x")
    await app.as_app().get("/x")
    assert not any("if-none-match" in seen.headers for seen in github.requests())


async def test_not_modified_without_anything_kept_is_an_error(github: FakeGitHub, client: Client) -> None:
    github.on("GET", "/x", SAME)
    with pytest.raises(UnexpectedAnswer):
        await client.get("/x")


async def test_errors_and_writes_are_not_kept(github: FakeGitHub, client: Client) -> None:
    github.on("GET", "/x", Reply({"message": "x"}, 500, {"etag": '"e"'}), Reply({"ok": True}))
    github.on("POST", "/x", Reply({"id": 1}, 201, {"etag": '"p"'}))
    await client.post("/x")
    await client.get("/x")
    assert not any("if-none-match" in seen.headers for seen in github.requests())


async def test_a_git_object_is_asked_for_once(github: FakeGitHub, client: Client, app: GitHubApp) -> None:
    github.on("GET", "/x", Reply({"n": 1}))
    assert await client.get_forever("/x") == await app.installation(INSTALLATION).get_forever("/x") == {"n": 1}
    assert len(github.requests()) == 1


async def test_the_cache_is_bounded_by_bytes(github: FakeGitHub, make_app: MakeApp) -> None:
    cache = AnswerCache(max_bytes=20_000)
    client = make_app(cache=cache).installation(INSTALLATION)
    for number in range(10):
        github.on("GET", f"/{number}", Reply(random.randbytes(2_500).hex(), headers={"etag": '"1"'}))
        await client.get(f"/{number}")
    assert 10_000 < cache.held_bytes <= 20_000


def test_what_is_kept_is_packed_and_comes_back_as_it_was() -> None:
    cache = AnswerCache(max_bytes=20_000_000)
    body = b'{"url": "https://api.github.com/repos/octo/plans/pulls/1"}' * 100
    cache.keep("x", Kept(body, {"etag": '"1"'}))
    assert cache.get("x") == Kept(body, {"etag": '"1"'})
    assert cache.held_bytes < len(body) / 4


def test_an_answer_longer_than_the_whole_cache_is_not_kept() -> None:
    cache = AnswerCache(max_bytes=1_000)
    cache.keep("x", Kept(random.randbytes(2_000), {}))
    assert cache.get("x") is None
