from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import psycopg
import pytest

from bot.store.backends import backend_of
from bot.store.delivery import Delivery
from bot.store.errors import InboxUnavailable
from bot.store.inbox import Inbox
from bot.store.sqlite import SqliteDeliveryWriter
from bot.store.store import Store
from tests.databases import query
from tests.store.examples import NOON, PULL, a_reaction

ROOT = Path(__file__).parents[2]


class WatchedWriter:
    """The real writer, held back until told to go, with a list of the batches it was given."""

    def __init__(self, url: str) -> None:
        self.real = backend_of(url).delivery_writer(url)
        self.go = threading.Event()
        self.began = threading.Event()
        self.batches: list[list[str]] = []

    def write(self, batch: Sequence[Delivery]) -> list[bool]:
        self.began.set()
        assert self.go.wait(10)
        self.batches.append([delivery.guid for delivery in batch])
        return self.real.write(batch)

    def close(self) -> None:
        self.real.close()


def stored_guids(url: str) -> set[str]:
    return {guid for (guid,) in query(url, "SELECT guid FROM deliveries")}


async def test_an_accepted_delivery_is_on_the_disk_when_accept_returns(url: str, inbox: Inbox) -> None:
    assert await inbox.accept("g1", "push", b"{}") is True
    assert stored_guids(url) == {"g1"}


async def test_a_guid_is_stored_once(url: str, inbox: Inbox, store: Store) -> None:
    results = await asyncio.gather(*(inbox.accept("g1", "push", b'{"n": 1}') for _ in range(5)))
    assert sorted(results) == [False] * 4 + [True]
    assert len(await store.unrouted(10)) == 1


async def test_deliveries_that_arrive_during_a_commit_share_the_next_one(url: str) -> None:
    writer = WatchedWriter(url)
    inbox = Inbox(writer)
    await inbox.start()
    first = asyncio.create_task(inbox.accept("first", "push", b"{}"))
    assert await asyncio.to_thread(writer.began.wait, 10)
    rest = [asyncio.create_task(inbox.accept(f"g{n}", "push", b"{}")) for n in range(100)]
    await asyncio.sleep(0)
    assert inbox.waiting == 101
    assert not first.done()
    writer.go.set()
    assert all(await asyncio.gather(first, *rest))
    assert [len(batch) for batch in writer.batches] == [1, 100]
    assert inbox.waiting == 0
    await inbox.stop()


async def test_a_batch_is_one_transaction(url: str) -> None:
    writer = backend_of(url).delivery_writer(url)
    good = Delivery("g1", "push", b"{}", NOON)
    # The database refuses this one (an event may not be null), and with it everything beside it.
    bad = Delivery("g2", None, b"{}", NOON)  # type: ignore[arg-type]
    with pytest.raises((sqlite3.IntegrityError, psycopg.IntegrityError)):
        writer.write([good, bad])
    assert stored_guids(url) == set()
    assert writer.write([good]) == [True]
    writer.close()


async def test_every_waiter_of_a_failed_commit_hears_of_it_and_the_inbox_goes_on(url: str) -> None:
    writer = WatchedWriter(url)
    inbox = Inbox(writer)
    await inbox.start()
    first = asyncio.create_task(inbox.accept("first", "push", b"{}"))
    assert await asyncio.to_thread(writer.began.wait, 10)
    rest = [asyncio.create_task(inbox.accept(f"g{n}", "push", b"{}")) for n in range(5)]
    await asyncio.sleep(0)
    query(url, "ALTER TABLE deliveries RENAME TO away")
    writer.go.set()
    results = await asyncio.gather(first, *rest, return_exceptions=True)
    assert all(isinstance(result, InboxUnavailable) for result in results)
    assert any(words in str(results[0]) for words in ("no such table", 'relation "deliveries" does not exist'))

    query(url, "ALTER TABLE away RENAME TO deliveries")
    assert await inbox.accept("later", "push", b"{}") is True
    assert stored_guids(url) == {"later"}
    await inbox.stop()


@pytest.mark.sqlite
async def test_a_full_disk_is_said_and_nothing_is_acknowledged(url: str) -> None:
    writer = SqliteDeliveryWriter(url)
    assert writer.write([Delivery("g1", "push", b"{}", NOON)]) == [True]
    assert writer._connection is not None
    (pages,) = writer._connection.execute("PRAGMA page_count").fetchone()
    writer._connection.execute(f"PRAGMA max_page_count={pages}")
    inbox = Inbox(writer)
    await inbox.start()
    with pytest.raises(InboxUnavailable, match="full"):
        await inbox.accept("g2", "push", b"x" * 1_000_000)
    assert stored_guids(url) == {"g1"}
    await inbox.stop()


@pytest.mark.sqlite
async def test_a_database_file_that_vanished_is_not_made_anew(url: str) -> None:
    inbox = Inbox.open(url)
    await inbox.start()
    path = Path(url.removeprefix("sqlite:///"))
    path.rename(path.with_suffix(".moved"))
    with pytest.raises(InboxUnavailable):
        await inbox.accept("g1", "push", b"{}")
    assert not path.exists()
    await inbox.stop()


async def test_a_full_buffer_refuses_at_once(url: str) -> None:
    writer = WatchedWriter(url)
    inbox = Inbox(writer, capacity=2, capacity_bytes=100)
    await inbox.start()
    one = asyncio.create_task(inbox.accept("g1", "push", b"x" * 60))
    await asyncio.sleep(0)
    with pytest.raises(InboxUnavailable, match="too many") as refusal:
        await inbox.accept("g2", "push", b"x" * 60)
    assert refusal.value.retry_after > 0
    two = asyncio.create_task(inbox.accept("g3", "push", b"x"))
    await asyncio.sleep(0)
    with pytest.raises(InboxUnavailable):
        await inbox.accept("g4", "push", b"x")
    writer.go.set()
    await asyncio.gather(one, two)
    assert await inbox.accept("g5", "push", b"x" * 60) is True
    await inbox.stop()


async def test_stopping_stores_what_was_accepted_and_refuses_the_rest(url: str) -> None:
    writer = WatchedWriter(url)
    inbox = Inbox(writer)
    await inbox.start()
    waiting = [asyncio.create_task(inbox.accept(f"g{n}", "push", b"{}")) for n in range(20)]
    await asyncio.sleep(0)
    stopping = asyncio.create_task(inbox.stop())
    await asyncio.sleep(0)
    with pytest.raises(InboxUnavailable, match="closed"):
        await inbox.accept("late", "push", b"{}")
    writer.go.set()
    await stopping
    assert all(await asyncio.gather(*waiting))
    assert len(stored_guids(url)) == 20
    await inbox.stop()


async def test_a_sender_that_hangs_up_does_not_lose_the_others(url: str) -> None:
    writer = WatchedWriter(url)
    inbox = Inbox(writer)
    await inbox.start()
    gone, stays = (asyncio.create_task(inbox.accept(guid, "push", b"{}")) for guid in ("gone", "stays"))
    await asyncio.sleep(0)
    gone.cancel()
    writer.go.set()
    assert await stays is True
    assert stored_guids(url) == {"gone", "stays"}
    await inbox.stop()


@pytest.mark.parametrize("size", [0, 2 * 1024**2, 25 * 1024**2])
async def test_a_body_is_kept_byte_for_byte(inbox: Inbox, store: Store, size: int) -> None:
    body = (bytes(range(256)) * (size // 256 + 1))[:size]
    await inbox.accept("g1", "push", body)
    (delivery,) = await store.unrouted(1)
    assert delivery.body == body


async def test_the_inbox_and_reactions_write_side_by_side(url: str, inbox: Inbox, store: Store) -> None:
    async def react(number: int) -> None:
        await store.route(f"g{number}", [PULL], NOON)
        await store.record(a_reaction(comment_ids=(number,)))

    async def accept_then_react(number: int) -> None:
        await inbox.accept(f"g{number}", "push", b"{}")
        await react(number)

    await asyncio.gather(*(accept_then_react(number) for number in range(1, 101)))
    assert len(await store.deliveries_for(PULL)) == 100
    assert await store.unhandled_comments(77, range(1, 101)) == set()


def test_everything_acknowledged_survives_a_kill(url: str) -> None:
    sender = subprocess.Popen(
        [sys.executable, "-m", "tests.store.acknowledging", url],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert sender.stdout is not None
    acknowledged = [sender.stdout.readline().strip() for _ in range(300)]
    sender.kill()
    acknowledged += [line.strip() for line in sender.stdout if line.endswith("\n")]
    sender.wait(10)
    sender.stdout.close()
    assert len(acknowledged) >= 300
    assert set(acknowledged) <= stored_guids(url)
