"""What a stranger on the network gets out of the three doors: nothing, and nothing to learn from."""

from __future__ import annotations

import hmac
import json

import pytest

from bot.settings import Settings
from bot.web.signature import is_signed
from tests.web.conftest import HOOK, SECRET, Site, signature


def test_digests_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[object, object]] = []

    def compare(one: object, other: object) -> bool:
        compared.append((one, other))
        return False

    monkeypatch.setattr(hmac, "compare_digest", compare)
    right = bytes.fromhex(signature(b"x").removeprefix("sha256="))
    assert not is_signed(SECRET.encode(), b"x", right)
    assert compared == [(right, right)]


async def test_no_page_shows_a_secret_whatever_was_sent(site: Site, settings: Settings) -> None:
    key = "".join(settings.private_key.get_secret_value().splitlines()[1:3])
    await site.deliver()
    await site.deliver(guid="é", changes={"X-Hub-Signature-256": signature(b"", SECRET[:-1])})
    await site.deliver(changes={"X-GitHub-Event": SECRET.replace(" ", "-")[:40]})
    shown = []
    for path in ("/metrics", "/readyz", "/healthz", HOOK, "/", f"/{SECRET}", "/.env", "/../stepwise.db", "/metrics/.."):
        answer = await site.client.get(path)
        shown.append(await answer.text() + repr(dict(answer.headers)))
    said = "\n".join(shown)
    assert "stepwise_deliveries" in said
    assert SECRET not in said and json.dumps(SECRET)[1:-1] not in said
    assert key not in said and "PRIVATE KEY" not in said
    assert "stepwise.db" not in said


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
        b'{"issue":{"number":' + b"9" * 100_000 + b"}}",
        b'{"a":"' + b"\\ud800" * 50_000 + b'"}',
        b"{" + b'"a":1,' * 100_000 + b'"a":2}',
    ],
    ids=["deep", "a huge number", "halves of surrogates", "one key often"],
)
async def test_what_is_hard_to_read_is_taken_in_without_being_read(site: Site, body: bytes) -> None:
    assert (await site.deliver(body, event="issue_comment")).status == 202
    (delivery,) = await site.store.unrouted(10)
    assert delivery.body == body
