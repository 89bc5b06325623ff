from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator

import pytest
from multidict import CIMultiDict

from bot.web.webhook import BODY_LIMIT
from tests.web.conftest import HOOK, SECRET, Site, signature


async def test_a_signed_delivery_is_on_the_disk_before_it_is_acknowledged(site: Site) -> None:
    answer = await site.deliver(b'{"action": "opened"}', event="pull_request")
    assert answer.status == 202
    assert await answer.json() == {"accepted": True}
    (delivery,) = await site.store.unrouted(10)
    assert (delivery.guid, delivery.event, delivery.body) == ("guid-1", "pull_request", b'{"action": "opened"}')
    assert site.woken == ["woken"]
    assert site.counted("deliveries_accepted", event="pull_request") == 1


async def test_a_redelivery_is_acknowledged_and_stored_once(site: Site) -> None:
    for _ in range(3):
        assert (await site.deliver()).status == 202
    assert await site.stored() == ["guid-1"]
    assert site.counted("deliveries_repeated") == 2


async def test_events_nobody_knows_are_acknowledged(site: Site) -> None:
    assert (await site.deliver(event="brand_new_event")).status == 202


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "sha256=",
        "sha256=" + "0" * 63,
        "sha256=" + "z" * 64,
        "sha256=" + "0" * 64,
        "sha256=" + "0" * 65,
        "sha512=" + "0" * 128,
        "0" * 64,
        "sha256=" + "é" * 64,
        signature(b'{"zen": "."}').upper(),
        signature(b'{"zen": "."}') + ",",
        signature(b'{"zen": "."}', "another secret"),
        signature(b'{"zen": "!"}'),
    ],
)
async def test_a_delivery_that_is_not_signed_with_the_secret_is_refused(site: Site, header: str | None) -> None:
    answer = await site.deliver(changes={"X-Hub-Signature-256": header})
    assert answer.status == 401
    assert "ignature" in (await answer.json())["error"]
    assert SECRET not in await answer.text()
    assert await site.stored() == []
    assert site.woken == []


async def test_the_old_signature_alone_does_not_count(site: Site) -> None:
    import hashlib
    import hmac

    sha1 = "sha1=" + hmac.new(SECRET.encode(), b'{"zen": "."}', hashlib.sha1).hexdigest()
    answer = await site.deliver(changes={"X-Hub-Signature-256": None, "X-Hub-Signature": sha1})
    assert answer.status == 401


async def test_two_signatures_are_one_too_many(site: Site) -> None:
    body = b"{}"
    headers = CIMultiDict({"X-GitHub-Delivery": "g", "X-GitHub-Event": "ping", "Content-Type": "application/json"})
    headers.add("X-Hub-Signature-256", signature(body))
    headers.add("X-Hub-Signature-256", signature(body))
    assert (await site.client.post(HOOK, data=body, headers=headers)).status == 401


async def test_the_signature_is_over_the_raw_bytes(site: Site) -> None:
    body = '{"zen":   "Grüße \\ud83d\\ude00"}\n'.encode()
    assert (await site.deliver(body)).status == 202
    (delivery,) = await site.store.unrouted(1)
    assert delivery.body == body


@pytest.mark.parametrize("name", ["X-GitHub-Delivery", "X-GitHub-Event"])
@pytest.mark.parametrize("value", [None, "", "two words", "x" * 129, "naïve", "a\tb"])
async def test_missing_and_odd_headers_are_named(site: Site, name: str, value: str | None) -> None:
    answer = await site.deliver(changes={name: value})
    assert answer.status == 400
    assert name in (await answer.json())["error"]


@pytest.mark.parametrize(
    "body", [b"", b"Hello, World!", b"[]", b"null", b'{"cut": "off', b'"text"', b"\xff\xfe{}", b" "]
)
async def test_a_signed_body_that_is_no_json_object_is_refused(site: Site, body: bytes) -> None:
    answer = await site.deliver(body)
    assert answer.status == 400
    assert (await answer.json())["error"] == "the body is not a JSON object"


async def test_what_is_only_wrong_inside_is_stored_and_left_to_those_who_read_it(site: Site) -> None:
    assert (await site.deliver(b"{not json}")).status == 202
    assert await site.stored() == ["guid-1"]


async def test_a_form_is_refused_with_the_setting_to_change(site: Site) -> None:
    answer = await site.deliver(b"payload=%7B%7D", changes={"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status == 415
    assert "application/json" in (await answer.json())["error"]


async def test_a_charset_beside_the_content_type_is_fine(site: Site) -> None:
    assert (await site.deliver(changes={"Content-Type": "application/json; charset=utf-8"})).status == 202


async def test_a_compressed_body_is_refused_before_it_grows(site: Site) -> None:
    bomb = gzip.compress(b"{" + b" " * 50_000_000 + b"}")
    answer = await site.deliver(bomb, changes={"Content-Encoding": "gzip"})
    assert answer.status == 415
    assert await site.stored() == []


async def test_a_delivery_of_another_app_with_the_same_secret_is_refused_aloud(site: Site) -> None:
    other = {
        "X-GitHub-Hook-Installation-Target-Type": "integration",
        "X-GitHub-Hook-Installation-Target-ID": "99",
    }
    answer = await site.deliver(changes=other)
    assert answer.status == 400
    assert "4711" in (await answer.json())["error"]
    assert (await site.deliver(changes={**other, "X-GitHub-Hook-Installation-Target-ID": "4711"})).status == 202
    repository_hook = {"X-GitHub-Hook-Installation-Target-ID": "99"}
    assert (await site.deliver(changes=repository_hook, guid="g2")).status == 202


@pytest.mark.parametrize("size", [2 * 1024**2, 25 * 1024**2])
async def test_large_deliveries_are_kept_whole(site: Site, size: int) -> None:
    body = b'{"x":"' + b"y" * (size - 8) + b'"}'
    assert len(body) == size
    assert (await site.deliver(body)).status == 202
    (delivery,) = await site.store.unrouted(1)
    assert delivery.body == body


async def test_a_body_beyond_the_limit_is_refused_by_its_length_alone(site: Site) -> None:
    head = (
        f"POST {HOOK} HTTP/1.1\r\nHost: x\r\nContent-Length: {BODY_LIMIT + 1}\r\n"
        f"X-Hub-Signature-256: sha256={'0' * 64}\r\n\r\n"
    )
    assert (await raw(site, head.encode())).startswith(b"HTTP/1.1 413 ")


async def test_a_body_without_a_length_is_bounded_too(site: Site) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(27):
            yield b"x" * 1024**2

    headers = {"X-Hub-Signature-256": f"sha256={'0' * 64}"}
    answer = await site.client.post(HOOK, data=pieces(), headers=headers)
    assert answer.status == 413


async def test_a_body_that_never_ends_times_out(impatient_site: Site) -> None:
    head = f"POST {HOOK} HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\nX-Hub-Signature-256: {signature(b'')}\r\n\r\n{{"
    answer = await raw(impatient_site, head.encode())
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"Connection: close" in answer


async def test_a_body_that_is_cut_off_is_not_stored(site: Site) -> None:
    head = (
        f"POST {HOOK} HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\nX-Hub-Signature-256: {signature(b'{}')}\r\n\r\n{{}}"
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", site.client.port)
    writer.write(head.encode())
    writer.write_eof()
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400 ")
    assert (await site.deliver(guid="next")).status == 202
    assert await site.stored() == ["next"]


async def test_a_broken_chunk_is_a_client_error(site: Site) -> None:
    head = (
        f"POST {HOOK} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
        f"X-Hub-Signature-256: {signature(b'{}')}\r\n\r\nnot-a-size\r\n{{}}\r\n"
    )
    assert b" 400 Bad Request" in await raw(site, head.encode())
    assert (await site.deliver()).status == 202


async def test_a_delivery_that_cannot_be_stored_is_not_acknowledged(site: Site) -> None:
    with site.inbox.full():
        answer = await site.deliver()
    assert answer.status == 503
    assert answer.headers["Retry-After"] == "7"
    assert "disk" not in await answer.text()
    assert site.woken == []
    assert (await site.deliver()).status == 202


async def test_large_bodies_of_strangers_cannot_take_all_memory(site: Site) -> None:
    waiting = []
    head = (
        f"POST {HOOK} HTTP/1.1\r\nHost: x\r\nContent-Length: {BODY_LIMIT}\r\n"
        f"X-Hub-Signature-256: sha256={'0' * 64}\r\n\r\n"
    )
    for _ in range(8):
        reader, writer = await asyncio.open_connection("127.0.0.1", site.client.port)
        writer.write(head.encode())
        await writer.drain()
        waiting.append((reader, writer))
    # The ninth is behind the eight in the same listening queue, so they have been read when it is.
    answer = await raw(site, head.encode())
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"Retry-After" in answer
    for _, writer in waiting:
        writer.close()


async def test_many_deliveries_at_once_are_all_stored(site: Site) -> None:
    answers = await asyncio.gather(*(site.deliver(guid=f"g{n}") for n in range(64)))
    assert {answer.status for answer in answers} == {202}
    assert len(await site.stored()) == 64


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "HEAD"])
async def test_other_methods_are_refused(site: Site, method: str) -> None:
    answer = await site.client.request(method, HOOK)
    assert answer.status == 405
    assert answer.headers["Allow"] == "POST"


async def test_hostile_headers_are_client_errors(site: Site) -> None:
    for line in ("X-Long: " + "a" * 100_000, "X-Null: a\0b", "no colon here", "X-GitHub-Event: a\r\nContent-Length: x"):
        answer = await raw(site, f"POST {HOOK} HTTP/1.1\r\nHost: x\r\n{line}\r\n\r\n".encode())
        assert answer.split(b" ")[1].startswith(b"4"), answer[:80]
    assert (await site.deliver()).status == 202


async def test_two_lengths_are_refused(site: Site) -> None:
    request = f"POST {HOOK} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{{}}"
    assert b" 400 Bad Request" in await raw(site, request.encode())


async def test_refusals_are_counted_by_reason(site: Site) -> None:
    await site.deliver(changes={"X-Hub-Signature-256": None})
    await site.deliver(changes={"X-Hub-Signature-256": signature(b"other")})
    await site.deliver(b"[]")
    assert site.counted("deliveries_refused", reason="unsigned") == 1
    assert site.counted("deliveries_refused", reason="signature") == 1
    assert site.counted("deliveries_refused", reason="not-json") == 1


async def test_every_answer_is_json_with_security_headers_and_no_version(site: Site) -> None:
    for answer in (
        await site.deliver(),
        await site.deliver(changes={"X-Hub-Signature-256": None}),
        await site.client.get("/nowhere"),
        await site.client.get(HOOK),
    ):
        json.loads(await answer.text())
        assert answer.headers["Server"] == "stepwise"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"


async def raw(site: Site, request: bytes) -> bytes:
    """Send bytes as they are; everything that comes back until the other side is done."""
    reader, writer = await asyncio.open_connection("127.0.0.1", site.client.port)
    writer.write(request)
    await writer.drain()
    answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
    writer.close()
    return answer
