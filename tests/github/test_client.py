from __future__ import annotations

import asyncio
import gzip

import pytest

from bot.github.app import GitHubApp
from bot.github.client import Client
from bot.github.errors import (
    AnswerTooLarge,
    Conflict,
    GitHubError,
    Gone,
    Moved,
    NotFound,
    RateLimited,
    Unavailable,
    UnexpectedAnswer,
    Unprocessable,
    UnsafeValue,
)
from bot.github.exchange import Timeouts
from tests.github.conftest import INSTALLATION, FakeGitHub, MakeApp, Reply


async def test_every_call_names_the_api_version_the_media_type_and_the_bot(github: FakeGitHub, client: Client) -> None:
    github.on("GET", "/x", Reply({}))
    github.on("POST", "/x", Reply({}, 201))
    await client.get("/x")
    await client.post("/x", {"a": "ü"})
    for seen in github.seen:
        assert seen.headers["x-github-api-version"] == "2022-11-28"
        assert seen.headers["accept"] == "application/vnd.github.v3+json"
        assert seen.headers["user-agent"] == "stepwise"
    assert github.requests("POST", "/x")[0].body == {"a": "ü"}


async def test_escapes_reach_github_as_they_were_made(github: FakeGitHub, client: Client) -> None:
    github.on("GET", "/c/a%20b/%252e%252e/%23", Reply({"ok": True}))
    assert await client.get("/c/{+path}{?ref}", path="a b/%2e%2e/#", ref="x/y&z") == {"ok": True}
    assert github.requests()[0].query == "ref=x%2Fy%26z"


async def test_an_unsafe_value_is_refused_before_anything_is_sent(github: FakeGitHub, client: Client) -> None:
    with pytest.raises(UnsafeValue):
        await client.delete("/x/{name}", name="..")
    assert github.seen == []


async def test_an_api_below_a_path_is_left_out_of_what_people_read(github: FakeGitHub, make_app: MakeApp) -> None:
    github.on("POST", f"/api/v3/app/installations/{INSTALLATION}/access_tokens")
    client = make_app(api_url=f"{github.url}/api/v3").installation(INSTALLATION)
    with pytest.raises(NotFound) as failure:
        await client.get("/x{?q}", q="secret")
    assert str(failure.value) == "GitHub answered 404 to GET /x: Not Found"


@pytest.mark.parametrize(
    ("status", "kind"), [(400, GitHubError), (404, NotFound), (409, Conflict), (410, Gone), (422, Unprocessable)]
)
async def test_an_error_says_what_github_said_and_where(
    github: FakeGitHub, client: Client, status: int, kind: type[GitHubError]
) -> None:
    body = {"message": "Update is not a fast forward", "documentation_url": "https://docs.example/x"}
    github.on("PATCH", "/r", Reply(body, status, {"x-github-request-id": "AB:12"}))
    with pytest.raises(kind) as failure:
        await client.patch("/r", {})
    error = failure.value
    assert type(error) is kind
    assert (error.status, error.method, error.path) == (status, "PATCH", "/r")
    assert (error.request_id, error.documentation_url) == ("AB:12", "https://docs.example/x")
    assert error.sentence() == f"GitHub answered {status} to PATCH /r: Update is not a fast forward"
    assert not error.is_transient
    assert not error.may_have_happened


@pytest.mark.parametrize(
    ("errors", "told"),
    [
        ("No commits between main and x", "Validation Failed: No commits between main and x"),
        (["one", "two"], "Validation Failed: one; two"),
        (
            [{"field": "data", "message": "Body is too long"}],
            "Validation Failed: Body is too long",
        ),
        (
            [{"field": "name", "code": "already_exists"}],
            "Validation Failed: name is already_exists",
        ),
        ([None, 5], "Validation Failed"),
        ({"a": 1}, "Validation Failed"),
    ],
)
async def test_the_details_of_a_refusal_are_told(github: FakeGitHub, client: Client, errors: object, told: str) -> None:
    github.on("POST", "/x", Reply({"message": "Validation Failed", "errors": errors}, 422))
    with pytest.raises(Unprocessable) as failure:
        await client.post("/x")
    assert failure.value.message == told


@pytest.mark.parametrize(
    ("raw", "content_type"),
    [
        (b"<html>Unicorn!</html>", "text/html"),
        (b"{not json", "application/json"),
        (b"\xff\xfe", "application/json"),
        (b'["a list"]', "application/json"),
        (b'{"message": 5, "errors": 7}', "application/json"),
        (b"", "application/json"),
    ],
)
async def test_an_error_without_words_gets_its_name(
    github: FakeGitHub, client: Client, raw: bytes, content_type: str
) -> None:
    github.on("POST", "/x", Reply(status=502, raw=raw, content_type=content_type))
    with pytest.raises(Unavailable) as failure:
        await client.post("/x")
    assert str(failure.value) == "GitHub answered 502 to POST /x: Bad Gateway"


async def test_an_error_is_one_line_however_hostile(github: FakeGitHub, client: Client) -> None:
    github.on("POST", "/x", Reply({"message": "a\r\nb\x00\x1b[31m\u2028c" + "d" * 5000}, 422))
    with pytest.raises(Unprocessable) as failure:
        await client.post("/x")
    assert failure.value.message.startswith("a b [31m c")
    assert failure.value.message.isprintable()
    assert len(failure.value.message) <= 1000


async def test_a_status_that_python_does_not_know_is_no_crash(github: FakeGitHub, client: Client) -> None:
    github.on("POST", "/x", Reply(status=599, raw=b""))
    with pytest.raises(Unavailable, match="599"):
        await client.post("/x")


@pytest.mark.parametrize(
    ("raw", "content_type"),
    [
        (b"<html></html>", "text/html; charset=utf-8"),
        (b'{"cut": "of', "application/json"),
        (b'{"a": "\xff"}', "application/json"),
        (b"[" * 100_000, "application/json"),
        (b"plain", "text/plain; charset=bogus"),
    ],
)
async def test_a_success_that_is_not_json_is_an_error(
    github: FakeGitHub, client: Client, raw: bytes, content_type: str
) -> None:
    github.on("GET", "/x", Reply(raw=raw, content_type=content_type))
    github.on("POST", "/x", Reply(raw=raw, content_type=content_type))
    with pytest.raises(UnexpectedAnswer) as failure:
        await client.get("/x")
    assert not failure.value.may_have_happened
    with pytest.raises(UnexpectedAnswer) as failure:
        await client.post("/x")
    assert failure.value.may_have_happened


async def test_githubs_own_media_types_are_json_and_a_bogus_charset_does_no_harm(
    github: FakeGitHub, client: Client
) -> None:
    github.on("GET", "/x", Reply({"ä": 1}, content_type="application/vnd.github.object+json; charset=bogus"))
    assert await client.get("/x") == {"ä": 1}


async def test_no_content_is_none(github: FakeGitHub, client: Client) -> None:
    github.on("DELETE", "/x", Reply(status=204))
    assert await client.delete("/x") is None


async def test_an_answer_is_read_only_so_far(github: FakeGitHub, make_app: MakeApp) -> None:
    client = make_app(max_answer_bytes=10_000).installation(INSTALLATION)
    github.on("GET", "/long", Reply("x" * 10_001))
    with pytest.raises(AnswerTooLarge):
        await client.get("/long")
    bomb = gzip.compress(b'"' + b"x" * 5_000_000 + b'"')
    github.on("GET", "/bomb", Reply(raw=bomb, headers={"content-encoding": "gzip"}))
    assert len(bomb) < 10_000
    with pytest.raises(AnswerTooLarge):
        await client.get("/bomb")


async def test_a_read_is_repeated_twice_when_github_is_unavailable(
    github: FakeGitHub, client: Client, pauses: list[float]
) -> None:
    github.on("GET", "/x", Reply(status=502, raw=b""), Reply(drop=True), Reply({"ok": True}))
    assert await client.get("/x") == {"ok": True}
    assert pauses == [0.5, 2.0]


async def test_a_read_is_given_up_after_three_attempts(github: FakeGitHub, client: Client) -> None:
    github.on("GET", "/x", Reply({"message": "Server Error"}, 500))
    with pytest.raises(Unavailable) as failure:
        await client.get("/x")
    assert len(github.requests()) == client.calls == 3
    assert failure.value.is_transient
    assert not failure.value.may_have_happened


@pytest.mark.parametrize(
    "reply", [Reply(status=500, raw=b""), Reply(status=504, raw=b""), Reply(drop=True), Reply({}, promise_more=50)]
)
@pytest.mark.parametrize("method", ["post", "patch", "put", "delete"])
async def test_a_write_is_sent_once_and_may_have_happened(
    github: FakeGitHub, client: Client, pauses: list[float], reply: Reply, method: str
) -> None:
    github.on("GET", "/warm", Reply({}))
    github.on(method.upper(), "/x", reply)
    await client.get("/warm")
    with pytest.raises(Unavailable) as failure:
        await getattr(client, method)("/x")
    assert failure.value.may_have_happened
    assert failure.value.is_transient
    assert len(github.requests(path="/x")) == 1
    assert pauses == []


async def test_a_server_that_never_answers_is_given_up(github: FakeGitHub, make_app: MakeApp) -> None:
    client = make_app(timeouts=Timeouts(connect=5, total=0.1)).installation(INSTALLATION)
    github.on("POST", "/x", Reply(hang=True))
    with pytest.raises(Unavailable, match="POST /x: it took too long") as failure:
        await client.post("/x")
    assert failure.value.may_have_happened


async def test_a_write_that_found_no_server_did_not_happen(make_app: MakeApp) -> None:
    nowhere = make_app(api_url="http://127.0.0.1:9")
    with pytest.raises(Unavailable, match="no connection") as failure:
        await nowhere.as_app().post("/x")
    assert not failure.value.may_have_happened


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_write_is_never_redirected(github: FakeGitHub, client: Client, status: int) -> None:
    github.on(
        "POST", "/repos/o/old/issues/1/labels", Reply({}, status, {"location": "/repositories/7/issues/1/labels"})
    )
    github.on("GET", "/repositories/7/issues/1/labels", Reply([{"name": "there already"}]))
    with pytest.raises(Moved) as moved:
        await client.post("/repos/o/old/issues/1/labels", {"labels": ["x"]})
    assert moved.value.location == f"{github.url}/repositories/7/issues/1/labels"
    assert len(github.requests()) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_read_follows_a_rename(github: FakeGitHub, client: Client, status: int) -> None:
    github.on("GET", "/repos/o/old", Reply({}, status, {"location": f"{github.url}/repositories/7"}))
    github.on("GET", "/repositories/7", Reply({"full_name": "o/new"}))
    assert await client.get("/repos/o/old") == {"full_name": "o/new"}


@pytest.mark.parametrize("location", ["http://127.0.0.1:9/x", "//evil.example/x", "https://evil.example/", ""])
async def test_a_read_is_not_redirected_to_another_host(github: FakeGitHub, client: Client, location: str) -> None:
    github.on("GET", "/x", Reply({}, 302, {"location": location} if location else {}))
    with pytest.raises(Moved):
        await client.get("/x")


async def test_redirects_in_a_circle_end(github: FakeGitHub, client: Client) -> None:
    github.on("GET", "/x", Reply({}, 302, {"location": "/x"}))
    with pytest.raises(UnexpectedAnswer, match="redirects"):
        await client.get("/x")


async def test_a_list_is_read_page_by_page_through_its_links(github: FakeGitHub, client: Client) -> None:
    link = f'<{github.url}/x?page=9>; rel="last", <{github.url}/x?after=a%2Fb>; rel="next"'
    github.on("GET", "/x?per_page=100", Reply([{"n": 1}], headers={"link": link}))
    github.on("GET", "/x?after=a%2Fb", Reply([{"n": 2}], headers={"link": f'<{github.url}/x>; rel="prev"'}))
    assert await client.pages("/x{?per_page}") == ([{"n": 1}, {"n": 2}], True)


async def test_a_list_within_an_object_is_named_by_its_key(github: FakeGitHub, client: Client) -> None:
    github.on("GET", "/x", Reply({"total_count": 1, "check_runs": [{"n": 1}]}))
    assert await client.pages("/x{?per_page}", iterable_key="check_runs") == ([{"n": 1}], True)


@pytest.mark.parametrize("body", [{"total_count": 0, "items": []}, {}, "text", None, ["text"], 5])
async def test_a_page_without_its_list_is_an_error_and_not_an_empty_list(
    github: FakeGitHub, client: Client, body: object
) -> None:
    github.on("GET", "/x", Reply(body))
    with pytest.raises(UnexpectedAnswer):
        await client.pages("/x{?per_page}", iterable_key="check_runs")
    if body != ["text"]:
        with pytest.raises(UnexpectedAnswer):
            await client.pages("/x{?per_page}")


async def test_a_list_beyond_its_bound_is_not_complete(github: FakeGitHub, client: Client) -> None:
    github.on("GET", "/x", Reply([{"n": 1}, {"n": 2}], headers={"link": '</x?page=2>; rel="next"'}))
    github.on("GET", "/x?page=2", Reply([{"n": 3}]))
    assert await client.pages("/x{?per_page}", limit=2) == ([{"n": 1}, {"n": 2}], False)
    assert await client.pages("/x{?per_page}", limit=1) == ([{"n": 1}], False)
    assert await client.pages("/x{?per_page}", limit=3) == ([{"n": 1}, {"n": 2}, {"n": 3}], True)


@pytest.mark.parametrize("link", ["https://evil.example/x", "//evil.example/x", "http://127.0.0.1:9/x"])
async def test_a_next_page_on_another_host_is_not_read(github: FakeGitHub, client: Client, link: str) -> None:
    github.on("GET", "/x", Reply([{}], headers={"link": f'<{link}>; rel="next"'}))
    with pytest.raises(UnexpectedAnswer, match="another host"):
        await client.pages("/x{?per_page}")


async def test_pages_in_a_circle_end(github: FakeGitHub, client: Client) -> None:
    github.on("GET", "/x", Reply([{}], headers={"link": f'<{github.url}/x?per_page=100>; rel="next"'}))
    with pytest.raises(UnexpectedAnswer, match="read already"):
        await client.pages("/x{?per_page}")


async def test_no_more_than_eight_reads_are_under_way_and_writes_go_one_by_one(
    github: FakeGitHub, app: GitHubApp
) -> None:
    github.on("GET", "/r", Reply({}))
    github.on("POST", "/w", Reply({}))
    clients = [app.installation(INSTALLATION) for _ in range(30)]
    await asyncio.gather(*(client.get("/r") for client in clients), *(client.post("/w") for client in clients))
    assert 2 <= github.most_at_once <= 8
    assert github.most_writes_at_once == 1


async def test_calls_that_waited_are_not_sent_once_the_limit_is_known(github: FakeGitHub, app: GitHubApp) -> None:
    github.on("POST", "/w", Reply({"message": "secondary rate limit"}, 403))
    clients = [app.installation(INSTALLATION) for _ in range(10)]
    outcomes = await asyncio.gather(*(client.post("/w") for client in clients), return_exceptions=True)
    assert all(isinstance(outcome, RateLimited) for outcome in outcomes)
    assert len(github.requests()) == 1


async def test_calls_are_counted_and_told_by_route(github: FakeGitHub, make_app: MakeApp) -> None:
    told: list[tuple[str, str, int | None]] = []

    def on_call(method: str, route: str, status: int | None, seconds: float) -> None:
        assert seconds >= 0
        told.append((method, route, status))

    client = make_app(on_call=on_call).installation(INSTALLATION)
    github.on("GET", "/x/secret", Reply({}))
    github.on("PATCH", "/y", Reply(drop=True))
    await client.get("/x/{name}", name="secret")
    with pytest.raises(Unavailable):
        await client.patch("/y")
    assert client.calls == 2
    assert told == [
        ("POST", "/app/installations/{installation_id}/access_tokens", 201),
        ("GET", "/x/{name}", 200),
        ("PATCH", "/y", None),
    ]
